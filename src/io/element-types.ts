// The element types of safetensors files: those a model is saved in, and those of other programs, which are converted.

import type { DType } from "../base/dtype.js";

/** How the elements of one type are read. */
export interface ElementType {
  readonly bytes: number;
  /** What they become. */
  readonly dtype: DType;
  /** From bytes that begin at a multiple of 8. */
  read(buffer: ArrayBuffer): Float32Array | Int32Array | Uint8Array;
}

/** Read and written as they are. */
export const ownTypes: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ["F32", { bytes: 4, dtype: "float32", read: (buffer) => new Float32Array(buffer) }],
  ["I32", { bytes: 4, dtype: "int32", read: (buffer) => new Int32Array(buffer) }],
  ["BOOL", { bytes: 1, dtype: "bool", read: (buffer) => new Uint8Array(buffer).map((value) => (value === 0 ? 0 : 1)) }],
]);

/** Converted to float32 or int32; whole numbers beyond int32 keep their low 32 bits. */
export const foreignTypes: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ["F64", { bytes: 8, dtype: "float32", read: (buffer) => Float32Array.from(new Float64Array(buffer)) }],
  ["F16", { bytes: 2, dtype: "float32", read: (buffer) => Float32Array.from(new Uint16Array(buffer), halfValue) }],
  ["BF16", { bytes: 2, dtype: "float32", read: brainValues }],
  ["I64", { bytes: 8, dtype: "int32", read: (buffer) => new Int32Array(buffer).filter((_, index) => index % 2 === 0) }],
  ["I16", { bytes: 2, dtype: "int32", read: (buffer) => Int32Array.from(new Int16Array(buffer)) }],
  ["I8", { bytes: 1, dtype: "int32", read: (buffer) => Int32Array.from(new Int8Array(buffer)) }],
  ["U8", { bytes: 1, dtype: "int32", read: (buffer) => Int32Array.from(new Uint8Array(buffer)) }],
]);

/** The number behind the 16 bits of an IEEE half. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** bfloat16 is the upper half of a float32. */
function brainValues(buffer: ArrayBuffer): Float32Array {
  const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half * 0x10000);
  return new Float32Array(bits.buffer);
}
