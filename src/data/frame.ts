// A series made ready for windows: gaps bridged without looking ahead, the transform applied, and its exact inverse.

import { DataError } from "../base/errors.js";
import { carry, Holes, type LevelAt } from "./holes.js";
import { meanBy } from "./mean.js";
import { type Numbers, numbersOf } from "./number-store.js";
import type { Transform } from "./transform.js";

/** Values and what the network sees of them, row by row. */
export interface Frame {
  /** In the target's unit; NaN where missing. */
  readonly values: Float64Array;
  /** Logarithms if the transform takes them, gaps bridged: made where they are read, so that a long series has no copy. */
  readonly levels: Numbers;
  /** Missing rows; null if there are none. */
  readonly holes: Holes | null;
  readonly transform: Transform;
  readonly season: number;
}

/**
 * Applies a transform to a whole series.
 * @throws DataError `not_positive` if a logarithm is to be taken of zero or less, `all_missing`
 */
export function makeFrame(values: Float64Array, transform: Transform, season: number): Frame {
  const bad = transform.log ? values.find((value) => value <= 0) : undefined;
  if (bad !== undefined) {
    throw new DataError(
      "not_positive",
      `the value ${bad} has no logarithm, and the transform takes logarithms.`,
      "Train on data that contain such values.",
    );
  }
  const seen = seenLevels(values, transform.log);
  const holes = values.some(Number.isNaN) ? new Holes(values) : null;
  return { values, levels: holes === null ? seen : holes.bridge(seen, season), holes, transform, season };
}

/** Values as they were observed, or their logarithms. */
export function seenLevels(values: Float64Array, log: boolean): Numbers {
  return log ? { length: values.length, get: (row) => Math.log(values[row]!) } : numbersOf(values);
}

/** The same rows in the scale of another transform, which differs in its mean and scale alone. */
export function rescaled(frame: Frame, transform: Transform): Frame {
  return { ...frame, transform };
}

/** The `input` scaled values before row `origin`: nothing at or after `origin` is read. */
export function inputAt(frame: Frame, origin: number, input: number): Float64Array {
  const { transform } = frame;
  const levels = levelsBefore(frame, origin);
  const first = origin - input;
  const { centre, unit } = windowScale(frame, origin);
  const lag = transform.seasonalLag;
  if (transform.readsLevels !== true || lag === 0)
    return Float64Array.from({ length: input }, (_, i) => (scaledAt(levels, first + i, transform) - centre) / unit);
  const level = meanBy({ length: lag, get: (i) => levels(origin - lag + i) }, (value) => value);
  return Float64Array.from({ length: input }, (_, i) => (levels(first + i) - level) / (levelUnits * transform.scale * unit));
}

/** A season swings about twice as far as its differences. */
const levelUnits = 2;

/** The scaled values the network should give for the `horizon` rows from `origin` on. */
export function targetAt(frame: Frame, origin: number, horizon: number): Float64Array {
  const { centre, unit } = windowScale(frame, origin);
  return Float64Array.from({ length: horizon }, (_, h) => (scaledAt(frame.levels.get, origin + h, frame.transform) - centre) / unit);
}

/**
 * Network outputs at `origin` back to levels (logarithms if the transform takes them): the steps of the transform in
 * reverse. Steps further ahead than one season stand on the forecasts before them.
 */
export function outputLevels(frame: Frame, origin: number, outputs: ArrayLike<number>): Float64Array {
  const { transform } = frame;
  const lag = transform.seasonalLag;
  const { centre, unit } = windowScale(frame, origin);
  const known = levelsBefore(frame, origin);
  const result = new Float64Array(outputs.length);
  for (let h = 0; h < outputs.length; h++) {
    const change = (outputs[h]! * unit + centre) * transform.scale + transform.mean;
    const before = lag === 0 ? 0 : h < lag ? known(origin + h - lag) : result[h - lag]!;
    result[h] = change + before;
  }
  return result;
}

/** Levels in the target's unit. */
export function fromLevels(levels: Float64Array, transform: Transform): Float64Array {
  return transform.log ? levels.map(Math.exp) : levels.slice();
}

/** First row that can be an origin: a whole input and its seasonal lag lie before it. */
export function firstOrigin({ transform }: Pick<Frame, "transform">, input: number): number {
  const { seasonalLag, readsLevels = false } = transform;
  return readsLevels ? Math.max(input, 2 * seasonalLag) : input + seasonalLag;
}

function scaledAt(levels: LevelAt, row: number, { seasonalLag, mean, scale }: Transform): number {
  const change = seasonalLag === 0 ? levels(row) : row < seasonalLag ? Number.NaN : levels(row) - levels(row - seasonalLag);
  return (change - mean) / scale;
}

/** Where a window lies among the scaled values of its series, and how far its values spread there. */
function windowScale(frame: Frame, origin: number): { readonly centre: number; readonly unit: number } {
  const { relative, own = 0, seasonalLag } = frame.transform;
  if (!relative && own === 0) return { centre: 0, unit: 1 };
  const levels = levelsBefore(frame, origin);
  const last = relative ? scaledAt(levels, origin - 1, frame.transform) : 0;
  if (own === 0) return { centre: last, unit: 1 };
  const first = Math.max(seasonalLag, origin - own);
  const rows: Numbers = { length: origin - first, get: (i) => scaledAt(levels, first + i, frame.transform) };
  const mean = meanBy(rows, (value) => value);
  const spread = Math.sqrt(meanBy(rows, (value) => (value - mean) ** 2));
  return { centre: relative ? last : mean, unit: Math.max(leastUnit, spread) };
}

/** Of the scale of the series: where it stood still for a while, it need not go on so. */
const leastUnit = 0.1;

/**
 * Levels as they were known before `origin`. A line drawn across a gap ends at a later row: where the gap is still open at
 * `origin`, it is carried forward instead, so that no window looks ahead.
 */
function levelsBefore(frame: Frame, origin: number): LevelAt {
  const { levels, holes } = frame;
  const open = origin === 0 ? 0 : (holes?.ageAt(origin - 1) ?? 0);
  if (open === 0) return levels.get;
  const last = origin - 1 - open;
  const carried = new Map<number, number>();
  const at: LevelAt = (row) => carried.get(row) ?? levels.get(row);
  for (let row = Math.max(last + 1, 0); row < origin; row++) carried.set(row, carry(at, last, row, frame.season));
  return at;
}
