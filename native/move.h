// Moving values without arithmetic on them: strided copies, rows by index, and adding rows by index.
#pragma once
#include "program.h"
#include "simd.h"

namespace {

constexpr int kCopyDims = 6;

struct Copy {
  Index dims[kCopyDims], from[kCopyDims], to[kCopyDims];
  const float* src;
  float* dst;
};

/// Drops dimensions of one and joins neighbours that are contiguous on both sides; returns how many remain.
inline int joinDimensions(Copy& x) {
  int count = 0;
  for (int d = 0; d < kCopyDims; d++) {
    if (x.dims[d] == 1) continue;
    if (count > 0 && x.from[count - 1] == x.from[d] * x.dims[d] && x.to[count - 1] == x.to[d] * x.dims[d]) {
      x.dims[count - 1] *= x.dims[d];
      x.from[count - 1] = x.from[d];
      x.to[count - 1] = x.to[d];
      continue;
    }
    x.dims[count] = x.dims[d];
    x.from[count] = x.from[d];
    x.to[count] = x.to[d];
    count++;
  }
  return count;
}

/// A matrix in squares of 16, so that neither side of a transpose jumps lines at every element.
inline void copyMatrix(const float* src, float* dst, Index rows, Index cols, Index fromRow, Index fromCol, Index toRow, Index toCol) {
  if (fromCol == 1 && toCol == 1) {
    for (Index r = 0; r < rows; r++) copyFloats(dst + r * toRow, src + r * fromRow, cols);
    return;
  }
  constexpr Index kSquare = 16;
  for (Index r = 0; r < rows; r += kSquare)
    for (Index c = 0; c < cols; c += kSquare) {
      const Index lastRow = least(rows, r + kSquare), lastCol = least(cols, c + kSquare);
      for (Index i = r; i < lastRow; i++)
        for (Index j = c; j < lastCol; j++) dst[i * toRow + j * toCol] = src[i * fromRow + j * fromCol];
    }
}

/// src and dst do not overlap.
inline void copyStrided(Copy x) {
  for (int d = 0; d < kCopyDims; d++)
    if (x.dims[d] <= 0) return;
  const int count = joinDimensions(x);
  const int outer = most(0, count - 2);
  const bool flat = count < 2;
  const Index rows = flat ? 1 : x.dims[count - 2], cols = count == 0 ? 1 : x.dims[count - 1];
  const Index fromRow = flat ? 0 : x.from[count - 2], toRow = flat ? 0 : x.to[count - 2];
  const Index fromCol = count == 0 ? 1 : x.from[count - 1], toCol = count == 0 ? 1 : x.to[count - 1];
  Index at[kCopyDims] = {};
  for (;;) {
    const float* src = x.src;
    float* dst = x.dst;
    for (int d = 0; d < outer; d++) {
      src += at[d] * x.from[d];
      dst += at[d] * x.to[d];
    }
    copyMatrix(src, dst, rows, cols, fromRow, fromCol, toRow, toCol);
    int d = outer - 1;
    while (d >= 0 && ++at[d] == x.dims[d]) at[d--] = 0;
    if (d < 0) return;
  }
}

/// Rows begin .. of `index`; -1 gives zeros, any other row outside the table gives zeros and an error.
inline void gatherRows(const Run& run, Index rows, Index cols, Index tableRows, int32_t site, Operand table, Operand index, Operand out) {
  for (Index r = 0; r < rows; r++) {
    const int32_t i = asInts(index.base)[r * index.row];
    float* to = out.base + r * out.row;
    if (i >= 0 && i < tableRows) {
      const float* from = table.base + i * table.row;
      if (table.col == 1 && out.col == 1)
        copyFloats(to, from, cols);
      else
        for (Index c = 0; c < cols; c++) to[c * out.col] = from[c * table.col];
      continue;
    }
    if (i != -1) report(run, ERROR_INDEX, site, i);
    for (Index c = 0; c < cols; c++) to[c * out.col] = 0.0f;
  }
}

/// table[index[r], :] += src[r, :], r ascending; -1 is dropped, any other row outside the table is dropped with an error.
inline void scatterRows(const Run& run, Index rows, Index cols, Index tableRows, int32_t site, Operand src, Operand index, Operand table) {
  for (Index r = 0; r < rows; r++) {
    const int32_t i = asInts(index.base)[r * index.row];
    if (i < 0 || i >= tableRows) {
      if (i != -1) report(run, ERROR_INDEX, site, i);
      continue;
    }
    const float* from = src.base + r * src.row;
    float* to = table.base + i * table.row;
    Index c = 0;
    if (src.col == 1 && table.col == 1)
      for (; c + W <= cols; c += W) store(to + c, load(to + c) + load(from + c));
    for (; c < cols; c++) to[c * table.col] += from[c * src.col];
  }
}

}  // namespace
