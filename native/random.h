// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): random words from a key and a counter, the same wherever they are drawn.
#pragma once
#include "program.h"

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

/// Uniform numbers in [0, 1): element (r, c) is word (n & 3) of block n >> 2, n the counter at (r, c).
inline void uniformRows(Index rows, Index cols, Operand key, Operand counter, Operand out) {
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
      out.base[r * out.row + c * out.col] = (float)(block.word[n & 3] >> 8) * 5.9604644775390625e-8f;
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
