// A table with holes as sequences of rows in the order of time, and the cells that are hidden from everything to be guessed.

import { defined } from "../../base/defined.js";
import { DataError } from "../../base/errors.js";
import { uniformAt } from "../../base/random.js";
import { counted, listed } from "../../base/words.js";
import { shortName } from "../../data/decode.js";
import { missingCode, missingCodeWords } from "../../data/missing-code.js";
import { notANumber } from "../../data/roles.js";
import { groupRows } from "../../data/rows.js";
import { columnOf, placeOf } from "../../data/table.js";
import { cutWords, readTimes, splitNames, type Times } from "../../data/time-column.js";
import type { Table } from "../../data/types.js";
import type { ImputeOptions } from "./types.js";

/** Rows of numbers, grouped into sequences. */
export interface Grid {
  readonly names: readonly string[];
  /** Those of the table but for totals at its end. */
  readonly rows: number;
  /** [rows, names], NaN where missing; in the unit of the column. */
  readonly values: Float64Array;
  /** Rows of each sequence, oldest first. */
  readonly sequences: readonly Int32Array[];
  /** When each row is, in usual gaps between rows. */
  readonly at: Float64Array;
}

/** What was found in a table. */
export interface FoundGrid {
  readonly grid: Grid;
  readonly id: string | null;
  readonly time: string | null;
  /** The usual gap between rows, in milliseconds or rows. */
  readonly gap: number;
  readonly lines: readonly string[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/**
 * @param given  the usual gap of the table that a network learned on; found unless given
 * @throws DataError `unknown_column`, `not_a_number`, `no_numbers`, `values_too_large`, `nothing_missing`, `all_missing`, and those of times
 */
export function gridOf(table: Table, options: ImputeOptions, given?: number): FoundGrid {
  const ids = options.id === undefined ? [] : splitNames(table, options.id).map((name) => columnOf(table, name));
  const idNames = ids.map(({ name }) => name);
  const times = readTimes(table, {
    ...defined({ id: options.id, time: options.time, dateOrder: options.dateOrder }),
    taken: [...idNames, ...(options.columns ?? [])],
  });
  if (times.firstBad >= 0) throw times.problem(times.firstBad);
  const names = numberColumns(table, options, [...idNames, ...times.columns]);
  const { rows } = times;
  const values = new Float64Array(rows * names.length);
  names.forEach((name, column) => {
    const { numbers } = table.columns[name]!;
    for (let row = 0; row < rows; row++) values[row * names.length + column] = numbers[row]!;
  });
  const sequences = groupRows(rows, ids, times).map((group) =>
    Int32Array.from({ length: group.rows.length }, (_, place) => group.rows.get(place)),
  );
  refuseTooLarge(values, names, table);
  const left = leftOut(table, options, [...idNames, ...times.columns, ...names]);
  const codes = names.flatMap((name, place) => {
    const code = missingCode(rows, (row) => values[row * names.length + place]!);
    return code === null ? [] : [{ code: "missing_code", message: missingCodeWords(name, code) }];
  });
  const holes = values.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
  const place = placeOf(table.file);
  if (holes === 0)
    throw new DataError(
      "nothing_missing",
      `${shortName(table.file)} has no hole in ${listed(names)}: nothing to fill.`,
      [left.hint, ...codes.map(({ message }) => `${message}.`)].filter((hint) => hint !== "").join(" "),
      place,
    );
  if (holes === values.length)
    throw new DataError("all_missing", `${shortName(table.file)} holds no number in ${names.join(", ")}.`, "", place);
  const time = times.columns.length === 0 ? null : times.columns.join(",");
  const lines = [
    time === null ? "no time column: rows are taken in their order" : `time: ${time}`,
    `${counted(names.length, "column")} of numbers: ${listed(names)}`,
    ...(times.isCut === true ? [cutWords] : []),
    ...left.lines,
    ...(times.totals.length > 0 ? [`no rows of measurements, left as they are: ${times.totals.join(", ")}`] : []),
    ...(sequences.length > 1 ? [`${sequences.length} series by ${idNames.join(", ")}`] : []),
    `${holes} of ${values.length} values are missing (${((100 * holes) / values.length).toFixed(1)} %)`,
  ];
  const ms = Float64Array.from({ length: rows }, (_, row) => times.ms.get(row));
  const gap = given ?? usualGap(sequences, ms);
  // In usual gaps, so that 1 is a common step for a network.
  const grid = { names, rows, values, sequences, at: ms.map((each) => each / gap) };
  const warnings = [...left.warnings, ...codes, ...(time === null ? [] : repeatedTimes(table, grid, times))];
  return { grid, id: idNames.length === 0 ? null : idNames.join(","), time, gap, lines, warnings };
}

/** How the cells of columns, joined by commas, read in each row; null without columns. */
export function rowText(table: Table, names: string | null): (row: number) => string | null {
  const columns = names === null ? [] : splitNames(table, names).map((name) => columnOf(table, name));
  return (row) => (columns.length === 0 ? null : columns.map((column) => column.cell(row) ?? "").join(" "));
}

function numberColumns(table: Table, { columns }: ImputeOptions, taken: readonly string[]): readonly string[] {
  for (const name of columns ?? []) {
    const column = columnOf(table, name);
    if (column.kind === "number") continue;
    throw notANumber(table, column, column.firstText);
  }
  const found = columns ?? table.names.filter((name) => !taken.includes(name) && table.columns[name]!.kind === "number");
  if (found.length > 0) return found;
  const shown = listed(table.names);
  const hint = `Its columns are ${shown}; if a word means missing, add --missing WORD.`;
  throw new DataError("no_numbers", `${shortName(table.file)} has no column of numbers to fill.`, hint, placeOf(table.file));
}

/** What is said of columns that are neither numbers nor times nor ids: words are copied, and numbers with a word among them are a pity. */
function leftOut(
  table: Table,
  { columns }: ImputeOptions,
  taken: readonly string[],
): Pick<FoundGrid, "lines" | "warnings"> & { hint: string } {
  const texts = columns === undefined ? table.names.filter((name) => !taken.includes(name)) : [];
  const spoilt = texts.filter((name) => table.columns[name]!.numeric > table.rows / 2);
  const plain = texts.filter((name) => !spoilt.includes(name));
  const warnings = spoilt.map((name) => {
    const column = table.columns[name]!;
    return { code: "not_a_number", message: `${notANumber(table, column, column.firstText).message} ${name} is copied as it is` };
  });
  return {
    lines: plain.length === 0 ? [] : [`copied as they are: ${listed(plain)}`],
    warnings,
    hint: warnings.map(({ message }) => `${message}.`).join(" "),
  };
}

/** Rows of the same time in one series are often those of several. */
function repeatedTimes(table: Table, { sequences, at }: Grid, times: Times): FoundGrid["warnings"] {
  let [count, first, second] = [0, -1, -1];
  for (const rows of sequences)
    for (let place = 1; place < rows.length; place++) {
      const [before, row] = [rows[place - 1]!, rows[place]!];
      if (at[row] !== at[before]) continue;
      if (count++ === 0) [first, second] = [before, row];
    }
  if (count === 0) return [];
  const where = `${table.lineWord}s ${table.lines.get(first)} and ${table.lines.get(second)}`;
  const which = `${counted(count, "row has", "rows have")} the time of another, such as ${times.textOf(second)} (${where})`;
  return [
    { code: "repeated_times", message: `${which}: if they belong to several series, name the column that tells these apart with --id` },
  ];
}

/** The largest size in one column of [rows, columns]; 0 without any value. */
export function largestIn(values: Float64Array, columns: number, column: number): number {
  let largest = 0;
  for (let cell = column; cell < values.length; cell += columns) if (Math.abs(values[cell]!) > largest) largest = Math.abs(values[cell]!);
  return largest;
}

/** Squares of values, and sums of them, must stay finite. */
function refuseTooLarge(values: Float64Array, names: readonly string[], { file }: Table): void {
  names.forEach((name, column) => {
    const largest = largestIn(values, names.length, column);
    if (Number.isFinite(4 * largest * largest * values.length)) return;
    const message = `${name} reaches ${largest.toPrecision(2)}: squares of such values are no longer finite.`;
    throw new DataError("values_too_large", message, "Divide the column by a power of ten.", { ...placeOf(file), column: name });
  });
}

/** The median gap between neighbours of a sequence. */
function usualGap(sequences: readonly Int32Array[], times: Float64Array): number {
  const gaps: number[] = [];
  for (const rows of sequences)
    for (let place = 1; place < rows.length; place++) {
      const gap = times[rows[place]!]! - times[rows[place - 1]!]!;
      if (gap > 0) gaps.push(gap);
    }
  return gaps.length === 0 ? 1 : Float64Array.from(gaps).sort()[Math.floor(gaps.length / 2)]!;
}

/** Mean and standard deviation of each column's seen values. */
export interface ColumnScales {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Measured on what is visible only. A column that never changes has the deviation 1. */
export function scalesOf({ names, values, rows }: Grid, isVisible: (cell: number) => boolean): ColumnScales {
  const size = names.length;
  const [count, sum, squares] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const each = (visit: (column: number, value: number) => void): void => {
    for (let cell = 0; cell < rows * size; cell++) {
      const value = values[cell]!;
      if (!Number.isNaN(value) && isVisible(cell)) visit(cell % size, value);
    }
  };
  each((column, value) => {
    count[column]! += 1;
    sum[column]! += value;
  });
  const mean = sum.map((total, column) => total / Math.max(1, count[column]!));
  each((column, value) => {
    squares[column]! += (value - mean[column]!) ** 2;
  });
  const deviation = squares.map((total, column) => Math.sqrt(total / Math.max(1, count[column]!)));
  return { mean, deviation: deviation.map((width, column) => (width > 1e-12 * Math.abs(mean[column]!) ? width : 1)) };
}

/** What a cell is used for. */
export const cellUse = { visible: 0, choose: 1, score: 2 } as const;

/**
 * Hides a share of the seen values of each column to be scored, and as many to choose by; each cell by its own draw. At least one value
 * of a column stays, and of three or more one is hidden for either use.
 *
 * @throws DataError `too_few_values` if no column has two values
 */
export function hideCells({ names, values }: Grid, share: number, seed: number): Uint8Array {
  const use = new Uint8Array(values.length);
  const size = names.length;
  const draws = values.map((value, cell) => (Number.isNaN(value) ? Number.NaN : uniformAt(seed | 0, 0x1a9, cell)));
  const counts = names.map(() => ({ left: 0, choose: 0, score: 0 }));
  draws.forEach((draw, cell) => {
    if (!Number.isNaN(draw)) counts[cell % size]!.left += 1;
  });
  const hide = (cell: number, what: "choose" | "score"): void => {
    const count = counts[cell % size]!;
    if (count.left < 2) return;
    use[cell] = cellUse[what];
    count[what] += 1;
    count.left -= 1;
  };
  draws.forEach((draw, cell) => {
    if (draw < 2 * share) hide(cell, draw < share ? "score" : "choose");
  });
  for (const what of ["choose", "score"] as const)
    counts.forEach((count, column) => {
      const cell = count[what] === 0 && count.left >= 2 ? leastDraw(draws, use, { column, size }) : -1;
      if (cell >= 0) hide(cell, what);
    });
  if (counts.some(({ choose }) => choose > 0)) return use;
  const what = `${listed(names)}: no column has two values, so that none can be hidden to learn by.`;
  throw new DataError("too_few_values", what, "Give a longer table.");
}

/** The visible cell of a column with the least draw. */
function leastDraw(draws: Float64Array, use: Uint8Array, { column, size }: { readonly column: number; readonly size: number }): number {
  let best = -1;
  for (let cell = column; cell < draws.length; cell += size)
    if (use[cell] === cellUse.visible && !Number.isNaN(draws[cell]!) && (best < 0 || draws[cell]! < draws[best]!)) best = cell;
  return best;
}
