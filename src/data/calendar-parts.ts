// Times in several columns: year, month, day, hour, minute, second; year and quarter; year and week; a date and its hour.

import { monthNumber } from "./month-names.js";
import type { Column } from "./types.js";

const units: readonly string[] = ["year", "quarter", "week", "month", "day", "hour", "minute", "second"];
const chain = ["year", "month", "day", "hour", "minute", "second"];
const otherNames: Readonly<Record<string, string>> = {
  ...{ q: "quarter", qtr: "quarter", yr: "year", mo: "month" },
  ...{ jahr: "year", quartal: "quarter", woche: "week", kw: "week", monat: "month", tag: "day", stunde: "hour" },
};

/** Place of a column named after a part of the date, -1 if it is none. */
export function unitOf({ name }: Pick<Column, "name">): number {
  const word = name.trim().toLowerCase();
  return units.indexOf(Object.hasOwn(otherNames, word) ? otherNames[word]! : word);
}

/** Whether a cell names a month, quarter or week by more than its number: "March", "M03", "Q1", "W07". */
export function isPartWord(cell: string): boolean {
  return /^(?:[MQW]|KW) ?\d{1,2}$/i.test(cell) || monthNumber(cell.replace(/\.$/, "")) > 0;
}

/** The number of such a cell; of others the cell itself. */
function numberOf(cell: string): string {
  const month = monthNumber(cell.replace(/\.$/, ""));
  return month > 0 ? String(month) : cell.replace(/^(?:[MQW]|KW) ?(?=\d)/i, "");
}

/** The columns year, month, day ... as far as they are there, or year and quarter or week, in this order; else none. */
export function calendarParts(columns: readonly Column[], isPart: (column: Column) => boolean): string[] {
  const named = (unit: string): string | undefined => columns.find((column) => units[unitOf(column)] === unit && isPart(column))?.name;
  const found: string[] = [];
  for (const unit of chain) {
    const name = named(unit);
    if (name === undefined) break;
    found.push(name);
  }
  // "M01" to "M12" beside the year, as statistical offices write it
  const period = columns.find((column) => /^period$/i.test(column.name) && column.kind === "text" && isPart(column))?.name;
  const other = named("quarter") ?? named("week") ?? period;
  return found.length === 1 && other !== undefined ? [...found, other] : found;
}

/** Whether these are all months or all quarters of a year, as in tables with a row for each year. */
export function arePartsOfYear(names: readonly string[]): boolean {
  const months = new Set(names.map((name) => monthNumber(name.replace(/\.$/, ""))));
  const quarters = new Set(names.filter((name) => /^Q[1-4]$/i.test(name)).map((name) => name.toLowerCase()));
  months.delete(0);
  return months.size === 12 || quarters.size === 4;
}

/** Whether a column of numbers is the hour of days that stand in another: 0 to 23, or 1 to 24 where hours are named by their end. */
export function isHour(column: Column): boolean {
  if (!/^(?:hour|hr|he|hour[_ ](?:ending|of[_ ]day)|stunde)$/i.test(column.name.trim()) || column.numeric < column.rows) return false;
  for (let row = 0; row < column.rows; row++) {
    const hour = column.get(row);
    if (!(Number.isInteger(hour) && hour >= 0 && hour <= 24)) return false;
  }
  return true;
}

/** The cells of such columns as one time: "2020-02-29 13:00", "2020-Q3", "2020-W07". */
export function joinParts(columns: readonly Column[], cells: readonly string[]): string {
  const numbers = cells.map(numberOf);
  const last = columns.length === 2 ? units[unitOf(columns[1]!)] : undefined;
  if (last === "quarter") return numbers.join("-Q");
  const [year, month, day, hour, minute, second] = numbers.map((part) => part.padStart(2, "0"));
  if (last === "week") return `${year}-W${month}`;
  const date = [year, month, day].filter((part) => part !== undefined).join("-");
  if (hour === undefined) return date;
  return `${date} ${hour}:${minute ?? "00"}${second === undefined ? "" : `:${second}`}`;
}
