// Multiplicative seasonal ARMA models of a series without trend, fitted to the least conditional sum of squares (Box & Jenkins 1976).

import { solvePositive } from "./solve.js";

/** Orders of the two autoregressive and the two moving-average polynomials. */
export interface Orders {
  readonly p: number;
  readonly q: number;
  /** Orders of the polynomials in whole seasons. */
  readonly P: number;
  readonly Q: number;
}

/** One side of the model as what it is: a weight for each lag that has one. */
export interface Lags {
  readonly lags: Int32Array;
  readonly weights: Float64Array;
}

export interface Arma {
  /** w[t] = sum of weights x w[t - lag] + ... */
  readonly ar: Lags;
  /** ... + e[t] + sum of weights x e[t - lag]. */
  readonly ma: Lags;
  /** Sum of squared one-step errors after the first `skipped` rows. */
  readonly squares: number;
  readonly orders: Orders;
  /** Parameters that the fit moved, in the order p, q, P, Q. */
  readonly point: Float64Array;
}

const mostSteps = 6;
/** A gain below this says nothing about which model is best. */
const leastGain = 5e-4;
/** Partial correlations stay this far from 1: a root on the unit circle never forgets the first rows. */
const furthest = 0.98;

/**
 * Fits an ARMA model to centred values by Levenberg's and Marquardt's method (1963). Every polynomial is made of partial correlations
 * within (-1, 1), so that the model is stationary and invertible (Barndorff-Nielsen & Schou 1973). Rows before the first are zeros.
 *
 * @param skipped  first rows that are filtered but not counted
 * @param from  a fitted model of other orders to start from: with a zero more or less a polynomial of partial correlations stays the same
 */
export function fitArma(
  values: Float64Array,
  {
    orders,
    season,
    skipped,
    from = null,
  }: { readonly orders: Orders; readonly season: number; readonly skipped: number; readonly from?: Arma | null },
): Arma {
  const count = orders.p + orders.q + orders.P + orders.Q;
  let point = from === null ? new Float64Array(count) : startFrom(from, orders);
  let model = modelAt(point, orders, season);
  let errors = errorsOf(values, model);
  let squares = squaresOf(errors, skipped);
  let damping = 0.01;
  for (let step = 0; step < mostSteps && count > 0; step++) {
    const jacobian: Float64Array[] = [];
    for (let k = 0; k < count; k++) {
      const moved = point.slice();
      moved[k]! += nudge;
      jacobian.push(errorsOf(values, modelAt(moved, orders, season)));
    }
    const system = normalEquations(jacobian, errors, skipped);
    const before = squares;
    for (let tries = 0; tries < 3; tries++) {
      const next = marquardt(point, system, damping);
      const tried = modelAt(next, orders, season);
      const found = errorsOf(values, tried);
      const better = squaresOf(found, skipped);
      if (better < squares) {
        [point, model, errors, squares, damping] = [next, tried, found, better, damping / 5];
        break;
      }
      damping *= 8;
    }
    if (before - squares < leastGain * before) break;
  }
  return { ...model, squares, orders, point };
}

const nudge = 1e-4;

function startFrom({ orders, point }: Arma, wanted: Orders): Float64Array {
  const start: number[] = [];
  let at = 0;
  for (const name of ["p", "q", "P", "Q"] as const) {
    for (let i = 0; i < wanted[name]; i++) start.push(i < orders[name] ? point[at + i]! : 0);
    at += orders[name];
  }
  return Float64Array.from(start);
}

/** One-step errors e of the model, from zeros before the first row. */
export function errorsOf(values: Float64Array, { ar, ma }: Pick<Arma, "ar" | "ma">): Float64Array {
  const errors = values.slice();
  const rows = values.length;
  // The recursion by lag for the observed side, by row for the side that feeds on itself.
  for (let i = 0; i < ar.lags.length; i++) {
    const [lag, weight] = [ar.lags[i]!, ar.weights[i]!];
    for (let t = lag; t < rows; t++) errors[t]! -= weight * values[t - lag]!;
  }
  const count = ma.lags.length;
  if (count === 0) return errors;
  const longest = ma.lags[count - 1]!;
  for (let t = 0; t < Math.min(longest, rows); t++) {
    let e = errors[t]!;
    for (let i = 0; i < count && ma.lags[i]! <= t; i++) e -= ma.weights[i]! * errors[t - ma.lags[i]!]!;
    errors[t] = e;
  }
  for (let t = longest; t < rows; t++) {
    let e = errors[t]!;
    for (let i = 0; i < count; i++) e -= ma.weights[i]! * errors[t - ma.lags[i]!]!;
    errors[t] = e;
  }
  return errors;
}

/** The rows after the last: errors ahead are zero. */
export function armaAhead(values: Float64Array, { ar, ma }: Pick<Arma, "ar" | "ma">, horizon: number): Float64Array {
  const rows = values.length;
  const all = new Float64Array(rows + horizon);
  all.set(values);
  const errors = errorsOf(values, { ar, ma });
  const sumAt = (series: Float64Array, { lags, weights }: Lags, t: number): number => {
    let sum = 0;
    for (let i = 0; i < lags.length; i++) {
      const row = t - lags[i]!;
      if (row >= 0 && row < series.length) sum += weights[i]! * series[row]!;
    }
    return sum;
  };
  for (let t = rows; t < rows + horizon; t++) all[t] = sumAt(all, ar, t) + sumAt(errors, ma, t);
  return all.subarray(rows);
}

/** Weights by lag from unbounded parameters, in the order p, q, P, Q. */
function modelAt(point: Float64Array, { p, q, P, Q }: Orders, season: number): Pick<Arma, "ar" | "ma"> {
  const ar = product(polynomial(point, 0, p), polynomial(point, p + q, P), season);
  const { lags, weights } = product(polynomial(point, p, q), polynomial(point, p + q + P, Q), season);
  for (let i = 0; i < weights.length; i++) weights[i] = -weights[i]!;
  return { ar, ma: { lags, weights } };
}

/** Weights of a stationary autoregression from its partial correlations, each x / sqrt(1 + x²) (Durbin 1960). */
function polynomial(point: Float64Array, from: number, order: number): Float64Array {
  const weights = new Float64Array(order);
  for (let k = 0; k < order; k++) {
    const x = point[from + k]!;
    const r = (furthest * x) / Math.sqrt(1 + x * x);
    for (let i = 0, j = k - 1; i <= j; i++, j--) {
      const [left, right] = [weights[i]!, weights[j]!];
      weights[i] = left - r * right;
      weights[j] = right - r * left;
    }
    weights[k] = r;
  }
  return weights;
}

/** (1 - sum a B^i)(1 - sum b B^(s j)) as 1 - sum of weights by lag. */
function product(short: Float64Array, long: Float64Array, season: number): { lags: Int32Array; weights: Float64Array } {
  const count = (short.length + 1) * (long.length + 1) - 1;
  const [lags, weights] = [new Int32Array(count), new Float64Array(count)];
  let at = 0;
  for (let j = 0; j <= long.length; j++) {
    for (let i = j === 0 ? 1 : 0; i <= short.length; i++) {
      lags[at] = i + j * season;
      weights[at++] = j === 0 ? short[i - 1]! : i === 0 ? long[j - 1]! : -short[i - 1]! * long[j - 1]!;
    }
  }
  return { lags, weights };
}

function squaresOf(errors: Float64Array, skipped: number): number {
  let sum = 0;
  for (let t = skipped; t < errors.length; t++) sum += errors[t]! * errors[t]!;
  return sum;
}

interface NormalEquations {
  /** JᵀJ [n, n], its lower half. */
  readonly gram: Float64Array;
  /** Jᵀe [n]. */
  readonly right: Float64Array;
}

/** `moved` are the errors with one parameter nudged each; they become the columns of J. */
function normalEquations(moved: readonly Float64Array[], errors: Float64Array, skipped: number): NormalEquations {
  const n = moved.length;
  for (const column of moved) for (let t = 0; t < column.length; t++) column[t] = (column[t]! - errors[t]!) / nudge;
  const product = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let t = skipped; t < a.length; t++) sum += a[t]! * b[t]!;
    return sum;
  };
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) gram[i * n + j] = product(moved[i]!, moved[j]!);
  return { gram, right: Float64Array.from(moved, (column) => product(column, errors)) };
}

/** point - (JᵀJ + damping diag(JᵀJ))⁻¹ Jᵀe. */
function marquardt(point: Float64Array, { gram, right }: NormalEquations, damping: number): Float64Array {
  const n = point.length;
  const raised = gram.slice();
  for (let i = 0; i < n; i++) raised[i * n + i]! += damping * raised[i * n + i]! + 1e-12;
  const move = solvePositive(raised, right.slice(), n, 1);
  return point.map((x, i) => x - move[i]!);
}
