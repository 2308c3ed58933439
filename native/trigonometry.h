// Sine and cosine on vectors: three-part reduction up to 8192, exact integer reduction (Payne & Hanek 1983) beyond.
#pragma once
#include "elementary.h"

namespace {

/// An angle as quadrant and rest: |x| = quadrant * pi/2 + r, |r| <= pi/4.
struct Angle {
  U quadrant;
  F r;
};

/// Bits of 2/pi after the binary point.
constexpr uint32_t kTwoOverPi[] = {0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

/// |x| >= 2^13 as m * 2^e: only the bits of 2/pi that reach the fraction and the two integer bits below matter.
inline void reduceLargeAngle(float x, uint32_t* quadrant, float* rest) {
  const uint32_t u = bitsOf(x);
  const uint64_t mantissa = (u & 0x7fffffu) | 0x800000u;
  const int exponent = (int)(u >> 23) - 150;  // x = mantissa * 2^exponent, -10 <= exponent <= 104
  // Window of 96 bits starting two bits above the place whose weight times 2^exponent is 1.
  // Bit i of 2/pi (i = 0 first) weighs 2^-(i+1); products with the 24-bit mantissa reach 24 bits up, which drop out modulo 4.
  const int first = exponent - 2;
  uint32_t window[3];
  for (int w = 0; w < 3; w++) {
    const int at = first + 32 * w;
    uint32_t value = 0;
    for (int b = 0; b < 32; b++) {
      const int i = at + b;
      const uint32_t bit = i < 0 ? 0 : (kTwoOverPi[i >> 5] >> (31 - (i & 31))) & 1u;
      value = (value << 1) | bit;
    }
    window[w] = value;
  }
  const uint64_t low = mantissa * window[2];
  const uint64_t middle = mantissa * window[1] + (low >> 32);
  const uint32_t high = (uint32_t)(mantissa * window[0]) + (uint32_t)(middle >> 32);
  // high:middle is the angle in quarter turns, two integer bits and 62 of fraction.
  const uint64_t turns = ((uint64_t)high << 32) | (uint32_t)middle;
  const uint64_t rounded = turns + ((uint64_t)1 << 61);
  *quadrant = (uint32_t)(rounded >> 62);
  const int64_t fraction = (int64_t)(turns - ((rounded >> 62) << 62));
  *rest = (float)((double)fraction * (1.57079632679489661923 / 4611686018427387904.0));
}

inline Angle reduceAngle(F x) {
  const F y = absolute(x);
  const I large = y > splat(8192.0f);
  const F near = select(large, zeros(), y);
  const F shifted = fma(near, splat(0.636619772f), splat(kMagic));
  const F n = shifted - splat(kMagic);
  // pi/2 in pieces of 11 bits and a rest: n (13 bits) times a piece is exact.
  F r = fma(n, splat(-1.5703125f), near);
  r = fma(n, splat(-4.837512969970703125e-4f), r);
  r = fma(n, splat(-7.549533620476723e-8f), r);
  r = fma(n, splat(-2.563344151594519e-12f), r);
  U quadrant = bits(shifted) - splatU(kMagicBits);
  if (__builtin_expect(anyLane(large), 0)) {
    float value[W], rest[W];
    uint32_t turn[W];
    __builtin_memcpy(value, &y, sizeof value);
    __builtin_memcpy(rest, &r, sizeof rest);
    __builtin_memcpy(turn, &quadrant, sizeof turn);
    for (int i = 0; i < W; i++) {
      if (!(value[i] > 8192.0f)) continue;
      if (value[i] - value[i] != 0.0f) {
        rest[i] = __builtin_nanf("");
        turn[i] = 0;
      } else {
        reduceLargeAngle(value[i], &turn[i], &rest[i]);
      }
    }
    __builtin_memcpy(&r, rest, sizeof rest);
    __builtin_memcpy(&quadrant, turn, sizeof turn);
  }
  return {quadrant, r};
}

/// Taylor series on [-pi/4, pi/4]; the first dropped terms are below 2e-9.
DRNN_INLINE F sineSeries(F r) {
  const F z = r * r;
  F p = splat(1.0f / 362880);
  p = fma(p, z, splat(-1.0f / 5040));
  p = fma(p, z, splat(1.0f / 120));
  p = fma(p, z, splat(-1.0f / 6));
  return fma(r * z, p, r);
}
DRNN_INLINE F cosineSeries(F r) {
  const F z = r * r;
  F p = splat(-1.0f / 3628800);
  p = fma(p, z, splat(1.0f / 40320));
  p = fma(p, z, splat(-1.0f / 720));
  p = fma(p, z, splat(1.0f / 24));
  p = fma(p, z, splat(-0.5f));
  return fma(p, z, splat(1.0f));
}

DRNN_INLINE F waveAt(F r, U quadrant) {
  const I odd = equalInt(quadrant & splatU(1), splatU(1));
  const F wave = select(odd, cosineSeries(r), sineSeries(r));
  return floats(bits(wave) ^ ((quadrant & splatU(2)) << 30));
}

DRNN_INLINE F sine(F x) {
  const Angle angle = reduceAngle(x);
  const F wave = waveAt(angle.r, angle.quadrant);
  return floats(bits(wave) ^ signBit(x));
}
DRNN_INLINE F cosine(F x) {
  const Angle angle = reduceAngle(x);
  return waveAt(angle.r, angle.quadrant + splatU(1));
}

}  // namespace
