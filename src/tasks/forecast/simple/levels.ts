// Levels as regressions read them: without a hole, in a unit of their own, and their changes.

import { filled } from "./fill.js";
import type { Past } from "./method.js";

/** Levels in units of the largest, and the way back to values. */
export interface UnitLevels {
  readonly levels: Float64Array;
  toValue(level: number): number;
}

/**
 * The last `rows` levels, gaps filled; logarithms if the task takes them. In units of the largest: squares of very large or small values
 * would overflow or vanish.
 */
export function unitLevels({ values, season, log }: Past, rows: number): UnitLevels {
  const read = filled(log ? values.map(Math.log) : values, season).slice(-rows);
  const largest = read.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return {
    levels: read.map((value) => value / largest),
    toValue: (level) => (log ? Math.exp(level * largest) : level * largest),
  };
}

/** Values minus those `lag` rows before, from the first row that has one. */
export function changesOf(values: Float64Array, lag: number): Float64Array {
  return values.slice(lag).map((value, i) => value - values[i]!);
}
