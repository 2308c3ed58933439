// Static columns: what is the same in all rows of a series and tells the series apart.

import { DataError } from "../base/errors.js";
import type { RowGroup } from "./rows.js";
import { columnOf, placeOf } from "./table.js";
import type { Column, StaticColumn, Table } from "./types.js";

/** A column of words with more different ones is a name of the series, not a group of them. */
const mostFoundCategories = 200;

/** So is one in which most series, of several, have a word of their own. */
function isName(words: number, series: number): boolean {
  return words > mostFoundCategories || (series > 2 && words === series) || (series >= 10 && 2 * words > series);
}

/** Columns outside `used` that are constant in every series, as far as they have values, and differ between some. */
export function findStatics(table: Table, groups: readonly RowGroup[], used: ReadonlySet<string>): Column[] {
  if (groups.length < 2) return [];
  return table.names
    .filter((name) => !used.has(name))
    .map((name) => table.columns[name]!)
    .filter((column) => {
      const cells = new Set<string | null>();
      for (const group of groups) {
        const cell = commonCell(column, group);
        if (cell === undefined) return false;
        cells.add(cell);
      }
      return cells.size > 1 && !(column.kind === "text" && isName(cells.size, groups.length));
    });
}

/**
 * Static columns by name.
 * @throws DataError `unknown_column`, `not_static`
 */
export function namedStatics(table: Table, groups: readonly RowGroup[], names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columnOf(table, name);
    const odd = groups.find((group) => commonCell(column, group) === undefined);
    if (odd === undefined) return column;
    const message = `${name} changes within ${odd.id ?? "the series"}: a static column is the same in all its rows.`;
    throw new DataError("not_static", message, "Name it with --past or --future.", { ...placeOf(table.file), column: name });
  });
}

/** Values of the columns, one per group, in the order of the groups. */
export function staticValues(columns: readonly Column[], groups: readonly RowGroup[]): StaticColumn[] {
  return columns.map((column): StaticColumn => {
    const cells = groups.map((group) => commonCell(column, group) ?? null);
    const { name } = column;
    if (column.kind === "number") {
      const values = Float64Array.from(groups, (group) => {
        const row = firstRow(column, group);
        return row < 0 ? Number.NaN : column.get(row);
      });
      return { name, kind: "number", values };
    }
    const categories = [...new Set(cells.filter((cell) => cell !== null))].sort();
    const places = new Map(categories.map((category, code) => [category, code]));
    return { name, kind: "category", categories, codes: Int32Array.from(cells, (cell) => (cell === null ? -1 : places.get(cell)!)) };
  });
}

/** The cell that all rows of a group share; null if all are missing, undefined if two differ. */
function commonCell(column: Column, { rows }: RowGroup): string | null | undefined {
  let common: string | null = null;
  for (let i = 0; i < rows.length; i++) {
    const cell = column.cell(rows.get(i));
    if (cell === null || cell === common) continue;
    if (common !== null) return undefined;
    common = cell;
  }
  return common;
}

function firstRow(column: Column, { rows }: RowGroup): number {
  for (let i = 0; i < rows.length; i++) if (column.cell(rows.get(i)) !== null) return rows.get(i);
  return -1;
}
