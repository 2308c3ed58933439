// A look over the words before they run: a program that is not well formed is refused instead of reaching into memory.
#pragma once
#include "program.h"

namespace {

constexpr int kMaxOperands = 1024;
constexpr int kMicroWords = 5;
/// Reductions over columns that one tile program may hold.
constexpr int kRowReductions = 8;
/// Reductions of any kind.
constexpr int kMaxReductions = 64;

/// Words of each opcode apart from the operands and micro instructions of a tile and the operands of an affine scan; 0 = no such opcode.
inline int fixedWords(int32_t opcode) {
  switch (opcode) {
    case OP_GEMM: return 2 + 4 + 3 * kOperandWords + 3 + 1;
    case OP_TILE: return 2 + 4;
    case OP_REDUCE: return 2 + 4 + 6 + 5 + 1;
    case OP_COPY: return 2 + 6 + 9 + 9;
    case OP_GATHER:
    case OP_SCATTER: return 2 + 4 + 3 * kOperandWords;
    case OP_RANDOM: return 2 + 3 + 3 * kOperandWords;
    case OP_LOOP: return 2 + 5;
    case OP_PACK: return 2 + 2 + kOperandWords + 2;
    case OP_AFFINE: return 2 + 7;
    default: return 0;
  }
}

/// Fields that hold sizes: at least `lowest` (-1 where the active rows or "not stepped" may stand).
inline bool sizesFrom(const int32_t* w, int n, int32_t lowest) {
  for (int i = 0; i < n; i++)
    if (w[i] < lowest) return false;
  return true;
}
inline bool operandsFine(const int32_t* w, int n) {
  for (int i = 0; i < n; i++, w += kOperandWords)
    if (!sizesFrom(w, 4, 0) || w[4] < -(1 << 24)) return false;
  return true;
}

/// A product of a loop that may be made for several steps at once.
inline bool isAhead(const int32_t* w) { return w[0] == OP_GEMM && (w[24] & 4) != 0; }

/// How many registers a micro instruction reads (from word a on) and whether it writes d.
struct MicroShape {
  int reads;
  bool writes;
};
inline MicroShape microShape(int32_t micro) {
  switch (micro) {
    case MICRO_CONST:
    case MICRO_LOAD:
    case MICRO_IOTA_ROW:
    case MICRO_IOTA_COL: return {0, true};
    case MICRO_STORE:
    case MICRO_SUM_ROW:
    case MICRO_MAX_ROW:
    case MICRO_SUM_COLUMNS: return {0, false};
    case MICRO_SELECT:
    case MICRO_ADD_ADD:
    case MICRO_ADD_SUB:
    case MICRO_ADD_FROM:
    case MICRO_ADD_MUL:
    case MICRO_SUB_ADD:
    case MICRO_SUB_SUB:
    case MICRO_SUB_FROM:
    case MICRO_SUB_MUL:
    case MICRO_MUL_ADD:
    case MICRO_MUL_SUB:
    case MICRO_MUL_FROM:
    case MICRO_MUL_MUL: return {3, true};
    case MICRO_ADD:
    case MICRO_SUB:
    case MICRO_MUL:
    case MICRO_DIV:
    case MICRO_MIN:
    case MICRO_MAX:
    case MICRO_LT:
    case MICRO_LE:
    case MICRO_EQ:
    case MICRO_ADD_I:
    case MICRO_SUB_I:
    case MICRO_MUL_I:
    case MICRO_MIN_I:
    case MICRO_MAX_I:
    case MICRO_LT_I:
    case MICRO_LE_I:
    case MICRO_EQ_I: return {2, true};
    default: return {1, true};
  }
}

inline bool reducesRows(int32_t micro) { return micro == MICRO_SUM_ROW || micro == MICRO_MAX_ROW; }
inline bool isReduction(int32_t micro) { return reducesRows(micro) || micro == MICRO_SUM_COLUMNS; }

inline bool tileFine(const int32_t* w) {
  const int32_t operands = w[4], micros = w[5];
  if (operands < 0 || operands > kMaxOperands || micros < 0 || micros > (1 << 20)) return false;
  if (w[1] != fixedWords(OP_TILE) + operands * kOperandWords + micros * kMicroWords) return false;
  if (w[2] < -1 || w[3] < 0 || !operandsFine(w + 6, operands)) return false;
  const int32_t* m = w + 6 + operands * kOperandWords;
  int reductions = 0;
  for (int32_t i = 0; i < micros; i++, m += kMicroWords) {
    if (m[0] < 0 || m[0] >= MICRO_COUNT) return false;
    const MicroShape shape = microShape(m[0]);
    if (shape.writes && (m[1] < 0 || m[1] >= kTileRegisters)) return false;
    // What computes names three registers, also where it reads fewer.
    for (int r = 0; r < (shape.reads > 0 ? 3 : 0); r++)
      if (m[2 + r] < 0 || m[2 + r] >= kTileRegisters) return false;
    const bool leaves = m[0] == MICRO_STORE || isReduction(m[0]);
    if ((m[0] == MICRO_LOAD || leaves) && (m[2] < 0 || m[2] >= operands)) return false;
    if (leaves && (m[3] < 0 || m[3] >= kTileRegisters)) return false;
    if (reducesRows(m[0]) && (m[1] < 0 || m[1] >= kRowReductions)) return false;
    if (isReduction(m[0]) && ++reductions > kMaxReductions) return false;
    // Rows that meet cannot be divided, as the active rows are.
    if (m[0] == MICRO_SUM_COLUMNS && w[2] == kActiveRows) return false;
  }
  return true;
}

inline bool affineFieldsFine(const int32_t* w) {
  if (!sizesFrom(w + 2, 5, 0) || w[7] < 1 || w[7] > 2 || w[8] < 0 || w[8] > 7) return false;
  // Coefficients of the step before need such a step, so rows with initial states have none of that kind.
  if ((w[8] & 6) == 6) return false;
  const int operands = ((w[8] & 4) ? w[7] : 0) + w[7] * (w[7] + 2);
  return w[1] == fixedWords(OP_AFFINE) + operands * kOperandWords && operandsFine(w + fixedWords(OP_AFFINE), operands);
}

/// Fields of one instruction whose word count is already right.
inline bool fieldsFine(const int32_t* w) {
  switch (w[0]) {
    case OP_GEMM: return w[2] >= -1 && w[3] >= 0 && w[4] >= 0 && w[5] >= -1 && operandsFine(w + 6, 3) && sizesFrom(w + 21, 3, 0) &&
             !(isAhead(w) && w[2] != kActiveRows);
    case OP_TILE: return tileFine(w);
    case OP_REDUCE:
      return w[2] >= 0 && w[2] <= 2 && w[3] >= -1 && sizesFrom(w + 4, 7, 0) && w[11] >= -1 && sizesFrom(w + 12, 4, 0) && w[16] >= -1 &&
             !(w[2] == 2 && (w[17] & 1));
    case OP_COPY:
      return w[2] >= -1 && sizesFrom(w + 3, 7, 0) && w[10] >= -1 && sizesFrom(w + 11, 8, 0) && w[19] >= -1 && sizesFrom(w + 20, 6, 0);
    case OP_GATHER:
    case OP_SCATTER: return w[2] >= -1 && w[3] >= 0 && w[4] >= 0 && operandsFine(w + 6, 3);
    case OP_RANDOM: return w[2] >= -1 && w[3] >= 0 && w[4] >= 0 && w[4] <= 1 && operandsFine(w + 5, 3);
    case OP_LOOP: return sizesFrom(w + 2, 3, 0);
    case OP_AFFINE: return affineFieldsFine(w);
    case OP_PACK: return operandsFine(w + 4, 1) && sizesFrom(w + 2, 2, 0) && sizesFrom(w + 9, 2, 0);
    default: return false;
  }
}

/// The field that must be the active rows for an instruction to be divided by rows.
inline bool isRowWise(const int32_t* w) {
  switch (w[0]) {
    case OP_GEMM: return (w[2] == kActiveRows) != (w[5] == kActiveRows);
    case OP_REDUCE: return w[3] == kActiveRows;
    case OP_TILE:
    case OP_COPY:
    case OP_GATHER:
    case OP_RANDOM: return w[2] == kActiveRows;
    default: return false;
  }
}
inline bool usesActiveRows(const int32_t* w) {
  switch (w[0]) {
    case OP_GEMM: return w[2] == kActiveRows || w[5] == kActiveRows;
    case OP_SCATTER: return w[2] == kActiveRows;
    default: return isRowWise(w);
  }
}

enum Place { OUTSIDE, IN_ROWS_LOOP, IN_SERIAL_LOOP };

inline bool wordsFine(const int32_t* code, Index first, Index end, Place place) {
  while (first < end) {
    const int32_t* w = code + first;
    if (end - first < 2) return false;
    const int fixed = fixedWords(w[0]);
    if (fixed == 0 || w[1] < fixed || w[1] > end - first) return false;
    if (w[0] != OP_TILE && w[0] != OP_AFFINE && w[1] != fixed) return false;
    if (!fieldsFine(w)) return false;
    if (place == OUTSIDE && usesActiveRows(w)) return false;
    if (place != OUTSIDE && w[0] == OP_AFFINE) return false;
    if (place == IN_ROWS_LOOP && !isRowWise(w)) return false;
    first += w[1];
    if (w[0] == OP_LOOP) {
      if (place != OUTSIDE || w[6] < 0 || w[6] > end - first) return false;
      if (!wordsFine(code, first, first + w[6], (w[5] & 2) ? IN_SERIAL_LOOP : IN_ROWS_LOOP)) return false;
      first += w[6];
    }
  }
  return first == end;
}

}  // namespace
