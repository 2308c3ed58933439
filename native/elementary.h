// Elementary functions on vectors, at most 3e-7 relative error, NaN, infinities and signed zeros as in IEEE 754.
// One formula and one order of operations for every width, so that all fused variants agree to the bit.
#pragma once
#include "simd.h"

namespace {

DRNN_INLINE F absolute(F x) { return floats(bits(x) & splatU(0x7fffffffu)); }
DRNN_INLINE U signBit(F x) { return bits(x) & splatU(0x80000000u); }
DRNN_INLINE F negated(F x) { return floats(bits(x) ^ splatU(0x80000000u)); }
DRNN_INLINE F withSign(F magnitude, U sign) { return floats(bits(magnitude) | sign); }

/// Adding and subtracting 1.5 * 2^23 rounds |x| < 2^22 to the nearest integer; the sum's low bits are that integer.
constexpr float kMagic = 12582912.0f;
constexpr uint32_t kMagicBits = 0x4b400000u;

/// 2^n for -126 <= n <= 127.
DRNN_INLINE F powerOfTwo(U n) { return floats((n + splatU(127)) << 23); }

/// x * 2^n for normal x and -150 <= n <= 128, rounded once.
DRNN_INLINE F scaledByPowerOfTwo(F x, U n) {
#if defined(__AVX512F__) && DRNN_WIDTH == 16 && !defined(DRNN_PLAIN_VECTORS)
  return (F)_mm512_maskz_scalef_ps((__mmask16)0xffff, (__m512)x, (__m512)toFloat(n));
#else
  // Two factors do not leave the normal range; the last product rounds once.
  const U half = ((n + splatU(256)) >> 1) - splatU(128);
  return (x * powerOfTwo(half)) * powerOfTwo(n - half);
#endif
}

/// An exponential cut in two: exp(x) = 2^n * (1 + q) with |r| <= ln(2)/2, q = exp(r) - 1 by its Taylor series (next term below 6e-9).
struct ExpParts {
  U n;
  F q;
};
DRNN_INLINE ExpParts expParts(F x) {
  const F shifted = fma(x, splat(1.44269504f), splat(kMagic));
  const F n = shifted - splat(kMagic);
  // ln 2 = 0x1.62e4p-1 + a rest; n * 0x1.62e4p-1 is exact, so both classes reduce alike.
  const F high = fma(n, splat(-0.693145751953125f), x);
  const F r = fma(n, splat(-1.42860677e-6f), high);
  F p = splat(1.0f / 5040);
  p = fma(p, r, splat(1.0f / 720));
  p = fma(p, r, splat(1.0f / 120));
  p = fma(p, r, splat(1.0f / 24));
  p = fma(p, r, splat(1.0f / 6));
  p = fma(p, r, splat(0.5f));
  return {bits(shifted) - splatU(kMagicBits), fma(r * r, p, r)};
}

/// exp(x) for x <= 89 or NaN.
DRNN_INLINE F exponentialBelow89(F x) {
  const ExpParts e = expParts(atLeast(x, -104.0f));
  return scaledByPowerOfTwo(splat(1.0f) + e.q, e.n);
}
DRNN_INLINE F exponential(F x) { return exponentialBelow89(atMost(x, 89.0f)); }

/// e / (1 + e) on the negative side keeps the tail that 1 / (1 + exp(-x)) loses.
DRNN_INLINE F logistic(F x) {
  const F e = exponentialBelow89(floats(bits(x) | splatU(0x80000000u)));
  return select(x < zeros(), e, splat(1.0f)) / (splat(1.0f) + e);
}

/// tanh |x| = m / (m + 2), m = exp(2|x|) - 1 = 2^n q + (2^n - 1): relative accuracy at 0, exact symmetry.
DRNN_INLINE F hyperbolicTangent(F x) {
  F y = absolute(x);
  y = y + y;
  const ExpParts e = expParts(atMost(y, 24.0f));
  const F scale = powerOfTwo(e.n);
  const F m = fma(e.q, scale, scale - splat(1.0f));
  return withSign(m / (m + splat(2.0f)), signBit(x));
}

/// log(u) + c for positive finite u (fdlibm's series in s = f / (2 + f), Sun Microsystems 1993); c joins the low-order terms.
DRNN_INLINE F logCore(F u, F c) {
  const I tiny = u < splat(1.17549435e-38f);
  const F scaled = select(tiny, u * splat(33554432.0f), u);
  // Subtracting the bits of sqrt(1/2) puts the mantissa in [sqrt(1/2), sqrt(2)).
  const U shifted = bits(scaled) - splatU(0x3f3504f3u);
  // The shift is logical: sign-extend the nine-bit exponent by hand.
  const U signedExponent = ((shifted >> 23) ^ splatU(256)) - splatU(256);
  const F k = toFloat(signedExponent) - select(tiny, splat(25.0f), zeros());
  const F m = floats(bits(scaled) - (signedExponent << 23));
  const F f = m - splat(1.0f);
  const F s = f / (splat(2.0f) + f);
  const F z = s * s;
  F p = splat(2.0f / 11);
  p = fma(p, z, splat(2.0f / 9));
  p = fma(p, z, splat(2.0f / 7));
  p = fma(p, z, splat(2.0f / 5));
  p = fma(p, z, splat(2.0f / 3));
  const F halfSquare = splat(0.5f) * f * f;
  const F low = fma(s, fma(z, p, halfSquare), fma(k, splat(1.42860677e-6f), c));
  return fma(k, splat(0.693145751953125f), f - (halfSquare - low));
}

DRNN_INLINE F naturalLog(F x) {
  const F infinity = splat(__builtin_inff());
  F y = logCore(x, zeros());
  y = select(x == zeros(), negated(infinity), y);
  y = select(x == infinity, infinity, y);
  y = select(x < zeros(), splat(__builtin_nanf("")), y);
  return select(x != x, x, y);
}

/// log(1 + x): u = 1 + x rounds, (x - (u - 1)) / u puts the lost part back (Kahan).
DRNN_INLINE F logOnePlus(F x) {
  const F infinity = splat(__builtin_inff());
  const F u = splat(1.0f) + x;
  const F lost = (x - (u - splat(1.0f))) / u;
  F y = logCore(u, lost);
  y = select(x == splat(-1.0f), negated(infinity), y);
  y = select(x == infinity, infinity, y);
  y = select(x < splat(-1.0f), splat(__builtin_nanf("")), y);
  y = select(x == zeros(), x, y);
  return select(x != x, x, y);
}

/// Truncation where a float has a fraction, then one less if that went up; keeps -0, infinities and NaN.
DRNN_INLINE F floored(F x) {
  const I fractional = absolute(x) < splat(8388608.0f);
  const F inside = select(fractional, x, zeros());
  F t = toFloat(toInt(inside));
  t = t - select(t > inside, splat(1.0f), zeros());
  return select(fractional & (x != zeros()), t, x);
}

DRNN_INLINE F minimum(F a, F b) {
  F r = select(a < b, a, b);
  r = select(a == b, floats(bits(a) | bits(b)), r);  // min(-0, 0) = -0
  return select(a != a, a, r);
}
DRNN_INLINE F maximum(F a, F b) {
  F r = select(a > b, a, b);
  r = select(a == b, floats(bits(a) & bits(b)), r);  // max(-0, 0) = 0
  return select(a != a, a, r);
}

/// Truncation, saturating; NaN gives 0.
DRNN_INLINE U saturatedInt(F x) {
  const I inside = absolute(x) < splat(2147483648.0f);
  const U near = toInt(select(inside, x, zeros()));
  const U far = select(x > zeros(), splatU(0x7fffffffu), splatU(0x80000000u));
  return select(x != x, splatU(0), select(inside, near, far));
}

}  // namespace
