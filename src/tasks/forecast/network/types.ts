// What the networks of the forecast task are given and give: sizes, input tensors, predictive distributions.

import type { Tensor } from "../../../base/tensor.js";
import type { TaskCell } from "../../cells.js";

/**
 * How a network reaches beyond the next row. `direct`: all rows ahead at once. `recursive`: one row at a time, its own values or samples
 * fed back (Graves 2013; DeepAR, Salinas et al. 2020). `encoder-decoder`: the states after the input start a second network that runs
 * over the rows ahead (Sutskever et al. 2014; Cho et al. 2014). `es-rnn` is made elsewhere.
 */
export type Strategy = (typeof strategies)[number];
export const strategies = ["direct", "recursive", "encoder-decoder", "es-rnn"] as const;

/** What a network says of each row ahead: a value, the parameters of a distribution, or quantiles. */
export type DistributionName = (typeof distributionNames)[number];
export const distributionNames = ["none", "gaussian", "student-t", "negative-binomial", "quantiles"] as const;

/** How recurrent layers stand on each other. `bidirectional` is for networks that read the input as a whole: not `recursive`. */
export type StackName = (typeof stackNames)[number];
export const stackNames = ["plain", "residual", "dilated", "bidirectional"] as const;

/** Columns a network reads beside the target. */
export interface Channels {
  /** Known up to the origin only. */
  readonly past: number;
  /** Known for the rows ahead too. */
  readonly future: number;
  /** Numbers of a series that do not change. */
  readonly numbers: number;
  /** Sizes of the static categories; category c of a window is a whole number from 0 to categories[c] - 1. */
  readonly categories: readonly number[];
  /** Whether the network also reads which inputs were seen. Without it missing inputs are nothing but 0. */
  readonly mask: boolean;
}

/** No columns beside the target. */
export const noChannels: Channels = { past: 0, future: 0, numbers: 0, categories: [], mask: false };

/** A network to build. Untrained it says "nothing but the transform's mean", with a standard deviation of 1. */
export interface NetworkSpec {
  readonly cell: TaskCell;
  readonly units: readonly number[];
  /** Rows read, T. */
  readonly steps: number;
  /** Rows forecast, H. */
  readonly horizon: number;
  readonly dropout: number;
  readonly seed: number;
  readonly strategy: Strategy;
  readonly distribution: DistributionName;
  readonly stack: StackName;
  /** Networks that are trained with seeds of their own and averaged: 1 for one alone. */
  readonly ensemble: number;
  /** Sample paths that a recursive network with a distribution draws, of all members together. */
  readonly paths: number;
  /** Whether the rows ahead are also told by a linear map of the target's rows that are read, beside what the layers make of them; `direct` alone. */
  readonly linear: boolean;
  /** What a network that gives values alone is trained on: absolute errors are least at a median, squared ones at a mean. */
  readonly error: "absolute" | "squared";
  readonly channels: Channels;
}

/** The parts of a `NetworkSpec` that make the plain network. */
export const plainNetwork: Pick<
  NetworkSpec,
  "strategy" | "distribution" | "stack" | "ensemble" | "paths" | "linear" | "error" | "channels"
> = {
  strategy: "direct",
  distribution: "none",
  stack: "plain",
  ensemble: 1,
  paths: 100,
  linear: false,
  error: "squared",
  channels: noChannels,
};

/** Tensors of N windows, float32, in scaled units. Missing inputs are 0 with mask 0; nothing here is NaN. */
export interface NetworkInputs {
  /** [N, T, 1 + past + future], the target first. A known-future column at step t is that of the same row t. */
  readonly x: Tensor;
  /** The shape of x, 1 = seen; null if nothing is missing. */
  readonly mask: Tensor | null;
  /** [N, H, future]; null without such columns. */
  readonly future: Tensor | null;
  /** [N, numbers]; null without. */
  readonly numbers: Tensor | null;
  /** [N, categories], whole numbers; null without. */
  readonly categories: Tensor | null;
  /** [N, 1]: typical size of the series in the target's unit, above 0; only for `negative-binomial`, else null. */
  readonly size: Tensor | null;
}

/** Windows to learn from. */
export interface Dataset extends NetworkInputs {
  /**
   * [N, H], NaN where missing. In the unit of x's first column, so that a recursive network can read it back; for `negative-binomial`
   * counts in the target's own unit, and x's first column counts over `size`.
   */
  readonly y: Tensor;
}

/** What a network says of the rows ahead of one window: scaled, or in the target's own unit for `negative-binomial`. */
export interface Predictive {
  /** [H]: the median; the mean of a negative binomial, whose median is 0 where counts are rare. */
  readonly value: Float64Array;
  /** Per level [H], never crossing; null without a distribution. */
  readonly quantiles: { readonly levels: readonly number[]; readonly values: readonly Float64Array[] } | null;
  /** Equally likely paths [S][H]; only of recursive networks with a distribution. */
  readonly samples: readonly Float64Array[] | null;
}

/** How to predict. */
export interface PredictSettings {
  /** Of the sample paths; that of the specification unless given. A window's paths depend on it and on the window's numbers alone. */
  readonly seed?: number;
  /** Number of sample paths, instead of that of the specification. */
  readonly paths?: number;
  /** Shares of the quantiles, growing: 0.025, 0.1, 0.2 ... 0.9, 0.975. */
  readonly levels?: readonly number[];
}

/** A trained network, whatever it is made of; saved as one model folder. */
export interface Network {
  readonly spec: NetworkSpec;
  /** One predictive distribution for each window. */
  predict(inputs: NetworkInputs, settings?: PredictSettings): Promise<Predictive[]>;
  save(path: string, options?: { readonly preprocess?: unknown; readonly task?: string }): Promise<void>;
  summary(): string;
}
