// A chain of transforms fitted on the training part of one series: stored as JSON, applied to any rows, inverted exactly.

import { DataError } from "../base/errors.js";
import { meanOf } from "./mean.js";

/** A step as it is asked for. */
export type ChainStepName = "log" | "boxCox" | "seasonalDifference" | "difference" | "standard" | "robust";

/** A step with the numbers measured on the training part. */
export type ChainStep =
  | { readonly kind: "log" }
  /** (x^lambda - 1) / lambda, and the logarithm for 0 (Box & Cox 1964). */
  | { readonly kind: "boxCox"; readonly lambda: number }
  /** x[t] - x[t - lag]. */
  | { readonly kind: "difference"; readonly lag: number }
  | { readonly kind: "scale"; readonly centre: number; readonly scale: number };

/** Steps in the order in which they are applied. Plain data. */
export type Chain = readonly ChainStep[];

/**
 * Fits a chain. NaN values are left out of every statistic.
 *
 * @param training  values of the training part only
 * @throws DataError `not_positive` if a logarithm or Box-Cox is asked for and a value is zero or less, `bad_option`
 * @example  const chain = fitChain(trainingSeries, ["boxCox", "seasonalDifference", "robust"], { season: 12 });
 */
export function fitChain(training: Float64Array, steps: readonly ChainStepName[], options: { readonly season?: number } = {}): Chain {
  const chain: ChainStep[] = [];
  let values: Float64Array = training;
  for (const name of steps) {
    const step = fitStep(name, values, options.season ?? 1);
    chain.push(step);
    values = applyStep(step, values);
  }
  return chain;
}

/**
 * Values through the chain: NaN stays NaN, and the rows that a difference has nothing to stand on become NaN.
 * @throws DataError `not_positive`
 * @example  applyChain([{ kind: "difference", lag: 1 }], Float64Array.of(3, 5, 4))
 */
export function applyChain(chain: Chain, values: Float64Array): Float64Array {
  return chain.reduce((now, step) => applyStep(step, now), values);
}

/** Rows at the beginning that a chain turns into NaN. */
export function chainLag(chain: Chain): number {
  return chain.reduce((sum, step) => sum + (step.kind === "difference" ? step.lag : 0), 0);
}

/**
 * The steps in reverse for rows that follow `before`, the values in their own unit up to the origin. Differences stand on the
 * values before, on the last seen one of the same season where one is missing, and then on what was inverted already.
 *
 * @returns as many values as `outputs`, in the unit of `before`
 * @example  invertChain([{ kind: "log" }, { kind: "difference", lag: 1 }], [0.1, 0.1], Float64Array.of(100, 110))
 */
export function invertChain(chain: Chain, outputs: ArrayLike<number>, before: Float64Array): Float64Array {
  // What each step was given before the origin, from the first step to the last.
  const inputs = [before];
  for (const step of chain) inputs.push(applyStep(step, inputs.at(-1)!));
  let values: Float64Array = Float64Array.from(outputs);
  for (let place = chain.length - 1; place >= 0; place--) values = invertStep(chain[place]!, values, inputs[place]!);
  return values;
}

function fitStep(name: ChainStepName, values: Float64Array, season: number): ChainStep {
  if (name === "log") return { kind: "log" };
  if (name === "boxCox") return { kind: "boxCox", lambda: guerrero(values, season) };
  if (name === "difference") return { kind: "difference", lag: 1 };
  if (name === "seasonalDifference") {
    if (season >= 2) return { kind: "difference", lag: season };
    throw new DataError("bad_option", "seasonalDifference: a season of 2 rows or more is needed.");
  }
  if (name === "standard" || name === "robust") return name === "standard" ? standardScale(values) : robustScale(values);
  throw new DataError(
    "bad_option",
    `a chain has no step "${String(name)}".`,
    "Use log, boxCox, seasonalDifference, difference, standard or robust.",
  );
}

function applyStep(step: ChainStep, values: Float64Array): Float64Array {
  if (step.kind === "scale") return values.map((value) => (value - step.centre) / step.scale);
  if (step.kind === "difference") return values.map((value, i) => (i < step.lag ? Number.NaN : value - values[i - step.lag]!));
  const lambda = step.kind === "log" ? 0 : step.lambda;
  const bad = values.find((value) => value <= 0);
  if (bad !== undefined) {
    throw new DataError(
      "not_positive",
      `the value ${bad} has no logarithm or power, and the transform takes one.`,
      "Leave log and boxCox out.",
    );
  }
  return lambda === 0 ? values.map(Math.log) : values.map((value) => (value ** lambda - 1) / lambda);
}

function invertStep(step: ChainStep, values: Float64Array, before: Float64Array): Float64Array {
  if (step.kind === "scale") return values.map((value) => value * step.scale + step.centre);
  if (step.kind === "difference") return undifference(values, before, step.lag);
  const lambda = step.kind === "log" ? 0 : step.lambda;
  // Below 1 - 1/lambda no number has this power: the forecast has left the range, and its edge is zero.
  return lambda === 0 ? values.map(Math.exp) : values.map((value) => Math.max(0, lambda * value + 1) ** (1 / lambda));
}

function undifference(values: Float64Array, before: Float64Array, lag: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let h = 0; h < values.length; h++) {
    result[h] = values[h]! + (h < lag ? lastSeen(before, before.length + h - lag, lag) : result[h - lag]!);
  }
  return result;
}

/** The value at `index`, or if it is missing the nearest one a whole number of lags before. */
function lastSeen(values: Float64Array, index: number, lag: number): number {
  let at = index;
  while (at >= 0 && Number.isNaN(values[at]!)) at -= lag;
  return at < 0 ? Number.NaN : values[at]!;
}

function standardScale(values: Float64Array): ChainStep {
  const centre = meanOf(values);
  return scaleStep(centre, Math.sqrt(meanOf(values.map((value) => (value - centre) ** 2))));
}

/** Median, and the median distance from it as large as the standard deviation of a normal distribution would be. */
function robustScale(values: Float64Array): ChainStep {
  const centre = median(values);
  const spread = 1.4826 * median(values.map((value) => Math.abs(value - centre)));
  // More than half of the values the same: the mean distance is the next best.
  return scaleStep(centre, spread > 0 ? spread : 1.2533 * meanOf(values.map((value) => Math.abs(value - centre))));
}

function scaleStep(centre: number, scale: number): ChainStep {
  const usable = Number.isFinite(scale) && scale > 1e-12 * Math.abs(centre);
  return { kind: "scale", centre: Number.isNaN(centre) ? 0 : centre, scale: usable ? scale : 1 };
}

function median(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * The power under which the spread of a season depends least on its level: the smallest coefficient of variation of
 * sd / mean^(1 - lambda) over the seasons (Guerrero 1993), for lambda from -1 to 2 in hundredths.
 */
export function guerrero(values: Float64Array, season: number): number {
  const size = Math.max(2, season);
  const blocks: { mean: number; deviation: number }[] = [];
  // From the end, as the newest seasons matter most: an incomplete one is the oldest.
  for (let start = values.length % size; start + size <= values.length; start += size) {
    const block = values.subarray(start, start + size);
    const mean = meanOf(block);
    const seen = block.filter((value) => !Number.isNaN(value)).length;
    const deviation = Math.sqrt((meanOf(block.map((value) => (value - mean) ** 2)) * seen) / (seen - 1));
    if (seen >= 2 && mean > 0) blocks.push({ mean, deviation });
  }
  if (blocks.length < 2) return 1;
  let [best, least] = [1, Number.POSITIVE_INFINITY];
  for (let hundredths = -100; hundredths <= 200; hundredths++) {
    const ratios = Float64Array.from(blocks, ({ mean, deviation }) => deviation / mean ** (1 - hundredths / 100));
    const centre = meanOf(ratios);
    const spread = meanOf(ratios.map((ratio) => (ratio - centre) ** 2)) / centre ** 2;
    if (spread < least) [best, least] = [hundredths / 100, spread];
  }
  return best;
}
