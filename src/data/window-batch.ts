// The tensors of some windows, filled from arrays that all windows share, and outputs back in the unit of each series.

import { DataError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import { type Chain, chainLag, invertChain } from "./chain.js";
import type { PanelWindowOptions, WindowBatch, WindowPlaces } from "./panel-window-types.js";
import { meanOf } from "./transform.js";
import type { StaticColumn } from "./types.js";

/** A series with all it needs for windows; arrays are shared by every window. */
export interface Prepared {
  readonly values: Float64Array;
  readonly scaled: Float64Array;
  readonly chain: Chain;
  readonly past: readonly Float64Array[];
  readonly future: readonly Float64Array[];
  /** Mean absolute value of the training part. */
  readonly size: number;
  readonly trainEnd: number;
  readonly testStart: number;
}

export interface StaticTables {
  readonly numbers: readonly Float64Array[];
  readonly categories: readonly { readonly codes: Int32Array; readonly size: number }[];
  readonly sizes: readonly number[];
}

/** Static columns as numbers that a network reads. */
export function staticTables(statics: readonly StaticColumn[]): StaticTables {
  const numbers = statics.flatMap((column) => (column.kind === "number" ? [standardised(column.values)] : []));
  const categories = statics.flatMap((column) =>
    column.kind === "category" ? [{ codes: column.codes, size: column.categories.length + 1 }] : [],
  );
  return { numbers, categories, sizes: categories.map(({ size }) => size) };
}

function standardised(values: Float64Array): Float64Array {
  const centre = meanOf(values);
  const scale = Math.sqrt(meanOf(values.map((value) => (value - centre) ** 2))) || 1;
  return values.map((value) => (Number.isNaN(value) ? 0 : (value - centre) / scale));
}

/** The tensors of some windows. */
export function takeWindows(
  prepared: readonly (Prepared | null)[],
  statics: StaticTables,
  places: WindowPlaces,
  options: PanelWindowOptions,
): WindowBatch {
  const { input, horizon } = options;
  const n = places.series.length;
  const sample = prepared.find((one) => one !== null)!;
  const [width, ahead] = [1 + sample.past.length + sample.future.length, sample.future.length];
  const [x, mask] = [new Float32Array(n * input * width), new Float32Array(n * input * width)];
  const future = new Float32Array(n * horizon * ahead);
  const [y, yMask, actual] = [new Float32Array(n * horizon), new Float32Array(n * horizon), new Float32Array(n * horizon).fill(Number.NaN)];
  for (let w = 0; w < n; w++) {
    const one = prepared[places.series[w]!]!;
    const origin = places.origins[w]!;
    [one.scaled, ...one.past, ...one.future].forEach((column, k) => {
      for (let t = 0; t < input; t++) put(x, mask, (w * input + t) * width + k, column[origin - input + t]);
    });
    one.future.forEach((column, k) => {
      for (let h = 0; h < horizon; h++) future[(w * horizon + h) * ahead + k] = orZero(column[origin + h]);
    });
    for (let h = 0; h < horizon && origin + h < one.values.length; h++) {
      put(y, yMask, w * horizon + h, one.scaled[origin + h]);
      actual[w * horizon + h] = one.values[origin + h]!;
    }
  }
  const ofSeries = <T>(columns: readonly T[], value: (column: T, series: number) => number): number[] =>
    Array.from(places.series, (series) => columns.map((column) => value(column, series))).flat();
  const numbers = Float32Array.from(ofSeries(statics.numbers, (column, series) => column[series]!));
  const categories = Int32Array.from(
    ofSeries(statics.categories, ({ codes, size }, series) => (codes[series]! < 0 ? size - 1 : codes[series]!)),
  );
  return {
    x: hostTensor(x, [n, input, width], "float32"),
    mask: hostTensor(mask, [n, input, width], "float32"),
    future: hostTensor(future, [n, horizon, ahead], "float32"),
    y: hostTensor(y, [n, horizon], "float32"),
    yMask: hostTensor(yMask, [n, horizon], "float32"),
    actual: hostTensor(actual, [n, horizon], "float32"),
    numbers: hostTensor(numbers, [n, statics.numbers.length], "float32"),
    categories: hostTensor(categories, [n, statics.categories.length], "int32"),
  };
}

function put(values: Float32Array, mask: Float32Array, at: number, value: number | undefined): void {
  if (value === undefined || Number.isNaN(value)) return;
  values[at] = value;
  mask[at] = 1;
}

function orZero(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}

/** Outputs back in the unit of each series. */
export function invert(prepared: readonly (Prepared | null)[], outputs: Tensor, places: WindowPlaces): Tensor {
  const horizon = outputs.shape[1] ?? 0;
  if (outputs.shape[0] !== places.series.length) {
    const message = `inverse: outputs have ${outputs.shape[0]} windows, the places ${places.series.length}.`;
    throw new DataError("inverse_rows", message, "Give the places that the inputs were taken from.");
  }
  const data = Float64Array.from(outputs.data);
  const result = new Float32Array(data.length);
  places.series.forEach((series, w) => {
    const one = prepared[series]!;
    // A chain looks back one lag per difference, and further only over missing values: the whole past is not needed.
    const before = one.values.subarray(Math.max(0, places.origins[w]! - 4 * chainLag(one.chain) - 64), places.origins[w]);
    result.set(invertChain(one.chain, data.subarray(w * horizon, (w + 1) * horizon), before), w * horizon);
  });
  return hostTensor(result, outputs.shape, "float32");
}
