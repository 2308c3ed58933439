// One column in numbers: counts, quantiles, outliers, the commonest words.

import type { ColumnDescription, NumberSummary } from "./description.js";
import type { Column, Table } from "./types.js";

const mostDistinct = 100_000;
const mostSampled = 200_000;
const mostWords = 10;
const mostOutliersShown = 5;

/** Describes one column; `type` and `role` are decided by the caller. */
export function summariseColumn(
  table: Table,
  column: Column,
  { isTime, role }: { readonly isTime: boolean; readonly role: ColumnDescription["role"] },
): ColumnDescription {
  const counts = countCells(table.rows, column);
  const count = table.rows - column.missing;
  const isNumeric = column.kind === "number" && column.numeric > 0;
  const mostlyNumbers = column.kind === "text" && column.numeric > 0 && 2 * column.numeric >= count;
  const words = isNumeric || counts === null ? [] : [...counts].sort((a, b) => b[1] - a[1]).slice(0, mostWords);
  return {
    name: column.name,
    type: isTime ? "time" : isNumeric ? "number" : "text",
    role,
    count,
    missing: column.missing,
    distinct: counts?.size ?? null,
    isConstant: counts?.size === 1 && column.missing === 0,
    numbers: isNumeric || mostlyNumbers ? summariseNumbers(table, column) : null,
    words: words.map(([word, times]) => ({ word, count: times })),
    notNumbers: mostlyNumbers
      ? { count: count - column.numeric, line: table.lines.get(column.firstText), cell: column.cell(column.firstText)! }
      : null,
  };
}

/** How often each cell occurs; null if there are too many different ones to keep. */
function countCells(rows: number, column: Column): Map<string, number> | null {
  const counts = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const cell = column.cell(row);
    if (cell === null) continue;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
    if (counts.size > mostDistinct) return null;
  }
  return counts;
}

function summariseNumbers(table: Table, column: Column): NumberSummary {
  let [count, mean, squares, zeros, negative, isWhole] = [0, 0, 0, 0, 0, true];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  // Welford's running mean and squares: sums of millions of large values would lose the small ones.
  for (let row = 0; row < table.rows; row++) {
    const value = column.get(row);
    if (Number.isNaN(value)) continue;
    count++;
    const step = value - mean;
    mean += step / count;
    squares += step * (value - mean);
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zeros++;
    if (value < 0) negative++;
    isWhole &&= Number.isInteger(value);
  }
  const sorted = sortedSample(table.rows, column);
  const [q05, q25, median, q75, q95] = [0.05, 0.25, 0.5, 0.75, 0.95].map((share) => quantile(sorted, share));
  return {
    ...{
      mean,
      deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
      min,
      q05: q05!,
      q25: q25!,
      median: median!,
      q75: q75!,
      q95: q95!,
      max,
    },
    ...{ zeros, negative, isWhole },
    outliers: findOutliers(table, column, { q25: q25!, q75: q75! }),
  };
}

function sortedSample(rows: number, column: Column): Float64Array {
  const every = Math.ceil(rows / mostSampled);
  const sample: number[] = [];
  for (let row = 0; row < rows; row += every) {
    const value = column.get(row);
    if (!Number.isNaN(value)) sample.push(value);
  }
  return Float64Array.from(sample).sort();
}

/** Interpolated between neighbours, as numpy and R (type 7) do. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const [below, above] = [sorted[low] ?? Number.NaN, sorted[Math.min(low + 1, sorted.length - 1)] ?? Number.NaN];
  return below + (above - below) * (at - low);
}

function findOutliers(table: Table, column: Column, { q25, q75 }: { q25: number; q75: number }): NumberSummary["outliers"] {
  const reach = 3 * (q75 - q25);
  const first: { line: number; value: number }[] = [];
  let count = 0;
  // Half the values the same: every other value would be an outlier.
  if (reach === 0) return { count, first };
  for (let row = 0; row < table.rows; row++) {
    const value = column.get(row);
    if (!(value < q25 - reach || value > q75 + reach)) continue;
    count++;
    if (first.length < mostOutliersShown) first.push({ line: table.lines.get(row), value });
  }
  return { count, first };
}
