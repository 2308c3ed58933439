// Sorts the tensors of a state dict into modules and says what each can become.

import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import { layerNorm } from "../../nn/door-names.js";
import { conv1d } from "../../nn/layers/conv.js";
import { dense, embedding } from "../../nn/layers/feedforward.js";
import { type ForeignArray, reversedAxes } from "../arrays.js";
import type { Block, LayerChoice } from "../blocks.js";
import { plainWeight, turnedWeight } from "../foreign-layer.js";
import { type Pieces, recurrentBlock } from "./recurrent.js";

const recurrentName = /^(?:(.*)\.)?(weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)(?:_l(\d+)(_reverse)?)?$/;
const plainName = /^(?:(.*)\.)?([^.]+)$/;

/** Modules of a state dict, and tensors that belong to none. */
export interface Modules {
  readonly blocks: readonly Block[];
  readonly unknown: readonly ForeignArray[];
}

/** Finds the modules; `choices` tell tables of embeddings from matrices where names do not. */
export function modulesOf(arrays: readonly ForeignArray[], choices: readonly Exclude<LayerChoice, string>[], file: string): Modules {
  const recurrent = new Map<string, Map<number, [Map<string, ForeignArray>, Map<string, ForeignArray>]>>();
  const plain = new Map<string, Map<string, ForeignArray>>();
  for (const array of arrays) {
    const found = recurrentName.exec(array.name);
    if (found !== null) {
      const [, prefix = "", role = "", level = "0", reverse] = found;
      const levels = entry(recurrent, prefix, () => new Map());
      entry(levels, Number(level), () => [new Map(), new Map()])[reverse === undefined ? 0 : 1].set(role, array);
      continue;
    }
    const [, prefix = "", role = ""] = plainName.exec(array.name) ?? [];
    entry(plain, prefix, () => new Map()).set(role, array);
  }
  const blocks = [...recurrent].map(([prefix, levels]) =>
    recurrentBlock({ name: prefix === "" ? "rnn" : prefix, levels: levelList(prefix, levels, file) }, file),
  );
  const unknown: ForeignArray[] = [];
  for (const [prefix, parts] of plain) {
    const name = prefix === "" ? "layer" : prefix;
    const block = plainBlock(name, parts, choices.find((choice) => choice.name === name)?.kind ?? null);
    if (block === null) unknown.push(...parts.values());
    else blocks.push(block);
  }
  return { blocks, unknown };
}

/** One sentence about what a state dict holds that nothing here understands. */
export function unknownModule(unknown: readonly ForeignArray[], file: string): DataError {
  const [first] = unknown;
  const hint =
    "Supported are RNN, LSTM, GRU, Linear, Embedding, Conv1d and LayerNorm; list those to take in layers, and the rest is left over.";
  if (unknown.some(({ name }) => name.includes("/")))
    return new DataError(
      "torch_module",
      `${file} holds weights named as deep-rnn names them ("${first?.name}"), without their model.json.`,
      "",
      atFile(file),
    );
  const kind = unknown.some(({ name }) => name.endsWith("running_mean")) ? "a batch normalisation" : "a module that is not known";
  return new DataError("torch_module", `${file}: ${first?.name} [${first?.shape.join(", ")}] belongs to ${kind}.`, hint, atFile(file));
}

function levelList(prefix: string, levels: ReadonlyMap<number, readonly [Pieces, Pieces]>, file: string): (readonly Pieces[])[] {
  const isBoth = (levels.get(0)?.[1].size ?? 0) > 0;
  return Array.from({ length: levels.size }, (_, index) => {
    const sides = levels.get(index);
    if (sides !== undefined && sides[1].size > 0 === isBoth) return isBoth ? sides : [sides[0]];
    throw new DataError("torch_module", `${file}: the module "${prefix}" lacks tensors of its layer ${index}.`, "", atFile(file));
  });
}

function plainBlock(name: string, parts: ReadonlyMap<string, ForeignArray>, kind: "embedding" | "dense" | null): Block | null {
  const [matrix, bias] = [parts.get("weight"), parts.get("bias")];
  if (matrix === undefined || parts.size > (bias === undefined ? 1 : 2)) return null;
  const [rows = 0, columns = 0] = matrix.shape;
  if (matrix.shape.length === 1 && bias?.shape.join() === matrix.shape.join()) return normBlock(name, matrix, bias);
  if (matrix.shape.length === 3) return convBlock(name, matrix, bias);
  if (matrix.shape.length !== 2) return null;
  const isTable = kind === null ? bias === undefined && /emb/i.test(name) : kind === "embedding";
  if (isTable) return bias === undefined ? embeddingBlock(name, matrix) : null;
  if (bias !== undefined && bias.shape.join() !== String(rows)) return null;
  return {
    name,
    kind: "dense",
    inputSize: columns,
    outputSize: rows,
    make: ({ activation }) => [
      {
        name,
        kind: "dense",
        foreign: `PyTorch Linear, ${columns} to ${rows}`,
        layer: dense({ units: rows, activation: activation ?? "linear", useBias: bias !== undefined, name }),
        weights: [turnedWeight("W", matrix), ...(bias === undefined ? [] : [plainWeight("b", bias)])],
      },
    ],
  };
}

/** A state dict tells neither stride nor padding nor dilation: PyTorch's defaults, 1, 0 and 1, are taken. */
function convBlock(name: string, kernel: ForeignArray, bias: ForeignArray | undefined): Block | null {
  const [filters = 0, inputSize = 0, kernelSize = 0] = kernel.shape;
  if (bias !== undefined && bias.shape.join() !== String(filters)) return null;
  const turned = { to: "W", value: reversedAxes(kernel), from: [kernel], transposed: true, gates: null };
  return {
    name,
    kind: "conv",
    inputSize,
    outputSize: filters,
    make: ({ activation }) => [
      {
        name,
        kind: "conv1d",
        foreign: `PyTorch Conv1d, ${inputSize} to ${filters}, kernel ${kernelSize}`,
        layer: conv1d({ filters, kernelSize, activation: activation ?? "linear", useBias: bias !== undefined, name }),
        weights: [turned, ...(bias === undefined ? [] : [plainWeight("b", bias)])],
      },
    ],
  };
}

function embeddingBlock(name: string, table: ForeignArray): Block {
  const [vocabularySize = 0, size = 0] = table.shape;
  return {
    name,
    kind: "embedding",
    inputSize: null,
    outputSize: size,
    make: () => [
      {
        name,
        kind: "embedding",
        foreign: `PyTorch Embedding, ${vocabularySize} of ${size}`,
        layer: embedding({ vocabularySize, size, name }),
        weights: [plainWeight("table", table)],
      },
    ],
  };
}

function normBlock(name: string, gain: ForeignArray, bias: ForeignArray): Block {
  const size = gain.shape[0] ?? 0;
  return {
    name,
    kind: "norm",
    inputSize: size,
    outputSize: size,
    make: () => [
      {
        name,
        kind: "layerNorm",
        foreign: `PyTorch LayerNorm, ${size}`,
        layer: layerNorm({ name }),
        weights: [plainWeight("gain", gain), plainWeight("bias", bias)],
      },
    ],
  };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
