// The tensors of some windows, filled from arrays that all windows share, and outputs back in the unit of each series.

import { DataError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import { type Chain, chainLag, invertChain } from "./chain.js";
import type { PanelWindowOptions, WindowBatch, WindowPlaces } from "./panel-window-types.js";
import { type BesideColumns, type StaticTensors, WindowTensors } from "./window-columns.js";

/** A series with all it needs for windows; arrays are shared by every window. */
export interface Prepared {
  readonly values: Float64Array;
  readonly scaled: Float64Array;
  readonly chain: Chain;
  readonly columns: BesideColumns;
  /** Mean absolute value of the training part. */
  readonly size: number;
  readonly trainEnd: number;
  readonly testStart: number;
}

/** The tensors of some windows. */
export function takeWindows(
  prepared: readonly (Prepared | null)[],
  statics: StaticTensors,
  places: WindowPlaces,
  options: PanelWindowOptions,
): WindowBatch {
  const { input, horizon } = options;
  const n = places.series.length;
  const sample = prepared.find((one) => one !== null)!.columns;
  const tensors = new WindowTensors({ count: n, input, horizon, past: sample.past.length, future: sample.future.length, isMasked: true });
  const [y, yMask, actual] = [new Float32Array(n * horizon), new Float32Array(n * horizon), new Float32Array(n * horizon).fill(Number.NaN)];
  for (let w = 0; w < n; w++) {
    const one = prepared[places.series[w]!]!;
    const origin = places.origins[w]!;
    tensors.fill(w, origin, one.scaled.subarray(origin - input, origin), one.columns);
    for (let h = 0; h < horizon && origin + h < one.values.length; h++) {
      const at = w * horizon + h;
      actual[at] = one.values[origin + h]!;
      if (Number.isNaN(one.scaled[origin + h]!)) continue;
      y[at] = one.scaled[origin + h]!;
      yMask[at] = 1;
    }
  }
  return {
    ...{ x: tensors.x, mask: tensors.mask!, future: tensors.future },
    y: hostTensor(y, [n, horizon], "float32"),
    yMask: hostTensor(yMask, [n, horizon], "float32"),
    actual: hostTensor(actual, [n, horizon], "float32"),
    ...{ numbers: statics.numbers(places.series), categories: statics.categories(places.series) },
  };
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
