// What a user hands to a model and gets back: data, options, history, callbacks.

import type { Stored } from "../base/stored.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import type { TensorLike } from "../ops/index.js";
import type { BatchesLike } from "./batch-stream.js";
import type { DataLike } from "./columns.js";
import type { LossFunction } from "./losses/index.js";
import type { Metric } from "./metrics/index.js";
import type { Optimizer } from "./optimizers/define.js";

/** One value, or values by input or output name; records in records are told as "head/x". */
export type Named<T> = T | { readonly [name: string]: Named<T> };

/** Inputs, targets and lengths together. */
export interface Dataset {
  readonly x: Named<DataLike>;
  readonly y: Named<DataLike>;
  /** Valid steps of each row [rows]; ragged nested arrays give them by themselves. */
  readonly lengths?: Named<TensorLike>;
  /** How much each row [rows], or each of its steps [rows, time], counts in losses and metrics; by output name where there are several. */
  readonly sampleWeights?: Named<TensorLike>;
}

/** What each class counts; classes that are not named count 1. */
export type ClassWeights = { readonly [classNumber: number]: number };

/** Options of `evaluate` and `predict`. */
export interface RunOptions {
  readonly lengths?: Named<TensorLike>;
  /** `evaluate`: how much each row or step counts, as in `fit`. */
  readonly sampleWeights?: Named<TensorLike>;
  /** Rows at once: 32. Results are the same bits for any number. */
  readonly batchSize?: number | "full";
}

/** Options of `fit`. */
export interface FitOptions {
  /** Passes over the data: 10. */
  readonly epochs?: number;
  /** Rows in one step: 32; "full" is batch gradient descent. */
  readonly batchSize?: number | "full";
  /** Share of the rows, taken from the end, that is not trained on but validated with: 0. */
  readonly validationSplit?: number;
  readonly validationData?: Dataset | readonly [x: Named<DataLike>, y: Named<DataLike>];
  readonly lengths?: Named<TensorLike>;
  /** Initial weights (if the model is not built), order of rows, dropout: 0. */
  readonly seed?: number;
  /** Another order of rows in every epoch: true. */
  readonly shuffle?: boolean;
  /** Batches of rows with similar lengths, so that no step runs for a few long rows only: false. Every row comes once in an epoch. */
  readonly bucketByLength?: boolean;
  /**
   * How much each row [rows], or each of its steps [rows, time], counts: losses and metrics are Σ weight·value / Σ weight. By output name
   * where there are several. Rows that `validationSplit` keeps back keep their weights.
   */
  readonly sampleWeights?: Named<TensorLike>;
  /** How much each class counts while training, as in { 0: 1, 1: 5 }; by output name where there are several. Multiplies sample weights. */
  readonly classWeights?: ClassWeights | { readonly [output: string]: ClassWeights };
  /** Batches whose gradients make one step: 1. With n, the same steps as n times the batch size, in the memory of one batch. */
  readonly accumulate?: number;
  /**
   * Keeps a running average of the weights with this memory, such as 0.999. Validation, callbacks at the end of an epoch, and the model
   * after `fit` use the average; a further `fit` with `ema` goes on from the weights themselves.
   */
  readonly ema?: number;
  /** Batches of an epoch, for streams: all of a pass by default. An epoch then goes on where the last one stopped. */
  readonly stepsPerEpoch?: number;
  readonly callbacks?: readonly Callback[];
  /** "lines": one line per epoch; "auto": the same if standard error is a terminal; "silent". */
  readonly verbose?: "auto" | "silent" | "lines";
  /** Takes the lines; standard error by default. */
  readonly log?: (line: string) => void;
  /** Aborting ends training after the current step with `stopped: "interrupted"`. */
  readonly signal?: AbortSignal;
  /**
   * Goes on where a checkpoint left off, to the bit as if training had never stopped: the folder that `checkpoint({ path })` wrote to, or
   * one checkpoint in it. Data and options must be those of the first run; `epochs` may be larger. Null starts anew.
   */
  readonly resumeFrom?: string | null;
}

/** How a training went. */
export interface History {
  /** Completed passes. */
  readonly epochs: number;
  /** The pass with the lowest valLoss (or loss, without validation), from 1; 0 if none was completed. */
  readonly bestEpoch: number;
  readonly stopped: "done" | "early" | "nan" | "interrupted";
  /** What `stop` was given, or why training ended by itself; empty for "done". */
  readonly reason: string;
  /** Share of the steps whose gradient was scaled down to the norm limit. */
  readonly clippedShare: number;
  /** One value per pass: loss, valLoss, and each metric with its validation twin. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/** What a callback sees. */
export interface TrainEvent {
  /** From 1; 0 before the first. */
  readonly epoch: number;
  /** Steps so far. */
  readonly step: number;
  /** After a batch: loss, gradientNorm. After an epoch: what history gets. */
  readonly logs: Readonly<Record<string, number>>;
  readonly model: Model<unknown>;
  /** True if this training goes on from a checkpoint. */
  readonly isResumed: boolean;
  /** The learning rate of the next step; setting it holds until it is set again. Of a schedule everything later is scaled alike. */
  learningRate: number;
  /** Ends training after the current step; as "nan" if numbers were lost. */
  stop(reason: string, kind?: "early" | "nan"): void;
}

/** A moment from which training can go on later: every other hook of the batch or epoch has run. */
export interface SafePoint extends TrainEvent {
  readonly moment: "start" | "batch" | "epoch" | "interrupt" | "end";
  /** Copies what training consists of; nothing is written yet. */
  snapshot(): Snapshot;
}

/** A training at one moment, in memory. */
export interface Snapshot {
  readonly epoch: number;
  readonly step: number;
  /** Writes it as a checkpoint folder, atomically. It is a model folder too: `loadModel` reads it. Throws RunError `write_failed`. */
  write(path: string): Promise<void>;
}

/** A step whose loss or gradient is not finite. Its update was not made. */
export interface NonFinite extends TrainEvent {
  /** As in "the loss became NaN". */
  readonly what: string;
  /** The layer whose output, or else whose gradient, is the first that is not finite; null if none is. */
  readonly layer: string | null;
  readonly loss: number;
  /** Global norm of the gradient; NaN or Infinity here, as a rule. */
  readonly gradientNorm: number;
  /** Puts weights and slots back to a snapshot of this training; training goes on with the next batch. */
  rollBack(to: Snapshot): void;
}

/** A record of functions; asynchronous ones are awaited. */
export interface Callback {
  readonly name: string;
  onTrainStart?(event: TrainEvent): void | Promise<void>;
  onEpochStart?(event: TrainEvent): void | Promise<void>;
  onBatchEnd?(event: TrainEvent): void | Promise<void>;
  onEpochEnd?(event: TrainEvent): void | Promise<void>;
  /** Before training ends with `stopped: "nan"`, unless a callback rolls back. */
  onNonFinite?(event: NonFinite): void | Promise<void>;
  /** Before the first step, after the other hooks of each batch and epoch, and when training is interrupted or over. */
  onSafePoint?(event: SafePoint): void | Promise<void>;
  onTrainEnd?(event: TrainEvent): void | Promise<void>;
  /** What a checkpoint keeps of this callback. */
  state?(): Stored;
  /** Takes back what `state` gave, after `onTrainStart` of a training that goes on. */
  restore?(state: Stored): void | Promise<void>;
}

/** Options of `compile`. */
export interface CompileOptions {
  /** A name with default options, or adam({ ... }). */
  readonly optimizer: string | Optimizer;
  /** A name or (actual, predicted) => one number per element; by output name where there are several. */
  readonly loss: Named<string | LossFunction>;
  /** What each output's loss is multiplied by in the whole; 1 unless named. */
  readonly lossWeights?: { readonly [output: string]: Named<number> };
  /**
   * Names, metrics with options such as topKAccuracy({ k: 3 }), or functions (actual, predicted) => one number per element; by output name
   * where outputs need different ones.
   */
  readonly metrics?: Named<readonly MetricGiven[]>;
}

/** A metric as `compile` takes it. */
export type MetricGiven = string | Metric | LossFunction;

/** What is stored beside the network. */
export interface SaveOptions {
  /** JSON that the loaded model gives back as `preprocess`. */
  readonly preprocess?: unknown;
  /** Name of the task the model was made for. */
  readonly task?: string;
}

/** States of a stream: record layer → state → [batch, size]. JSON.stringify gives nested arrays, which can be set again. */
export interface StreamState {
  readonly [layer: string]: { readonly [state: string]: Tensor };
}

/** A model that takes one step at a time. Its weights are the model's own: training on is followed from the next step on. */
export interface Stream<O = Tensor> {
  /** Rows, each a sequence of its own. */
  readonly batch: number;
  /**
   * One step: [batch, features], or [batch] token numbers; a single row may be given alone, typed arrays are flat. Gives the outputs
   * [batch, ...] after this step. Synchronous.
   *
   * @throws ShapeError `step_shape`; DataError `not_finite`; RunError `index_out_of_range`. The states are then as before.
   */
  step(x: Named<TensorLike>): O;
  /** The same step from one flat array into another, without allocating. */
  stepInto(x: Named<Float32Array>, out: Named<Float32Array>): void;
  /** A copy of all states; setting takes tensors or nested arrays. Throws `stream_state`. */
  get state(): StreamState;
  set state(state: Tree | { readonly [layer: string]: { readonly [state: string]: TensorLike } });
  /** States of all rows, or of these, back to zeros: new sequences begin. Throws UsageError `bad_row`. */
  reset(rows?: readonly number[]): void;
}

/** A network that can be trained, used and saved. */
export interface Model<O = Tensor> {
  /** @throws UsageError `unknown_optimizer`, `unknown_loss`, `unknown_metric` */
  compile(options: CompileOptions): void;
  /** Trains; every number depends on the data, the options and the arithmetic class only. */
  fit(x: Named<DataLike>, y: Named<DataLike>, options?: FitOptions): Promise<History>;
  /** Also from a stream of batches { x, y, lengths? }: a generator, an iterable, or a function that begins a pass. */
  fit(data: Dataset | BatchesLike, options?: FitOptions): Promise<History>;
  /** Loss and metrics over the valid elements. */
  evaluate(x: Named<DataLike>, y: Named<DataLike>, options?: RunOptions): Promise<Record<string, number>>;
  evaluate(data: Dataset, options?: RunOptions): Promise<Record<string, number>>;
  /** Outputs [rows, ...]; sequences hold zeros after each row's last step. */
  predict(x: Named<DataLike> | Dataset, options?: RunOptions): Promise<O>;
  /** The network as a function, for losses and loops of one's own. */
  call(
    weights: Tree,
    x: Named<Tensor>,
    options?: { readonly training?: boolean; readonly key?: Tensor; readonly lengths?: Named<Tensor> },
  ): O;
  /** Record layer → weight → tensor; setting checks names and shapes. */
  weights: Tree;
  /** Makes the weights for inputs of these shapes (without batch), as in ["time", 3]. */
  build(inputShapes: Named<readonly (number | "time")[]>, options?: { readonly seed?: number }): void;
  /**
   * Training leaves these weights exactly as they are, whatever the optimiser decays: layers ("encoder"), weights ("encoder/W"), or names
   * with * for any characters ("encoder*"); without names, all. Saved with the model.
   *
   * @throws UsageError `not_built`, `unknown_weight`
   */
  freeze(...names: readonly string[]): void;
  /** The opposite of `freeze`. */
  unfreeze(...names: readonly string[]): void;
  /** Paths of the frozen weights, as in "encoder/W". */
  readonly frozen: readonly string[];
  /** States of stateful layers back to zeros: the next batch begins new sequences. */
  resetStates(): void;
  /** A table of layers, shapes and parameters. */
  summary(): string;
  /**
   * The model step by step, its states outside.
   *
   * @throws UsageError `not_built`, `cannot_stream` naming the layer that needs the whole sequence
   */
  stream(options?: { readonly batch?: number }): Promise<Stream<O>>;
  /** Writes a folder, or one file if the path ends in .drnn; an existing model is replaced only when the new one is complete. */
  save(path: string, options?: SaveOptions): Promise<void>;
  /** The model as one file in memory. */
  toBytes(options?: SaveOptions): Uint8Array;
  /** What `save` was given as preprocess, for a loaded model. */
  readonly preprocess: unknown;
  /** What `save` was given as task; null otherwise. */
  readonly task: string | null;
  /** Bytes of working memory that training planned (before training: prediction and evaluation); constant within a fit. */
  readonly arenaBytes: number;
}
