// Forecasting with a saved network: the same columns, transform and intervals, applied to the rows of a new table.

import type { Table } from "../../data/types.js";
import { levelsAhead } from "./ahead.js";
import { checkLevel, shownAnomalies } from "./anomalies.js";
import type { RowScore } from "./anomaly-types.js";
import { intervalsAt } from "./apart.js";
import { intervalWarnings, shownRowsAt } from "./outputs.js";
import { scoreNew } from "./past-rows.js";
import { historyOf } from "./pictured.js";
import type { Warning } from "./run-plan.js";
import { openMembers, type PredictOptions } from "./saved-members.js";
import type { ForecastModel, ForecastOptions, ForecastPrediction, HistoryPoint, SavedPreprocess } from "./types.js";

/** A prediction with what the picture needs: the rows of the first series. */
export interface ForecastPredictionRun extends ForecastPrediction {
  readonly history: readonly HistoryPoint[];
  readonly warnings: readonly Warning[];
  /** The score of every row that could be forecast; null unless asked for. */
  readonly rowScores: readonly RowScore[] | null;
}

/** Whether rows that are there already are scored too. */
export type AnomalyOptions = Pick<ForecastOptions, "anomalies" | "anomalyLevel">;

/**
 * Forecasts the rows after the last one of `table`, one horizon ahead, with a network that `forecast` trained; of many series those
 * that it can forecast, also ones it was not trained on.
 *
 * @throws DataError `unknown_column`, `too_few_rows`, `frequency_differs`, `not_positive`, `no_series` and those of `series`
 * @example const { predictions } = await forecastWith(model, preprocess, await readTable("newer-sales.csv"));
 */
export async function forecastWith(
  model: ForecastModel,
  preprocess: SavedPreprocess,
  table: Table,
  options: PredictOptions & AnomalyOptions = {},
): Promise<ForecastPredictionRun> {
  checkLevel(options);
  const { members, warnings, forecaster } = await openMembers(table, preprocess, options, { model, test: 0 });
  const ahead = await levelsAhead(
    forecaster,
    members.map(({ frame, saved }) => ({ frame, choice: saved.choice })),
  );
  const predictions = members.flatMap(({ series, saved: { transform, intervals } }, n) => {
    const { levels, quantiles, apart } = ahead[n]!;
    return shownRowsAt(levels, { series, transform, origin: series.values.length, intervals: intervalsAt(intervals, apart), quantiles });
  });
  const { anomalies: isAsked = false, anomalyLevel: level } = options;
  const sizes = { steps: preprocess.input, horizon: preprocess.horizon, level };
  const rowScores = isAsked ? await scoreNew(forecaster, members, sizes) : null;
  const shown = rowScores === null ? {} : shownAnomalies(rowScores, level);
  const told = [...warnings, ...intervalWarnings([], predictions)];
  const history = historyOf(members[0]!.series);
  return { task: "forecast", count: predictions.length, predictions, ...shown, rowScores, history, warnings: told };
}
