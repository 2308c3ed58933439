// Which columns hold the time, and each row's time in milliseconds: found by form and by name, joined where they are split.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
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
  readonly ms: Float64Array;
  readonly precision: Precision;
  /** Column names; empty if rows are numbered. */
  readonly columns: readonly string[];
  readonly dateOrder: DateOrder | null;
  /** How a row's time is written in the file. */
  textOf(row: number): string;
}

/**
 * Reads the time of every row. `time` names one column or several joined by commas; without it the column is looked for,
 * and rows are numbered from 1 if there is none.
 * @throws DataError `unknown_column`, `bad_time`, `missing_time`, `ambiguous_dates`
 */
export function readTimes(table: Table, options: { time?: string; target?: string; dateOrder?: DateOrder }): Times {
  const names = options.time === undefined ? findTimeColumns(table, options.target) : splitNames(table, options.time);
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

/** A name with a comma in it that is a column wins over the list reading. */
function splitNames(table: Table, time: string): string[] {
  if (Object.hasOwn(table.columns, time)) return [time];
  const names = time
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) {
    throw new DataError("unknown_column", "--time names no column.", "Leave it out to have the time found.", placeOf(table.file));
  }
  return names;
}

function findTimeColumns(table: Table, target: string | undefined): string[] {
  const candidates = table.names.filter((name) => name !== target).map((name) => table.columns[name]!);
  const written = candidates.find((column) => column.kind === "text" && isMostly(column, looksLikeTime));
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

function isMostly(column: Column, test: (cell: string) => boolean): boolean {
  const cells = column.text.filter((cell) => cell !== null);
  if (cells.length === 0 || !cells.slice(0, 3).some(test)) return false;
  const sample = cells.length <= 1000 ? cells : cells.filter((_, i) => i % Math.ceil(cells.length / 1000) === 0);
  return sample.filter(test).length >= 0.8 * sample.length;
}

function numberedRows(table: Table): Times {
  const ms = Float64Array.from({ length: table.rows }, (_, row) => row + 1);
  return { ms, precision: "number", columns: [], dateOrder: null, textOf: (row) => `row ${row + 1}` };
}

/** A numeric column: years, compact dates or epochs; any other numbers only order the rows. */
function readNumbers(table: Table, column: Column): Times | null {
  const empty = column.numbers.findIndex((value) => Number.isNaN(value));
  if (empty >= 0) throw missingTime(table, empty, column.name);
  const parsed = Array.from(column.numbers, timeOfNumber);
  const base = { columns: [column.name], dateOrder: null, textOf: (row: number) => column.text[row] ?? "" };
  if (parsed.every((time): time is ParsedTime => time !== null)) return { ...base, ...collect(parsed) };
  return { ...base, ms: Float64Array.from(column.numbers), precision: "number" };
}

function readCells(table: Table, columns: readonly Column[], dateOrder: DateOrder | undefined): Times {
  const name = columns.map((column) => column.name).join(",");
  const cells = Array.from({ length: table.rows }, (_, row) => joinCells(table, columns, row));
  const found = dateOrder === undefined ? findDateOrder(cells) : { order: dateOrder, ambiguous: -1 };
  if (found.ambiguous >= 0) {
    const message = `"${cells[found.ambiguous]}" fits day or month first throughout;`;
    const place = { ...placeOf(table.file), line: table.lines[found.ambiguous]!, column: name };
    throw new DataError("ambiguous_dates", message, "give --date-order dmy|mdy.", place);
  }
  const parsed = cells.map((cell, row) => {
    const time = parseTime(cell, found.order);
    if (time !== null) return time;
    const line = table.lines[row]!;
    const hint = found.order === null ? "" : `Dates are read ${found.order === "dmy" ? "day" : "month"} first here.`;
    throw new DataError("bad_time", `line ${line}, ${name}: "${cell}" is not a date or time.`, hint, {
      ...placeOf(table.file),
      line,
      column: name,
    });
  });
  return { ...collect(parsed), columns: columns.map((column) => column.name), dateOrder: found.order, textOf: (row) => cells[row]! };
}

/** year, month, day, hour become an ISO time; text cells are joined with a blank. */
function joinCells(table: Table, columns: readonly Column[], row: number): string {
  const cells = columns.map((column) => column.text[row] ?? null);
  const empty = cells.indexOf(null);
  if (empty >= 0) throw missingTime(table, row, columns[empty]!.name);
  if (columns.length === 1 || columns.some((column) => column.kind === "text")) return cells.join(" ");
  if (columns.length === 2 && calendarUnits[unitOf(columns[1]!)] === "quarter") return cells.join("-Q");
  const [year, month, day, hour, minute] = cells.map((cell) => String(cell).padStart(2, "0"));
  const date = [year, month, day].filter((part) => part !== undefined).join("-");
  return hour === undefined ? date : `${date} ${hour}:${minute ?? "00"}`;
}

function collect(parsed: readonly ParsedTime[]): { ms: Float64Array; precision: Precision } {
  let precision: Precision = "year";
  for (const time of parsed) precision = finer(precision, time.precision);
  return { ms: Float64Array.from(parsed, (time) => time.ms), precision };
}

function missingTime(table: Table, row: number, column: string): DataError {
  const line = table.lines[row]!;
  const message = `line ${line} of ${shortName(table.file)} has no ${column}.`;
  return new DataError("missing_time", message, "Every row needs its time.", { ...placeOf(table.file), line, column });
}
