// From forecasts in levels to rows in the target's unit, and to the errors that intervals are made of.

import { listed } from "../../base/words.js";
import { type Frame, fromLevels } from "../../data/frame.js";
import type { Series } from "../../data/types.js";
import { type Outlook, quantileAt } from "./forecaster.js";
import { isIntermittent } from "./intermittent.js";
import type { Intervals, Residual } from "./intervals.js";
import type { Warning } from "./run-plan.js";
import type { ForecastRow, SavedTransform } from "./types.js";

/**
 * Observed minus forecast, in levels, for rows before `end`; a combination whose members all need more of the past forecast nothing. Of
 * intermittent demand what was observed below the forecast is no error: intervals begin at zero, and their upper ends hold what they say.
 */
export function errorsOf(frame: Frame, origin: number, levels: Float64Array, end: number, apart: number | null = null): Residual[] {
  const residuals: Residual[] = [];
  const isDemand = isIntermittent(frame.values.subarray(0, origin), frame.season);
  const least = isDemand ? 0 : Number.NEGATIVE_INFINITY;
  for (let step = 0; step < levels.length && origin + step < end; step++) {
    const actual = frame.values[origin + step]!;
    if (Number.isNaN(actual) || Number.isNaN(levels[step]!)) continue;
    const error = Math.max(least, (frame.transform.log ? Math.log(actual) : actual) - levels[step]!);
    residuals.push({ origin, step, error, apart: isDemand ? null : apart });
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
  const isDemand = isIntermittent(series.values.subarray(0, origin), series.season);
  const bound = (step: number, half: number | undefined, share: number): number | null => {
    if (quantiles !== null) return inUnit(quantileAt(quantiles, share)[step]!);
    if (isDemand && half !== undefined && share < 0.5) return 0;
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
