// Memory that is needed soon, asked for a little at a time while something else is computed. No bit depends on it.
#pragma once
#include "platform.h"

namespace {

// WebAssembly has no instruction for it.
#if defined(__wasm__)
constexpr bool kFetches = false;
#else
constexpr bool kFetches = true;
#endif

constexpr Index kLineFloats = 16;

/// `rows` runs of `floats` neighbours, `stride` apart; `each` of them per turn.
struct Fetch {
  const float* at = nullptr;
  Index rows = 0, floats = 0, stride = 0, each = 0;

  inline void turn() {
    for (Index i = least(each, rows); i > 0; i--, rows--, at += stride)
      for (Index f = 0; f < floats; f += kLineFloats) __builtin_prefetch(at + f, 0, 2);
  }
};

/// All of it within this many turns.
inline Fetch fetchIn(Index turns, const float* at, Index rows, Index floats, Index stride) {
  if (!kFetches || rows <= 0 || turns <= 0) return {};
  return {at, rows, floats, stride, ceilDiv(rows, turns)};
}

}  // namespace
