// Which rows of a table belong to which series, each in the order of time, with rows of the same time taken together.

import type { Numbers } from "./number-store.js";
import type { Times } from "./time-column.js";
import type { Column, Duplicates } from "./types.js";

/** The rows of one series, oldest first; equal times keep the order of the file. */
export interface RowGroup {
  readonly id: string | null;
  readonly rows: Numbers;
}

/** Rows by id, series in the order of their first row. Without id columns all rows are one series. */
export function groupRows(rows: number, ids: readonly Column[], times: Times): RowGroup[] {
  if (ids.length === 0) return [{ id: null, rows: sortedRows({ length: rows, get: (i) => i }, times) }];
  const { codes, names } = codesOf(rows, ids);
  const ends = new Int32Array(names.length + 1);
  for (let row = 0; row < rows; row++) ends[codes[row]! + 1]!++;
  for (let code = 0; code < names.length; code++) ends[code + 1]! += ends[code]!;
  const next = ends.slice();
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) order[next[codes[row]!]!++] = row;
  return names.map((id, code) => {
    const own = order.subarray(ends[code]!, ends[code + 1]!);
    return { id, rows: sortedRows({ length: own.length, get: (i) => own[i]! }, times) };
  });
}

/** Each row's series as a number, counted in the order of appearance. A row without an id belongs to the series "". */
function codesOf(rows: number, ids: readonly Column[]): { codes: Int32Array; names: string[] } {
  const known = new Map<string, number>();
  const names: string[] = [];
  const codes = new Int32Array(rows);
  let [lastName, lastCode] = ["", -1];
  for (let row = 0; row < rows; row++) {
    const name = ids.length === 1 ? (ids[0]!.cell(row) ?? "") : ids.map((column) => column.cell(row) ?? "").join("/");
    if (lastCode < 0 || name !== lastName) {
      lastCode = known.get(name) ?? names.length;
      lastName = name;
      if (lastCode === names.length) {
        known.set(name, lastCode);
        names.push(name);
      }
    }
    codes[row] = lastCode;
  }
  return { codes, names };
}

function sortedRows(rows: Numbers, times: Times): Numbers {
  let isSorted = true;
  for (let i = 1; i < rows.length && isSorted; i++) isSorted = times.ms.get(rows.get(i - 1)) <= times.ms.get(rows.get(i));
  if (isSorted) return rows;
  const order = Int32Array.from({ length: rows.length }, (_, i) => rows.get(i));
  order.sort((a, b) => times.ms.get(a) - times.ms.get(b) || a - b);
  return { length: order.length, get: (i) => order[i]! };
}

/** The rows of one series with one entry per time. */
export interface MergedRows {
  /** Strictly increasing. */
  readonly times: Numbers;
  /** Rows merged into another. */
  readonly duplicates: number;
  /** The first group of rows that share a time; empty if there is none. */
  readonly firstDuplicate: readonly number[];
  /** A column's value at entry `i`. */
  value(column: ColumnNumbers, i: number, how: Duplicates | undefined): number;
}

/** The numbers of a column, row by row. */
export type ColumnNumbers = Pick<Column, "get">;

/** Takes rows of the same time together. */
export function mergeRows(rows: Numbers, times: Times): MergedRows {
  const starts: number[] = [];
  let firstDuplicate: readonly number[] = [];
  const timeOf = (i: number): number => times.ms.get(rows.get(i));
  if (!hasEqualNeighbours(rows.length, timeOf)) {
    const own: Numbers = times.columns.length === 0 ? { length: rows.length, get: (i) => i + 1 } : { length: rows.length, get: timeOf };
    return { times: own, duplicates: 0, firstDuplicate, value: (column, i) => column.get(rows.get(i)) };
  }
  for (let i = 0; i < rows.length; i++) if (i === 0 || timeOf(i) !== timeOf(i - 1)) starts.push(i);
  const endOf = (entry: number): number => starts[entry + 1] ?? rows.length;
  const first = starts.findIndex((start, entry) => endOf(entry) - start > 1);
  firstDuplicate = Array.from({ length: endOf(first) - starts[first]! }, (_, k) => rows.get(starts[first]! + k));
  return {
    times: { length: starts.length, get: (entry) => timeOf(starts[entry]!) },
    duplicates: rows.length - starts.length,
    firstDuplicate,
    value(column, entry, how) {
      const values: number[] = [];
      for (let i = starts[entry]!; i < endOf(entry); i++) values.push(column.get(rows.get(i)));
      return values.length === 1 ? values[0]! : merge(values, how);
    },
  };
}

function hasEqualNeighbours(length: number, timeOf: (i: number) => number): boolean {
  for (let i = 1; i < length; i++) if (timeOf(i) === timeOf(i - 1)) return true;
  return false;
}

/** Missing values do not count; NaN if all are missing. */
function merge(all: readonly number[], how: Duplicates | undefined): number {
  const values = all.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return Number.NaN;
  if (how === "first") return values[0]!;
  if (how === "last") return values.at(-1)!;
  const sum = values.reduce((total, value) => total + value, 0);
  return how === "sum" ? sum : sum / values.length;
}
