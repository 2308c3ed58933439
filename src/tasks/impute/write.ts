// The filled table as text: columns and rows in their order, cells that were there as they were.

import { DataError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import { placeOf } from "../../data/table.js";
import type { Table } from "../../data/types.js";
import { type Grid, largestIn } from "./grid.js";

/** A JavaScript string holds 2^29 characters. */
const mostCharacters = 500_000_000;
const measuredRows = 1000;

/**
 * A table is written as one text at the end, so its length is judged at the beginning: holes will be as long as other cells.
 * @throws DataError `table_too_long`
 */
export function refuseTooLong(table: Pick<Table, "rows" | "names" | "columns" | "file">): void {
  const every = Math.max(1, Math.floor(table.rows / measuredRows));
  let [cells, characters] = [0, 0];
  for (let row = 0; row < table.rows; row += every) {
    for (const name of table.names) {
      const cell = table.columns[name]!.cell(row);
      if (cell !== null) [cells, characters] = [cells + 1, characters + cell.length];
    }
  }
  const length = table.rows * table.names.length * (1 + characters / Math.max(1, cells));
  if (length <= mostCharacters) return;
  const [megabytes, most] = [length, mostCharacters].map((count) => Math.round(count / 1e6));
  const message = `${shortName(table.file)} is about ${megabytes} MB of text; tables of at most ${most} MB are filled.`;
  throw new DataError("table_too_long", message, "Split it, by series or by time.", placeOf(table.file));
}

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
