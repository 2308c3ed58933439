// Which columns hold the time, and each row's time in milliseconds: found by form and by name, joined where they are split.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { NumberStore, type Numbers } from "./number-store.js";
import { columnOf, placeOf } from "./table.js";
import {
  type DateOrder,
  findDateOrder,
  finer,
  looksLikeClock,
  looksLikeTime,
  type ParsedTime,
  type Precision,
  parseTime,
  precisionOf,
  timeOfNumber,
} from "./time.js";
import type { Column, Table } from "./types.js";

const dayMs = 86_400_000;

export interface Times {
  /** UTC milliseconds per row; the number itself for precision "number". */
  readonly ms: Numbers;
  readonly precision: Precision;
  /** Column names; empty if rows are numbered. */
  readonly columns: readonly string[];
  readonly dateOrder: DateOrder | null;
  /** The first row whose time cannot be read, NaN in `ms`; -1 if there is none. */
  readonly firstBad: number;
  /** What is wrong with the time of such a row: `bad_time` or `missing_time`. */
  problem(row: number): DataError;
  /** How a row's time is written in the file. */
  textOf(row: number): string;
}

/**
 * Reads the time of every row. `time` names one column or several joined by commas; without it the column is looked for,
 * and rows are numbered from 1 if there is none. Columns in `taken` are no time.
 * @throws DataError `unknown_column`, `ambiguous_dates`
 */
export function readTimes(
  table: Table,
  options: { readonly time?: string; readonly taken?: readonly string[]; readonly dateOrder?: DateOrder },
): Times {
  const names = options.time === undefined ? findTimeColumns(table, options.taken ?? []) : splitNames(table, options.time);
  if (names.length === 0 && options.time !== undefined) {
    throw new DataError("unknown_column", "--time names no column.", "Leave it out to have the time found.", placeOf(table.file));
  }
  if (names.length === 0) return numberedRows(table);
  const named = names.map((name) => columnOf(table, name));
  // year, month and day may be given in any order
  const columns = named.every((column) => column.kind === "number" && unitOf(column) >= 0)
    ? named.toSorted((a, b) => unitOf(a) - unitOf(b))
    : named;
  const numeric = columns.length === 1 && columns[0]!.kind === "number" ? readNumbers(table, columns[0]!) : null;
  if (numeric !== null) return numeric;
  return readCells(table, columns, options.dateOrder);
}

/** Names joined by commas; a name with a comma in it that is a column wins over the list reading. */
export function splitNames(table: Table, list: string): string[] {
  if (Object.hasOwn(table.columns, list)) return [list];
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function findTimeColumns(table: Table, taken: readonly string[]): string[] {
  const candidates = table.names.filter((name) => !taken.includes(name)).map((name) => table.columns[name]!);
  const written = candidates.find((column) => column.kind === "text" && looksLikeTimes(column));
  if (written !== undefined) {
    const clock = candidates.find((column) => column !== written && column.kind === "text" && isMostly(column, looksLikeClock));
    return clock === undefined ? [written.name] : [written.name, clock.name];
  }
  const parts = calendarParts(candidates);
  if (parts.length > 1) return parts;
  const named = candidates.find(
    (column) => isTimeName(column.name) && column.kind === "number" && column.missing === 0 && hasTimeNumbers(column),
  );
  return named === undefined ? [] : [named.name];
}

const calendarUnits: readonly string[] = ["year", "quarter", "month", "day", "hour", "minute"];

/** Place of a column named after a part of the date, -1 if it is none. */
function unitOf({ name }: Column): number {
  return calendarUnits.indexOf(name.trim().toLowerCase());
}

/** Separate columns year, month, day, hour as far as they are there, or year and quarter, in this order. */
function calendarParts(columns: readonly Column[]): string[] {
  const found: string[] = [];
  const named = (unit: string): Column | undefined =>
    columns.find((column) => column.kind === "number" && calendarUnits[unitOf(column)] === unit);
  for (const unit of calendarUnits) {
    if (unit === "quarter") continue;
    const column = named(unit);
    if (column === undefined) break;
    found.push(column.name);
  }
  const quarter = named("quarter");
  return found.length === 1 && quarter !== undefined ? [...found, quarter.name] : found;
}

function isTimeName(name: string): boolean {
  return /^(time|timestamp|ts|date|datetime|ds|epoch|unix.*|year|month|day|week|hour|t|.*[_ ](time|date|timestamp)|.*(Time|Date))$/i.test(
    name.trim(),
  );
}

/** Increasing or not, every number must be a time, and at least two of them differ. */
function hasTimeNumbers(column: Column): boolean {
  let differs = false;
  for (let row = 0; row < column.numeric; row++) {
    if (timeOfNumber(column.get(row)) === null) return false;
    differs ||= column.get(row) !== column.get(0);
  }
  return differs;
}

/** Whether the cells of a column are dates or times by their form. */
export function looksLikeTimes(column: Column): boolean {
  return isMostly(column, looksLikeTime);
}

/** Judged by about a thousand cells: most of them, and one of the first three, which may be titles. */
function isMostly(column: Column, test: (cell: string) => boolean): boolean {
  const { rows } = column;
  const every = Math.max(1, Math.floor(rows / 1000));
  const sample: string[] = [];
  for (let row = 0; row < rows; row += every) {
    const cell = column.cell(row);
    if (cell !== null) sample.push(cell);
  }
  return sample.length > 0 && sample.slice(0, 3).some(test) && sample.filter(test).length >= 0.8 * sample.length;
}

function numberedRows(table: Table): Times {
  return {
    ms: { length: table.rows, get: (row) => row + 1 },
    precision: "number",
    columns: [],
    dateOrder: null,
    textOf: (row) => `row ${row + 1}`,
    ...noProblem,
  };
}

/** Numbers are times without exception. */
export const noProblem: Pick<Times, "firstBad" | "problem"> = {
  firstBad: -1,
  problem: () => new DataError("bad_time", "a row has no time."),
};

/** A numeric column: years, compact dates or epochs; any other numbers only order the rows. */
function readNumbers(table: Table, column: Column): Times | null {
  const clock = new ClockStore();
  let areTimes = true;
  for (let row = 0; row < table.rows && areTimes; row++) {
    const value = column.get(row);
    const time = timeOfNumber(value);
    areTimes = time !== null || Number.isNaN(value);
    clock.push(time);
  }
  const base = {
    columns: [column.name],
    dateOrder: null,
    textOf: (row: number) => column.cell(row) ?? "",
    problem: (row: number) => missingTime(table, row, column.name),
  };
  if (areTimes) return { ...base, ...clock.result() };
  let firstBad = -1;
  for (let row = 0; row < table.rows && firstBad < 0; row++) if (Number.isNaN(column.get(row))) firstBad = row;
  return { ...base, ms: { length: table.rows, get: (row) => column.get(row) }, precision: "number", firstBad };
}

function readCells(table: Table, columns: readonly Column[], dateOrder: DateOrder | undefined): Times {
  const name = columns.map((column) => column.name).join(",");
  const cellAt = (row: number): string | null => joinCells(columns, row);
  // Times that are kept as such need no reading; only they make a column of many millions of rows bearable.
  const kept = columns.length === 1 ? columns[0]! : null;
  const isKept = (row: number): boolean => kept !== null && !Number.isNaN(kept.time(row));
  const found =
    dateOrder === undefined
      ? findDateOrder(cellsOf(table.rows, (row) => (isKept(row) ? null : cellAt(row))))
      : { order: dateOrder, ambiguous: -1 };
  if (found.ambiguous >= 0) {
    const message = `"${cellAt(found.ambiguous)}" fits day or month first throughout;`;
    const place = { ...placeOf(table.file), line: table.lines.get(found.ambiguous), column: name };
    throw new DataError("ambiguous_dates", message, "give --date-order dmy|mdy.", place);
  }
  const clock = new ClockStore();
  for (let row = 0; row < table.rows; row++) {
    const cell = isKept(row) ? null : cellAt(row);
    if (isKept(row)) clock.pushMs(kept!.time(row));
    else clock.push(cell === null ? null : parseTime(cell, found.order));
  }
  // The form of a kept time says whether it has a clock; the first of them stands for all.
  const sample = kept === null ? -1 : clock.firstKept;
  if (sample >= 0) clock.refine(parseTime(kept!.cell(sample)!, null)?.precision ?? "day");
  return {
    ...clock.result(),
    columns: columns.map((column) => column.name),
    dateOrder: found.order,
    textOf: (row) => cellAt(row) ?? "",
    problem(row) {
      const empty = columns.find((column) => column.cell(row) === null);
      if (empty !== undefined) return missingTime(table, row, empty.name);
      const line = table.lines.get(row);
      const hint = found.order === null ? "" : `Dates are read ${found.order === "dmy" ? "day" : "month"} first here.`;
      const place = { ...placeOf(table.file), line, column: name };
      return new DataError("bad_time", `${table.lineWord} ${line}, ${name}: "${cellAt(row)}" is not a date or time.`, hint, place);
    },
  };
}

function* cellsOf(rows: number, cellAt: (row: number) => string | null): Generator<string | null> {
  for (let row = 0; row < rows; row++) yield cellAt(row);
}

/** Times row by row, with the finest precision seen and the first row that has none. */
class ClockStore {
  readonly #ms: NumberStore = new NumberStore();
  #precision: Precision = "year";
  #firstBad = -1;
  firstKept = -1;

  push(time: ParsedTime | null): void {
    if (time === null && this.#firstBad < 0) this.#firstBad = this.#ms.length;
    if (time !== null) this.refine(time.precision);
    this.#ms.push(time?.ms ?? Number.NaN);
  }

  /** A time of the fixed forms: years, months and days are told apart by `refine` on one of them. */
  pushMs(ms: number): void {
    if (this.firstKept < 0) this.firstKept = this.#ms.length;
    if (ms % dayMs !== 0) this.refine(precisionOf(ms));
    this.#ms.push(ms);
  }

  refine(precision: Precision): void {
    this.#precision = finer(this.#precision, precision);
  }

  result(): Pick<Times, "ms" | "precision" | "firstBad"> {
    return { ms: this.#ms, precision: this.#precision, firstBad: this.#firstBad };
  }
}

/** year, month, day, hour become an ISO time; text cells are joined with a blank. Null if one is missing. */
function joinCells(columns: readonly Column[], row: number): string | null {
  const cells = columns.map((column) => column.cell(row));
  if (cells.includes(null)) return null;
  if (columns.length === 1 || columns.some((column) => column.kind === "text")) return cells.join(" ");
  if (columns.length === 2 && calendarUnits[unitOf(columns[1]!)] === "quarter") return cells.join("-Q");
  const [year, month, day, hour, minute] = cells.map((cell) => String(cell).padStart(2, "0"));
  const date = [year, month, day].filter((part) => part !== undefined).join("-");
  return hour === undefined ? date : `${date} ${hour}:${minute ?? "00"}`;
}

function missingTime(table: Table, row: number, column: string): DataError {
  const line = table.lines.get(row);
  const message = `${table.lineWord} ${line} of ${shortName(table.file)} has no ${column}.`;
  return new DataError("missing_time", message, "Every row needs its time.", { ...placeOf(table.file), line, column });
}
