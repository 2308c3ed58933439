// What was found in a table, in plain sentences: for one series and for a panel.

import { counted } from "../base/words.js";
import { arePartsOfYear } from "./calendar-parts.js";
import { shortName } from "./decode.js";
import type { Laid } from "./lay.js";
import type { SeasonChoice } from "./season-choice.js";
import { shownCell } from "./shown.js";
import { cutWords, type Times, unreadTime } from "./time-column.js";
import type { Column, Series, SkippedSeries, Table } from "./types.js";

interface CommonFacts {
  readonly table: Table;
  readonly times: Times;
  readonly frequency: string;
  readonly season: SeasonChoice;
}

/** The sentences of a table that holds one series. */
export function foundInSeries(laid: Laid, k: number, { table, times, frequency, season }: CommonFacts): string[] {
  const { name, values, missing } = laid.targets[k]!;
  const { timeLabel, gaps, duplicates, ahead, before } = laid;
  const lines = [`${shortName(table.file)}: ${counted(table.rows, "row")}, target ${name}${headerWords(table)}`];
  const range = `${timeLabel(0)} to ${timeLabel(values.length - 1)}`;
  if (times.columns.length === 0) {
    lines.push(`no time column: rows are numbered, ${season.words}`);
    const unread = unreadTime(table);
    if (unread !== null) lines.push(`${unread.column} is not read: "${shownCell(unread.cell)}" is no time in a known form`);
  } else lines.push(`time ${times.columns.join(" + ")}: ${frequency}, ${range}, ${season.words}`);
  lines.push(...clockLines(times, frequency, laid.isClockChange ? 0 : duplicates));
  if (laid.isClockChange) lines.push(`${counted(duplicates, "time is", "times are")} there twice as clocks were set back: averaged`);
  if (gaps > 0) lines.push(`${counted(gaps, "step has", "steps have")} no row (first ${timeLabel(laid.firstGap)})`);
  if (missing > 0) lines.push(`${counted(missing, "value is", "values are")} missing`);
  if (gaps + missing > 0) lines.push("gaps are bridged where the network reads them; they are never scored");
  lines.push(...covariateLines(laid));
  if (before > 0) lines.push(`${counted(before, "row before the first value is", "rows before the first value are")} left out`);
  if (ahead > 0) {
    const what = laid.future.length > 0 ? "the known future" : `those have no ${name}, the forecast begins with the first of them`;
    lines.push(`${counted(ahead, "row")} after the last value: ${what}`);
  }
  return lines;
}

interface PanelFacts extends CommonFacts {
  readonly series: readonly Series[];
  readonly skipped: readonly SkippedSeries[];
  readonly columns: readonly Column[];
}

/** The sentences of a panel. */
export function foundInPanel({ table, times, frequency, season, series, skipped, columns }: PanelFacts): string[] {
  const targets = [...new Set(series.map((one) => one.name))];
  const ids = new Set(series.map((one) => one.id)).size;
  const lines = [
    `${shortName(table.file)}: ${counted(table.rows, "row")}, ${ids} series, target ${targets.join(", ")}${headerWords(table)}`,
  ];
  if (arePartsOfYear(series.map((one) => one.id ?? "")))
    lines.push("every column is taken for a series of its own: if they are one series, a year in each row, write a row for each value");
  const lengths = series.map((one) => one.values.length).sort((a, b) => a - b);
  const [least, most] = [lengths[0]!, lengths.at(-1)!];
  const size = least === most ? `${least} rows each` : `${least} to ${most} rows, half of them ${lengths[lengths.length >> 1]} or more`;
  if (times.columns.length === 0) lines.push(`no time column: rows are numbered, ${size}, ${season.words}`);
  else lines.push(`time ${times.columns.join(" + ")}: ${frequency}, ${size}, ${season.words}`);
  const total = (of: (one: Series) => number): number => series.reduce((sum, one) => sum + of(one), 0);
  lines.push(...clockLines(times, frequency, total((one) => one.duplicates) / targets.length));
  const [gaps, missing] = [total((one) => one.gaps) / targets.length, total((one) => one.missing)];
  if (gaps > 0) lines.push(`${counted(gaps, "step has", "steps have")} no row`);
  if (missing > 0) lines.push(`${counted(missing, "value is", "values are")} missing`);
  lines.push(...covariateLines(series[0]!));
  const early = series[0]!.future.length > 0 ? 0 : series.filter((one) => one.ahead > 0).length;
  if (early > 0) lines.push(`${counted(early, "series has", "series have")} rows without a value at the end: their forecasts begin there`);
  if (columns.length > 0) lines.push(`the same in all rows of a series: ${columns.map((column) => column.name).join(", ")}`);
  if (skipped.length > 0) lines.push(skippedWords(skipped));
  return lines;
}

/** "3 series are skipped, the first: A has 4 rows; 12 are needed." */
function skippedWords(skipped: readonly SkippedSeries[]): string {
  const first = skipped[0]!;
  const one = skipped.length === 1;
  return `${skipped.length} series ${one ? "is" : "are"} skipped${one ? "" : ", the first"}: ${first.id}: ${first.message}`;
}

function headerWords({ hasHeader }: Table): string {
  return hasHeader ? "" : " (no header: columns are c1, c2, ...)";
}

function clockLines(times: Times, frequency: string, duplicates: number): string[] {
  const lines: string[] = [];
  if (times.dateOrder !== null) lines.push(`dates are read ${times.dateOrder === "dmy" ? "day" : "month"} first`);
  if (times.totals.length > 0) lines.push(`left out, having no time: ${times.totals.join(", ")}`);
  if (times.isCut === true) lines.push(cutWords);
  if (frequency === "irregular") lines.push("the times follow no regular step: rows are taken in their order");
  if (duplicates > 0) lines.push(`${counted(duplicates, "row was", "rows were")} merged into others with the same time`);
  return lines;
}

function covariateLines({ past, future }: Pick<Series, "past" | "future">): string[] {
  const names = (columns: readonly { readonly name: string }[]): string => columns.map(({ name }) => name).join(", ");
  const lines: string[] = [];
  if (past.length > 0) lines.push(`known up to the end only: ${names(past)}`);
  if (future.length > 0) lines.push(`known ahead: ${names(future)}`);
  return lines;
}
