// Host values for tests: making them, drawing them, comparing them.

import assert from "node:assert/strict";
import { type DType, elementCount, exactArray, type HostArray } from "../../src/base/dtype.js";
import { uniformAt } from "../../src/base/random.js";
import type { ExactValue } from "../../src/ir/core/primitive.js";

/** A float32 value with exact (float64) data. */
export function floats(shape: readonly number[], data: readonly number[]): ExactValue {
  return valueFrom("float32", shape, data);
}

export function ints(shape: readonly number[], data: readonly number[]): ExactValue {
  return valueFrom("int32", shape, data);
}

export function bools(shape: readonly number[], data: readonly number[]): ExactValue {
  return valueFrom("bool", shape, data);
}

export function valueFrom(dtype: DType, shape: readonly number[], data: ArrayLike<number>): ExactValue {
  const array = exactArray(dtype, elementCount(shape));
  assert.equal(data.length, array.length, `${data.length} values for [${shape.join(", ")}]`);
  for (let i = 0; i < array.length; i++) array[i] = data[i]!;
  return { dtype, shape, data: array };
}

/** A stream of draws in [0, 1), the same for the same seed on every machine. */
export function drawsFrom(seed: number): () => number {
  let count = 0;
  return () => uniformAt(seed, 0x5eed, count++);
}

/** Throws unless dtype, shape and every element agree to the bit (NaN equals NaN, 0 differs from -0). */
export function assertSame(actual: HostArray, expected: HostArray, message = ""): void {
  assert.deepEqual([actual.dtype, [...actual.shape]], [expected.dtype, [...expected.shape]], message);
  const at = Array.from(actual.data).findIndex((value, i) => !Object.is(value, expected.data[i]));
  if (at >= 0) assert.fail(`${message} element ${at}: ${actual.data[at]} instead of ${expected.data[at]}`);
  assert.equal(actual.data.length, expected.data.length, message);
}

/**
 * Throws unless values agree within `tolerance` of the largest finite magnitude (at least 1). NaN and infinities must stand in the same places;
 * integers and bools must be equal.
 */
export function assertClose(actual: HostArray, expected: HostArray, tolerance: number, message = ""): void {
  assert.deepEqual([actual.dtype, [...actual.shape]], [expected.dtype, [...expected.shape]], message);
  const scale = largest(expected.data);
  expected.data.forEach((wanted, i) => {
    const found = actual.data[i]!;
    const isClose =
      Object.is(found, wanted) || (expected.dtype === "float32" ? Math.abs(found - wanted) <= tolerance * scale : found === wanted);
    if (!isClose) assert.fail(`${message} element ${i}: ${found} instead of ${wanted} (tolerance ${tolerance} of ${scale})`);
  });
}

function largest(data: HostArray["data"]): number {
  let found = 1;
  for (const value of data) if (Number.isFinite(value)) found = Math.max(found, Math.abs(value));
  return found;
}
