// From a model to a PyTorch state dict in a safetensors file.

import { writeSafetensors } from "../../io/safetensors.js";
import type { Model } from "../../train/types.js";
import { type ForeignArray, renamed, reversedAxes, transposed, zerosOf } from "../arrays.js";
import type { LayerChoice } from "../blocks.js";
import { cannotExport, numberOption, type OwnLayer, type OwnModel, ownModel, textOption } from "../own-layers.js";
import { type ConversionReport, makeReport, type TensorMatch } from "../report.js";
import { rememberChoices } from "./remembered.js";

/** A file for another framework. */
export interface Exported {
  readonly bytes: Uint8Array;
  readonly report: ConversionReport;
}

/**
 * The weights as a state dict: `lstm_1.weight_ih_l0` … in PyTorch's shapes. The report names the module that each layer becomes. Layers
 * that came from one stacked module (`rnn_l0`, `rnn_l1`) become that module again.
 *
 * @throws UsageError `not_built`, `cannot_export` naming the layer
 * @example await writeFile("model.safetensors", (await exportTorch(model)).bytes);
 */
export async function exportTorch(model: Model<unknown>): Promise<Exported> {
  const own = ownModel(model);
  const modules = modulesOf(own);
  const parts = modules.flatMap(({ layers, name }) => layers.flatMap((layer, level) => partsOf(layer, name, level)));
  const tensors = new Map(
    parts.flatMap(({ tensors: made }) => made).map(({ name, shape, data }) => [name, { dtype: "float32" as const, shape, data }]),
  );
  const report = makeReport({
    format: "torch",
    direction: "export",
    layers: modules.map(({ name, layers: [first], layers }) => ({ name, kind: first.kind, foreign: moduleWords(first, layers.length) })),
    parameters: parts.reduce((sum, { match }) => sum + match.shape.reduce((product, size) => product * size, 1), 0),
    tensors: parts.map(({ match }) => {
      const order = own.gates.get(match.weight) ?? null;
      return { ...match, gates: order === null ? null : { foreign: order, ours: order } };
    }),
    leftOver: [],
    notes: notesFor(own),
    probe: null,
  });
  return { bytes: writeSafetensors(tensors, isTold(own) ? rememberChoices(modules.map(choiceOf)) : { format: "pt" }), report };
}

/** Layers that a state dict has nothing of. */
const weightless: readonly string[] = ["dropout", "activation", "maxPool1d", "averagePool1d", "globalMaxPool1d", "globalAveragePool1d"];

/** Whether names and options of the modules say all about the network. */
function isTold({ isChain, layers }: OwnModel): boolean {
  const hasDefaults = ({ options }: OwnLayer): boolean =>
    ["strides", "dilation", "padding"].every((option) => options[option] === undefined);
  return (
    isChain &&
    layers.every((layer) => (layer.kind === "conv1d" ? hasDefaults(layer) : !weightless.includes(layer.kind) || layer.kind === "dropout"))
  );
}

function notesFor({ isChain, layers }: OwnModel): string[] {
  const padded = layers.filter(({ kind, options }) => kind === "conv1d" && options.padding !== undefined && options.padding !== "valid");
  return [
    ...(isChain ? [] : ["A state dict holds weights only: wire the modules in PyTorch as the model does."]),
    ...padded.map(({ name, options }) => `"${name}" pads its input (${String(options.padding)}): do so before nn.Conv1d.`),
  ];
}

interface Module {
  readonly name: string;
  readonly layers: readonly [OwnLayer, ...OwnLayer[]];
}

/** One weight of ours and the tensors it becomes. */
interface Part {
  readonly match: TensorMatch;
  readonly tensors: readonly ForeignArray[];
}

function modulesOf({ layers }: OwnModel): Module[] {
  const withWeights = layers.filter((layer) => !weightless.includes(layer.kind));
  const modules: Module[] = [];
  for (const layer of withWeights) {
    checkLayer(layer);
    const level = /^(.+)_l(\d+)$/.exec(layer.name);
    const before = modules.at(-1);
    const stackName = level === null ? null : torchName(level[1] ?? "");
    if (before !== undefined && stackName === before.name && Number(level?.[2]) === before.layers.length && alike(before.layers[0], layer))
      modules[modules.length - 1] = { name: before.name, layers: [...before.layers, layer] };
    else modules.push({ name: stackName !== null && Number(level?.[2]) === 0 ? stackName : torchName(layer.name), layers: [layer] });
  }
  return modules;
}

/** Attributes of a module cannot have hyphens in their names. */
function torchName(name: string): string {
  return name.replaceAll("-", "_");
}

function alike(a: OwnLayer, b: OwnLayer): boolean {
  const facts = ({ kind, options, inner }: OwnLayer): unknown[] => [
    kind,
    inner?.kind,
    coreOf({ kind, options, inner }).options.units,
    options.projection,
  ];
  return JSON.stringify(facts(a)) === JSON.stringify(facts(b));
}

function coreOf({ kind, options, inner }: Pick<OwnLayer, "kind" | "options" | "inner">): Pick<OwnLayer, "kind" | "options"> {
  return inner ?? { kind, options };
}

const torch = "PyTorch";

function checkLayer(layer: OwnLayer): void {
  const { kind, options } = coreOf(layer);
  if (layer.kind === "bidirectional" && textOption(layer.options, "merge", "concat") !== "concat")
    throw cannotExport(layer, "joins its directions by another way than concat, which no module does", torch);
  switch (kind) {
    case "simpleRnn":
      if (["tanh", "relu"].includes(textOption(options, "activation", "tanh"))) break;
      throw cannotExport(layer, `has the activation ${String(options.activation)}, which nn.RNN does not have`, torch);
    case "lstm":
      if (options.peephole === true) throw cannotExport(layer, "has peepholes, which nn.LSTM does not have", torch);
      break;
    case "gru":
      if (options.resetAfter === false) throw cannotExport(layer, "resets before the product, which nn.GRU does not do", torch);
      break;
    case "dense":
    case "embedding":
    case "layerNorm":
    case "conv1d":
      return;
    default:
      throw cannotExport(
        layer,
        "has no counterpart",
        torch,
        "Supported are simpleRnn, lstm, gru, bidirectional, dense, embedding, conv1d and layerNorm.",
      );
  }
  if (numberOption(options, "dilation", 1) > 1) throw cannotExport(layer, "has a dilation, which no module does", torch);
  if (options.goBackwards === true) throw cannotExport(layer, "runs backwards only, which no module does", torch);
}

function partsOf(layer: OwnLayer, module: string, level: number): Part[] {
  const core = coreOf(layer);
  if (["simpleRnn", "lstm", "gru"].includes(core.kind)) {
    const sides = layer.kind === "bidirectional" ? [["forward.", ""] as const, ["backward.", "_reverse"] as const] : [["", ""] as const];
    return sides.flatMap(([prefix, suffix]) => recurrentParts(layer, core.kind, prefix, (role) => `${module}.${role}_l${level}${suffix}`));
  }
  if (layer.kind === "embedding") return [plain(layer.weight("table"), `${module}.weight`)];
  if (layer.kind === "layerNorm") return [plain(layer.weight("gain"), `${module}.weight`), plain(layer.weight("bias"), `${module}.bias`)];
  const matrix = layer.weight("W");
  const turned =
    layer.kind === "conv1d"
      ? part(matrix, [renamed(reversedAxes(matrix), `${module}.weight`)], true)
      : turnedPart(matrix, `${module}.weight`);
  return [turned, ...(layer.options.useBias === false ? [] : [plain(layer.weight("b"), `${module}.bias`)])];
}

function recurrentParts(layer: OwnLayer, kind: string, prefix: string, name: (role: string) => string): Part[] {
  const bias = layer.weight(`${prefix}b`);
  // The two biases of RNN and LSTM are only ever added, so one of them is zero.
  const biases =
    kind === "gru"
      ? [plain(bias, name("bias_ih")), plain(layer.weight(`${prefix}bR`), name("bias_hh"))]
      : [part(bias, [renamed(bias, name("bias_ih")), zerosOf(name("bias_hh"), bias.shape)], false)];
  const hasProjection = typeof coreOf(layer).options.projection === "number";
  return [
    turnedPart(layer.weight(`${prefix}W`), name("weight_ih")),
    turnedPart(layer.weight(`${prefix}U`), name("weight_hh")),
    ...biases,
    ...(hasProjection ? [turnedPart(layer.weight(`${prefix}P`), name("weight_hr"))] : []),
  ];
}

function plain(weight: ForeignArray, name: string): Part {
  return part(weight, [renamed(weight, name)], false);
}

function turnedPart(weight: ForeignArray, name: string): Part {
  return part(weight, [renamed(transposed(weight), name)], true);
}

function part(weight: ForeignArray, tensors: readonly ForeignArray[], isTurned: boolean): Part {
  const foreign = { foreign: tensors.map(({ name }) => name), foreignShapes: tensors.map(({ shape }) => shape) };
  return { match: { weight: weight.name, shape: weight.shape, ...foreign, transposed: isTurned, gates: null }, tensors };
}

function choiceOf({ name, layers }: Module): Exclude<LayerChoice, string> {
  const last = layers[layers.length - 1] ?? layers[0];
  const { kind, options } = coreOf(last);
  if (kind === "embedding") return { name, kind };
  if (kind === "layerNorm") return { name };
  if (options.useBias === false) return { name, kind: "dense", activation: textOption(options, "activation", "linear") };
  const activation = options.activation === undefined ? {} : { activation: textOption(options, "activation", "linear") };
  return kind === "dense" || kind === "conv1d"
    ? { name, ...activation }
    : { name, ...activation, returnSequences: options.returnSequences === true };
}

function moduleWords(layer: OwnLayer, levels: number): string {
  const { kind, options } = coreOf(layer);
  const both = layer.kind === "bidirectional";
  const inputSize = (weight: string): number => layer.weight(both ? `forward.${weight}` : weight).shape[0] ?? 0;
  const more = [
    ...(levels > 1 ? [`num_layers=${levels}`] : []),
    ...(options.activation === "relu" && kind === "simpleRnn" ? ['nonlinearity="relu"'] : []),
    ...(typeof options.projection === "number" ? [`proj_size=${options.projection}`] : []),
    ...(both ? ["bidirectional=True"] : []),
  ];
  switch (kind) {
    case "dense":
      return `nn.Linear(${layer.weight("W").shape.join(", ")}${options.useBias === false ? ", bias=False" : ""})`;
    case "embedding":
      return `nn.Embedding(${layer.weight("table").shape.join(", ")})`;
    case "layerNorm":
      return `nn.LayerNorm(${layer.weight("gain").shape.join(", ")})`;
    case "conv1d": {
      const [kernel = 0, features = 0, filters = 0] = layer.weight("W").shape;
      const groups = numberOption(options, "groups", 1);
      const steps = (["stride", "dilation"] as const).map(
        (word) => [word, numberOption(options, word === "stride" ? "strides" : word, 1)] as const,
      );
      const words = [...steps, ["groups", groups] as const].filter(([, value]) => value !== 1).map(([word, value]) => `${word}=${value}`);
      return `nn.Conv1d(${[features * groups, filters, kernel, ...words].join(", ")})`;
    }
    default: {
      const word = kind === "simpleRnn" ? "RNN" : kind.toUpperCase();
      return `nn.${word}(${[inputSize("W"), numberOption(options, "units"), ...more, "batch_first=True"].join(", ")})`;
    }
  }
}
