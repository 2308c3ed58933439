// Stretches of a filled table to look at: of the columns with the most holes, the series with the most of them.

import type { Table } from "../../data/types.js";
import { type Grid, rowText } from "./grid.js";
import type { FillExample } from "./types.js";

const mostColumns = 4;
const mostRows = 160;

/** @param filled  [rows, names] in the units of the columns */
export function examplesOf(
  table: Table,
  { grid, id, time }: { readonly grid: Grid; readonly id: string | null; readonly time: string | null },
  filled: Float64Array,
): FillExample[] {
  const size = grid.names.length;
  const [idOf, timeOf] = [rowText(table, id), rowText(table, time)];
  const isHole = (row: number, column: number): boolean => Number.isNaN(grid.values[row * size + column]!);
  const holes = grid.names.map((_, column) => Array.from({ length: grid.rows }, (_, row) => Number(isHole(row, column))).reduce(sum, 0));
  const columns = [...holes.keys()].filter((column) => holes[column]! > 0 && holes[column]! < grid.rows);
  columns.sort((a, b) => holes[b]! - holes[a]!);
  return columns.slice(0, mostColumns).map((column) => {
    const counts = grid.sequences.map((rows) => {
      const missing = rows.reduce((count, row) => count + Number(isHole(row, column)), 0);
      return Math.min(missing, rows.length - missing);
    });
    const sequence = grid.sequences[counts.indexOf(counts.reduce((most, each) => Math.max(most, each), 0))]!;
    const first = Math.max(0, sequence.findIndex((row) => isHole(row, column)) - mostRows / 4);
    const rows = [...sequence.slice(first, first + mostRows)];
    return {
      column: grid.names[column]!,
      id: idOf(rows[0]!),
      points: rows.map((row) => {
        const value = filled[row * size + column]!;
        return { time: timeOf(row) ?? String(row + 1), value: Number.isNaN(value) ? null : value, isFilled: isHole(row, column) };
      }),
    };
  });
}

function sum(a: number, b: number): number {
  return a + b;
}
