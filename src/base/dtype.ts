// The three element types and the host arrays that hold them.

/** Element types. The reference interpreter computes `float32` values in float64. */
export type DType = "float32" | "int32" | "bool";

/** What the reference interpreter stores: float64 for `float32`, 0/1 bytes for `bool`. */
export type ExactData = Float64Array | Int32Array | Uint8Array;

/** A host array with its shape: what feeds a program and what comes out of it. */
export interface HostArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array | Uint8Array;
}

/** A zeroed exact array of this dtype. */
export function exactArray(dtype: DType, length: number): ExactData {
  if (dtype === "float32") return new Float64Array(length);
  return dtype === "int32" ? new Int32Array(length) : new Uint8Array(length);
}

/** Number of elements of a concrete shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
