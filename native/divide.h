// How large an instruction is, and how it is cut among threads outside loops. No cut changes a bit.
#pragma once
#include "execute.h"

namespace {

/// Work is counted in the time of a floating operation of a large product; values that only pass through cost more than that.
/// An instruction with less than `kParallelWork` (some ten microseconds) is not divided, and in a run with less than `kRunWork`
/// (a millisecond or two) nothing is: its threads would have to be woken first, and waking them costs as much as they save.
constexpr double kParallelWork = 1e6;
constexpr double kRunWork = W > 4 ? 3e8 : 1e8;

inline double product(const Step& s, const int32_t* fields, int n) {
  double all = 1;
  for (int i = 0; i < n; i++) all *= (double)rowsAt(s, fields[i]);
  return all;
}

inline double workOf(const Step& s, const int32_t* w) {
  switch (w[0]) {
    case OP_AFFINE: return 8 * product(s, w + 2, 3) * w[7] * (w[7] + 2);
    case OP_GEMM: return 2 * product(s, w + 2, 4);
    case OP_TILE: return 8 * product(s, w + 2, 2) * w[5];
    case OP_REDUCE: return 16 * product(s, w + 3, 3);
    case OP_COPY: return 16 * product(s, w + 2, 6);
    case OP_RANDOM: return 40 * product(s, w + 2, 2);
    case OP_PACK: return 40 * product(s, w + 2, 2);
    default: return 16 * product(s, w + 2, 2);
  }
}

/// Piece `part` of `parts` of 0 .. extent, in whole units.
inline Span pieceOf(Index extent, Index unit, Index part, Index parts) {
  const Index units = ceilDiv(extent, unit);
  const Index first = least(extent, units * part / parts * unit), last = least(extent, units * (part + 1) / parts * unit);
  return {first, last - first, 1};
}

enum Axis { AXIS_NONE, AXIS_ROWS, AXIS_COLUMNS };

/// What the reductions of a tile program forbid to cut.
struct TileCuts {
  bool rows, columns;
};
inline TileCuts tileCuts(const int32_t* w) {
  TileCuts cuts = {true, true};
  const int32_t* m = w + 6 + w[4] * kOperandWords;
  for (int32_t i = 0; i < w[5]; i++, m += kMicroWords) {
    cuts.columns = cuts.columns && !reducesRows(m[0]);
    cuts.rows = cuts.rows && m[0] != MICRO_SUM_COLUMNS;
  }
  return cuts;
}

/// Columns that can be cut, 0 where an instruction has none.
inline Index columnsOf(const Step& s, const int32_t* w) {
  switch (w[0]) {
    case OP_GEMM: return sizeAt(s, w[5]) > 1 ? 0 : sizeAt(s, w[3]);
    case OP_TILE: return tileCuts(w).columns ? sizeAt(s, w[3]) : 0;
    case OP_AFFINE:
    case OP_SCATTER: return sizeAt(s, w[3]);
    case OP_REDUCE: return sizeAt(s, w[5]) == 1 ? 0 : sizeAt(s, w[5]);
    default: return 0;
  }
}

inline Axis axisOf(const Step& s, const int32_t* w, int threads) {
  const Index rows = extentOf(s, w), columns = columnsOf(s, w);
  if (w[0] == OP_TILE && !tileCuts(w).rows) return columns >= 32 ? AXIS_COLUMNS : AXIS_NONE;
  if (w[0] == OP_SCATTER) return columns >= 32 ? AXIS_COLUMNS : AXIS_NONE;
  if (w[0] == OP_GEMM && columns > rows && columns >= threads * kPanel) return AXIS_COLUMNS;
  // Rows may have very different lengths, features never.
  if (w[0] == OP_AFFINE && columns >= threads * 32) return AXIS_COLUMNS;
  if (rows >= threads) return AXIS_ROWS;
  if (columns >= 32 && columns > rows) return AXIS_COLUMNS;
  return rows > 1 ? AXIS_ROWS : AXIS_NONE;
}

/// A copy is cut along its longest dimension.
inline int copyAxis(const Step& s, const int32_t* w) {
  int axis = 0;
  for (int d = 1; d < kCopyDims; d++)
    if (rowsAt(s, w[2 + d]) > rowsAt(s, w[2 + axis])) axis = d;
  return axis;
}

inline Share wholeShare(const Step& s, const int32_t* w) { return {{0, extentOf(s, w), 1}, 0, -1, 0}; }

inline Share shareOf(const Step& s, const int32_t* w, Axis axis, Index part, Index parts) {
  Share share = wholeShare(s, w);
  if (w[0] == OP_COPY) {
    share.axis = copyAxis(s, w);
    share.rows = pieceOf(sizeAt(s, w[2 + share.axis]), 1, part, parts);
  } else if (axis == AXIS_ROWS) {
    const Index extent = extentOf(s, w);
    // Rows of a recurrence go by length: taken in turn, all threads get long and short ones.
    share.rows = w[0] == OP_AFFINE ? Span{part, extent > part ? ceilDiv(extent - part, parts) : 0, parts} : pieceOf(extent, 1, part, parts);
  } else {
    const Span piece = pieceOf(columnsOf(s, w), w[0] == OP_GEMM ? kPanel : 16, part, parts);
    share.column = piece.begin;
    share.columns = piece.count;
  }
  return share;
}

}  // namespace
