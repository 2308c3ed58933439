// From forecasts in levels to rows in the target's unit, and to the errors that intervals are made of.

import { type Frame, fromLevels } from "../../data/frame.js";
import type { Series } from "../../data/types.js";
import { missingIn } from "../../data/windows.js";
import type { Intervals, Residual } from "./intervals.js";
import type { ForecastRow, SavedTransform } from "./types.js";

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
