// Runs the layers of a network: finds each call's weights and key, names the layer in errors, packs sequence inputs.

import { equalShapes, showShape } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord, type Tree } from "../../base/tree.js";
import { foldIn } from "../../ops/random.js";
import { isPacked, packSequence, withPlace } from "../../ops/sequence.js";
import { dimsOf, isTensor } from "../../trace/traced.js";
import type { Tensors } from "../cell.js";
import {
  bindLayer,
  type Extras,
  inputOf,
  type Layer,
  type LayerDefinition,
  type LayerResult,
  type StatefulLayer,
  type WeighingLayer,
} from "../layer.js";
import type { Memory } from "../memory.js";
import { type CallOptions, isSingleInput, type Named, type NetworkInput } from "../network.js";
import type { PenaltySink } from "../penalty.js";
import { checkNames } from "../suggest.js";
import { storedShape, type Weight } from "../weight.js";

/** A layer under its name in the network. */
export interface PlannedLayer {
  readonly name: string;
  readonly definition: LayerDefinition;
}

/** What a plan's function calls: layers with weights behind them. */
export type BoundLayers = { readonly [name: string]: Layer & StatefulLayer & WeighingLayer };

/** The wiring of a network: its layers, and a function that calls them. */
export interface NetworkPlan {
  readonly layers: readonly PlannedLayer[];
  run(layers: BoundLayers, inputs: Named<Tensor>): Named<Tensor>;
}

/** Gives the tensor of one weight. */
export type WeightSource = (layer: string, name: string, spec: Weight) => Tensor;

/** What a run needs beside its inputs. */
export interface RunOptions {
  readonly weights: WeightSource;
  readonly training: boolean;
  readonly key: Tensor | null;
  readonly memory?: Memory | undefined;
  readonly carried?: Memory | undefined;
  readonly penalties?: PenaltySink | undefined;
  /** Sees every call, and may put another result in its place. */
  readonly onCall?: (call: LayerCall) => LayerResult;
}

/** One layer call of a run. */
export interface LayerCall {
  readonly layer: PlannedLayer;
  readonly x: Tensor;
  readonly extras: Extras;
  readonly result: LayerResult;
}

/** Calls the plan's function with bound layers. Must run inside a trace. */
export function runPlan(plan: NetworkPlan, inputs: Named<Tensor>, options: RunOptions): Named<Tensor> {
  let calls = 0;
  const bound = plan.layers.map((layer) => {
    const call = (x: Tensor, extras: Extras = {}): LayerResult => {
      // The same layer called twice draws different masks.
      const index = calls++;
      const result = withPlace(layer.name, () =>
        runLayer(layer, x, extras, { ...options, weights: withTies(plan, options.weights) }, index),
      );
      return options.onCall === undefined ? result : options.onCall({ layer, x, extras, result });
    };
    return [layer.name, bindLayer(layer.definition, layer.name, call)] as const;
  });
  return checkedOutputs(plan.run(Object.fromEntries(bound), inputs));
}

/** Finds a tied weight under the name of the layer that owns it. */
function withTies({ layers }: NetworkPlan, source: WeightSource): WeightSource {
  return (layer, name, spec) => {
    if (spec.tied === undefined) return source(layer, name, spec);
    const { tied } = spec;
    checkNames(
      `tiedTo of layer "${layer}"`,
      "layer",
      [tied.layer],
      layers.map((each) => each.name).filter((each) => each !== layer),
    );
    const owner = layers.find((each) => each.name === tied.layer)!;
    return source(tied.layer, tied.weight ?? (owner.definition.config.kind === "embedding" ? "table" : "W"), spec);
  };
}

/** Sequence inputs as packed sequences; the others as they are. */
export function packInputs(types: Named<NetworkInput>, inputs: Named<Tensor>, lengths: CallOptions["lengths"]): Named<Tensor> {
  const single = isTensor(inputs);
  if (single !== isSingleInput(types)) {
    const what = single
      ? "the network has named inputs, one tensor without a name was given"
      : "the network has one input without a name, named ones were given";
    throw new UsageError({ code: "input_names", what });
  }
  if (isSingleInput(types)) return packInput("", types, inputs as Tensor, lengths);
  const given = inputs as { readonly [name: string]: Tensor };
  checkNames("the network", "input", Object.keys(given), Object.keys(types));
  if (isRecord(lengths) && !isTensor(lengths)) checkNames("the network", "input", Object.keys(lengths), Object.keys(types));
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, packInput(name, type, given[name], lengths)]));
}

/** Weights from a tree { layer: { weight } }, checked against what the layers ask for. */
export function weightsFrom(tree: Tree): WeightSource {
  return (layer, name, spec) => {
    const ofLayer: unknown = isRecord(tree) && !isTensor(tree) ? tree[layer] : undefined;
    const found: unknown = isRecord(ofLayer) ? ofLayer[name] : undefined;
    if (!isTensor(found)) {
      throw new UsageError({
        code: "missing_weight",
        what: `the weights have no "${layer}/${name}"`,
        hint: "Use the model's own weights tree: { layer: { weight } }.",
      });
    }
    const wanted = storedShape(spec);
    if (equalShapes(dimsOf(found), wanted)) return found;
    throw new ShapeError({
      code: "weight_shape",
      what: `"${layer}/${name}" is ${showShape(dimsOf(found))}, the layer expects ${showShape(wanted)}`,
    });
  };
}

function runLayer(layer: PlannedLayer, x: Tensor, extras: Extras, options: RunOptions, index: number): LayerResult {
  const { definition, name } = layer;
  if (!isTensor(x))
    throw new UsageError({
      code: "not_a_tensor",
      what: `layer "${name}" was called with ${describe(x)}`,
      hint: "Call it with a tensor: l.layer(x, extras).",
    });
  if (options.training && definition.isRandom && options.key === null) {
    throw new UsageError({
      code: "missing_key",
      what: `layer "${name}" drops values while training and needs a random key`,
      hint: "Pass { training: true, key }.",
    });
  }
  const { shape, dtype } = inputOf(x);
  const specs = definition.weights(shape, dtype, extras);
  const weights: Tensors = Object.fromEntries(Object.entries(specs).map(([weight, spec]) => [weight, options.weights(name, weight, spec)]));
  const key = options.training && options.key !== null ? foldIn(options.key, index) : null;
  const memory = options.memory === undefined ? null : options.memory.bind(null, name);
  const carried = options.carried === undefined ? null : options.carried.bind(null, name);
  return definition.apply(x, extras, { weights, training: options.training, key, memory, carried, penalties: options.penalties ?? null });
}

function packInput(name: string, type: NetworkInput, given: Tensor | undefined, lengths: CallOptions["lengths"]): Tensor {
  const label = name === "" ? "the input" : `input "${name}"`;
  if (given === undefined) throw new UsageError({ code: "missing_input", what: `${label} is missing` });
  if (!isTensor(given))
    throw new UsageError({ code: "not_a_tensor", what: `${label} is ${describe(given)}`, hint: "Make one with tensor(...)." });
  const shape = dimsOf(given);
  const fits = shape.length === type.shape.length + 1 && type.shape.every((size, axis) => size === "time" || size === shape[axis + 1]);
  if (!fits) {
    const what = `${label} is ${showShape(shape)}, the network was built for [${["batch", ...type.shape].join(", ")}]`;
    throw new ShapeError({ code: "input_shape", what });
  }
  if (type.shape[0] !== "time" || isPacked(given)) return given;
  const own = lengths === undefined || isTensor(lengths) ? lengths : isRecord(lengths) ? lengths[name] : undefined;
  return packSequence(given, own ?? null);
}

function checkedOutputs(outputs: unknown): Named<Tensor> {
  if (isTensor(outputs)) return outputs;
  if (isRecord(outputs) && Object.keys(outputs).length > 0 && Object.values(outputs).every((value) => isTensor(value)))
    return outputs as { readonly [name: string]: Tensor };
  throw new UsageError({
    code: "bad_outputs",
    what: "the network's function did not return a tensor or a record of tensors",
    hint: "Of a layer with returnState return { output } or its parts by name.",
  });
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : isRecord(value) ? "a record" : typeof value;
}
