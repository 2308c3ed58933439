// How strong is a season, and which length has it: measured on the training part, in words a reader can check.

import { meanOf } from "./mean.js";

/** Strength from which a seasonal difference pays (Wang, Smith & Hyndman 2006; Hyndman & Athanasopoulos 2021, ch. 9.1). */
export const strongSeason = 0.64;

/**
 * Strength of a season of `period` rows, 0..1: how much of what is left after the trend the season explains,
 * max(0, 1 - Var(rest) / Var(season + rest)) (Wang, Smith & Hyndman 2006) with classical decomposition.
 * Degrees of freedom are counted, so that noise with few seasons scores near 0. NaN values are left out.
 *
 * @example seasonStrength(sales.values, 12)
 */
export function seasonStrength(values: Float64Array, period: number): number {
  if (period < 2 || values.length < 2 * period + 1) return 0;
  const detrended = removeTrend(values, period);
  const sums = new Float64Array(period);
  const counts = new Int32Array(period);
  detrended.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sums[i % period]! += value;
    counts[i % period]!++;
  });
  const observed = counts.reduce((sum, n) => sum + n, 0);
  const filled = counts.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0);
  if (filled < period || observed <= period + 1) return 0;
  const grand = sums.reduce((sum, value) => sum + value, 0) / observed;
  let total = 0;
  let rest = 0;
  detrended.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    total += (value - grand) ** 2;
    rest += (value - sums[i % period]! / counts[i % period]!) ** 2;
  });
  if (total === 0) return 0;
  return Math.max(0, 1 - rest / (observed - period) / (total / (observed - 1)));
}

/** Rows minus their centred moving average over one period (2 x period if it is even); NaN at the ends. */
export function removeTrend(values: Float64Array, period: number): Float64Array {
  const half = period >> 1;
  const result = new Float64Array(values.length).fill(Number.NaN);
  for (let i = half; i < values.length - half; i++) {
    let sum = 0;
    let weight = 0;
    for (let j = -half; j <= half; j++) {
      const value = values[i + j]!;
      if (Number.isNaN(value)) continue;
      const share = period % 2 === 0 && Math.abs(j) === half ? 0.5 : 1;
      sum += share * value;
      weight += share;
    }
    if (weight > period / 2) result[i] = values[i]! - sum / weight;
  }
  return result;
}

/** Rows at the end of a longer series that tell its season: every lag is tried on all of them. */
const mostRows = 250_000;

/**
 * The season of rows without a calendar: the first clear peak of the autocorrelation of the detrended values,
 * confirmed by the strength of that season; 1 if there is none. Of a longer series the last 250,000 rows are asked.
 *
 * @example findSeason(Float64Array.from({ length: 96 }, (_, t) => Math.sin((2 * Math.PI * t) / 8)))  // 8
 */
export function findSeason(all: Float64Array): number {
  const values = all.subarray(-mostRows);
  const longest = Math.min(Math.floor(values.length / 3), 400);
  if (longest < 3) return 1;
  const flat = removeLine(values);
  const correlation = autocorrelations(flat, longest + 1);
  // 0.3 and twice the standard error of white noise (Bartlett): both must be passed by a peak.
  const threshold = Math.max(0.3, 2 / Math.sqrt(values.length));
  let best = 1;
  let bestStrength = 0.4;
  for (let lag = 2; lag <= longest; lag++) {
    // No strength is above 1.
    if (best > 1 && bestStrength >= 0.9) break;
    const here = correlation[lag]!;
    if (here < threshold || here < correlation[lag - 1]! || here < correlation[lag + 1]!) continue;
    const strength = seasonStrength(values, lag);
    // A multiple of the true season is just as strong: it must be clearly better to win.
    if (strength > bestStrength + (best === 1 ? 0 : 0.1)) {
      best = lag;
      bestStrength = strength;
    }
  }
  return best;
}

/** Correlation of the values with themselves 0, 1, ... `longest` rows later; NaN values are left out. */
export function autocorrelations(values: Float64Array, longest: number): Float64Array {
  const mean = meanOf(values);
  let square = 0;
  for (const value of values) if (!Number.isNaN(value)) square += (value - mean) * (value - mean);
  return Float64Array.from({ length: longest + 1 }, (_, lag) => {
    let product = 0;
    for (let i = 0; i + lag < values.length; i++) {
      const both = (values[i]! - mean) * (values[i + lag]! - mean);
      if (!Number.isNaN(both)) product += both;
    }
    return square === 0 ? 0 : product / square;
  });
}

/** Rows minus their least-squares line. */
function removeLine(values: Float64Array): Float64Array {
  let [n, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  values.forEach((y, x) => {
    if (Number.isNaN(y)) return;
    n++;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  });
  const spread = n * sumXX - sumX * sumX;
  const slope = spread === 0 ? 0 : (n * sumXY - sumX * sumY) / spread;
  const offset = n === 0 ? 0 : (sumY - slope * sumX) / n;
  return values.map((y, x) => y - offset - slope * x);
}
