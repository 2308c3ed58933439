// Which columns hold the time, and each row's time in milliseconds: found by form and by name, joined where they are split.

import { DataError } from "../base/errors.js";
import { calendarParts, isHour, isPartWord, joinParts, unitOf } from "./calendar-parts.js";
import { dateOrderOf } from "./date-order.js";
import { shortName } from "./decode.js";
import { findStep, placeOn } from "./frequency.js";
import { NumberStore, type Numbers, numbersOf } from "./number-store.js";
import { idIn } from "./rows.js";
import { shownCell } from "./shown.js";
import { columnOf, placeOf } from "./table.js";
import { type DateOrder, finer, looksLikeClock, looksLikeTime, type ParsedTime, type Precision, parseTime, precisionOf } from "./time.js";
import { countsInSeries, countsSteps, countsYears, hasTimeNumbers, timeReader } from "./time-numbers.js";
import { mostTotals, rowsBeforeTotals } from "./totals.js";
import type { Column, Table } from "./types.js";

const dayMs = 86_400_000;

export interface Times {
  /** UTC milliseconds per row; the number itself for precision "number". */
  readonly ms: Numbers;
  readonly precision: Precision;
  /** Column names; empty if rows are numbered. */
  readonly columns: readonly string[];
  readonly dateOrder: DateOrder | null;
  /** "Z" if every time is written with a zone: labels are in UTC then; else "". */
  readonly suffix: "Z" | "";
  /** Whether times are written finer than they are read. */
  readonly isCut?: true;
  /** Rows that count: the file's without totals at its end. */
  readonly rows: number;
  /** What rows at the end are called that are left out, such as "Total". */
  readonly totals: readonly string[];
  /** The first row whose time cannot be read, NaN in `ms`; -1 if there is none. */
  readonly firstBad: number;
  /** What is wrong with the time of such a row: `bad_time` or `missing_time`. */
  problem(row: number): DataError;
  /** How a row's time is written in the file. */
  textOf(row: number): string;
}

/**
 * Reads the time of every row. `time` names one column or several joined by commas; without it the column is looked for,
 * and rows are numbered from 1 if there is none. Columns in `taken` are no time; with an `id` numbers of steps begin again in each series.
 * @throws DataError `unknown_column`, `ambiguous_dates`
 */
export function readTimes(
  table: Table,
  options: { readonly time?: string; readonly taken?: readonly string[]; readonly dateOrder?: DateOrder; readonly id?: string },
): Times {
  const names = options.time === undefined ? findTimeColumns(table, options) : splitNames(table, options.time);
  if (names.length === 0 && options.time !== undefined) {
    throw new DataError("unknown_column", "--time names no column.", "Leave it out to have the time found.", placeOf(table.file));
  }
  if (names.length === 0) return numberedRows(table);
  const named = names.map((name) => columnOf(table, name));
  // year, month and day may be given in any order
  const columns = named.every((column) => isPart(column) && unitOf(column) >= 0) ? named.toSorted((a, b) => unitOf(a) - unitOf(b)) : named;
  const { rows, totals } = rowsBeforeTotals(table, columns);
  const span = { rows, totals, suffix: "" } as const;
  if (columns.length === 1 && isNumeric(columns[0]!)) return { ...span, ...readNumbers(table, columns[0]!, rows) };
  return { ...span, ...readCells(table, columns, rows, options.dateOrder) };
}

/** Names joined by commas; a name with a comma in it that is a column wins over the list reading. */
export function splitNames({ names }: Pick<Table, "names">, list: string): string[] {
  if (names.includes(list)) return [list];
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function findTimeColumns(table: Table, { taken = [], id }: { readonly taken?: readonly string[]; readonly id?: string }): string[] {
  const candidates = table.names.filter((name) => !taken.includes(name)).map((name) => table.columns[name]!);
  const written = candidates.find((column) => column.kind === "text" && looksLikeTimes(column));
  if (written !== undefined) {
    const isDay = isMostly(written, (cell) => parseTime(cell, "dmy")?.precision === "day" || parseTime(cell, "mdy")?.precision === "day");
    const clock =
      candidates.find((column) => column !== written && column.kind === "text" && isMostly(column, looksLikeClock)) ??
      (isDay && hasRepeats(written) ? candidates.find(isHour) : undefined);
    return clock === undefined ? [written.name] : [written.name, clock.name];
  }
  const parts = calendarParts(candidates, isPart);
  if (parts.length > 1) return parts;
  const named = candidates.find(
    (column) => isTimeName(column.name) && isNumeric(column) && column.missing <= mostTotals && hasTimeNumbers(column, numericRows(column)),
  );
  if (named !== undefined) return [named.name];
  const [first] = candidates;
  const isNameless = !table.hasHeader && table.names.length > 1 && first?.name === table.names[0];
  if (isNameless && countsYears(first!)) return [first!.name];
  const ids = id === undefined ? [] : splitNames(table, id).map((name) => columnOf(table, name));
  const counter = candidates.find(
    (column) =>
      (isTimeName(column.name) || isStepName(column.name)) &&
      (ids.length === 0 ? countsSteps(column) : countsInSeries(column, (row) => idIn(ids, row))),
  );
  return counter === undefined ? [] : [counter.name];
}

/** Numbers, but for words where totals may stand. */
function isNumeric(column: Column): boolean {
  return column.kind === "number" || (column.numeric > 0 && column.firstText >= column.rows - mostTotals);
}

/** A part of the date in a column of its own: numbers, or words such as "March" and "Q1". */
function isPart(column: Column): boolean {
  return isNumeric(column) || isMostly(column, isPartWord);
}

function numericRows(column: Column): number {
  return column.firstText < 0 ? column.rows : column.firstText;
}

function isTimeName(name: string): boolean {
  return /^(time|timestamp|ts|date|datetime|datum|ds|epoch|unix.*|year|jahr|month|monat|day|week|hour|t|period|ym|yyyymm(?:dd)?|year_?month|(?:year|iso)[_ ]?week|date_?(?:id|key)|.*_at|.*[_ ](time|date|timestamp)|.*(Time|Date))$/i.test(
    name.trim(),
  );
}

/** What the number of a step is called beside the names of times. */
function isStepName(name: string): boolean {
  return /^(steps?|time[_ ]?steps?|ticks?|index|idx)$/i.test(name.trim());
}

/** Whether the cells of a column are dates or times by their form. */
export function looksLikeTimes(column: Column): boolean {
  return isMostly(column, looksLikeTime);
}

/** Whether a day has several rows, so that its hours may tell them apart; seen in the first rows. */
function hasRepeats(column: Column): boolean {
  const seen = new Set<string | null>();
  for (let row = 0; row < Math.min(column.rows, 5000); row++) {
    const cell = column.cell(row);
    if (cell !== null && seen.has(cell)) return true;
    seen.add(cell);
  }
  return false;
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
    ...allRows(table.rows),
  };
}

/** What is said of times that are written finer than they are read. */
export const cutWords = "times are read to the millisecond: what is finer is left out";

/** A clock without zone and without totals. */
export function allRows(rows: number): Pick<Times, "rows" | "totals" | "suffix"> {
  return { rows, totals: [], suffix: "" };
}

/** Numbers are times without exception. */
export const noProblem: Pick<Times, "firstBad" | "problem"> = {
  firstBad: -1,
  problem: () => new DataError("bad_time", "a row has no time."),
};

type Read = Omit<Times, "rows" | "totals" | "suffix"> & Partial<Pick<Times, "suffix">>;

/** A numeric column: years, compact dates, epochs, days of a spreadsheet; any other numbers only order the rows. */
function readNumbers(table: Table, column: Column, rows: number): Read {
  const base = {
    columns: [column.name],
    dateOrder: null,
    textOf: (row: number) => column.cell(row) ?? "",
    problem: (row: number) => missingTime(table, row, column.name),
  };
  const read = timeReader(column, rows);
  if (read !== null) {
    const clock = new ClockStore();
    let isMidnight = true;
    for (let row = 0; row < rows; row++) {
      const time = read(column.get(row));
      clock.push(time);
      if (time !== null && time.ms % dayMs !== 0) isMidnight = false;
    }
    const result = clock.result();
    // Seconds since 1970 that all fall on midnight are dates.
    const precision = isMidnight && finer(result.precision, "day") !== "day" ? "day" : result.precision;
    return { ...base, ...result, precision, suffix: "" };
  }
  let firstBad = -1;
  for (let row = 0; row < rows && firstBad < 0; row++) if (Number.isNaN(column.get(row))) firstBad = row;
  return { ...base, ms: { length: rows, get: (row) => column.get(row) }, precision: "number", firstBad };
}

function readCells(table: Table, columns: readonly Column[], rows: number, dateOrder: DateOrder | undefined): Read {
  const name = columns.map((column) => column.name).join(",");
  const join = joiner(columns);
  const cellAt = (row: number): string | null => {
    const cells = columns.map((column) => column.cell(row)).filter((cell) => cell !== null);
    return cells.length < columns.length ? null : join(cells);
  };
  // Times that are kept as such need no reading; only they make a column of many millions of rows bearable.
  const kept = columns.length === 1 ? columns[0]! : null;
  const isKept = (row: number): boolean => kept !== null && !Number.isNaN(kept.time(row));
  const order = dateOrderOf(table, {
    ...{ count: rows, given: dateOrder, column: name },
    cell: (row) => (isKept(row) ? null : cellAt(row)),
    decide: () => regularOrder(rows, cellAt),
  });
  const clock = new ClockStore();
  for (let row = 0; row < rows; row++) {
    const cell = isKept(row) ? null : cellAt(row);
    if (isKept(row)) clock.pushMs(kept!.time(row));
    else clock.push(cell === null ? null : parseTime(cell, order));
  }
  // The form of a kept time says whether it has a clock; the first of them stands for all.
  const sample = kept === null ? -1 : clock.firstKept;
  if (sample >= 0) clock.refineBy(parseTime(kept!.cell(sample)!, null));
  return {
    ...clock.result(),
    columns: columns.map((column) => column.name),
    dateOrder: order,
    textOf: (row) => cellAt(row) ?? "",
    problem(row) {
      const empty = columns.find((column) => column.cell(row) === null);
      if (empty !== undefined) return missingTime(table, row, empty.name);
      const line = table.lines.get(row);
      const hint = order === null ? "" : `Dates are read ${order === "dmy" ? "day" : "month"} first here.`;
      const place = { ...placeOf(table.file), line, column: name };
      return new DataError(
        "bad_time",
        `${table.lineWord} ${line}, ${name}: "${shownCell(cellAt(row) ?? "")}" is not a date or time.`,
        hint,
        place,
      );
    },
  };
}

/** Fewer dates are regular in both orders, or in one by chance. */
const leastForOrder = 13;

/** Where a column fits both orders: the one in which its dates follow one step without a gap, if they do not in the other. */
function regularOrder(rows: number, cellAt: (row: number) => string | null): DateOrder | null {
  if (rows < leastForOrder) return null;
  const isRegular = (order: DateOrder): boolean => {
    const ms = Float64Array.from({ length: rows }, (_, row) => parseTime(cellAt(row) ?? "", order)?.ms ?? Number.NaN);
    const clock = numbersOf(ms.sort().filter((value, i) => i === 0 || value !== ms[i - 1]));
    return placeOn(clock, findStep([clock]))?.size === clock.length && clock.length >= leastForOrder;
  };
  const [dmy, mdy] = [isRegular("dmy"), isRegular("mdy")];
  return dmy === mdy ? null : dmy ? "dmy" : "mdy";
}

/** Times row by row, with the finest precision seen and the first row that has none. */
class ClockStore {
  readonly #ms: NumberStore = new NumberStore();
  #precision: Precision = "year";
  #firstBad = -1;
  #hasZone = true;
  #isCut = false;
  firstKept = -1;

  push(time: ParsedTime | null): void {
    if (time === null && this.#firstBad < 0) this.#firstBad = this.#ms.length;
    this.refineBy(time);
    this.#ms.push(time?.ms ?? Number.NaN);
  }

  refineBy(time: ParsedTime | null): void {
    if (time === null) return;
    this.#refine(time.precision);
    if (time.hasZone !== true) this.#hasZone = false;
    if (time.isCut === true) this.#isCut = true;
  }

  /** A time of the fixed forms: years, months and days are told apart by `refine` on one of them. */
  pushMs(ms: number): void {
    if (this.firstKept < 0) this.firstKept = this.#ms.length;
    if (ms % dayMs !== 0) this.#refine(precisionOf(ms));
    this.#ms.push(ms);
  }

  #refine(precision: Precision): void {
    this.#precision = finer(this.#precision, precision);
  }

  result(): Pick<Times, "ms" | "precision" | "firstBad" | "suffix" | "isCut"> {
    const suffix = this.#hasZone && this.#ms.length > 0 ? "Z" : "";
    return { ms: this.#ms, precision: this.#precision, firstBad: this.#firstBad, suffix, ...(this.#isCut ? { isCut: true } : {}) };
  }
}

/** Parts of the date become a time by their names, hours join their days; text cells are joined with a blank. */
function joiner(columns: readonly Column[]): (cells: readonly string[]) => string {
  if (columns.length > 1 && columns.every((column) => unitOf(column) >= 0)) return (cells) => joinParts(columns, cells);
  return columns.length === 2 && isHour(columns[1]!) ? (cells) => `${cells.join(" ")}:00` : (cells) => cells.join(" ");
}

/** A column that could be meant as the time but is not read as one: words with digits, different in every row; and its first cell. */
export function unreadTime(table: Table): { readonly column: string; readonly cell: string } | null {
  for (const name of table.names) {
    const column = table.columns[name]!;
    if (column.kind !== "text" || column.numeric > 0 || column.missing > 0 || table.rows < 3) continue;
    const seen = new Set<string>();
    while (seen.size < Math.min(table.rows, 1000) && /\d/.test(column.cell(seen.size)!) && !seen.has(column.cell(seen.size)!))
      seen.add(column.cell(seen.size)!);
    if (seen.size === Math.min(table.rows, 1000)) return { column: name, cell: column.cell(0)! };
  }
  return null;
}

function missingTime(table: Table, row: number, column: string): DataError {
  const line = table.lines.get(row);
  const message = `${table.lineWord} ${line} of ${shortName(table.file)} has no ${column}.`;
  return new DataError("missing_time", message, "Every row needs its time.", { ...placeOf(table.file), line, column });
}
