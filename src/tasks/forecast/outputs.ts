// From a network's outputs to rows in the target's unit, and to the errors that intervals are made of.

import { RunError } from "../../base/errors.js";
import { hostTensor } from "../../base/tensor.js";
import { type Frame, firstOrigin, fromLevels, inputAt, outputLevels } from "../../data/frame.js";
import type { Series } from "../../data/types.js";
import { missingIn } from "../../data/windows.js";
import type { Intervals, Residual } from "./intervals.js";
import type { ForecastModel, ForecastRow, SavedTransform } from "./types.js";

/** What predicting needs to know of the plan. */
export interface WindowShape {
  readonly steps: number;
  readonly sizes: { readonly horizon: number };
}

/** Levels (logarithms if the transform takes them) of the rows from `origin` on. */
export async function predictAt(model: ForecastModel, frame: Frame, shape: WindowShape, origin: number): Promise<Float64Array> {
  return (await predictMany(model, frame, shape, [origin]))[0]!;
}

/**
 * Levels forecast from each origin.
 * @throws RunError `diverged`, `output_shape`
 */
export async function predictMany(
  model: ForecastModel,
  frame: Frame,
  shape: WindowShape,
  origins: readonly number[],
): Promise<Float64Array[]> {
  const { steps } = shape;
  const { horizon } = shape.sizes;
  const x = new Float32Array(origins.length * steps);
  origins.forEach((origin, n) => {
    x.set(inputAt(frame, origin, steps), n * steps);
  });
  const outputs = await model.predict(hostTensor(x, [origins.length, steps, 1], "float32"));
  const data = Float64Array.from(outputs.data);
  if (data.length !== origins.length * horizon) {
    const what = `the network gives [${outputs.shape.join(", ")}], [${origins.length}, ${horizon}] was expected`;
    throw new RunError({ code: "output_shape", what, hint: "The model and its preprocess.json do not belong together." });
  }
  return origins.map((origin, n) => {
    const levels = outputLevels(frame, origin, data.subarray(n * horizon, (n + 1) * horizon));
    if (fromLevels(levels, frame.transform).every(Number.isFinite)) return levels;
    throw new RunError({ code: "diverged", what: "the forecast is no finite number", hint: "Try a smaller --learning-rate." });
  });
}

/** Errors of the forecasts from these origins, at every step whose row lies inside them and was observed. */
export async function residualsAt(model: ForecastModel, frame: Frame, shape: WindowShape, origins: readonly number[]): Promise<Residual[]> {
  const usable = origins.filter((origin) => origin >= firstOrigin(frame, shape.steps));
  if (usable.length === 0) return [];
  const end = origins.at(-1)! + 1;
  const forecasts = await predictMany(model, frame, shape, usable);
  return usable.flatMap((origin, n) => errorsOf(frame, origin, forecasts[n]!, end));
}

/** Observed minus forecast, in levels, for rows before `end`. */
export function errorsOf(frame: Frame, origin: number, levels: Float64Array, end: number): Residual[] {
  const residuals: Residual[] = [];
  for (let step = 0; step < levels.length && origin + step < end; step++) {
    const actual = frame.values[origin + step]!;
    if (Number.isNaN(actual)) continue;
    residuals.push({ step, error: (frame.transform.log ? Math.log(actual) : actual) - levels[step]! });
  }
  return residuals;
}

/** Rows of the result for forecasts from `origin` on. */
export function rowsAt(
  levels: Float64Array,
  { series, transform, origin, intervals }: { series: Series; transform: SavedTransform; origin: number; intervals: Intervals | null },
): ForecastRow[] {
  const values = fromLevels(levels, transform);
  const bound = (step: number, half: number | undefined): number | null => {
    if (half === undefined) return null;
    const level = levels[step]! + half;
    return transform.log ? Math.exp(level) : level;
  };
  const minus = (half: number | undefined): number | undefined => (half === undefined ? undefined : -half);
  return Array.from(values, (value, step) => {
    const actual = series.values[origin + step] ?? Number.NaN;
    const [half80, half95] = [intervals?.half80[step], intervals?.half95[step]];
    return {
      id: series.id,
      target: series.name,
      time: series.timeLabel(origin + step),
      actual: Number.isNaN(actual) ? null : actual,
      value,
      lower80: bound(step, minus(half80)),
      upper80: bound(step, half80),
      lower95: bound(step, minus(half95)),
      upper95: bound(step, half95),
    };
  });
}

/** Below this many complete windows, windows with a few bridged targets are let in. */
const enoughWindows = 64;

/**
 * Origins of windows whose targets lie in rows [from, to). Only complete ones if there are enough of them; otherwise those
 * with up to a quarter, then half of the targets bridged. `bridged` is the highest share let in.
 */
export function observedOrigins(
  frame: Frame,
  { from, to, horizon }: { from: number; to: number; horizon: number },
): { origins: number[]; bridged: number } {
  const all = Array.from({ length: Math.max(0, to - horizon - from + 1) }, (_, i) => from + i);
  const enough = Math.min(enoughWindows, all.length / 2);
  let origins: number[] = [];
  for (const share of [0, 0.25, 0.5]) {
    origins = all.filter((origin) => missingIn(frame.values, origin, horizon) <= share * horizon);
    if (origins.length >= enough && origins.length > 0) return { origins, bridged: share };
  }
  return { origins: origins.length > 0 ? origins : all, bridged: 1 };
}
