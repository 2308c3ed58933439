// PyTorch's recurrent modules and cells: stacked, in both directions, with and without biases and projection.

import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import type { Layer } from "../../nn/layer.js";
import { bidirectional } from "../../nn/layers/bidirectional.js";
import { gru, lstm, simpleRnn } from "../../nn/layers/named.js";
import type { ForeignArray } from "../arrays.js";
import type { Block, BlockChoice } from "../blocks.js";
import {
  type ForeignLayer,
  type GateOrder,
  gatedWeight,
  prefixedWeights,
  summedBias,
  turnedWeight,
  type WeightSource,
  zeroWeight,
} from "../foreign-layer.js";

/** Pieces of one direction of one layer by their role: weight_ih, weight_hh, bias_ih, bias_hh, weight_hr. */
export type Pieces = ReadonlyMap<string, ForeignArray>;

/** One module: its layers from the input on, each with one direction or two. */
export interface RecurrentParts {
  readonly name: string;
  readonly levels: readonly (readonly Pieces[])[];
}

interface Kind {
  readonly word: "RNN" | "GRU" | "LSTM";
  readonly units: number;
  readonly projection: number | null;
  readonly order: GateOrder;
}

/** Gates of each kind, in PyTorch's order, which is ours too. */
const orders: Readonly<Record<Kind["word"], readonly string[]>> = { RNN: ["h"], GRU: ["r", "z", "n"], LSTM: ["i", "f", "g", "o"] };

/** The block of a recurrent module; throws DataError `torch_module` if its tensors do not belong together. */
export function recurrentBlock({ name, levels }: RecurrentParts, file: string): Block {
  const first = levels[0]?.[0];
  const kinds = levels.map((sides) => kindOf(name, sides, file));
  const last = kinds.at(-1);
  if (first === undefined || last === undefined) throw broken(file, name, "it has no first layer");
  const input = first.get("weight_ih")?.shape[1] ?? 0;
  return {
    name,
    kind: "recurrent",
    inputSize: input,
    outputSize: (last.projection ?? last.units) * (levels[0]?.length ?? 1),
    make: (choice) =>
      levels.map((sides, index) => {
        const isLast = index === levels.length - 1;
        const own = levels.length === 1 ? name : `${name}_l${index}`;
        return layerOf(own, kinds[index]!, sides, { ...choice, returnSequences: !isLast || choice.returnSequences });
      }),
  };
}

function kindOf(name: string, sides: readonly Pieces[], file: string): Kind {
  const [pieces] = sides;
  const [ih, hh, hr] = [pieces?.get("weight_ih"), pieces?.get("weight_hh"), pieces?.get("weight_hr")];
  if (ih === undefined || hh === undefined || ih.shape.length !== 2 || hh.shape.length !== 2)
    throw broken(file, name, "weight_ih and weight_hh must be matrices");
  const units = (hr ?? hh).shape[1] ?? 0;
  const word = (["RNN", "GRU", "LSTM"] as const).find((each) => orders[each].length * units === hh.shape[0]);
  if (word === undefined || ih.shape[0] !== hh.shape[0])
    throw broken(file, name, `${ih.name} [${ih.shape.join(", ")}] and ${hh.name} [${hh.shape.join(", ")}] are of no RNN, GRU or LSTM`);
  for (const side of sides) {
    const [a, b] = [side.get("bias_ih"), side.get("bias_hh")];
    const wrong = [a, b].find((bias) => bias !== undefined && bias.shape.join() !== String(ih.shape[0]));
    if ((a === undefined) !== (b === undefined) || wrong !== undefined || side.get("weight_hh")?.shape.join() !== hh.shape.join())
      throw broken(file, name, "its biases or directions do not belong together");
  }
  return { word, units, projection: hr?.shape[0] ?? null, order: { foreign: orders[word], ours: orders[word] } };
}

function layerOf(name: string, kind: Kind, sides: readonly Pieces[], choice: BlockChoice): ForeignLayer {
  const options = { units: kind.units, returnSequences: choice.returnSequences };
  const inner = sides.length === 1 ? { ...options, name } : options;
  const one = makerOf(kind, inner, choice.activation);
  const both = sides.length === 2;
  const direction = (prefix: string, side: Pieces | undefined): WeightSource[] =>
    prefixedWeights(prefix, side === undefined ? [] : sources(kind, side));
  return {
    name,
    kind: both ? "bidirectional" : kind.word === "RNN" ? "simpleRnn" : kind.word.toLowerCase(),
    foreign: `PyTorch ${kind.word}, ${kind.units} units${both ? ", both directions" : ""}`,
    layer: both ? bidirectional(one, { name }) : one,
    weights: both ? [...direction("forward.", sides[0]), ...direction("backward.", sides[1])] : direction("", sides[0]),
  };
}

function makerOf(kind: Kind, options: { readonly units: number; readonly returnSequences: boolean }, activation: string | null): Layer {
  if (kind.word === "RNN") return simpleRnn({ ...options, activation: activation ?? "tanh" });
  if (kind.word === "GRU") return gru(options);
  return lstm({ ...options, ...(kind.projection === null ? {} : { projection: kind.projection }) });
}

function sources({ word, units, order, projection }: Kind, side: Pieces): WeightSource[] {
  const [ih, hh, a, b, hr] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"].map((role) => side.get(role));
  const width = [units * order.ours.length];
  const single = (to: string, bias: ForeignArray | undefined): WeightSource =>
    bias === undefined ? zeroWeight(to, width) : gatedWeight(to, bias, order, false);
  const biases =
    word === "GRU"
      ? [single("b", a), single("bR", b)]
      : [a === undefined || b === undefined ? zeroWeight("b", width) : summedBias("b", a, b, order)];
  return [
    gatedWeight("W", ih!, order, true),
    gatedWeight("U", hh!, order, true),
    ...biases,
    ...(projection === null || hr === undefined ? [] : [turnedWeight("P", hr)]),
  ];
}

function broken(file: string, name: string, what: string): DataError {
  return new DataError("torch_module", `${file}: the module "${name}" cannot be used: ${what}.`, "", atFile(file));
}
