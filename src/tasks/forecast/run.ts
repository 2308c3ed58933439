// The forecast task from table to result: find, transform, choose the epoch, score on held-out rows, train on all, look ahead.

import { RunError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import type { Table } from "../../data/types.js";
import { windowsAt } from "../../data/windows.js";
import { levelsAhead } from "./ahead.js";
import { describeChoice } from "./choice-words.js";
import { evaluationOf, holdoutRows, scoreHoldout } from "./evaluate.js";
import { intervalsOf } from "./intervals.js";
import { rowsAt } from "./outputs.js";
import { Progress, throwIfAborted } from "./progress.js";
import { dataOf, makePlan, type Phases, type Plan, planLines, preparePhases, shownSizes } from "./setup.js";
import type { Trained, Trainer, TrainJob } from "./trainer.js";
import type { ForecastEvent, ForecastOptions, ForecastPhase, ForecastRun, SavedPreprocess } from "./types.js";
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
  emit({ kind: "found", data, lines: notes });
  const network = {
    cell: plan.spec.cell,
    activation: plan.spec.activation,
    layers: plan.spec.units.length,
    units: plan.spec.units,
    parameters: trainer.countParameters(plan.spec),
  };
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
  const training = new Training(plan, phases, trainer, progress, warn);

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
    training: trainingOf(chosen, plan),
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

/** The three trainings; each starts from the same seed, so that nothing of one leaks into the next. */
class Training {
  readonly #plan: Plan;
  readonly #phases: Phases;
  readonly #trainer: Trainer;
  readonly #progress: Progress;
  readonly #warn: (code: string, message: string) => void;
  readonly #checkpoints: string | null;

  constructor(plan: Plan, phases: Phases, trainer: Trainer, progress: Progress, warn: (code: string, message: string) => void) {
    const { checkpoints = null } = plan.options;
    this.#checkpoints = typeof checkpoints === "function" ? checkpoints() : checkpoints;
    this.#warn = warn;
    this.#plan = plan;
    this.#phases = phases;
    this.#trainer = trainer;
    this.#progress = progress;
  }

  async select(): Promise<Trained> {
    const { frame } = this.#phases.select;
    const validation = windowsAt(frame, this.#phases.validation, this.#window());
    const trained = await this.#train("select", this.#plan.epochs, validation);
    this.#progress.settle(trained.bestEpoch);
    return trained;
  }

  again(phase: "evaluate" | "refit", epochs: number): Promise<Trained> {
    return this.#train(phase, epochs, null);
  }

  async #train(phase: ForecastPhase, epochs: number, validation: TrainJob["validation"]): Promise<Trained> {
    const { options, spec } = this.#plan;
    throwIfAborted(options);
    const { frame, origins } = this.#phases[phase];
    const { onEpoch, onRestored } = this.#progress.listen(phase);
    const trained = await this.#trainer.train({
      spec,
      data: windowsAt(frame, origins, this.#window()),
      validation,
      epochs,
      batchSize: options.batchSize ?? 32,
      learningRate: options.learningRate ?? defaultLearningRate,
      weightDecay: options.weightDecay ?? defaultWeightDecay,
      clipNorm: options.clipNorm === false ? 0 : (options.clipNorm ?? 1),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(this.#checkpoints === null ? {} : { checkpoints: checkpointsOf(this.#checkpoints, phase) }),
      onEpoch,
      onRestored: (past, sentences) => {
        onRestored(past, sentences);
        for (const sentence of sentences) this.#warn("resumed_differently", sentence);
      },
    });
    throwIfAborted(options);
    // A network whose first epoch already left the numbers has learnt nothing that could be shown.
    const isLost = trained.stopped === "nan" && (validation === null || trained.bestEpoch < 1);
    if (isLost)
      throw new RunError({
        code: "diverged",
        what: "training diverged: the loss is no number",
        hint: "Try a smaller --learning-rate or another --cell.",
      });
    return trained;
  }

  #window(): { input: number; horizon: number } {
    return { input: this.#plan.steps, horizon: this.#plan.sizes.horizon };
  }
}

/** The training that decides writes into the folder itself, so that `last` and `best` are where people look; the others beside it. */
function checkpointsOf(folder: string, phase: ForecastPhase): string {
  return phase === "select" ? folder : `${folder}/${phase}`;
}

const defaultLearningRate = 1e-3;
/** Decoupled weight decay (Loshchilov & Hutter 2019); small data sets need it. */
const defaultWeightDecay = 0.1;

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

function trainingOf(chosen: Trained, { options }: Plan): ForecastRun["training"] {
  const at = (values: readonly number[]): number | null => orNull(values[chosen.bestEpoch - 1] ?? Number.NaN);
  return {
    epochs: chosen.losses.length,
    bestEpoch: chosen.bestEpoch,
    stopped: chosen.stopped === "asked" ? "time" : chosen.stopped,
    loss: at(chosen.losses),
    valLoss: at(chosen.valLosses),
    learningRate: options.learningRate ?? defaultLearningRate,
    clippedShare: chosen.clippedShare,
  };
}

function preprocessOf(plan: Plan, found: Pick<SavedPreprocess, "transform" | "intervals" | "choice">): SavedPreprocess {
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
