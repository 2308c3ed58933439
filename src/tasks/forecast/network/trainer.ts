// What the task asks of a network, so that the road from rows to scores can be tested with any forecaster.

import type { NetworkFacts } from "../../facts.js";
import type { Pass } from "../../passes.js";
import type { EsRnnSpec } from "../es-rnn/network.js";
import type { Forecaster, Place } from "../forecaster.js";
import type { Inputs } from "../inputs.js";
import type { ForecastModel } from "../types.js";
import type { NetworkSpec } from "./types.js";

export interface TrainJob {
  readonly spec: NetworkSpec;
  /** Windows to learn from. */
  readonly data: readonly Place[];
  /** Windows whose loss chooses the epoch that is kept; without them the last weights stay. */
  readonly validation: readonly Place[] | null;
  /** Makes tensors of places. */
  readonly inputs: Pick<Inputs, "at" | "dataset" | "steps" | "horizon">;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** 0 switches clipping off. */
  readonly clipNorm: number;
  /** Aborting ends training after the current step. */
  readonly signal?: AbortSignal;
  /** Folder for checkpoints of this training, which goes on from the newest one there. */
  readonly checkpoints?: string;
  /** Called before the first step with the passes that are in the checkpoint, and with what differs from it. */
  onRestored?(epochs: readonly PastEpoch[], sentences: readonly string[]): void;
  /** Called after each epoch; a text ends training with that reason. */
  onEpoch(epoch: EpochReport): string | null;
}

/** A pass that an interrupted training had made. */
export type PastEpoch = Pass<number | null>;

/** One pass over the windows; without a validation part `valLoss` is null. */
export type EpochReport = Omit<PastEpoch, "seconds">;

export interface Trained {
  readonly model: ForecastModel;
  /** The model at work. */
  readonly forecaster: Forecaster;
  readonly losses: readonly number[];
  /** Empty without validation. */
  readonly valLosses: readonly number[];
  /** Counted from 1. */
  readonly bestEpoch: number;
  readonly stopped: "done" | "early" | "nan" | "asked";
  readonly clippedShare: number | null;
  /** What a saved ES-RNN needs to be read again. */
  readonly esRnn?: EsRnnSpec;
}

export interface Trainer {
  describe(spec: NetworkSpec, places: readonly Place[]): NetworkFacts;
  train(job: TrainJob): Promise<Trained>;
}
