// Times in several columns of numbers: year, month, day, hour, minute, second; year and quarter; year and week.

import type { Column } from "./types.js";

const units: readonly string[] = ["year", "quarter", "week", "month", "day", "hour", "minute", "second"];
const chain = ["year", "month", "day", "hour", "minute", "second"];

/** Place of a column named after a part of the date, -1 if it is none. */
export function unitOf({ name }: Pick<Column, "name">): number {
  return units.indexOf(name.trim().toLowerCase());
}

/** The columns year, month, day ... as far as they are there, or year and quarter or week, in this order; else none. */
export function calendarParts(columns: readonly Column[], isNumeric: (column: Column) => boolean): string[] {
  const named = (unit: string): string | undefined => columns.find((column) => isNumeric(column) && units[unitOf(column)] === unit)?.name;
  const found: string[] = [];
  for (const unit of chain) {
    const name = named(unit);
    if (name === undefined) break;
    found.push(name);
  }
  const other = named("quarter") ?? named("week");
  return found.length === 1 && other !== undefined ? [...found, other] : found;
}

/** The cells of such columns as one time: "2020-02-29 13:00", "2020-Q3", "2020-W07". */
export function joinParts(columns: readonly Column[], cells: readonly string[]): string {
  const last = columns.length === 2 ? units[unitOf(columns[1]!)] : undefined;
  if (last === "quarter") return cells.join("-Q");
  const [year, month, day, hour, minute, second] = cells.map((cell) => cell.padStart(2, "0"));
  if (last === "week") return `${year}-W${month}`;
  const date = [year, month, day].filter((part) => part !== undefined).join("-");
  if (hour === undefined) return date;
  return `${date} ${hour}:${minute ?? "00"}${second === undefined ? "" : `:${second}`}`;
}
