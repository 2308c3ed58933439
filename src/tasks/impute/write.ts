// The filled table as text: columns and rows in their order, cells that were there as they were.

import type { Table } from "../../data/types.js";
import { type Grid, largestIn } from "./grid.js";

/** CSV with the table's own delimiter and decimal mark; filled numbers have one digit more than the column. */
export function filledCsv(table: Table, grid: Grid, filled: Float64Array): string {
  const size = grid.names.length;
  const places = new Map(grid.names.map((name, column) => [name, column]));
  const columns = table.names.map((name) => {
    const column = table.columns[name]!;
    const place = places.get(name);
    const decimals = place === undefined ? 0 : decimalsOf(grid, place) + 1;
    return { column, place, decimals };
  });
  const quote = (text: string): string =>
    /["\r\n]/.test(text) || text.includes(table.delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
  // Between commas a column with commas inside of numbers is rare, and another column's "1,234" a thousand.
  const mark = table.delimiter === "," ? "." : table.decimal;
  const lines = [table.names.map(quote).join(table.delimiter)];
  for (let row = 0; row < table.rows; row++) {
    const cells = columns.map(({ column, place, decimals }) => {
      const text = column.cell(row);
      if (text !== null || place === undefined) return quote(localised(text ?? "", column.kind === "number", mark));
      // Totals at the end of a table are no rows of the grid.
      const value = filled[row * size + place] ?? Number.NaN;
      return Number.isNaN(value) ? "" : quote(localised(String(Number(value.toFixed(decimals))), true, mark));
    });
    lines.push(cells.join(table.delimiter));
  }
  return `${lines.join("\n")}\n`;
}

/** Digits after the point that the seen values of a column need, at most 8, or 8 significant ones of its largest value if that is small. */
function decimalsOf({ values, rows, names }: Grid, column: number): number {
  const largest = largestIn(values, names.length, column);
  const limit = Math.min(99, Math.max(8, 8 - Math.ceil(Math.log10(largest > 0 ? largest : 1))));
  let most = 0;
  for (let row = 0; row < rows && most < limit; row++) {
    const value = values[row * names.length + column]!;
    while (!Number.isNaN(value) && most < limit && Math.abs(Number(value.toFixed(most)) - value) > 1e-9 * Math.abs(value)) most++;
  }
  return most;
}

function localised(text: string, isNumber: boolean, decimal: "." | ","): string {
  return decimal === "," && isNumber ? text.replace(".", ",") : text;
}
