// Joins neighbouring axes into one and splits one into several, packed sequences included.

import { type Dim, mulDims } from "../base/dim.js";
import type { Tensor } from "../base/tensor.js";
import { emit } from "../trace/emit.js";
import { domainOf, physical, unpack } from "../trace/packed.js";
import { asValue, dimsOf } from "../trace/traced.js";

/** Axes `axis` and `axis + 1` as one. */
export function joinAxes(a: Tensor, axis: number): Tensor {
  const dims = dimsOf(a);
  return reshaped(a, axis, dims.toSpliced(axis, 2, mulDims(dims[axis]!, dims[axis + 1]!)));
}

/** Axis `axis` as several of these sizes. */
export function splitAxis(a: Tensor, axis: number, sizes: readonly number[]): Tensor {
  return reshaped(a, axis, dimsOf(a).toSpliced(axis, 1, ...sizes));
}

/** Packed sequences stay packed where neither batch nor time is touched. */
function reshaped(a: Tensor, axis: number, shape: readonly Dim[]): Tensor {
  const value = asValue(a);
  const domain = domainOf(value);
  if (domain === null || axis < 2) return emit("reshape", [unpack(value)], { shape });
  return emit("reshape", [physical(value)], { shape: [domain.steps, ...shape.slice(2)] }, domain);
}
