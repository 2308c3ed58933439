// Which columns hold the time, and each row's time in milliseconds: found by form and by name, joined where they are split.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { type Numbers, numbersOf } from "./number-store.js";
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
  timeOfNumber,
} from "./time.js";
import type { Column, Table } from "./types.js";

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
  return column.numbers.every((value) => timeOfNumber(value) !== null) && column.numbers.some((value) => value !== column.numbers[0]);
}

/** Whether the cells of a column are dates or times by their form. */
export function looksLikeTimes(column: Column): boolean {
  return isMostly(column, looksLikeTime);
}

function isMostly(column: Column, test: (cell: string) => boolean): boolean {
  const cells = column.text.filter((cell) => cell !== null);
  if (cells.length === 0 || !cells.slice(0, 3).some(test)) return false;
  const sample = cells.length <= 1000 ? cells : cells.filter((_, i) => i % Math.ceil(cells.length / 1000) === 0);
  return sample.filter(test).length >= 0.8 * sample.length;
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
  const firstBad = column.numbers.findIndex((value) => Number.isNaN(value));
  const parsed = Array.from(column.numbers, timeOfNumber);
  const base = {
    ...{ columns: [column.name], dateOrder: null, firstBad },
    textOf: (row: number) => column.text[row] ?? "",
    problem: (row: number) => missingTime(table, row, column.name),
  };
  if (parsed.every((time, row) => time !== null || Number.isNaN(column.numbers[row]!))) return { ...base, ...collect(parsed) };
  return { ...base, ms: numbersOf(column.numbers), precision: "number" };
}

function readCells(table: Table, columns: readonly Column[], dateOrder: DateOrder | undefined): Times {
  const name = columns.map((column) => column.name).join(",");
  const cells = Array.from({ length: table.rows }, (_, row) => joinCells(columns, row));
  const found = dateOrder === undefined ? findDateOrder(cells) : { order: dateOrder, ambiguous: -1 };
  if (found.ambiguous >= 0) {
    const message = `"${cells[found.ambiguous]}" fits day or month first throughout;`;
    const place = { ...placeOf(table.file), line: table.lines[found.ambiguous]!, column: name };
    throw new DataError("ambiguous_dates", message, "give --date-order dmy|mdy.", place);
  }
  const parsed = cells.map((cell) => (cell === null ? null : parseTime(cell, found.order)));
  return {
    ...collect(parsed),
    columns: columns.map((column) => column.name),
    dateOrder: found.order,
    firstBad: parsed.indexOf(null),
    textOf: (row) => cells[row] ?? "",
    problem(row) {
      const empty = columns.find((column) => column.cell(row) === null);
      if (empty !== undefined) return missingTime(table, row, empty.name);
      const line = table.lines[row]!;
      const hint = found.order === null ? "" : `Dates are read ${found.order === "dmy" ? "day" : "month"} first here.`;
      const place = { ...placeOf(table.file), line, column: name };
      return new DataError("bad_time", `line ${line}, ${name}: "${cells[row]}" is not a date or time.`, hint, place);
    },
  };
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

function collect(parsed: readonly (ParsedTime | null)[]): { ms: Numbers; precision: Precision } {
  let precision: Precision = "year";
  for (const time of parsed) if (time !== null) precision = finer(precision, time.precision);
  return { ms: numbersOf(Float64Array.from(parsed, (time) => time?.ms ?? Number.NaN)), precision };
}

function missingTime(table: Table, row: number, column: string): DataError {
  const line = table.lines[row]!;
  const message = `line ${line} of ${shortName(table.file)} has no ${column}.`;
  return new DataError("missing_time", message, "Every row needs its time.", { ...placeOf(table.file), line, column });
}
