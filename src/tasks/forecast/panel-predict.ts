// Forecasting many series with a saved network: each with the transform, intervals and combination that were stored under its id.

import { DataError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import { firstOrigin, makeFrame } from "../../data/frame.js";
import { panel } from "../../data/panel.js";
import { placeOf } from "../../data/table.js";
import type { Table } from "../../data/types.js";
import { levelsAhead } from "./ahead.js";
import { rowsAt } from "./outputs.js";
import type { ForecastPredictionRun, PredictOptions } from "./predict.js";
import type { ForecastModel, ForecastRow, HistoryPoint, SavedPreprocess } from "./types.js";

/**
 * Forecasts the rows after the last one of every series that the model knows; others are left out with a warning.
 * @throws DataError `no_series` if none is known, and those of `panel`
 */
export async function predictPanel(
  model: ForecastModel,
  preprocess: SavedPreprocess & { readonly panel: NonNullable<SavedPreprocess["panel"]> },
  table: Table,
  options: PredictOptions,
): Promise<ForecastPredictionRun> {
  const { columns, season, horizon, input } = preprocess;
  const { id, wide, series: saved } = preprocess.panel;
  const duplicates = options.duplicates ?? preprocess.duplicates ?? undefined;
  const dateOrder = options.dateOrder ?? preprocess.dateOrder ?? undefined;
  const found = panel(table, {
    season,
    ...(wide ? { wide } : { target: columns.target, ...(columns.time.length === 0 ? {} : { time: columns.time.join(",") }) }),
    ...(id === null || wide ? {} : { id }),
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(dateOrder === undefined ? {} : { dateOrder }),
  });
  const warnings: { code: string; message: string }[] = [];
  const predictions: ForecastRow[] = [];
  let history: readonly HistoryPoint[] = [];
  for (const series of found.series) {
    const name = series.id ?? series.name;
    const own = saved[name];
    const skip = (message: string): void => void warnings.push({ code: "series_skipped", message });
    if (own === undefined) {
      skip(`${name} is left out: the model was not trained on it`);
      continue;
    }
    if (own.transform.log && series.values.some((value) => value <= 0)) {
      skip(`${name} is left out: the model takes its logarithm, and it has values of zero or less`);
      continue;
    }
    const frame = makeFrame(series.values, own.transform, season);
    if (series.values.length < firstOrigin(frame, input)) {
      skip(`${name} is left out: it has ${series.values.length} rows, the model reads ${firstOrigin(frame, input)}`);
      continue;
    }
    const levels = await levelsAhead(model, frame, { input, horizon, season, choice: own.choice });
    if (predictions.length === 0)
      history = Array.from(series.values, (value, i) => ({ time: series.timeLabel(i), value: Number.isNaN(value) ? null : value }));
    const facts = { series, transform: own.transform, origin: series.values.length, intervals: own.intervals };
    predictions.push(...rowsAt(levels, facts));
  }
  if (predictions.length > 0) return { task: "forecast", count: predictions.length, predictions, history, warnings };
  const what = `${shortName(table.file)} has no series that the model can forecast; ${warnings[0]?.message ?? "it has none"}.`;
  throw new DataError("no_series", what, "Give the series it was trained on.", placeOf(table.file));
}
