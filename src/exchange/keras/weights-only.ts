// A Keras file of weights alone: layers are known from the groups' names, options from the shapes.

import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import type { ForeignArray } from "../arrays.js";
import type { Block, BlockChoice } from "../blocks.js";
import type { KerasLayer, KerasOptions } from "./config.js";
import { kerasLayer } from "./layers.js";
import type { Reading } from "./options.js";
import type { KerasStore } from "./store.js";

const groupName =
  /^(?:layers\/)?((lstm|gru|simple_rnn|bidirectional|time_distributed|dense|embedding|layer_normalization|conv1d)(?:_\d+)?)\//;
/** What Keras keeps beside the weights: optimiser, seeds, metrics. */
const trainingState = /(^|\/)(optimizer|seed_generator|metrics|_metrics|loss)(\/|$)|^vars(\/|$)/;

/** True for arrays that Keras keeps for its own training. */
export function isTrainingState(name: string): boolean {
  return trainingState.test(name);
}

/** The layers of a file of weights; throws DataError `keras_weights`. */
export function weightBlocks(store: KerasStore, reading: Reading): Block[] {
  const groups = new Map<string, string>();
  for (const array of store.all) {
    const [, name, word] = groupName.exec(array.name) ?? [];
    if (isTrainingState(array.name)) continue;
    if (name !== undefined && word !== undefined) groups.set(name, word);
    else {
      const what = `${reading.file}: ${array.name} [${array.shape.join(", ")}] belongs to no layer that is known.`;
      throw new DataError("keras_weights", what, "Convert the whole model: model.save('model.keras') in Keras.", atFile(reading.file));
    }
  }
  return [...groups].map(([name, word]) => blockOf(name, word, store, reading));
}

function blockOf(name: string, word: string, store: KerasStore, reading: Reading): Block {
  const group = `layers/${name}`;
  const parts = (part: string): readonly ForeignArray[] => store.arrays({ group, name }, part);
  const layer = (className: string, options: KerasOptions): KerasLayer => ({
    className,
    name,
    options: { name, ...options },
    group,
    calls: [],
  });
  const make =
    (found: KerasLayer): Block["make"] =>
    () =>
      [kerasLayer(found, store, reading)].filter((each) => each !== null);
  const [first, second] = parts(word === "time_distributed" ? "layer" : "");
  const wrong = (): DataError =>
    new DataError("keras_weights", `${reading.file}: the arrays of "${name}" are not those of a ${word}.`, "", atFile(reading.file));
  if (word === "bidirectional" || ["lstm", "gru", "simple_rnn"].includes(word)) {
    const both = word === "bidirectional";
    const facts = recurrentFacts(both ? parts("forward_layer") : parts(""), both ? null : word);
    if (facts === null) throw wrong();
    return {
      name,
      kind: "recurrent",
      inputSize: facts.inputSize,
      outputSize: facts.units * (both ? 2 : 1),
      make: ({ activation, returnSequences }: BlockChoice) => {
        const options = { ...facts.options, return_sequences: returnSequences, ...(activation === null ? {} : { activation }) };
        const inner = { class_name: facts.className, config: options };
        return make(both ? layer("Bidirectional", { layer: inner, merge_mode: "concat" }) : layer(facts.className, options))({
          activation,
          returnSequences,
        });
      },
    };
  }
  if (first === undefined) throw wrong();
  const [rows = 0, columns = 0] = first.shape;
  const useBias = second !== undefined;
  if (word === "embedding")
    return {
      name,
      kind: "embedding",
      inputSize: null,
      outputSize: columns,
      make: make(layer("Embedding", { input_dim: rows, output_dim: columns })),
    };
  if (word === "layer_normalization")
    return { name, kind: "norm", inputSize: rows, outputSize: rows, make: make(layer("LayerNormalization", {})) };
  if (word === "conv1d") {
    const filters = first.shape[2] ?? 0;
    const options = { filters, kernel_size: rows, use_bias: useBias };
    return {
      name,
      kind: "conv",
      inputSize: columns,
      outputSize: filters,
      make: (choice) => make(layer("Conv1D", { ...options, activation: choice.activation }))(choice),
    };
  }
  const options = { units: columns, use_bias: useBias };
  return {
    name,
    kind: "dense",
    inputSize: rows,
    outputSize: columns,
    make: (choice) => {
      const config = { ...options, activation: choice.activation };
      return make(word === "dense" ? layer("Dense", config) : layer("TimeDistributed", { layer: { class_name: "Dense", config } }))(choice);
    },
  };
}

interface RecurrentFacts {
  readonly className: string;
  readonly inputSize: number;
  readonly units: number;
  readonly options: KerasOptions;
}

/** Class and options from the shapes of kernel, recurrent kernel and bias; null if they are of no recurrent layer. */
function recurrentFacts(arrays: readonly ForeignArray[], word: string | null): RecurrentFacts | null {
  const [kernel, recurrent, bias] = arrays;
  const [units = 0, width = 0] = recurrent?.shape ?? [];
  const inputSize = kernel?.shape[0] ?? 0;
  const className = units === 0 ? undefined : ({ 1: "SimpleRNN", 3: "GRU", 4: "LSTM" } as const)[(width / units) as 1 | 3 | 4];
  if (className === undefined || (word !== null && className.toLowerCase() !== word.replace("_", ""))) return null;
  const use_bias = bias !== undefined;
  // Without a bias both kinds of GRU look alike; Keras's default is taken.
  const reset_after = className === "GRU" ? { reset_after: bias === undefined || bias.shape.length === 2 } : {};
  return { className, inputSize, units, options: { units, use_bias, ...reset_after } };
}
