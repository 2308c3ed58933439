// Forecast intervals from the errors made on rows that training did not see (split conformal prediction, Vovk et al. 2005).

import type { IntervalScores } from "./types.js";

/** Signed errors in levels (logarithms where the transform takes them), by step ahead, 0 for the next row. */
export interface Residual {
  readonly step: number;
  readonly error: number;
}

export interface Intervals {
  /** Half-widths in levels per step ahead. */
  readonly half80: readonly number[];
  readonly half95: readonly number[];
}

/** A quantile needs that many errors before it is one: 19 is the least for which 95 % is inside the sample. */
const leastErrors = 19;
/** Neighbouring steps are pooled until so many errors are together. */
const pooledErrors = 40;

/**
 * Half-widths that held 80 and 95 % of the errors, per step ahead and never shrinking with it; null if there are too few
 * errors to say so.
 */
export function intervalsOf(residuals: readonly Residual[], horizon: number): Intervals | null {
  if (residuals.length < leastErrors) return null;
  const half80: number[] = [];
  const half95: number[] = [];
  for (let step = 0; step < horizon; step++) {
    const pool = poolOf(residuals, step)
      .map(Math.abs)
      .sort((a, b) => a - b);
    half80.push(Math.max(half80.at(-1) ?? 0, quantile(pool, 0.8)));
    half95.push(Math.max(half95.at(-1) ?? 0, quantile(pool, 0.95)));
  }
  return { half80, half95 };
}

/** Errors of this step and of neighbours, as near as gives enough of them. */
export function poolOf(residuals: readonly Residual[], step: number): number[] {
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

/** Share of the points inside, null without points. */
export function coverage(points: readonly { readonly actual: number; readonly lower: number; readonly upper: number }[]): number | null {
  if (points.length === 0) return null;
  return points.filter(({ actual, lower, upper }) => actual >= lower && actual <= upper).length / points.length;
}

export const noIntervalScores: IntervalScores = { crps: null, coverage80: null, coverage95: null };
