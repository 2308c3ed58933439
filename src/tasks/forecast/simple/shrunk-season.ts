// Damped smoothing of a series whose seasonal indices are shrunk: of few seasons with much noise, indices are too far apart.

import { seasonalIndices } from "./deseasonalise.js";
import type { Past } from "./method.js";
import { extrapolate, smooth } from "./smoothing.js";

/** Second differences of white noise have so many times its variance. */
const secondDifferences = 6;

/**
 * The damped line of the logarithms (of the values if they are not all positive) without their season, whose indices are moved towards none
 * by the estimator of James and Stein, as Miller & Williams 2003 do. No test decides whether there is a season: the shrinkage does.
 */
export function shrunkDamped({ values, season, horizon }: Past): Float64Array {
  const isPositive = values.every((value) => Number.isNaN(value) || value > 0);
  const levels = isPositive ? values.map(Math.log) : values;
  const indices = shrunkIndices(levels, season);
  const indexOf = (row: number): number => indices[row % season]!;
  const adjusted = levels.map((value, i) => value - indexOf(i));
  const ahead = extrapolate(smooth(adjusted, "damped"), horizon).map((value, h) => value + indexOf(values.length + h));
  return isPositive ? ahead.map(Math.exp) : ahead;
}

/** Additive indices [season], times 1 - (season - 3) V / sum of their squares, with V the variance of one of them; zeros with less than three seasons. */
export function shrunkIndices(levels: Float64Array, season: number): Float64Array {
  if (season < 2 || levels.length < 3 * season) return new Float64Array(season);
  const indices = seasonalIndices(levels, season, false);
  let [sum, count] = [0, 0];
  const at = (row: number): number => levels[row]! - indices[row % season]!;
  for (let i = 2; i < levels.length; i++) {
    const bend = at(i) - 2 * at(i - 1) + at(i - 2);
    if (Number.isNaN(bend)) continue;
    sum += bend * bend;
    count++;
  }
  const variance = count === 0 ? 0 : sum / count / secondDifferences / (levels.length / season);
  const squares = indices.reduce((total, index) => total + index * index, 0);
  const kept = squares === 0 ? 0 : Math.min(1, Math.max(0, 1 - ((season - 3) * variance) / squares));
  return indices.map((index) => kept * index);
}
