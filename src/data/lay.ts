// One series laid on its grid: gaps become NaN, and rows after the last target are the known future.

import { DataError } from "../base/errors.js";
import { listed } from "../base/words.js";
import { covariate } from "./covariate.js";
import { type Grid, placeOn, type Step, timeOn } from "./frequency.js";
import { nameOf, stepOfName } from "./frequency-names.js";
import { idOf } from "./id-columns.js";
import { NumberStore, type Numbers } from "./number-store.js";
import type { CovariateColumn } from "./roles.js";
import { notANumber } from "./roles.js";
import type { MergedRows, RowGroup } from "./rows.js";
import { shownCell } from "./shown.js";
import { placeOf } from "./table.js";
import { formatTime } from "./time.js";
import { cutWords, type Times } from "./time-column.js";
import type { Column, Covariate, Duplicates, Table } from "./types.js";

/** What is the same for all series of a table. */
export interface LayFacts {
  readonly table: Table;
  readonly times: Times;
  readonly targets: readonly Column[];
  readonly past: readonly CovariateColumn[];
  readonly future: readonly CovariateColumn[];
  readonly how: Duplicates | undefined;
}

/** A series before its season is known. */
export interface Laid {
  readonly id: string | null;
  readonly grid: Grid;
  readonly targets: readonly { readonly name: string; readonly values: Float64Array; readonly missing: number }[];
  readonly past: readonly Covariate[];
  readonly future: readonly Covariate[];
  readonly ahead: number;
  /** Rows before its first value. */
  readonly before: number;
  readonly rows: number;
  readonly gaps: number;
  readonly firstGap: number;
  readonly duplicates: number;
  /** Hours averaged because clocks were set back. */
  readonly isClockChange: boolean;
  timeAt(index: number): number;
  timeLabel(index: number): string;
}

/** How a step lies in the file's own terms: rows without times are only counted. */
export function frequencyOf(step: Step, times: Times, asked: string | undefined): string {
  if (times.precision !== "number") return nameOf(step);
  const named = asked === undefined ? null : stepOfName(asked);
  return named !== null ? nameOf(named) : step.unit === "none" ? "irregular" : "row";
}

/**
 * Lays the rows of one series on the grid of `step`.
 * @throws DataError `duplicate_times`, `not_a_number`, `all_missing`, `off_grid`
 */
export function laySeries(group: RowGroup, merged: MergedRows, step: Step, facts: LayFacts): Laid {
  const { table, times, targets, how } = facts;
  const isMerged = how === undefined ? merged.isClockChange : how !== "error";
  if (merged.duplicates > 0 && !isMerged) throw duplicateTimes(group.id, merged.firstDuplicate, facts);
  for (const column of targets) checkNumbers(table, column, group);
  const grid = placeOn(merged.times, step);
  if (grid === null) throw offGrid(group.id, step, table);
  const spread = (column: Column): Float64Array => {
    const values = new Float64Array(grid.size).fill(Number.NaN);
    for (let i = 0; i < merged.times.length; i++) values[grid.positions?.get(i) ?? i] = merged.value(column, i, how);
    return values;
  };
  const whole = targets.map(spread);
  const end = 1 + Math.max(...whole.map(lastSeen));
  if (whole.every((values) => lastSeen(values) < 0)) throw allMissing(group.id, facts);
  // A shop that opened later has no missing values before: the series begins with its first one.
  const begin = Math.min(...whole.map(firstSeen).filter((first) => first >= 0));
  const entries = merged.times.length;
  const before = entries - countFrom(begin, entries, grid);
  // Rows after the last value are ahead of it, whether more is known of them or not: that is no missing value.
  const after = countFrom(end, entries, grid);
  const upToEnd = (values: Float64Array): Float64Array => (end - begin === values.length ? values : values.slice(begin, end));
  const beside = (column: CovariateColumn, until: number): Covariate =>
    covariate(column.name, between(begin, until, laidNumbers(column, merged, grid, how)));
  return {
    id: group.id,
    grid,
    targets: whole.map((values, k) => ({
      name: targets[k]!.name,
      values: upToEnd(values),
      missing: Math.max(0, missingCells(targets[k]!, group) - after - before),
    })),
    past: facts.past.map((column) => beside(column, end)),
    future: facts.future.map((column) => beside(column, grid.size)),
    ahead: grid.size - end,
    before,
    rows: group.rows.length - before,
    gaps: grid.size - begin - (entries - before),
    firstGap: firstGapOf(grid, before, begin),
    duplicates: merged.duplicates,
    isClockChange: merged.isClockChange && how === undefined,
    ...clockFrom(begin, clockOf(grid, merged.times, times)),
  };
}

/** A column step by step: read where the table keeps it if every row is a step, else packed with its gaps. */
function laidNumbers(column: CovariateColumn, merged: MergedRows, { positions, size }: Grid, how: Duplicates | undefined): Numbers {
  if (positions === null && merged.duplicates === 0) return { length: size, get: (index) => merged.value(column, index, how) };
  const numbers = new NumberStore();
  for (let i = 0; i < merged.times.length; i++) {
    while (numbers.length < (positions?.get(i) ?? i)) numbers.push(Number.NaN);
    numbers.push(merged.value(column, i, how));
  }
  return numbers;
}

// What a series keeps is made outside of the function that has the table's rows and their places: its closures would keep those too.

function between(begin: number, end: number, numbers: Numbers): Numbers {
  return { length: end - begin, get: (index) => numbers.get(begin + index) };
}

function clockFrom(begin: number, { timeAt, timeLabel }: Pick<Laid, "timeAt" | "timeLabel">): Pick<Laid, "timeAt" | "timeLabel"> {
  return { timeAt: (index) => timeAt(begin + index), timeLabel: (index) => timeLabel(begin + index) };
}

/** Entries at or after a step. */
function countFrom(step: number, entries: number, { size, positions }: Grid): number {
  if (step === 0) return entries;
  if (step === size) return 0;
  let count = 0;
  for (let i = entries - 1; i >= 0 && (positions?.get(i) ?? i) >= step; i--) count++;
  return count;
}

/** The first step without a row, counted from the first value at entry `before` and step `begin`; -1 if there is none. */
export function firstGapOf({ positions }: Grid, before = 0, begin = 0): number {
  for (let i = before; i < (positions?.length ?? 0); i++) if (positions!.get(i) - begin !== i - before) return i - before;
  return -1;
}

/** Times and labels of the steps of a grid. */
export function clockOf(grid: Grid, clock: Numbers, times: Times): Pick<Laid, "timeAt" | "timeLabel"> {
  const timeAt = timeOn(grid, clock);
  if (times.precision !== "number") return { timeAt, timeLabel: labelled(timeAt, times) };
  return { timeAt, timeLabel: (index) => String(Number(timeAt(index).toPrecision(12))) };
}

function labelled(timeAt: (index: number) => number, { precision, suffix }: Times): (index: number) => string {
  const hasClock = precision === "minute" || precision === "second" || precision === "millisecond";
  return (index) => formatTime(timeAt(index), precision) + (hasClock ? suffix : "");
}

function firstSeen(values: Float64Array): number {
  return values.findIndex((value) => !Number.isNaN(value));
}

function lastSeen(values: Float64Array): number {
  return values.findLastIndex((value) => !Number.isNaN(value));
}

function missingCells(column: Column, { id, rows }: RowGroup): number {
  // Totals and notes below the rows are not among those of the group.
  if (column.missing === 0 || (id === null && rows.length === column.rows)) return column.missing;
  let missing = 0;
  for (let i = 0; i < rows.length; i++) if (column.cell(rows.get(i)) === null) missing++;
  return missing;
}

function checkNumbers(table: Table, column: Column, { rows }: RowGroup): void {
  if (column.firstText < 0) return;
  let first = -1;
  for (let i = 0; i < rows.length; i++) {
    const row = rows.get(i);
    // The first in the file, not in time: that is where the user looks.
    if ((first < 0 || row < first) && Number.isNaN(column.get(row)) && column.cell(row) !== null) first = row;
  }
  if (first >= 0) throw notANumber(table, column, first);
}

function duplicateTimes(id: string | null, rows: readonly number[], { times, table }: LayFacts): DataError {
  const lines = rows.map((row) => table.lines.get(row));
  const often = rows.length === 2 ? "twice" : `${rows.length} times`;
  const message = `${shownCell(times.textOf(rows[0]!))} appears ${often} (${table.lineWord}s ${listed(lines.map(String), 6)})${times.isCut === true ? `, for ${cutWords}` : ""}:`;
  const place = { ...placeOf(table.file), line: lines[1]!, column: times.columns.join(",") };
  const found = id === null ? idOf(table, times) : null;
  const help = found === null ? "--duplicates mean, or name --id." : `--id ${found} for a series each, or --duplicates mean.`;
  return new DataError("duplicate_times", message, id === null ? help : "--duplicates mean.", place);
}

function offGrid(id: string | null, step: Step, table: Table): DataError {
  return new DataError("off_grid", `the times of ${id ?? "the rows"} follow no ${nameOf(step)} step.`, "", placeOf(table.file));
}

function allMissing(id: string | null, { targets, table }: LayFacts): DataError {
  const names = targets.map((column) => column.name).join(", ");
  const whose = id === null ? "" : ` of ${id}`;
  return new DataError("all_missing", `${names}${whose} has no values: every cell is missing.`, "", placeOf(table.file));
}
