// The register-tiled heart of a matrix product: a block of C held in vectors while k runs, one accumulator per element.
#pragma once
#include "fetch.h"
#include "simd.h"

namespace {

// Register tile, rows up to which two panels are taken together, and cache blocks, measured per instruction set; none of them changes a
// bit of any result.
#if DRNN_WIDTH == 16
constexpr int kTileRows = 12, kPanel = 32, kPairRows = 3;
constexpr Index kBlockK = 256, kBlockRows = 96, kBlockCols = 256;
#elif DRNN_WIDTH == 8
constexpr int kTileRows = 6, kPanel = 16, kPairRows = 3;
constexpr Index kBlockK = 256, kBlockRows = 96, kBlockCols = 512;
#elif defined(__aarch64__) && DRNN_FMA
constexpr int kTileRows = 6, kPanel = 8, kPairRows = 3;
constexpr Index kBlockK = 256, kBlockRows = 96, kBlockCols = 256;
#elif defined(__wasm__) && DRNN_FMA
constexpr int kTileRows = 6, kPanel = 8, kPairRows = 2;
constexpr Index kBlockK = 256, kBlockRows = 96, kBlockCols = 512;
#else
constexpr int kTileRows = 4, kPanel = 8, kPairRows = 1;
constexpr Index kBlockK = 256, kBlockRows = 64, kBlockCols = 256;
#endif
constexpr int kPanelVectors = kPanel / W;
/// Columns of a B that is packed already and of which only what is used passes through the caches.
constexpr Index kPackedCols = 512;
/// Its steps of k in a block: nothing else has to fit beside its panels.
constexpr Index kPackedK = 512;
/// Floats of packed A: one block of rows, and all rows of products with no more.
constexpr Index kPackedA = 65536;
static_assert(kBlockRows * kPackedK <= kPackedA && kBlockK <= kPackedK, "a block of A fits");
constexpr Index kGemmScratch = kBlockK * kBlockCols + kPackedA + 4 * kTileRows * kPanel;

// Engines give a WebAssembly kernel 15 registers: twelve sums, two of B and one of A only fit if each value of A is read right before its
// sums. So loads stay in the order of the source (and nothing but the stores follows the loop: V8 moves multiply-adds behind all loads
// where other reads come after them), and addresses are one pointer plus constants.
#if defined(__wasm__)
#define DRNN_KEEP_ORDER() __asm__ volatile("" ::: "memory")
#define DRNN_KEEP_POINTERS(a, b) __asm__("" : "+r"(a), "+r"(b))
#else
#define DRNN_KEEP_ORDER() ((void)0)
#define DRNN_KEEP_POINTERS(a, b) ((void)0)
#endif

/// Where a kernel reads and writes. C must not overlap A or B.
struct KernelArguments {
  Index k;
  const float* a;
  Index aRow, aStep;  // element (i, p) at a + i * aRow + p * aStep
  const float* b;
  Index bStep, bPanel;  // row p of panel j at b + j * bPanel + p * bStep, kPanel floats
  float* c;
  Index cRow;  // unit distance between columns
  bool accumulate;
};

/// ROWS rows times PANELS panels. aRow == 1 when A is packed (a constant lets the compiler fold addresses).
template <int ROWS, int PANELS, bool PACKED_A>
inline void gemmKernel(const KernelArguments& x) {
  constexpr int VECTORS = PANELS * kPanelVectors;
  F sum[ROWS][VECTORS];
  float* const c = x.c;
  const Index cRow = x.cRow;
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) sum[i][v] = x.accumulate ? load(c + i * cRow + v * W) : zeros();
  // Memory that is written whole is read into the cache first: it arrives while the sums are made.
  if (kFetches && !x.accumulate)
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS * W; v += kLineFloats) __builtin_prefetch(c + i * cRow + v, 1, 3);
  const float* a = x.a;
  const float* b = x.b;
  const ptrdiff_t aRow = PACKED_A ? 1 : (ptrdiff_t)x.aRow;
  const ptrdiff_t aStep = PACKED_A ? ROWS : (ptrdiff_t)x.aStep;
  const ptrdiff_t bStep = (ptrdiff_t)x.bStep, bPanel = (ptrdiff_t)x.bPanel;
  for (Index p = x.k; p > 0; p--) {
    F right[VECTORS];
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) right[v] = load(b + (v / kPanelVectors) * bPanel + (v % kPanelVectors) * W);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const F left = splat(a[i * aRow]);
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) sum[i][v] = fma(left, right[v], sum[i][v]);
      if (ROWS > 1) DRNN_KEEP_ORDER();
    }
    a += aStep;
    b += bStep;
    DRNN_KEEP_POINTERS(a, b);
  }
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) store(c + i * cRow + v * W, sum[i][v]);
}

typedef void (*GemmKernel)(const KernelArguments&);

template <bool PACKED_A>
inline GemmKernel onePanelKernel(Index rows) {
  if constexpr (kTileRows > 6) {
    switch (rows) {
      case 7: return gemmKernel<7, 1, PACKED_A>;
      case 8: return gemmKernel<8, 1, PACKED_A>;
      case 9: return gemmKernel<9, 1, PACKED_A>;
      case 10: return gemmKernel<10, 1, PACKED_A>;
      case 11: return gemmKernel<11, 1, PACKED_A>;
      case 12: return gemmKernel<12, 1, PACKED_A>;
      default: break;
    }
  }
  if constexpr (kTileRows > 4) {
    switch (rows) {
      case 5: return gemmKernel<5, 1, PACKED_A>;
      case 6: return gemmKernel<6, 1, PACKED_A>;
      default: break;
    }
  }
  switch (rows) {
    case 1: return gemmKernel<1, 1, PACKED_A>;
    case 2: return gemmKernel<2, 1, PACKED_A>;
    case 3: return gemmKernel<3, 1, PACKED_A>;
    case 4: return gemmKernel<4, 1, PACKED_A>;
    default: return nullptr;
  }
}

/// Few rows leave registers free: several panels at once hide the latency of the additions.
inline Index panelsAtOnce(Index rows) { return rows == 1 ? 4 : rows <= kPairRows ? 2 : 1; }
template <bool PACKED_A>
inline GemmKernel widestKernel(Index rows) {
  if (rows == 1) return gemmKernel<1, 4, PACKED_A>;
  if constexpr (kPairRows >= 2)
    if (rows == 2) return gemmKernel<2, 2, PACKED_A>;
  if constexpr (kPairRows >= 3)
    if (rows == 3) return gemmKernel<3, 2, PACKED_A>;
  return onePanelKernel<PACKED_A>(rows);
}

}  // namespace
