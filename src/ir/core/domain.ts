// Time domains at run time: which rows are active at each step, and the index tables between dense and stacked values.

import { UsageError } from "../../base/errors.js";
import { type DomainTable, domainTables, type Windows } from "./node.js";

/** A domain of one run. Rows are sorted by length, longest first, equal lengths in their original order. */
export interface RunDomain {
  /** B. */
  readonly batch: number;
  /** T. */
  readonly time: number;
  /** N, the sum of all lengths. */
  readonly steps: number;
  /** [T]: step t works on sorted rows [0, rows[t]). */
  readonly rows: Int32Array;
  /** [T]: its stacked values start at offsets[t]. */
  readonly offsets: Int32Array;
  readonly tables: Readonly<Record<DomainTable, Int32Array>>;
}

/**
 * The tables for these lengths (null: every row has `time` steps).
 *
 * @throws UsageError `bad_lengths` unless there is one length in [0, time] for each row
 */
export function makeDomainTables(batch: number, time: number, lengths: ArrayLike<number> | null): RunDomain {
  const given = Array.from({ length: batch }, (_, b) => (lengths === null ? time : (lengths[b] ?? Number.NaN)));
  checkLengths(given, lengths?.length ?? batch, time);
  const order = Int32Array.from(given.keys());
  order.sort((a, b) => given[b]! - given[a]! || a - b);
  const { rows, offsets, steps } = activeRows(given, time);
  const tables = emptyTables(batch, time, steps);
  tables.order.set(order);
  tables.unpack.fill(-1);
  order.forEach((original, row) => {
    tables.inverse[original] = row;
    tables.lengths[row] = given[original]!;
  });
  for (let t = 0; t < time; t++) {
    for (let row = 0; row < rows[t]!; row++) fillStep(tables, { batch, time, offsets, t, row });
  }
  return { batch, time, steps, rows, offsets, tables };
}

/** How many steps are left of `steps` after windows upon windows. */
export function windowsIn(steps: number, windows: readonly Windows[]): number {
  return windows.reduce((left, { size, stride }) => (left < size ? 0 : Math.floor((left - size) / stride) + 1), steps);
}

/**
 * The tables of a domain that may consist of windows over another.
 *
 * @param time     of the first domain, as the lengths
 * @throws UsageError `bad_lengths` as `makeDomainTables`
 */
export function makeWindowTables(batch: number, time: number, lengths: ArrayLike<number> | null, windows: readonly Windows[]): RunDomain {
  if (windows.length === 0) return makeDomainTables(batch, time, lengths);
  const left = lengths === null ? null : Array.from(lengths, (length) => windowsIn(length, windows));
  return makeDomainTables(batch, windowsIn(time, windows), left);
}

function checkLengths(given: readonly number[], count: number, time: number): void {
  if (count !== given.length) {
    throw new UsageError({
      code: "bad_lengths",
      what: `${count} lengths for a batch of ${given.length} rows`,
      hint: "Give one length for each row.",
    });
  }
  const bad = given.findIndex((length) => !Number.isInteger(length) || length < 0 || length > time);
  if (bad >= 0) {
    throw new UsageError({
      code: "bad_lengths",
      what: `the length of row ${bad} is ${given[bad]}, but the sequences have ${time} steps`,
      hint: `Lengths are whole numbers from 0 to ${time}.`,
    });
  }
}

function activeRows(lengths: readonly number[], time: number): { rows: Int32Array; offsets: Int32Array; steps: number } {
  const rows = new Int32Array(time);
  const offsets = new Int32Array(time);
  for (const length of lengths) if (length > 0) rows[length - 1]! += 1;
  for (let t = time - 2; t >= 0; t--) rows[t]! += rows[t + 1]!;
  let steps = 0;
  for (let t = 0; t < time; t++) {
    offsets[t] = steps;
    steps += rows[t]!;
  }
  return { rows, offsets, steps };
}

function emptyTables(batch: number, time: number, steps: number): Record<DomainTable, Int32Array> {
  const size = (table: DomainTable): number => {
    if (table === "order" || table === "inverse" || table === "lengths") return batch;
    return table === "unpack" ? batch * time : steps;
  };
  return Object.fromEntries(domainTables.map((table) => [table, new Int32Array(size(table))])) as Record<DomainTable, Int32Array>;
}

interface Step {
  readonly batch: number;
  readonly time: number;
  readonly offsets: Int32Array;
  readonly t: number;
  readonly row: number;
}

/** The entries of one stacked step. */
function fillStep(tables: Record<DomainTable, Int32Array>, { batch, time, offsets, t, row }: Step): void {
  const at = offsets[t]! + row;
  const original = tables.order[row]!;
  tables.pack[at] = original * time + t;
  tables.unpack[original * time + t] = at;
  tables.row[at] = row;
  tables.step[at] = t;
  tables.origin[at] = original;
  // Initial values come first in what these two index: B of them.
  tables.previous[at] = t === 0 ? row : batch + offsets[t - 1]! + row;
  tables.following[at] = t + 1 === tables.lengths[row] ? row : batch + offsets[t + 1]! + row;
}
