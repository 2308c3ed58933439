// A model of ours taken apart for another framework: its layers in order, with options and weights.

import { DataError, UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { decodeModel, type PortSchema } from "../io/model-file.js";
import { readZip } from "../io/zip.js";
import type { Model } from "../train/types.js";
import type { ForeignArray } from "./arrays.js";

/** One layer as the model file describes it. */
export interface OwnLayer {
  readonly name: string;
  readonly kind: string;
  readonly options: { readonly [option: string]: unknown };
  /** Only for wrappers. */
  readonly inner: Omit<OwnLayer, "name" | "weight"> | null;
  /** A weight by its name in the layer: "W", "forward.U". */
  weight(name: string): ForeignArray;
}

/** All layers of a model. */
export interface OwnModel {
  /** True if the layers follow each other; false for a functional network. */
  readonly isChain: boolean;
  readonly layers: readonly OwnLayer[];
  readonly inputs: readonly PortSchema[];
  /** Gate order of each weight; null without gates. */
  readonly gates: ReadonlyMap<string, readonly string[] | null>;
}

/** Reads a model through its own file, which says everything; throws UsageError `not_built`, `not_a_model`. */
export function ownModel(model: Model<unknown>): OwnModel {
  const { document, weights } = decodeModel(readZip(model.toBytes()), "the model");
  const network = isRecord(document.network) ? document.network : {};
  const weight =
    (layer: string) =>
    (name: string): ForeignArray => {
      const path = `${layer}/${name}`;
      const found = weights.get(path);
      if (found === undefined || !(found.data instanceof Float32Array))
        throw new DataError("model_weights", `The model has no weight "${path}".`);
      return { name: path, shape: found.shape, data: found.data };
    };
  const saved = network.kind === "deep-rnn" ? deepRnnLayers(network.options, weights) : listed(network.layers);
  const layers = saved.map(({ name, layer }): OwnLayer => ({ name, ...described(layer), weight: weight(name) }));
  const gates = new Map(Object.entries(document.weights).map(([path, schema]) => [path, schema.gates]));
  return { isChain: network.kind !== "functional", layers, inputs: document.inputs, gates };
}

/** Throws for what the other framework does not have. */
export function cannotExport(layer: OwnLayer, what: string, to: string, hint = ""): UsageError {
  return new UsageError({ code: "cannot_export", what: `layer "${layer.name}" (${layer.kind}) ${what} in ${to}`, hint });
}

/** An option that is a number; `otherwise` where it is not given. */
export function numberOption(options: OwnLayer["options"], name: string, otherwise = 0): number {
  const value = options[name];
  return typeof value === "number" ? value : otherwise;
}

/** An option that is a text; `otherwise` where it is not given. */
export function textOption(options: OwnLayer["options"], name: string, otherwise: string): string {
  const value = options[name];
  return typeof value === "string" ? value : otherwise;
}

interface Saved {
  readonly name: string;
  readonly layer: unknown;
}

function listed(layers: unknown): Saved[] {
  if (!Array.isArray(layers)) return [];
  return layers.filter(isRecord).map(({ name, layer }): Saved => ({ name: String(name), layer }));
}

function described(layer: unknown): Omit<OwnLayer, "name" | "weight"> {
  const { kind, options, inner } = isRecord(layer) ? layer : {};
  return { kind: String(kind), options: isRecord(options) ? options : {}, inner: inner === undefined ? null : described(inner) };
}

/** `deepRnn` keeps its options only; its layers are known from them. */
function deepRnnLayers(options: unknown, weights: ReadonlyMap<string, { readonly shape: readonly number[] }>): Saved[] {
  const { activation = "relu", returnSequences = false } = isRecord(options) ? options : {};
  const names = [...new Set([...weights.keys()].map((path) => path.slice(0, path.indexOf("/"))))];
  const recurrent = names.filter((name) => name !== "output");
  const unitsOf = (name: string, weight: string): number => weights.get(`${name}/${weight}`)?.shape[1] ?? 0;
  return [
    ...recurrent.map((name, index): Saved => {
      const all = index < recurrent.length - 1 || returnSequences === true;
      return { name, layer: { kind: "simpleRnn", options: { units: unitsOf(name, "U"), activation, returnSequences: all } } };
    }),
    { name: "output", layer: { kind: "dense", options: { units: unitsOf("output", "W") } } },
  ];
}
