// Rows at the end of a table that sum it up or say where it is from: spreadsheets add them, and they are no measurement.

import { shownCell } from "./shown.js";
import { looksLikeTime } from "./time.js";
import type { Column, Table } from "./types.js";

/** Rows at the end among which totals are looked for. */
export const mostTotals = 3;

const words =
  /^(?:grand |sub)?(?:totals?|sums?|averages?|avg|means?|count)\b|^(?:gesamt|summe|insgesamt|mittelwert|durchschnitt|totale?|moyenne|somme|media|suma)\b/i;

/**
 * Rows before the totals and notes, and what those are called: a row counts as a total if a cell says so and its time is no time, as a
 * note if its only cell is a word where the time should stand.
 */
export function rowsBeforeTotals(table: Table, timeColumns: readonly Column[]): { rows: number; totals: readonly string[] } {
  const totals: string[] = [];
  let { rows } = table;
  while (rows > 1 && totals.length < mostTotals) {
    const row = rows - 1;
    const cells = table.names.map((name) => table.columns[name]!.cell(row)).filter((cell) => cell !== null);
    const word = cells.find((cell) => words.test(cell)) ?? noteOf(cells, table, [timeColumns[0]?.cell(row), timeColumns[0]?.cell(row - 1)]);
    const hasTime = timeColumns.every((column) => {
      const cell = column.cell(row);
      return cell !== null && cell !== word;
    });
    if (word === undefined || hasTime) break;
    totals.unshift(shownCell(word));
    rows--;
  }
  return { rows, totals };
}

function noteOf(cells: readonly string[], table: Table, [time, before]: readonly (string | null | undefined)[]): string | undefined {
  const [only] = cells;
  const isNote = cells.length === 1 && table.names.length > 1 && only === time && /\p{L}/u.test(only!);
  return isNote && !looksLikeTime(only!) && !isMistyped(only!, before) ? only : undefined;
}

/** A time with a slip of the hand, such as 2o20-01-01: more digits than letters, or the form of the time before it. */
function isMistyped(cell: string, before: string | null | undefined): boolean {
  const count = (of: RegExp): number => cell.match(of)?.length ?? 0;
  const form = (text: string): string => text.replace(/[\p{L}\d]/gu, "x");
  return count(/\d/g) > count(/\p{L}/gu) || (/\d/.test(cell) && form(cell) === form(before ?? ""));
}
