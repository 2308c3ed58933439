// Recurrences that are affine in their state: all steps of a row and a tile of features with the state in registers.
// Products and sums round one by one, as they do in a tile: a step written out by itself has the same bits, and memory is the limit anyway.
#pragma once
#include "program.h"
#include "simd.h"

namespace {

enum AffineFlag { AFFINE_REVERSE = 1, AFFINE_LAG = 2, AFFINE_START = 4 };

/// Words: rows, columns, time, two tables, width (1 or 2), flags; then operands: initial states (with AFFINE_START), coefficients, terms, results.
constexpr int kAffineOperands = 9;

/// Element (stacked step, row, feature) lies at base + step * offset + row * r + col * c.
struct AffineSide {
  float* base;
  Index step, row, col;
};

struct AffineRun {
  const int32_t* rows;
  const int32_t* offsets;
  Index time, batch;
  int width;
  bool reverse, lag, start;
  bool whole;  // every column stride is 1, or 0 where that only repeats
  AffineSide initial[2], coefficient[4], term[2], result[2];
};

inline AffineSide affineSide(const Step& s, const int32_t* w, Index column, bool result, bool* whole) {
  const AffineSide side = {addressOf(s, w[0], sizeAt(s, w[1])) + column * sizeAt(s, w[3]), w[4] < 0 ? 0 : sizeAt(s, w[4]), sizeAt(s, w[2]),
                           sizeAt(s, w[3])};
  *whole = *whole && (side.col == 1 || (side.col == 0 && !result));
  return side;
}

inline AffineRun affineRun(const Step& s, const int32_t* w, Index column) {
  AffineRun x;
  x.batch = sizeAt(s, w[2]);
  x.time = sizeAt(s, w[4]);
  x.rows = asInts(addressOf(s, w[5], 0));
  x.offsets = asInts(addressOf(s, w[6], 0));
  x.width = w[7];
  x.reverse = (w[8] & AFFINE_REVERSE) != 0;
  x.lag = (w[8] & AFFINE_LAG) != 0;
  x.start = (w[8] & AFFINE_START) != 0;
  x.whole = true;
  const int32_t* next = w + kAffineOperands;
  const auto take = [&](AffineSide* sides, int count, bool result) {
    for (int i = 0; i < count; i++, next += kOperandWords) sides[i] = affineSide(s, next, column, result, &x.whole);
  };
  take(x.initial, x.start ? x.width : 0, false);
  take(x.coefficient, x.width * x.width, false);
  take(x.term, x.width, false);
  take(x.result, x.width, true);
  return x;
}

/// Rows are sorted by length: step t has rows 0 .. rows[t]-1, never more than the step before it.
inline bool affineFine(const Step& s, const int32_t* w) {
  const AffineRun x = affineRun(s, w, 0);
  for (Index t = 0; t < x.time; t++)
    if (x.rows[t] < 0 || x.rows[t] > (t == 0 ? x.batch : x.rows[t - 1])) return false;
  return true;
}

/// Steps of a row.
inline Index lengthOf(const AffineRun& x, Index row) {
  Index low = 0, high = x.time;
  while (low < high) {
    const Index middle = (low + high) / 2;
    if (x.rows[middle] > row)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// One vector of an operand. LOOSE: only `lanes` elements at any stride, the others zero.
template <bool LOOSE>
DRNN_INLINE F affineLoad(const float* p, Index col, int v, Index lanes) {
  if (!LOOSE) return col == 0 ? splat(*p) : load(p + v * W);
  float lane[W] = {};
  for (Index i = 0; i < lanes; i++) lane[i] = p[i * col];
  return load(lane);
}
template <bool LOOSE>
DRNN_INLINE void affineStore(float* p, Index col, int v, Index lanes, F x) {
  if (!LOOSE) return store(p + v * W, x);
  float lane[W];
  store(lane, x);
  for (Index i = 0; i < lanes; i++) p[i * col] = lane[i];
}

DRNN_INLINE float* affineAt(const AffineSide& side, Index offset, Index row, Index column) {
  return side.base + side.step * offset + side.row * row + side.col * column;
}

/// Steps `first`, first ± 1, ... (count of them) of one row, V vectors of features from `column` on. The state comes from the step before.
template <int WIDTH, int V, bool LOOSE>
void affineTile(const AffineRun& x, Index row, Index column, Index lanes, Index first, Index count, bool fresh) {
  const Index direction = x.reverse ? -1 : 1;
  F state[WIDTH][V];
  Index t = first;
  if (!fresh || x.start) {
    for (int i = 0; i < WIDTH; i++) {
      const AffineSide& side = fresh ? x.initial[i] : x.result[i];
      const float* p = affineAt(side, fresh ? 0 : x.offsets[t - direction], row, column);
      for (int v = 0; v < V; v++) state[i][v] = affineLoad<LOOSE>(p, side.col, v, lanes);
    }
  } else {
    for (int i = 0; i < WIDTH; i++) {
      const float* term = affineAt(x.term[i], x.offsets[t], row, column);
      float* result = affineAt(x.result[i], x.offsets[t], row, column);
      for (int v = 0; v < V; v++) {
        state[i][v] = affineLoad<LOOSE>(term, x.term[i].col, v, lanes);
        affineStore<LOOSE>(result, x.result[i].col, v, lanes, state[i][v]);
      }
    }
    t += direction;
    count--;
  }
  for (; count > 0; count--, t += direction) {
    const Index offset = x.offsets[t], from = x.lag ? x.offsets[t - direction] : offset;
    const float* a[WIDTH * WIDTH];
    const float* b[WIDTH];
    float* h[WIDTH];
    for (int i = 0; i < WIDTH * WIDTH; i++) a[i] = affineAt(x.coefficient[i], from, row, column);
    for (int i = 0; i < WIDTH; i++) {
      b[i] = affineAt(x.term[i], offset, row, column);
      h[i] = affineAt(x.result[i], offset, row, column);
    }
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
      F next[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        next[i] = affineLoad<LOOSE>(a[i * WIDTH], x.coefficient[i * WIDTH].col, v, lanes) * state[0][v];
        for (int j = 1; j < WIDTH; j++)
          next[i] = next[i] + affineLoad<LOOSE>(a[i * WIDTH + j], x.coefficient[i * WIDTH + j].col, v, lanes) * state[j][v];
        next[i] = next[i] + affineLoad<LOOSE>(b[i], x.term[i].col, v, lanes);
      }
      for (int i = 0; i < WIDTH; i++) {
        state[i][v] = next[i];
        affineStore<LOOSE>(h[i], x.result[i].col, v, lanes, next[i]);
      }
    }
  }
}

template <int WIDTH>
void affineRow(const AffineRun& x, Index row, Index columns, Index first, Index count, bool fresh) {
  // As many independent recurrences as hide the latency of one, and as registers hold.
  constexpr int V = 8 / WIDTH;
  Index c = 0;
  if (x.whole) {
    for (; c + V * W <= columns; c += V * W) affineTile<WIDTH, V, false>(x, row, c, W, first, count, fresh);
    for (; c + W <= columns; c += W) affineTile<WIDTH, 1, false>(x, row, c, W, first, count, fresh);
  }
  for (; c < columns; c += W) affineTile<WIDTH, 1, true>(x, row, c, least<Index>(W, columns - c), first, count, fresh);
}

/// What one thread touches before it comes back to the same rows: steps go in blocks of this many bytes, so that memory is read in order.
constexpr Index kAffineBlock = 1 << 17;

/// The rows of `span`, `columns` features from `column` on.
inline void affineInstruction(const Step& s, const int32_t* w, Span span, Index column, Index columns) {
  const AffineRun x = affineRun(s, w, column);
  const Index perStep = 4 * (Index)(x.width * (x.width + 2)) * most<Index>(1, span.count * columns);
  const Index block = most<Index>(8, kAffineBlock / perStep);
  for (Index done = 0; done < x.time; done += block) {
    const Index steps = least(block, x.time - done);
    const Index low = x.reverse ? x.time - done - steps : done, high = low + steps;
    for (Index i = 0; i < span.count; i++) {
      const Index row = span.begin + i * span.step, length = lengthOf(x, row), end = least(high, length);
      if (end <= low) {
        if (!x.reverse) break;  // rows after this one are no longer
        continue;
      }
      const Index first = x.reverse ? end - 1 : low;
      const bool fresh = x.reverse ? end == length : low == 0;
      (x.width == 1 ? affineRow<1> : affineRow<2>)(x, row, columns, first, end - low, fresh);
    }
  }
}

}  // namespace
