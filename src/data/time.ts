// Times as people write them, read as UTC milliseconds: ISO, months, quarters, slashes in either order, epochs.

/** The finest unit a column is written in; forecasts are printed in the same. */
export type Precision = "year" | "quarter" | "month" | "day" | "minute" | "second" | "number";

export interface ParsedTime {
  /** Milliseconds since 1970 in UTC; times without a zone are taken as UTC. */
  readonly ms: number;
  readonly precision: Precision;
}

export type DateOrder = "dmy" | "mdy";

const clock = "(?:[T ]+(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?\\s*(Z|[+-]\\d{2}:?\\d{2})?)?";
const iso = new RegExp(`^(\\d{4})[-/](\\d{1,2})(?:[-/](\\d{1,2})${clock})?$`);
const slashed = new RegExp(`^(\\d{1,2})([/.-])(\\d{1,2})\\2(\\d{4}|\\d{2})${clock}$`);
const quarter = /^(\d{4})[- ]?Q([1-4])$/i;
const monthCode = /^(\d{4})M(\d{1,2})$/i;
const monthFirst = /^([A-Za-z]{3,9})\.?[- ](\d{4})$/;
const monthLast = /^(\d{4})[- ]([A-Za-z]{3,9})\.?$/;
const clockOnly = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;
const monthNames = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** Reads one cell; `order` is needed where slashes leave day and month open (dots put the day first). */
export function parseTime(cell: string, order: DateOrder | null): ParsedTime | null {
  const text = cell.trim();
  const ymd = iso.exec(text);
  if (ymd !== null) {
    if (ymd[3] === undefined) return dated(Number(ymd[1]), Number(ymd[2]), 1, "month");
    return withClock(dated(Number(ymd[1]), Number(ymd[2]), Number(ymd[3]), "day"), ymd.slice(4, 9));
  }
  const parts = slashed.exec(text);
  if (parts !== null) {
    const [first, second] = [Number(parts[1]), Number(parts[3])];
    const dayFirst = parts[2] === "." || order !== "mdy";
    const date = dated(fullYear(parts[4]!), dayFirst ? second : first, dayFirst ? first : second, "day");
    return withClock(date, parts.slice(5, 10));
  }
  return parseNamed(text);
}

/** Whether this is a date or time by its form alone; plain numbers are not. */
export function looksLikeTime(cell: string): boolean {
  return parseTime(cell, "dmy") !== null || parseTime(cell, "mdy") !== null;
}

/** Whether this is a time of day, as in a column beside the date. */
export function looksLikeClock(cell: string): boolean {
  return clockOnly.test(cell);
}

export interface OrderFound {
  /** null if no cell is written with slashes, or if the order makes no difference. */
  readonly order: DateOrder | null;
  /** Index of a cell that only the other order explains, or of the first open one; -1 if all is well. */
  readonly ambiguous: number;
}

/** A first number above 12 puts the day first, a second one the month; without either the order stays open. */
export function findDateOrder(cells: readonly string[]): OrderFound {
  let open = -1;
  for (const [index, cell] of cells.entries()) {
    const parts = slashed.exec(cell);
    if (parts === null || parts[2] === ".") continue;
    const [first, second] = [Number(parts[1]), Number(parts[3])];
    if (first > 12) return { order: "dmy", ambiguous: -1 };
    if (second > 12) return { order: "mdy", ambiguous: -1 };
    if (open < 0 && first !== second) open = index;
  }
  return { order: null, ambiguous: open };
}

/** Numbers as times: years, compact dates (20240131), epochs in seconds or milliseconds; null if it is none of them. */
export function timeOfNumber(value: number): ParsedTime | null {
  if (Number.isInteger(value) && value >= 1000 && value <= 2999) return dated(value, 1, 1, "year");
  if (Number.isInteger(value) && value >= 10_000_101 && value <= 29_991_231) {
    return dated(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100, "day");
  }
  if (value >= 1e8 && value < 1e11) return { ms: Math.round(value * 1000), precision: "second" };
  return value >= 1e11 && value < 1e14 ? { ms: Math.round(value), precision: "second" } : null;
}

/** A time in ISO form, as fine as `precision`. */
export function formatTime(ms: number, precision: Precision): string {
  if (precision === "number") return String(ms);
  const date = new Date(ms);
  if (precision === "year") return date.toISOString().slice(0, 4);
  if (precision === "quarter") return `${date.getUTCFullYear()}-Q${1 + Math.floor(date.getUTCMonth() / 3)}`;
  const length = { month: 7, day: 10, minute: 16, second: 19 }[precision];
  return date.toISOString().slice(0, length);
}

/** Orders precisions from coarse to fine. */
export function finer(a: Precision, b: Precision): Precision {
  const order: readonly Precision[] = ["year", "quarter", "month", "day", "minute", "second", "number"];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

function parseNamed(text: string): ParsedTime | null {
  const q = quarter.exec(text);
  if (q !== null) return dated(Number(q[1]), Number(q[2]) * 3 - 2, 1, "quarter");
  const m = monthCode.exec(text);
  if (m !== null) return dated(Number(m[1]), Number(m[2]), 1, "month");
  const first = monthFirst.exec(text);
  if (first !== null) return dated(Number(first[2]), monthNumber(first[1]!), 1, "month");
  const last = monthLast.exec(text);
  return last === null ? null : dated(Number(last[1]), monthNumber(last[2]!), 1, "month");
}

/** 0 (no month) if the word is none; three letters are enough. */
function monthNumber(word: string): number {
  return 1 + monthNames.findIndex((name) => name.startsWith(word.toLowerCase()));
}

/** POSIX pivot: 69-99 are the 1900s, 00-68 the 2000s. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 4) return year;
  return year >= 69 ? 1900 + year : 2000 + year;
}

/** null where the calendar has no such day; Date.UTC would roll 30 February over into March. */
function dated(year: number, month: number, day: number, precision: Precision): ParsedTime | null {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  return { ms: Date.UTC(year, month - 1, day), precision };
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function withClock(date: ParsedTime | null, parts: readonly (string | undefined)[]): ParsedTime | null {
  const [hour, minute, second, fraction, zone] = parts;
  if (date === null || hour === undefined) return date;
  const [h, m, s] = [Number(hour), Number(minute), Number(second ?? 0)];
  // 24:00 is the ISO 8601 way to write midnight at the end of a day
  if (m > 59 || s > 60 || h > 24 || (h === 24 && m + s > 0)) return null;
  const milliseconds = fraction === undefined ? 0 : Math.round(Number(`0.${fraction}`) * 1000);
  const ms = date.ms + ((h * 60 + m) * 60 + s) * 1000 + milliseconds - zoneOffset(zone);
  return { ms, precision: second === undefined || (s === 0 && milliseconds === 0) ? "minute" : "second" };
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
