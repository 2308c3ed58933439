// The three ways to make a model: a chain of layers, a function over layers, the network of the first example.

import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import type { Layer, StatefulLayer, WeighingLayer } from "../nn/layer.js";
import { type DeepRnnOptions, deepRnnNetwork } from "../nn/networks/deep-rnn.js";
import { functionalNetwork } from "../nn/networks/functional.js";
import { sequentialNetwork } from "../nn/networks/sequential.js";
import { NetworkModel } from "./model.js";
import type { Model, Named } from "./types.js";

/**
 * Layers one after another.
 *
 * @throws UsageError `no_layers`, `repeated_name`
 * @example sequential([lstm({ units: 64 }), dense({ units: 1 })])
 */
export function sequential(layers: readonly Layer[]): Model {
  return new NetworkModel<Tensor>(sequentialNetwork(layers));
}

/**
 * Layers wired by a function, for several inputs or outputs and for extras such as `dt`, `mask`, `row` and `initialState`.
 * The record's keys name the weights. Inputs and outputs may be records in records: of `{ head: { x, y } }` losses and results of training
 * are called "head/x" and "head/y".
 *
 * @throws UsageError `no_layers`; at the first build `bad_outputs`, `unused_layer`
 * @example functional({ encode: gru({ units: 8 }), head: dense({ units: 1 }) }, (l, { x }: { x: Tensor }) => l.head(l.encode(x)))
 */
export function functional<
  L extends { readonly [name: string]: Layer | StatefulLayer<Tree> | WeighingLayer },
  I extends Named<Tensor>,
  O extends Named<Tensor>,
>(layers: L, f: (layers: L, inputs: I) => O): Model<O> {
  return new NetworkModel<O>(functionalNetwork(layers, f as (layers: L, inputs: never) => O));
}

/**
 * Stacked Elman layers and a linear output: two layers with relu unless told otherwise. The output's width is taken from y.
 *
 * @example deepRnn({ units: 128, layers: 2, activation: "relu" })
 */
export function deepRnn(options: DeepRnnOptions): Model {
  return new NetworkModel<Tensor>(deepRnnNetwork(options));
}
