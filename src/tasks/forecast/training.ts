// The three trainings of a forecast: one chooses the epoch, one is scored, one sees all rows.

import { RunError } from "../../base/errors.js";
import type { Place } from "./forecaster.js";
import type { Inputs } from "./inputs.js";
import type { Trained, Trainer, TrainJob } from "./network/trainer.js";
import type { NetworkSpec } from "./network/types.js";
import { isDirect } from "./plan.js";
import { type Progress, throwIfAborted } from "./progress.js";
import type { ForecastOptions, ForecastPhase, ForecastTraining } from "./types.js";

/** What the trainings share. */
export interface TrainingJob {
  readonly options: ForecastOptions;
  readonly spec: NetworkSpec;
  /** Most passes of the first training. */
  readonly epochs: number;
  readonly trainer: Trainer;
  readonly progress: Progress;
  readonly inputs: Inputs;
  windows(phase: ForecastPhase): readonly Place[];
  validation(): readonly Place[];
  warn(code: string, message: string): void;
}

/** The three trainings; each starts from the same seed, so that nothing of one leaks into the next. */
export class Training {
  readonly #job: TrainingJob;
  readonly #checkpoints: string | null;

  constructor(job: TrainingJob) {
    const { checkpoints = null } = job.options;
    this.#checkpoints = typeof checkpoints === "function" ? checkpoints() : checkpoints;
    this.#job = job;
  }

  async select(): Promise<Trained> {
    const trained = await this.#train("select", this.#job.epochs, this.#job.validation());
    this.#job.progress.settle(trained.bestEpoch);
    return trained;
  }

  again(phase: "evaluate" | "refit", epochs: number): Promise<Trained> {
    return this.#train(phase, epochs, null);
  }

  async #train(phase: ForecastPhase, epochs: number, validation: TrainJob["validation"]): Promise<Trained> {
    const { options, spec, progress, trainer, warn } = this.#job;
    throwIfAborted(options);
    const { onEpoch, onRestored } = progress.listen(phase);
    const trained = await trainer.train({
      spec,
      inputs: this.#job.inputs,
      data: this.#job.windows(phase),
      validation,
      epochs,
      batchSize: options.batchSize ?? 32,
      learningRate: learningRateOf(options),
      weightDecay: options.weightDecay ?? defaultWeightDecay,
      clipNorm: options.clipNorm === false ? 0 : (options.clipNorm ?? 1),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(this.#checkpoints === null ? {} : { checkpoints: checkpointsOf(this.#checkpoints, phase) }),
      onEpoch,
      onRestored: (past, sentences) => {
        onRestored(past, sentences);
        for (const sentence of sentences) warn("resumed_differently", sentence);
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
}

/** The training that decides writes into the folder itself, so that `last` and `best` are where people look; the others beside it. */
function checkpointsOf(folder: string, phase: ForecastPhase): string {
  return phase === "select" ? folder : `${folder}/${phase}`;
}

/** Smoothing weights have far to go, and a pass over whole series has few steps; networks that say a row at a time swing. */
function learningRateOf({ learningRate, ...options }: ForecastOptions): number {
  return learningRate ?? (options.strategy === "es-rnn" ? 3e-3 : isDirect(options) ? 2e-3 : 1e-3);
}

/** Decoupled weight decay (Loshchilov & Hutter 2019); small data sets need it. */
const defaultWeightDecay = 0.1;

/** The training part of the result, from the training that chose the epoch. */
export function trainingOf(chosen: Trained, options: ForecastOptions): ForecastTraining {
  const at = (values: readonly number[]): number | null => orNull(values[chosen.bestEpoch - 1] ?? Number.NaN);
  return {
    epochs: chosen.losses.length,
    bestEpoch: chosen.bestEpoch,
    stopped: chosen.stopped === "asked" ? "time" : chosen.stopped,
    loss: at(chosen.losses),
    valLoss: at(chosen.valLosses),
    learningRate: learningRateOf(options),
    clippedShare: chosen.clippedShare,
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
