// Predictive distributions: from parameters, from sample paths, and from those of several networks.

import type { HostTensor } from "../../../base/tensor.js";
import { type Distribution, quantileShares } from "./distributions/index.js";
import type { NetworkSpec, Predictive } from "./types.js";

/** What the parameters [H, columns] of one window say. */
export function decoded(distribution: Distribution, parameters: HostTensor["data"], levels: readonly number[]): Predictive {
  const { columns, quantile } = distribution;
  const rows = Array.from({ length: parameters.length / columns }, (_, h) => parameters.subarray(h * columns, (h + 1) * columns));
  const value = Float64Array.from(rows, (row) => distribution.value(row));
  if (quantile === null) return { value, quantiles: null, samples: null };
  const values = levels.map((level) => Float64Array.from(rows, (row) => quantile(row, level)));
  return { value, quantiles: { levels, values: uncrossed(values) }, samples: null };
}

/** Rounding of the parameters may turn neighbours by their last digit. */
function uncrossed(values: readonly Float64Array[]): Float64Array[] {
  const kept: Float64Array[] = [];
  for (const each of values) {
    const before = kept.at(-1);
    kept.push(before === undefined ? each : each.map((value, h) => Math.max(value, before[h]!)));
  }
  return kept;
}

/** One predictive from those of all members: means of values and of quantiles at the same level (Vincent 1912), or all paths. */
export function together(
  all: readonly Predictive[],
  { distribution }: NetworkSpec,
  levels: readonly number[] = quantileShares,
): Predictive {
  const [first] = all;
  if (first === undefined || all.length === 1) return first!;
  const samples = all.flatMap((each) => each.samples ?? []);
  if (samples.length > 0) return ofPaths(samples, levels, distribution === "negative-binomial");
  const values = first.quantiles?.values.map((_, index) => meanOf(all.map(({ quantiles }) => quantiles!.values[index]!))) ?? null;
  return { value: meanOf(all.map(({ value }) => value)), quantiles: values && { levels, values }, samples: null };
}

/** What equally likely paths say: their quantiles row by row, and the median or mean. */
export function ofPaths(samples: readonly Float64Array[], levels: readonly number[], byMean: boolean): Predictive {
  const horizon = samples[0]!.length;
  const sorted = Array.from({ length: horizon }, (_, h) => Float64Array.from(samples, (path) => path[h]!).sort());
  const quantile = (level: number): Float64Array => Float64Array.from(sorted, (column) => amongSorted(column, level));
  return {
    value: byMean ? meanOf(samples) : quantile(0.5),
    quantiles: { levels, values: levels.map(quantile) },
    samples,
  };
}

/** The place below which a further draw falls with this share: (n + 1)·share, in between on a line. */
function amongSorted(sorted: Float64Array, share: number): number {
  const place = Math.min(Math.max((sorted.length + 1) * share - 1, 0), sorted.length - 1);
  const low = Math.floor(place);
  const next = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return sorted[low]! + (next - sorted[low]!) * (place - low);
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  return rows[0]!.map((_, h) => rows.reduce((sum, row) => sum + row[h]!, 0) / rows.length);
}
