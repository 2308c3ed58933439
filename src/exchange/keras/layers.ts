// The table of Keras layers: what each becomes here, and which of its arrays are which weights.

import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import { dropout, layerNorm } from "../../nn/door-names.js";
import type { Layer } from "../../nn/layer.js";
import { bidirectional, type Merge } from "../../nn/layers/bidirectional.js";
import { conv1d } from "../../nn/layers/conv.js";
import { activation, dense, embedding } from "../../nn/layers/feedforward.js";
import { averagePool1d, globalAveragePool1d, globalMaxPool1d, maxPool1d } from "../../nn/layers/pooling.js";
import { flatten, repeat } from "../../nn/layers/reshaping.js";
import type { ForeignArray } from "../arrays.js";
import { type ForeignLayer, plainWeight, prefixedWeights, type WeightSource } from "../foreign-layer.js";
import { type KerasLayer, readObject } from "./config.js";
import { activationOf, type Reading, rateOption, requireOption, sizeOption, unsupported } from "./options.js";
import { recurrentClasses, recurrentLayer, recurrentSources } from "./recurrent.js";
import type { KerasStore } from "./store.js";

/** Layers that do nothing to a prediction here, with what to say about them. */
const silent: Readonly<Record<string, string | null>> = {
  InputLayer: null,
  ActivityRegularization: null,
  GaussianNoise: "adds noise while training only; it is left out",
  GaussianDropout: "acts while training only; it is left out",
  Masking: "masks steps: give lengths to predict instead",
};

type Maker = (layer: KerasLayer, store: KerasStore, reading: Reading) => { layer: Layer; kind: string; weights: readonly WeightSource[] };

/** The layer of ours for a Keras layer; null where there is nothing to do. Throws DataError `keras_unsupported`, `weights_do_not_fit`. */
export function kerasLayer(layer: KerasLayer, store: KerasStore, reading: Reading): ForeignLayer | null {
  if (Object.hasOwn(silent, layer.className)) {
    const word = silent[layer.className];
    if (word !== null) reading.note(`"${layer.name}" (${layer.className}) ${word}.`);
    return null;
  }
  const make = Object.hasOwn(makers, layer.className) ? makers[layer.className] : undefined;
  if (make === undefined) {
    const hint = "docs/from-keras.md lists what can be read.";
    throw new DataError(
      "keras_unsupported",
      `${reading.file}: the Keras layer ${layer.className} ("${layer.name}") has no counterpart here.`,
      hint,
      atFile(reading.file),
    );
  }
  const made = make(layer, store, reading);
  const units = layer.options.units ?? layer.options.filters;
  const size = typeof units === "number" ? `, ${units} units` : "";
  return { name: layer.name, foreign: `Keras ${layer.className}${size}`, ...made };
}

const recurrentMaker: Maker = (layer, store, reading) => ({
  layer: recurrentLayer(layer, layer.name, reading),
  kind: layer.className === "SimpleRNN" ? "simpleRnn" : layer.className.toLowerCase(),
  weights: recurrentSources(layer, store.arrays(layer, ""), reading),
});

const makers: Readonly<Record<string, Maker>> = {
  ...Object.fromEntries(recurrentClasses.map((name) => [name, recurrentMaker])),
  Bidirectional(layer, store, reading) {
    const inner = innerLayer(layer, "layer", reading);
    if (!recurrentClasses.includes(inner.className)) throw unsupported(layer, `a ${inner.className} inside`, reading);
    requireOption(layer, "merge_mode", ["concat", "sum", "mul", "ave"], reading);
    const backward =
      layer.options.backward_layer === undefined || layer.options.backward_layer === null
        ? inner
        : innerLayer(layer, "backward_layer", reading);
    if (backward.className !== inner.className || backward.options.activation !== inner.options.activation)
      throw unsupported(layer, "two directions that differ", reading);
    const merge = layer.options.merge_mode;
    return {
      layer: bidirectional(recurrentLayer(inner, null, reading), { name: layer.name, merge: isMerge(merge) ? merge : "concat" }),
      kind: "bidirectional",
      weights: [
        ...prefixedWeights("forward.", recurrentSources(inner, store.arrays(layer, "forward_layer"), reading)),
        ...prefixedWeights("backward.", recurrentSources(backward, store.arrays(layer, "backward_layer"), reading)),
      ],
    };
  },
  TimeDistributed(layer, store, reading) {
    const inner = innerLayer(layer, "layer", reading);
    const make = ["Dense", "Activation", "Dropout", "LayerNormalization"].includes(inner.className) ? makers[inner.className] : undefined;
    if (make === undefined) throw unsupported(layer, `a ${inner.className} inside`, reading);
    // Here these layers work on every step by themselves.
    const inside: KerasStore = { all: store.all, arrays: () => [...store.arrays(layer, "layer"), ...store.arrays(layer, "")].slice(0, 2) };
    return make({ ...inner, name: layer.name }, inside, reading);
  },
  Dense(layer, store, reading) {
    const useBias = layer.options.use_bias !== false;
    return {
      layer: dense({
        units: sizeOption(layer, "units", reading),
        activation: activationOf(layer, "activation", reading),
        useBias,
        name: layer.name,
      }),
      kind: "dense",
      weights: plainSources(layer, store.arrays(layer, ""), useBias ? ["W", "b"] : ["W"], reading),
    };
  },
  Embedding(layer, store, reading) {
    if (layer.options.mask_zero === true) reading.note(`"${layer.name}" masks token 0: give lengths to predict instead.`);
    const [vocabularySize, size] = [sizeOption(layer, "input_dim", reading), sizeOption(layer, "output_dim", reading)];
    return {
      layer: embedding({ vocabularySize, size, name: layer.name }),
      kind: "embedding",
      weights: plainSources(layer, store.arrays(layer, ""), ["table"], reading),
    };
  },
  Conv1D(layer, store, reading) {
    requireOption(layer, "data_format", ["channels_last", null], reading);
    requireOption(layer, "padding", ["valid", "same", "causal"], reading);
    const useBias = layer.options.use_bias !== false;
    return {
      layer: conv1d({
        filters: sizeOption(layer, "filters", reading),
        kernelSize: sizeOption(layer, "kernel_size", reading),
        strides: layer.options.strides === undefined ? 1 : sizeOption(layer, "strides", reading),
        dilation: layer.options.dilation_rate === undefined ? 1 : sizeOption(layer, "dilation_rate", reading),
        groups: layer.options.groups === undefined ? 1 : sizeOption(layer, "groups", reading),
        padding: paddingOf(layer),
        activation: activationOf(layer, "activation", reading),
        useBias,
        name: layer.name,
      }),
      kind: "conv1d",
      weights: plainSources(layer, store.arrays(layer, ""), useBias ? ["W", "b"] : ["W"], reading),
    };
  },
  MaxPooling1D: (layer, _store, reading) => bare("maxPool1d", maxPool1d({ ...poolOptions(layer, reading), name: layer.name })),
  AveragePooling1D: (layer, _store, reading) => bare("averagePool1d", averagePool1d({ ...poolOptions(layer, reading), name: layer.name })),
  GlobalMaxPooling1D(layer, _store, reading) {
    requireOption(layer, "keepdims", [false], reading);
    return bare("globalMaxPool1d", globalMaxPool1d({ name: layer.name }));
  },
  GlobalAveragePooling1D(layer, _store, reading) {
    requireOption(layer, "keepdims", [false], reading);
    return bare("globalAveragePool1d", globalAveragePool1d({ name: layer.name }));
  },
  LayerNormalization(layer, store, reading) {
    const { epsilon, axis, center, scale } = layer.options;
    const last: unknown = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
    if (last !== undefined && last !== -1 && last !== 2) throw unsupported(layer, `the axis ${JSON.stringify(axis)}`, reading);
    if (center === false || scale === false) throw unsupported(layer, "no gain or no bias", reading);
    return {
      layer: layerNorm({ name: layer.name, epsilon: typeof epsilon === "number" ? epsilon : 1e-3 }),
      kind: "layerNorm",
      weights: plainSources(layer, store.arrays(layer, ""), ["gain", "bias"], reading),
    };
  },
  // The number of steps is then a fixed one, see network.ts.
  Flatten: (layer) => bare("flatten", flatten({ name: layer.name })),
  RepeatVector: (layer, _store, reading) => bare("repeat", repeat({ times: sizeOption(layer, "n", reading), name: layer.name })),
  Dropout: (layer) => bare("dropout", dropout({ rate: rateOption(layer, "rate"), name: layer.name })),
  SpatialDropout1D(layer, _store, reading) {
    reading.note(`"${layer.name}" drops whole features while training; here it drops single values.`);
    return bare("dropout", dropout({ rate: rateOption(layer, "rate"), name: layer.name }));
  },
  Activation: (layer, _store, reading) =>
    bare("activation", activation({ activation: activationOf(layer, "activation", reading), name: layer.name })),
  ReLU(layer, _store, reading) {
    requireOption(layer, "max_value", [null], reading);
    requireOption(layer, "negative_slope", [0, null], reading);
    requireOption(layer, "threshold", [0, null], reading);
    return bare("activation", activation({ activation: "relu", name: layer.name }));
  },
  LeakyReLU(layer, _store, reading) {
    const slope = layer.options.negative_slope ?? layer.options.alpha ?? 0.3;
    if (typeof slope !== "number" || Math.abs(slope - 0.01) > 1e-6)
      throw unsupported(layer, `the slope ${JSON.stringify(slope)} (0.01 is known)`, reading);
    return bare("activation", activation({ activation: "leakyRelu", name: layer.name }));
  },
  Softmax(layer, _store, reading) {
    requireOption(layer, "axis", [-1], reading);
    return bare("activation", activation({ activation: "softmax", name: layer.name }));
  },
};

function bare(kind: string, layer: Layer): { layer: Layer; kind: string; weights: readonly WeightSource[] } {
  return { layer, kind, weights: [] };
}

function plainSources(layer: KerasLayer, arrays: readonly ForeignArray[], names: readonly string[], { file }: Reading): WeightSource[] {
  if (arrays.length !== names.length)
    throw new DataError(
      "weights_do_not_fit",
      `${file}: "${layer.name}" needs ${names.length} arrays, the file has ${arrays.length}.`,
      "",
      atFile(file),
    );
  return names.map((name, index) => plainWeight(name, arrays[index]!));
}

function innerLayer(layer: KerasLayer, option: string, reading: Reading): KerasLayer {
  const { className, options } = readObject(layer.options[option], reading.file);
  return { className, options, name: layer.name, group: layer.group, calls: [] };
}

function poolOptions(layer: KerasLayer, reading: Reading): { poolSize: number; strides: number; padding: "valid" | "same" } {
  requireOption(layer, "data_format", ["channels_last", null], reading);
  requireOption(layer, "padding", ["valid", "same"], reading);
  const poolSize = layer.options.pool_size === undefined ? 2 : sizeOption(layer, "pool_size", reading);
  const { strides } = layer.options;
  return {
    poolSize,
    strides: strides === undefined || strides === null ? poolSize : sizeOption(layer, "strides", reading),
    padding: layer.options.padding === "same" ? "same" : "valid",
  };
}

function paddingOf({ options }: KerasLayer): "valid" | "same" | "causal" {
  return options.padding === "same" || options.padding === "causal" ? options.padding : "valid";
}

function isMerge(value: unknown): value is Merge {
  return value === "concat" || value === "sum" || value === "mul" || value === "ave";
}
