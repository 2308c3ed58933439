// Pointwise programs over matrices of any strides: the matrix is cut into tiles, each tile runs the whole program in registers.
#pragma once
#include "program.h"
#include "reduce.h"
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
  bool perRow[kTileRegisters];     // ... in every tile of a row
  float* own[kTileRegisters];
  const float* value[kTileRegisters];
  int reductions;
  const int32_t* reduction[kMaxReductions];
  float lanes[kRowReductions][kLanes];  // of the row that is walked, where it takes several tiles
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

/// Reduces each row of a tile: at once where the tile holds whole rows, else into the lanes of the row that is walked.
template <int KIND>
inline void reduceTileRows(TileRun& t, const int32_t* m, const TilePlace& p) {
  const float* from = t.value[m[3]];
  if (!t.wholeRows) return addToLanes<KIND>(t.lanes[m[1]], from, p.wide, 1);
  const Operand& o = t.operand[m[2]];
  for (Index r = 0; r < p.tall; r++) o.base[(p.row + r) * o.row] = reduceLanes<KIND>(from + r * p.wide, p.wide, 1);
}

/// Adds the rows of a tile, from the first on, to one sum per column.
inline void addTileRows(const TileRun& t, const int32_t* m, const TilePlace& p) {
  const Operand& o = t.operand[m[2]];
  float* to = o.base + p.column * o.col;
  const float* from = t.value[m[3]];
  for (Index r = 0; r < p.tall; r++, from += p.wide) {
    Index c = 0;
    if (o.col == 1)
      for (; c + W <= p.wide; c += W) store(to + c, load(to + c) + load(from + c));
    for (; c < p.wide; c++) to[c * o.col] = firstLane(splat(to[c * o.col]) + splat(from[c]));
  }
}

/// Before the first tile (row < 0) and around each row that takes several tiles.
inline void startReductions(TileRun& t, Index row) {
  for (int i = 0; i < t.reductions; i++) {
    const int32_t* m = t.reduction[i];
    if (row >= 0 && m[0] == MICRO_SUM_ROW) clearLanes<REDUCE_SUM>(t.lanes[m[1]]);
    if (row >= 0 && m[0] == MICRO_MAX_ROW) clearLanes<REDUCE_MAX>(t.lanes[m[1]]);
    if (row < 0 && m[0] == MICRO_SUM_COLUMNS)
      for (Index c = 0; c < t.cols; c++) t.operand[m[2]].base[c * t.operand[m[2]].col] = 0.0f;
  }
}
inline void endReductions(TileRun& t, Index row) {
  for (int i = 0; i < t.reductions; i++) {
    const int32_t* m = t.reduction[i];
    if (!reducesRows(m[0])) continue;
    float* to = t.operand[m[2]].base + row * t.operand[m[2]].row;
    if (m[0] == MICRO_SUM_ROW) *to = meetingOf<REDUCE_SUM>(t.lanes[m[1]]);
    if (m[0] == MICRO_MAX_ROW) *to = meetingOf<REDUCE_MAX>(t.lanes[m[1]]);
  }
}

/// Whole vectors may be read where they lie; anything else is copied, so that no byte outside the operand is touched.
inline const float* loadedTile(const TileRun& t, int operand, const TilePlace& p, float* own) {
  const Operand& o = t.operand[operand];
  const bool contiguous = o.col == 1 && (p.tall == 1 || o.row == p.wide);
  if (contiguous && t.readInPlace[operand] && (p.tall * p.wide) % W == 0) return o.base + p.row * o.row + p.column;
  loadTile(o, p, own);
  return own;
}

/// Where whole vectors of a tile may be written at once; null if they have to be copied there.
inline float* storedTile(const TileRun& t, int operand, const TilePlace& p) {
  const Operand& o = t.operand[operand];
  const bool contiguous = o.col == 1 && (p.tall == 1 || o.row == p.wide);
  return contiguous && (p.tall * p.wide) % W == 0 ? o.base + p.row * o.row + p.column : nullptr;
}

/// What no register is computed from: constants, memory, places.
inline void setRegister(TileRun& t, const int32_t* m, const TilePlace& p, int vectors) {
  const int d = m[1];
  if (t.once[d] || (t.perRow[d] && p.column > 0)) return;
  float* to = t.own[d];
  t.value[d] = to;
  switch (m[0]) {
    case MICRO_CONST: return fillFloats(to, floatOf((uint32_t)m[2]), vectors * W);
    case MICRO_IOTA_ROW: return iotaTile(t.iotaRow, p, to);
    case MICRO_IOTA_COL: return iotaTile(t.iotaCol, p, to);
    default: t.value[d] = loadedTile(t, m[2], p, to);
  }
}

inline void runTile(TileRun& t, const TilePlace& p) {
  const int vectors = (int)ceilDiv(p.tall * p.wide, W);
  const int32_t* m = t.micro;
  const int32_t* end = m + t.micros * kMicroWords;
  for (; m < end; m += kMicroWords) {
    switch (m[0]) {
      case MICRO_STORE: storeTile(t.operand[m[2]], p, t.value[m[3]]); continue;
      case MICRO_SUM_ROW: reduceTileRows<REDUCE_SUM>(t, m, p); continue;
      case MICRO_MAX_ROW: reduceTileRows<REDUCE_MAX>(t, m, p); continue;
      case MICRO_SUM_COLUMNS: addTileRows(t, m, p); continue;
      case MICRO_CONST:
      case MICRO_LOAD:
      case MICRO_IOTA_ROW:
      case MICRO_IOTA_COL: setRegister(t, m, p, vectors); continue;
      default: break;
    }
    const int d = m[1];
    float* to = t.own[d];
    const int32_t* next = m + kMicroWords;
    const int32_t* last = m;
    if (next < end && next[0] == MICRO_STORE && next[3] == d) {
      // A value that is stored as soon as it is computed is computed there.
      float* there = storedTile(t, next[2], p);
      if (there != nullptr) {
        to = there;
        last = next;
      }
    }
    mapMicro(m[0], to, t.value[m[2]], t.value[m[3]], t.value[m[4]], vectors);
    t.value[d] = to;
    m = last;
  }
}

/// Makes the matrix as flat as its operands allow: one long row, or columns of one element walked as a row.
inline void flatten(TileRun& t) {
  bool indexed = false;
  for (int i = 0; i < t.micros; i++) {
    const int32_t micro = t.micro[i * kMicroWords];
    indexed = indexed || micro == MICRO_IOTA_ROW || micro == MICRO_IOTA_COL;
    if (isReduction(micro)) t.reduction[t.reductions++] = t.micro + i * kMicroWords;
  }
  if (t.reductions > 0) return;
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
    if (microShape(m[0]).writes) {
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
      t.perRow[m[1]] = o.row != 0 && o.col == 0 && !t.wholeRows;
      if (o.row != 0 || (o.col != 0 && !t.wholeRows)) continue;
      loadTile(o, first, own);
    }
    t.once[m[1]] = true;
    t.value[m[1]] = own;
  }
}

inline void runTiles(TileRun& t, float* registers) {
  t.reductions = 0;
  flatten(t);
  if (t.reductions > 0) {
    startReductions(t, -1);
    if (t.cols <= 0)
      for (Index r = 0; r < t.rows; r++) {
        startReductions(t, r);
        endReductions(t, r);
      }
  }
  if (t.rows <= 0 || t.cols <= 0) return;
  t.wholeRows = t.rows > 1 && t.cols <= kTile / 2;
  for (int r = 0; r < kTileRegisters; r++) {
    t.own[r] = registers + r * kTile;
    t.value[r] = t.own[r];
    t.once[r] = t.perRow[r] = false;
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
  for (Index r = 0; r < t.rows; r++) {
    startReductions(t, r);
    for (Index c = 0; c < t.cols; c += wide) runTile(t, {r, 1, c, least(wide, t.cols - c)});
    endReductions(t, r);
  }
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
