// Season taken out and put back: the 90 % autocorrelation test and classical multiplicative decomposition of the M competitions.

import { autocorrelations, removeTrend } from "../../../data/season.js";

/** A series without its season. */
export interface Adjusted {
  readonly values: Float64Array;
  readonly isSeasonal: boolean;
  /** Forecasts of the adjusted series with the season put back. */
  restore(forecast: Float64Array): Float64Array;
}

/** One-sided 95 %, two-sided 90 % point of the normal distribution, as in the M4 benchmarks. */
const critical = 1.645;

const known = new WeakMap<Float64Array, Map<number, Adjusted>>();

/**
 * Divides the season out if there is one: three seasons at least, and an autocorrelation at the season that white noise
 * with the shorter lags' correlations has one time in ten (Bartlett). Values that are not all positive are adjusted by
 * differences, since a ratio to a level near zero means nothing. Several methods ask for the same values: the answer is
 * remembered as long as they live.
 */
export function deseasonalise(values: Float64Array, season: number): Adjusted {
  const before = known.get(values) ?? new Map<number, Adjusted>();
  const found = before.get(season) ?? adjust(values, season);
  known.set(values, before.set(season, found));
  return found;
}

function adjust(values: Float64Array, season: number): Adjusted {
  if (!isSeasonal(values, season)) return { values, isSeasonal: false, restore: (forecast) => forecast };
  const isPositive = values.every((value) => Number.isNaN(value) || value > 0);
  const indices = seasonalIndices(values, season, isPositive);
  const indexOf = (row: number): number => indices[row % season]!;
  const adjusted = values.map((value, i) => (isPositive ? value / indexOf(i) : value - indexOf(i)));
  const restore = (forecast: Float64Array): Float64Array =>
    forecast.map((value, h) => (isPositive ? value * indexOf(values.length + h) : value + indexOf(values.length + h)));
  return { values: adjusted, isSeasonal: true, restore };
}

/** Whether the autocorrelation at one season exceeds what chance gives with the correlations at the lags before it. */
export function isSeasonal(values: Float64Array, season: number): boolean {
  if (season < 2 || values.length < 3 * season) return false;
  const correlations = autocorrelations(values, season);
  let sum = 1;
  for (let lag = 1; lag < season; lag++) sum += 2 * correlations[lag]! ** 2;
  return Math.abs(correlations[season]!) > (critical / Math.sqrt(values.length)) * Math.sqrt(sum);
}

/**
 * Means by row of the season of value over (or minus) the centred moving average, with mean 1 (or 0). A row of the season
 * that was never observed with its average counts as neutral.
 */
export function seasonalIndices(values: Float64Array, season: number, isRatio: boolean): Float64Array {
  const rest = removeTrend(values, season);
  const [sums, counts] = [new Float64Array(season), new Float64Array(season)];
  rest.forEach((value, i) => {
    const index = isRatio ? values[i]! / (values[i]! - value) : value;
    if (!Number.isFinite(index)) return;
    sums[i % season]! += index;
    counts[i % season]!++;
  });
  const neutral = isRatio ? 1 : 0;
  const indices = sums.map((sum, i) => (counts[i] === 0 ? neutral : sum / counts[i]!));
  const mean = indices.reduce((sum, value) => sum + value, 0) / season;
  return indices.map((value) => (isRatio ? value / mean : value - mean));
}
