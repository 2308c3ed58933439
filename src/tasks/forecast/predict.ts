// Forecasting with a saved network: the same columns, transform and intervals, applied to the rows of a new table.

import { DataError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import { firstOrigin, makeFrame } from "../../data/frame.js";
import { series } from "../../data/series.js";
import { columnOf, placeOf } from "../../data/table.js";
import type { Series, SeriesOptions, Table } from "../../data/types.js";
import { levelsAhead } from "./ahead.js";
import { rowsAt } from "./outputs.js";
import { predictPanel } from "./panel-predict.js";
import type { Duplicates, ForecastModel, ForecastPrediction, HistoryPoint, SavedPreprocess } from "./types.js";

/** How the times of a new table are to be read, where they differ from those trained on. */
export interface PredictOptions {
  readonly duplicates?: Duplicates;
  readonly dateOrder?: "dmy" | "mdy";
}

/** A prediction with what the picture needs. */
export interface ForecastPredictionRun extends ForecastPrediction {
  readonly history: readonly HistoryPoint[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/**
 * Forecasts the rows after the last one of `table`, one horizon ahead, with a network that `forecast` trained.
 *
 * @throws DataError `unknown_column`, `too_few_rows`, `frequency_differs`, `not_positive` and those of `series`
 * @example const { predictions } = await forecastWith(model, preprocess, await readTable("newer-sales.csv"));
 */
export async function forecastWith(
  model: ForecastModel,
  preprocess: SavedPreprocess,
  table: Table,
  options: PredictOptions = {},
): Promise<ForecastPredictionRun> {
  if (preprocess.panel !== undefined) return predictPanel(model, { ...preprocess, panel: preprocess.panel }, table, options);
  const found = readSeries(table, preprocess, options);
  const { transform, input: steps } = preprocess;
  refuseNonPositive(found, preprocess);
  const frame = makeFrame(found.values, transform, preprocess.season);
  const needed = firstOrigin(frame, steps);
  const origin = found.values.length;
  if (origin < needed) {
    const message = `${shortName(table.file)} has ${origin} rows; the model reads ${needed}.`;
    throw new DataError("too_few_rows", message, "Give it more of the past.", placeOf(table.file));
  }
  const levels = await levelsAhead(model, frame, preprocess);
  const predictions = rowsAt(levels, { series: found, transform, origin, intervals: preprocess.intervals });
  const history = Array.from(found.values, (value, i) => ({ time: found.timeLabel(i), value: Number.isNaN(value) ? null : value }));
  return { task: "forecast", count: predictions.length, predictions, history, warnings: [] };
}

/** The series of a table as a saved model wants it. */
export function readSeries(table: Table, preprocess: SavedPreprocess, options: PredictOptions): Series {
  const { columns, frequency, season } = preprocess;
  const duplicates = options.duplicates ?? preprocess.duplicates ?? undefined;
  const dateOrder = options.dateOrder ?? preprocess.dateOrder ?? undefined;
  for (const name of columns.time) columnOf(table, name);
  const settings: SeriesOptions = {
    target: columns.target,
    season,
    ...(columns.time.length === 0 ? {} : { time: columns.time.join(",") }),
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(dateOrder === undefined ? {} : { dateOrder }),
  };
  const found = series(table, settings);
  if (found.frequency === frequency || columns.time.length === 0) return found;
  // A frequency that was given for training is not found again by itself: the times only have to fit it.
  if (frequency !== "row" && frequency !== "irregular") {
    try {
      return series(table, { ...settings, frequency });
    } catch (error) {
      if (!(error instanceof DataError && error.code === "bad_frequency")) throw error;
    }
  }
  const message = `${shortName(table.file)} has ${found.frequency} times, the model was trained on ${frequency} ones.`;
  throw new DataError("frequency_differs", message, "Give rows like those it was trained on.", placeOf(table.file));
}

/** A model that takes logarithms needs positive values. */
export function refuseNonPositive(found: Series, { transform, columns }: SavedPreprocess): void {
  const bad = transform.log ? found.values.findIndex((value) => value <= 0) : -1;
  if (bad < 0) return;
  const message = `${columns.target} is ${found.values[bad]} at ${found.timeLabel(bad)}; the model takes logarithms and was trained on positive values.`;
  throw new DataError("not_positive", message, "Train again with such values in the data.", {
    ...placeOf(found.file),
    column: columns.target,
  });
}
