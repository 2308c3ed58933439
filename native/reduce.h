// Sums, maxima and their places along one axis, in an order that depends on the program alone.
#pragma once
#include "elementary.h"
#include "program.h"

namespace {

enum ReduceKind { REDUCE_SUM = 0, REDUCE_MAX = 1, REDUCE_ARGMAX = 2 };

/// dst[o, i] = reduction over m of src[o, m, i]; distances in floats.
struct Reduction {
  int kind;
  Index outer, mid, inner;
  const float* src;
  Index srcOuter, srcMid, srcInner;
  float* dst;
  Index dstOuter, dstInner;
  bool accumulate;
  Index first, last;  // the part of inner to do
};

constexpr int kLanes = 16;

template <int KIND>
DRNN_INLINE F combined(F a, F b) {
  return KIND == REDUCE_SUM ? a + b : maximum(a, b);
}
template <int KIND>
DRNN_INLINE float identityOf() {
  return KIND == REDUCE_SUM ? 0.0f : -__builtin_inff();
}
template <int KIND>
DRNN_INLINE void finish(float* to, float value, bool accumulate) {
  *to = accumulate ? firstLane(combined<KIND>(splat(*to), splat(value))) : value;
}

/// Sixteen lanes, lane l takes m = l mod 16 ascending. A row may come in pieces if all but the last are whole groups of lanes.
template <int KIND>
DRNN_INLINE void clearLanes(float* lane) {
  for (int v = 0; v < kLanes / W; v++) store(lane + v * W, splat(identityOf<KIND>()));
}
template <int KIND>
inline void addToLanes(float* lane, const float* from, Index mid, Index stride) {
  F sum[kLanes / W];
  for (int v = 0; v < kLanes / W; v++) sum[v] = load(lane + v * W);
  Index m = 0;
  float group[kLanes];
  if (stride == 1) {
    for (; m + kLanes <= mid; m += kLanes)
      for (int v = 0; v < kLanes / W; v++) sum[v] = combined<KIND>(sum[v], load(from + m + v * W));
  } else {
    for (; m + kLanes <= mid; m += kLanes) {
      for (int l = 0; l < kLanes; l++) group[l] = from[(m + l) * stride];
      for (int v = 0; v < kLanes / W; v++) sum[v] = combined<KIND>(sum[v], load(group + v * W));
    }
  }
  for (int v = 0; v < kLanes / W; v++) store(lane + v * W, sum[v]);
  for (int l = 0; m < mid; m++, l++) lane[l] = firstLane(combined<KIND>(splat(lane[l]), splat(from[m * stride])));
}
/// The lanes meet in a fixed tree.
template <int KIND>
inline float meetingOf(float* lane) {
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int l = 0; l < width; l++) lane[l] = firstLane(combined<KIND>(splat(lane[l]), splat(lane[l + width])));
  return lane[0];
}
template <int KIND>
inline float reduceLanes(const float* from, Index mid, Index stride) {
  float lane[kLanes];
  clearLanes<KIND>(lane);
  addToLanes<KIND>(lane, from, mid, stride);
  return meetingOf<KIND>(lane);
}

/// Several neighbouring elements at once, each with its own accumulator, m ascending.
template <int KIND, int VECTORS>
DRNN_INLINE void reduceVectors(const float* from, Index mid, Index stride, float* to, bool accumulate) {
  F sum[VECTORS];
  for (int v = 0; v < VECTORS; v++) sum[v] = splat(identityOf<KIND>());
  for (Index m = 0; m < mid; m++, from += stride)
    for (int v = 0; v < VECTORS; v++) sum[v] = combined<KIND>(sum[v], load(from + v * W));
  for (int v = 0; v < VECTORS; v++) store(to + v * W, accumulate ? combined<KIND>(load(to + v * W), sum[v]) : sum[v]);
}

template <int KIND>
inline void reduceRow(const Reduction& r, const float* from, float* to) {
  if (r.inner == 1) {
    finish<KIND>(to, reduceLanes<KIND>(from, r.mid, r.srcMid), r.accumulate);
    return;
  }
  Index i = r.first;
  if (r.srcInner == 1 && r.dstInner == 1) {
    for (; i + 4 * W <= r.last; i += 4 * W) reduceVectors<KIND, 4>(from + i, r.mid, r.srcMid, to + i, r.accumulate);
    for (; i + W <= r.last; i += W) reduceVectors<KIND, 1>(from + i, r.mid, r.srcMid, to + i, r.accumulate);
  }
  // The rest W columns at a time through a copy: each column still has its own accumulator.
  for (; i < r.last; i += W) {
    const Index columns = least<Index>(W, r.last - i);
    F sum = splat(identityOf<KIND>());
    float group[W] = {};
    for (Index m = 0; m < r.mid; m++) {
      for (Index c = 0; c < columns; c++) group[c] = from[m * r.srcMid + (i + c) * r.srcInner];
      sum = combined<KIND>(sum, load(group));
    }
    store(group, sum);
    for (Index c = 0; c < columns; c++) finish<KIND>(to + (i + c) * r.dstInner, group[c], r.accumulate);
  }
}

/// First maximum; the first NaN counts as one.
inline int32_t placeOfMaximum(const float* from, Index mid, Index stride) {
  int32_t best = 0;
  float top = mid > 0 ? *from : 0.0f;
  for (Index m = 0; m < mid; m++, from += stride) {
    const float value = *from;
    if (value != value) return (int32_t)m;
    if (value > top) {
      top = value;
      best = (int32_t)m;
    }
  }
  return best;
}

inline void reduce(const Reduction& r) {
  for (Index o = 0; o < r.outer; o++) {
    const float* from = r.src + o * r.srcOuter;
    float* to = r.dst + o * r.dstOuter;
    if (r.inner <= 0) return;
    if (r.kind == REDUCE_SUM)
      reduceRow<REDUCE_SUM>(r, from, to);
    else if (r.kind == REDUCE_MAX)
      reduceRow<REDUCE_MAX>(r, from, to);
    else
      for (Index i = r.first; i < r.last; i++)
        asInts(to)[i * r.dstInner] = placeOfMaximum(from + i * r.srcInner, r.mid, r.srcMid);
  }
}

}  // namespace
