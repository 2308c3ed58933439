// The per-element instructions of a tile program on registers of up to kTile floats.
#pragma once
#include "ops.h"
#include "trigonometry.h"

namespace {

/// Floats in one virtual register: long enough to hide dispatch, short enough that a program's registers stay in the first cache.
constexpr int kTile = 128;
constexpr Index kTileScratch = (Index)kTileRegisters * kTile;

/// Calls `each` with the place of every vector. Whole tiles of wide vectors are walked without counting.
template <class Each>
DRNN_INLINE void overVectors(int vectors, Each each) {
  if (W > 4 && vectors == kTile / W) {
#pragma GCC unroll 8
    for (int v = 0; v < kTile / W; v++) each(v * W);
  } else {
    for (int v = 0; v < vectors; v++) each(v * W);
  }
}
template <class Op>
DRNN_INLINE void mapOne(float* d, const float* a, int vectors, Op op) {
  overVectors(vectors, [=](int at) { store(d + at, op(load(a + at))); });
}
template <class Op>
DRNN_INLINE void mapTwo(float* d, const float* a, const float* b, int vectors, Op op) {
  overVectors(vectors, [=](int at) { store(d + at, op(load(a + at), load(b + at))); });
}
/// Two operations one after the other, each rounded: the value between them is in no memory.
template <class First, class Second>
DRNN_INLINE void mapPair(float* d, const float* a, const float* b, const float* c, int vectors, First first, Second second) {
  overVectors(vectors, [=](int at) { store(d + at, second(first(load(a + at), load(b + at)), load(c + at))); });
}
/// The same on integers held in registers.
template <class Op>
DRNN_INLINE void mapOneInt(float* d, const float* a, int vectors, Op op) {
  for (int v = 0; v < vectors; v++) store(d + v * W, floats(op(bits(load(a + v * W)))));
}
template <class Op>
DRNN_INLINE void mapTwoInt(float* d, const float* a, const float* b, int vectors, Op op) {
  for (int v = 0; v < vectors; v++) store(d + v * W, floats(op(bits(load(a + v * W)), bits(load(b + v * W)))));
}

DRNN_INLINE F asBool(I m) { return floats(maskBits(m) & splatU(1)); }

// Out of line: the long functions would otherwise be copied into one enormous switch.
__attribute__((noinline)) void mapElementary(int micro, float* d, const float* a, int n) {
  switch (micro) {
    case MICRO_EXP: return mapOne(d, a, n, [](F x) { return exponential(x); });
    case MICRO_LOG: return mapOne(d, a, n, [](F x) { return naturalLog(x); });
    case MICRO_LOG1P: return mapOne(d, a, n, [](F x) { return logOnePlus(x); });
    case MICRO_SQRT: return mapOne(d, a, n, [](F x) { return root(x); });
    case MICRO_SIN: return mapOne(d, a, n, [](F x) { return sine(x); });
    case MICRO_COS: return mapOne(d, a, n, [](F x) { return cosine(x); });
    case MICRO_TANH: return mapOne(d, a, n, [](F x) { return hyperbolicTangent(x); });
    case MICRO_SIGMOID: return mapOne(d, a, n, [](F x) { return logistic(x); });
    case MICRO_FLOOR: return mapOne(d, a, n, [](F x) { return floored(x); });
    default: DRNN_ASSERT(false);
  }
}

inline void mapSelect(float* d, const float* condition, const float* a, const float* b, int vectors) {
  for (int v = 0; v < vectors; v++) {
    const I off = equalInt(bits(load(condition + v * W)), splatU(0));
    store(d + v * W, select(off, load(b + v * W), load(a + v * W)));
  }
}

/// One instruction that computes, on `n` vectors: d from a, b and c as far as it reads them.
DRNN_INLINE void mapMicro(int micro, float* d, const float* a, const float* b, const float* c, int n) {
  const auto sum = [](F x, F y) { return x + y; };
  const auto difference = [](F x, F y) { return x - y; };
  const auto reversed = [](F x, F y) { return y - x; };
  const auto product = [](F x, F y) { return x * y; };
  switch (micro) {
    case MICRO_ADD: return mapTwo(d, a, b, n, sum);
    case MICRO_SUB: return mapTwo(d, a, b, n, difference);
    case MICRO_MUL: return mapTwo(d, a, b, n, product);
    case MICRO_DIV: return mapTwo(d, a, b, n, [](F x, F y) { return x / y; });
    case MICRO_MIN: return mapTwo(d, a, b, n, [](F x, F y) { return minimum(x, y); });
    case MICRO_MAX: return mapTwo(d, a, b, n, [](F x, F y) { return maximum(x, y); });
    case MICRO_LT: return mapTwo(d, a, b, n, [](F x, F y) { return asBool(x < y); });
    case MICRO_LE: return mapTwo(d, a, b, n, [](F x, F y) { return asBool(x <= y); });
    case MICRO_EQ: return mapTwo(d, a, b, n, [](F x, F y) { return asBool(x == y); });
    case MICRO_ADD_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return x + y; });
    case MICRO_SUB_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return x - y; });
    case MICRO_MUL_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return x * y; });
    case MICRO_MIN_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return select(lessInt(x, y), x, y); });
    case MICRO_MAX_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return select(lessInt(x, y), y, x); });
    case MICRO_LT_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return maskBits(lessInt(x, y)) & splatU(1); });
    case MICRO_LE_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return splatU(1) - (maskBits(lessInt(y, x)) & splatU(1)); });
    case MICRO_EQ_I: return mapTwoInt(d, a, b, n, [](U x, U y) { return maskBits(equalInt(x, y)) & splatU(1); });
    case MICRO_SELECT: return mapSelect(d, a, b, c, n);
    case MICRO_ADD_ADD: return mapPair(d, a, b, c, n, sum, sum);
    case MICRO_ADD_SUB: return mapPair(d, a, b, c, n, sum, difference);
    case MICRO_ADD_FROM: return mapPair(d, a, b, c, n, sum, reversed);
    case MICRO_ADD_MUL: return mapPair(d, a, b, c, n, sum, product);
    case MICRO_SUB_ADD: return mapPair(d, a, b, c, n, difference, sum);
    case MICRO_SUB_SUB: return mapPair(d, a, b, c, n, difference, difference);
    case MICRO_SUB_FROM: return mapPair(d, a, b, c, n, difference, reversed);
    case MICRO_SUB_MUL: return mapPair(d, a, b, c, n, difference, product);
    case MICRO_MUL_ADD: return mapPair(d, a, b, c, n, product, sum);
    case MICRO_MUL_SUB: return mapPair(d, a, b, c, n, product, difference);
    case MICRO_MUL_FROM: return mapPair(d, a, b, c, n, product, reversed);
    case MICRO_MUL_MUL: return mapPair(d, a, b, c, n, product, product);
    case MICRO_NEG: return mapOne(d, a, n, [](F x) { return negated(x); });
    case MICRO_ABS: return mapOne(d, a, n, [](F x) { return absolute(x); });
    case MICRO_NEG_I: return mapOneInt(d, a, n, [](U x) { return splatU(0) - x; });
    case MICRO_ABS_I: return mapOneInt(d, a, n, [](U x) { return select(lessInt(x, splatU(0)), splatU(0) - x, x); });
    case MICRO_TO_FLOAT: return mapOneInt(d, a, n, [](U x) { return bits(toFloat(x)); });
    case MICRO_TO_INT: return mapOne(d, a, n, [](F x) { return floats(saturatedInt(x)); });
    case MICRO_TO_BOOL: return mapOne(d, a, n, [](F x) { return asBool(x != zeros()); });
    case MICRO_TO_BOOL_I: return mapOneInt(d, a, n, [](U x) { return select(equalInt(x, splatU(0)), splatU(0), splatU(1)); });
    default: return mapElementary(micro, d, a, n);
  }
}

}  // namespace
