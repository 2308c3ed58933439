// Rows that are read when they are needed, so that a data set may be larger than memory.

import { isRecord } from "./tree.js";

/** Rows somewhere else: on a disk, behind a network. */
export interface RowSource {
  /** [rows, ...]. */
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  /** Writes these rows one after the other into the array, which has room for exactly them. */
  read(rows: Int32Array, into: Float32Array | Int32Array): Promise<void>;
}

/** True for row sources, which plain JavaScript may have put together by hand. */
export function isRowSource(value: unknown): value is RowSource {
  return isRecord(value) && typeof value.read === "function" && Array.isArray(value.shape) && typeof value.dtype === "string";
}
