// Runs random programs of every opcode on every variant, each buffer alone in an allocation of its exact size, and compares bits.
// Meant for the address, undefined-behaviour and thread sanitizers; says how much it ran, or which case differed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ops.h"
#include "../variants.h"

// The plain twin of the vector header, fused and not, compiled beside the real variants.
extern "C" const CoreVariant coreVariant_twinfused, coreVariant_twinplain;

namespace {

constexpr int kMaxBuffers = 24, kMaxWords = 4096, kMaxSizes = 512;

uint64_t seed;
uint32_t draw() {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33);
}
int upTo(int n) { return (int)(draw() % (uint32_t)(n + 1)); }
float number() { return (float)((double)draw() / 1073741824.0 - 1.0); }

/// A program and the contents of its buffers, before any run.
struct Case {
  int32_t words[kMaxWords];
  int count;
  int32_t sizes[kMaxSizes];
  int sizeCount;
  float* contents[kMaxBuffers];
  int lengths[kMaxBuffers];
  int buffers;
  bool differs[kMaxBuffers];  // what a run leaves there is the variant's own affair
};

void check(bool condition, const char* what, long detail) {
  if (condition) return;
  fprintf(stderr, "core driver: %s (%ld)\n", what, detail);
  exit(1);
}

void word(Case& x, int32_t value) {
  check(x.count < kMaxWords, "too many words", x.count);
  x.words[x.count++] = value;
}
int sizeIndex(Case& x, int value) {
  for (int i = 0; i < x.sizeCount; i++)
    if (x.sizes[i] == value) return i;
  check(x.sizeCount < kMaxSizes, "too many sizes", value);
  x.sizes[x.sizeCount] = value;
  return x.sizeCount++;
}
void size(Case& x, int value) { word(x, sizeIndex(x, value)); }

int addBuffer(Case& x, int length) {
  check(x.buffers < kMaxBuffers, "too many buffers", length);
  float* p = (float*)malloc((size_t)length * 4 + (length == 0));
  for (int i = 0; i < length; i++) p[i] = number();
  x.contents[x.buffers] = p;
  x.lengths[x.buffers] = length;
  x.differs[x.buffers] = false;
  return x.buffers++;
}
int addIntegers(Case& x, int length, int lowest, int highest) {
  const int b = addBuffer(x, length);
  for (int i = 0; i < length; i++) {
    const int32_t value = lowest + upTo(highest - lowest);
    memcpy(&x.contents[b][i], &value, 4);
  }
  return b;
}

/// A fresh buffer that a [rows, cols] operand with random strides fills to its last element.
enum Stride { ANY_STRIDE, NO_BROADCAST };
void operand(Case& x, int rows, int cols, Stride kind, int stepRows = 0) {
  const int gaps = upTo(2);
  int row = cols + gaps * upTo(5), col = 1;
  const int shape = upTo(kind == ANY_STRIDE ? 6 : 3);
  if (shape == 1) row = 1, col = rows > 0 ? rows : 1;
  if (shape == 2) row = cols * 3, col = 3;
  if (shape == 4) row = 0;
  if (shape == 5) col = 0;
  if (shape == 6) row = col = 0;
  const int offset = upTo(3);
  const int last = rows > 0 && cols > 0 ? (rows - 1) * row + (cols - 1) * col + 1 : 0;
  // Stepped operands move by whole rows of the packed matrix.
  const bool stepped = stepRows > 0 && row > 0 && col == 1;
  word(x, addBuffer(x, offset + last + (stepped ? stepRows * row : 0)));
  size(x, offset);
  size(x, row);
  size(x, col);
  word(x, stepped ? sizeIndex(x, row) : -1);
}

void begin(Case& x, int op, int words) {
  word(x, op);
  word(x, words);
}

void addGemm(Case& x) {
  const int m = upTo(40), n = upTo(70), k = upTo(3) == 0 ? 250 + upTo(60) : upTo(30);
  begin(x, OP_GEMM, 25);
  size(x, m), size(x, n), size(x, k), size(x, 1);
  operand(x, m, k, NO_BROADCAST), operand(x, k, n, NO_BROADCAST), operand(x, m, n, NO_BROADCAST);
  size(x, 0), size(x, 0), size(x, 0);
  word(x, upTo(1));
}

/// Micro instructions that write registers 2.. from registers 0 and 1.
void addMicro(Case& x, int outputs) {
  int next = 2;
  for (int micro = MICRO_NEG; micro < MICRO_SUM_ROW; micro++) {
    const int32_t words[] = {micro, next % 46 + 2, upTo(1), upTo(1), upTo(1)};
    for (int32_t w : words) word(x, w);
    next++;
  }
  for (int o = 0; o < outputs; o++) {
    const int32_t words[] = {MICRO_STORE, 0, 2 + o, 2 + upTo(30), 0};
    for (int32_t w : words) word(x, w);
  }
}
/// Reductions of rows, or (outside loops, where rows may meet) of columns, into the operands from number `first` on.
void addReductions(Case& x, int first, bool ofColumns) {
  const int kinds[] = {ofColumns ? MICRO_SUM_COLUMNS : MICRO_SUM_ROW, ofColumns ? MICRO_SUM_COLUMNS : MICRO_MAX_ROW};
  for (int i = 0; i < 2; i++) {
    const int32_t words[] = {kinds[i], i, first + i, 2 + upTo(30), 0};
    for (int32_t w : words) word(x, w);
  }
}
void addTile(Case& x, int rows, int cols, bool active, int stepRows) {
  const bool reduces = upTo(1) == 1, ofColumns = reduces && !active && upTo(1) == 1;
  const int outputs = 2, micros = 2 + (MICRO_SUM_ROW - MICRO_NEG) + outputs + (reduces ? 2 : 0), operands = reduces ? 6 : 4;
  begin(x, OP_TILE, 6 + operands * 5 + micros * 5);
  if (active)
    word(x, -1);
  else
    size(x, rows);
  size(x, cols), word(x, operands), word(x, micros);
  operand(x, rows, cols, ANY_STRIDE, stepRows), operand(x, rows, cols, ANY_STRIDE, stepRows);
  operand(x, rows, cols, NO_BROADCAST, stepRows), operand(x, rows, cols, NO_BROADCAST, stepRows);
  for (int i = 0; i < (reduces ? 2 : 0); i++) {
    word(x, addBuffer(x, ofColumns ? cols : rows)), size(x, 0);
    size(x, ofColumns ? 0 : 1), size(x, ofColumns ? 1 : 0), word(x, -1);
  }
  const int32_t loads[] = {MICRO_LOAD, 0, 0, 0, 0, MICRO_LOAD, 1, 1, 0, 0};
  for (int32_t w : loads) word(x, w);
  addMicro(x, outputs);
  if (reduces) addReductions(x, 4, ofColumns);
}

void addReduce(Case& x) {
  const int outer = upTo(5), mid = upTo(50), inner = upTo(2) == 0 ? 1 : upTo(40), unit = 1 + upTo(1);
  begin(x, OP_REDUCE, 18);
  const int kind = upTo(2);
  word(x, kind);
  size(x, outer), size(x, mid), size(x, inner);
  const int length = outer * mid * inner;
  word(x, addBuffer(x, length == 0 ? 0 : (length - 1) * unit + 1));
  size(x, 0), size(x, mid * inner * unit), size(x, inner * unit), size(x, unit), word(x, -1);
  word(x, addBuffer(x, outer * inner));
  size(x, 0), size(x, inner), size(x, 1), word(x, -1);
  word(x, kind == 2 ? 0 : upTo(1));
}

void addCopy(Case& x) {
  int dims[6], from[6], to[6], order[6] = {0, 1, 2, 3, 4, 5}, total = 1, step = 1;
  for (int& d : dims) total *= d = upTo(2) == 0 ? 1 : upTo(7);
  for (int i = 5; i > 0; i--) {
    const int j = upTo(i), held = order[i];
    order[i] = order[j], order[j] = held;
  }
  for (int d = 5, at = 1; d >= 0; at *= dims[d--]) to[d] = at;
  for (int i = 5; i >= 0; step *= dims[order[i--]]) from[order[i]] = step;
  begin(x, OP_COPY, 26);
  for (int d : dims) size(x, d);
  for (int side = 0; side < 2; side++) {
    const int* strides = side == 0 ? from : to;
    word(x, addBuffer(x, total));
    size(x, 0), word(x, -1);
    for (int d = 0; d < 6; d++) size(x, strides[d]);
  }
}

void addIndexed(Case& x, int op) {
  const int rows = upTo(30), cols = upTo(40), tableRows = 1 + upTo(9);
  begin(x, op, 21);
  size(x, rows), size(x, cols), size(x, tableRows), word(x, 7);
  const bool gather = op == OP_GATHER;
  operand(x, gather ? tableRows : rows, cols, NO_BROADCAST);
  // Now and then an index lies outside the table.
  const int lowest = -1 - upTo(1), highest = tableRows - 1 + upTo(1);
  word(x, addIntegers(x, rows, lowest, highest));
  size(x, 0), size(x, 1), size(x, 1), word(x, -1);
  operand(x, gather ? rows : tableRows, cols, NO_BROADCAST);
}

void addRandom(Case& x) {
  const bool counting = upTo(1) == 1;
  const int rows = upTo(6), cols = upTo(counting ? 150 : 20), kind = upTo(1);
  begin(x, OP_RANDOM, 20);
  size(x, rows), size(x, cols), word(x, kind);
  operand(x, rows, 2, NO_BROADCAST);
  const int counters = addIntegers(x, counting ? cols : rows * cols, 0, 1 << 20);
  for (int32_t c = 0; c < (counting ? cols : 0); c++) memcpy(&x.contents[counters][c], &c, 4);
  word(x, counters);
  size(x, 0), size(x, counting ? 0 : cols), size(x, 1), word(x, -1);
  operand(x, rows, cols * (kind + 1), NO_BROADCAST);
}

/// A loop with a tile whose outputs move with the packed rows, forward or backward; all steps have as many rows, or later ones fewer.
void addLoop(Case& x) {
  const int time = upTo(6), cols = upTo(40);
  const bool level = upTo(1) == 0;
  int rows[8], total = 0, widest = upTo(12);
  const int rowsBuffer = addBuffer(x, time), offsets = addBuffer(x, time);
  for (int t = 0; t < time; t++) {
    rows[t] = t == 0 || level ? widest : upTo(rows[t - 1]);
    const int32_t pair[] = {rows[t], total};
    memcpy(&x.contents[rowsBuffer][t], &pair[0], 4);
    memcpy(&x.contents[offsets][t], &pair[1], 4);
    total += rows[t];
  }
  begin(x, OP_LOOP, 7);
  size(x, time), word(x, rowsBuffer), word(x, offsets), word(x, upTo(3)), word(x, 0);
  const int start = x.count;
  addTile(x, widest, cols, true, total);
  x.words[start - 1] = x.count - start;
}

#include "affine_case.h"
#include "ahead_case.h"

void addPacked(Case& x) {
  const int m = upTo(20), n = upTo(70), k = upTo(40), panels = addPanels(x, k, n);
  begin(x, OP_GEMM, 25);
  size(x, m), size(x, n), size(x, k), size(x, 1);
  operand(x, m, k, NO_BROADCAST);
  word(x, panels), size(x, 0), size(x, 0), size(x, 0), word(x, -1);
  operand(x, m, n, NO_BROADCAST);
  size(x, 0), size(x, 0), size(x, 0), word(x, 2 + upTo(1));
}

void makeCase(Case& x, int number) {
  x.count = x.sizeCount = x.buffers = 0;
  seed = (uint64_t)number * 977 + 13;
  for (int i = 0; i < 4; i++) draw();
  switch (number % 11) {
    case 0: return addGemm(x);
    case 1: {
      const int rows = upTo(20), widest = upTo(3) == 0 ? 300 : 40;
      return addTile(x, rows, upTo(widest), false, 0);
    }
    case 2: return addReduce(x);
    case 3: return addCopy(x);
    case 4: return addIndexed(x, OP_GATHER);
    case 5: return addIndexed(x, OP_SCATTER);
    case 6: return addRandom(x);
    case 7: return addLoop(x);
    case 9: return addAffine(x);
    case 10: return addAhead(x);
    default: return addPacked(x);
  }
}

/// Buffers after a run, in copies of exactly their size.
struct Outcome {
  float* buffer[kMaxBuffers];
  int32_t status[8];
};

void runCase(const Case& x, const CoreVariant& variant, int threads, Outcome* out) {
  double addresses[kMaxBuffers], header[16] = {};
  for (int b = 0; b < x.buffers; b++) {
    const size_t bytes = (size_t)x.lengths[b] * 4;
    out->buffer[b] = (float*)malloc(bytes + (bytes == 0));
    memcpy(out->buffer[b], x.contents[b], bytes);
    addresses[b] = (double)(uintptr_t)out->buffer[b];
  }
  memset(out->status, 0, sizeof out->status);
  int32_t* words = (int32_t*)malloc((size_t)x.count * 4);
  memcpy(words, x.words, (size_t)x.count * 4);
  const int64_t scratchBytes = variant.scratchBytes * threads;
  void* scratch = calloc(1, (size_t)scratchBytes);
  header[HEADER_CODE] = (double)(uintptr_t)words;
  header[HEADER_END] = x.count;
  header[HEADER_SIZES] = (double)(uintptr_t)x.sizes;
  header[HEADER_BUFFERS] = (double)(uintptr_t)addresses;
  header[HEADER_SCRATCH] = (double)(uintptr_t)scratch;
  header[HEADER_SCRATCH_BYTES] = (double)scratchBytes;
  header[HEADER_THREADS] = threads;
  header[HEADER_STATUS] = (double)(uintptr_t)out->status;
  header[HEADER_PARALLEL_WORK] = 1;
  variant.run(header);
  free(scratch);
  free(words);
}

void freeOutcome(const Case& x, Outcome* out) {
  for (int b = 0; b < x.buffers; b++) free(out->buffer[b]);
}

/// Equal patterns, any NaN equal to any other.
bool sameFloats(const float* a, const float* b, int n) {
  for (int i = 0; i < n; i++)
    if (memcmp(a + i, b + i, 4) != 0 && !(a[i] != a[i] && b[i] != b[i])) return false;
  return true;
}

void compareOutcomes(const Case& x, const Outcome& a, const Outcome& b, int number) {
  check(a.status[STATUS_ERROR] == b.status[STATUS_ERROR], "errors differ in case", number);
  for (int i = 0; i < x.buffers; i++)
    if (!x.differs[i] && !sameFloats(a.buffer[i], b.buffer[i], x.lengths[i])) check(false, "bits differ in case", number);
}

/// All results of a class in one number (FNV-1a), to compare processors: any NaN counts as one pattern.
uint64_t digests[2] = {14695981039346656037u, 14695981039346656037u};
void digest(const Case& x, const Outcome& out, uint64_t* hash) {
  for (int b = 0; b < x.buffers; b++)
    for (int i = 0; i < x.lengths[b]; i++) {
      const float value = out.buffer[b][i];
      *hash = (*hash ^ (value == value ? bitsOf(value) : 0x7fc00000u)) * 1099511628211u;
    }
}

int collectVariants(const CoreVariant** list) {
  int count = 0;
  for (int i = 0; i < coreVariantCount(); i++) list[count++] = coreVariantAt(i);
  list[count++] = &coreVariant_twinfused;
  list[count++] = &coreVariant_twinplain;
  return count;
}

/// Every variant of a class, and several numbers of threads, give the bits of the class's twin.
void everyVariant(int number) {
  static Case x;
  makeCase(x, number);
  const CoreVariant* variants[8];
  const int count = collectVariants(variants);
  Outcome expected[2];
  runCase(x, coreVariant_twinplain, 1, &expected[0]);
  runCase(x, coreVariant_twinfused, 1, &expected[1]);
  for (int c = 0; c < 2; c++) digest(x, expected[c], &digests[c]);
  check(expected[0].status[STATUS_ERROR] <= 1, "program refused in case", number);
  for (int v = 0; v < count; v++) {
    const int threads[] = {1, 2 + number % 7};
    for (int t : threads) {
      Outcome actual;
      runCase(x, *variants[v], t, &actual);
      compareOutcomes(x, expected[variants[v]->fused], actual, number);
      freeOutcome(x, &actual);
    }
  }
  freeOutcome(x, &expected[0]);
  freeOutcome(x, &expected[1]);
  for (int b = 0; b < x.buffers; b++) free(x.contents[b]);
}

/// A word changed at random is refused or runs within the program's own tables; here only refusals are let through.
void damagedPrograms(int number) {
  static Case x;
  makeCase(x, number);
  const int at = upTo(1);
  const int32_t values[] = {-1, 0, 99, 1 << 30, -2147483647 - 1};
  for (int32_t value : values) {
    const int32_t held = x.words[at];
    if (held == value) continue;
    x.words[at] = value;
    Outcome out;
    runCase(x, coreVariant_twinplain, 1, &out);
    check(out.status[STATUS_ERROR] == ERROR_PROGRAM, "a damaged program ran in case", number);
    freeOutcome(x, &out);
    x.words[at] = held;
  }
  for (int b = 0; b < x.buffers; b++) free(x.contents[b]);
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = argc > 1 ? atoi(argv[1]) : 900;
  for (int i = 0; i < cases; i++) everyVariant(i);
  for (int i = 0; i < 60; i++) damagedPrograms(i);
  const CoreVariant* variants[8];
  const int count = collectVariants(variants);
  printf("core driver: %d cases on", cases);
  for (int v = 0; v < count; v++) printf(" %s", variants[v]->name);
  printf("; results %08x fused, %08x plain\n", (unsigned)digests[1], (unsigned)digests[0]);
  return 0;
}
