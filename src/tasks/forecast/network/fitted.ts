// One training of a forecaster: fit with checkpoints, reports after each pass, and the weights of the best one kept.

import {
  type Callback,
  checkpoint,
  type Dataset,
  type FitOptions,
  latestCheckpoint,
  type Model,
  type Stored,
  type TrainEvent,
} from "../../../train/index.js";
import { checkpointSeconds, normsOf } from "../../passes.js";
import type { PastEpoch, Trained, TrainJob } from "./trainer.js";

/** What training asks of the job, whatever the network reads. */
export type FitJob = Pick<TrainJob, "epochs" | "batchSize" | "clipNorm" | "signal" | "checkpoints" | "onRestored" | "onEpoch">;

/** Inputs and targets in the model's own names. */
export type WindowsToFit = Pick<Dataset, "x" | "y">;

/** Fits a compiled model and leaves it with its best weights, or the last ones without a validation set. */
export async function fitted(
  model: Model<unknown>,
  job: FitJob,
  {
    data,
    validation,
    ...options
  }: { readonly data: WindowsToFit; readonly validation: WindowsToFit | null } & Pick<FitOptions, "seed" | "ema">,
): Promise<Omit<Trained, "model" | "forecaster">> {
  const { epochs, batchSize, signal, checkpoints } = job;
  const memory = new Memory(job, model);
  const history = await model.fit(data, {
    epochs,
    batchSize,
    ...options,
    verbose: "silent",
    ...(validation === null ? {} : { validationData: validation }),
    ...(signal === undefined ? {} : { signal }),
    ...(checkpoints === undefined
      ? {}
      : { resumeFrom: await latestCheckpoint(checkpoints), log: (line: string) => memory.sentences.push(line) }),
    callbacks: [
      memory.callback(),
      ...(checkpoints === undefined ? [] : [checkpoint({ path: checkpoints, everySeconds: checkpointSeconds })]),
    ],
  });
  if (memory.best.weights !== null) model.weights = memory.best.weights;
  return {
    losses: history.history.loss ?? [],
    valLosses: history.history.valLoss ?? [],
    bestEpoch: validation === null ? history.epochs : memory.best.epoch,
    stopped: memory.isAsked ? "asked" : history.stopped === "interrupted" ? "done" : history.stopped,
    clippedShare: history.clippedShare,
  };
}

/** What a training remembers beside its network, kept in checkpoints. */
class Memory {
  readonly sentences: string[] = [];
  best: { readonly loss: number; readonly epoch: number; readonly weights: Model["weights"] | null } = {
    loss: Number.POSITIVE_INFINITY,
    epoch: 0,
    weights: null,
  };
  isAsked = false;
  readonly #job: FitJob;
  readonly #model: Model<unknown>;
  /** Gradient norms of the running pass. */
  #norms: number[] = [];
  #past: PastEpoch[] = [];
  #startedMs: number = performance.now();

  constructor(job: FitJob, model: Model<unknown>) {
    this.#job = job;
    this.#model = model;
  }

  callback(): Callback {
    return {
      name: "forecast",
      onBatchEnd: ({ logs }) => void this.#norms.push(logs.gradientNorm ?? Number.NaN),
      onEpochEnd: (event) => this.#onEpochEnd(event),
      state: () => ({ best: this.best, isAsked: this.isAsked, norms: this.#norms, past: this.#past.map((epoch) => ({ ...epoch })) }),
      restore: (state) => this.#restore(state),
    };
  }

  #onEpochEnd({ epoch, step, logs, learningRate, stop }: TrainEvent): void {
    const [loss, valLoss] = [logs.loss ?? Number.NaN, logs.valLoss ?? null];
    if (valLoss !== null && valLoss < this.best.loss) this.best = { loss: valLoss, epoch, weights: this.#model.weights };
    const report = { epoch, loss, valLoss, step, learningRate, ...normsOf(this.#norms, this.#job.clipNorm) };
    this.#norms = [];
    this.#past.push({ ...report, seconds: (performance.now() - this.#startedMs) / 1000 });
    const reason = this.#job.onEpoch(report);
    if (reason === null) return;
    this.isAsked = true;
    stop(reason);
  }

  // The state comes from the callback above, in a file whose every byte is accounted for.
  #restore(state: Stored): void {
    const { best, isAsked, norms, past } = state as unknown as {
      readonly best: Memory["best"];
      readonly isAsked: boolean;
      readonly norms: readonly number[];
      readonly past: readonly PastEpoch[];
    };
    this.best = best;
    this.isAsked = isAsked;
    this.#norms = [...norms];
    this.#past = [...past];
    this.#startedMs -= (past.at(-1)?.seconds ?? 0) * 1000;
    this.#job.onRestored?.(past, this.sentences);
  }
}
