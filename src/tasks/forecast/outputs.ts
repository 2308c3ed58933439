// From forecasts in levels to rows in the target's unit, and to the errors that intervals are made of.

import { listed } from "../../base/words.js";
import { type Frame, fromLevels } from "../../data/frame.js";
import type { Series } from "../../data/types.js";
import { missingIn } from "../../data/windows.js";
import { type Outlook, quantileAt } from "./forecaster.js";
import type { Intervals, Residual } from "./intervals.js";
import type { Warning } from "./run-plan.js";
import type { ForecastRow, SavedTransform } from "./types.js";

/** Observed minus forecast, in levels, for rows before `end`; a combination whose members all need more of the past forecast nothing. */
export function errorsOf(frame: Frame, origin: number, levels: Float64Array, end: number): Residual[] {
  const residuals: Residual[] = [];
  for (let step = 0; step < levels.length && origin + step < end; step++) {
    const actual = frame.values[origin + step]!;
    if (Number.isNaN(actual) || Number.isNaN(levels[step]!)) continue;
    residuals.push({ origin, step, error: (frame.transform.log ? Math.log(actual) : actual) - levels[step]! });
  }
  return residuals;
}

/** What goes with the levels of a forecast from `origin` on; quantiles that the forecaster gave itself stand before intervals. */
export interface RowsJob {
  readonly series: Series;
  readonly transform: SavedTransform;
  readonly origin: number;
  readonly intervals: Intervals | null;
  readonly quantiles?: Outlook["quantiles"];
}

/** Rows of the result for forecasts from `origin` on: a series that was never below zero has no value and no interval there. */
export function shownRowsAt(levels: Float64Array, job: RowsJob): ForecastRow[] {
  const { values } = job.series;
  const rows = rowsAt(levels, job);
  if (values.subarray(0, job.origin).some((value) => value < 0)) return rows;
  const kept = (end: number | null): number | null => end && Math.max(0, end);
  return rows.map(({ value, lower80, upper80, lower95, upper95, ...row }) => ({
    ...{ ...row, value: Math.max(0, value) },
    ...{ lower80: kept(lower80), upper80: kept(upper80), lower95: kept(lower95), upper95: kept(upper95) },
  }));
}

/** The same with values and ends as they were measured: what is surprising is judged by those. */
export function rowsAt(levels: Float64Array, { series, transform, origin, intervals, quantiles = null }: RowsJob): ForecastRow[] {
  const values = fromLevels(levels, transform);
  const inUnit = (level: number): number => (transform.log ? Math.exp(level) : level);
  const bound = (step: number, half: number | undefined, share: number): number | null => {
    if (quantiles !== null) return inUnit(quantileAt(quantiles, share)[step]!);
    return half === undefined ? null : inUnit(levels[step]! + Math.sign(share - 0.5) * half);
  };
  return Array.from(values, (value, step) => {
    const actual = series.values[origin + step] ?? Number.NaN;
    const [half80, half95] = [intervals?.half80[step], intervals?.half95[step]];
    return {
      id: series.id,
      target: series.name,
      time: series.timeLabel(origin + step),
      actual: Number.isNaN(actual) ? null : actual,
      value,
      lower80: bound(step, half80, 0.1),
      upper80: bound(step, half80, 0.9),
      lower95: bound(step, half95, 0.025),
      upper95: bound(step, half95, 0.975),
    };
  });
}

/** What is said if rows have no intervals: those beyond the end, or those held out, before which fewer errors were made; and of a forecast that seems sure. */
export function intervalWarnings(holdout: readonly ForecastRow[], forecast: readonly ForecastRow[]): Warning[] {
  const idsOf = (rows: readonly ForecastRow[]): (string | null)[] => [...new Set(rows.map(({ id }) => id))];
  const isBare = ({ lower80 }: ForecastRow): boolean => lower80 === null;
  const ahead = idsOf(forecast.filter(isBare));
  const held = idsOf(holdout.filter(isBare)).filter((id) => !ahead.includes(id));
  const sure = idsOf(forecast.filter(({ lower95, upper95 }) => lower95 !== null && lower95 === upper95));
  const whose = (ids: readonly (string | null)[]): string => (ids.includes(null) ? "" : ` of ${listed(ids.map(String))}`);
  const why = "too few errors were made before to measure them from";
  const rare = "values changed too rarely to say how far they may";
  return [
    ...(ahead.length === 0 ? [] : [{ code: "no_intervals", message: `the forecast${whose(ahead)} has no intervals: ${why}` }]),
    ...(held.length === 0 ? [] : [{ code: "no_intervals", message: `the first held-out rows${whose(held)} have no intervals: ${why}` }]),
    ...(sure.length === 0 ? [] : [{ code: "intervals_without_width", message: `the intervals${whose(sure)} have no width: ${rare}` }]),
  ];
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
): { origins: Int32Array; bridged: number } {
  // A series may have millions of rows: four bytes each, and no list of lists.
  const all = Int32Array.from({ length: Math.max(0, to - horizon - from + 1) }, (_, i) => from + i);
  if (frame.age === null) return { origins: all, bridged: all.length > 0 ? 0 : 1 };
  const enough = Math.min(enoughWindows, all.length / 2);
  const missing = missingAhead(frame.values, { from, count: all.length, horizon });
  let origins = all.subarray(0, 0);
  for (const share of [0, 0.25, 0.5]) {
    origins = all.filter((_, i) => missing[i]! <= share * horizon);
    if (origins.length >= enough && origins.length > 0) return { origins, bridged: share };
  }
  return { origins: origins.length > 0 ? origins : all, bridged: 1 };
}

/** Missing values among the `horizon` rows from each of `count` origins on. */
function missingAhead(
  values: Float64Array,
  { from, count, horizon }: { readonly from: number; readonly count: number; readonly horizon: number },
): Int32Array {
  const isMissing = (row: number): number => (Number.isNaN(values[row]) ? 1 : 0);
  let missing = count > 0 ? missingIn(values, from, horizon) : 0;
  return Int32Array.from({ length: count }, (_, i) => {
    if (i > 0) missing += isMissing(from + i + horizon - 1) - isMissing(from + i - 1);
    return missing;
  });
}
