// Training windows drawn at random: by the size of their series, equally over series, or equally over windows.

import { uniformAt } from "../base/random.js";
import type { WindowPlaces } from "./panel-window-types.js";
import type { Prepared } from "./window-batch.js";

/** Draws windows with repetition; the same seed gives the same ones. */
export function sampleWindows(
  prepared: readonly (Prepared | null)[],
  train: WindowPlaces,
  count: number,
  { seed, by }: { readonly seed: number; readonly by: "scale" | "series" | "windows" },
): WindowPlaces {
  const { starts, weights } = drawing(prepared, train, by);
  const total = weights.at(-1) ?? 0;
  const [series, origins] = [new Int32Array(count), new Int32Array(count)];
  for (let n = 0; n < count; n++) {
    const k = firstAbove(weights, uniformAt(seed, 0x77696e64, 2 * n) * total);
    const size = starts[k + 1]! - starts[k]!;
    const at = starts[k]! + Math.floor(uniformAt(seed, 0x77696e64, 2 * n + 1) * size);
    series[n] = train.series[at]!;
    origins[n] = train.origins[at]!;
  }
  return { series, origins };
}

/** Where each series' windows begin, and the running sum of the series' weights. */
function drawing(
  prepared: readonly (Prepared | null)[],
  train: WindowPlaces,
  by: "scale" | "series" | "windows",
): { starts: number[]; weights: Float64Array } {
  const starts: number[] = [];
  train.series.forEach((series, at) => {
    if (at === 0 || train.series[at - 1] !== series) starts.push(at);
  });
  const ends = [...starts.slice(1), train.series.length];
  let sum = 0;
  const weights = Float64Array.from(starts, (start, k) => {
    const { size } = prepared[train.series[start]!]!;
    sum += by === "series" ? 1 : by === "scale" ? 1 + size : ends[k]! - start;
    return sum;
  });
  return { starts: [...starts, train.series.length], weights };
}

/** The first place whose running sum exceeds `value`. */
function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
