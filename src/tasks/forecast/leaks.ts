// Warnings of columns beside the target that know it too well: what they know is not there when a forecast is needed.

import { findLeakHints } from "../../data/leak-hints.js";
import type { Series } from "../../data/types.js";
import type { Warning } from "./run-plan.js";

/** Rows that are looked at, over all series: a leak is one in every row. */
const mostRows = 100_000;

/** One warning per column that holds the target, holds it some rows early, or follows it. */
export function leakWarnings(members: readonly Series[]): Warning[] {
  const [first] = members;
  if (first === undefined || first.past.length + first.future.length === 0) return [];
  const starts: number[] = [];
  let rows = 0;
  for (const { values } of members) {
    if (rows >= mostRows) break;
    starts.push(rows);
    rows += Math.min(values.length, mostRows - rows);
  }
  const groups = starts.map((start, n) => {
    const length = (starts[n + 1] ?? rows) - start;
    return { id: null, rows: { length, get: (i: number) => start + i } };
  });
  // Rows are asked for series by series: the series of the last one is nearly always that of the next.
  let n = 0;
  const column = (name: string, valueAt: (series: Series, row: number) => number): { name: string; get(row: number): number } => ({
    name,
    get(row) {
      while (row < starts[n]!) n--;
      while (n + 1 < starts.length && row >= starts[n + 1]!) n++;
      return valueAt(members[n]!, row - starts[n]!);
    },
  });
  const beside = (["past", "future"] as const).flatMap((kind) =>
    first[kind].map(({ name }, k) => column(name, (series, row) => series[kind][k]!.get(row))),
  );
  const target = column(first.name, (series, row) => series.values[row]!);
  return findLeakHints(target, beside, groups).map(({ code, message }) => ({ code, message }));
}
