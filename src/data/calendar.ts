// What the calendar says about every step, known as far ahead as one likes: time of day and year as circles, and holidays.

import { DataError } from "../base/errors.js";
import { covariate } from "./covariate.js";
import { RecentNumbers } from "./recent-numbers.js";
import { placeOf } from "./table.js";
import { daysInMonth } from "./time.js";
import { readTimes } from "./time-column.js";
import type { Covariate, Series, Table } from "./types.js";

/** A cycle of the calendar; each gives two columns, sine and cosine, so that its end meets its beginning. */
export type CalendarPart = (typeof calendarParts)[number];

/** Every cycle, the shortest first. */
export const calendarParts = ["minute", "hour", "weekday", "monthday", "month", "yearday"] as const;

/** Holidays by their day. */
export interface Holidays {
  /** Days since 1970 and the holiday's name. */
  readonly days: ReadonlyMap<number, string>;
}

/** What `calendarColumns` gives. */
export interface CalendarOptions {
  /** Unless given: the cycles that are longer than a step of the series and shorter than what it covers twice. */
  readonly parts?: readonly CalendarPart[];
  readonly holidays?: Holidays;
  /** Steps beyond the end: those of the series' known future. */
  readonly ahead?: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365.25 * dayMs;

interface Cycle {
  readonly lengthMs: number;
  /** Place in the cycle, 0 to below 1. */
  share(date: Date): number;
}

const cycles: Readonly<Record<CalendarPart, Cycle>> = {
  minute: { lengthMs: hourMs, share: (date) => (date.getUTCMinutes() * 60 + date.getUTCSeconds()) / 3600 },
  hour: { lengthMs: dayMs, share: (date) => (date.getTime() - startOfDay(date)) / dayMs },
  weekday: { lengthMs: 7 * dayMs, share: (date) => ((date.getUTCDay() + 6) % 7) / 7 },
  monthday: { lengthMs: 30 * dayMs, share: (date) => (date.getUTCDate() - 1) / daysInMonth(date.getUTCFullYear(), date.getUTCMonth() + 1) },
  month: { lengthMs: yearMs, share: (date) => date.getUTCMonth() / 12 },
  yearday: { lengthMs: yearMs, share: (date) => shareOfYear(date) },
};

function startOfDay(date: Date): number {
  return Math.floor(date.getTime() / dayMs) * dayMs;
}

function shareOfYear(date: Date): number {
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  return (startOfDay(date) - start) / (Date.UTC(date.getUTCFullYear() + 1, 0, 1) - start);
}

/**
 * Columns for every step of a series and `ahead` more; empty if its rows are only numbered. They are known-future columns.
 *
 * @example  const known = calendarColumns(sales, { holidays: readHolidays(await readTable("holidays.csv")) });
 */
export function calendarColumns(series: Series, options: CalendarOptions = {}): Covariate[] {
  if (series.timeColumns.length === 0 || series.frequency === "row") return [];
  const length = series.values.length + (options.ahead ?? series.ahead);
  const parts = options.parts ?? usefulParts(series);
  const columns = parts.flatMap((part) => circle(series, part, length));
  return options.holidays === undefined ? columns : [...columns, holidayColumn(series, length, options.holidays)];
}

/** A cycle as two columns. */
function circle(series: Series, part: CalendarPart, length: number): Covariate[] {
  const angles = new RecentNumbers({ length, get: (index) => 2 * Math.PI * cycles[part].share(new Date(series.timeAt(index))) });
  return [
    covariate(`${part} sin`, { length, get: (index) => Math.sin(angles.get(index)) }),
    covariate(`${part} cos`, { length, get: (index) => Math.cos(angles.get(index)) }),
  ];
}

/** The cycles that are longer than a step of the series and shorter than what it covers twice. */
export function usefulParts(series: Series): CalendarPart[] {
  const last = Math.max(1, series.values.length - 1);
  const [step, span] = [(series.timeAt(last) - series.timeAt(0)) / last, series.timeAt(last) - series.timeAt(0)];
  const useful = calendarParts.filter((part) => step < 0.6 * cycles[part].lengthMs && span >= 2 * cycles[part].lengthMs);
  // The year is told by its months where steps are months, by its days where they are finer.
  return useful.filter((part) => (step > 20 * dayMs ? part !== "yearday" && part !== "monthday" : part !== "month"));
}

/** Holidays within each step: 0 or 1 up to days, their number for weeks and months. */
function holidayColumn(series: Series, length: number, { days }: Holidays): Covariate {
  return covariate("holiday", {
    length,
    get(index) {
      const first = Math.floor(series.timeAt(index) / dayMs);
      const next = Math.floor(series.timeAt(index + 1) / dayMs);
      let found = 0;
      for (let day = first; day < Math.max(next, first + 1); day++) if (days.has(day)) found++;
      return found;
    },
  });
}

/**
 * Holidays from a table with a column of dates, and one of names if there is a second.
 *
 * @throws DataError `no_dates`, `bad_time`, `missing_time`, `ambiguous_dates`, `unknown_column`
 * @example  readHolidays(parseTable("date,name\n2024-12-25,Christmas\n2025-01-01,New Year\n"))
 */
export function readHolidays(table: Table, options: { readonly date?: string } = {}): Holidays {
  const times = readTimes(table, options.date === undefined ? {} : { time: options.date });
  if (times.columns.length === 0 || times.precision === "number") {
    throw new DataError(
      "no_dates",
      "the holidays have no column of dates.",
      "One date per row is needed, such as 2024-12-25.",
      placeOf(table.file),
    );
  }
  if (times.firstBad >= 0) throw times.problem(times.firstBad);
  const name = table.names.find((each) => !times.columns.includes(each));
  const days = new Map<number, string>();
  for (let row = 0; row < times.rows; row++) {
    days.set(Math.floor(times.ms.get(row) / dayMs), name === undefined ? "" : (table.columns[name]!.cell(row) ?? ""));
  }
  return { days };
}
