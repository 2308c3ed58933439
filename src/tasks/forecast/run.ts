// The forecast task from table to result: find, transform, choose the epoch, score on held-out rows, train on all, look ahead.

import { shortName } from "../../data/decode.js";
import type { Table } from "../../data/types.js";
import { windowsAt } from "../../data/windows.js";
import { levelsAhead } from "./ahead.js";
import { describeChoice } from "./choice-words.js";
import { evaluationOf, holdoutRows, scoreHoldout } from "./evaluate.js";
import { intervalsOf } from "./intervals.js";
import type { Trainer } from "./network/trainer.js";
import { targetOnly } from "./network/types.js";
import { rowsAt } from "./outputs.js";
import { Progress } from "./progress.js";
import { dataOf, makePlan, type Phases, type Plan, planLines, preparePhases, shownSizes } from "./setup.js";
import { Training, trainingOf } from "./training.js";
import type { ForecastEvent, ForecastOptions, ForecastRun, SavedPreprocess } from "./types.js";
import { simplePart, validate } from "./validate.js";

/** Runs the task with the given trainer; see `forecast` for what users call. */
export async function runForecast(table: Table, options: ForecastOptions, trainer: Trainer): Promise<ForecastRun> {
  const started = performance.now();
  const warnings: { code: string; message: string }[] = [];
  const emit = (event: ForecastEvent): void => options.onEvent?.(event);
  const warn = (code: string, message: string): void => {
    warnings.push({ code, message });
    emit({ kind: "warning", code, message });
  };
  const plan = makePlan(table, options);
  const data = dataOf(plan);
  const notes = [...plan.series.found, `transform: ${plan.transform.words}`, ...plan.transform.reasons];
  const network = {
    cell: plan.spec.cell,
    activation: plan.spec.activation,
    layers: plan.spec.units.length,
    units: plan.spec.units,
    parameters: trainer.countParameters(plan.spec),
  };
  // After the network: options that make none are told alone, without what was found.
  emit({ kind: "found", data, lines: notes });
  const phases = preparePhases(plan);
  const lines = planLines(plan, phases);
  emit({
    kind: "planned",
    network,
    windows: { train: phases.select.origins.length, validation: phases.validation.length },
    ...shownSizes(plan),
    totalEpochs: 3 * plan.epochs,
    lines,
  });
  warnEarly(plan, phases, warn);
  const progress = new Progress(
    options,
    { select: phases.select.origins.length, evaluate: phases.evaluate.origins.length, refit: phases.refit.origins.length },
    plan.epochs,
  );
  const window = { input: plan.steps, horizon: plan.sizes.horizon };
  const training = new Training({
    ...{ options, spec: plan.spec, epochs: plan.epochs, trainer, progress, warn },
    windows: (phase) => targetOnly(windowsAt(phases[phase].frame, phases[phase].origins, window)),
    validation: () => targetOnly(windowsAt(phases.select.frame, phases.validation, window)),
  });

  const chosen = await training.select();
  const part = simplePart(plan);
  const validated = await validate(chosen.model, phases.select.frame, plan, part);
  const evaluated = await training.again("evaluate", chosen.bestEpoch);
  const holdout = await scoreHoldout({ model: evaluated.model, frame: phases.evaluate.frame, plan, part, validated });
  const evaluation = evaluationOf(holdout, plan);
  if (evaluation.points === 0) warn("nothing_scored", "all held-out values are missing: nothing could be scored");
  const { known } = holdout;
  const intervals = intervalsOf(known.residuals, plan.sizes.horizon);
  if (intervals === null) warn("no_intervals", `only ${known.residuals.length} errors to measure intervals from: none are given`);
  emit({ kind: "scored", evaluation, verdict: evaluation.verdict });

  const final = await training.again("refit", chosen.bestEpoch);
  const choice = describeChoice(known.choice, known.correction);
  const { transform } = phases.refit.frame;
  const saved = preprocessOf(plan, {
    transform,
    intervals,
    choice: known.choice && { weights: known.choice.weights, networkWeight: known.correction.weight, longSeason: part.data.longSeason },
  });
  const levels = await levelsAhead(final.model, phases.refit.frame, saved);
  const forecast = rowsAt(levels, { series: plan.series, transform, origin: plan.sizes.rows, intervals });
  const seconds = (performance.now() - started) / 1000;
  emit({ kind: "done", seconds });
  return {
    data,
    network,
    training: trainingOf(chosen, options),
    evaluation,
    holdout: holdoutRows(holdout, plan),
    forecast,
    choice,
    model: final.model,
    preprocess: saved,
    history: Array.from(plan.series.values, (value, i) => ({ time: plan.series.timeLabel(i), value: orNull(value) })),
    simple: holdout.simple,
    curves: progress.curves,
    warnings,
    notes: [...notes, ...lines, choice.reason],
    seconds,
  };
}

function warnEarly(plan: Plan, phases: Phases, warn: (code: string, message: string) => void): void {
  const { series: s } = plan;
  const windows = phases.select.origins.length;
  if (s.frequency === "irregular")
    warn("irregular_times", `the times of ${shortName(s.file)} follow no regular step: rows are taken in their order`);
  if (windows < 20)
    warn("few_windows", `only ${windows} ${windows === 1 ? "window" : "windows"} to train on: expect little more than a simple method`);
  if (phases.bridged > 0) {
    warn(
      "bridged_targets",
      `too few windows are complete: up to ${Math.round(100 * phases.bridged)} % of the training targets are bridged gaps`,
    );
  }
}

/** What is saved with the network. */
export function preprocessOf(plan: Plan, found: Pick<SavedPreprocess, "transform" | "intervals" | "choice">): SavedPreprocess {
  const { series: s, sizes, options } = plan;
  return {
    format: "deep-rnn-forecast",
    formatVersion: 1,
    task: "forecast",
    columns: { time: s.timeColumns, target: s.name },
    frequency: s.frequency,
    season: s.season,
    input: plan.steps,
    horizon: sizes.horizon,
    dateOrder: s.dateOrder,
    missing: options.missing ?? [],
    duplicates: options.duplicates ?? null,
    ...found,
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
