// One training of a forecaster: fit with checkpoints, reports after each pass, and the weights of the best one kept.

import type { Callback, Dataset, FitOptions, Model, Stored, TrainEvent } from "../../../train/index.js";
import { kept, PassLedger } from "../../passes.js";
import type { Trained, TrainJob } from "./trainer.js";

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
  const { resuming, writers } = await kept(checkpoints, (line) => void memory.sentences.push(line));
  const history = await model.fit(data, {
    epochs,
    batchSize,
    ...options,
    verbose: "silent",
    ...(validation === null ? {} : { validationData: validation }),
    ...(signal === undefined ? {} : { signal }),
    ...resuming,
    callbacks: [memory.callback(), ...writers],
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
  readonly #ledger: PassLedger<number | null>;

  constructor(job: FitJob, model: Model<unknown>) {
    this.#job = job;
    this.#model = model;
    this.#ledger = new PassLedger(job.clipNorm, null);
  }

  callback(): Callback {
    return {
      name: "forecast",
      onBatchEnd: this.#ledger.onBatchEnd,
      onEpochEnd: (event) => this.#onEpochEnd(event),
      state: () => ({ best: this.best, isAsked: this.isAsked, ...this.#ledger.state() }),
      restore: (state) => this.#restore(state),
    };
  }

  #onEpochEnd(event: TrainEvent): void {
    const { seconds: _seconds, ...report } = this.#ledger.end(event);
    const { valLoss, epoch } = report;
    if (valLoss !== null && valLoss < this.best.loss) this.best = { loss: valLoss, epoch, weights: this.#model.weights };
    const reason = this.#job.onEpoch(report);
    if (reason === null) return;
    this.isAsked = true;
    event.stop(reason);
  }

  // The state comes from the callback above, in a file whose every byte is accounted for.
  #restore(state: Stored): void {
    const { best, isAsked } = state as unknown as Pick<Memory, "best" | "isAsked">;
    this.best = best;
    this.isAsked = isAsked;
    const past = this.#ledger.restore(state);
    this.#job.onRestored?.(past, this.sentences);
  }
}
