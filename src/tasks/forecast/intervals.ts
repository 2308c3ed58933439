// Forecast intervals from the errors made on rows that training did not see (split conformal prediction, Vovk et al. 2005).

import type { IntervalScores } from "./types.js";

/** Signed errors in levels (logarithms where the transform takes them), by step ahead, 0 for the next row. */
export interface Residual {
  readonly step: number;
  readonly error: number;
  /** First row of the forecast; null if the error shares nothing with any other. */
  readonly origin: number | null;
}

export interface Intervals {
  /** Half-widths in levels per step ahead. */
  readonly half80: readonly number[];
  readonly half95: readonly number[];
}

/** The predictive distribution around a forecast: errors in units of a scale that depends on the step. */
export interface Spread {
  /** Typical size of an error per step ahead, in levels; never shrinking. */
  readonly scale: readonly number[];
  /** Sizes of all errors over their scale, smallest first; an error is as likely above as below. */
  readonly sizes: readonly number[];
}

/** A quantile needs that many errors before it is one: 19 is the least for which 95 % is inside the sample. */
const leastErrors = 19;
/** Neighbouring steps are pooled until so many errors are together: a mean of sizes needs no more. */
const pooledErrors = 40;

/** The spread of forecast errors; null if there are too few to say so. */
export function spreadOf(residuals: readonly Residual[], horizon: number): Spread | null {
  if (residuals.length < leastErrors) return null;
  const scale: number[] = [];
  for (let step = 0; step < horizon; step++) {
    const pool = poolOf(residuals, step);
    const typical = pool.reduce((sum, error) => sum + Math.abs(error), 0) / pool.length;
    scale.push(Math.max(scale.at(-1) ?? 0, typical));
  }
  // An error at a step beyond the horizon is one of the last step.
  const sizes = residuals.map(({ step, error }) => {
    const own = scale[Math.min(step, horizon - 1)]!;
    return own > 0 ? Math.abs(error) / own : 0;
  });
  const widening = Math.sqrt(1 + 1 / countIndependent(residuals, horizon));
  return { scale: scale.map((size) => size * widening), sizes: sizes.sort((a, b) => a - b) };
}

/**
 * Errors of one forecast go up and down together, and so do those of forecasts whose horizons overlap: there are as many independent
 * ones as whole horizons fit between the first and the last origin. A new error differs from a centre and a scale known from m of them by
 * about the square root of 1 + 1/m more than from true ones (Student's prediction interval).
 */
function countIndependent(residuals: readonly Residual[], horizon: number): number {
  const origins = new Set(residuals.map(({ origin }) => origin));
  if (origins.has(null)) return Number.POSITIVE_INFINITY;
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const origin of origins) [first, last] = [Math.min(first, origin!), Math.max(last, origin!)];
  return Math.min(origins.size, 1 + (last - first) / horizon);
}

/**
 * Half-widths that held 80 and 95 % of the errors, per step ahead and never shrinking with it; null if there are too few
 * errors to say so.
 */
export function intervalsOf(residuals: readonly Residual[], horizon: number): Intervals | null {
  const spread = spreadOf(residuals, horizon);
  return spread && intervalsFrom(spread);
}

/** The two intervals of a spread. */
export function intervalsFrom(spread: Spread): Intervals {
  const half = (share: number): number[] => spread.scale.map((_, step) => halfWidth(spread, step, share));
  return { half80: half(0.8), half95: half(0.95) };
}

/** How far from the forecast a share of all values lies at this step, in levels. */
export function halfWidth(spread: Spread, step: number, share: number): number {
  return spread.scale[Math.min(step, spread.scale.length - 1)]! * quantile(spread.sizes, share);
}

/** Errors of this step and of neighbours, as near as gives enough of them. */
function poolOf(residuals: readonly Residual[], step: number): number[] {
  const byDistance = residuals
    .map(({ step: s, error }) => ({ distance: Math.abs(s - step), error }))
    .sort((a, b) => a.distance - b.distance);
  const reach = byDistance[Math.min(pooledErrors, byDistance.length) - 1]?.distance ?? 0;
  return byDistance.filter(({ distance }) => distance <= reach).map(({ error }) => error);
}

/** The (n + 1) share-th smallest of n sorted errors: covers a further exchangeable error with at least that share. */
function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.ceil((sorted.length + 1) * share);
  return sorted[Math.min(rank, sorted.length) - 1]!;
}

/** Most members of a predictive ensemble: quantiles evenly through the sizes. */
const mostMembers = 100;

/** Equally likely distances from the forecast at this step, in levels, both signs. */
export function membersAt(spread: Spread, step: number): number[] {
  const count = Math.min(mostMembers, spread.sizes.length);
  const scale = spread.scale[Math.min(step, spread.scale.length - 1)]!;
  return Array.from({ length: count }, (_, i) => {
    const size = spread.sizes[Math.floor(((i + 0.5) * spread.sizes.length) / count)]! * scale;
    return [-size, size];
  }).flat();
}

/**
 * Continuous ranked probability score of an observation under equally likely members:
 * mean |x - y| - mean |x - x'| / 2 (Gneiting & Raftery 2007).
 */
export function crpsOf(members: readonly number[], actual: number): number {
  const sorted = [...members].sort((a, b) => a - b);
  const n = sorted.length;
  const distance = sorted.reduce((sum, x) => sum + Math.abs(x - actual), 0) / n;
  // Σ over pairs |x - x'| of sorted members is Σ 2 (2 i - n + 1) x_i
  const spread = sorted.reduce((sum, x, i) => sum + 2 * (2 * i - n + 1) * x, 0) / (n * n);
  return distance - spread / 2;
}

/** Levels of the weighted quantile loss, as GluonTS and the M5 competition report it. */
export const quantileLevels: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Pinball loss of a quantile forecast (Koenker & Bassett 1978). */
export function pinball(actual: number, forecast: number, level: number): number {
  return Math.max(level * (actual - forecast), (level - 1) * (actual - forecast));
}

/** Share of the points inside, null without points. */
export function coverage(points: readonly { readonly actual: number; readonly lower: number; readonly upper: number }[]): number | null {
  if (points.length === 0) return null;
  return points.filter(({ actual, lower, upper }) => actual >= lower && actual <= upper).length / points.length;
}

export const noIntervalScores: IntervalScores = { crps: null, wql: null, coverage80: null, coverage95: null };
