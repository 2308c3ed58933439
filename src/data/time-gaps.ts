// How long each row comes after the one before, for cells that read uneven times.

import type { Series } from "./types.js";

/**
 * Time since the row before, in typical steps (the median gap is 1): the input `dt` of every cell that asks for it. The first row
 * has 1. On a regular grid all are 1, but for months and working days, which are of different lengths.
 *
 * @example  const dt = timeGaps(sales);
 */
export function timeGaps({ values, timeAt }: Pick<Series, "values" | "timeAt">): Float64Array {
  const gaps = Float64Array.from(values, (_, i) => (i === 0 ? Number.NaN : timeAt(i) - timeAt(i - 1)));
  const sorted = gaps.slice(1).sort();
  const typical = sorted[sorted.length >> 1] ?? 1;
  return gaps.map((gap) => (Number.isNaN(gap) || typical === 0 ? 1 : gap / typical));
}
