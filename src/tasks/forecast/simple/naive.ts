// Methods without a parameter: the last value, last season's values, and both moved on by the mean change.

import type { Past } from "./method.js";

/** The last observed value. */
export function naive({ values, horizon }: Past): Float64Array {
  return new Float64Array(horizon).fill(values[lastObserved(values)]!);
}

/** The value one season before; the last value without a whole season. Where that row is missing, the season before it. */
export function seasonalNaive({ values, season, horizon }: Past): Float64Array {
  const lag = values.length > season ? season : 1;
  const last = values[lastObserved(values)]!;
  return Float64Array.from({ length: horizon }, (_, h) => {
    let row = values.length + h - lag * (Math.floor(h / lag) + 1);
    while (row >= 0 && Number.isNaN(values[row])) row -= lag;
    return row < 0 ? last : values[row]!;
  });
}

/** The last value moved on by the mean change per row: the line through the first and the last observed value. */
export function drift({ values, horizon }: Past): Float64Array {
  const [first, last] = [values.findIndex((value) => !Number.isNaN(value)), lastObserved(values)];
  const slope = last > first ? (values[last]! - values[first]!) / (last - first) : 0;
  return Float64Array.from({ length: horizon }, (_, h) => values[last]! + slope * (values.length + h - last));
}

/** Last season's values moved on by the mean change over one season; in logarithms if the transform takes them. */
export function seasonalNaiveDrift(past: Past): Float64Array {
  const { season, horizon, log } = past;
  const values = log ? past.values.map(Math.log) : past.values;
  const lag = values.length > season ? season : 1;
  const change = meanChange(values, lag);
  const levels = seasonalNaive({ ...past, values });
  const result = Float64Array.from({ length: horizon }, (_, h) => levels[h]! + change * (Math.floor(h / lag) + 1));
  return log ? result.map(Math.exp) : result;
}

/** Mean of y[t] - y[t - lag] over all pairs that are observed; 0 without any. */
function meanChange(values: Float64Array, lag: number): number {
  let [sum, count] = [0, 0];
  for (let i = lag; i < values.length; i++) {
    const change = values[i]! - values[i - lag]!;
    if (Number.isNaN(change)) continue;
    sum += change;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

function lastObserved(values: Float64Array): number {
  let row = values.length - 1;
  while (row > 0 && Number.isNaN(values[row])) row--;
  return row;
}
