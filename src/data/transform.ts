// The automatic transform: logarithm, seasonal difference and scale, each decided by a number measured on the training part.

import { counted } from "../base/words.js";
import { meanBy, meanOf } from "./mean.js";
import { seasonStrength, strongSeason } from "./season.js";

/** A transform with the numbers measured on the training part. Plain data: it is stored as JSON with the model. */
export interface Transform {
  /** Natural logarithm first. */
  readonly log: boolean;
  /** Rows back of the seasonal difference; 0 means none. */
  readonly seasonalLag: number;
  /** Inputs and targets of a window are taken relative to its last input value. */
  readonly relative: boolean;
  /** Standard scale of what the steps above leave. */
  readonly mean: number;
  readonly scale: number;
  /** In words, as printed. */
  readonly words: string;
  /** One sentence per decision, with the statistic behind it. */
  readonly reasons: readonly string[];
}

/** Which steps are taken; `measureScale` adds the numbers. */
export interface TransformSteps {
  readonly log: boolean;
  readonly seasonalLag: number;
  readonly relative: boolean;
}

export interface TransformOptions {
  /** Rows in one season. */
  readonly season: number;
  /** Rows forecast ahead. */
  readonly horizon: number;
  /** The longest seasonal lag the rows can pay for; a longer one is not taken. */
  readonly longestLag?: number;
  /** Whether every value that will ever be read is positive, also beyond the training part. */
  readonly isPositive?: boolean;
}

/** Rows and seasons at the end of a long series that are enough to tell it, without a copy of the whole. */
const mostRows = 100_000;
const leastSeasons = 20;
/** Halfway between spread that ignores the level (slope 0) and spread in proportion to it (slope 1). */
const growingSpread = 0.5;

/**
 * Chooses the transform from the training part alone.
 *
 * @param training  values in the target's unit, NaN where missing
 * @example  const transform = chooseTransform(sales.values.subarray(0, 120), { season: 12, horizon: 24 });
 */
export function chooseTransform(training: Float64Array, options: TransformOptions): Transform {
  const reasons: string[] = [];
  const log = chooseLog(training, options, reasons);
  const levels = log ? training.map(Math.log) : training;
  const seasonalLag = chooseLag(levels, options, reasons);
  const { horizon } = options;
  const relative = chooseRelative(seasonalDifference(levels, seasonalLag), horizon, reasons);
  return measureLevels(levels, { log, seasonalLag, relative }, { horizon, reasons });
}

/** Standard scaling only: what `windows` does unless it is told otherwise. */
export function scaleOnly(training: Float64Array): Transform {
  return measureScale(training, { log: false, seasonalLag: 0, relative: false }, { horizon: 1, reasons: [] });
}

/** Fixed steps with mean and scale measured anew, as when a network is trained again on all rows. */
export function measureScale(
  training: Float64Array,
  steps: TransformSteps,
  { horizon, reasons }: { readonly horizon: number; readonly reasons: readonly string[] },
): Transform {
  return measureLevels(steps.log ? training.map(Math.log) : training, steps, { horizon, reasons });
}

function measureLevels(
  levels: Float64Array,
  steps: TransformSteps,
  { horizon, reasons }: { readonly horizon: number; readonly reasons: readonly string[] },
): Transform {
  const differences = seasonalDifference(levels, steps.seasonalLag);
  // Relative windows centre themselves: only their typical move over the horizon is needed.
  const mean = steps.relative ? 0 : meanOf(differences);
  // Measured in units of the largest value: squares of very large or small values would overflow or vanish.
  const unit = differences.reduce((most, value) => Math.max(most, Number.isNaN(value) ? 0 : Math.abs(value)), 0) || 1;
  const squares = steps.relative
    ? moves(differences, horizon, (move) => (move / unit) ** 2)
    : meanBy(differences, (value) => ((value - mean) / unit) ** 2);
  const scale = Math.sqrt(squares) * unit;
  const isUsable = Number.isFinite(scale) && scale > 1e-12 * Math.abs(mean);
  return { ...steps, mean, scale: isUsable ? scale : 1, words: wordsOf(steps), reasons };
}

/**
 * The transform of counts: nothing but a scale, 1 + mean (Salinas, Flunkert & Gasthaus 2017, section 3.3), so that a distribution over
 * whole numbers can be told in their own unit.
 */
export function countTransform(training: Float64Array): Transform {
  const mean = meanOf(training);
  const scale = 1 + (Number.isNaN(mean) ? 0 : mean);
  return { log: false, seasonalLag: 0, relative: false, mean: 0, scale, words: "counts over 1 + their mean", reasons: [] };
}

/** Values minus those one lag before; NaN where either is missing and in the first lag. Without a lag the values themselves. */
function seasonalDifference(levels: Float64Array, lag: number): Float64Array {
  return lag === 0 ? levels : levels.map((value, i) => (i < lag ? Number.NaN : value - levels[i - lag]!));
}

/** Says whether the spread grows with the level: the slope of log spread on log level over blocks of a season. */
export function spreadGrowth(
  values: Float64Array,
  season: number,
): { readonly slope: number; readonly correlation: number; readonly blocks: number } {
  const size = season > 3 ? season : Math.max(5, Math.floor(values.length / 12));
  // Without a season the level itself wanders inside a block: the spread of the steps is what a logarithm evens out.
  const spreadOf = season > 3 ? values : values.map((value, i) => (i === 0 ? Number.NaN : value - values[i - 1]!));
  const [x, y]: [number[], number[]] = [[], []];
  for (let start = 0; start + size <= values.length; start += size) {
    const level = meanOf(values.subarray(start, start + size));
    const spread = spreadAroundLine(spreadOf.subarray(start, start + size));
    if (!(level > 0 && spread > 0)) continue;
    x.push(Math.log(level));
    y.push(Math.log(spread));
  }
  return { ...line(x, y), blocks: x.length };
}

function chooseLog(training: Float64Array, options: TransformOptions, reasons: string[]): boolean {
  const isPositive = options.isPositive !== false && training.every((value) => Number.isNaN(value) || value > 0);
  if (!isPositive) {
    reasons.push("no logarithm: not all values are positive");
    return false;
  }
  const { slope, correlation, blocks } = spreadGrowth(training, options.season);
  const grows = blocks >= 4 && slope > growingSpread && correlation > 0.5;
  const measured = `spread ~ level^${slope.toFixed(2)}, correlation ${correlation.toFixed(2)}`;
  if (blocks < 4) reasons.push("no logarithm: too few rows to see whether the spread grows with the level");
  else
    reasons.push(
      grows
        ? `logarithm: all values are positive and the spread grows with the level (${measured})`
        : `no logarithm: the spread does not grow with the level (${measured})`,
    );
  return grows;
}

function chooseLag(levels: Float64Array, { season, longestLag }: TransformOptions, reasons: string[]): number {
  if (season < 2) return 0;
  const strength = seasonStrength(levels.subarray(-Math.max(mostRows, leastSeasons * season)), season);
  const measured = `season strength ${strength.toFixed(2)}`;
  if (strength <= strongSeason) {
    reasons.push(`no seasonal difference: ${measured}, ${strongSeason} or less`);
    return 0;
  }
  if (season > (longestLag ?? Number.POSITIVE_INFINITY)) {
    reasons.push(`no seasonal difference: ${measured}, but too few rows are left after it`);
    return 0;
  }
  reasons.push(`seasonal difference: ${measured}, above ${strongSeason}`);
  return season;
}

/** Whether the last value says more about the coming rows than the long-run mean does. */
function chooseRelative(differences: Float64Array, horizon: number, reasons: string[]): boolean {
  const mean = meanOf(differences);
  const fromMean = meanBy(differences, (value) => Math.abs(value - mean));
  const fromLast = moves(differences, horizon, Math.abs);
  if (!(Number.isFinite(fromLast) && fromMean > 0)) return false;
  const ratio = fromLast / fromMean;
  const relative = ratio < 0.9;
  const measured = `error of the last value over ${counted(horizon, "row")} is ${ratio.toFixed(2)} of the mean's`;
  reasons.push(relative ? `relative to the last value: ${measured}` : `not relative to the last value: ${measured}`);
  return relative;
}

/** Mean of f(z[t + h] - z[t]) over all t and h = 1..horizon; the steps are thinned, a mean needs no more. */
function moves(values: Float64Array, horizon: number, f: (move: number) => number): number {
  const skip = Math.max(1, Math.floor(horizon / 24));
  let sum = 0;
  let count = 0;
  for (let h = 1; h <= horizon; h += skip) {
    for (let t = 0; t + h < values.length; t++) {
      const move = values[t + h]! - values[t]!;
      if (Number.isNaN(move)) continue;
      sum += f(move);
      count++;
    }
  }
  return sum / count;
}

function wordsOf({ log, seasonalLag, relative }: TransformSteps): string {
  const words: string[] = [];
  if (log) words.push("logarithm");
  if (seasonalLag > 0) words.push(`difference to the season before (${seasonalLag} rows)`);
  if (relative) words.push("relative to the last value");
  return [...words, "standard scale"].join(", ");
}

/** Standard deviation of what a straight line leaves: a trend inside a block is level, not spread. */
function spreadAroundLine(block: Float64Array): number {
  const rows = Array.from(block, (_, i) => i).filter((i) => !Number.isNaN(block[i]));
  const kept = rows.map((i) => block[i]!);
  const { slope } = line(rows, kept);
  const [centreX, centreY] = [meanOf(rows), meanOf(kept)];
  return Math.sqrt(meanOf(kept.map((value, i) => (value - centreY - slope * (rows[i]! - centreX)) ** 2)));
}

function line(x: readonly number[], y: readonly number[]): { slope: number; correlation: number } {
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  let [xx, xy, yy] = [0, 0, 0];
  x.forEach((value, i) => {
    xx += (value - meanX) ** 2;
    yy += (y[i]! - meanY) ** 2;
    xy += (value - meanX) * (y[i]! - meanY);
  });
  return { slope: xx === 0 ? 0 : xy / xx, correlation: xx * yy === 0 ? 0 : xy / Math.sqrt(xx * yy) };
}
