// What users call: forecast a file or a table, and forecast again with a saved model.

import { UsageError } from "../../base/errors.js";
import type { Holidays } from "../../data/calendar.js";
import { isIdOf } from "../../data/panel.js";
import { readTable } from "../../data/read-table.js";
import type { Delimiter, Table, TableOptions } from "../../data/types.js";
import { loadModel, type Model } from "../../train/index.js";
import { type EvaluateOptions, evaluateWith, type ForecastEvaluationRun } from "./evaluate-saved.js";
import { neededColumns } from "./laid-run.js";
import { type AnomalyOptions, type ForecastPredictionRun, forecastWith } from "./predict.js";
import { parsePreprocess } from "./preprocess.js";
import { readBeside, readTask } from "./read-task.js";
import { runForecast } from "./run.js";
import { type PredictOptions, savedRoles } from "./saved-members.js";
import { trainerFor } from "./strategies.js";
import type { ForecastOptions, ForecastRun, SavedPreprocess } from "./types.js";

/**
 * Forecasts a column of a table: finds time, frequency and season, trains a recurrent network, scores it on held-out rows
 * beside simple methods, and looks ahead. The result is that of `deep-rnn forecast --json`, plus `.model` and more.
 *
 * @param input  path of a CSV file (also .gz), or a table
 * @throws DataError with one sentence about the input; RunError `diverged`, `interrupted`
 * @example  const r = await forecast("sales.csv", { target: "Sales", horizon: 12 });
 */
export async function forecast(input: string | Table, options: ForecastOptions = {}): Promise<ForecastRun> {
  const task = await readTask(input, options);
  return runForecast(task.table, task.options, trainerFor(task.options));
}

/** What a saved model knows of the table that it is to read. */
export type SavedReading = Required<Pick<TableOptions, "missing" | "wide" | "only" | "names">>;

/** Reads a table once it is known what the model wants of it; for input that is no file. */
export type TableSource = (reading: SavedReading) => Promise<Table>;

/** Options of `predictForecast`: how the table is to be read. */
export interface PredictForecastOptions extends Omit<PredictOptions, "holidays"> {
  /** Holidays beside those that the model knows: a file with a column of dates, or what `readHolidays` gives. */
  readonly holidays?: string | Holidays;
  readonly missing?: readonly string[];
  readonly encoding?: "utf-8" | "latin1" | "utf-16le";
  readonly delimiter?: Delimiter;
}

/**
 * Forecasts what follows the rows of a table with a model folder that `deep-rnn forecast` wrote.
 *
 * @throws UsageError `not_a_forecast_model`, `missing_cell`; DataError as in `forecastWith` and `parsePreprocess`
 * @example  const { predictions } = await predictForecast("runs/forecast-sales-1/model", "newer-sales.csv");
 */
export async function predictForecast(
  modelPath: string,
  file: string | Table | TableSource,
  options: PredictForecastOptions & AnomalyOptions = {},
): Promise<ForecastPredictionRun> {
  const { model, preprocess, table, beside } = await opened(modelPath, file, options);
  const { holidays: _files, ...others } = options;
  return forecastWith(model, preprocess, table, { ...others, ...beside });
}

/** Options of `evaluateForecast`. */
export interface EvaluateForecastOptions extends PredictForecastOptions, Omit<EvaluateOptions, "holidays"> {}

/**
 * Scores a model folder that `deep-rnn forecast` wrote on the last rows of a table, beside the simple methods.
 *
 * @throws UsageError `not_a_forecast_model`, `missing_cell`; DataError as in `evaluateWith` and `parsePreprocess`
 * @example  const { evaluation } = await evaluateForecast("runs/forecast-sales-1/model", "newer-sales.csv", { test: 24 });
 */
export async function evaluateForecast(
  modelPath: string,
  file: string | Table | TableSource,
  options: EvaluateForecastOptions = {},
): Promise<ForecastEvaluationRun> {
  const { model, preprocess, table, beside } = await opened(modelPath, file, options);
  const { holidays: _files, ...others } = options;
  return evaluateWith(model, preprocess, table, { ...others, ...beside });
}

async function opened(
  modelPath: string,
  file: string | Table | TableSource,
  options: PredictForecastOptions,
): Promise<{ model: Model; preprocess: SavedPreprocess; table: Table; beside: { readonly holidays?: Holidays } }> {
  const model = await loadModel(modelPath, options.cells === undefined ? {} : { cells: options.cells });
  // Forecasts of version 0.1 are saved without the name of their task.
  if (model.task !== null && model.task !== "forecast") throw notAForecast(`${modelPath} is a model of the task "${model.task}"`);
  const preprocess = await preprocessOf(modelPath, model.preprocess);
  const roles = savedRoles(preprocess);
  const reading: SavedReading = {
    missing: [...preprocess.missing, ...(options.missing ?? [])],
    wide: preprocess.panel?.wide ?? false,
    only: (names) => neededColumns(names, roles),
    names: isIdOf(roles),
  };
  const beside = await readBeside(options);
  if (typeof file === "function") return { model, preprocess, table: await file(reading), beside };
  const table = typeof file === "string" ? await readTable(file, { ...options, ...reading }) : file;
  return { model, preprocess, table, beside };
}

/** A model saved with its preprocess carries it; in a folder it is a file of its own. */
async function preprocessOf(modelPath: string, carried: unknown): Promise<SavedPreprocess> {
  if (carried !== null && carried !== undefined) return parsePreprocess(JSON.stringify(carried), `${modelPath}/preprocess.json`);
  const { readPreprocess } = await import("#node/tasks/forecast/preprocess");
  const text = await readPreprocess(modelPath);
  if (text !== null) return parsePreprocess(text, `${modelPath}/preprocess.json`);
  throw notAForecast(`${modelPath} was not made by the forecast task: it has no preprocess.json`);
}

function notAForecast(what: string): UsageError {
  return new UsageError({ code: "not_a_forecast_model", what, hint: "Give the model folder of a forecast run." });
}
