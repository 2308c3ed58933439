// Series that stood still wherever forecasts were tried: errors of nothing promise nothing, and changes that the past has seen speak beside them.

import type { Frame } from "../../data/frame.js";
import { beginningOf } from "./beginning.js";
import type { Residual } from "./intervals.js";
import { errorsOf } from "./outputs.js";

/** Origins from which changes are looked for, evenly over the past: more would not know their share much better. */
const mostOrigins = 500;
/** A series stands still where all but so many values... */
const leastMoving = 0.05;
/** ...differ from the last one before by less than this share of the usual change. */
const negligible = 0.01;

/**
 * The errors that say how uncertain a forecast from row `end` on is: those that were made since the series began, and for a series that
 * lately stood still, and was forecast to, the changes that values have seen over up to `horizon` rows in all its past.
 */
export function errorsKnownAt(frame: Frame, end: number, made: readonly Residual[], horizon: number): readonly Residual[] {
  const begin = beginningOf(frame.values.subarray(0, end));
  const residuals = begin === 0 ? made : made.filter(({ origin }) => origin === null || origin >= begin);
  if (residuals.length === 0) return residuals;
  const stride = Math.max(1, Math.ceil((end - begin - 1) / mostOrigins));
  const changes: Residual[] = [];
  for (let origin = end - 1; origin > begin; origin -= stride) {
    const last = lastBefore(frame, origin);
    // They share nothing with the errors that were made, and none is newer.
    for (const { step, error } of errorsOf(frame, origin, new Float64Array(horizon).fill(last), end))
      changes.push({ step, error, origin: null, apart: null });
  }
  const usual = changes.reduce((sum, { error }) => sum + Math.abs(error), 0) / changes.length;
  const isStill = (sizeOf: (residual: Residual) => number): boolean =>
    residuals.filter((each) => Math.abs(sizeOf(each)) > negligible * usual).length <= leastMoving * residuals.length;
  const isStanding = isStill(({ origin, step }) => (origin === null ? 0 : frame.levels.get(origin + step) - lastBefore(frame, origin)));
  return usual > 0 && isStanding && isStill(({ error }) => error) ? [...residuals, ...changes] : residuals;
}

/** The last level observed before a row. */
function lastBefore({ levels, holes }: Frame, origin: number): number {
  return levels.get(origin - 1 - (holes?.ageAt(origin - 1) ?? 0));
}
