// Which rows of a table belong to which series, each in the order of time, with rows of the same time taken together.

import { areClockChanges } from "./clock-change.js";
import { NumberStore, type Numbers, numbersOf } from "./number-store.js";
import type { Times } from "./time-column.js";
import type { Column, Duplicates } from "./types.js";

/** The rows of one series, oldest first; equal times keep the order of the file. */
export interface RowGroup {
  readonly id: string | null;
  readonly rows: Numbers;
}

/** The id of a row: the cells of its columns, "" where one is missing. */
export function idIn(ids: readonly Column[], row: number): string {
  return ids.length === 1 ? (ids[0]!.cell(row) ?? "") : ids.map((column) => column.cell(row) ?? "").join("/");
}

/** Rows by id, series in the order of their first row. Without id columns all rows are one series. */
export function groupRows(rows: number, ids: readonly Column[], times: Times): RowGroup[] {
  if (ids.length === 0) return [{ id: null, rows: sortedRows(range(0, rows), times) }];
  const idAt = (row: number): string => idIn(ids, row);
  // Files that are written series by series need no list of rows.
  const runs = wholeRuns(rows, idAt);
  if (runs !== null) return runs.map(({ id, start, end }) => ({ id, rows: sortedRows(range(start, end), times) }));
  const { codes, names } = codesOf(rows, idAt);
  const ends = new Int32Array(names.length + 1);
  for (const code of codes) ends[code + 1]!++;
  for (let code = 0; code < names.length; code++) ends[code + 1]! += ends[code]!;
  const next = ends.slice();
  const order = new Int32Array(rows);
  codes.forEach((code, row) => {
    order[next[code]!++] = row;
  });
  return names.map((id, code) => ({ id, rows: sortedRows(numbersOf(order.subarray(ends[code]!, ends[code + 1]!)), times) }));
}

/** Rows [start, end) of each series; null if the rows of one are scattered. A row without an id belongs to the series "". */
function wholeRuns(rows: number, idAt: (row: number) => string): { id: string; start: number; end: number }[] | null {
  const runs: { id: string; start: number; end: number }[] = [];
  const seen = new Set<string>();
  for (let row = 0; row < rows; row++) {
    const id = idAt(row);
    const last = runs.at(-1);
    if (last?.id === id) {
      last.end = row + 1;
      continue;
    }
    if (seen.has(id)) return null;
    seen.add(id);
    runs.push({ id, start: row, end: row + 1 });
  }
  return runs;
}

/** Each row's series as a number, counted in the order of appearance. */
function codesOf(rows: number, idAt: (row: number) => string): { codes: Int32Array; names: string[] } {
  const known = new Map<string, number>();
  const names: string[] = [];
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const name = idAt(row);
    let code = known.get(name);
    if (code === undefined) {
      code = names.length;
      known.set(name, code);
      names.push(name);
    }
    codes[row] = code;
  }
  return { codes, names };
}

function range(start: number, end: number): Numbers {
  return { length: end - start, get: (i) => start + i };
}

function sortedRows(rows: Numbers, times: Times): Numbers {
  const timeOf = (i: number): number => times.ms.get(rows.get(i));
  let [rises, falls] = [true, true];
  for (let i = 1; i < rows.length && (rises || falls); i++) {
    const step = timeOf(i) - timeOf(i - 1);
    rises &&= step >= 0;
    falls &&= step < 0;
  }
  if (rises) return rows;
  if (falls) return { length: rows.length, get: (i) => rows.get(rows.length - 1 - i) };
  const order = Int32Array.from({ length: rows.length }, (_, i) => rows.get(i));
  return numbersOf(order.sort((a, b) => times.ms.get(a) - times.ms.get(b) || a - b));
}

/** The rows of one series with one entry per time. */
export interface MergedRows {
  /** Strictly increasing. */
  readonly times: Numbers;
  /** Rows merged into another. */
  readonly duplicates: number;
  /** The first group of rows that share a time; empty if there is none. */
  readonly firstDuplicate: readonly number[];
  /** Times that repeat only because clocks were set back, and without being told to merge they are averaged. */
  readonly isClockChange: boolean;
  /** A column's value at entry `i`. */
  value(column: ColumnNumbers, i: number, how: Duplicates | undefined): number;
}

/** The numbers of a column, row by row. */
export type ColumnNumbers = Pick<Column, "get">;

/** Takes rows of the same time together. */
export function mergeRows(rows: Numbers, times: Times): MergedRows {
  const starts = new NumberStore();
  const timeOf = (i: number): number => times.ms.get(rows.get(i));
  if (!hasEqualNeighbours(rows.length, timeOf)) {
    const own: Numbers = times.columns.length === 0 ? { length: rows.length, get: (i) => i + 1 } : { length: rows.length, get: timeOf };
    return { times: own, duplicates: 0, firstDuplicate: [], isClockChange: false, value: (column, i) => column.get(rows.get(i)) };
  }
  for (let i = 0; i < rows.length; i++) if (i === 0 || timeOf(i) !== timeOf(i - 1)) starts.push(i);
  const endOf = (entry: number): number => (entry + 1 < starts.length ? starts.get(entry + 1) : rows.length);
  function* repeated(): Generator<{ start: number; ms: number; times: number }> {
    for (let entry = 0; entry < starts.length; entry++) {
      const [start, end] = [starts.get(entry), endOf(entry)];
      if (end - start > 1) yield { start, ms: timeOf(start), times: end - start };
    }
  }
  const [first] = repeated();
  return {
    isClockChange: times.precision !== "number" && areClockChanges(repeated()),
    times: { length: starts.length, get: (entry) => timeOf(starts.get(entry)) },
    duplicates: rows.length - starts.length,
    firstDuplicate: Array.from({ length: first!.times }, (_, k) => rows.get(first!.start + k)),
    value(column, entry, how) {
      const values: number[] = [];
      for (let i = starts.get(entry); i < endOf(entry); i++) values.push(column.get(rows.get(i)));
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
