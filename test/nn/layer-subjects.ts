// The layers that laws are run over, each with inputs that bring out what is particular to it.

import type { Tensor } from "../../src/base/tensor.js";
import type { Tensors } from "../../src/nn/cell.js";
import type { Layer } from "../../src/nn/layer.js";
import { attention } from "../../src/nn/layers/attention.js";
import { bidirectional } from "../../src/nn/layers/bidirectional.js";
import { conv1d } from "../../src/nn/layers/conv.js";
import { dense, layerNormLayer } from "../../src/nn/layers/feedforward.js";
import { gru, lstm } from "../../src/nn/layers/named.js";
import { averagePool1d, globalAveragePool1d, globalMaxPool1d, maxPool1d } from "../../src/nn/layers/pooling.js";
import { flatten, repeat } from "../../src/nn/layers/reshaping.js";
import { highway, residual } from "../../src/nn/layers/skip.js";
import type { NetworkInput } from "../../src/nn/network.js";
import { tanh } from "../../src/ops/index.js";
import { sequence, vector } from "./runs.js";

/** A layer within the smallest network that shows it. */
export interface LayerSubject {
  readonly title: string;
  readonly layer: () => Layer;
  /** Default: x alone, three features. */
  readonly inputs?: Readonly<Record<string, NetworkInput>>;
  /** Default: l.layer(x). */
  readonly call?: (layer: Layer, inputs: Tensors) => Tensor;
  /** Steps of the output for a row of `length` steps, by default as many; null: the output has no steps. */
  readonly steps?: ((length: number) => number) | null;
  /** It can run step by step. */
  readonly streams?: boolean;
}

const windows =
  (span: number, stride: number) =>
  (length: number): number =>
    length < span ? 0 : Math.floor((length - span) / stride) + 1;
const rounded =
  (stride: number) =>
  (length: number): number =>
    Math.ceil(length / stride);

export const layerSubjects: readonly LayerSubject[] = [
  { title: "conv1d of one step", layer: () => conv1d({ filters: 4, kernelSize: 1 }), streams: true },
  { title: "conv1d", layer: () => conv1d({ filters: 4, kernelSize: 3, activation: "tanh" }), steps: windows(3, 1) },
  {
    title: "conv1d, strided and dilated",
    layer: () => conv1d({ filters: 2, kernelSize: 2, strides: 2, dilation: 2 }),
    steps: windows(3, 2),
  },
  { title: "conv1d, same", layer: () => conv1d({ filters: 4, kernelSize: 4, padding: "same" }) },
  {
    title: "conv1d, same and strided",
    layer: () => conv1d({ filters: 3, kernelSize: 5, strides: 2, padding: "same", useBias: false }),
    steps: rounded(2),
  },
  { title: "conv1d, causal", layer: () => conv1d({ filters: 4, kernelSize: 3, dilation: 2, padding: "causal" }), streams: true },
  {
    title: "conv1d, causal and strided",
    layer: () => conv1d({ filters: 4, kernelSize: 3, strides: 3, padding: "causal" }),
    steps: rounded(3),
  },
  { title: "conv1d in groups", layer: () => conv1d({ filters: 6, kernelSize: 2, groups: 3, padding: "causal" }), streams: true },
  { title: "maxPool1d", layer: () => maxPool1d(), steps: windows(2, 2) },
  { title: "maxPool1d, same", layer: () => maxPool1d({ poolSize: 3, strides: 2, padding: "same" }), steps: rounded(2) },
  { title: "averagePool1d", layer: () => averagePool1d({ poolSize: 3, strides: 1 }), steps: windows(3, 1) },
  { title: "averagePool1d, same", layer: () => averagePool1d({ poolSize: 3, strides: 2, padding: "same" }), steps: rounded(2) },
  { title: "globalMaxPool1d", layer: () => globalMaxPool1d(), steps: null },
  { title: "globalAveragePool1d", layer: () => globalAveragePool1d(), steps: null },
  { title: "attention to itself, scaled dots", layer: () => attention() },
  { title: "attention to itself, causal dots", layer: () => attention({ score: "dot", causal: true }) },
  { title: "attention to itself, causal in heads", layer: () => attention({ score: "multiHead", units: 6, heads: 2, causal: true }) },
  {
    title: "attention to a memory, additive",
    layer: () => attention({ score: "additive", units: 5 }),
    inputs: { x: sequence(3), memory: { ...sequence(2), time: "S" } },
    call: (layer, { x, memory }) => layer(x!, { memory: memory! }),
  },
  {
    title: "attention to a memory, in heads",
    layer: () => attention({ score: "multiHead", units: 4 }),
    inputs: { x: sequence(3), memory: { ...sequence(2), time: "S" } },
    call: (layer, { x, memory }) => layer(x!, { memory: memory! }),
  },
  {
    title: "attention of one step",
    layer: () => attention({ score: "additive", units: 3 }),
    inputs: { x: vector(2), memory: sequence(3) },
    call: (layer, { x, memory }) => layer(x!, { memory: memory! }),
    steps: null,
  },
  { title: "residual lstm", layer: () => residual(lstm({ units: 3, returnSequences: true })), streams: true },
  {
    title: "residual conv1d, projected",
    layer: () => residual(conv1d({ filters: 5, kernelSize: 2, padding: "causal" }), { projection: true }),
    streams: true,
  },
  { title: "highway gru", layer: () => highway(gru({ units: 3, returnSequences: true })), streams: true },
  { title: "bidirectional residual gru", layer: () => bidirectional(residual(gru({ units: 3, returnSequences: true })), { merge: "sum" }) },
  { title: "dense over steps", layer: () => dense({ units: 2, activation: "softplus" }), streams: true },
  { title: "layerNorm over steps", layer: () => layerNormLayer(), streams: true },
  {
    title: "repeat",
    layer: () => repeat(4),
    inputs: { x: vector(3) },
    call: (layer, { x }) => tanh(layer(x!)),
    steps: null,
  },
  {
    title: "flatten",
    layer: () => flatten(),
    inputs: { x: { shape: [4, 3], dtype: "float32" } },
    steps: null,
  },
];

/** The inputs of a subject. */
export function inputTypes({ inputs }: LayerSubject): Readonly<Record<string, NetworkInput>> {
  return inputs ?? { x: sequence(3) };
}
