// Random loops with a product made beside them, a few steps at a time; part of driver.cpp, inside its namespace and after its helpers.
#pragma once

constexpr int kWidestPanel = 32;

/// A matrix packed into panels; their layout differs between variants, so the buffer is large enough for all and is not compared.
int addPanels(Case& x, int k, int n) {
  const int panels = addBuffer(x, (n + kWidestPanel - 1) / kWidestPanel * kWidestPanel * k);
  memset(x.contents[panels], 0, (size_t)x.lengths[panels] * 4);
  x.differs[panels] = true;
  begin(x, OP_PACK, 11);
  size(x, k), size(x, n);
  operand(x, k, n, NO_BROADCAST);
  word(x, panels), size(x, 0);
  return panels;
}

/// Stacked rows without gaps from the step's first on, or from the first of the steps whose products were made together.
void stackedOperand(Case& x, int buffer, int cols, bool ahead) {
  word(x, buffer), size(x, 0), size(x, cols), size(x, 1);
  word(x, ahead ? -2 - sizeIndex(x, cols) : sizeIndex(x, cols));
}

/// Products of all steps' inputs, which a tile of the loop adds to another operand; rows stay or fall, and there may be more than one
/// block of them. What is left where the products were made depends on how many steps were made together.
void addAhead(Case& x) {
  const int time = upTo(9), n = 1 + upTo(70), k = upTo(40);
  const bool level = upTo(1) == 0;
  const int panels = addPanels(x, k, n);
  const Domain d = addDomain(x, time, upTo(upTo(2) == 0 ? 70 : 20), level);
  const int inputs = addBuffer(x, d.total * k), made = addBuffer(x, d.total * n);
  const int terms = addBuffer(x, d.total * n), out = addBuffer(x, d.total * n);
  x.differs[made] = true;
  begin(x, OP_LOOP, 7);
  size(x, time), word(x, d.rows), word(x, d.offsets), word(x, upTo(1)), word(x, 0);
  const int start = x.count;
  begin(x, OP_GEMM, 25);
  word(x, kActiveRows), size(x, n), size(x, k), size(x, 1);
  stackedOperand(x, inputs, k, false);
  word(x, panels), size(x, 0), size(x, 0), size(x, 0), word(x, -1);
  stackedOperand(x, made, n, true);
  size(x, 0), size(x, 0), size(x, 0), word(x, 2 + 4);
  const int32_t micro[] = {MICRO_LOAD, 0, 0, 0, 0, MICRO_LOAD, 1, 1, 0, 0, MICRO_TANH, 2, 0, 0, 0,
                           MICRO_ADD,  3, 2, 1, 0, MICRO_STORE, 0, 2, 3, 0};
  begin(x, OP_TILE, 6 + 3 * 5 + 5 * 5);
  word(x, kActiveRows), size(x, n), word(x, 3), word(x, 5);
  stackedOperand(x, made, n, true), stackedOperand(x, terms, n, false), stackedOperand(x, out, n, false);
  for (int32_t w : micro) word(x, w);
  x.words[start - 1] = x.count - start;
}
