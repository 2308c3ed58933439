// Makes tensors: from nested arrays and typed arrays, constants, ranges, sizes.

import { type DType, elementCount, exactArray } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import { emit } from "../trace/emit.js";
import { asValue, dimsOf, isTensor } from "../trace/traced.js";
import { wholeAxis } from "./align.js";
import { checkSizes, checkType } from "./checks.js";

/** Numbers in arrays in arrays …, all of one length per level. */
export type Nested = number | boolean | readonly Nested[];

/** Whatever can become a tensor. */
export type TensorLike = Tensor | Nested | Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * A tensor from nested arrays or a typed array; values are copied. Numbers become float32, Int32Array int32, booleans bool.
 *
 * @throws ShapeError `ragged` for lists of different lengths, `element_count` if the values do not fill `shape`
 * @example tensor([[1, 2, 3], [4, 5, 6]]).shape  // [2, 3]
 */
export function tensor(data: TensorLike, options: { readonly shape?: readonly number[]; readonly dtype?: DType } = {}): Tensor {
  if (isTensor(data)) {
    const shaped = options.shape === undefined ? data : emit("reshape", [data], { shape: options.shape });
    return options.dtype === undefined || options.dtype === shaped.dtype ? shaped : emit("cast", [shaped], { dtype: options.dtype });
  }
  const { values, shape, dtype } = isTypedArray(data) ? fromTyped(data) : fromNested(data as Nested);
  const wanted = options.dtype ?? dtype;
  checkType("tensor", wanted);
  if (options.shape !== undefined) checkSizes(options.shape, 0);
  return hostTensor(storage(values, wanted), options.shape ?? shape, wanted);
}

/**
 * A tensor of zeros, float32 unless `dtype` says otherwise.
 *
 * @example zeros([2, 3]) // → [[0, 0, 0], [0, 0, 0]]
 */
export function zeros(shape: readonly number[], options: { readonly dtype?: DType } = {}): Tensor {
  return full(shape, 0, options);
}

/**
 * A tensor of ones, float32 unless `dtype` says otherwise.
 *
 * @example ones([2]) // → [1, 1]
 */
export function ones(shape: readonly number[], options: { readonly dtype?: DType } = {}): Tensor {
  return full(shape, 1, options);
}

/**
 * A tensor of one repeated value.
 *
 * @example full([2], 0.5) // → [0.5, 0.5]
 */
export function full(shape: readonly number[], value: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkSizes(shape, 0);
  const dtype = options.dtype ?? "float32";
  checkType("full", dtype);
  const data = dtype === "float32" ? new Float32Array(elementCount(shape)) : exactArray(dtype, elementCount(shape));
  return hostTensor(data.fill(value), shape, dtype);
}

/**
 * 0, 1, … size-1 as int32.
 *
 * @example iota(4) // → [0, 1, 2, 3]
 */
export function iota(size: number): Tensor {
  checkSizes([size], 0);
  return emit("iota", [], { size });
}

/**
 * The size of an axis as an int32 scalar: works where the number itself is known only at run time.
 *
 * @example div(sum(x, { axis: 1 }), sizeOf(x, 1)) // the mean over the steps of [B, T, F], whatever T is
 */
export function sizeOf(a: Tensor, axis: number): Tensor {
  const dims = dimsOf(a);
  return emit("sizeOf", [], { dim: dims[wholeAxis("sizeOf", axis, dims.length)]! });
}

/** A tensor as it is, anything else through `tensor`. */
export function toTensor(data: TensorLike): Tensor {
  return isTensor(data) ? asValue(data) : tensor(data);
}

interface Flat {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

function isTypedArray(data: unknown): data is Float32Array | Float64Array | Int32Array | Uint8Array {
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  return ArrayBuffer.isView(data) && !(data instanceof DataView) && !isBig;
}

function fromTyped(data: Float32Array | Float64Array | Int32Array | Uint8Array): Flat {
  const dtype = data instanceof Int32Array ? "int32" : "float32";
  return { values: data, shape: [data.length], dtype };
}

function fromNested(data: Nested): Flat {
  const shape: number[] = [];
  for (let level: Nested = data; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const values = new Float64Array(elementCount(shape));
  let next = 0;
  let sawBoolean = false;
  const fill = (part: Nested, depth: number): void => {
    if (Array.isArray(part)) {
      if (depth >= shape.length || part.length !== shape[depth]) throw ragged(shape, depth, part.length);
      for (const child of part) fill(child, depth + 1);
      return;
    }
    if (depth !== shape.length) throw ragged(shape, depth, 1);
    if (typeof part !== "number" && typeof part !== "boolean") {
      throw new UsageError({ code: "not_a_number", op: "tensor", what: `found ${part === null ? "null" : typeof part} among the numbers` });
    }
    sawBoolean ||= typeof part === "boolean";
    values[next++] = Number(part);
  };
  fill(data, 0);
  return { values, shape, dtype: sawBoolean ? "bool" : "float32" };
}

function storage(values: ArrayLike<number>, dtype: DType): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return Float32Array.from(values);
  // Saturates as cast does: what does not fit must not come out with another sign.
  if (dtype === "int32") return Int32Array.from(values, (value) => Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1));
  return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
}

function ragged(shape: readonly number[], depth: number, length: number): ShapeError {
  const what = `the lists differ in length at depth ${depth}: ${shape[depth] ?? "a number"} and ${length}`;
  return new ShapeError({
    code: "ragged",
    op: "tensor",
    what,
    hint: "Sequences of different lengths: pass nested arrays to fit, or pad them and give lengths.",
  });
}
