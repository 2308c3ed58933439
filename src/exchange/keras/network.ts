// A Keras model's wiring made ours: a chain where layers follow each other, a functional network where they do not.

import { DataError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { atFile } from "../../io/at-file.js";
import type { Layer } from "../../nn/layer.js";
import type { Network } from "../../nn/network.js";
import { functionalNetwork } from "../../nn/networks/functional.js";
import { sequentialNetwork } from "../../nn/networks/sequential.js";
import { add, maximum, minimum, mul, sub } from "../../ops/pointwise.js";
import { concat } from "../../ops/shape.js";
import type { ForeignLayer } from "../foreign-layer.js";
import type { KerasLayer, KerasModel, KerasTensor } from "./config.js";
import { kerasLayer } from "./layers.js";
import { type Reading, requireOption, unsupported } from "./options.js";
import type { KerasStore } from "./store.js";

type Shape = readonly (number | "time")[];

/** A network without weights, the layers that have them, and the shapes to build it for. */
export interface KerasNetwork {
  readonly network: Network;
  readonly layers: readonly ForeignLayer[];
  readonly inputShapes: Shape | { readonly [name: string]: Shape };
}

const merges: Readonly<Record<string, (parts: readonly [Tensor, Tensor, ...Tensor[]]) => Tensor>> = {
  Add: (parts) => add(...parts),
  Multiply: (parts) => mul(...parts),
  Subtract: ([a, b]) => sub(a, b),
  Average: (parts) => mul(add(...parts), 1 / parts.length),
  Maximum: ([first, ...rest]) => rest.reduce((a, b) => maximum(a, b), first),
  Minimum: ([first, ...rest]) => rest.reduce((a, b) => minimum(a, b), first),
  Concatenate: (parts) => concat(parts),
};

/** Makes the network; throws DataError `keras_unsupported`, `keras_config`. */
export function kerasNetwork(config: KerasModel, store: KerasStore, reading: Reading): KerasNetwork {
  const made = new Map<string, ForeignLayer>();
  for (const layer of config.layers) {
    if (made.has(layer.name))
      throw new DataError("keras_config", `${reading.file}: two layers are called "${layer.name}".`, "", atFile(reading.file));
    const own = Object.hasOwn(merges, layer.className) ? null : kerasLayer(layer, store, reading);
    if (own !== null) made.set(layer.name, own);
  }
  const layers = [...made.values()];
  if (layers.length === 0) throw new DataError("keras_config", `${reading.file}: the model has no layers.`, "", atFile(reading.file));
  if (isChain(config)) {
    return { network: sequentialNetwork(layers.map(({ layer }) => layer)), layers, inputShapes: chainShape(config, reading) };
  }
  return { network: graph(config, made, reading), layers, inputShapes: graphShapes(config, reading) };
}

/** True if every layer takes the output of the one before it, and the last one's is the model's. */
function isChain({ kind, layers, inputs, outputs }: KerasModel): boolean {
  if (kind === "Sequential") return true;
  if (inputs.length !== 1 || outputs.length !== 1 || outputs[0]?.layer !== layers.at(-1)?.name) return false;
  return layers.every(({ calls }, index) => {
    if (index === 0) return calls.length === 0;
    return calls.length === 1 && calls[0]?.length === 1 && calls[0][0]?.layer === layers[index - 1]?.name;
  });
}

function graph(config: KerasModel, made: ReadonlyMap<string, ForeignLayer>, reading: Reading): Network {
  const byName = new Map(config.layers.map((layer) => [layer.name, layer]));
  checkCalls(config, byName, reading);
  const bound = Object.fromEntries([...made].map(([name, { layer }]) => [name, layer]));
  const run = (
    l: { readonly [name: string]: Layer },
    given: Tensor | { readonly [name: string]: Tensor },
  ): Tensor | Record<string, Tensor> => {
    const known = new Map<string, Tensor>();
    const single = config.inputs.length === 1;
    for (const { layer } of config.inputs)
      known.set(`${layer}/0`, single ? (given as Tensor) : (given as { readonly [name: string]: Tensor })[layer]!);
    const value = ({ layer: name, call }: KerasTensor): Tensor => {
      const key = `${name}/${call}`;
      const ready = known.get(key);
      if (ready !== undefined) return ready;
      const layer = byName.get(name)!;
      const parts = layer.calls[call]!.map(value);
      const [first] = parts;
      const result = Object.hasOwn(merges, layer.className)
        ? merges[layer.className]!(parts as unknown as readonly [Tensor, Tensor, ...Tensor[]])
        : (l[name]?.(first!) ?? first!);
      known.set(key, result);
      return result;
    };
    const [only] = config.outputs;
    return config.outputs.length === 1 ? value(only!) : Object.fromEntries(config.outputs.map((output) => [output.layer, value(output)]));
  };
  return functionalNetwork(bound, run);
}

/** Every tensor exists, nothing waits for itself, and layers are called with what they can take. */
function checkCalls({ layers, inputs, outputs }: KerasModel, byName: ReadonlyMap<string, KerasLayer>, reading: Reading): void {
  const entries = new Set(inputs.map(({ layer }) => layer));
  const state = new Map<string, "open" | "done">();
  const visit = ({ layer: name, call }: KerasTensor): void => {
    const key = `${name}/${call}`;
    if (entries.has(name) || state.get(key) === "done") return;
    const given = byName.get(name)?.calls[call];
    if (given === undefined || state.get(key) === "open")
      throw new DataError(
        "keras_config",
        `${reading.file}: the tensor of "${name}" is used, but nothing makes it.`,
        "",
        atFile(reading.file),
      );
    state.set(key, "open");
    given.forEach(visit);
    state.set(key, "done");
  };
  if (inputs.length === 0 || outputs.length === 0)
    throw new DataError("keras_config", `${reading.file}: the model has no inputs or no outputs.`, "", atFile(reading.file));
  outputs.forEach(visit);
  for (const layer of layers) {
    const merging = Object.hasOwn(merges, layer.className);
    if (layer.className === "Concatenate") requireOption(layer, "axis", [-1], reading);
    const wrong = layer.calls.find(
      (given) => (merging ? given.length < 2 : given.length !== 1) || (layer.className === "Subtract" && given.length !== 2),
    );
    if (wrong !== undefined) throw unsupported(layer, `a call with ${wrong.length} tensors`, reading);
  }
}

function graphShapes(config: KerasModel, reading: Reading): KerasNetwork["inputShapes"] {
  const shapes = config.inputs.map(({ layer: name }): readonly [string, Shape] => {
    const layer = config.layers.find((each) => each.name === name);
    const isTokens = config.layers.some(
      ({ className, calls }) => className === "Embedding" && calls.some(([first]) => first?.layer === name),
    );
    return [name, ourShape(layer === undefined ? null : shapeOf(layer), { isTokens, isFixed: hasFixedSteps(config) }, name, reading)];
  });
  const [only] = shapes;
  return shapes.length === 1 && only !== undefined ? only[1] : Object.fromEntries(shapes);
}

/** Flatten needs to know the number of steps, and fixes it. */
function hasFixedSteps({ layers }: KerasModel): boolean {
  return layers.some(({ className }) => className === "Flatten");
}

function chainShape(config: KerasModel, reading: Reading): Shape {
  const { layers, builtShape } = config;
  const [first] = layers;
  const reader = layers.find(({ className }) => className !== "InputLayer");
  const given = (first === undefined ? null : shapeOf(first)) ?? builtShape;
  return ourShape(given, { isTokens: reader?.className === "Embedding", isFixed: hasFixedSteps(config) }, first?.name ?? "", reading);
}

function shapeOf({ options }: KerasLayer): readonly unknown[] | null {
  const shape = options.batch_shape ?? options.batch_input_shape;
  return Array.isArray(shape) ? shape : null;
}

interface ShapeFacts {
  readonly isTokens: boolean;
  readonly isFixed: boolean;
}

/** Without the batch; a second axis of a sequence is time, whatever length Keras was told, unless something needs that length. */
function ourShape(shape: readonly unknown[] | null, { isTokens, isFixed }: ShapeFacts, name: string, { file }: Reading): Shape {
  if (shape === null)
    throw new DataError(
      "keras_config",
      `${file}: the shape of the input "${name}" is not known; build the model before it is saved.`,
      "",
      atFile(file),
    );
  const sizes = shape.slice(1);
  const last = sizes.at(-1);
  const [steps] = sizes;
  const time = isFixed && typeof steps === "number" ? steps : "time";
  if (isTokens && sizes.length === 1) return [time];
  if (typeof last === "number" && sizes.length === 1) return [last];
  if (typeof last === "number" && sizes.length === 2) return [time, last];
  throw new DataError(
    "keras_config",
    `${file}: the input "${name}" has the shape ${JSON.stringify(shape)}; [batch, features] and [batch, time, features] can be read.`,
    "",
    atFile(file),
  );
}
