// What the pretrained network reads of a past: its last rows in units of their own changes, and simple forecasts to choose among.

import { meanBy, meanOf } from "../../../data/mean.js";
import { numbersOf } from "../../../data/number-store.js";
import { naiveError } from "../scores.js";
import { filled } from "../simple/fill.js";
import type { Past } from "../simple/index.js";
import { shrunkIndices } from "../simple/shrunk-season.js";

/** Rows that the recurrent layer reads; fewer are preceded by rows of zeros. */
export const readRows: number = 40;
/** Numbers of each row. */
export const rowNumbers: number = 6;
/** Numbers that say what kind of series it is. */
export const kindNumbers: number = 6;
/** Simple forecasts of each row ahead. */
export const candidateCount: number = 10;
/** Numbers of each row ahead: the candidates, squashed, and where it lies. */
export const aheadNumbers: number = candidateCount + 4;

/** One past as the network reads it. Everything but `level` and `scale` stays the same if the series is shifted or stretched. */
export interface PriorWindow {
  /** [readRows, rowNumbers], oldest first. */
  readonly rows: Float32Array;
  /** [kindNumbers] */
  readonly kind: Float32Array;
  /** [horizon, aheadNumbers] */
  readonly ahead: Float32Array;
  /** [horizon, candidateCount], in units of `scale` above `level`. */
  readonly candidates: Float32Array;
  /** Smoothed end of the series without its season, in levels (logarithms if the past has them). */
  readonly level: number;
  /** Mean absolute change from row to row without the season, in levels. */
  readonly scale: number;
}

/** Rows that say something about season, trend and scale. */
const leastSpan = 64;
const mostSpan = 156;
const spanSeasons = 2.5;
const leastRead = 120;
const seasonsRead = 6;
/** Seasons of the recent indices. */
const recentSeasons = 4;
const leastRows = 6;
/** Changes below the rounding of the values are none. */
const rounding = 1e-9;

/** null where the past is too short, does not change, or has no logarithm though it should. */
export function priorWindow({ values, season, horizon, log }: Past): PriorWindow | null {
  const span = Math.max(leastSpan, Math.min(mostSpan, Math.ceil(spanSeasons * season)));
  const read = values.slice(-Math.max(span, seasonsRead * season, leastRead));
  const first = read.findIndex((value) => !Number.isNaN(value));
  if (first < 0 || read.length - first < leastRows || (log && read.some((value) => value <= 0))) return null;
  const levels = filled(log ? read.subarray(first).map(Math.log) : read.subarray(first), season);
  const rows = levels.length;
  const from = Math.max(0, rows - span);
  // By row modulo season, as are those of the last seasons, which begin a whole number of seasons later.
  const indices = shrunkIndices(levels, season);
  const skipped = season * Math.max(0, Math.floor(rows / season) - recentSeasons);
  const recent = skipped === 0 ? indices : shrunkIndices(levels.subarray(skipped), season);
  const plain = levels.map((value, t) => value - indices[t % season]!);
  const scale = naiveError(plain.subarray(Math.max(0, from - 1)), 1);
  if (!(scale > rounding * Math.abs(levels[rows - 1]!))) return null;
  const level = smoothed(plain, rows, 0.3);
  const parts = { levels, plain, indices, recent, season, from, level, scale };
  const candidates = candidatesOf(parts, horizon);
  return {
    ...{ rows: rowsOf(parts), candidates, level, scale },
    ahead: aheadOf(candidates, season, horizon),
    kind: Float32Array.from([
      Math.log(season) / 2,
      Math.log(rows) / 3 - 1,
      Math.log(rows / season) / 2,
      log ? 1 : 0,
      Math.asinh(meanBy(numbersOf(indices), Math.abs) / scale),
      Math.log(horizon) / 2 - 1,
    ]),
  };
}

interface Parts {
  readonly levels: Float64Array;
  /** Without the season. */
  readonly plain: Float64Array;
  readonly indices: Float64Array;
  readonly recent: Float64Array;
  readonly season: number;
  /** First row of the span. */
  readonly from: number;
  readonly level: number;
  readonly scale: number;
}

function rowsOf({ levels, plain, indices, recent, season, level, scale }: Parts): Float32Array {
  const result = new Float32Array(readRows * rowNumbers);
  const rows = levels.length;
  for (let t = Math.max(0, rows - readRows); t < rows; t++) {
    const to = (t - rows + readRows) * rowNumbers;
    const index = indices[t % season]!;
    result[to] = Math.asinh((plain[t]! - level) / scale);
    result[to + 1] = Math.asinh((t > 0 ? plain[t]! - plain[t - 1]! : 0) / scale);
    result[to + 2] = Math.asinh(index / scale);
    result[to + 3] = Math.asinh((t >= season ? levels[t]! - levels[t - season]! : 0) / scale) / 2;
    result[to + 4] = Math.asinh((index - recent[t % season]!) / scale);
    result[to + 5] = 1;
  }
  return result;
}

function candidatesOf({ levels, plain, indices, recent, season, from, level, scale }: Parts, horizon: number): Float32Array {
  const result = new Float32Array(horizon * candidateCount);
  const rows = levels.length;
  const last = plain[rows - 1]!;
  const slow = smoothed(plain, rows, 0.1);
  const recentLevel = smoothed(
    levels.map((value, t) => value - recent[t % season]!),
    rows,
    0.3,
  );
  const seasonAgo = rows > season ? smoothed(plain, rows - season, 0.3) : level;
  const mean = meanOf(plain.subarray(from));
  const slope = slopeOf(plain, from);
  const seasonMean = (end: number): number => meanOf(levels.subarray(end - season, end));
  const drift = rows > 2 * season ? seasonMean(rows) - seasonMean(rows - season) : 0;
  const damped = dampedLine(plain, horizon);
  for (let h = 0; h < horizon; h++) {
    const index = indices[(rows + h) % season]!;
    const before = levels[rows - season + (h % season)] ?? levels[rows - 1]!;
    const climb = season > 1 ? drift * (1 + Math.floor(h / season)) : slope * (h + 1);
    const each = [
      last + index,
      level + index,
      slow + index,
      mean + index,
      level + slope * (h + 1) + index,
      damped[h]! + index,
      before,
      before + climb,
      before + level - seasonAgo,
      recentLevel + recent[(rows + h) % season]!,
    ];
    each.forEach((value, k) => {
      result[h * candidateCount + k] = (value - level) / scale;
    });
  }
  return result;
}

function aheadOf(candidates: Float32Array, season: number, horizon: number): Float32Array {
  const result = new Float32Array(horizon * aheadNumbers);
  for (let h = 0; h < horizon; h++) {
    const to = h * aheadNumbers;
    for (let k = 0; k < candidateCount; k++) result[to + k] = Math.asinh(candidates[h * candidateCount + k]!);
    const place = [(h + 1) / (season > 1 ? 2 * season : 12), Math.log(h + 1) / 2 - 1, (h + 1) / horizon, (h % season) / season];
    result.set(place, to + candidateCount);
  }
  return result;
}

/** Exponential smoothing of the rows before `end`, from the first on. */
function smoothed(values: Float64Array, end: number, weight: number): number {
  let level = values[0]!;
  for (let t = 1; t < end; t++) level += weight * (values[t]! - level);
  return level;
}

/** Holt's damped line with fixed weights. */
function dampedLine(values: Float64Array, horizon: number): Float64Array {
  let [level, slope] = [values[0]!, 0];
  for (const value of values.subarray(1)) {
    const error = value - level - 0.9 * slope;
    level += 0.9 * slope + 0.3 * error;
    slope = 0.9 * slope + 0.1 * error;
  }
  let steps = 0;
  return new Float64Array(horizon).map((_, h) => {
    steps += 0.9 ** (h + 1);
    return level + steps * slope;
  });
}

/** Of the least-squares line from row `from` on. */
function slopeOf(values: Float64Array, from: number): number {
  const middle = (from + values.length - 1) / 2;
  let [products, squares] = [0, 0];
  for (let t = from; t < values.length; t++) {
    products += (t - middle) * values[t]!;
    squares += (t - middle) ** 2;
  }
  return products / squares;
}
