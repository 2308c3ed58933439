// Pointwise programs over matrices of any strides: the matrix is cut into tiles, each tile runs the whole program in registers.
#pragma once
#include "program.h"
#include "tile_micro.h"
#include "validate.h"

namespace {

/// Values of the two index instructions at (i, j) of the walked matrix: start + i * outer + j * inner.
struct Iota {
  Index start, outer, inner;
};

/// One instruction resolved for one thread. A tile is `tall` rows of `wide` columns, stored densely in a register.
struct TileRun {
  Index rows, cols;
  Iota iotaRow, iotaCol;
  const int32_t* micro;
  int micros, operands;
  bool wholeRows;  // a tile holds several complete rows
  Operand operand[kMaxOperands];
  bool readInPlace[kMaxOperands];  // no store of this program writes there
  bool once[kTileRegisters];       // the register's only value is the same in every tile
  float* own[kTileRegisters];
  const float* value[kTileRegisters];
};

struct TilePlace {
  Index row, tall, column, wide;
};

inline void loadTile(const Operand& o, const TilePlace& p, float* to) {
  const float* from = o.base + p.row * o.row + p.column * o.col;
  for (Index r = 0; r < p.tall; r++, from += o.row, to += p.wide) {
    if (o.col == 1) {
      copyFloats(to, from, p.wide);
    } else if (o.col == 0) {
      fillFloats(to, *from, p.wide);
    } else {
      for (Index c = 0; c < p.wide; c++) to[c] = from[c * o.col];
    }
  }
}

inline void storeTile(const Operand& o, const TilePlace& p, const float* from) {
  float* to = o.base + p.row * o.row + p.column * o.col;
  for (Index r = 0; r < p.tall; r++, to += o.row, from += p.wide) {
    if (o.col == 1)
      copyFloats(to, from, p.wide);
    else
      for (Index c = 0; c < p.wide; c++) to[c * o.col] = from[c];
  }
}

inline void iotaTile(const Iota& iota, const TilePlace& p, float* to) {
  int32_t* d = asInts(to);
  for (Index r = 0; r < p.tall; r++)
    for (Index c = 0; c < p.wide; c++) *d++ = (int32_t)(iota.start + (p.row + r) * iota.outer + (p.column + c) * iota.inner);
}

/// Whole vectors may be read where they lie; anything else is copied, so that no byte outside the operand is touched.
inline const float* loadedTile(const TileRun& t, int operand, const TilePlace& p, float* own) {
  const Operand& o = t.operand[operand];
  const bool contiguous = o.col == 1 && (p.tall == 1 || o.row == p.wide);
  if (contiguous && t.readInPlace[operand] && (p.tall * p.wide) % W == 0) return o.base + p.row * o.row + p.column;
  loadTile(o, p, own);
  return own;
}

inline void runTile(TileRun& t, const TilePlace& p) {
  const int vectors = (int)ceilDiv(p.tall * p.wide, W);
  const int32_t* m = t.micro;
  for (int i = 0; i < t.micros; i++, m += kMicroWords) {
    if (m[0] == MICRO_STORE) {
      storeTile(t.operand[m[2]], p, t.value[m[3]]);
      continue;
    }
    const int d = m[1];
    if (t.once[d]) continue;
    float* to = t.own[d];
    const float* result = to;
    switch (m[0]) {
      case MICRO_CONST: fillFloats(to, floatOf((uint32_t)m[2]), vectors * W); break;
      case MICRO_LOAD: result = loadedTile(t, m[2], p, to); break;
      case MICRO_IOTA_ROW: iotaTile(t.iotaRow, p, to); break;
      case MICRO_IOTA_COL: iotaTile(t.iotaCol, p, to); break;
      case MICRO_SELECT: mapSelect(to, t.value[m[2]], t.value[m[3]], t.value[m[4]], vectors); break;
      default:
        if (microShape(m[0]).reads == 2)
          mapBinary(m[0], to, t.value[m[2]], t.value[m[3]], vectors);
        else
          mapUnary(m[0], to, t.value[m[2]], vectors);
    }
    t.value[d] = result;
  }
}

/// Makes the matrix as flat as its operands allow: one long row, or columns of one element walked as a row.
inline void flatten(TileRun& t) {
  bool indexed = false;
  for (int i = 0; i < t.micros; i++) {
    const int32_t micro = t.micro[i * kMicroWords];
    indexed = indexed || micro == MICRO_IOTA_ROW || micro == MICRO_IOTA_COL;
  }
  bool contiguous = !indexed;
  for (int o = 0; o < t.operands; o++) contiguous = contiguous && t.operand[o].row == t.cols * t.operand[o].col;
  if (contiguous && t.rows > 1) {
    t.cols *= t.rows;
    t.rows = 1;
  } else if (t.cols == 1 && t.rows > 1) {
    for (int o = 0; o < t.operands; o++) t.operand[o].col = t.operand[o].row;
    t.iotaRow.inner = t.iotaRow.outer;
    t.iotaCol.inner = t.iotaCol.outer;
    t.cols = t.rows;
    t.rows = 1;
  }
}

/// Finds loads that may stay in place and registers that hold the same values in every tile.
inline void study(TileRun& t) {
  for (int o = 0; o < t.operands; o++) t.readInPlace[o] = true;
  int writes[kTileRegisters] = {};
  const int32_t* m = t.micro;
  for (int i = 0; i < t.micros; i++, m += kMicroWords) {
    if (m[0] != MICRO_STORE) {
      writes[m[1]]++;
      continue;
    }
    for (int o = 0; o < t.operands; o++)
      if (t.operand[o].base == t.operand[m[2]].base) t.readInPlace[o] = false;
  }
  const TilePlace first = t.wholeRows ? TilePlace{0, least(t.rows, kTile / t.cols), 0, t.cols} : TilePlace{0, 1, 0, least<Index>(kTile, t.cols)};
  m = t.micro;
  for (int i = 0; i < t.micros; i++, m += kMicroWords) {
    if (m[0] != MICRO_CONST && m[0] != MICRO_LOAD) continue;
    if (writes[m[1]] != 1) continue;
    float* own = t.own[m[1]];
    if (m[0] == MICRO_CONST) {
      fillFloats(own, floatOf((uint32_t)m[2]), kTile);
    } else {
      const Operand& o = t.operand[m[2]];
      if (o.row != 0 || (o.col != 0 && !t.wholeRows)) continue;
      loadTile(o, first, own);
    }
    t.once[m[1]] = true;
    t.value[m[1]] = own;
  }
}

inline void runTiles(TileRun& t, float* registers) {
  if (t.rows <= 0 || t.cols <= 0) return;
  flatten(t);
  t.wholeRows = t.rows > 1 && t.cols <= kTile / 2;
  for (int r = 0; r < kTileRegisters; r++) {
    t.own[r] = registers + r * kTile;
    t.value[r] = t.own[r];
    t.once[r] = false;
  }
  study(t);
  if (t.wholeRows) {
    const Index tall = kTile / t.cols;
    for (Index r = 0; r < t.rows; r += tall) runTile(t, {r, least(tall, t.rows - r), 0, t.cols});
    return;
  }
  // Equal pieces of whole vectors: 136 columns become 80 and 56, not 128 and 8.
  const Index pieces = ceilDiv(t.cols, kTile);
  const Index wide = least<Index>(kTile, ceilDiv(ceilDiv(t.cols, pieces), 16) * 16);
  for (Index r = 0; r < t.rows; r++)
    for (Index c = 0; c < t.cols; c += wide) runTile(t, {r, 1, c, least(wide, t.cols - c)});
}

/// The rows of `span` and `cols` columns from `column` on of a tile instruction.
inline void tileInstruction(const Step& s, const int32_t* w, Span span, Index column, Index cols) {
  TileRun t;
  t.rows = span.count;
  t.cols = cols;
  t.iotaRow = {span.begin, span.step, 0};
  t.iotaCol = {column, 0, 1};
  t.operands = w[4];
  t.micros = w[5];
  t.micro = w + 6 + t.operands * kOperandWords;
  for (int o = 0; o < t.operands; o++) {
    t.operand[o] = rowsOf(operandAt(s, w + 6 + o * kOperandWords), span);
    t.operand[o].base += column * t.operand[o].col;
  }
  runTiles(t, s.scratch);
}

}  // namespace
