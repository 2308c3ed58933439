// The library's networks for the shapes, with the weights that every system starts from.
import * as door from "deep-rnn";
import {
  type Cell,
  DeepRnnError,
  dense,
  embedding,
  functional,
  gru,
  type Layer,
  lstm,
  type Model,
  recurrent,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
} from "deep-rnn";
import { layerNormLstm } from "../../test/nn/custom-cells.js";
import { lstmAgain, threeStates } from "./cells.js";
import { transposed, weightNumbers } from "./numbers.js";
import { gatesOf, type Shape } from "./shapes.js";
import type { Variation } from "./task.js";

/** Thrown when the library does not have what a row measures. */
export class Missing extends Error {}

interface LayerOptions {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly name: string;
}

/** A network for the shape; `last` returns only the last output. */
export function networkFor(shape: Shape, variation: Variation, returns: "sequences" | "last" = "sequences"): Model {
  const names = Array.from({ length: shape.layers }, (_, index) => `layer${index}`);
  const layers = names.map((name, index) => {
    const returnSequences = returns === "sequences" || index < shape.layers - 1;
    return recurrentLayer(shape, variation, { units: shape.hidden, returnSequences, name });
  });
  const head = shape.out === 0 ? [] : [dense({ units: shape.out, activation: shape.vocabulary > 0 ? "softmax" : "linear", name: "head" })];
  if (variation === "threeStates") return timedNetwork(layers, head);
  const table = shape.vocabulary > 0 ? [embedding({ vocabularySize: shape.vocabulary, size: shape.input, name: "embedding" })] : [];
  return sequential([...table, ...layers, ...head]);
}

function timedNetwork(layers: readonly Layer[], head: readonly Layer[]): Model {
  const [first, ...others] = layers;
  const [output] = head;
  if (first === undefined || output === undefined || others.length > 0) throw new Error("one layer and a head are expected");
  return functional({ layer0: first, head: output }, (l, { x, dt }: { readonly x: Tensor; readonly dt: Tensor }) =>
    l.head(l.layer0(x, { dt })),
  ) as Model;
}

function recurrentLayer(shape: Shape, variation: Variation, options: LayerOptions): Layer {
  const { name: _, ...unnamed } = options;
  switch (variation) {
    case "defineCell":
      return recurrent(lstmAgain, options);
    case "layerNorm":
      return recurrent(layerNormLstm, options);
    case "threeStates":
      return recurrent(threeStates, unnamed);
    case "recurrentDropout":
      return lstm({ ...options, recurrentDropout: 0.2 });
    case "zoneout":
      return withZoneout(options);
    case "minGru":
      return minGruLayer(options);
    default:
      if (shape.cell === "rnn") return simpleRnn({ ...options, activation: "relu" });
      return shape.cell === "gru" ? gru(options) : lstm(options);
  }
}

function withZoneout(options: LayerOptions): Layer {
  const wanted: LayerOptions & { readonly zoneout: number } = { ...options, zoneout: 0.1 };
  try {
    return lstm(wanted);
  } catch (error) {
    if (error instanceof DeepRnnError && error.code === "unknown_option") throw new Missing("lstm has no option zoneout");
    throw error;
  }
}

/** A layer function or a cell of that name, whichever the door has. */
function minGruLayer(options: LayerOptions): Layer {
  const found: unknown = Object.entries(door).find(([name]) => /^min_?gru/i.test(name))?.[1];
  if (found === undefined) throw new Missing("the door has no minGRU");
  if (typeof found === "function") return (found as (options: LayerOptions) => Layer)(options);
  return recurrent(found as Cell<Record<never, never>>, options);
}

type WeightTree = Readonly<Record<string, Readonly<Record<string, Tensor>>>>;

/** Puts the shared numbers into a built network; weights of other names or sizes stay as they are. */
export function setSharedWeights(model: Model, shape: Shape): void {
  const now = model.weights as WeightTree;
  const shared = sharedWeights(shape);
  const merged = Object.entries(now).map(([layer, weights]) => {
    const entries = Object.entries(weights).map(([name, value]) => {
      const given = shared[layer]?.[name];
      return [name, given?.data.length === value.data.length ? given : value] as const;
    });
    return [layer, Object.fromEntries(entries)] as const;
  });
  model.weights = Object.fromEntries(merged);
}

function sharedWeights(shape: Shape): WeightTree {
  const { hidden, input, out, vocabulary } = shape;
  const width = gatesOf[shape.cell] * hidden;
  const { layers, head, embedding: table } = weightNumbers(shape);
  const matrix = (values: Float32Array, rows: number, columns: number): Tensor =>
    tensor(transposed(values, rows, columns), { shape: [columns, rows] });
  const vector = (values: Float32Array): Tensor => tensor(values, { shape: [values.length] });
  const ofLayers = layers.map((numbers, index) => {
    const own = {
      W: matrix(numbers.input, width, numbers.inputSize),
      U: matrix(numbers.recurrent, width, hidden),
      b: vector(numbers.bias),
      ...(shape.cell === "gru" ? { bR: vector(new Float32Array(width)) } : {}),
    };
    return [`layer${index}`, own] as const;
  });
  return {
    ...Object.fromEntries(ofLayers),
    ...(head === null ? {} : { head: { W: matrix(head.weight, out, hidden), b: vector(head.bias) } }),
    ...(table === null ? {} : { embedding: { table: tensor(table, { shape: [vocabulary, input] }) } }),
  };
}

/** One number for all weights' bits, to tell equal from nearly equal (FNV-1a, Fowler, Noll & Vo). */
export function digestOf(model: Model): string {
  let hash = 0x811c9dc5;
  for (const weights of Object.values(model.weights as WeightTree)) {
    for (const value of Object.values(weights)) {
      for (const word of new Uint32Array(Float32Array.from(value.data).buffer)) hash = Math.imul(hash ^ word, 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
