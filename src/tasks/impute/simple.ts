// The simple ways to fill holes: the column's mean, the last value, a straight line between neighbours in time.

import type { Grid } from "./grid.js";
import type { SimpleFill } from "./types.js";

/**
 * Fills every cell that is not visible, [rows, names]; visible ones stay. Before the first and after the last visible value of a sequence
 * the nearest one counts; where a sequence has none, the column's mean.
 */
export function fillSimply(grid: Grid, known: Float64Array, mean: Float64Array): Record<SimpleFill, Float64Array> {
  const size = grid.names.length;
  const filled = { mean: known.slice(), last: known.slice(), linear: known.slice() };
  for (const rows of grid.sequences)
    for (let column = 0; column < size; column++) {
      const seen = Array.from(rows.keys()).filter((place) => !Number.isNaN(known[rows[place]! * size + column]!));
      const value = (place: number): number => known[rows[place]! * size + column]!;
      let next = 0;
      for (let place = 0; place < rows.length; place++) {
        const cell = rows[place]! * size + column;
        if (seen[next] === place) next++;
        if (!Number.isNaN(known[cell]!)) continue;
        filled.mean[cell] = mean[column]!;
        const [before, after] = [seen[next - 1], seen[next]];
        if (before === undefined || after === undefined) {
          const nearest = before ?? after;
          filled.last[cell] = nearest === undefined ? mean[column]! : value(nearest);
          filled.linear[cell] = filled.last[cell]!;
          continue;
        }
        filled.last[cell] = value(before);
        const [from, to] = [grid.at[rows[before]!]!, grid.at[rows[after]!]!];
        const share = to > from ? (grid.at[rows[place]!]! - from) / (to - from) : 0.5;
        filled.linear[cell] = value(before) + share * (value(after) - value(before));
      }
    }
  return filled;
}
