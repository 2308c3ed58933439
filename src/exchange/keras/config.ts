// What Keras writes about a model, narrowed from JSON: layers with their class, options and place, and how they are connected.

import { DataError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import { atFile } from "../../io/at-file.js";

/** Options of a Keras layer. */
export type KerasOptions = { readonly [option: string]: unknown };

/** One layer of a Keras model. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly options: KerasOptions;
  /** Group of its weights in Keras 3's files, as in "layers/lstm_1". */
  readonly group: string;
  /** One entry for each time the layer is called: the tensors it is called with. Empty in a Sequential. */
  readonly calls: readonly (readonly KerasTensor[])[];
}

/** The output of a layer's call. */
export interface KerasTensor {
  readonly layer: string;
  readonly call: number;
}

/** A model as its configuration describes it. */
export interface KerasModel {
  readonly kind: "Sequential" | "Functional";
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Shape with the batch axis, where the model was built with one; null otherwise. */
  readonly builtShape: readonly unknown[] | null;
}

const layerLimit = 2000;

/** Narrows the configuration of a whole model; throws DataError `keras_config`. */
export function readModelConfig(value: unknown, file: string): KerasModel {
  const { className, options } = readObject(value, file);
  const isFunctional = className === "Functional" || className === "Model";
  if (!isFunctional && className !== "Sequential")
    throw new DataError(
      "keras_config",
      `${file} holds a ${className}, a class of its own; only Sequential and functional models can be read.`,
      "",
      atFile(file),
    );
  const counts = new Map<string, number>();
  const listed: unknown = Array.isArray(options) ? options : options.layers;
  if (!Array.isArray(listed) || listed.length === 0)
    throw new DataError("keras_config", `${file}: the model's configuration lists no layers.`, "", atFile(file));
  // Far above any model of layers in a row; what walks them stays within its stack.
  if (listed.length > layerLimit)
    throw new DataError("keras_config", `${file} lists ${listed.length} layers, at most ${layerLimit} are read.`, "", atFile(file));
  const layers = listed.map((entry: unknown) => readLayer(entry, counts, file));
  const built = isRecord(value) && isRecord(value.build_config) ? value.build_config.input_shape : undefined;
  return {
    kind: isFunctional ? "Functional" : "Sequential",
    layers,
    inputs: isFunctional ? tensors(options.input_layers) : [],
    outputs: isFunctional ? tensors(options.output_layers) : [],
    builtShape: Array.isArray(built) ? built : null,
  };
}

/** Class and options of a serialised Keras object; throws DataError `keras_config`. */
export function readObject(value: unknown, file: string): { readonly className: string; readonly options: KerasOptions } {
  if (!isRecord(value) || typeof value.class_name !== "string" || !(isRecord(value.config) || Array.isArray(value.config)))
    throw new DataError("keras_config", `${file}: its configuration is not that of a Keras model.`, "", atFile(file));
  const options: unknown = value.config;
  return { className: value.class_name, options: Array.isArray(options) ? { layers: options } : (options as KerasOptions) };
}

function readLayer(value: unknown, counts: Map<string, number>, file: string): KerasLayer {
  const { className, options } = readObject(value, file);
  const word = snakeCase(className);
  const count = counts.get(word) ?? 0;
  counts.set(word, count + 1);
  const given = typeof options.name === "string" ? options.name : isRecord(value) ? value.name : undefined;
  const inbound = isRecord(value) && Array.isArray(value.inbound_nodes) ? value.inbound_nodes : [];
  return {
    className,
    name: typeof given === "string" ? given.replaceAll("/", "_") : `${word}_${count}`,
    options,
    group: `layers/${count === 0 ? word : `${word}_${count}`}`,
    calls: inbound.map((node: unknown) => readCall(node, className, file)),
  };
}

/** Keras 3: { args, kwargs } with tensors inside; Keras 2: a list of [layer, call, tensor, kwargs]. */
function readCall(node: unknown, className: string, file: string): readonly KerasTensor[] {
  const found = tensors(isRecord(node) ? node.args : node);
  const kwargs = isRecord(node)
    ? node.kwargs
    : Array.isArray(node)
      ? node.map((each: unknown) => (Array.isArray(each) ? each[3] : null))
      : null;
  if (found.length === 0 || tensors(kwargs).length > 0)
    throw new DataError(
      "keras_config",
      `${file}: a ${className} is called with tensors by name (initial_state, mask), which cannot be read.`,
      "",
      atFile(file),
    );
  return found;
}

/** All tensors inside a value, in order. */
function tensors(value: unknown): KerasTensor[] {
  if (Array.isArray(value)) {
    const [layer, call, tensor] = value as readonly unknown[];
    if (typeof layer === "string" && typeof call === "number" && typeof tensor === "number")
      return [{ layer: layer.replaceAll("/", "_"), call }];
    return value.flatMap(tensors);
  }
  if (!isRecord(value)) return [];
  if (value.class_name === "__keras_tensor__" && isRecord(value.config)) return tensors(value.config.keras_history);
  return Object.values(value).flatMap(tensors);
}

/** Keras's own rule: "SimpleRNN" is simple_rnn, "Conv1D" is conv1d. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
