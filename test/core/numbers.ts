// Deterministic numbers and comparisons for the core's tests.
import assert from "node:assert/strict";

/** A stream of numbers in [0, 1) from a seed (a linear congruence, Numerical Recipes). */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Floats in [-1, 1). */
export function signed(length: number, seed: number): Float32Array {
  const next = stream(seed);
  return new Float32Array(length).map(() => next() * 2 - 1);
}

/** Floats of all magnitudes and both signs, subnormal ones included; no NaN and no infinity. */
export function anyMagnitude(length: number, seed: number): Float32Array {
  const next = stream(seed);
  const bits = new Uint32Array(length).map(() => (((next() * 65536) << 16) | (next() * 65536)) >>> 0);
  const floats = new Float32Array(bits.buffer);
  return floats.map((value) => (Number.isFinite(value) ? value : 1.5));
}

/** NaN, infinities, zeros, extremes, and the neighbours of branch points. */
export const specials: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1.401298464324817e-45,
  -1.401298464324817e-45,
  1.1754943508222875e-38,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  8388607.5,
  -8388608,
  16777216,
  2147483648,
  -2147483648,
  2147483520,
];

export const float: (x: number) => number = Math.fround;

/** Fails unless both arrays hold the same 32-bit patterns; any NaN equals any other. */
export function assertSameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) assert.fail(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Fails unless every element is within `tolerance` of the expected one. */
export function assertNear(actual: Float32Array, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i] ?? 0, expected[i] ?? 0];
    if (!(Math.abs(a - e) <= tolerance)) assert.fail(`${what}: element ${i} is ${a}, expected ${e}`);
  }
}
