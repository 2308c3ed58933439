// Rows that repeat another one cell by cell: mostly a file joined to itself, or an export that ran twice.

import type { Table } from "./types.js";

/** Repeated rows. */
export interface DuplicateRows {
  /** Rows beyond the first of their kind. */
  readonly count: number;
  /** The first few: a line and the earlier one that it repeats. */
  readonly first: readonly { readonly line: number; readonly of: number }[];
}

const shownRows = 5;
/** Rows are compared by their text: more of them would need more memory than the table itself. */
const mostRows = 200_000;

/**
 * Counts rows whose cells all stand in an earlier row, among the first 200,000. Missing cells are alike, however they are
 * written.
 *
 * @example  duplicateRows(parseTable("a,b\n1,2\n1,2\n")).count   // 1
 */
export function duplicateRows(table: Table): DuplicateRows {
  const columns = table.names.map((name) => table.columns[name]!);
  const seen = new Map<string, number>();
  const first: { line: number; of: number }[] = [];
  let count = 0;
  for (let row = 0; row < Math.min(table.rows, mostRows); row++) {
    // A cell cannot hold these two characters, so different rows never look alike.
    const key = columns.map((column) => column.cell(row) ?? "\u0001").join("\u0000");
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, row);
    else {
      count++;
      if (first.length < shownRows) first.push({ line: table.lines.get(row), of: table.lines.get(earlier) });
    }
  }
  return { count, first };
}
