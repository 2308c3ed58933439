// The table of our layers: the Keras layer that each becomes, and where its weights go.

import { type ForeignArray, gatesOf, joinedColumns, renamed } from "../arrays.js";
import { cannotExport, numberOption, type OwnLayer, textOption } from "../own-layers.js";
import type { TensorMatch } from "../report.js";
import { kerasActivations } from "./activations.js";

/** A Keras layer's configuration and arrays. `name` of an array is its path below the layer's group. */
export interface KerasPart {
  readonly className: string;
  readonly options: { readonly [option: string]: unknown };
  readonly arrays: readonly ForeignArray[];
  readonly matches: readonly TensorMatch[];
}

/** A serialised Keras object. */
export function kerasObject(className: string, config: KerasPart["options"]): { readonly [field: string]: unknown } {
  return { module: "keras.layers", class_name: className, config, registered_name: null };
}

/** The Keras layer for one of ours; throws UsageError `cannot_export`. */
export function kerasPart(layer: OwnLayer): KerasPart {
  const { kind, options, name } = layer;
  const base = { name, trainable: true };
  const pool = {
    pool_size: [numberOption(options, "poolSize", 2)],
    padding: textOption(options, "padding", "valid"),
    data_format: "channels_last",
  };
  const strides = [numberOption(options, "strides", numberOption(options, "poolSize", 2))];
  switch (kind) {
    case "simpleRnn":
    case "lstm":
    case "gru":
      return recurrentPart(layer);
    case "bidirectional":
      return bidirectionalPart(layer);
    case "dense":
      return weighted("Dense", { ...base, units: numberOption(options, "units"), ...shaped(layer) }, layer, ["W", ...biasOf(layer)]);
    case "conv1d": {
      const size = {
        filters: numberOption(options, "filters"),
        kernel_size: [numberOption(options, "kernelSize")],
        groups: numberOption(options, "groups", 1),
      };
      const steps = { strides: [numberOption(options, "strides", 1)], dilation_rate: [numberOption(options, "dilation", 1)] };
      const padding = { padding: textOption(options, "padding", "valid"), data_format: "channels_last" };
      return weighted("Conv1D", { ...base, ...size, ...steps, ...padding, ...shaped(layer) }, layer, ["W", ...biasOf(layer)]);
    }
    case "embedding": {
      const sizes = { input_dim: numberOption(options, "vocabularySize"), output_dim: numberOption(options, "size"), mask_zero: false };
      return weighted("Embedding", { ...base, ...sizes }, layer, ["table"]);
    }
    case "layerNorm": {
      const facts = { axis: -1, epsilon: numberOption(options, "epsilon", 1e-5), center: true, scale: true };
      return weighted("LayerNormalization", { ...base, ...facts }, layer, ["gain", "bias"]);
    }
    case "dropout":
      return weighted("Dropout", { ...base, rate: numberOption(options, "rate") }, layer, []);
    case "activation":
      return weighted("Activation", { ...base, activation: activationFor(layer) }, layer, []);
    case "maxPool1d":
      return weighted("MaxPooling1D", { ...base, ...pool, strides }, layer, []);
    case "averagePool1d":
      return weighted("AveragePooling1D", { ...base, ...pool, strides }, layer, []);
    case "globalMaxPool1d":
      return weighted("GlobalMaxPooling1D", { ...base, data_format: "channels_last", keepdims: false }, layer, []);
    case "globalAveragePool1d":
      return weighted("GlobalAveragePooling1D", { ...base, data_format: "channels_last", keepdims: false }, layer, []);
    default:
      throw cannotExport(layer, "has no counterpart", "Keras");
  }
}

function weighted(className: string, options: KerasPart["options"], layer: OwnLayer, names: readonly string[]): KerasPart {
  const weights = names.map((name) => layer.weight(name));
  const arrays = weights.map((weight, index) => renamed(weight, `vars/${index}`));
  return { className, options, arrays, matches: weights.map((weight, index) => match(weight, [arrays[index]!], null)) };
}

function biasOf({ options }: OwnLayer): string[] {
  return options.useBias === false ? [] : ["b"];
}

function shaped(layer: OwnLayer): { readonly activation: string; readonly use_bias: boolean } {
  return { activation: activationFor(layer), use_bias: layer.options.useBias !== false };
}

function activationFor(layer: OwnLayer): string {
  const word = textOption(layer.options, "activation", "linear");
  const known = Object.hasOwn(kerasActivations, word) ? kerasActivations[word] : undefined;
  if (known === undefined) throw cannotExport(layer, `has the activation ${word}, which is another function or missing`, "Keras");
  return known;
}

interface Core {
  readonly kind: string;
  readonly options: OwnLayer["options"];
}

const classNames: Readonly<Record<string, string>> = { simpleRnn: "SimpleRNN", lstm: "LSTM", gru: "GRU" };

function recurrentPart(layer: OwnLayer): KerasPart {
  if (layer.options.goBackwards === true && layer.options.returnSequences === true)
    throw cannotExport(layer, "gives all steps of a backward run, which come in the opposite order", "Keras");
  const { arrays, matches } = recurrentWeights(layer, layer, "", "cell");
  return { className: classNames[layer.kind]!, options: recurrentOptions(layer, layer, layer.name), arrays, matches };
}

function bidirectionalPart(layer: OwnLayer): KerasPart {
  const { inner } = layer;
  if (inner === null || classNames[inner.kind] === undefined) throw cannotExport(layer, "holds a layer that has no counterpart", "Keras");
  const forward = recurrentWeights(layer, inner, "forward.", "forward_layer/cell");
  const backward = recurrentWeights(layer, inner, "backward.", "backward_layer/cell");
  const object = (side: string, more: KerasPart["options"]): unknown =>
    kerasObject(classNames[inner.kind]!, { ...recurrentOptions(layer, inner, `${side}_${layer.name}`), ...more });
  const options = {
    name: layer.name,
    trainable: true,
    merge_mode: textOption(layer.options, "merge", "concat"),
    layer: object("forward", { go_backwards: false }),
    backward_layer: object("backward", { go_backwards: true }),
  };
  return {
    className: "Bidirectional",
    options,
    arrays: [...forward.arrays, ...backward.arrays],
    matches: [...forward.matches, ...backward.matches],
  };
}

function recurrentOptions(layer: OwnLayer, { kind, options }: Core, name: string): KerasPart["options"] {
  const activation = kind === "simpleRnn" ? textOption(options, "activation", "tanh") : "tanh";
  if (activation === "leakyRelu") throw cannotExport(layer, "has the activation leakyRelu, whose slope differs", "Keras");
  if (numberOption(options, "dilation", 1) > 1) throw cannotExport(layer, "has a dilation", "Keras");
  if (options.peephole === true || options.projection !== undefined) throw cannotExport(layer, "has peepholes or a projection", "Keras");
  return {
    name,
    trainable: true,
    units: numberOption(options, "units"),
    activation,
    ...(kind === "simpleRnn" ? {} : { recurrent_activation: "sigmoid" }),
    use_bias: true,
    dropout: numberOption(options, "dropout"),
    recurrent_dropout: numberOption(options, "recurrentDropout"),
    return_sequences: options.returnSequences === true,
    return_state: false,
    go_backwards: options.goBackwards === true,
    stateful: false,
    unroll: false,
    ...(kind === "gru" ? { reset_after: options.resetAfter !== false } : {}),
  };
}

function recurrentWeights(layer: OwnLayer, { kind, options }: Core, prefix: string, place: string): Pick<KerasPart, "arrays" | "matches"> {
  const own = (name: string): ForeignArray => layer.weight(prefix + name);
  const at = (index: number): string => `${place}/vars/${index}`;
  if (kind !== "gru") {
    const order = kind === "lstm" ? { foreign: ["i", "f", "g", "o"], ours: ["i", "f", "g", "o"] } : null;
    const weights = [own("W"), own("U"), own("b")];
    const arrays = weights.map((weight, index) => renamed(weight, at(index)));
    return { arrays, matches: weights.map((weight, index) => match(weight, [arrays[index]!], order)) };
  }
  const order = { foreign: ["z", "r", "n"], ours: ["r", "z", "n"] };
  const turned = (array: ForeignArray, name: string): ForeignArray => renamed(gatesOf(array, order.ours, order.foreign), name);
  const [W, U, b] = [own("W"), own("U"), own("b")];
  const kernel = turned(W, at(0));
  if (options.resetAfter === false) {
    const Un = own("Un");
    const recurrent = turned(joinedColumns("", [U, Un]), at(1));
    const bias = turned(b, at(2));
    const matches = [
      match(W, [kernel], order),
      match(U, [recurrent], { ...order, ours: ["r", "z"] }),
      match(Un, [recurrent], { ...order, ours: ["n"] }),
    ];
    return { arrays: [kernel, recurrent, bias], matches: [...matches, match(b, [bias], order)] };
  }
  const bR = own("bR");
  const [recurrent, first, second] = [turned(U, at(1)), turned(b, `${at(2)}[0]`), turned(bR, `${at(2)}[1]`)];
  const bias: ForeignArray = { name: at(2), shape: [2, ...first.shape], data: Float32Array.from([...first.data, ...second.data]) };
  const matches = [match(W, [kernel], order), match(U, [recurrent], order), match(b, [first], order), match(bR, [second], order)];
  return { arrays: [kernel, recurrent, bias], matches };
}

function match(weight: ForeignArray, foreign: readonly ForeignArray[], gates: TensorMatch["gates"]): TensorMatch {
  const names = { foreign: foreign.map(({ name }) => name), foreignShapes: foreign.map(({ shape }) => shape) };
  return { weight: weight.name, shape: weight.shape, ...names, transposed: false, gates };
}
