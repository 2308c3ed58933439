// The automatic transform: logarithm, seasonal difference and scale, each decided by a number measured on the training part.

import { counted } from "../base/words.js";
import { seenLevels } from "./frame.js";
import { meanBy, meanOf } from "./mean.js";
import { type Numbers, numbersOf } from "./number-store.js";
import { seasonStrength, strongSeason } from "./season.js";

/** A transform with the numbers measured on the training part. Plain data: it is stored as JSON with the model. */
export interface Transform {
  /** Natural logarithm first. */
  readonly log: boolean;
  /** Rows back of the seasonal difference; 0 means none. */
  readonly seasonalLag: number;
  /** Inputs and targets of a window are taken relative to its last input value. */
  readonly relative: boolean;
  /** Whether what is read are levels, also where what is forecast are seasonal differences: these alone do not tell a season. */
  readonly readsLevels?: boolean;
  /**
   * Rows before a forecast whose spread is the unit of its window, and whose mean is its centre unless that is the last value; without
   * them all windows of a series have one scale. Windows of many series look alike in units of their own (Smyl 2020).
   */
  readonly own?: number;
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
  readonly readsLevels?: boolean;
  readonly own?: number;
}

/** What series that are learnt together must have in common. */
export interface SharedSteps {
  readonly isSeasonal: boolean;
  readonly relative: boolean;
  readonly own: number;
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
  /** Steps that are not asked of the training part: it is one of many series. */
  readonly shared?: SharedSteps | null;
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
  const levels = seenLevels(training, log);
  const seasonalLag = chooseLag(levels, options, reasons);
  const { horizon, shared } = options;
  const relative = shared?.relative ?? chooseRelative(seasonalDifference(levels, seasonalLag), horizon, reasons);
  const steps = { log, seasonalLag, relative };
  if (!shared) return measureLevels(levels, steps, { horizon, reasons });
  const [season, last] = [seasonalLag > 0 ? "" : "no ", relative ? "" : "not "];
  reasons.push(`${season}seasonal difference, ${last}relative to the last value: as in most of the series`);
  return measureLevels(levels, { ...steps, own: shared.own }, { horizon, reasons });
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
  return measureLevels(seenLevels(training, steps.log), steps, { horizon, reasons });
}

function measureLevels(
  levels: Numbers,
  steps: TransformSteps,
  { horizon, reasons }: { readonly horizon: number; readonly reasons: readonly string[] },
): Transform {
  const differences = seasonalDifference(levels, steps.seasonalLag);
  // Relative windows centre themselves: only their typical move over the horizon is needed.
  const mean = steps.relative ? 0 : meanBy(differences, (value) => value);
  // Measured in units of the largest value: squares of very large or small values would overflow or vanish.
  const unit = largestOf(differences) || 1;
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

function largestOf(values: Numbers): number {
  let largest = 0;
  for (let row = 0; row < values.length; row++) {
    const size = Math.abs(values.get(row));
    if (size > largest) largest = size;
  }
  return largest;
}

/** Values minus those one lag before; NaN where either is missing and in the first lag. Without a lag the values themselves. */
function seasonalDifference(levels: Numbers, lag: number): Numbers {
  if (lag === 0) return levels;
  return { length: levels.length, get: (row) => (row < lag ? Number.NaN : levels.get(row) - levels.get(row - lag)) };
}

function arrayOf(values: Numbers, from: number, to: number): Float64Array {
  return Float64Array.from({ length: to - from }, (_, i) => values.get(from + i));
}

/** Says whether the spread grows with the level: the slope of log spread on log level over blocks of a season. */
export function spreadGrowth(
  values: Float64Array,
  season: number,
): { readonly slope: number; readonly correlation: number; readonly blocks: number } {
  const size = season > 3 ? season : Math.max(5, Math.floor(values.length / 12));
  // Without a season the level itself wanders inside a block: the spread of the steps is what a logarithm evens out.
  const at = (row: number): number => (season > 3 ? values[row]! : row === 0 ? Number.NaN : values[row]! - values[row - 1]!);
  const [x, y]: [number[], number[]] = [[], []];
  for (let start = 0; start + size <= values.length; start += size) {
    const level = meanOf(values.subarray(start, start + size));
    const spread = spreadAroundLine({ length: size, get: (i) => at(start + i) });
    if (!(level > 0 && spread > 0)) continue;
    x.push(Math.log(level));
    y.push(Math.log(spread));
  }
  return { ...line(numbersOf(x), numbersOf(y)), blocks: x.length };
}

function chooseLog(training: Float64Array, options: TransformOptions, reasons: string[]): boolean {
  const isPositive = options.isPositive !== false && training.every((value) => Number.isNaN(value) || value > 0);
  if (!isPositive) {
    reasons.push("no logarithm: not all values are positive");
    return false;
  }
  const { slope, correlation, blocks } = spreadGrowth(training, options.season);
  const grows = blocks >= 4 && slope > growingSpread && correlation > 0.5;
  // Levels that hardly differ make any exponent.
  const measured =
    Math.abs(slope) < 100 ? `spread ~ level^${slope.toFixed(2)}, correlation ${correlation.toFixed(2)}` : "levels hardly differ";
  if (blocks < 4) reasons.push("no logarithm: too few rows to see whether the spread grows with the level");
  else
    reasons.push(
      grows
        ? `logarithm: all values are positive and the spread grows with the level (${measured})`
        : `no logarithm: the spread does not grow with the level (${measured})`,
    );
  return grows;
}

function chooseLag(
  levels: Numbers,
  { season, longestLag = Number.POSITIVE_INFINITY, shared }: TransformOptions,
  reasons: string[],
): number {
  if (season < 2) return 0;
  if (shared) return shared.isSeasonal && season <= longestLag ? season : 0;
  const first = Math.max(0, levels.length - Math.max(mostRows, leastSeasons * season));
  const strength = seasonStrength(arrayOf(levels, first, levels.length), season);
  const measured = `season strength ${strength.toFixed(2)}`;
  if (strength <= strongSeason) {
    reasons.push(`no seasonal difference: ${measured}, ${strongSeason} or less`);
    return 0;
  }
  if (season > longestLag) {
    reasons.push(`no seasonal difference: ${measured}, but too few rows are left after it`);
    return 0;
  }
  reasons.push(`seasonal difference: ${measured}, above ${strongSeason}`);
  return season;
}

/** Whether the last value says more about the coming rows than the long-run mean does. */
function chooseRelative(differences: Numbers, horizon: number, reasons: string[]): boolean {
  const mean = meanBy(differences, (value) => value);
  const fromMean = meanBy(differences, (value) => Math.abs(value - mean));
  const fromLast = moves(differences, horizon, Math.abs);
  if (!(Number.isFinite(fromLast) && fromMean > 0)) return false;
  const ratio = fromLast / fromMean;
  const relative = ratio < 0.9;
  const measured = `error of the last value over ${counted(horizon, "row")} is ${ratio.toFixed(2)} of the mean's`;
  reasons.push(relative ? `relative to the last value: ${measured}` : `not relative to the last value: ${measured}`);
  return relative;
}

/** Rows that are taken out at once where each is read for every step ahead. */
const blockRows = 1 << 20;

/** Mean of f(z[t + h] - z[t]) over all t and h = 1..horizon; the steps are thinned, a mean needs no more. */
function moves(values: Numbers, horizon: number, f: (move: number) => number): number {
  const skip = Math.max(1, Math.floor(horizon / 24));
  const block = new Float64Array(Math.min(values.length, blockRows + horizon));
  let sum = 0;
  let count = 0;
  for (let from = 0; from < values.length; from += blockRows) {
    const rows = Math.min(block.length, values.length - from);
    for (let t = 0; t < rows; t++) block[t] = values.get(from + t);
    for (let h = 1; h <= horizon; h += skip) {
      for (let t = 0; t < blockRows && t + h < rows; t++) {
        const move = block[t + h]! - block[t]!;
        if (Number.isNaN(move)) continue;
        sum += f(move);
        count++;
      }
    }
  }
  return sum / count;
}

function wordsOf({ log, seasonalLag, relative, own = 0 }: TransformSteps): string {
  const words: string[] = [];
  if (log) words.push("logarithm");
  if (seasonalLag > 0) words.push(`difference to the season before (${seasonalLag} rows)`);
  if (relative) words.push("relative to the last value");
  return [...words, own > 0 ? "scale of each window" : "standard scale"].join(", ");
}

/** Standard deviation of what a straight line leaves: a trend inside a block is level, not spread. */
function spreadAroundLine(block: Numbers): number {
  const rows: Numbers = { length: block.length, get: (i) => (Number.isNaN(block.get(i)) ? Number.NaN : i) };
  const { slope } = line(rows, block);
  const [centreX, centreY] = [meanBy(rows, (row) => row), meanBy(block, (value) => value)];
  return Math.sqrt(meanBy(rows, (row) => (block.get(row) - centreY - slope * (row - centreX)) ** 2));
}

/** The line through the points that have both coordinates. */
function line(x: Numbers, y: Numbers): { slope: number; correlation: number } {
  const [meanX, meanY] = [meanBy(x, (value) => value), meanBy(y, (value) => value)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x.get(i) - meanX, y.get(i) - meanY];
    if (Number.isNaN(dx * dy)) continue;
    xx += dx ** 2;
    yy += dy ** 2;
    xy += dx * dy;
  }
  return { slope: xx === 0 ? 0 : xy / xx, correlation: xx * yy === 0 ? 0 : xy / Math.sqrt(xx * yy) };
}
