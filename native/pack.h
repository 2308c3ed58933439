// Panels: the order in which a product reads its operands. Columns (or rows) beyond the matrix are zeros and never stored.
#pragma once
#include "gemm_kernel.h"

// Groups of rows are 4, 5, 6 or 12 high: packed in fours, whatever the width of vectors. GCC has __builtin_shufflevector from 12 on.
#if !defined(DRNN_PLAIN_VECTORS) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define DRNN_SHUFFLES
#endif
#endif

namespace {

#if defined(DRNN_SHUFFLES)
typedef float Quad __attribute__((vector_size(16)));
typedef float LooseQuad __attribute__((vector_size(16), aligned(4), may_alias));

DRNN_INLINE void copyFour(const float* from, float* to) { *(LooseQuad*)to = *(const LooseQuad*)from; }

/// Four rows of four floats, `row` apart, as columns that are `column` apart.
DRNN_INLINE void transposeFour(const float* from, Index row, float* to, Index column) {
  const Quad a = *(const LooseQuad*)from, b = *(const LooseQuad*)(from + row);
  const Quad c = *(const LooseQuad*)(from + 2 * row), d = *(const LooseQuad*)(from + 3 * row);
  const Quad abLow = __builtin_shufflevector(a, b, 0, 4, 1, 5), abHigh = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Quad cdLow = __builtin_shufflevector(c, d, 0, 4, 1, 5), cdHigh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(LooseQuad*)to = __builtin_shufflevector(abLow, cdLow, 0, 1, 4, 5);
  *(LooseQuad*)(to + column) = __builtin_shufflevector(abLow, cdLow, 2, 3, 6, 7);
  *(LooseQuad*)(to + 2 * column) = __builtin_shufflevector(abHigh, cdHigh, 0, 1, 4, 5);
  *(LooseQuad*)(to + 3 * column) = __builtin_shufflevector(abHigh, cdHigh, 2, 3, 6, 7);
}
#else
DRNN_INLINE void copyFour(const float* from, float* to) { __builtin_memcpy(to, from, 16); }
DRNN_INLINE void transposeFour(const float* from, Index row, float* to, Index column) {
  for (int i = 0; i < 4; i++)
    for (int p = 0; p < 4; p++) to[p * column + i] = from[i * row + p];
}
#endif

/// k rows of `width` columns (width <= kPanel) of B into one panel of k * kPanel floats.
inline void packPanel(Index k, Index width, const float* b, Index row, Index col, float* DRNN_RESTRICT to) {
  if (col == 1 && width == kPanel) {
    for (Index p = 0; p < k; p++, b += row, to += kPanel)
      for (int v = 0; v < kPanel; v += W) store(to + v, load(b + v));
    return;
  }
  if (col == 1) {
    for (Index p = 0; p < k; p++, b += row, to += kPanel) {
      copyFloats(to, b, width);
      fillFloats(to + width, 0.0f, kPanel - width);
    }
    return;
  }
  // Eight rows at a time: reads run along k where that is contiguous, writes stay within a few lines.
  for (Index p = 0; p < k; p += 8) {
    const Index rows = least<Index>(8, k - p);
    for (Index j = 0; j < width; j++) {
      const float* from = b + p * row + j * col;
      for (Index q = 0; q < rows; q++) to[(p + q) * kPanel + j] = from[q * row];
    }
    for (Index q = 0; q < rows; q++) fillFloats(to + (p + q) * kPanel + width, 0.0f, kPanel - width);
  }
}

/// All panels of B [k, n]; panel j starts at to + j * k * kPanel.
inline void packColumns(Index k, Index n, const float* b, Index row, Index col, float* to) {
  for (Index j = 0; j < n; j += kPanel, to += k * kPanel) packPanel(k, least<Index>(kPanel, n - j), b + j * col, row, col, to);
}

/// ROWS rows of A where one of the distances is 1. Where four do not divide them, the last four are in part those before them once more.
template <int ROWS>
inline void packInFours(Index k, const float* a, Index row, Index step, float* DRNN_RESTRICT to) {
  Index p = 0;
  if (row == 1) {
    for (; p < k; p++, a += step, to += ROWS)
#pragma GCC unroll 3
      for (int i = 0; i < ROWS; i += 4) copyFour(a + least(i, ROWS - 4), to + least(i, ROWS - 4));
    return;
  }
  for (; p + 4 <= k; p += 4, a += 4, to += 4 * ROWS)
#pragma GCC unroll 3
    for (int i = 0; i < ROWS; i += 4) transposeFour(a + least(i, ROWS - 4) * row, row, to + least(i, ROWS - 4), ROWS);
  for (; p < k; p++, a++, to += ROWS)
    for (int i = 0; i < ROWS; i++) to[i] = a[i * row];
}

/// `rows` rows of A, k columns: element (i, p) at to[p * rows + i].
inline void packRows(Index rows, Index k, const float* a, Index row, Index step, float* DRNN_RESTRICT to) {
  if (row == 1 || step == 1) {
    if constexpr (kTileRows > 6) {
      switch (rows) {
        case 7: return packInFours<7>(k, a, row, step, to);
        case 8: return packInFours<8>(k, a, row, step, to);
        case 9: return packInFours<9>(k, a, row, step, to);
        case 10: return packInFours<10>(k, a, row, step, to);
        case 11: return packInFours<11>(k, a, row, step, to);
        case 12: return packInFours<12>(k, a, row, step, to);
        default: break;
      }
    }
    switch (rows) {
      case 4: return packInFours<4>(k, a, row, step, to);
      case 5: return packInFours<5>(k, a, row, step, to);
      case 6: return packInFours<6>(k, a, row, step, to);
      default: break;
    }
  }
  for (Index p = 0; p < k; p += 8) {
    const Index columns = least<Index>(8, k - p);
    for (Index i = 0; i < rows; i++) {
      const float* from = a + i * row + p * step;
      for (Index q = 0; q < columns; q++) to[(p + q) * rows + i] = from[q * step];
    }
  }
}

}  // namespace
