// Rows at the end of a table that sum it up: spreadsheets add them, and they are no measurement.

import type { Column, Table } from "./types.js";

/** Rows at the end among which totals are looked for. */
export const mostTotals = 3;

const words =
  /^(?:grand |sub)?(?:totals?|sums?|averages?|avg|means?|count)\b|^(?:gesamt|summe|insgesamt|mittelwert|durchschnitt|totale?|moyenne|somme|media|suma)\b/i;

/** Rows before the totals, and what those are called: a row counts as one if a cell says so and its time is no time. */
export function rowsBeforeTotals(table: Table, timeColumns: readonly Column[]): { rows: number; totals: readonly string[] } {
  const totals: string[] = [];
  let { rows } = table;
  while (rows > 1 && totals.length < mostTotals) {
    const row = rows - 1;
    const word = table.names.map((name) => table.columns[name]!.cell(row)).find((cell) => cell !== null && words.test(cell));
    const hasTime = timeColumns.every((column) => {
      const cell = column.cell(row);
      return cell !== null && !words.test(cell);
    });
    if (word === undefined || word === null || hasTime) break;
    totals.unshift(word);
    rows--;
  }
  return { rows, totals };
}
