// Forecast intervals from the errors made on rows that training did not see (split conformal prediction, Vovk et al. 2005).

import { sizeAt, usuallyApart } from "./apart.js";
import { normalQuantile } from "./network/distributions/special.js";
import { studentQuantile } from "./network/distributions/student.js";
import { independentOrigins } from "./origins.js";
import type { IntervalScores } from "./types.js";

/** Signed errors in levels (logarithms where the transform takes them), by step ahead, 0 for the next row. */
export interface Residual {
  readonly step: number;
  readonly error: number;
  /** First row of the forecast; null if the error shares nothing with any other. */
  readonly origin: number | null;
  /** How far the members were apart; null or left out if that says nothing about the size of the error. */
  readonly apart?: number | null;
}

export interface Intervals {
  /** Half-widths in levels per step ahead. */
  readonly half80: readonly number[];
  readonly half95: readonly number[];
  /** How far the members are apart where they are that wide; null if the width does not depend on it. */
  readonly apart: number | null;
}

/** The predictive distribution around a forecast: errors in units of a scale that depends on the step. */
export interface Spread {
  /** Typical size of an error per step ahead, in levels; never shrinking. */
  readonly scale: readonly number[];
  /** Sizes of all errors over their scale, smallest first; an error is as likely above as below. */
  readonly sizes: readonly number[];
  /** The share of further errors that each size holds, growing to less than 1. */
  readonly shares: readonly number[];
  /** How far the members are apart where errors have these sizes; null if it does not matter. */
  readonly apart: number | null;
}

/** A quantile needs that many errors before it is one: 19 is the least for which 95 % is inside the sample. */
const leastErrors = 19;
/** Neighbouring steps are pooled until so many errors are together: a mean of sizes needs no more. */
const pooledErrors = 40;
/** Errors of the first horizon count for so much less than those of the last. */
const ageing = 2;
/** Degrees of freedom for each independent origin: the errors of one are not all the same. */
const freedomPerOrigin = 2;

/** An error with what it counts for: 1 for the newest. */
interface Aged extends Residual {
  readonly weight: number;
}

/** The spread of forecast errors; null if there are too few to say so. Newer errors count for more (Barber et al. 2023). */
export function spreadOf(residuals: readonly Residual[], horizon: number): Spread | null {
  if (residuals.length < leastErrors) return null;
  const apart = usuallyApart(residuals);
  const relative =
    apart === null ? residuals : residuals.map((each) => ({ ...each, error: each.error / sizeAt(each.apart ?? null, apart) }));
  const aged = agedOf(relative, horizon);
  const scale: number[] = [];
  for (let step = 0; step < horizon; step++) scale.push(Math.max(scale.at(-1) ?? 0, meanSize(poolOf(aged, step))));
  const sized = aged.map((each) => {
    // An error at a step beyond the horizon is one of the last step.
    const own = scale[Math.min(each.step, horizon - 1)]!;
    return { ...each, error: own > 0 ? Math.abs(each.error) / own : 0 };
  });
  const independent = countIndependent(aged, horizon);
  sized.sort((a, b) => a.error - b.error);
  const total = sized.reduce((sum, { weight }) => sum + weight, 0);
  let held = 0;
  // A further error counts as much as the newest one, and may be larger than all.
  const shares = sized.map(({ weight }) => {
    held += weight;
    return held / (total + 1);
  });
  const stretch = stretchOf(freedomPerOrigin * independent);
  return { scale, sizes: sized.map(({ error }, i) => error * stretch(shares[i]!)), shares, apart };
}

/**
 * Every horizon back from the last origin counts alike, but for its age, however many origins lie in it: where they lie close their errors
 * are nearly the same.
 */
function agedOf(residuals: readonly Residual[], horizon: number): Aged[] {
  const last = lastOrigin(residuals);
  const first = residuals.reduce((least, { origin }) => Math.min(least, origin ?? 0), last);
  const crowds = new Map<number, number>();
  for (const origin of new Set(residuals.map(({ origin }) => origin))) {
    if (origin === null) continue;
    const block = blockOf(origin, last, horizon);
    crowds.set(block, (crowds.get(block) ?? 0) + 1);
  }
  const weights = residuals.map(({ origin }) =>
    origin === null ? 1 : ageing ** ((origin - last) / Math.max(1, last - first)) / crowds.get(blockOf(origin, last, horizon))!,
  );
  const most = weights.reduce((a, b) => Math.max(a, b), 0);
  return residuals.map((each, i) => ({ ...each, weight: weights[i]! / most }));
}

function blockOf(origin: number, last: number, horizon: number): number {
  return Math.floor((last - origin) / horizon);
}

function lastOrigin(residuals: readonly Residual[]): number {
  return residuals.reduce((most, { origin }) => Math.max(most, origin ?? 0), 0);
}

function meanSize(errors: readonly Aged[]): number {
  let [sum, total] = [0, 0];
  for (const { error, weight } of errors) {
    sum += weight * Math.abs(error);
    total += weight;
  }
  return sum / total;
}

/**
 * Errors of one forecast go up and down together: there are as many independent ones as independent origins, fewer if some count for
 * little (Kish 1965).
 */
function countIndependent(aged: readonly Aged[], horizon: number): number {
  const last = lastOrigin(aged);
  const [origins, blocks] = [new Set<number>(), new Map<number, number>()];
  for (const { origin, weight } of aged) {
    if (origin === null) return Number.POSITIVE_INFINITY;
    const block = blockOf(origin, last, horizon);
    origins.add(origin);
    blocks.set(block, (blocks.get(block) ?? 0) + weight);
  }
  const sums = [...blocks.values()];
  const sum = sums.reduce((a, b) => a + b, 0);
  const squares = sums.reduce((a, b) => a + b * b, 0);
  const whole = independentOrigins([...origins], horizon);
  return 1 + (whole - 1) * (sum ** 2 / squares / sums.length);
}

/**
 * How much further out a share lies if the scale is known from few: quantiles of Student's distribution over those of the normal one. There
 * is no factor for a centre known from few: these are errors of forecasts, what their centre does not know is in them.
 */
function stretchOf(freedom: number): (share: number) => number {
  if (freedom > mostFreedom) return () => 1;
  return (share) => studentQuantile(0.5 + share / 2, freedom) / normalQuantile(0.5 + share / 2);
}

/** From here on the two differ by less than one in thirty at 95 %, which is less than the shares themselves are known to. */
const mostFreedom = 40;

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
  return { half80: half(0.8), half95: half(0.95), apart: spread.apart };
}

/** How far from the forecast a share of all values lies at this step, in levels. */
export function halfWidth(spread: Spread, step: number, share: number): number {
  return spread.scale[Math.min(step, spread.scale.length - 1)]! * quantile(spread, share);
}

/** Errors of this step and of neighbours, as near as gives enough of them. */
function poolOf(aged: readonly Aged[], step: number): Aged[] {
  const distances = aged.map((each) => Math.abs(each.step - step)).sort((a, b) => a - b);
  const reach = distances[Math.min(pooledErrors, distances.length) - 1] ?? 0;
  return aged.filter((each) => Math.abs(each.step - step) <= reach);
}

/** The smallest size that holds at least this share of further errors; the largest if none does. */
function quantile({ sizes, shares }: Spread, share: number): number {
  let [low, high] = [0, sizes.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shares[middle]! >= share - 1e-12) high = middle;
    else low = middle + 1;
  }
  return sizes[low]!;
}

/** Most members of a predictive ensemble: quantiles evenly through the sizes. */
const mostMembers = 100;

/** Equally likely distances from the forecast at this step, in levels, both signs. */
export function membersAt(spread: Spread, step: number): number[] {
  const count = Math.min(mostMembers, spread.sizes.length);
  const scale = spread.scale[Math.min(step, spread.scale.length - 1)]!;
  return Array.from({ length: count }, (_, i) => {
    const size = quantile(spread, ((i + 0.5) / count) * spread.shares.at(-1)!) * scale;
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
