// Numbers that are times: years, compact dates and epochs; days as spreadsheets count them; years with a fraction, as R writes them.

import { type ParsedTime, timeOfNumber, weekday } from "./time.js";
import type { Column } from "./types.js";

/** Spreadsheets count days from 30 December 1899, so that 1 March 1900 is day 61 as in Lotus 1-2-3. */
const spreadsheetEpoch = Date.UTC(1899, 11, 30);

/** Reads one number as a time, null if it is none. */
export type NumberReader = (value: number) => ParsedTime | null;

/** The reading under which every number of the column is a time; null if there is none, and the numbers only order the rows. */
export function timeReader(column: Column, rows: number): NumberReader | null {
  const readers: NumberReader[] = /week|woche/i.test(column.name) ? [compactWeek, timeOfNumber] : [timeOfNumber];
  if (/date|day|datum|month|week/i.test(column.name)) readers.push(spreadsheetDay);
  if (/time|date|year|month|quarter|index/i.test(column.name)) readers.push(fractionOfYear(12), fractionOfYear(4));
  return readers.find((read) => fits(column, rows, read)) ?? null;
}

/** Increasing or not, every number must be a time, and at least two of them differ. */
export function hasTimeNumbers(column: Column, rows: number): boolean {
  return timeReader(column, rows) !== null && !isConstant(column, rows);
}

/** Whole years that follow each other, as the first column of a file without names has them. */
export function countsYears(column: Column): boolean {
  const [first, second] = [column.get(0), column.get(1)];
  const step = second - first;
  if (column.rows < 3 || column.numeric < column.rows || (step !== 1 && step !== -1)) return false;
  for (let row = 0; row < column.rows; row++) {
    const year = column.get(row);
    if (!(Number.isInteger(year) && year >= 1500 && year <= 2200 && year === first + row * step)) return false;
  }
  return true;
}

/** Whole numbers with one distance, each there once, in any order: 1, 2, 3 ... or 10, 20, 30. */
export function countsSteps(column: Column): boolean {
  const { rows } = column;
  if (rows < 3 || column.numeric < rows) return false;
  let [least, most] = [column.get(0), column.get(0)];
  for (let row = 1; row < rows; row++) [least, most] = [Math.min(least, column.get(row)), Math.max(most, column.get(row))];
  const step = (most - least) / (rows - 1);
  if (!(Number.isInteger(least) && Number.isInteger(step) && step >= 1)) return false;
  const seen = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const place = (column.get(row) - least) / step;
    if (!Number.isInteger(place) || seen[place] === 1) return false;
    seen[place] = 1;
  }
  return true;
}

/** The same, row after row in each series; these may lie in any order. */
export function countsInSeries(column: Column, idOf: (row: number) => string): boolean {
  const last = new Map<string, number>();
  let step = Number.NaN;
  for (let row = 0; row < column.rows; row++) {
    const [id, value] = [idOf(row), column.get(row)];
    const before = last.get(id);
    if (before !== undefined) {
      if (Number.isNaN(step)) step = value - before;
      if (value - before !== step) return false;
    }
    if (!Number.isInteger(value)) return false;
    last.set(id, value);
  }
  return Number.isInteger(step) && step >= 1;
}

function fits(column: Column, rows: number, read: NumberReader): boolean {
  for (let row = 0; row < rows; row++) {
    const value = column.get(row);
    if (!Number.isNaN(value) && read(value) === null) return false;
  }
  return true;
}

function isConstant(column: Column, rows: number): boolean {
  for (let row = 1; row < rows; row++) if (column.get(row) !== column.get(0)) return false;
  return true;
}

/** 1954 to 2119, a fraction being the time of day. */
function spreadsheetDay(value: number): ParsedTime | null {
  if (!(value >= 20_000 && value < 80_000)) return null;
  // Seconds are as fine as the fraction is written.
  const ms = spreadsheetEpoch + 1000 * Math.round(value * 86_400);
  return { ms, precision: Number.isInteger(value) ? "day" : ms % 60_000 === 0 ? "minute" : "second" };
}

/** 202407 is the seventh week of 2024 in a column of weeks. */
function compactWeek(value: number): ParsedTime | null {
  return Number.isInteger(value) && value >= 150_001 && value <= 259_953 ? weekday(Math.floor(value / 100), value % 100, 1) : null;
}

/** 1949.083 is the second month of 1949: fractions are twelfths (or quarters) to two decimals. */
function fractionOfYear(parts: 4 | 12): NumberReader {
  return (value) => {
    if (!(value >= 1000 && value < 3000)) return null;
    const part = Math.round(value * parts);
    if (Math.abs(value * parts - part) > 0.006 * parts) return null;
    const [year, place] = [Math.floor(part / parts), part - parts * Math.floor(part / parts)];
    return { ms: Date.UTC(year, (12 / parts) * place, 1), precision: parts === 12 ? "month" : "quarter" };
  };
}
