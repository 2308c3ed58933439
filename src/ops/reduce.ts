// Reductions: sum, mean, max, argmax, variance. Over a packed sequence they see the valid steps only.

import { type Dim, isSymbolic, mulDims, sizeOfShape } from "../base/dim.js";
import type { Tensor } from "../base/tensor.js";
import { domainTable } from "../ir/core/build.js";
import { emit } from "../trace/emit.js";
import { domainOf, physical, sumOverSteps, unpack, unsortRows } from "../trace/packed.js";
import { asValue, dimsOf, TracedTensor, type Value } from "../trace/traced.js";
import { castValue, scalar, wholeAxis } from "./align.js";
import { checkAxisOptions } from "./checks.js";
import { div, mul, sub, where } from "./pointwise.js";
import { expandDims } from "./shape.js";

/** Options of `sum`, `mean`, `max`, `min` and `variance`. */
export interface ReduceOptions {
  /** All axes when left out. */
  readonly axis?: number;
  /** Keeps the reduced axis with size 1. */
  readonly keepDims?: boolean;
}

/**
 * Sum over an axis, or over everything.
 *
 * @example sum(tensor([[1, 2], [3, 4]]), { axis: 1 }) // → [3, 7]
 */
export function sum(a: Tensor, options: ReduceOptions = {}): Tensor {
  checkAxisOptions("sum", options, "keepDims");
  const value = asFloat(a);
  const rank = dimsOf(value).length;
  if (options.axis === undefined) {
    return wholeAgain(a, emit("sum", [physical(value)], { axes: dimsOf(physical(value)).map((_, axis) => axis) }));
  }
  const axis = wholeAxis("sum", options.axis, rank);
  const domain = domainOf(value);
  return wholeAgain(a, kept(reduced(), axis, options));

  function reduced(): Value {
    if (domain === null) return emit("sum", [value], { axes: [axis] });
    if (axis === 1) return sumOverSteps(value, domain);
    return axis === 0 ? emit("sum", [unpack(value)], { axes: [0] }) : emit("sum", [physical(value)], { axes: [axis - 1] }, domain);
  }
}

/**
 * Mean over an axis, or over everything; of a packed sequence over its valid steps (0 for a row without any).
 *
 * @example mean(tensor([[1, 2], [3, 4]])) // → 2.5
 */
export function mean(a: Tensor, options: ReduceOptions = {}): Tensor {
  checkAxisOptions("mean", options, "keepDims");
  const value = castValue(asValue(a), "float32");
  const domain = domainOf(value);
  if (options.axis === undefined) return div(sum(value), sizeAsTensor(sizeOfShape(dimsOf(physical(value)))));
  const axis = wholeAxis("mean", options.axis, dimsOf(value).length);
  const total = sum(value, { ...options, axis });
  if (domain === null || axis !== 1) return div(total, sizeAsTensor(dimsOf(value)[axis]!));
  const lengths = unsortRows(new TracedTensor(domainTable(domain, "lengths")), domain);
  const trailing = dimsOf(total).length - 1;
  const counts = Array.from({ length: trailing }).reduce<Tensor>((count) => expandDims(count, -1), castValue(lengths, "float32"));
  return where(counts, div(total, counts), 0);
}

/**
 * Largest entry along an axis, or of everything; NaN if there is one.
 *
 * @example max(tensor([[1, 2], [3, 4]]), { axis: 0 }) // → [3, 4]
 */
export function max(a: Tensor, options: ReduceOptions = {}): Tensor {
  checkAxisOptions("max", options, "keepDims");
  const value = asFloat(a);
  const domain = domainOf(value);
  if (options.axis === undefined) return wholeAgain(a, maxOfAll(physical(value)));
  const axis = wholeAxis("max", options.axis, dimsOf(value).length);
  if (domain !== null && axis >= 2) return wholeAgain(a, kept(emit("maxOf", [physical(value)], { axis: axis - 1 }, domain), axis, options));
  const dense = domain === null ? value : filledWithLowest(value);
  return wholeAgain(a, kept(emit("maxOf", [dense], { axis }), axis, options));
}

/**
 * Smallest entry along an axis, or of everything.
 *
 * @example min(tensor([[1, 2], [3, 4]]), { axis: 0, keepDims: true }) // → [[1, 2]]
 */
export function min(a: Tensor, options: ReduceOptions = {}): Tensor {
  checkAxisOptions("min", options, "keepDims");
  return wholeAgain(a, mul(max(mul(asFloat(a), -1), options), -1));
}

/**
 * Index of the first largest entry along an axis (the last by default), as int32.
 *
 * @example argmax(tensor([[1, 2, 0], [3, 1, 3]])) // → [1, 0]
 */
export function argmax(a: Tensor, options: { readonly axis?: number } = {}): Tensor {
  checkAxisOptions("argmax", options);
  const value = asFloat(a);
  const axis = wholeAxis("argmax", options.axis ?? -1, dimsOf(value).length);
  const domain = domainOf(value);
  if (domain === null || axis < 2) return emit("argmax", [domain === null ? value : filledWithLowest(value)], { axis });
  return emit("argmax", [physical(value)], { axis: axis - 1 }, domain);
}

/**
 * Mean squared distance from the mean (divided by the count, not count - 1).
 *
 * @example variance(tensor([1, 2, 3, 4])) // → 1.25
 */
export function variance(a: Tensor, options: ReduceOptions = {}): Tensor {
  checkAxisOptions("variance", options, "keepDims");
  const centre = options.axis === undefined ? mean(a) : mean(a, { axis: options.axis, keepDims: true });
  const distance = sub(a, centre);
  return mean(mul(distance, distance), options);
}

/** The valid entries of a tensor, over all its axes, as a float32 scalar. */
export function entryCount(a: Tensor): Tensor {
  return sizeAsTensor(sizeOfShape(dimsOf(physical(asValue(a)))));
}

/** A size as a float32 scalar: a constant, or read at run time. */
export function sizeAsTensor(size: Dim): Tensor {
  return isSymbolic(size) ? castValue(emit("sizeOf", [], { dim: size }), "float32") : scalar(size);
}

/** Reductions are float32; whole numbers are exact in it up to 2^24. */
function asFloat(a: Tensor): Value {
  return castValue(asValue(a), "float32");
}

/** Sums and extremes of whole numbers and truth values are whole numbers. */
function wholeAgain(a: Tensor, result: Tensor): Tensor {
  return a.dtype === "float32" ? result : castValue(asValue(result), "int32");
}

function kept(value: Value, axis: number, options: ReduceOptions): Tensor {
  return options.keepDims === true ? expandDims(value, axis) : value;
}

function maxOfAll(value: Value): Value {
  const flat = emit("reshape", [value], { shape: [dimsOf(value).reduce<Dim>((product, dim) => mulDims(product, dim), 1)] });
  return emit("maxOf", [flat], { axis: 0 });
}

/** Dense, with -Infinity in the padding. */
function filledWithLowest(value: Value): Value {
  const domain = domainOf(value);
  if (domain === null) return value;
  const unit = castValue(emit("broadcast", [scalar(1)], { shape: dimsOf(physical(value)) }), "float32");
  const valid = unpack(unit instanceof TracedTensor ? new TracedTensor(unit.node, domain) : unit);
  return asValue(where(valid, unpack(value), scalar(-Infinity)));
}
