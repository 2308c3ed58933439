// Builds a network: traces its plan once with symbolic sizes and notes weights, shapes and layers.

import { bareSymbol, type Dim, equalShapes, isSymbolic, showShape, symbolDim } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import type { Tree } from "../../base/tree.js";
import { inputNode } from "../../ir/core/build.js";
import { windowDomainOf } from "../../trace/context.js";
import { traceFunction, traceOrEvaluate } from "../../trace/function.js";
import { dimsOf, isTensor, TracedTensor } from "../../trace/traced.js";
import { outputOf } from "../layers/recurrent.js";
import { namedMemory } from "../memory.js";
import {
  type BuiltNetwork,
  type CallOptions,
  isSingleInput,
  type LayerInfo,
  type Named,
  type NetworkInput,
  type NetworkOutput,
  shownShape,
  type WeightInfo,
} from "../network.js";
import { initialValues, storedShape, type Weight } from "../weight.js";
import { type LayerCall, type NetworkPlan, packInputs, runPlan, type WeightSource, weightsFrom } from "./plan.js";

/** Builds the plan for inputs of these types. */
export function buildPlan(plan: NetworkPlan, inputs: Named<NetworkInput>): BuiltNetwork {
  checkInputs(inputs);
  const weights = new Map<string, { readonly layer: string; readonly name: string; readonly spec: Weight }>();
  const layers = new Map<string, LayerInfo>();
  const ties: { readonly path: string; readonly spec: Weight }[] = [];
  const source = symbolicWeights((layer, name, spec) => {
    const path = `${layer}/${name}`;
    const known = weights.get(path);
    if (spec.tied !== undefined) ties.push({ path, spec });
    else if (known === undefined) weights.set(path, { layer, name, spec });
    else checkSameWeight(path, known.spec, spec);
  });
  const onCall = (call: LayerCall): LayerCall["result"] => {
    const { layer, x, result } = call;
    calls.push(call);
    const output = outputOf(result);
    const parameters = [...weights.values()]
      .filter((weight) => weight.layer === layer.name)
      .reduce((sum, { spec }) => sum + count(storedShape(spec)), 0);
    const { kind, cell } = layer.definition.config;
    layers.set(layer.name, {
      name: layer.name,
      kind: cell ?? kind,
      maker: kind,
      cell: layer.definition.cells[0]?.cell.name ?? null,
      inputShape: shownShape(dimsOf(x), isSequence(x)),
      outputShape: shownShape(dimsOf(output), isSequence(output)),
      parameters,
    });
    return result;
  };
  const { memory, next } = namedMemory(
    ({ name, size }) => new TracedTensor(inputNode(name, { shape: [symbolDim("B"), size], dtype: "float32" })),
  );
  let penalties = 0;
  let missingInputs: ReadonlySet<string> = new Set();
  let gapInputs: ReadonlySet<string> = new Set();
  const calls: LayerCall[] = [];
  const countPenalty = (): void => {
    penalties += 1;
  };
  const outputs = traceInputs(inputs, (given) => {
    const result = runPlan(plan, given, { weights: source, training: false, key: null, onCall, carried: memory, penalties: countPenalty });
    missingInputs = inputsWithHoles(given, calls);
    gapInputs = inputsThat(given, (input) => calls.some(({ extras }) => extras.dt === input));
    return isTensor(result)
      ? outputInfo(result)
      : Object.fromEntries(Object.entries(result as { readonly [name: string]: Tensor }).map(([name, one]) => [name, outputInfo(one)]));
  });
  const idle = plan.layers.find(({ name }) => !layers.has(name));
  if (idle !== undefined) {
    throw new UsageError({
      code: "unused_layer",
      what: `layer "${idle.name}" is never called`,
      hint: "Call it in the network's function, or leave it out.",
    });
  }
  for (const { path, spec } of ties) checkTie(path, weights.get(path)?.spec, spec);
  return {
    inputs,
    outputs,
    weights: [...weights].map(([path, { spec }]) => weightInfo(path, spec)),
    layers: [...layers.values()],
    carried: next.map(({ layer, name, size }) => ({ layer, name, size })),
    penalties,
    missingInputs,
    gapInputs,
    call: (tree, given, options) => callPlan(plan, inputs, tree, given, options),
  };
}

/** Inputs that layers take, all of which know what NaN means. */
function inputsWithHoles(inputs: Named<Tensor>, calls: readonly LayerCall[]): ReadonlySet<string> {
  return inputsThat(inputs, (input) => {
    const takers = calls.filter(({ x }) => x === input);
    return takers.length > 0 && takers.every(({ layer }) => layer.definition.acceptsMissing === true);
  });
}

function inputsThat(inputs: Named<Tensor>, test: (input: Tensor) => boolean): ReadonlySet<string> {
  const named = isTensor(inputs) ? [["", inputs] as const] : Object.entries(inputs as { readonly [name: string]: Tensor });
  return new Set(named.filter(([, input]) => test(input)).map(([name]) => name));
}

/** Runs `inside` in a trace of its own with symbolic inputs, sequences packed. */
export function traceInputs<R>(types: Named<NetworkInput>, inside: (inputs: Named<Tensor>) => R): R {
  const named = isSingleInput(types) ? [["input", types] as const] : Object.entries(types);
  const leaves = named.map(([name, type]) => ({ name, shape: symbolicShape(type), dtype: type.dtype }));
  return traceFunction("build", leaves, (tensors) => {
    const given = isSingleInput(types) ? tensors[0]! : Object.fromEntries(named.map(([name], index) => [name, tensors[index]!]));
    return { outputs: [], extra: inside(packInputs(types, given, undefined)) };
  }).extra;
}

/** Weights that are only symbols; `note` sees each request. */
export function symbolicWeights(note: (layer: string, name: string, spec: Weight) => void): WeightSource {
  return (layer, name, spec) => {
    note(layer, name, spec);
    return new TracedTensor(inputNode(`${layer}/${name}`, { shape: storedShape(spec), dtype: "float32" }));
  };
}

function callPlan(plan: NetworkPlan, types: Named<NetworkInput>, tree: Tree, given: Named<Tensor>, options: CallOptions): Named<Tensor> {
  const { key, lengths, training, memory, carried, penalties, onLayer } = options;
  const onCall = ({ layer, result }: LayerCall): LayerCall["result"] => {
    onLayer?.(layer.name, outputOf(result));
    return result;
  };
  const args: Tree = { weights: tree, inputs: given, ...(key === null ? {} : { key }), ...(lengths === undefined ? {} : { lengths }) };
  return traceOrEvaluate((seen: Tree): Tree => {
    const now = seen as unknown as {
      readonly weights: Tree;
      readonly inputs: Named<Tensor>;
      readonly key?: Tensor;
      readonly lengths?: NonNullable<CallOptions["lengths"]>;
    };
    const packed = packInputs(types, now.inputs, now.lengths);
    return runPlan(plan, packed, { weights: weightsFrom(now.weights), training, key: now.key ?? null, memory, carried, penalties, onCall });
  }, args) as Named<Tensor>;
}

function symbolicShape(type: NetworkInput): Dim[] {
  return [symbolDim("B"), ...type.shape.map((size) => (size === "time" ? symbolDim(type.time ?? "T") : size))];
}

function checkInputs(inputs: Named<NetworkInput>): void {
  const named = isSingleInput(inputs)
    ? [["the input", inputs] as const]
    : Object.entries(inputs).map(([name, type]) => [`input "${name}"`, type] as const);
  for (const [label, { shape }] of named) {
    const wrong = shape.find((size, axis) => (size === "time" ? axis !== 0 : !Number.isInteger(size) || size < 1));
    if (wrong === undefined) continue;
    const what = `${label} has the shape [${shape.join(", ")}]`;
    throw new ShapeError({
      code: "input_shape",
      what,
      hint: 'Give it without the batch axis: ["time", 3] for sequences, [3] for vectors.',
    });
  }
}

function weightInfo(path: string, spec: Weight): WeightInfo {
  const { gates, regularizer = null, constraint = null } = spec;
  return { path, shape: storedShape(spec), gates, regularizer, constraint, initial: (seed) => initialValues(spec, seed, path) };
}

function checkTie(path: string, owned: Weight | undefined, tied: Weight): void {
  if (owned === undefined)
    throw new UsageError({ code: "unknown_tie", what: `tiedTo names the weight "${path}", which the network does not have` });
  if (equalShapes(storedShape(owned), storedShape(tied))) return;
  throw new ShapeError({
    code: "tied_shape",
    what: `the tied weight "${path}" is ${showShape(storedShape(owned))}, a dense layer of these units over this input needs ${showShape(storedShape(tied))}`,
    hint: "Give the dense layer as many units as the embedding has words, and as many features as the embedding's size.",
  });
}

function checkSameWeight(path: string, known: Weight, next: Weight): void {
  if (equalShapes(storedShape(known), storedShape(next))) return;
  throw new ShapeError({
    code: "shared_layer",
    what: `weight "${path}" is ${showShape(storedShape(known))} in one call of the layer and ${showShape(storedShape(next))} in another`,
    hint: "One layer shares its weights between calls, so its inputs need the same size. Use two layers.",
  });
}

function outputInfo(output: Tensor): NetworkOutput {
  const sequence = isSequence(output);
  const shape = dimsOf(output)
    .slice(1)
    .map((dim) => (typeof dim === "number" ? dim : "time"));
  const time = dimsOf(output)[1];
  const over = time === undefined ? undefined : windowDomainOf(time)?.over;
  const name = sequence && time !== undefined ? bareSymbol(over?.time ?? time) : null;
  return { sequence, shape, ...(name === null ? {} : { time: name }), ...(over === undefined ? {} : { windows: over.windows }) };
}

/** True when the second axis is a run-time size: time. */
function isSequence(output: Tensor): boolean {
  const time = dimsOf(output)[1];
  return time !== undefined && isSymbolic(time);
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
