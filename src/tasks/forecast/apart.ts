// How far the members of a combination are apart says how sure it is: errors are larger where they disagree more than usual.

import { combine, type Trial } from "./choice.js";
import type { Intervals, Residual, Spread } from "./intervals.js";

/** Sizes of errors grow with this power of the distance: chosen on the training parts of competitions and on generated series. */
const power = 0.1;
/** Distances found from few origins are uncertain: no error is taken for more than so many times as large. */
const most = 2;

/**
 * Mean distance of the members from their combination over the rows ahead, by their weights, in levels; null if they are one, or all the
 * same.
 */
export function apartOf(weights: Readonly<Record<string, number>>, trial: Omit<Trial, "origin">, log: boolean): number | null {
  const own = Object.entries(weights).flatMap(([name, weight]) => {
    const forecast = trial.forecasts[name];
    return forecast === undefined ? [] : [{ weight, forecast }];
  });
  const horizon = own[0]?.forecast.length ?? 0;
  const middle = combine(weights, trial, horizon);
  const toLevel = (value: number): number => (log ? Math.log(value) : value);
  let [sum, total] = [0, 0];
  for (const { weight, forecast } of own) {
    for (let h = 0; h < horizon; h++) sum += weight * Math.abs(toLevel(forecast[h]!) - toLevel(middle[h]!));
    total += weight * horizon;
  }
  return sum > 0 && Number.isFinite(sum) ? sum / total : null;
}

/** The usual distance, a geometric mean; null where any is not known. */
export function usuallyApart(residuals: readonly Residual[]): number | null {
  let sum = 0;
  for (const { apart = null } of residuals) {
    if (apart === null) return null;
    sum += Math.log(apart);
  }
  return residuals.length === 0 ? null : Math.exp(sum / residuals.length);
}

/** How many times the usual size errors have at this distance; 1 where nothing is known. */
export function sizeAt(apart: number | null, usual: number | null): number {
  if (apart === null || usual === null) return 1;
  return Math.min(most, Math.max(1 / most, (apart / usual) ** power));
}

/** The intervals for members that are so far apart. */
export function intervalsAt(intervals: Intervals | null, apart: number | null): Intervals | null {
  if (intervals === null) return null;
  const size = sizeAt(apart, intervals.apart);
  const scaled = (half: readonly number[]): number[] => half.map((each) => size * each);
  return { half80: scaled(intervals.half80), half95: scaled(intervals.half95), apart };
}

/** The spread for members that are so far apart. */
export function spreadAt(spread: Spread | null, apart: number | null): Spread | null {
  if (spread === null) return null;
  const size = sizeAt(apart, spread.apart);
  return { ...spread, scale: spread.scale.map((each) => size * each), apart };
}

/** Errors with the distances of other weights, where the trials that they come from are known and distances matter. */
export function withDistances(
  residuals: readonly Residual[],
  trials: readonly Trial[],
  { weights, log }: { readonly weights: Readonly<Record<string, number>>; readonly log: boolean },
): readonly Residual[] {
  const known = new Map(trials.map((trial) => [trial.origin, apartOf(weights, trial, log)]));
  return residuals.map((each) => {
    const apart = each.origin === null || (each.apart ?? null) === null ? undefined : known.get(each.origin);
    return apart === undefined ? each : { ...each, apart };
  });
}
