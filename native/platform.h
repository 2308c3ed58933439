// What the core needs from a compiler and nothing from a library: integers, assertions, copies.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(DRNN_DEBUG)
#define DRNN_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define DRNN_ASSERT(condition) ((void)0)
#endif

#define DRNN_RESTRICT __restrict__
#define DRNN_INLINE inline __attribute__((always_inline))

// Element distances: 64 bits everywhere, so that a 3.5 GiB WebAssembly memory does not overflow a product of two sizes.
typedef int64_t Index;

template <class T>
inline T least(T a, T b) { return a < b ? a : b; }
template <class T>
inline T most(T a, T b) { return a > b ? a : b; }
inline Index ceilDiv(Index a, Index b) { return (a + b - 1) / b; }

/// Bit patterns between the two four-byte types.
inline uint32_t bitsOf(float x) {
  uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  return u;
}
inline float floatOf(uint32_t u) {
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}
