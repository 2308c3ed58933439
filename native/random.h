// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): random words from a key and a counter, the same wherever they are drawn.
#pragma once
#include "program.h"
#include "simd.h"

namespace {

struct PhiloxBlock {
  uint32_t word[4];
};

inline PhiloxBlock philox(uint32_t key0, uint32_t key1, PhiloxBlock x) {
  for (int round = 0; round < 10; round++) {
    const uint64_t a = (uint64_t)0xd2511f53u * x.word[0];
    const uint64_t b = (uint64_t)0xcd9e8d57u * x.word[2];
    x = {{(uint32_t)(b >> 32) ^ x.word[1] ^ key0, (uint32_t)b, (uint32_t)(a >> 32) ^ x.word[3] ^ key1, (uint32_t)a}};
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return x;
}

/// W blocks at once: those whose counters start with the lanes of `first`, the rest of each counter 0.
DRNN_INLINE void philoxBlocks(uint32_t key0, uint32_t key1, U first, U* word) {
  U x0 = first, x1 = splatU(0), x2 = splatU(0), x3 = splatU(0);
  for (int round = 0; round < 10; round++) {
    const U highA = mulHigh(x0, 0xd2511f53u), lowA = x0 * splatU(0xd2511f53u);
    const U highB = mulHigh(x2, 0xcd9e8d57u), lowB = x2 * splatU(0xcd9e8d57u);
    x0 = highB ^ x1 ^ splatU(key0);
    x1 = lowB;
    x2 = highA ^ x3 ^ splatU(key1);
    x3 = lowA;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  word[0] = x0, word[1] = x1, word[2] = x2, word[3] = x3;
}

DRNN_INLINE float unitFloat(uint32_t word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

/// True for counters 0, 1, 2, ... that all rows share.
inline bool countsUp(Index rows, Index cols, Operand counter) {
  if (counter.row != 0 && rows > 1) return false;
  for (Index c = 0; c < cols; c++)
    if (bitsOf(counter.base[c * counter.col]) != (uint32_t)c) return false;
  return true;
}

/// A row of numbers for the counters 0, 1, 2, ...
inline void uniformRow(uint32_t key0, uint32_t key1, Index cols, float* out, Index stride) {
  for (Index c = 0; c < cols; c += 4 * W) {
    U word[4];
    philoxBlocks(key0, key1, lanes() + splatU((uint32_t)(c / 4)), word);
    // Words of one block are neighbours in the row.
    float unit[4][W];
    for (int i = 0; i < 4; i++) store(unit[i], toFloat(word[i] >> 8) * splat(5.9604644775390625e-8f));
    const Index count = least<Index>(4 * W, cols - c);
    for (Index i = 0; i < count; i++) out[(c + i) * stride] = unit[i & 3][i >> 2];
  }
}

/// Uniform numbers in [0, 1): element (r, c) is word (n & 3) of block n >> 2, n the counter at (r, c).
inline void uniformRows(Index rows, Index cols, Operand key, Operand counter, Operand out) {
  if (rows > 0 && cols >= 2 * W && countsUp(rows, cols, counter)) {
    for (Index r = 0; r < rows; r++)
      uniformRow(bitsOf(key.base[r * key.row]), bitsOf(key.base[r * key.row + key.col]), cols, out.base + r * out.row, out.col);
    return;
  }
  for (Index r = 0; r < rows; r++) {
    const uint32_t key0 = bitsOf(key.base[r * key.row]), key1 = bitsOf(key.base[r * key.row + key.col]);
    PhiloxBlock block = {};
    uint32_t held = 0;
    bool any = false;
    for (Index c = 0; c < cols; c++) {
      const uint32_t n = bitsOf(counter.base[r * counter.row + c * counter.col]);
      if (!any || n >> 2 != held) {
        held = n >> 2;
        any = true;
        block = philox(key0, key1, {{held, 0, 0, 0}});
      }
      out.base[r * out.row + c * out.col] = unitFloat(block.word[n & 3]);
    }
  }
}

/// New keys: two words for each counter, side by side in the output.
inline void keyRows(Index rows, Index cols, Operand key, Operand counter, Operand out) {
  for (Index r = 0; r < rows; r++) {
    const uint32_t key0 = bitsOf(key.base[r * key.row]), key1 = bitsOf(key.base[r * key.row + key.col]);
    for (Index c = 0; c < cols; c++) {
      const uint32_t n = bitsOf(counter.base[r * counter.row + c * counter.col]);
      const PhiloxBlock block = philox(key0, key1, {{n, 1, 0, 0}});
      uint32_t* to = (uint32_t*)(void*)(out.base + r * out.row);
      to[2 * c * out.col] = block.word[0];
      to[(2 * c + 1) * out.col] = block.word[1];
    }
  }
}

}  // namespace
