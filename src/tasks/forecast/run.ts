// The forecast task from table to result: find, transform, choose the epoch, score on held-out rows, train on all, look ahead.
// One series goes the road of many.

import type { Table } from "../../data/types.js";
import { levelsAhead } from "./ahead.js";
import { shownAnomalies } from "./anomalies.js";
import { intervalsAt } from "./apart.js";
import { describeChoice } from "./choice-words.js";
import type { Correction } from "./correction.js";
import type { EsRnnSpec } from "./es-rnn/network.js";
import type { Forecaster } from "./forecaster.js";
import { Inputs } from "./inputs.js";
import { type LaidRun, layRun } from "./laid-run.js";
import { savedNetworkOf } from "./network/saved.js";
import type { Trained, Trainer } from "./network/trainer.js";
import { intervalWarnings, shownRowsAt } from "./outputs.js";
import { meanEvaluation, sharedChoice } from "./panel-scores.js";
import { scorePast } from "./past-rows.js";
import { historyOf, picturedSeries } from "./pictured.js";
import { Progress } from "./progress.js";
import { countWindows, placesIn, planRun, type RunPlan, shownWindows, validationPlaces } from "./run-plan.js";
import { type Scored, scoreMembers, validateMembers } from "./score-members.js";
import { type Plan, shownSizes } from "./setup.js";
import { Training, trainingOf } from "./training.js";
import type { ForecastEvent, ForecastPhase, ForecastRow, ForecastRun, SavedPreprocess, SavedSeries, TaskOptions } from "./types.js";

/** Runs the task with the given trainer; see `forecast` for what users call. Of many series those that cannot be forecast are left out. */
export async function runForecast(table: Table, options: TaskOptions, trainer: Trainer): Promise<ForecastRun> {
  // This function returns at the first step of the other: from there on nobody holds the table, which may be most of the memory.
  return runLaid(layRun(table, options), options, trainer);
}

async function runLaid(laid: LaidRun, options: TaskOptions, trainer: Trainer): Promise<ForecastRun> {
  await Promise.resolve();
  const started = performance.now();
  const warnings: { code: string; message: string }[] = [];
  const emit = (event: ForecastEvent): void => options.onEvent?.(event);
  const warn = (code: string, message: string): void => {
    warnings.push({ code, message });
    emit({ kind: "warning", code, message });
  };
  const plan = planRun(laid);
  const { first, data, notes, lines } = plan;
  const network = trainer.describe(
    first.spec,
    placesIn(plan, ({ refit }) => refit),
  );
  // After the network: options that make none are told alone, without what was found.
  emit({ kind: "found", data, lines: notes });
  emit({
    kind: "planned",
    network,
    windows: shownWindows(plan),
    ...shownSizes(first),
    totalEpochs: 3 * first.epochs * first.spec.ensemble,
    lines,
  });
  for (const { code, message } of plan.warnings) warn(code, message);
  const progress = new Progress(options, windowsByPhase(plan), { epochs: first.epochs, members: first.spec.ensemble });
  const training = new Training({
    ...{ options, spec: first.spec, epochs: first.epochs, trainer, progress, warn },
    inputs: new Inputs({ ...first.spec, beside: plan.beside }),
    windows: (phase) => placesIn(plan, (phases) => phases[phase]),
    validation: () => validationPlaces(plan),
  });

  const chosen = await training.select();
  const { scored, simple, correction, rowScores } = await holdOut(plan, options, training, chosen);
  const evaluations = scored.map((each) => each.evaluation);
  const intermittent = scored.filter((each) => each.isIntermittent).length;
  const evaluation = plan.panel === null ? evaluations[0]! : meanEvaluation(evaluations, { isPure: options.pure === true, intermittent });
  if (evaluation.points === 0) warn("nothing_scored", "all held-out values are missing: nothing could be scored");
  const saved = scored.map((each) => each.saved);
  emit({ kind: "scored", evaluation, verdict: evaluation.verdict });

  const final = await training.again("refit", chosen.bestEpoch);
  const holdout = scored.flatMap((each) => each.holdout);
  const forecast = await rowsAhead(final.forecaster, plan, saved);
  for (const { code, message } of intervalWarnings(holdout, forecast)) warn(code, message);
  const choice = describeChoice(sharedChoice(scored.map((each) => each.choice)), correction ?? scored[0]!.correction, {
    intermittent,
    series: scored.length,
  });
  const seconds = (performance.now() - started) / 1000;
  emit({ kind: "done", seconds });
  return {
    ...{ data, network, training: trainingOf(chosen, options), evaluation, holdout, forecast, choice, model: final.model },
    preprocess: preprocessOf(plan, saved, final.esRnn ?? null),
    history: historyOf(first.series),
    pictured: plan.panel === null ? [] : picturedSeries(plan.members, evaluations),
    simple,
    ...(rowScores === null ? {} : shownAnomalies(rowScores, options.anomalyLevel)),
    rowScores,
    ...{ curves: progress.curves, warnings, seconds },
    notes: [...notes, ...lines, choice.reason],
  };
}

function windowsByPhase(plan: RunPlan): Record<ForecastPhase, number> {
  const of = (phase: ForecastPhase): number => countWindows(plan, (phases) => phases[phase].origins);
  return { select: of("select"), evaluate: of("evaluate"), refit: of("refit") };
}

interface HoldOut extends Pick<ForecastRun, "simple" | "rowScores"> {
  readonly scored: readonly Scored[];
  /** The network's share, if it is one for all series. */
  readonly correction: Correction | null;
}

/** Everything about the hold-out. What was tried for it is left behind here: of many series it would be most of the memory. */
async function holdOut(plan: RunPlan, options: TaskOptions, training: Training, { forecaster, bestEpoch }: Trained): Promise<HoldOut> {
  const validated = await validateMembers(forecaster, plan, options);
  const evaluated = await training.again("evaluate", bestEpoch);
  const scores = await scoreMembers(evaluated.forecaster, plan, validated, options);
  const rowScores = options.anomalies === true ? await scorePast(evaluated.forecaster, plan, validated, options) : null;
  return { ...scores, correction: validated.correction, rowScores };
}

async function rowsAhead(forecaster: Forecaster, { members }: RunPlan, saved: readonly SavedSeries[]): Promise<ForecastRow[]> {
  const ahead = await levelsAhead(
    forecaster,
    members.map(({ phases }, n) => ({ frame: phases.refit.frame, choice: saved[n]!.choice })),
  );
  return members.flatMap(({ plan }, n) => {
    const { transform, intervals } = saved[n]!;
    const { levels, quantiles, apart } = ahead[n]!;
    return shownRowsAt(levels, {
      series: plan.series,
      transform,
      origin: plan.sizes.rows,
      intervals: intervalsAt(intervals, apart),
      quantiles,
    });
  });
}

/** What is saved with the network. */
function preprocessOf({ first, members, panel, beside }: RunPlan, saved: readonly SavedSeries[], esRnn: EsRnnSpec | null): SavedPreprocess {
  const { series, sizes, options, steps, spec }: Plan = first;
  return {
    format: "deep-rnn-forecast",
    formatVersion: 3,
    task: "forecast",
    columns: { time: series.timeColumns, target: series.name },
    beside: beside?.facts ?? null,
    network: esRnn === null ? savedNetworkOf(spec) : null,
    frequency: series.frequency,
    season: series.season,
    input: steps,
    horizon: sizes.horizon,
    dateOrder: series.dateOrder,
    missing: options.missing ?? [],
    duplicates: options.duplicates ?? null,
    ...saved[0]!,
    ...(esRnn === null ? {} : { esRnn: { spec: esRnn, ids: members.map(({ id }) => id) } }),
    ...(panel === null ? {} : { panel: { ...panel, series: Object.fromEntries(members.map(({ id }, n) => [id, saved[n]!])) } }),
  };
}
