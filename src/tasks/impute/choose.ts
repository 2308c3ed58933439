// Which simple method fills a column and how far the network moves it, decided on values that are not those of the scores.

import { cellUse, type Grid } from "./grid.js";
import { simpleErrors } from "./simple.js";
import type { SimpleFill } from "./types.js";

/** How one column is filled. */
export interface FillChoice {
  readonly method: SimpleFill;
  readonly networkWeight: number;
}

/** Cells filled in every way, on the standard scale [rows, names]. */
export interface Fills {
  readonly network: Float64Array;
  readonly simple: Readonly<Record<SimpleFill, Float64Array>>;
}

const simpleFills: readonly SimpleFill[] = ["mean", "last", "linear"];
const weights = [0.25, 0.5, 0.75, 1];
/** So many values of all columns together count beside those of one: few values say little. */
const pooledValues = 60;

/** Of a deviation: what columns that are filled almost without errors are judged by. */
const leastError = 0.01;

/**
 * One choice for each column. The simple methods learn nothing, so that every value but those of the scores can be taken out in turn to
 * compare them. The network learned from the visible values: it is judged at those that are there to choose by, and has to be better by one
 * standard error of the difference, or a few lucky values would do. Errors count in units of the best simple method's, so that columns that
 * are hard to fill do not decide for others.
 */
export function chooseFills(given: Fills & { readonly grid: Grid; readonly truth: Float64Array; readonly use: Uint8Array }): FillChoice[] {
  const { grid, truth, use, network, simple } = given;
  const size = grid.names.length;
  const { errors, counts } = simpleErrors(
    grid,
    truth.map((value, cell) => (use[cell] === cellUse.score ? Number.NaN : value)),
  );
  const units = counts.map((count, column) =>
    Math.max(leastError, Math.min(...simpleFills.map((method) => errors[method][column]! / Math.max(1, count)))),
  );
  const means = simpleFills.map((method) =>
    leaning(
      errors[method].map((sum, column) => sum / units[column]!),
      counts,
    ),
  );
  const methods = grid.names.map((_, column) => simpleFills[leastAt(means.map((each) => each[column]!))]!);
  const gains = weights.map(() => ({ sum: new Float64Array(size), squares: 0 }));
  const hidden = new Float64Array(size);
  truth.forEach((value, cell) => {
    if (use[cell] !== cellUse.choose) return;
    const column = cell % size;
    const base = simple[methods[column]!][cell]!;
    hidden[column]! += 1;
    weights.forEach((weight, kind) => {
      const gain = (Math.abs(mix(base, network[cell]!, weight) - value) - Math.abs(base - value)) / units[column]!;
      gains[kind]!.sum[column]! += gain;
      gains[kind]!.squares += gain * gain;
    });
  });
  const total = hidden.reduce(add, 0);
  const bounds = gains.map(({ sum, squares }) => {
    const mean = sum.reduce(add, 0) / Math.max(1, total);
    // Of one value nothing is known about the spread.
    const deviation = total < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(Math.max(0, squares / total - mean * mean) * (total / (total - 1)));
    return leaning(sum, hidden).map((each, column) => each + deviation / Math.sqrt(Math.min(total, hidden[column]! + pooledValues)));
  });
  return methods.map((method, column) => {
    const worth = bounds.map((bound) => bound[column]!);
    const best = leastAt(worth);
    return { method, networkWeight: worth[best]! < 0 ? weights[best]! : 0 };
  });
}

/** Means by column, drawn to the mean of all as far as a column has few values. */
function leaning(sums: Float64Array, counts: Float64Array): Float64Array {
  const total = counts.reduce(add, 0);
  const pooled = Math.min(pooledValues, total);
  const mean = sums.reduce(add, 0) / Math.max(1, total);
  return sums.map((sum, column) => (sum + pooled * mean) / Math.max(1, counts[column]! + pooled));
}

/** Place of the least; the first of equals. */
function leastAt(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value < values[best]! ? at : best), 0);
}

function add(a: number, b: number): number {
  return a + b;
}

/** Cells filled as chosen. */
export function mixed(size: number, { network, simple }: Fills, choices: readonly FillChoice[]): Float64Array {
  return network.map((guess, cell) => {
    const { method, networkWeight } = choices[cell % size]!;
    return mix(simple[method][cell]!, guess, networkWeight);
  });
}

// A weight of 0 or 1 gives the value itself, to the bit.
function mix(simple: number, network: number, weight: number): number {
  return weight === 0 ? simple : weight === 1 ? network : (1 - weight) * simple + weight * network;
}
