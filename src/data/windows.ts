// Windows over a series: what a network reads and what it should say, split in time, scaled by the training part alone.

import { DataError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import { type Frame, firstOrigin, fromLevels, inputAt, makeFrame, outputLevels, targetAt } from "./frame.js";
import { chooseTransform, scaleOnly, type Transform } from "./transform.js";
import type { Series } from "./types.js";
import { type BesideColumns, WindowTensors } from "./window-columns.js";

/** One part of the windows. Axes: windows N, input rows T, horizon rows H. */
export interface WindowSet {
  /** Scaled inputs [N, T, 1]. */
  readonly x: Tensor;
  /** Scaled targets [N, H]. */
  readonly y: Tensor;
  /** In the target's unit: targets [N, H] of validation and test; for train its whole part [rows], the history that scores need. */
  readonly actual: Tensor;
  /** Row at which each window's targets begin. */
  readonly origins: readonly number[];
}

/** A series cut into windows, in three parts. */
export interface Windows {
  readonly train: WindowSet;
  readonly validation: WindowSet;
  readonly test: WindowSet;
  readonly transform: Transform;
  /** Scaled outputs [N, H] of the windows `of` (test unless given) back in the target's unit. */
  inverse(outputs: Tensor, of?: WindowSet): Tensor;
}

/** Options of `windows`. All counts are rows of the series. */
export interface WindowOptions {
  /** Rows a window reads. */
  readonly input: number;
  /** Rows it forecasts. */
  readonly horizon: number;
  /** Rows before the test part that choose the epoch; 0 for none. */
  readonly validation?: number;
  /** Last rows, held out. */
  readonly test?: number;
  /** Rows between neighbouring windows: 1. */
  readonly stride?: number;
  /** "scale" (default) is standard scaling; "auto" adds logarithm and seasonal difference where the training part asks for them. */
  readonly transform?: "scale" | "auto" | Transform;
}

/**
 * Cuts a series into windows. Targets never cross into the next part; inputs may reach back into the part before.
 * Windows whose targets have a missing value are left out.
 *
 * @throws DataError `too_few_rows`, `bad_option`
 * @example  const w = windows(sales, { input: 36, horizon: 12, validation: 12, test: 24 });
 */
export function windows(series: Series, options: WindowOptions): Windows {
  const { input, horizon, validation = 0, test = 0, stride = 1 } = options;
  checkCounts({ input, horizon, stride }, 1);
  checkCounts({ validation, test }, 0);
  const rows = series.values.length;
  const [trainEnd, testStart] = [rows - test - validation, rows - test];
  if (trainEnd < input + horizon) throw tooFewRows(rows, options);
  const training = series.values.slice(0, trainEnd);
  const transform = transformOf(training, series, options);
  if (trainEnd < input + horizon + transform.seasonalLag) throw tooFewRows(rows, options);
  const frame = makeFrame(series.values, transform, series.season);
  const cut = (from: number, to: number): number[] => originsBetween(frame, { from, to, input, horizon, stride });
  const set = (origins: readonly number[]): WindowSet => ({
    ...windowsAt(
      origins.map((origin) => ({ frame, origin })),
      { input, horizon },
    ),
    actual: actualAt(frame, origins, horizon),
    origins,
  });
  const train = { ...set(cut(0, trainEnd)), actual: hostTensor(Float32Array.from(training), [trainEnd], "float32") };
  const testSet = set(cut(testStart, rows));
  return {
    train,
    validation: set(cut(trainEnd, testStart)),
    test: testSet,
    transform,
    inverse: (outputs, of = testSet) => invert(frame, outputs, of.origins),
  };
}

/** Origins whose targets lie inside rows [from, to) and are all observed. */
function originsBetween(
  frame: Frame,
  { from, to, input, horizon, stride }: { from: number; to: number; input: number; horizon: number; stride: number },
): number[] {
  const origins: number[] = [];
  const start = Math.max(from, firstOrigin(frame, input));
  for (let origin = start; origin + horizon <= to; origin += stride) {
    if (missingIn(frame.values, origin, horizon) === 0) origins.push(origin);
  }
  return origins;
}

/** Missing values among `count` rows from `start` on. */
export function missingIn(values: Float64Array, start: number, count: number): number {
  let missing = 0;
  for (let i = start; i < start + count; i++) if (Number.isNaN(values[i])) missing++;
  return missing;
}

const noColumns: BesideColumns = { past: [], future: [] };

/** Scaled targets [N, H] of the windows at these places. */
export function targetsAt(places: readonly { readonly frame: Frame; readonly origin: number }[], horizon: number): Tensor {
  const y = new Float32Array(places.length * horizon);
  places.forEach(({ frame, origin }, w) => {
    y.set(targetAt(frame, origin, horizon), w * horizon);
  });
  return hostTensor(y, [places.length, horizon], "float32");
}

/** Inputs [N, T, 1] and targets [N, H] of the windows at these places, of one series or of several. */
function windowsAt(
  places: readonly { readonly frame: Frame; readonly origin: number }[],
  { input, horizon }: { input: number; horizon: number },
): { x: Tensor; y: Tensor } {
  const tensors = new WindowTensors({ count: places.length, input, horizon, past: 0, future: 0, isMasked: false });
  places.forEach(({ frame, origin }, w) => {
    tensors.fill(w, origin, inputAt(frame, origin, input), noColumns);
  });
  return { x: tensors.x, y: targetsAt(places, horizon) };
}

function actualAt(frame: Frame, origins: readonly number[], horizon: number): Tensor {
  const actual = new Float32Array(origins.length * horizon);
  origins.forEach((origin, n) => {
    actual.set(frame.values.subarray(origin, origin + horizon), n * horizon);
  });
  return hostTensor(actual, [origins.length, horizon], "float32");
}

function invert(frame: Frame, outputs: Tensor, origins: readonly number[]): Tensor {
  const horizon = outputs.shape.at(-1) ?? 0;
  if (outputs.shape[0] !== origins.length) {
    throw new DataError(
      "inverse_rows",
      `inverse: outputs have ${outputs.shape[0]} windows, the set has ${origins.length}.`,
      "Name the set: inverse(outputs, w.validation).",
    );
  }
  const data = Float64Array.from(outputs.data);
  const result = new Float32Array(data.length);
  origins.forEach((origin, n) => {
    const levels = outputLevels(frame, origin, data.subarray(n * horizon, (n + 1) * horizon));
    result.set(fromLevels(levels, frame.transform), n * horizon);
  });
  return hostTensor(result, outputs.shape, "float32");
}

function transformOf(training: Float64Array, series: Series, options: WindowOptions): Transform {
  const { transform = "scale", horizon, input } = options;
  if (typeof transform !== "string") return transform;
  if (transform === "scale") return scaleOnly(training);
  const isPositive = series.values.every((value) => Number.isNaN(value) || value > 0);
  return chooseTransform(training, { season: series.season, horizon, longestLag: training.length - input - horizon, isPositive });
}

function checkCounts(counts: Readonly<Record<string, number>>, least: number): void {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isInteger(count) && count >= least) continue;
    throw new DataError("bad_option", `${name} ${count}: a whole number of rows, at least ${least}, is needed.`);
  }
}

function tooFewRows(rows: number, { input, horizon, validation = 0, test = 0 }: WindowOptions): DataError {
  const needed = input + horizon + validation + test;
  const fitting = Math.max(1, Math.floor(rows / 5));
  const parts = `horizon ${horizon} with input ${input}, validation ${validation} and test ${test}`;
  return new DataError(
    "too_few_rows",
    `${rows} rows; ${parts} needs ${needed} and any seasonal lag.`,
    `Try horizon ${fitting} and input ${2 * fitting}.`,
  );
}
