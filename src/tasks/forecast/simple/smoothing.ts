// Exponential smoothing of a series without season: simple, Holt's line and the damped line, one recursion for all three.

import { minimise } from "./minimise.js";

export type Trend = "none" | "line" | "damped";

/** A fitted smoother: the states after the last row. */
export interface Smoothed {
  readonly level: number;
  readonly slope: number;
  readonly damping: number;
}

/** Weights of the recursion: of an error in the level, of an error in the slope, and what a slope keeps per row. */
interface Weights {
  readonly alpha: number;
  readonly beta: number;
  readonly phi: number;
}

/** Weights need no more rows than this; the first states are solved for exactly, wherever the rows begin. */
const mostRows = 3000;

const known = new WeakMap<Float64Array, Map<Trend, Smoothed>>();

/**
 * Fits alpha (beta, phi) and the first states to the least squared one-step errors (Gardner 1985; bounds as in Hyndman et
 * al. 2002). The errors are linear in the first level and slope, so these are solved exactly for every trial of the weights.
 * A missing row leaves the states to run on. What was fitted once is remembered as long as the values live.
 */
export function smooth(values: Float64Array, trend: Trend): Smoothed {
  const before = known.get(values) ?? new Map<Trend, Smoothed>();
  const found = before.get(trend) ?? fit(values.subarray(Math.max(0, values.length - mostRows)), trend);
  known.set(values, before.set(trend, found));
  return found;
}

function fit(values: Float64Array, trend: Trend): Smoothed {
  const weightsOf = ([alpha, share, phi]: readonly number[]): Weights => ({
    alpha: alpha!,
    // beta = alpha * share: a slope never moves faster than its level
    beta: trend === "none" ? 0 : alpha! * share!,
    phi: trend === "damped" ? phi! : 1,
  });
  const bounds = [
    { low: 1e-4, high: 0.9999, start: 0.3 },
    { low: 1e-4, high: 0.9999, start: 0.1 },
    { low: 0.8, high: 0.98, start: 0.95 },
  ].slice(0, trend === "none" ? 1 : trend === "line" ? 2 : 3);
  const hasSlope = trend !== "none";
  const starts = [0.1, 0.8].map((alpha) => [{ ...bounds[0]!, start: alpha }, ...bounds.slice(1)]);
  const cost = (parameters: readonly number[]): number => run(values, weightsOf(parameters), hasSlope).squares;
  const candidates = starts.map((start) => minimise(start, cost));
  const best = candidates.reduce((a, b) => (cost(b) < cost(a) ? b : a));
  const weights = weightsOf(best);
  return filter(values, weights, run(values, weights, hasSlope));
}

/** Forecasts of the rows after the last: level + (phi + ... + phi^h) slope. */
export function extrapolate({ level, slope, damping }: Smoothed, horizon: number): Float64Array {
  let [reach, power] = [0, 1];
  return Float64Array.from({ length: horizon }, () => {
    power *= damping;
    reach += power;
    return level + reach * slope;
  });
}

interface FirstStates {
  readonly level: number;
  readonly slope: number;
  readonly squares: number;
}

/**
 * One pass over three copies of the recursion: from zero states (errors e), and the errors' derivatives by first level (p) and slope (q).
 * The best first states solve the normal equations of e + p l + q b.
 */
function run(values: Float64Array, { alpha, beta, phi }: Weights, hasSlope: boolean): FirstStates {
  const centre = values.find((value) => !Number.isNaN(value)) ?? 0;
  let [level, slope, levelP, slopeP, levelQ, slopeQ] = [0, 0, 1, 0, 0, 1];
  let [pp, pq, qq, pe, qe, ee] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const ahead = level + phi * slope;
    const aheadP = levelP + phi * slopeP;
    const aheadQ = levelQ + phi * slopeQ;
    level = ahead;
    slope *= phi;
    levelP = aheadP;
    slopeP *= phi;
    levelQ = aheadQ;
    slopeQ *= phi;
    const e = values[i]! - centre - ahead;
    if (Number.isNaN(e)) continue;
    pp += aheadP * aheadP;
    pe -= aheadP * e;
    ee += e * e;
    level += alpha * e;
    levelP -= alpha * aheadP;
    if (!hasSlope) continue;
    pq += aheadP * aheadQ;
    qq += aheadQ * aheadQ;
    qe -= aheadQ * e;
    slope += beta * e;
    slopeP -= beta * aheadP;
    levelQ -= alpha * aheadQ;
    slopeQ -= beta * aheadQ;
  }
  // Errors that do not depend on a state leave it where it is.
  const determinant = pp * qq - pq * pq;
  const both = hasSlope && determinant > 1e-12 * pp * qq;
  const b = both ? (pq * pe - pp * qe) / determinant : 0;
  const l = pp > 0 ? -(pe + pq * b) / pp : 0;
  const squares = ee + 2 * (l * pe + b * qe) + l * l * pp + 2 * l * b * pq + b * b * qq;
  return { level: l + centre, slope: b, squares: Math.max(0, squares) };
}

function filter(values: Float64Array, { alpha, beta, phi }: Weights, first: FirstStates): Smoothed {
  let { level, slope } = first;
  for (let i = 0; i < values.length; i++) {
    const ahead = level + phi * slope;
    const e = Number.isNaN(values[i]) ? 0 : values[i]! - ahead;
    level = ahead + alpha * e;
    slope = phi * slope + beta * e;
  }
  return { level, slope, damping: phi };
}
