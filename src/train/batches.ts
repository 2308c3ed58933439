// Mini-batches: rows gathered into tensors, for fit's own use and for loops of one's own.

import { type DType, elementCount } from "../base/dtype.js";
import { UsageError } from "../base/errors.js";
import { type HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { treeFromPaths } from "../base/tree.js";
import { checkOptions, shown } from "../nn/options.js";
import type { TensorLike } from "../ops/index.js";
import { type Column, checkSameRows, rowsOf, toColumns } from "./columns.js";
import { shuffledRows } from "./shuffle.js";
import type { Named } from "./types.js";

/** Options of `batches`. */
export interface BatchOptions {
  readonly batchSize: number | "full";
  readonly seed: number;
  /** Passes over the data: 1. */
  readonly epochs?: number;
}

/** A batch's part of a value: a tensor, or tensors by name, also in records of records. */
export type BatchOf<V> = V extends Tensor | readonly unknown[] | ArrayBufferView
  ? Tensor
  : V extends { readonly [name: string]: unknown }
    ? { readonly [K in keyof V]: BatchOf<V[K]> }
    : Tensor;

/**
 * Shuffled mini-batches, in the same order as `fit` with that seed; the last batch of an epoch may be smaller.
 *
 * @throws UsageError `rows_differ`, `bad_batch_size`, `ragged_batch`
 * @example for (const { x, y } of batches({ x: inputs, y: targets }, { batchSize: 32, seed: 7, epochs: 20 })) await step({ x, y });
 */
export function* batches<X extends Named<TensorLike>, Y extends Named<TensorLike>>(
  data: { readonly x: X; readonly y: Y },
  options: BatchOptions,
): Generator<{ x: BatchOf<X>; y: BatchOf<Y> }, void, undefined> {
  checkOptions("batches", options, { batchSize: "any", seed: "any", epochs: "any" }, ["batchSize", "seed"]);
  const x = toColumns(data.x, "x");
  const y = toColumns(data.y, "y");
  for (const column of [...x.values(), ...y.values()]) {
    checkSameRows([...x.values()][0]!, column);
    if (column.source !== undefined) throw readLater("batches", column);
    if (column.lengths === null) continue;
    throw new UsageError({
      code: "ragged_batch",
      op: "batches",
      what: `${column.label} has rows of different lengths`,
      hint: "Pad them and pass lengths as a part of x.",
    });
  }
  const count = rowsOf(x);
  const size = wholeBatchSize(options.batchSize, count);
  for (let epoch = 1; epoch <= (options.epochs ?? 1); epoch++) {
    const rows = shuffledRows(count, options.seed, epoch);
    for (let start = 0; start < count; start += size) {
      const part = rows.subarray(start, Math.min(start + size, count));
      const gather = (columns: ReadonlyMap<string, Column>): unknown => {
        const parts = [...columns].map(([name, column]): [string, Tensor] => [name, gatherRows(column, part, null)]);
        return treeFromPaths(parts);
      };
      // The columns were made from these very names.
      yield { x: gather(x) as BatchOf<X>, y: gather(y) as BatchOf<Y> };
    }
  }
}

/** The batch size as a number of rows; throws UsageError `bad_batch_size`. */
export function wholeBatchSize(batchSize: number | "full", count: number): number {
  if (batchSize === "full") return count;
  if (Number.isInteger(batchSize) && batchSize >= 1) return batchSize;
  throw new UsageError({
    code: "bad_batch_size",
    what: `batchSize must be a whole number of at least 1 or "full", got ${shown(batchSize)}`,
  });
}

/** A place that batches of one column are gathered into again and again. */
export class BatchBuffer {
  #data: Column["data"] | null = null;

  /** Room for `length` values like those of the column. */
  room(column: Column, length: number): Column["data"] {
    if (this.#data === null || this.#data.length < length) this.#data = emptyLike(column.data, length);
    return subarray(this.#data, length);
  }
}

/** The given rows of a column, in a fresh tensor or in the buffer's memory; with a buffer, neighbours in order where they lie. */
export function gatherRows(column: Column, rows: Int32Array, buffer: BatchBuffer | null): HostTensor {
  const rest = column.shape.slice(1);
  const stride = elementCount(rest);
  const first = rows[0] ?? 0;
  if (buffer !== null && rows.every((row, index) => row === first + index))
    return hostTensor(subarray(column.data, (first + rows.length) * stride, first * stride), [rows.length, ...rest], column.dtype);
  const data = buffer === null ? emptyLike(column.data, rows.length * stride) : buffer.room(column, rows.length * stride);
  for (let index = 0; index < rows.length; index++) {
    copyRow(column.data, rows[index]! * stride, data, index * stride, stride);
  }
  return hostTensor(data, [rows.length, ...rest], column.dtype satisfies DType);
}

/** The rows of a column that lies elsewhere, read and checked; a fresh tensor. */
export async function readRows({ source, ...column }: Column, rows: Int32Array): Promise<HostTensor> {
  if (source === undefined) return gatherRows(column, rows, null);
  const shape = [rows.length, ...column.shape.slice(1)];
  const data = column.dtype === "int32" ? new Int32Array(elementCount(shape)) : new Float32Array(elementCount(shape));
  await source.read(rows, data);
  column.verify?.({ ...column, shape, data }, rows);
  return hostTensor(data, shape, column.dtype);
}

/** The error for rows that would have to be waited for. */
export function readLater(op: string, { label }: Column): UsageError {
  return new UsageError({
    code: "rows_on_disk",
    op,
    what: `${label} is read from elsewhere row by row`,
    hint: "fit, evaluate and predict take it.",
  });
}

/** A view for each of many short rows would cost more than it copies. */
const shortRow = 256;

function copyRow(from: Column["data"], start: number, to: Column["data"], at: number, length: number): void {
  if (length > shortRow) to.set(subarray(from, start + length, start), at);
  else for (let index = 0; index < length; index++) to[at + index] = from[start + index]!;
}

function emptyLike(data: Column["data"], length: number): Column["data"] {
  if (data instanceof Int32Array) return new Int32Array(length);
  return data instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

function subarray(data: Column["data"], end: number, start = 0): Column["data"] {
  return data.subarray(start, end);
}
