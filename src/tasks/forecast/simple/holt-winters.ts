// Holt-Winters: level, damped or straight slope and a season, additive or multiplicative, smoothed together.

import { seasonStrength } from "../../../data/season.js";
import { isSeasonal, seasonalIndices } from "./deseasonalise.js";
import { damped as adjustedDamped, holt as adjustedHolt } from "./exponential.js";
import type { SimpleForecaster } from "./method.js";
import { minimise } from "./minimise.js";

/** Straight slope (Winters 1960). */
export const holtWinters: SimpleForecaster = winters(false);
/** Damped slope (Gardner & McKenzie 1989). */
export const dampedHoltWinters: SimpleForecaster = winters(true);

/** Weights need no more rows than this. */
const mostRows = 3000;

/** Without two seasons of rows, or without a season in them, it is Holt's method. */
function winters(isDamped: boolean): SimpleForecaster {
  return (past) => {
    const { values, season, horizon } = past;
    if (season < 2 || values.length < 2 * season + 1 || !hasSeason(values, season))
      return isDamped ? adjustedDamped(past) : adjustedHolt(past);
    const rows = values.subarray(Math.max(0, values.length - Math.max(mostRows, 6 * season)));
    const isPositive = rows.every((value) => Number.isNaN(value) || value > 0);
    const fits = (isPositive ? [true, false] : [false]).map((isRatio) => fit(rows, { season, isRatio, isDamped }));
    const best = fits.reduce((a, b) => (b.squares < a.squares ? b : a));
    return ahead(best, rows.length, horizon);
  };
}

/** The test of the M competitions sees no season beside a strong trend; the strength of the detrended season does. */
function hasSeason(values: Float64Array, season: number): boolean {
  return isSeasonal(values, season) || seasonStrength(values, season) > clearSeason;
}

/** Half of what the trend leaves. */
const clearSeason = 0.5;

interface States {
  readonly level: number;
  readonly slope: number;
  readonly phi: number;
  readonly indices: Float64Array;
  readonly isRatio: boolean;
  readonly squares: number;
}

/** Smoothing weights by least squared one-step errors, from first states of the classical decomposition (Hyndman et al. 2002). */
function fit(
  values: Float64Array,
  { season, isRatio, isDamped }: { readonly season: number; readonly isRatio: boolean; readonly isDamped: boolean },
): States {
  const first = firstStates(values, season, isRatio);
  const bounds = [
    { low: 1e-4, high: 0.9999, start: 0.2 },
    { low: 1e-4, high: 0.9999, start: 0.05 },
    { low: 1e-4, high: 0.9999, start: 0.1 },
    ...(isDamped ? [{ low: 0.8, high: 0.98, start: 0.95 }] : []),
  ];
  const start = { ...first, isRatio };
  // One array for all trials: a new one for each of hundreds takes longer than the recursion over a short series.
  const indices = new Float64Array(season);
  const states = (parameters: readonly number[]): States => filter(values, start, parameters, indices);
  return states(minimise(bounds, (parameters) => states(parameters).squares));
}

/** A line through the first seasons without their season. */
function firstStates(values: Float64Array, season: number, isRatio: boolean): { level: number; slope: number; indices: Float64Array } {
  const rows = values.subarray(0, Math.min(values.length, Math.max(5 * season, 10)));
  const indices = seasonalIndices(rows.length >= 2 * season ? rows : values, season, isRatio);
  const means = [0, 1].map((part) => {
    let [sum, count] = [0, 0];
    for (let i = part * season; i < (part + 1) * season; i++) {
      if (Number.isNaN(values[i])) continue;
      sum += isRatio ? values[i]! / indices[i % season]! : values[i]! - indices[i % season]!;
      count++;
    }
    return count === 0 ? Number.NaN : sum / count;
  });
  const [first = Number.NaN, second = Number.NaN] = means;
  const any = values.find((value) => !Number.isNaN(value)) ?? 0;
  const slope = Number.isFinite(second - first) ? (second - first) / season : 0;
  return { level: (Number.isFinite(first) ? first : any) - (slope * (season + 1)) / 2, slope, indices };
}

/** The recursion with the given weights; `indices` takes the season as it is after the last row. */
function filter(
  values: Float64Array,
  start: { readonly level: number; readonly slope: number; readonly indices: Float64Array; readonly isRatio: boolean },
  [alpha, share, seasonShare, phi = 1]: readonly number[],
  indices: Float64Array,
): States {
  const { isRatio } = start;
  let { level, slope } = start;
  indices.set(start.indices);
  const season = indices.length;
  const beta = alpha! * share!;
  const gamma = (1 - alpha!) * seasonShare!;
  let squares = 0;
  let place = -1;
  for (let i = 0; i < values.length; i++) {
    const base = level + phi * slope;
    place = place + 1 === season ? 0 : place + 1;
    const index = indices[place]!;
    slope *= phi;
    level = base;
    if (Number.isNaN(values[i])) continue;
    const e = values[i]! - (isRatio ? base * index : base + index);
    squares += e * e;
    level += (alpha! * e) / (isRatio ? index : 1);
    slope += (beta * e) / (isRatio ? index : 1);
    indices[place] = index + (gamma * e) / (isRatio ? base : 1);
  }
  return { level, slope, phi, indices, isRatio, squares };
}

function ahead({ level, slope, phi, indices, isRatio }: States, rows: number, horizon: number): Float64Array {
  let [reach, power] = [0, 1];
  return Float64Array.from({ length: horizon }, (_, h) => {
    power *= phi;
    reach += power;
    const index = indices[(rows + h) % indices.length]!;
    const base = level + reach * slope;
    return isRatio ? base * index : base + index;
  });
}
