// Scoring a saved network on the last rows of a table: forecasts from rows it is given, compared with what then came.

import { DataError } from "../../base/errors.js";
import type { Table } from "../../data/types.js";
import { alone, evaluationOf, type Holdout, holdoutOrigins, holdoutRows, type ScoredPlan, scoreHoldout } from "./evaluate.js";
import { aheadBy, type Outlook, placesOf } from "./forecaster.js";
import { isIntermittent } from "./intermittent.js";
import type { Intervals, Residual } from "./intervals.js";
import { meanEvaluation } from "./panel-scores.js";
import { totalsOf, type Warning } from "./run-plan.js";
import { openMembers, type PredictOptions, type SavedMember } from "./saved-members.js";
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
  /** Series that were left out. */
  readonly warnings: readonly Warning[];
}

/**
 * Scores on the last `test` rows of `table`, of each series if there are many; from the first of them and again after every horizon,
 * with what was observed until then.
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
  const { input, horizon } = preprocess;
  const test = options.test ?? horizon;
  if (!(Number.isInteger(test) && test >= 1)) throw new DataError("bad_option", `--test ${test}: a whole number, at least 1, is needed.`);
  const { found, members, warnings, forecaster } = await openMembers(table, preprocess, options, { model, test });
  const plans = members.map(({ series }) => ({ series, sizes: { rows: series.values.length, horizon, input, test } }));
  const outlooks = await aheadBy(
    forecaster,
    members.map(({ frame }, n) => placesOf(n, frame, holdoutOrigins(plans[n]!))),
  );
  const scored = members.map((member, n) => scoreSaved(member, plans[n]!, outlooks[n]!));
  const all = scored.map((holdout, n) => evaluationOf(holdout, plans[n]!));
  const [{ series, saved }] = members as [SavedMember];
  const own = dataOf({ series, transform: saved.transform });
  return {
    task: "forecast",
    data: found.id === null ? own : { ...own, ...totalsOf(found, members.length) },
    evaluation:
      preprocess.panel === undefined
        ? all[0]!
        : meanEvaluation(all, { isPure: saved.choice === null, intermittent: scored.filter((each) => each.isIntermittent).length }),
    rows: scored.flatMap((holdout, n) => holdoutRows(holdout, plans[n]!)),
    warnings,
  };
}

function scoreSaved({ series, saved, frame }: SavedMember, plan: ScoredPlan, outlooks: readonly Outlook[]): Holdout {
  const { choice, intervals, transform } = saved;
  const { values, season } = frame;
  const data = { values, season, longSeason: choice?.longSeason ?? 0, horizon: plan.sizes.horizon, log: transform.log };
  const part = {
    data,
    trials: [],
    choice: choice && { weights: choice.weights, errors: {}, isIntermittent: isIntermittent(values, season), origins: [] },
  };
  const validated = { cases: [], residuals: errorsOfIntervals(intervals) };
  const correction = { ...alone, weight: choice?.networkWeight ?? 1 };
  return scoreHoldout({ frame, plan: { ...plan, series }, part, validated, outlooks, correction, keepsSpread: true });
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
      return { step, error, origin: null, apart: intervals.apart };
    });
  });
}
