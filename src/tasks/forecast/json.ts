// The part of a forecast run that is printed as JSON, with the row limit of every command.

import type { ForecastResult, ForecastRun } from "./types.js";

/** Rows that one array of an answer may have. */
export const mostRows = 10_000;

/**
 * Picks the fields of the command's `result`; arrays stop at 10,000 rows, which `truncated` says.
 *
 * @example console.log(JSON.stringify(forecastJson(await forecast("sales.csv", { horizon: 12 }))));
 */
export function forecastJson(run: ForecastRun): ForecastResult {
  const { data, network, training, evaluation, holdout, forecast, choice, anomalies = [], anomalySummary } = run;
  const isLong = [holdout, forecast, anomalies].some(({ length }) => length > mostRows);
  const cut = { holdout: holdout.slice(0, mostRows), forecast: forecast.slice(0, mostRows) };
  const strange = anomalySummary === undefined ? {} : { anomalies: anomalies.slice(0, mostRows), anomalySummary };
  return { data, network, training, evaluation, ...cut, choice, ...strange, ...(isLong ? { truncated: true as const } : {}) };
}
