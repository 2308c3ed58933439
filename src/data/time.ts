// Times as people write them, read as UTC milliseconds: ISO, months, quarters, slashes in either order, epochs.

import { monthNumber } from "./month-names.js";

/** The finest unit a column is written in; forecasts are printed in the same. */
export type Precision = "year" | "quarter" | "fiscal quarter" | "month" | "day" | "minute" | "second" | "millisecond" | "number";

export interface ParsedTime {
  /** Milliseconds since 1970 in UTC; times without a zone are taken as UTC. */
  readonly ms: number;
  readonly precision: Precision;
  /** Whether a zone is written with it. */
  readonly hasZone?: true;
  /** Whether it is written finer than to the millisecond, which is left out. */
  readonly isCut?: true;
}

export type DateOrder = "dmy" | "mdy";

const dayMs = 86_400_000;
const clock =
  "(?:,?[T ]+(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?\\s*([ap]\\.?m\\.?)?\\s*(Z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?)?)?";
const iso = new RegExp(`^(\\d{4})[-/](\\d{1,2})(?:[-/](\\d{1,2})${clock})?$`, "i");
const slashed = new RegExp(`^(\\d{1,2})([/.-])(\\d{1,2})\\2(\\d{4}|\\d{2})${clock}$`, "i");
const compact = /^(\d{4})(\d{2})(\d{2})[T ]?(\d{2})(\d{2})(\d{2})?(Z)?$/;
const hourOnly = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{1,2})$/;
const half = /^(?:(\d{4})[- ]?H([12])|H([12])[- ]?(\d{4}))$/i;
const quarter = /^(?:(\d{4})[- ]?Q([1-4])|Q([1-4])[- ]?(\d{4}))$/i;
/** Of a financial year, which is the one that is written, wherever it begins. */
const fiscalQuarter = /^(?:FY ?(\d{4}|\d{2})[- ]?Q([1-4])|Q([1-4])[- ]?FY ?(\d{4}|\d{2}))$/i;
const week = /^(\d{4})[- ]?(?:W|KW)(\d{1,2})(?:-?([1-7]))?$/i;
const weekFirst = /^(?:W|KW) ?(\d{1,2})[- /](\d{4})$/i;
const monthCode = /^(\d{4})[- ]?M(\d{1,2})$/i;
/** Two digits for the month: "1/2019" may be a quarter. */
const monthNumberFirst = /^(0[1-9]|1[0-2])[-/](\d{4})$/;
const monthFirst = /^(\p{L}{3,10})(?:\.?[- ](\d{4})|[- ](\d{2}))$/u;
const monthLast = /^(\d{4})[- ](\p{L}{3,10})\.?$/u;
const dayThenMonth = new RegExp(`^(\\d{1,2})\\.?[-/ ]*(\\p{L}{3,10})\\.?,?[-/ ]?(\\d{4}|\\d{2})${clock}$`, "iu");
const monthThenDay = new RegExp(`^(\\p{L}{3,10})\\.? (\\d{1,2}),? (\\d{4})${clock}$`, "iu");
/** "Monday, 4 March 2019", "Mon Mar 04 2019" say more than a date. */
const weekdayFirst = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?[.,]* (?=[\p{L}\d])/iu;
const clockOnly = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?$/i;
/** Reads one cell; `order` is needed where slashes leave day and month open (dots put the day first). */
export function parseTime(cell: string, order: DateOrder | null): ParsedTime | null {
  const text = cell.trim().replace(weekdayFirst, "");
  const ymd = iso.exec(text);
  if (ymd !== null) {
    if (ymd[3] === undefined) return dated(Number(ymd[1]), Number(ymd[2]), 1, "month");
    return withClock(dated(Number(ymd[1]), Number(ymd[2]), Number(ymd[3]), "day"), ymd.slice(4, 10));
  }
  const parts = slashed.exec(text);
  if (parts !== null) {
    const [first, second] = [Number(parts[1]), Number(parts[3])];
    const dayFirst = parts[2] === "." || order !== "mdy";
    const date = dated(fullYear(parts[4]!), dayFirst ? second : first, dayFirst ? first : second, "day");
    return withClock(date, parts.slice(5, 11));
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
export function findDateOrder(cells: Iterable<string | null>): OrderFound {
  let open = -1;
  let index = -1;
  for (const cell of cells) {
    index++;
    const parts = cell === null ? null : slashed.exec(cell);
    if (parts === null || parts[2] === ".") continue;
    const [first, second] = [Number(parts[1]), Number(parts[3])];
    if (first > 12) return { order: "dmy", ambiguous: -1 };
    if (second > 12) return { order: "mdy", ambiguous: -1 };
    if (open < 0 && first !== second) open = index;
  }
  return { order: null, ambiguous: open };
}

/** How fine a time that is kept in milliseconds is written, by what is not zero in it. */
export function precisionOf(ms: number): Precision {
  if (ms % 1000 !== 0) return "millisecond";
  return ms % 60_000 === 0 ? "minute" : "second";
}

/** Numbers as times: years, compact months and dates (202401, 20240131), epochs in seconds down to nanoseconds; null if it is none of them. */
export function timeOfNumber(value: number): ParsedTime | null {
  if (Number.isInteger(value) && value >= 1000 && value <= 2999) return dated(value, 1, 1, "year");
  if (Number.isInteger(value) && value >= 150_001 && value <= 259_912) {
    const month = dated(Math.floor(value / 100), value % 100, 1, "month");
    if (month !== null) return month;
  }
  if (Number.isInteger(value) && value >= 10_000_101 && value <= 29_991_231) {
    return dated(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100, "day");
  }
  for (const [least, perMs] of epochs) if (value >= least && value < 1000 * least) return instant(value / perMs);
  return null;
}

/** The least value of each kind of epoch (1973 and later), and how many of its units make a millisecond. */
const epochs: readonly (readonly [number, number])[] = [
  [1e8, 1e-3],
  [1e11, 1],
  [1e14, 1e3],
  [1e17, 1e6],
];

function instant(exact: number): ParsedTime {
  const ms = Math.round(exact);
  const precision = ms % 1000 === 0 ? "second" : "millisecond";
  // Epochs in nanoseconds are known to a quarter of a microsecond.
  return Math.abs(exact - ms) > 1e-3 ? { ms, precision, isCut: true } : { ms, precision };
}

/** A time in ISO form, as fine as `precision`. */
export function formatTime(ms: number, precision: Precision): string {
  if (precision === "number") return String(ms);
  const date = new Date(ms);
  // Beyond what a Date holds (the year 275,760) only the number is left.
  if (Number.isNaN(date.getTime())) return String(ms);
  const text = date.toISOString();
  const quarterOfYear = 1 + Math.floor(date.getUTCMonth() / 3);
  if (precision === "quarter") return `${date.getUTCFullYear()}-Q${quarterOfYear}`;
  if (precision === "fiscal quarter") return `FY${date.getUTCFullYear()} Q${quarterOfYear}`;
  const length = { year: 4, month: 7, day: 10, minute: 16, second: 19, millisecond: 23 }[precision];
  // Years past 9999 are written +010000: three characters more.
  return text.slice(0, length + text.length - 24);
}

/** Orders precisions from coarse to fine. */
export function finer(a: Precision, b: Precision): Precision {
  const order: readonly Precision[] = ["year", "quarter", "fiscal quarter", "month", "day", "minute", "second", "millisecond", "number"];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

function parseNamed(text: string): ParsedTime | null {
  const c = compact.exec(text);
  if (c !== null) {
    const clockParts = [c[4], c[5], c[6], undefined, undefined, c[7]];
    return withClock(dated(Number(c[1]), Number(c[2]), Number(c[3]), "day"), clockParts);
  }
  const hour = hourOnly.exec(text);
  if (hour !== null) return withClock(dated(Number(hour[1]), Number(hour[2]), Number(hour[3]), "day"), [hour[4], "0"]);
  const h = half.exec(text);
  if (h !== null) return dated(Number(h[1] ?? h[4]), Number(h[2] ?? h[3]) * 6 - 5, 1, "month");
  const q = quarter.exec(text);
  if (q !== null) return dated(Number(q[1] ?? q[4]), Number(q[2] ?? q[3]) * 3 - 2, 1, "quarter");
  const f = fiscalQuarter.exec(text);
  if (f !== null) return dated(fullYear(f[1] ?? f[4]!), Number(f[2] ?? f[3]) * 3 - 2, 1, "fiscal quarter");
  const w = week.exec(text);
  if (w !== null) return weekday(Number(w[1]), Number(w[2]), Number(w[3] ?? 1));
  const named = weekFirst.exec(text);
  if (named !== null) return weekday(Number(named[2]), Number(named[1]), 1);
  const dayFirst = dayThenMonth.exec(text);
  if (dayFirst !== null) {
    const date = dated(fullYear(dayFirst[3]!), monthNumber(dayFirst[2]!), Number(dayFirst[1]), "day");
    return withClock(date, dayFirst.slice(4, 10));
  }
  const daySecond = monthThenDay.exec(text);
  if (daySecond !== null) {
    const date = dated(Number(daySecond[3]), monthNumber(daySecond[1]!), Number(daySecond[2]), "day");
    return withClock(date, daySecond.slice(4, 10));
  }
  const m = monthCode.exec(text);
  if (m !== null) return dated(Number(m[1]), Number(m[2]), 1, "month");
  const numbered = monthNumberFirst.exec(text);
  if (numbered !== null) return dated(Number(numbered[2]), Number(numbered[1]), 1, "month");
  const first = monthFirst.exec(text);
  if (first !== null) return dated(fullYear(first[2] ?? first[3]!), monthNumber(first[1]!), 1, "month");
  const last = monthLast.exec(text);
  return last === null ? null : dated(Number(last[1]), monthNumber(last[2]!), 1, "month");
}

/** ISO 8601 weeks: the first holds 4 January; null for a 53rd week in a year that has 52. */
export function weekday(year: number, number: number, day: number): ParsedTime | null {
  const fourth = Date.UTC(year, 0, 4);
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs + (number - 1) * 7 * dayMs;
  if (number < 1 || new Date(monday + 3 * dayMs).getUTCFullYear() !== year) return null;
  return { ms: monday + (day - 1) * dayMs, precision: "day" };
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
  const [hour, minute, second, fraction, half, zone] = parts;
  if (date === null || hour === undefined) return date;
  const [m, s] = [Number(minute), Number(second ?? 0)];
  const h = half === undefined ? Number(hour) : hourOfHalf(Number(hour), half);
  // 24:00 is the ISO 8601 way to write midnight at the end of a day
  if (m > 59 || s > 60 || !(h <= 24) || (h === 24 && m + s > 0)) return null;
  const milliseconds = fraction === undefined ? 0 : Math.round(Number(`0.${fraction}`) * 1000);
  const ms = date.ms + ((h * 60 + m) * 60 + s) * 1000 + milliseconds - zoneOffset(zone);
  const precision = milliseconds > 0 ? "millisecond" : s > 0 ? "second" : "minute";
  const isCut = fraction !== undefined && /^\d{3}\d*[1-9]/.test(fraction);
  return { ms, precision, ...(zone === undefined ? {} : { hasZone: true }), ...(isCut ? { isCut } : {}) };
}

/** Hours of the twelve-hour clock: 12 am is midnight, 12 pm noon; NaN for 0 and 13. */
function hourOfHalf(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return Number.NaN;
  return (hour % 12) + (/^p/i.test(half) ? 12 : 0);
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || /^[a-z]+$/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", ""));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
