// Linear autoregression of all steps ahead at once, with a ridge: the linear part that windows of a long series pay for.

import { filled } from "./fill.js";
import { changesOf } from "./levels.js";
import type { Past } from "./method.js";
import { solvePositive } from "./solve.js";

export interface AutoregressionOptions {
  /** Rows read before the origin. */
  readonly lags: number;
  /** Penalty in units of the mean square of an input. */
  readonly ridge: number;
  /** Rows back of a difference taken first; 0 for none. */
  readonly difference: number;
}

/** Windows that are fitted; older ones are left out, so that long series stay quick. */
const mostWindows = 1500;

/**
 * Ridge regression (Hoerl & Kennard 1970) of the rows after an origin on the rows before it, both relative to the last one,
 * so that a level never seen is no stranger. On logarithms if the task takes them. null with fewer than eight windows.
 */
export function autoregression(past: Past, { lags, ridge, difference }: AutoregressionOptions): Float64Array | null {
  const { horizon, log } = past;
  const raw = log ? past.values.map(Math.log) : past.values;
  const levels = filled(raw, past.season);
  const changes = difference === 0 ? levels : changesOf(levels, difference);
  const windows = Math.min(mostWindows, changes.length - lags - horizon + 1);
  if (windows < 8) return null;
  const system = normalEquations(changes, { lags, horizon, first: changes.length - lags - horizon + 1 - windows });
  let trace = 0;
  for (let i = 0; i < lags; i++) trace += system.gram[i * (lags + 1) + i]!;
  for (let i = 0; i < lags; i++) system.gram[i * (lags + 1) + i]! += (ridge * trace) / lags + 1e-12;
  system.gram[lags * (lags + 2)]! += 1e-9;
  const coefficients = solvePositive(system.gram, system.right, lags + 1, horizon);
  const last = changes.length - lags;
  const result = ahead(changes.subarray(last), coefficients, horizon);
  for (let h = 0; h < horizon && difference > 0; h++)
    result[h]! += h < difference ? levels[levels.length - difference + h]! : result[h - difference]!;
  return log ? result.map(Math.exp) : result;
}

/** Sums over windows of x xᵀ [n, n] and x yᵀ [n, H], n = lags and a constant. */
function normalEquations(
  values: Float64Array,
  { lags, horizon, first }: { readonly lags: number; readonly horizon: number; readonly first: number },
): { gram: Float64Array; right: Float64Array } {
  const n = lags + 1;
  const gram = new Float64Array(n * n);
  const right = new Float64Array(n * horizon);
  const x = new Float64Array(n).fill(1);
  for (let start = first; start + lags + horizon <= values.length; start++) {
    const base = values[start + lags - 1]!;
    for (let i = 0; i < lags; i++) x[i] = values[start + i]! - base;
    for (let i = 0; i < n; i++) {
      const xi = x[i]!;
      for (let j = 0; j <= i; j++) gram[i * n + j]! += xi * x[j]!;
      for (let h = 0; h < horizon; h++) right[i * horizon + h]! += xi * (values[start + lags + h]! - base);
    }
  }
  return { gram, right };
}

function ahead(window: Float64Array, coefficients: Float64Array, horizon: number): Float64Array {
  const base = window.at(-1)!;
  const result = new Float64Array(horizon).fill(base);
  for (let i = 0; i <= window.length; i++) {
    const x = i < window.length ? window[i]! - base : 1;
    for (let h = 0; h < horizon; h++) result[h]! += x * coefficients[i * horizon + h]!;
  }
  return result;
}
