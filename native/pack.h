// Panels: the order in which a product reads its operands. Columns (or rows) beyond the matrix are zeros and never stored.
#pragma once
#include "gemm_kernel.h"

namespace {

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

/// `rows` rows of A, k columns: element (i, p) at to[p * rows + i].
inline void packRows(Index rows, Index k, const float* a, Index row, Index step, float* DRNN_RESTRICT to) {
  if (row == 1) {
    for (Index p = 0; p < k; p++) copyFloats(to + p * rows, a + p * step, rows);
    return;
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
