// From the words of one instruction to its kernel, for the part of the work that a thread does.
#pragma once
#include "affine.h"
#include "gemm.h"
#include "move.h"
#include "program.h"
#include "random.h"
#include "reduce.h"
#include "tile.h"
#include "validate.h"

namespace {

constexpr Index kScratchFloats = kGemmScratch > kTileScratch ? kGemmScratch : kTileScratch;
constexpr Index kScratchBytes = (kScratchFloats * 4 + 127) / 64 * 64;

/// What part of an instruction a thread does: rows of the dividing axis, columns of the other where it can be cut.
struct Share {
  Span rows;
  Index column, columns;  // columns < 0: all
  int axis;               // the dimension of a copy that `rows` speaks of
};

inline void gemmInstruction(const Step& s, const int32_t* w, const Share& share) {
  const bool byBatch = w[5] == kActiveRows || (w[2] != kActiveRows && sizeAt(s, w[5]) > 1);
  Operand a = operandAt(s, w + 6), b = operandAt(s, w + 11), c = operandAt(s, w + 16);
  Index aBatch = sizeAt(s, w[21]), bBatch = sizeAt(s, w[22]), cBatch = sizeAt(s, w[23]);
  const int32_t flags = w[24];
  Index batch = rowsAt(s, w[5]), m = rowsAt(s, w[2]), n = sizeAt(s, w[3]);
  const Index k = sizeAt(s, w[4]);
  if (byBatch) {
    batch = share.rows.count;
    a.base += share.rows.begin * aBatch;
    b.base += share.rows.begin * bBatch;
    c.base += share.rows.begin * cBatch;
    aBatch *= share.rows.step;
    bBatch *= share.rows.step;
    cBatch *= share.rows.step;
  } else {
    m = share.rows.count;
    a = rowsOf(a, share.rows);
    c = rowsOf(c, share.rows);
    if (share.columns >= 0) {
      n = share.columns;
      b.base += (flags & 2) ? share.column * k : share.column * b.col;
      c.base += share.column * c.col;
    }
  }
  for (Index i = 0; i < batch; i++)
    multiply({m, n, k, a.base + i * aBatch, a.row, a.col, b.base + i * bBatch, b.row, b.col, c.base + i * cBatch, c.row, c.col,
              (flags & 1) != 0, (flags & 2) != 0, s.back},
             s.scratch);
}

inline void reduceInstruction(const Step& s, const int32_t* w, const Share& share) {
  const Span rows = share.rows;
  Reduction r;
  r.kind = w[2];
  r.outer = rows.count;
  r.mid = sizeAt(s, w[4]);
  r.inner = sizeAt(s, w[5]);
  r.srcOuter = sizeAt(s, w[8]) * rows.step;
  r.srcMid = sizeAt(s, w[9]);
  r.srcInner = sizeAt(s, w[10]);
  r.src = addressOf(s, w[6], sizeAt(s, w[7]) + steppedBy(s, w[11])) + rows.begin * sizeAt(s, w[8]);
  r.dstOuter = sizeAt(s, w[14]) * rows.step;
  r.dstInner = sizeAt(s, w[15]);
  r.dst = addressOf(s, w[12], sizeAt(s, w[13]) + steppedBy(s, w[16])) + rows.begin * sizeAt(s, w[14]);
  r.accumulate = (w[17] & 1) != 0;
  r.first = share.columns < 0 ? 0 : share.column;
  r.last = share.columns < 0 ? r.inner : share.column + share.columns;
  reduce(r);
}

inline void copyInstruction(const Step& s, const int32_t* w, const Share& share) {
  const Span span = share.rows;
  Copy x;
  for (int d = 0; d < kCopyDims; d++) {
    const bool divided = d == share.axis;
    x.dims[d] = divided ? span.count : sizeAt(s, w[2 + d]);
    x.from[d] = sizeAt(s, w[11 + d]) * (divided ? span.step : 1);
    x.to[d] = sizeAt(s, w[20 + d]) * (divided ? span.step : 1);
  }
  x.src = addressOf(s, w[8], sizeAt(s, w[9]) + steppedBy(s, w[10])) + span.begin * sizeAt(s, w[11 + share.axis]);
  x.dst = addressOf(s, w[17], sizeAt(s, w[18]) + steppedBy(s, w[19])) + span.begin * sizeAt(s, w[20 + share.axis]);
  copyStrided(x);
}

inline void gatherInstruction(const Step& s, const int32_t* w, Span span) {
  gatherRows(*s.run, span.count, sizeAt(s, w[3]), sizeAt(s, w[4]), w[5], operandAt(s, w + 6), rowsOf(operandAt(s, w + 11), span),
             rowsOf(operandAt(s, w + 16), span));
}

inline void scatterInstruction(const Step& s, const int32_t* w, const Share& share) {
  Operand src = operandAt(s, w + 6), table = operandAt(s, w + 16);
  const Index cols = share.columns < 0 ? sizeAt(s, w[3]) : share.columns;
  src.base += share.column * src.col;
  table.base += share.column * table.col;
  scatterRows(*s.run, share.rows.count, cols, sizeAt(s, w[4]), w[5], src, operandAt(s, w + 11), table);
}

inline void randomInstruction(const Step& s, const int32_t* w, Span span) {
  const Operand key = rowsOf(operandAt(s, w + 5), span), counter = rowsOf(operandAt(s, w + 10), span);
  const Operand out = rowsOf(operandAt(s, w + 15), span);
  (w[4] == 0 ? uniformRows : keyRows)(span.count, sizeAt(s, w[3]), key, counter, out);
}

/// Panels span.begin .. of a packed operand.
inline void packInstruction(const Step& s, const int32_t* w, Span span) {
  const Index k = sizeAt(s, w[2]), n = sizeAt(s, w[3]);
  const Operand b = operandAt(s, w + 4);
  const Index column = span.begin * kPanel;
  packColumns(k, least(n - column, span.count * kPanel), b.base + column * b.col, b.row, b.col,
              addressOf(s, w[9], sizeAt(s, w[10])) + column * k);
}

inline void instruction(const Step& s, const int32_t* w, const Share& share) {
  switch (w[0]) {
    case OP_GEMM: return gemmInstruction(s, w, share);
    case OP_TILE:
      return tileInstruction(s, w, share.rows, share.column, share.columns < 0 ? sizeAt(s, w[3]) : share.columns);
    case OP_REDUCE: return reduceInstruction(s, w, share);
    case OP_COPY: return copyInstruction(s, w, share);
    case OP_GATHER: return gatherInstruction(s, w, share.rows);
    case OP_SCATTER: return scatterInstruction(s, w, share);
    case OP_RANDOM: return randomInstruction(s, w, share.rows);
    case OP_PACK: return packInstruction(s, w, share.rows);
    case OP_AFFINE: return affineInstruction(s, w, share.rows, share.column, share.columns < 0 ? sizeAt(s, w[3]) : share.columns);
    default: DRNN_ASSERT(false);
  }
}

/// Size of the axis along which an instruction is divided.
inline Index extentOf(const Step& s, const int32_t* w) {
  switch (w[0]) {
    case OP_GEMM: return w[2] != kActiveRows && (w[5] == kActiveRows || sizeAt(s, w[5]) > 1) ? rowsAt(s, w[5]) : rowsAt(s, w[2]);
    case OP_REDUCE: return rowsAt(s, w[3]);
    case OP_PACK: return ceilDiv(sizeAt(s, w[3]), kPanel);
    default: return rowsAt(s, w[2]);
  }
}

/// Negative extents come from a wrong program, never from data.
inline bool extentsFine(const Step& s, const int32_t* w) {
  switch (w[0]) {
    case OP_GEMM: return rowsAt(s, w[2]) >= 0 && sizeAt(s, w[3]) >= 0 && sizeAt(s, w[4]) >= 0 && rowsAt(s, w[5]) >= 0;
    case OP_REDUCE: return rowsAt(s, w[3]) >= 0 && sizeAt(s, w[4]) >= 0 && sizeAt(s, w[5]) >= 0;
    case OP_COPY: {
      bool fine = rowsAt(s, w[2]) >= 0;
      for (int d = 1; d < kCopyDims; d++) fine = fine && sizeAt(s, w[2 + d]) >= 0;
      return fine;
    }
    case OP_LOOP: return sizeAt(s, w[2]) >= 0;
    case OP_AFFINE: return sizeAt(s, w[2]) >= 0 && sizeAt(s, w[3]) >= 0 && sizeAt(s, w[4]) >= 0 && affineFine(s, w);
    default: return rowsAt(s, w[2]) >= 0 && sizeAt(s, w[3]) >= 0;
  }
}

}  // namespace
