// User data as columns: one typed array per input or target, with the lengths of its rows where they differ.

import { type DType, elementCount } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { isRowSource, type RowSource } from "../base/row-source.js";
import { HostTensor } from "../base/tensor.js";
import { isRecord, treeLeaves } from "../base/tree.js";
import type { TensorLike } from "../ops/index.js";
import { isTensor } from "../trace/traced.js";
import type { Named } from "./types.js";

/** Rows of one input or target. */
export interface Column {
  /** How messages call it: `x`, `y`, `x.series`. */
  readonly label: string;
  readonly dtype: DType;
  /** [rows, ...]. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
  /** Steps of each row if nested arrays had different numbers of them; shorter rows are filled with zeros. */
  readonly lengths: Int32Array | null;
  /** Where the rows are while `data` is empty, and what is checked of those of a batch once they are read. */
  readonly source?: RowSource;
  readonly verify?: (part: Column, rows: Int32Array) => void;
}

/** Values of one input or target: in memory, or rows that are read when they are needed. */
export type DataLike = TensorLike | RowSource;

/** Columns by name; the single unnamed one is called "". */
export type Columns = ReadonlyMap<string, Column>;

/**
 * Columns of `x` or `y`.
 *
 * @throws UsageError `not_data`, `typed_array_shape`, `no_rows`, `rows_differ`; ShapeError `ragged`
 */
export function toColumns(given: Named<DataLike>, label: string): Columns {
  if (!isNamed(given)) return new Map([["", toColumn(given, label)]]);
  const columns = new Map(byPath(given).map(([path, value]) => [path, toColumn(value, `${label}.${path.replaceAll("/", ".")}`)]));
  const [first, ...rest] = columns.values();
  if (first === undefined) throw new UsageError({ code: "not_data", what: `${label} is a record without entries` });
  for (const column of rest) checkSameRows(first, column);
  return columns;
}

/** Number of rows of a set of columns. */
export function rowsOf(columns: Columns): number {
  const [first] = columns.values();
  return first?.shape[0] ?? 0;
}

/** Throws UsageError `rows_differ` naming both counts. */
export function checkSameRows(a: Column, b: Column): void {
  if (a.shape[0] === b.shape[0]) return;
  const what = `${a.label} has ${a.shape[0]} samples and ${b.label} has ${b.shape[0]}`;
  throw new UsageError({ code: "rows_differ", what, hint: "Every sample of x needs one of y." });
}

/** True for values by name; tensors, lists and typed arrays are single values. */
export function isNamed<T>(given: Named<T>): given is { readonly [name: string]: Named<T> } {
  return isRecord(given) && !isTensor(given) && !ArrayBuffer.isView(given) && !isRowSource(given);
}

/** Values by path: "head/x" in records of records, "" for a single value. */
export function byPath<T>(given: Named<T>): [path: string, value: T][] {
  return treeLeaves<T>(given, (part): part is T => !isNamed(part)).map(({ path, leaf }) => [path, leaf]);
}

function toColumn(given: DataLike, label: string): Column {
  const column = readColumn(given, label);
  if (column.shape[0] === 0 || column.shape.length === 0) {
    throw new UsageError({
      code: "no_rows",
      what:
        column.shape.length === 0
          ? `${label} is a single number, not a list of samples`
          : `${label} is empty: there is nothing to work with`,
    });
  }
  return column;
}

function readColumn(given: DataLike, label: string): Column {
  if (given instanceof HostTensor) {
    // Bools count as 0 and 1; the reference interpreter keeps float64.
    const data = given.exact instanceof Uint8Array ? Float32Array.from(given.exact) : given.exact;
    return { label, dtype: given.dtype === "int32" ? "int32" : "float32", shape: given.shape, data, lengths: null };
  }
  if (given instanceof Int32Array) return { label, dtype: "int32", shape: [given.length], data: given, lengths: null };
  if (given instanceof Float32Array || given instanceof Float64Array)
    return { label, dtype: "float32", shape: [given.length], data: given, lengths: null };
  if (given instanceof Uint8Array) return { label, dtype: "float32", shape: [given.length], data: Float32Array.from(given), lengths: null };
  if (isRowSource(given)) return fromSource(given, label);
  if (Array.isArray(given)) return readNested(given, label);
  const found = given === null || given === undefined ? String(given) : isTensor(given) ? "a traced tensor" : typeof given;
  throw new UsageError({ code: "not_data", what: `${label} must be a tensor, a typed array or nested arrays of numbers, found ${found}` });
}

function fromSource(source: RowSource, label: string): Column {
  const { shape, dtype } = source;
  const isRight = shape.every((size) => Number.isSafeInteger(size) && size >= 0) && (dtype === "float32" || dtype === "int32");
  if (!isRight)
    throw new UsageError({
      code: "not_data",
      what: `${label} is a row source whose shape or dtype cannot be: [${shape.join(", ")}] ${dtype}`,
    });
  return { label, dtype, shape, data: dtype === "int32" ? new Int32Array(0) : new Float32Array(0), lengths: null, source };
}

/** Nested arrays; only the second level (steps of a row) may differ in length. */
function readNested(given: readonly unknown[], label: string): Column {
  const entries = Array.from(given, (row) => (Array.isArray(row) ? row.length : -1));
  const time = Math.max(...entries, 0);
  const isFlat = entries.every((count) => count === -1);
  const sample: unknown = given.find((row) => Array.isArray(row) && row.length > 0);
  const inner: number[] = [];
  for (let level: unknown = Array.isArray(sample) ? sample[0] : null; Array.isArray(level); level = level[0]) inner.push(level.length);
  const shape = isFlat ? [given.length] : [given.length, time, ...inner];
  const data = new Float32Array(elementCount(shape));
  const stride = elementCount(shape.slice(1));
  // A counted loop: forEach would pass over the holes of a sparse array.
  for (let index = 0; index < given.length; index++) fill({ data, label }, given[index], shape.slice(1), [index], index * stride);
  const isRagged = !isFlat && entries.some((count) => count !== time);
  return { label, dtype: "float32", shape, data, lengths: isRagged ? Int32Array.from(entries) : null };
}

interface Target {
  readonly data: Float32Array;
  readonly label: string;
}

function fill(target: Target, part: unknown, shape: readonly number[], path: readonly number[], at: number): void {
  const place = `${target.label}${path.map((index) => `[${index}]`).join("")}`;
  if (!Array.isArray(part)) {
    if (shape.length > 0 && part !== undefined && part !== null) throw unevenDepth(place, "is a number where others are lists");
    if (shape.length > 0 || (typeof part !== "number" && typeof part !== "boolean")) {
      throw new UsageError({
        code: "not_a_number",
        what: `${place} is ${part === null ? "null" : typeof part === "string" ? `the text "${part}"` : typeof part}, not a number`,
      });
    }
    target.data[at] = Number(part);
    return;
  }
  const [size, ...rest] = shape;
  if (size === undefined) throw unevenDepth(place, "is a list where others are numbers");
  if (path.length > 1 && part.length !== size) throw unevenDepth(place, `has ${part.length} entries where others have ${size}`);
  const stride = elementCount(rest);
  for (let index = 0; index < part.length; index++) fill(target, part[index], rest, [...path, index], at + index * stride);
}

function unevenDepth(place: string, what: string): ShapeError {
  return new ShapeError({ code: "ragged", what: `${place} ${what}`, hint: "Rows may differ in their number of steps only." });
}
