// Scoring a saved network on the last rows of a table: forecasts from rows it is given, compared with what then came.

import { DataError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import { firstOrigin, makeFrame } from "../../data/frame.js";
import { placeOf } from "../../data/table.js";
import type { Table } from "../../data/types.js";
import { evaluationOf, holdoutRows, scoreHoldout } from "./evaluate.js";
import type { Intervals, Residual } from "./intervals.js";
import { type PredictOptions, readSeries, refuseNonPositive } from "./predict.js";
import { dataOf } from "./setup.js";
import type { ForecastData, ForecastEvaluation, ForecastModel, ForecastRow, SavedPreprocess } from "./types.js";

/** How a saved network is scored. */
export interface EvaluateOptions extends PredictOptions {
  /** Rows at the end that are scored: one horizon. */
  readonly test?: number;
}

/** Scores with what they were measured on. */
export interface ForecastEvaluationRun {
  readonly task: "forecast";
  readonly data: ForecastData;
  readonly evaluation: ForecastEvaluation;
  /** The scored rows. */
  readonly rows: readonly ForecastRow[];
}

/**
 * Scores on the last `test` rows of `table`; from the first of them and again after every horizon, with what was observed until then.
 *
 * @throws DataError `bad_option`, `too_few_rows`, `all_missing`, and those of `forecastWith`
 * @example  const { evaluation } = await evaluateWith(model, preprocess, table, { test: 24 });
 */
export async function evaluateWith(
  model: ForecastModel,
  preprocess: SavedPreprocess,
  table: Table,
  options: EvaluateOptions = {},
): Promise<ForecastEvaluationRun> {
  if (preprocess.panel !== undefined) {
    const what = "The model forecasts many series; evaluate scores models of one.";
    throw new DataError("panel_not_scored", what, "The scores of the run stand in its result.json.");
  }
  const found = readSeries(table, preprocess, options);
  refuseNonPositive(found, preprocess);
  const { transform, input: steps, horizon } = preprocess;
  const rows = found.values.length;
  const test = options.test ?? horizon;
  if (!(Number.isInteger(test) && test >= 1)) throw new DataError("bad_option", `--test ${test}: a whole number, at least 1, is needed.`);
  // The frame takes the season of the training: another one would read other rows.
  const frame = makeFrame(found.values, transform, preprocess.season);
  const needed = firstOrigin(frame, steps);
  if (rows < needed + test) {
    const message = `${shortName(table.file)} has ${rows} rows; scoring the last ${test} needs ${needed + test}.`;
    const most = rows - needed;
    throw new DataError("too_few_rows", message, most > 0 ? `Try --test ${most}.` : "Give it more of the past.", placeOf(table.file));
  }
  if (found.values.subarray(rows - test).every(Number.isNaN))
    throw new DataError(
      "all_missing",
      `${found.name} has no values in its last ${test} rows.`,
      "Score more rows with --test.",
      placeOf(table.file),
    );
  const plan = { series: found, sizes: { rows, horizon, input: steps, test }, transform, steps };
  const { choice, season } = preprocess;
  const log = transform.log;
  const part = {
    data: { values: found.values, season, longSeason: choice?.longSeason ?? 0, horizon, log },
    trials: [],
    choice: choice && { weights: choice.weights, errors: {}, origins: [] },
  };
  const validated = { cases: [], residuals: errorsOfIntervals(preprocess.intervals), weight: choice?.networkWeight ?? 1 };
  const holdout = await scoreHoldout({ model, frame, plan, part, validated, keepsSpread: true });
  return { task: "forecast", data: dataOf(plan), evaluation: evaluationOf(holdout, plan), rows: holdoutRows(holdout, plan) };
}

const errorsPerStep = 20;

/** Errors with the quantiles that the stored intervals have, linear between them: the errors themselves are not kept with a model. */
function errorsOfIntervals(intervals: Intervals | null): Residual[] {
  if (intervals === null) return [];
  return intervals.half80.flatMap((half80, step) => {
    const half95 = intervals.half95[step] ?? half80;
    return Array.from({ length: errorsPerStep }, (_, i) => {
      const share = (i + 0.5) / errorsPerStep;
      const error = share < 0.8 ? (half80 * share) / 0.8 : half80 + ((half95 - half80) * (share - 0.8)) / 0.15;
      return { step, error };
    });
  });
}
