// Random affine scans for the driver; part of driver.cpp, inside its namespace and after its helpers.
#pragma once

/// Tables of a time domain whose numbers of rows stay or fall.
struct Domain {
  int rows, offsets, total;
};
Domain addDomain(Case& x, int time, int widest, bool level = false) {
  Domain d = {addBuffer(x, time), addBuffer(x, time), 0};
  for (int t = 0, rows = widest; t < time; t++) {
    if (t > 0 && !level && upTo(1) == 0) rows = upTo(rows);
    const int32_t pair[] = {rows, d.total};
    memcpy(&x.contents[d.rows][t], &pair[0], 4);
    memcpy(&x.contents[d.offsets][t], &pair[1], 4);
    d.total += rows;
  }
  return d;
}

/// Stacked rows (kind 0), rows that stay (1), or one row for all (2).
void affineOperand(Case& x, int rows, int cols, int total, int kind, bool written) {
  const int col = !written && upTo(3) == 0 ? 0 : 1 + upTo(1), offset = upTo(3), held = kind == 0 ? total : kind == 1 ? rows : 1;
  const int row = (cols > 0 ? (cols - 1) * col + 1 : 0) + upTo(3);
  word(x, addBuffer(x, offset + held * row)), size(x, offset), size(x, kind == 2 ? 0 : row), size(x, col);
  word(x, kind == 0 ? sizeIndex(x, row) : -1);
}

/// A recurrence of one state or a pair over a ragged domain, either way, with and without initial states.
void addAffine(Case& x) {
  const int time = upTo(9), cols = upTo(2) == 0 ? upTo(200) : upTo(40), width = 1 + upTo(1), widest = upTo(12);
  const Domain d = addDomain(x, time, upTo(widest));
  const int form = upTo(2), starts = form == 2 ? width : 0;
  begin(x, OP_AFFINE, 9 + (starts + width * (width + 2)) * 5);
  size(x, widest), size(x, cols), size(x, time);
  word(x, d.rows), word(x, d.offsets), word(x, width), word(x, upTo(1) + 2 * form);
  for (int i = 0; i < starts; i++) affineOperand(x, widest, cols, d.total, 1 + upTo(1), false);
  for (int i = 0; i < width * (width + 1); i++) affineOperand(x, widest, cols, d.total, upTo(2), false);
  for (int i = 0; i < width; i++) affineOperand(x, widest, cols, d.total, 0, true);
}
