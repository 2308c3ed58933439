// Reading a program: sizes, operands, and which rows of an instruction the calling thread does.
#pragma once
#include "core.h"
#include "ops.h"
#include "platform.h"

namespace {

/// What stays the same during one run.
struct Run {
  const int32_t* code;
  const int32_t* sizes;
  const double* buffers;
  char* scratch;
  int32_t* status;
  int threads;
  double parallelWork;
};

/// What differs between threads and between the steps of a loop.
struct Step {
  const Run* run;
  float* scratch;  // this thread's own
  int thread;      // 0 .. threads-1 inside a loop, else 0 of 1
  int threads;
  Index active;  // rows of this step; -1 outside loops
  Index offset;  // packed rows before this step
  Index ahead;   // the same, counted from the first of the steps whose products were made together
  bool back;     // every other step of a loop
};

/// Rows begin, begin + step, ... (count of them).
struct Span {
  Index begin, count, step;
};

/// A matrix operand: element (r, c) lies at base + r * row + c * col floats.
struct Operand {
  float* base;
  Index row, col;
};

constexpr int kOperandWords = 5;
constexpr int32_t kAheadStride = -2;

inline Index sizeAt(const Step& s, int32_t field) { return s.run->sizes[field]; }
inline Index rowsAt(const Step& s, int32_t field) { return field == kActiveRows ? s.active : sizeAt(s, field); }

inline float* addressOf(const Step& s, int32_t buffer, Index elements) {
  return (float*)(uintptr_t)((uint64_t)s.run->buffers[buffer] + (uint64_t)elements * 4u);
}
/// A step stride of -1 stays where it is; strides below are those of products made ahead, whose memory begins anew with each few steps.
inline Index steppedBy(const Step& s, int32_t stepStride) {
  if (stepStride <= kAheadStride) return sizeAt(s, kAheadStride - stepStride) * s.ahead;
  return stepStride < 0 ? 0 : sizeAt(s, stepStride) * s.offset;
}

inline Operand operandAt(const Step& s, const int32_t* w) {
  return {addressOf(s, w[0], sizeAt(s, w[1]) + steppedBy(s, w[4])), sizeAt(s, w[2]), sizeAt(s, w[3])};
}
inline Operand rowsOf(Operand o, Span span) { return {o.base + span.begin * o.row, o.row * span.step, o.col}; }
inline int32_t* asInts(float* p) { return (int32_t*)(void*)p; }

/// The first error wins; others are dropped, on any thread.
inline void report(const Run& run, int32_t error, int32_t site, int32_t value) {
  int32_t none = ERROR_NONE;
  if (!__atomic_compare_exchange_n(&run.status[STATUS_ERROR], &none, error, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return;
  run.status[STATUS_SITE] = site;
  run.status[STATUS_VALUE] = value;
}

}  // namespace
