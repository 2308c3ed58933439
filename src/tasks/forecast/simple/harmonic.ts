// A year of days or weeks as a few sines and cosines, and ARIMA of what they leave (dynamic harmonic regression, Young et al. 1999).

import { arima } from "./arima.js";
import { unitLevels } from "./levels.js";
import type { Past } from "./method.js";
import { solvePositive } from "./solve.js";

const mostHarmonics = 6;
const mostRows = 1500;
const rounds = 2;
/** Errors that wander altogether would leave differences only, in which a year of days is no longer seen. */
const mostCorrelation = 0.999;

/**
 * Regression on a line and harmonics of `year` rows, by generalised least squares with errors of one lag (Cochrane & Orcutt 1949); how many
 * harmonics says the corrected information criterion. On logarithms if the task takes them; null with fewer than two years or without a
 * harmonic worth its parameters.
 *
 * @param year  rows of the long cycle, which need not be whole
 */
export function harmonicArima(past: Past, year: number): Float64Array | null {
  const { season, horizon } = past;
  if (past.values.length < 2 * year) return null;
  const { levels, toValue } = unitLevels(past, Math.max(mostRows, Math.ceil(4 * year)));
  const rows = levels.length;
  const columns = Array.from({ length: rows + horizon }, (_, t) => regressors(t, rows, year));
  const waves = (weights: Float64Array, t: number): number => {
    let sum = 0;
    for (let i = 2; i < weights.length; i++) sum += weights[i]! * columns[t]![i]!;
    return sum;
  };
  let weights = regress(levels, columns, 0);
  for (let round = 0; round < rounds; round++) weights = regress(levels, columns, correlationOf(levels, columns, weights));
  if (weights.length <= 2) return null;
  const rest = levels.map((value, t) => value - waves(weights, t));
  const ahead = arima({ values: rest, season: season < year / 4 ? season : 1, horizon, log: false });
  return ahead === null ? null : ahead.map((value, h) => toValue(value + waves(weights, rows + h)));
}

/** One, a line from 0 to 1, and sine and cosine of each harmonic. */
function regressors(t: number, rows: number, year: number): Float64Array {
  const x = new Float64Array(2 + 2 * mostHarmonics);
  x[0] = 1;
  x[1] = t / rows;
  for (let k = 1; k <= mostHarmonics; k++) {
    x[2 * k] = Math.sin((2 * Math.PI * k * t) / year);
    x[2 * k + 1] = Math.cos((2 * Math.PI * k * t) / year);
  }
  return x;
}

/** Weights of the number of harmonics with the least criterion; every smaller system is a corner of the largest. */
function regress(levels: Float64Array, columns: readonly Float64Array[], correlation: number): Float64Array {
  const size = 2 + 2 * mostHarmonics;
  const gram = new Float64Array(size * size);
  const right = new Float64Array(size);
  const x = new Float64Array(size);
  let total = 0;
  for (let t = 1; t < levels.length; t++) {
    const [now, before] = [columns[t]!, columns[t - 1]!];
    const y = levels[t]! - correlation * levels[t - 1]!;
    for (let i = 0; i < size; i++) x[i] = now[i]! - correlation * before[i]!;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) gram[i * size + j]! += x[i]! * x[j]!;
      right[i]! += x[i]! * y;
    }
    total += y * y;
  }
  const rows = levels.length - 1;
  let best = { weights: new Float64Array(), criterion: Number.POSITIVE_INFINITY };
  for (let harmonics = 0; harmonics <= mostHarmonics; harmonics++) {
    const n = 2 + 2 * harmonics;
    const corner = Float64Array.from({ length: n * n }, (_, at) => gram[Math.floor(at / n) * size + (at % n)]!);
    for (let i = 0; i < n; i++) corner[i * n + i]! += 1e-9 * rows;
    const weights = solvePositive(corner, right.slice(0, n), n, 1);
    const squares = weights.reduce((left, weight, i) => left - weight * right[i]!, total);
    const criterion = rows * Math.log(Math.max(squares, 1e-12 * total + 1e-300)) + 2 * n * (1 + (n + 1) / (rows - n));
    if (criterion < best.criterion) best = { weights: Float64Array.from(weights), criterion };
  }
  return best.weights;
}

/** Autocorrelation at one row of what the regression leaves. */
function correlationOf(levels: Float64Array, columns: readonly Float64Array[], weights: Float64Array): number {
  const rest = levels.map((value, t) => weights.reduce((left, weight, i) => left - weight * columns[t]![i]!, value));
  let [product, square] = [0, 0];
  for (let t = 1; t < rest.length; t++) {
    product += rest[t]! * rest[t - 1]!;
    square += rest[t - 1]! ** 2;
  }
  return square > 0 ? Math.max(0, Math.min(mostCorrelation, product / square)) : 0;
}
