// Ops that move values without computing: reshape, transpose, slice, concat and their kin.

import { addDims, type Dim, equalDims, equalShapes, isSymbolic, mulDims, showShape, sizeOfShape, symbolDim } from "../base/dim.js";
import { ShapeError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { currentPlace } from "../ir/core/build.js";
import type { Domain } from "../ir/core/node.js";
import { emit } from "../trace/emit.js";
import { domainOf, pack, physical, unpack } from "../trace/packed.js";
import { asValue, dimsOf, type Value } from "../trace/traced.js";
import { promote, wholeAxis } from "./align.js";
import { checkAxisOptions, checkSizes, checkWholeOptions } from "./checks.js";

/**
 * Another shape with the same values in row-major order; one size may be -1.
 *
 * @example reshape(tensor([[1, 2, 3], [4, 5, 6]]), [3, -1]) // → [[1, 2], [3, 4], [5, 6]]
 */
export function reshape(a: Tensor, shape: readonly number[]): Tensor {
  const value = unpack(asValue(a));
  const dims = dimsOf(value);
  checkSizes(shape, -1);
  return emit("reshape", [value], { shape: shape.includes(-1) ? inferred(dims, shape) : shape });
}

/**
 * Axes in another order; without `permutation` reversed.
 *
 * @example transpose(tensor([[1, 2, 3], [4, 5, 6]])) // → [[1, 4], [2, 5], [3, 6]]
 */
export function transpose(a: Tensor, permutation?: readonly number[]): Tensor {
  const value = unpack(asValue(a));
  const rank = dimsOf(value).length;
  const order = permutation?.map((axis) => wholeAxis("transpose", axis, rank)) ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return emit("transpose", [value], { permutation: order });
}

/**
 * Repeats along axes of size 1 and new leading axes.
 *
 * @example broadcastTo(tensor([1, 2]), [2, 2]) // → [[1, 2], [1, 2]]
 */
export function broadcastTo(a: Tensor, shape: readonly number[]): Tensor {
  return emit("broadcast", [unpack(asValue(a))], { shape });
}

/**
 * `size` entries from `start` (negative: from the end) along an axis.
 *
 * @example slice(tensor([1, 2, 3, 4]), { axis: 0, start: -2, size: 2 }) // → [3, 4]
 */
export function slice(a: Tensor, options: { readonly axis: number; readonly start: number; readonly size: number }): Tensor {
  checkWholeOptions("slice", options, ["axis", "start", "size"]);
  const dims = dimsOf(a);
  const axis = wholeAxis("slice", options.axis, dims.length);
  const start = options.start < 0 ? addDims(dims[axis]!, options.start) : options.start;
  return alongAxis(asValue(a), axis, (value, at, domain) => emit("slice", [value], { axis: at, start, size: options.size }, domain));
}

/**
 * Zeros before and after along an axis.
 *
 * @example pad(tensor([1, 2]), { axis: 0, before: 1, after: 2 }) // → [0, 1, 2, 0, 0]
 */
export function pad(a: Tensor, options: { readonly axis: number; readonly before?: number; readonly after?: number }): Tensor {
  checkWholeOptions("pad", options, ["axis"]);
  const axis = wholeAxis("pad", options.axis, dimsOf(a).length);
  const { before = 0, after = 0 } = options;
  return alongAxis(asValue(a), axis, (value, at, domain) => emit("pad", [value], { axis: at, before, after }, domain));
}

/**
 * Joins tensors along an axis (the last by default).
 *
 * @example concat([tensor([[1], [2]]), tensor([[3], [4]])]) // → [[1, 3], [2, 4]]
 */
export function concat(list: readonly Tensor[], options: { readonly axis?: number } = {}): Tensor {
  checkAxisOptions("concat", options);
  const first = list[0];
  if (first === undefined)
    throw new ShapeError({ code: "nothing_to_join", op: "concat", what: "the list is empty", where: currentPlace() });
  const values = promote(list.map(asValue));
  const rank = dimsOf(first).length;
  const axis = wholeAxis("concat", options.axis ?? -1, rank);
  const domain = values.map(domainOf).find((found) => found !== null) ?? null;
  const canStay = domain !== null && axis >= 2 && values.every((value) => domainOf(value) === domain || isDenseIn(value, domain));
  if (!canStay || domain === null) return emit("concat", values.map(unpack), { axis });
  const packed = values.map((value) => physical(domainOf(value) === null ? pack(value, domain) : value));
  return emit("concat", packed, { axis: axis - 1 }, domain);
}

/**
 * Joins equal-shaped tensors along a new axis (the first by default).
 *
 * @example stack([tensor([1, 2]), tensor([3, 4])]) // → [[1, 2], [3, 4]]
 */
export function stack(list: readonly Tensor[], options: { readonly axis?: number } = {}): Tensor {
  checkAxisOptions("stack", options);
  const axis = options.axis ?? 0;
  const rank = dimsOf(list[0] ?? missing()).length;
  const front = wholeAxis("stack", axis, rank + 1);
  return concat(
    list.map((part) => expandDims(part, front)),
    { axis: front },
  );
}

/**
 * Equal parts along an axis (the last by default).
 *
 * @example concat(split(tensor([1, 2, 3, 4]), 2).reverse()) // → [3, 4, 1, 2]
 */
export function split(a: Tensor, parts: number, options: { readonly axis?: number } = {}): Tensor[] {
  checkAxisOptions("split", options);
  const dims = dimsOf(a);
  const axis = wholeAxis("split", options.axis ?? -1, dims.length);
  const size = dims[axis]!;
  if (isSymbolic(size) || size % parts !== 0) {
    const what = `axis ${axis} of ${showShape(dims)} does not divide into ${parts} equal parts`;
    throw new ShapeError({ code: "uneven_split", op: "split", what, where: currentPlace() });
  }
  return Array.from({ length: parts }, (_, part) => slice(a, { axis, start: (part * size) / parts, size: size / parts }));
}

/**
 * A new axis of size 1 at this place.
 *
 * @example expandDims(tensor([1, 2]), -1) // → [[1], [2]]
 */
export function expandDims(a: Tensor, axis: number): Tensor {
  const value = asValue(a);
  const dims = dimsOf(value);
  const at = wholeAxis("expandDims", axis, dims.length + 1);
  const domain = domainOf(value);
  if (domain === null || at < 2) return withShape(unpack(value), dims.toSpliced(at, 0, 1));
  return emit("reshape", [physical(value)], { shape: dimsOf(physical(value)).toSpliced(at - 1, 0, 1) }, domain);
}

/**
 * Without an axis of size 1.
 *
 * @example squeeze(tensor([[1], [2]]), -1) // → [1, 2]
 */
export function squeeze(a: Tensor, axis: number): Tensor {
  const value = asValue(a);
  const dims = dimsOf(value);
  const at = wholeAxis("squeeze", axis, dims.length);
  if (!equalDims(dims[at]!, 1)) {
    const what = `axis ${at} of ${showShape(dims)} has a size other than 1`;
    throw new ShapeError({ code: "squeeze", op: "squeeze", what, where: currentPlace() });
  }
  const domain = domainOf(value);
  if (domain === null || at < 2) return withShape(unpack(value), dims.toSpliced(at, 1));
  return emit("reshape", [physical(value)], { shape: dimsOf(physical(value)).toSpliced(at - 1, 1) }, domain);
}

/**
 * The columns of each gate of a [..., G·H] value, by name, in the cell's gate order.
 *
 * @example splitGates(tensor([1, 2, 3, 4]), ["r", "z"]).z // → [3, 4]
 */
export function splitGates<const G extends readonly string[]>(a: Tensor, gates: G): { [K in G[number]]: Tensor } {
  const parts = split(a, gates.length);
  return Object.fromEntries(gates.map((gate, index) => [gate, parts[index]!])) as { [K in G[number]]: Tensor };
}

/** Runs an op on one axis, staying packed when the axis is a feature axis. */
function alongAxis(value: Value, axis: number, run: (value: Value, axis: number, domain: Domain | null) => Value): Value {
  const domain = domainOf(value);
  return domain === null || axis < 2 ? run(unpack(value), axis, null) : run(physical(value), axis - 1, domain);
}

function withShape(value: Value, shape: readonly Dim[]): Value {
  return emit("reshape", [value], { shape });
}

function isDenseIn(value: Value, domain: Domain): boolean {
  return equalShapes(dimsOf(value).slice(0, 2), [domain.batch, domain.time]);
}

function inferred(dims: readonly Dim[], shape: readonly number[]): readonly Dim[] {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const total = sizeOfShape(dims);
  if (shape.filter((size) => size === -1).length > 1) {
    throw new ShapeError({ code: "bad_shape", op: "reshape", what: `[${shape.join(", ")}] has more than one -1`, where: currentPlace() });
  }
  const rest = divided(total, known);
  if (rest === null) {
    const what = `${showShape(dims)} does not fill [${shape.join(", ")}]`;
    throw new ShapeError({ code: "reshape_size", op: "reshape", what, where: currentPlace() });
  }
  return shape.map((size) => (size === -1 ? rest : size));
}

function divided(total: Dim, by: number): Dim | null {
  if (by === 0) return null;
  if (!isSymbolic(total)) return total % by === 0 ? total / by : null;
  if (total.terms.some((term) => term.coefficient % by !== 0)) return null;
  const scaled = total.terms.map((term) => ({ ...term, coefficient: term.coefficient / by }));
  return scaled.reduce<Dim>((sum, term) => addDims(sum, mulDims(term.coefficient, productOf(term.symbols))), 0);
}

function productOf(symbols: readonly string[]): Dim {
  return symbols.reduce<Dim>((product, name) => mulDims(product, symbolDim(name)), 1);
}

function missing(): never {
  throw new ShapeError({ code: "nothing_to_join", op: "stack", what: "the list is empty", where: currentPlace() });
}
