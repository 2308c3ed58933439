// Vectors of DRNN_WIDTH floats or 32-bit integers: GCC/Clang vector extensions, or a plain twin with the same names and the same bits.
// DRNN_WIDTH (4, 8, 16) and DRNN_FMA (0, 1) come from the command line: compilers do not define __AVX2__ under a target pragma.
#pragma once
#include "platform.h"

#if defined(__wasm__)
#include <wasm_simd128.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

constexpr int W = DRNN_WIDTH;
constexpr bool kFused = DRNN_FMA != 0;

#if !defined(DRNN_PLAIN_VECTORS)

typedef float F __attribute__((vector_size(DRNN_WIDTH * 4)));
typedef int32_t I __attribute__((vector_size(DRNN_WIDTH * 4)));
typedef uint32_t U __attribute__((vector_size(DRNN_WIDTH * 4)));
typedef uint64_t Halves __attribute__((vector_size(DRNN_WIDTH * 4)));
typedef float LooseF __attribute__((vector_size(DRNN_WIDTH * 4), aligned(4), may_alias));

DRNN_INLINE F load(const float* p) { return *(const LooseF*)p; }
DRNN_INLINE void store(float* p, F x) { *(LooseF*)p = x; }

#if DRNN_WIDTH == 4
DRNN_INLINE F splat(float x) { return F{x, x, x, x}; }
DRNN_INLINE U splatU(uint32_t x) { return U{x, x, x, x}; }
DRNN_INLINE U lanes() { return U{0, 1, 2, 3}; }
#elif DRNN_WIDTH == 8
DRNN_INLINE F splat(float x) { return F{x, x, x, x, x, x, x, x}; }
DRNN_INLINE U splatU(uint32_t x) { return U{x, x, x, x, x, x, x, x}; }
DRNN_INLINE U lanes() { return U{0, 1, 2, 3, 4, 5, 6, 7}; }
#else
DRNN_INLINE F splat(float x) { return F{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
DRNN_INLINE U splatU(uint32_t x) { return U{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
DRNN_INLINE U lanes() { return U{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }
#endif

DRNN_INLINE U bits(F x) { return (U)x; }
DRNN_INLINE F floats(U x) { return (F)x; }
DRNN_INLINE U maskBits(I m) { return (U)m; }
#if defined(__wasm__)
// A ternary after a comparison may become relaxed_min or relaxed_max, which may drop a NaN; these are taken literally. Lanes of a mask are
// all ones or all zeros, so that every processor's way of selecting lanes gives the same.
#if DRNN_FMA
DRNN_INLINE U select(I m, U a, U b) { return (U)wasm_i32x4_relaxed_laneselect((v128_t)a, (v128_t)b, (v128_t)m); }
#else
DRNN_INLINE U select(I m, U a, U b) { return (U)wasm_v128_bitselect((v128_t)a, (v128_t)b, (v128_t)m); }
#endif
DRNN_INLINE F select(I m, F a, F b) { return (F)select(m, (U)a, (U)b); }
#else
DRNN_INLINE F select(I m, F a, F b) { return m ? a : b; }
DRNN_INLINE U select(I m, U a, U b) { return m ? a : b; }
#endif
DRNN_INLINE I lessInt(U a, U b) { return (I)a < (I)b; }
DRNN_INLINE I equalInt(U a, U b) { return (I)a == (I)b; }
/// Signed integers to floats, rounded to nearest.
DRNN_INLINE F toFloat(U x) { return __builtin_convertvector((I)x, F); }
/// Truncation; every lane must lie inside (-2^31, 2^31).
DRNN_INLINE U toInt(F x) { return (U)__builtin_convertvector(x, I); }

/// The upper halves of the 64-bit products of unsigned lanes with k.
DRNN_INLINE U mulHigh(U a, uint32_t k) {
#if defined(__wasm__)
  const v128_t low = wasm_u64x2_extmul_low_u32x4((v128_t)a, (v128_t)splatU(k)), high = wasm_u64x2_extmul_high_u32x4((v128_t)a, (v128_t)splatU(k));
  return (U)wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
#elif defined(__AVX512F__) && DRNN_WIDTH == 16
  // Masked forms: the plain ones trip a false warning in GCC 12.
  const __m512i odd = _mm512_maskz_mul_epu32((__mmask8)0xff, (__m512i)((Halves)a >> 32), (__m512i)splatU(k));
  const Halves even = (Halves)_mm512_maskz_mul_epu32((__mmask8)0xff, (__m512i)a, (__m512i)splatU(k));
  return (U)(even >> 32) | ((U)odd & (U)(~(Halves){} << 32));
#elif defined(__AVX2__) && DRNN_WIDTH == 8
  const __m256i odd = _mm256_mul_epu32((__m256i)((Halves)a >> 32), (__m256i)splatU(k));
  const Halves even = (Halves)_mm256_mul_epu32((__m256i)a, (__m256i)splatU(k));
  return (U)(even >> 32) | ((U)odd & (U)(~(Halves){} << 32));
#else
  U r = a;
  for (int i = 0; i < W; i++) r[i] = (uint32_t)((uint64_t)a[i] * k >> 32);
  return r;
#endif
}

DRNN_INLINE F fma(F a, F b, F c) {
#if !DRNN_FMA
  return a * b + c;
#elif defined(__wasm__)
  return (F)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
#elif defined(__aarch64__)
  return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#elif DRNN_WIDTH == 16
  return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif DRNN_WIDTH == 8
  return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return (F)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#endif
}

DRNN_INLINE F root(F x) {
#if defined(__wasm__)
  return (F)wasm_f32x4_sqrt((v128_t)x);
#elif defined(__aarch64__)
  return (F)vsqrtq_f32((float32x4_t)x);
#elif defined(__AVX512F__) && DRNN_WIDTH == 16
  return (F)_mm512_maskz_sqrt_ps((__mmask16)0xffff, (__m512)x);  // the unmasked form trips a false warning in GCC 12
#elif defined(__AVX__) && DRNN_WIDTH == 8
  return (F)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__) && DRNN_WIDTH == 4
  return (F)_mm_sqrt_ps((__m128)x);
#else
  F r = x;
  for (int i = 0; i < W; i++) r[i] = __builtin_sqrtf(x[i]);
  return r;
#endif
}

#else  // the plain twin

struct U { uint32_t v[W]; };
struct I { int32_t v[W]; };
struct F { float v[W]; };

template <class V, class T>
DRNN_INLINE V filled(T x) {
  V r;
  for (int i = 0; i < W; i++) r.v[i] = x;
  return r;
}
template <class R, class A, class Op>
DRNN_INLINE R zipped(A a, A b, Op op) {
  R r;
  for (int i = 0; i < W; i++) r.v[i] = op(a.v[i], b.v[i]);
  return r;
}
#define DRNN_TWIN(R, A, op) \
  DRNN_INLINE R operator op(A a, A b) { return zipped<R>(a, b, [](auto x, auto y) { return x op y; }); }
#define DRNN_TWIN_MASK(A, op) \
  DRNN_INLINE I operator op(A a, A b) { return zipped<I>(a, b, [](auto x, auto y) { return x op y ? -1 : 0; }); }
DRNN_TWIN(F, F, +)
DRNN_TWIN(F, F, -)
DRNN_TWIN(F, F, *)
DRNN_TWIN(F, F, /)
DRNN_TWIN(U, U, +)
DRNN_TWIN(U, U, -)
DRNN_TWIN(U, U, *)
DRNN_TWIN(U, U, &)
DRNN_TWIN(U, U, |)
DRNN_TWIN(U, U, ^)
DRNN_TWIN(I, I, &)
DRNN_TWIN(I, I, |)
DRNN_TWIN_MASK(F, <)
DRNN_TWIN_MASK(F, <=)
DRNN_TWIN_MASK(F, >)
DRNN_TWIN_MASK(F, >=)
DRNN_TWIN_MASK(F, ==)
DRNN_TWIN_MASK(F, !=)
#undef DRNN_TWIN
#undef DRNN_TWIN_MASK
DRNN_INLINE U operator>>(U a, int n) { return zipped<U>(a, a, [n](uint32_t x, uint32_t) { return x >> n; }); }
DRNN_INLINE U operator<<(U a, int n) { return zipped<U>(a, a, [n](uint32_t x, uint32_t) { return x << n; }); }

DRNN_INLINE F splat(float x) { return filled<F>(x); }
DRNN_INLINE U splatU(uint32_t x) { return filled<U>(x); }
DRNN_INLINE U lanes() {
  U r;
  for (int i = 0; i < W; i++) r.v[i] = (uint32_t)i;
  return r;
}
template <class To, class From>
DRNN_INLINE To sameBits(From x) {
  To r;
  __builtin_memcpy(&r, &x, sizeof r);
  return r;
}
DRNN_INLINE F load(const float* p) {
  F r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
DRNN_INLINE void store(float* p, F x) { __builtin_memcpy(p, &x, sizeof x); }
DRNN_INLINE U bits(F x) { return sameBits<U>(x); }
DRNN_INLINE F floats(U x) { return sameBits<F>(x); }
DRNN_INLINE U maskBits(I m) { return sameBits<U>(m); }
DRNN_INLINE U select(I m, U a, U b) { return (maskBits(m) & a) | ((maskBits(m) ^ splatU(~0u)) & b); }
DRNN_INLINE F select(I m, F a, F b) { return floats(select(m, bits(a), bits(b))); }
DRNN_INLINE I lessInt(U a, U b) {
  return zipped<I>(a, b, [](uint32_t x, uint32_t y) { return (int32_t)x < (int32_t)y ? -1 : 0; });
}
DRNN_INLINE I equalInt(U a, U b) { return zipped<I>(a, b, [](uint32_t x, uint32_t y) { return x == y ? -1 : 0; }); }
DRNN_INLINE U mulHigh(U a, uint32_t k) {
  U r;
  for (int i = 0; i < W; i++) r.v[i] = (uint32_t)((uint64_t)a.v[i] * k >> 32);
  return r;
}
DRNN_INLINE F toFloat(U x) {
  F r;
  for (int i = 0; i < W; i++) r.v[i] = (float)(int32_t)x.v[i];
  return r;
}
DRNN_INLINE U toInt(F x) {
  U r;
  for (int i = 0; i < W; i++) r.v[i] = (uint32_t)(int32_t)x.v[i];
  return r;
}
DRNN_INLINE F fma(F a, F b, F c) {
  F r;
  for (int i = 0; i < W; i++) r.v[i] = kFused ? __builtin_fmaf(a.v[i], b.v[i], c.v[i]) : a.v[i] * b.v[i] + c.v[i];
  return r;
}
DRNN_INLINE F root(F x) {
  F r;
  for (int i = 0; i < W; i++) r.v[i] = __builtin_sqrtf(x.v[i]);
  return r;
}

#endif

DRNN_INLINE F zeros() { return splat(0.0f); }

/// x where it does not exceed the limit or is NaN. The instructions of x86 give their second operand where one is NaN.
DRNN_INLINE F atMost(F x, float limit) {
#if defined(DRNN_PLAIN_VECTORS)
  return select(x > splat(limit), splat(limit), x);
#elif defined(__wasm__)
  return (F)wasm_f32x4_pmin((v128_t)x, (v128_t)splat(limit));
#elif defined(__AVX512F__) && DRNN_WIDTH == 16
  return (F)_mm512_maskz_min_ps((__mmask16)0xffff, (__m512)splat(limit), (__m512)x);  // the unmasked form trips a false warning in GCC 12
#elif defined(__AVX__) && DRNN_WIDTH == 8
  return (F)_mm256_min_ps((__m256)splat(limit), (__m256)x);
#else
  return select(x > splat(limit), splat(limit), x);
#endif
}
/// x where it is not below the limit or is NaN.
DRNN_INLINE F atLeast(F x, float limit) {
#if defined(DRNN_PLAIN_VECTORS)
  return select(x < splat(limit), splat(limit), x);
#elif defined(__wasm__)
  return (F)wasm_f32x4_pmax((v128_t)x, (v128_t)splat(limit));
#elif defined(__AVX512F__) && DRNN_WIDTH == 16
  return (F)_mm512_maskz_max_ps((__mmask16)0xffff, (__m512)splat(limit), (__m512)x);
#elif defined(__AVX__) && DRNN_WIDTH == 8
  return (F)_mm256_max_ps((__m256)splat(limit), (__m256)x);
#else
  return select(x < splat(limit), splat(limit), x);
#endif
}
DRNN_INLINE bool anyLane(I m) {
  uint32_t lane[W];
  U u = maskBits(m);
  __builtin_memcpy(lane, &u, sizeof lane);
  uint32_t all = 0;
  for (int i = 0; i < W; i++) all |= lane[i];
  return all != 0;
}

/// One value through a vector function: tails share the arithmetic of full vectors.
DRNN_INLINE float firstLane(F x) {
  float lane[W];
  __builtin_memcpy(lane, &x, sizeof lane);
  return lane[0];
}

/// Copies whole floats; n may be any size, the areas must not overlap.
DRNN_INLINE void copyFloats(float* DRNN_RESTRICT to, const float* DRNN_RESTRICT from, Index n) {
  Index i = 0;
  for (; i + W <= n; i += W) store(to + i, load(from + i));
  for (; i < n; i++) to[i] = from[i];
}
DRNN_INLINE void fillFloats(float* to, float value, Index n) {
  Index i = 0;
  for (; i + W <= n; i += W) store(to + i, splat(value));
  for (; i < n; i++) to[i] = value;
}

}  // namespace
