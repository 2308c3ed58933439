// Explicit randomness: keys, draws, dropout. Equal keys give equal numbers on every backend and thread count.

import type { Dim } from "../base/dim.js";
import { elementCount } from "../base/dtype.js";
import { UsageError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import { currentPlace } from "../ir/core/build.js";
import { emit } from "../trace/emit.js";
import { domainOf, physical, tableOf } from "../trace/packed.js";
import { asValue, dimsOf, type Value } from "../trace/traced.js";
import { castValue } from "./align.js";
import { full, iota } from "./create.js";
import { cos, less, log, mul, sqrt, sub, where } from "./pointwise.js";
import { expandDims } from "./shape.js";

/** A random key: int32 [2] (or [..., 2], one per row). */
export type Key = Tensor;

/**
 * A key from a whole number.
 *
 * @example uniform(randomKey(7), [2, 3])  // the same six numbers every time
 */
export function randomKey(seed: number): Key {
  if (!Number.isSafeInteger(seed)) throw new UsageError({ code: "bad_seed", what: `the seed ${seed} is not a whole number` });
  return hostTensor(Int32Array.of(seed | 0, Math.floor(seed / 2 ** 32) | 0), [2], "int32");
}

/** The key of a run without randomness (not training): dropout with it keeps everything. Other draws are the same every time. */
export const noKey: Key = hostTensor(Int32Array.of(0, 0), [2], "int32");

/**
 * Two independent keys; use each key once.
 *
 * @example const [now, next] = splitKey(key);
 */
export function splitKey(key: Key): [Key, Key] {
  if (key === noKey) return [noKey, noKey];
  return [foldIn(key, 0), foldIn(key, 1)];
}

/**
 * A key for each index [...]: int32 [..., 2]. Different indices give independent keys.
 *
 * @example uniform(foldIn(key, 3), [8])  // the draws of row 3
 */
export function foldIn(key: Key, index: Tensor | number): Key {
  const ids = typeof index === "number" ? hostTensor(Int32Array.of(index), [], "int32") : castValue(asValue(index), "int32");
  return emit("random", [physical(asValue(key)), physical(ids)], { kind: "key" }, domainOf(ids));
}

/**
 * Uniform numbers in [0, 1).
 *
 * @example uniform(randomKey(7), [2, 3])
 */
export function uniform(key: Key, shape: readonly number[]): Tensor {
  const counters = emit("reshape", [asValue(iota(elementCount(shape)))], { shape });
  return draw(key, counters);
}

/**
 * Standard normal numbers (Box & Muller 1958).
 *
 * @example normal(randomKey(7), [2, 3])
 */
export function normal(key: Key, shape: readonly number[]): Tensor {
  const [first, second] = splitKey(key);
  // 1 - u lies in (0, 1], so the logarithm is finite.
  const radius = sqrt(mul(-2, log(sub(1, uniform(first, shape)))));
  return mul(radius, cos(mul(2 * Math.PI, uniform(second, shape))));
}

/**
 * 0 with probability `rate`, else 1 / (1 - rate), so that the expected value is kept (Srivastava et al. 2014).
 *
 * @example ({ units, key }: { units: number; key: Key }) => ({ keep: dropoutMask(key, [units], 0.2) })  // a cell's perSequence
 */
export function dropoutMask(key: Key, shape: readonly number[], rate: number): Tensor {
  checkRate("dropoutMask", rate);
  if (key === noKey) return full(shape, 1);
  return where(less(uniform(key, shape), rate), 0, 1 / (1 - rate));
}

/**
 * Drops entries of [B, F] or [B, T, F]. The mask depends on (key, row, step, unit) only, so neither padding, sorting nor
 * batch size changes it.
 */
export function dropout(x: Tensor, options: { readonly rate: number; readonly key: Key }): Tensor {
  checkRate("dropout", options.rate);
  if (options.rate === 0 || options.key === noKey) return x;
  const uniforms = entryUniforms(x, options.key, dimsOf(x).at(-1)!);
  return mul(x, where(less(uniforms, options.rate), 0, 1 / (1 - options.rate)));
}

/** `width` numbers in [0, 1) for each row of [B, F], or each row and step of [B, T, F]: functions of (key, row, step, unit) only. */
export function entryUniforms(x: Tensor, key: Key, width: Dim): Tensor {
  const value = asValue(x);
  const units = emit("iota", [], { size: width });
  return emit("random", [entryKeys(value, key), units], { kind: "uniform" }, domainOf(value));
}

/** One key per entry of all axes but the last: [N, 2] packed, [B, 1, 2] or [B, T, 1, 2] dense. */
function entryKeys(value: Value, key: Key): Value {
  const domain = domainOf(value);
  const dims = dimsOf(value);
  if (dims.length < 1 || dims.length > 3 || (domain !== null && dims.length !== 3)) {
    throw new UsageError({
      code: "dropout_rank",
      op: "dropout",
      what: `a tensor of rank ${dims.length}`,
      hint: "Use [B, F] or [B, T, F].",
      where: currentPlace(),
    });
  }
  if (domain !== null) {
    const rows = emit("random", [asValue(key), tableOf(domain, "origin")], { kind: "key" });
    const steps = emit("random", [rows, tableOf(domain, "step")], { kind: "key" });
    return asValue(expandDims(steps, 1));
  }
  if (dims.length === 1) return asValue(key);
  const rows = emit("random", [asValue(key), emit("iota", [], { size: dims[0]! })], { kind: "key" });
  const spread = asValue(expandDims(rows, 1));
  return dims.length === 2
    ? spread
    : asValue(expandDims(emit("random", [spread, emit("iota", [], { size: dims[1]! })], { kind: "key" }), 2));
}

function draw(key: Key, counters: Value): Tensor {
  return emit("random", [asValue(key), counters], { kind: "uniform" });
}

function checkRate(op: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new UsageError({ code: "bad_rate", op, what: `the rate ${rate} is not in [0, 1)`, where: currentPlace() });
}
