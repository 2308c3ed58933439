// One variant of the core: everything below is compiled once per instruction set, with internal linkage.
// Needs DRNN_VARIANT (a bare name), DRNN_WIDTH and DRNN_FMA.
#include "divide.h"

#define DRNN_TEXT_OF(x) #x
#define DRNN_TEXT(x) DRNN_TEXT_OF(x)
#define DRNN_JOIN_OF(a, b) a##b
#define DRNN_JOIN(a, b) DRNN_JOIN_OF(a, b)

namespace {

float* scratchOf(const Run& run, int thread) { return (float*)(void*)(run.scratch + thread * kScratchBytes); }

Step outside(const Run& run, int thread) { return {&run, scratchOf(run, thread), 0, 1, -1, 0, 0, false}; }

/// What the threads of one fork share.
struct Fork {
  const Run* run;
  const int32_t* w;
  int threads;
  Axis axis;
  bool level;   // all steps of the loop have as many rows
  bool before;  // the products of all steps are there before the loop begins
  Index rows;   // active rows of an instruction outside its loop, else -1
};

void instructionPart(void* argument, int thread) {
  const Fork& fork = *(const Fork*)argument;
  Step s = outside(*fork.run, thread);
  s.active = fork.rows;
  const Share share = shareOf(s, fork.w, fork.axis, thread, fork.threads);
  if (share.rows.count > 0 && share.columns != 0) instruction(s, fork.w, share);
}

struct LoopTable {
  Index time;
  const int32_t* rows;
  const int32_t* offsets;
};
LoopTable loopTable(const Step& s, const int32_t* w) {
  return {sizeAt(s, w[2]), asInts(addressOf(s, w[3], 0)), asInts(addressOf(s, w[4], 0))};
}

/// Rows of the steps whose products are made together: enough for a block of a large product, few enough to stay in the cache.
constexpr Index kAheadRows = kBlockRows;
/// Rows per thread from which a step's product is as quick alone as among those of all steps.
constexpr Index kAheadAlone = 16;

/// A few steps of a loop whose products are made together.
struct Chunk {
  Index end;  // number of the first step after them, in the order of the loop
  Index offset, rows;
};
Chunk chunkFrom(const LoopTable& table, bool reverse, Index first) {
  Chunk chunk = {first, 0, 0};
  do {
    const Index t = reverse ? table.time - 1 - chunk.end : chunk.end;
    if (reverse || chunk.end == first) chunk.offset = table.offsets[t];
    chunk.rows += table.rows[t];
    chunk.end++;
  } while (chunk.end < table.time && chunk.rows < kAheadRows);
  return chunk;
}

void makeAhead(Step s, const int32_t* body, const int32_t* end, const Chunk& chunk) {
  s.active = chunk.rows;
  s.offset = chunk.offset;
  s.ahead = 0;
  for (const int32_t* b = body; b < end; b += b[1])
    if (isAhead(b) && chunk.rows > 0) instruction(s, b, wholeShare(s, b));
}

/// A thread does the same rows at every step, so that none waits for another. Where all steps have the same rows these are neighbours,
/// which share no cache line with other threads' rows; where rows end early thread k of n does k, k + n, ..., and all stay equally busy.
void loopPart(void* argument, int thread) {
  const Fork& fork = *(const Fork*)argument;
  const int32_t* w = fork.w;
  Step s = outside(*fork.run, thread);
  const LoopTable table = loopTable(s, w);
  const bool reverse = (w[5] & 1) != 0;
  const int32_t* body = w + w[1];
  const int32_t* end = body + w[6];
  s.thread = thread;
  s.threads = fork.threads;
  // Threads that share the rows make each step's products in the step, for their own rows.
  const bool together = fork.threads == 1 && body < end && isAhead(body);
  Chunk chunk = {0, 0, 0};
  for (Index i = 0; i < table.time; i++) {
    const Index t = reverse ? table.time - 1 - i : i;
    const Index rows = table.rows[t];
    if (together && i == chunk.end) {
      chunk = chunkFrom(table, reverse, i);
      makeAhead(s, body, end, chunk);
    }
    if (rows <= (fork.level ? 0 : thread)) continue;
    s.active = rows;
    s.offset = table.offsets[t];
    s.back = (i & 1) != 0;
    s.ahead = together ? s.offset - chunk.offset : fork.before ? s.offset : 0;
    for (const int32_t* b = body; b < end; b += b[1]) {
      if ((together || fork.before) && isAhead(b)) continue;
      Share share = wholeShare(s, b);
      if (fork.level)
        share.rows = pieceOf(rows, 1, thread, fork.threads);
      else if (fork.threads > 1)
        share.rows = {thread, ceilDiv(rows - thread, fork.threads), fork.threads};
      if (share.rows.count > 0) instruction(s, b, share);
    }
  }
}

bool loopFine(const Run& run, const int32_t* w) {
  Step s = outside(run, 0);
  const LoopTable table = loopTable(s, w);
  for (Index t = 0; t < table.time; t++)
    if (table.rows[t] < 0) return false;
  s.active = 0;
  const int32_t* end = w + w[1] + w[6];
  for (const int32_t* b = w + w[1]; b < end; b += b[1])
    if (!extentsFine(s, b)) return false;
  return true;
}

/// What a loop does in all, and how many rows its steps have.
struct LoopWork {
  double all, rows;
  Index widest;
  bool level;
};
LoopWork loopWork(const Run& run, const int32_t* w) {
  Step s = outside(run, 0);
  const LoopTable table = loopTable(s, w);
  LoopWork work = {0, 0, 0, true};
  double perRow = 0;
  for (Index t = 0; t < table.time; t++) {
    work.level = work.level && (t == 0 || table.rows[t] == work.widest);
    work.widest = most<Index>(work.widest, table.rows[t]);
    work.rows += table.rows[t];
  }
  s.active = 1;
  const int32_t* end = w + w[1] + w[6];
  for (const int32_t* b = w + w[1]; b < end; b += b[1]) perRow += workOf(s, b);
  work.all = work.rows * perRow;
  return work;
}

/// Work of a whole run that threads could share.
double sharedWork(const Run& run, Index first, Index end) {
  const Step s = outside(run, 0);
  double work = 0;
  while (first < end) {
    const int32_t* w = run.code + first;
    first += w[1];
    if (w[0] != OP_LOOP) {
      work += workOf(s, w);
      continue;
    }
    if (!(w[5] & 2)) work += loopWork(run, w).all;
    first += w[6];
  }
  return work;
}

/// `rows`: the active rows of a loop's instruction that is run outside it.
void runInstruction(const Run& run, const int32_t* w, Index rows = -1) {
  Step s = outside(run, 0);
  s.active = rows;
  Fork fork = {&run, w, 1, AXIS_NONE, false, false, rows};
  if (run.threads > 1 && workOf(s, w) >= run.parallelWork) {
    fork.axis = axisOf(s, w, run.threads);
    if (fork.axis != AXIS_NONE || w[0] == OP_COPY) fork.threads = run.threads;
  }
  if (fork.threads > 1)
    coreParallel(fork.threads, instructionPart, &fork);
  else
    instruction(s, w, wholeShare(s, w));
}

void runLoop(const Run& run, const int32_t* w) {
  Fork fork = {&run, w, 1, AXIS_ROWS, false, false, -1};
  if (run.threads > 1 && !(w[5] & 2)) {
    const LoopWork work = loopWork(run, w);
    if (work.all >= run.parallelWork) fork.threads = (int)least<Index>(run.threads, most<Index>(1, work.widest));
    fork.level = work.level && fork.threads > 1;
    const Index steps = sizeAt(outside(run, 0), w[2]);
    fork.before = fork.threads > 1 && work.rows < (double)(kAheadAlone * fork.threads * steps);
    const int32_t* end = w + w[1] + w[6];
    for (const int32_t* b = w + w[1]; b < end && fork.before; b += b[1])
      if (isAhead(b)) runInstruction(run, b, (Index)work.rows);
  }
  coreParallel(fork.threads, loopPart, &fork);
}

void runProgram(const Run& run, Index first, Index end) {
  while (first < end) {
    const int32_t* w = run.code + first;
    if (__atomic_load_n(&run.status[STATUS_CANCEL], __ATOMIC_RELAXED) != 0) return report(run, ERROR_CANCELLED, 0, 0);
    const Step s = outside(run, 0);
    if (!extentsFine(s, w) || (w[0] == OP_LOOP && !loopFine(run, w))) return report(run, ERROR_PROGRAM, (int32_t)first, 0);
    first += w[1];
    if (w[0] == OP_LOOP) {
      runLoop(run, w);
      first += w[6];
    } else {
      runInstruction(run, w);
    }
  }
}

template <class T>
T* pointerAt(const double* header, int place) {
  return (T*)(uintptr_t)(uint64_t)header[place];
}

void run(const double* header) {
  Run r;
  r.code = pointerAt<const int32_t>(header, HEADER_CODE);
  r.sizes = pointerAt<const int32_t>(header, HEADER_SIZES);
  r.buffers = pointerAt<const double>(header, HEADER_BUFFERS);
  r.scratch = pointerAt<char>(header, HEADER_SCRATCH);
  r.status = pointerAt<int32_t>(header, HEADER_STATUS);
  const double asked = header[HEADER_THREADS];
  r.threads = asked > 1 ? (int)least<double>(asked, coreMaxThreads()) : 1;
  const double measure = header[HEADER_PARALLEL_WORK];
  r.parallelWork = measure > 0 ? measure : kParallelWork;
  const Index first = (Index)header[HEADER_FIRST], end = (Index)header[HEADER_END];
  const bool roomy = header[HEADER_SCRATCH_BYTES] >= (double)(r.threads * kScratchBytes);
  if (!roomy || first < 0 || !wordsFine(r.code, first, end, OUTSIDE)) return report(r, ERROR_PROGRAM, 0, 0);
  if (r.threads > 1 && !(measure > 0) && sharedWork(r, first, end) < kRunWork) r.threads = 1;
  runProgram(r, first, end);
}

/// Twelve independent chains hide the latency of a multiply-add on every processor so far.
double peak(double rounds) {
  constexpr int kChains = 12;
  F chain[kChains];
  for (int i = 0; i < kChains; i++) chain[i] = splat((float)i);
  const F factor = splat(0.999f), term = splat(1e-3f);
  for (Index r = (Index)rounds; r > 0; r--)
#pragma GCC unroll 12
    for (int i = 0; i < kChains; i++) chain[i] = fma(chain[i], factor, term);
  F sum = zeros();
  for (int i = 0; i < kChains; i++) sum = sum + chain[i];
  // The sum is never NaN; reading it keeps the chains alive.
  return firstLane(sum) == firstLane(sum) ? rounds * kChains * W * 2 : 0;
}

}  // namespace

extern "C" const CoreVariant DRNN_JOIN(coreVariant_, DRNN_VARIANT) = {DRNN_TEXT(DRNN_VARIANT), DRNN_FMA, kPanel, kScratchBytes, run, peak};
