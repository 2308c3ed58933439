// Which columns could tell the series of a table apart, where times repeat.

import { headRows, isLeftOut } from "./left-column.js";
import { groupRows, mergeRows } from "./rows.js";
import type { Times } from "./time-column.js";
import type { Column, Table } from "./types.js";

/** Columns that tell the rows of one time apart, those of words first; none if no time repeats. */
export function idCandidates(whole: Table, all: Times): string[] {
  const { table, times } = knownRows(whole, all);
  if (!isRepeating(times)) return [];
  const telling = possibleIds(table, times).filter((column) => tellsApart([column], table, times));
  return telling.map((column) => column.name);
}

/** What to write after `--id`: the first of such columns, or two columns of words that do it together; null if there are none. */
export function idOf(whole: Table, all: Times, candidates: readonly string[] = idCandidates(whole, all)): string | null {
  const [one] = candidates;
  if (one !== undefined) return one;
  const { table, times } = knownRows(whole, all);
  if (!isRepeating(times)) return null;
  const words = possibleIds(table, times)
    .filter((column) => column.kind === "text")
    .slice(0, mostWords);
  const pairs = words.flatMap((a, i) => words.slice(i + 1).map((b) => [a, b]));
  const pair = pairs.find((columns) => tellsApart(columns, table, times));
  return pair?.map((column) => column.name).join(",") ?? null;
}

/** Rows that are there of every column, also of those that were left out. */
function knownRows(table: Table, times: Times): { readonly table: Table; readonly times: Times } {
  if (!table.names.some((name) => isLeftOut(table.columns[name]!))) return { table, times };
  return { table: { ...table, rows: headRows }, times: { ...times, rows: Math.min(times.rows, headRows) } };
}

function isRepeating(times: Times): boolean {
  return times.columns.length > 0 && times.firstBad < 0 && hasDuplicates([], times);
}

/** Columns of words that are tried in pairs. */
const mostWords = 5;

function possibleIds(table: Table, times: Times): Column[] {
  const columns = table.names.map((name) => table.columns[name]!).filter((column) => !times.columns.includes(column.name));
  const whole = columns.filter((column) => column.kind === "text" || isWhole(table, column));
  return whole.sort((a, b) => Number(a.kind === "number") - Number(b.kind === "number"));
}

function tellsApart(columns: readonly Column[], table: Table, times: Times): boolean {
  return 2 * groupRows(times.rows, columns, times).length <= table.rows && !hasDuplicates(columns, times);
}

function hasDuplicates(columns: readonly Column[], times: Times): boolean {
  return groupRows(times.rows, columns, times).some((group) => mergeRows(group.rows, times).duplicates > 0);
}

function isWhole(table: Table, column: Column): boolean {
  for (let row = 0; row < table.rows; row++) if (!Number.isInteger(column.get(row))) return false;
  return true;
}
