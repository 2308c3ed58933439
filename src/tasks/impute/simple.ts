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
      const seen = seenIn(rows, known, { size, column });
      let next = 0;
      for (let place = 0; place < rows.length; place++) {
        const cell = rows[place]! * size + column;
        if (seen[next] === place) next++;
        if (!Number.isNaN(known[cell]!)) continue;
        filled.mean[cell] = mean[column]!;
        const { last, linear } = between(grid, known, { rows, column, place, before: seen[next - 1], after: seen[next] });
        filled.last[cell] = last ?? mean[column]!;
        filled.linear[cell] = linear ?? mean[column]!;
      }
    }
  return filled;
}

/** Sums of the absolute errors of the simple ways by column, when each visible value in turn is taken out and filled from the others. */
export function simpleErrors(
  grid: Grid,
  known: Float64Array,
): { readonly errors: Readonly<Record<SimpleFill, Float64Array>>; readonly counts: Float64Array } {
  const size = grid.names.length;
  const make = (): Float64Array => new Float64Array(size);
  const [errors, sums, counts] = [{ mean: make(), last: make(), linear: make() }, make(), make()];
  known.forEach((value, cell) => {
    if (Number.isNaN(value)) return;
    sums[cell % size]! += value;
    counts[cell % size]! += 1;
  });
  for (const rows of grid.sequences)
    for (let column = 0; column < size; column++) {
      const seen = seenIn(rows, known, { size, column });
      seen.forEach((place, index) => {
        const value = known[rows[place]! * size + column]!;
        const mean = (sums[column]! - value) / Math.max(1, counts[column]! - 1);
        const { last, linear } = between(grid, known, { rows, column, place, before: seen[index - 1], after: seen[index + 1] });
        errors.mean[column]! += Math.abs(mean - value);
        errors.last[column]! += Math.abs((last ?? mean) - value);
        errors.linear[column]! += Math.abs((linear ?? mean) - value);
      });
    }
  return { errors, counts };
}

/** Places of a sequence at which a column is visible. */
function seenIn(rows: Int32Array, known: Float64Array, { size, column }: { readonly size: number; readonly column: number }): number[] {
  return Array.from(rows.keys()).filter((place) => !Number.isNaN(known[rows[place]! * size + column]!));
}

interface Gap {
  readonly rows: Int32Array;
  readonly column: number;
  readonly place: number;
  /** Places of the visible neighbours. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** What the neighbours say of a place; null if there is none. */
function between(
  { names, at }: Grid,
  known: Float64Array,
  { rows, column, place, before, after }: Gap,
): { readonly last: number | null; readonly linear: number | null } {
  const value = (each: number): number => known[rows[each]! * names.length + column]!;
  if (before === undefined || after === undefined) {
    const nearest = before ?? after;
    const only = nearest === undefined ? null : value(nearest);
    return { last: only, linear: only };
  }
  const [from, to] = [at[rows[before]!]!, at[rows[after]!]!];
  const share = to > from ? (at[rows[place]!]! - from) / (to - from) : 0.5;
  return { last: value(before), linear: value(before) + share * (value(after) - value(before)) };
}
