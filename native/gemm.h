// Matrix products of any size and operand order, from cache blocks down to the register kernel.
// Each element of C has one accumulator and k ascends; a later block of k starts from C. So no blocking, path or thread changes bits.
#pragma once
#include "pack.h"

namespace {

/// C[m, n] (+)= A[m, k] B[k, n]; distances in floats. Packed B: panels of kPanel columns, bRow and bCol unused.
struct Product {
  Index m, n, k;
  const float* a;
  Index aRow, aCol;
  const float* b;
  Index bRow, bCol;
  float* c;
  Index cRow, cCol;
  bool accumulate, packedB;
  bool backwards;  // panels of B from the last to the first, where that is free
};

/// One block of C: rows of A by a run of panels, all with the same k range.
struct BlockOfC {
  Index rows, columns, k;
  const float* a;
  Index aRow, aStep;
  bool packedA;
  const float* b;
  Index bStep, bPanel;
  float* c;
  Index cRow, cCol;
  bool accumulate;
};

/// What the blocks after this one read of A and of B.
struct Fetches {
  Fetch a, b;
};

/// A tile that does not fit C's layout goes through a full-sized copy; the arithmetic is the same.
inline void tileThroughCopy(GemmKernel kernel, KernelArguments x, Index rows, Index columns, Index width, Index cCol, float* copy) {
  float* c = x.c;
  const Index cRow = x.cRow;
  x.c = copy;
  x.cRow = width;
  if (x.accumulate)
    for (Index i = 0; i < rows; i++) {
      for (Index j = 0; j < columns; j++) copy[i * width + j] = c[i * cRow + j * cCol];
      for (Index j = columns; j < width; j++) copy[i * width + j] = 0.0f;
    }
  kernel(x);
  for (Index i = 0; i < rows; i++)
    for (Index j = 0; j < columns; j++) c[i * cRow + j * cCol] = copy[i * width + j];
}

/// Rows in groups of one height, the first ones a row higher: 32 rows of at most 6 become 6, 6, 5, 5, 5, 5.
struct RowGroups {
  Index count, higher, height;
};
inline RowGroups groupsOf(Index rows) {
  const Index count = ceilDiv(rows, kTileRows), height = rows / count;
  return {count, rows - count * height, height};
}

inline GemmKernel kernelFor(Index rows, bool packedA, Index panels) {
  if (panels == 1) return packedA ? onePanelKernel<true>(rows) : onePanelKernel<false>(rows);
  return packedA ? widestKernel<true>(rows) : widestKernel<false>(rows);
}

inline void rowsOfBlock(const BlockOfC& block, const RowGroups& groups, Fetches& next, Index panel, Index panels, Index columns, float* copy) {
  const Index width = panels * kPanel, aRow = block.packedA ? block.k : block.aRow;
  const bool inPlace = block.cCol == 1 && columns == width;
  const GemmKernel kernel = kernelFor(groups.height, block.packedA, panels);
  const GemmKernel taller = groups.higher > 0 ? kernelFor(groups.height + 1, block.packedA, panels) : kernel;
  KernelArguments x = {block.k,
                       block.a,
                       block.aRow,
                       block.aStep,
                       block.b + panel * block.bPanel,
                       block.bStep,
                       block.bPanel,
                       block.c + panel * kPanel * block.cCol,
                       block.cRow,
                       block.accumulate};
  for (Index r = 0; r < groups.count; r++) {
    const bool isHigher = r < groups.higher;
    const Index height = groups.height + (isHigher ? 1 : 0);
    if (kFetches) {
      next.a.turn();
      next.b.turn();
    }
    if (inPlace)
      (isHigher ? taller : kernel)(x);
    else
      tileThroughCopy(isHigher ? taller : kernel, x, height, columns, width, block.cCol, copy);
    x.a += height * aRow;
    x.c += height * block.cRow;
  }
}

inline void computeBlock(const BlockOfC& block, Fetches& next, float* copy) {
  const RowGroups groups = groupsOf(block.rows);
  const Index panels = ceilDiv(block.columns, kPanel);
  const Index together = panelsAtOnce(block.rows);
  Index panel = 0;
  while (panel < panels) {
    const Index columns = block.columns - panel * kPanel;
    const Index count = columns >= together * kPanel ? together : 1;
    rowsOfBlock(block, groups, next, panel, count, least(columns, count * kPanel), copy);
    panel += count;
  }
}

/// Packed in the same groups that rowsOfBlock walks.
inline void packRowGroups(Index rows, Index k, const float* a, Index row, Index step, float* to) {
  const RowGroups groups = groupsOf(rows);
  for (Index r = 0; r < groups.count; r++) {
    const Index height = groups.height + (r < groups.higher ? 1 : 0);
    packRows(height, k, a, row, step, to);
    a += height * row;
    to += height * k;
  }
}

inline void clearC(const Product& x) {
  for (Index i = 0; i < x.m; i++)
    for (Index j = 0; j < x.n; j++) x.c[i * x.cRow + j * x.cCol] = 0.0f;
}

/// How a block of A is read: where it lies, packed now, or as it was packed for the columns before.
enum ReadingOfA { A_IN_PLACE, A_PACKED, A_KEPT };

/// Columns of B that lie ready in panels, or where they are, for one range of k.
struct PanelsOfB {
  Index column, columns, firstK, k;
  const float* b;
  Index bStep, bPanel;
  ReadingOfA a;
};

/// Steps of k in a block.
inline Index depthOf(const Product& x) { return x.packedB ? kPackedK : kBlockK; }

/// True if all rows of a block of k stay packed while the columns of B pass by.
inline bool keepsA(const Product& x) { return x.m * least(depthOf(x), x.k) <= kPackedA; }

inline Index tilesOf(Index rows, Index columns) { return ceilDiv(rows, kTileRows) * ceilDiv(columns, kPanel); }

/// The block of A after that of these rows: the next rows, or the first of the next k. A product of few rows finds it in the cache.
inline Fetch fetchOfA(const Product& x, Index row, const PanelsOfB& panels, Index turns) {
  const bool more = row + kBlockRows < x.m;
  if (more ? panels.a == A_KEPT : panels.column + panels.columns < x.n) return {};
  const Index first = more ? row + kBlockRows : 0, p = more ? panels.firstK : panels.firstK + panels.k;
  const Index rows = least(kBlockRows, x.m - first), k = least(depthOf(x), x.k - p);
  if (x.m < 2 * kTileRows || k <= 0 || (x.aCol != 1 && x.aRow != 1)) return {};
  const float* at = x.a + first * x.aRow + p * x.aCol;
  return x.aCol == 1 ? fetchIn(turns, at, rows, k, x.aRow) : fetchIn(turns, at, k, rows, x.aCol);
}

/// The block of B that is packed after the one that ends before this column.
inline Fetch fetchOfB(const Product& x, Index firstK, Index column) {
  const bool more = column < x.n;
  const Index p = more ? firstK : firstK + kBlockK, j = more ? column : 0;
  const Index k = x.bCol == 1 ? least(kBlockK, x.k - p) : 0, columns = least(kBlockCols, x.n - j);
  return fetchIn(tilesOf(x.m, columns), x.b + p * x.bRow + j, k, columns, x.bRow);
}

/// Broadcast reads of A cost nothing while A stays in cache; copying pays once many panels read the same rows.
inline ReadingOfA readingOfA(const Product& x, Index columns, ReadingOfA before) {
  if (before != A_IN_PLACE && keepsA(x)) return A_KEPT;
  return columns >= 6 * kPanel && x.m >= 2 * kTileRows ? A_PACKED : A_IN_PLACE;
}

/// All blocks of rows against some columns of B; `nextB` is asked for meanwhile.
inline void multiplyRows(const Product& x, const PanelsOfB& panels, Fetch nextB, float* packedA, float* copy) {
  const Index columns = panels.columns, k = panels.k;
  Fetches next = {{}, nextB};
  for (Index i = 0; i < x.m; i += kBlockRows) {
    const Index rows = least(kBlockRows, x.m - i);
    const float* a = x.a + i * x.aRow + panels.firstK * x.aCol;
    float* packed = packedA + (keepsA(x) ? i * k : 0);
    if (panels.a == A_PACKED) packRowGroups(rows, k, a, x.aRow, x.aCol, packed);
    next.a = fetchOfA(x, i, panels, tilesOf(rows, columns));
    const bool isPacked = panels.a != A_IN_PLACE;
    computeBlock({rows, columns, k, isPacked ? packed : a, x.aRow, x.aCol, isPacked, panels.b, panels.bStep, panels.bPanel,
                  x.c + i * x.cRow + panels.column * x.cCol, x.cRow, x.cCol, x.accumulate || panels.firstK > 0},
                 next, copy);
  }
}

/// One panel's worth of columns or more; B packed per block, or read where it lies when few rows use it.
inline void multiplyPanels(const Product& x, float* scratch) {
  float* packedB = scratch;
  float* packedA = packedB + kBlockK * kBlockCols;
  float* copy = packedA + kPackedA;
  const bool direct = !x.packedB && x.bCol == 1 && x.m <= 2 * kTileRows;
  const Index whole = x.n - x.n % kPanel;
  // Panels that lie ready and are read once are read in one go.
  const Index width = !x.packedB ? kBlockCols : x.m <= kBlockRows ? x.n : kPackedCols;
  for (Index p = 0; p < x.k; p += depthOf(x)) {
    const Index k = least(depthOf(x), x.k - p);
    ReadingOfA a = A_IN_PLACE;
    for (Index j = 0, columns; j < x.n; j += columns) {
      columns = least(width, x.n - j);
      const bool inPlace = direct && j < whole;
      if (inPlace) columns = least(columns, whole - j);
      a = readingOfA(x, columns, a);
      if (x.packedB) {
        multiplyRows(x, {j, columns, p, k, x.b + j * x.k + p * kPanel, kPanel, x.k * kPanel, a}, {}, packedA, copy);
      } else if (inPlace) {
        multiplyRows(x, {j, columns, p, k, x.b + p * x.bRow + j, x.bRow, kPanel, a}, {}, packedA, copy);
      } else {
        packColumns(k, columns, x.b + p * x.bRow + j * x.bCol, x.bRow, x.bCol, packedB);
        multiplyRows(x, {j, columns, p, k, packedB, kPanel, k * kPanel, a}, fetchOfB(x, p, j + columns), packedA, copy);
      }
    }
  }
}

/// Few rows times packed panels. Each panel is read once, so its sums run through all of k; taken the other way round at every other step of
/// a loop, the panels that were read last are still in the cache.
inline void multiplyFewRows(const Product& x, float* scratch) {
  float* copy = scratch + kBlockK * kBlockCols + kPackedA;
  Fetches next;
  const Index width = panelsAtOnce(x.m) * kPanel, groups = ceilDiv(x.n, width);
  for (Index i = 0; i < groups; i++) {
    const Index j = (x.backwards ? groups - 1 - i : i) * width;
    computeBlock({x.m, least(width, x.n - j), x.k, x.a, x.aRow, x.aCol, false, x.b + j * x.k, kPanel, x.k * kPanel, x.c + j * x.cCol, x.cRow,
                  x.cCol, x.accumulate},
                 next, copy);
  }
}

/// The transposed product: the same multiplications and additions element by element.
inline Product transposed(const Product& x) {
  return {x.n, x.m, x.k, x.b, x.bCol, x.bRow, x.a, x.aCol, x.aRow, x.c, x.cCol, x.cRow, x.accumulate, false, false};
}

/// Steps of k, from the first on, at which all of A is zero: states before the first step are.
inline Index leadingZeros(const Product& x) {
  for (Index p = 0; p < x.k; p++)
    for (Index i = 0; i < x.m; i++)
      if (x.a[i * x.aRow + p * x.aCol] != 0.0f) return p;
  return x.k;
}

/// True if 0 * x is 0 for all of these.
inline bool allFinite(const float* x, Index count) {
  F sum[4] = {zeros(), zeros(), zeros(), zeros()};
  Index i = 0;
  for (; i + 4 * W <= count; i += 4 * W)
    for (int v = 0; v < 4; v++) sum[v] = fma(load(x + i + v * W), zeros(), sum[v]);
  float rest = 0.0f;
  for (; i < count; i++) rest += x[i] * 0.0f;
  const F all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  return rest == 0.0f && !anyLane(all != zeros());
}

/// The product without its leading zeros: a sum begins with +0, which products of 0 and finite numbers do not change.
inline Product withoutZeros(Product x) {
  const Index skipped = x.accumulate ? 0 : leadingZeros(x);
  if (skipped == 0 || (x.packedB ? skipped < x.k : x.bCol != 1)) return x;
  if (x.packedB && !allFinite(x.b, ceilDiv(x.n, kPanel) * kPanel * x.k)) return x;
  for (Index p = 0; p < skipped && !x.packedB; p++)
    if (!allFinite(x.b + p * x.bRow, x.n)) return x;
  x.a += skipped * x.aCol;
  x.b += skipped * x.bRow;
  x.k -= skipped;
  return x;
}

inline void multiply(const Product& given, float* scratch) {
  if (given.m <= 0 || given.n <= 0) return;
  const Product x = withoutZeros(given);
  if (x.k <= 0) {
    if (!x.accumulate) clearC(x);
    return;
  }
  if (x.packedB && x.m <= kTileRows) return multiplyFewRows(x, scratch);
  // Narrow results, and results stored by columns, are computed as their transpose.
  const bool narrow = x.n < kPanel / 2 && x.m > x.n;
  const bool byColumns = x.cCol != 1 && x.cRow == 1 && x.n > 1;
  const bool swap = !x.packedB && (narrow || byColumns);
  multiplyPanels(swap ? transposed(x) : x, scratch);
}

}  // namespace
