// The immutable host tensor, and what every tensor (host or traced) lets its user read.

import { type DType, elementCount, type HostArray } from "./dtype.js";
import { ShapeError, UsageError } from "./errors.js";

/** An immutable value with a shape. Inside traced functions `data`, `item` and `toArray` throw `value_in_trace`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Row-major: Float32Array, Int32Array, or Uint8Array for bool. */
  readonly data: ArrayLike<number> & Iterable<number>;
  /** The only element; throws `not_a_scalar` otherwise. */
  item(): number;
  toArray(): unknown;
}

/** A tensor with values. Eager arithmetic keeps float64 inside; what users read is float32. */
export class HostTensor implements Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Unrounded values, shared between ops; never handed to users. */
  readonly exact: HostArray["data"];
  #rounded: Float32Array | Int32Array | Uint8Array | null = null;

  constructor(data: HostArray["data"], shape: readonly number[], dtype: DType) {
    if (data.length !== elementCount(shape)) {
      throw new ShapeError({ code: "element_count", what: `${data.length} values do not fill the shape [${shape.join(", ")}]` });
    }
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.exact = data;
  }

  get data(): Float32Array | Int32Array | Uint8Array {
    this.#rounded ??= this.exact instanceof Float64Array ? Float32Array.from(this.exact) : this.exact;
    return this.#rounded;
  }

  item(): number {
    if (this.data.length !== 1) {
      throw new ShapeError({ code: "not_a_scalar", what: `item() needs one element, this tensor is [${this.shape.join(", ")}]` });
    }
    return this.data[0]!;
  }

  toArray(): unknown {
    return nest(this.data, this.shape, this.dtype === "bool");
  }

  /** Nested arrays for JSON.stringify, not rounded. */
  toJSON(): unknown {
    return nest(this.exact, this.shape, this.dtype === "bool");
  }

  [Symbol.toPrimitive](hint: string): string {
    return refuseArithmetic(hint, `Tensor [${this.shape.join(", ")}] ${this.dtype}`);
  }
}

/** A host tensor over these values; the array is taken over, not copied. */
export function hostTensor(data: HostArray["data"], shape: readonly number[], dtype: DType): HostTensor {
  return new HostTensor(data, shape, dtype);
}

/** What `a + b` and `a > 0` run into. Only `String(t)` is allowed. */
export function refuseArithmetic(hint: string, shown: string, where = ""): string {
  if (hint === "string") return shown;
  throw new UsageError({
    code: "tensor_in_arithmetic",
    what: "a tensor cannot be used with +, -, *, / or compared with <, >",
    hint: "Use add, sub, mul, div, less, greater from deep-rnn.",
    where,
  });
}

function nest(data: ArrayLike<number>, shape: readonly number[], asBoolean: boolean): unknown {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const level = (axis: number, offset: number): unknown => {
    if (axis === shape.length) return asBoolean ? data[offset] !== 0 : data[offset];
    return Array.from({ length: shape[axis]! }, (_, i) => level(axis + 1, offset + i * strides[axis]!));
  };
  return level(0, 0);
}
