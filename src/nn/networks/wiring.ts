// Records what a functional network's function does between its layers, as plain data.

import { type Dim, isSymbolic, showDim } from "../../base/dim.js";
import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord } from "../../base/tree.js";
import { inputNode } from "../../ir/core/build.js";
import { type Domain, type Graph, isOp, type Node, reachable } from "../../ir/core/node.js";
import { nodeOf } from "../../trace/emit.js";
import { markingTaps } from "../../trace/taps.js";
import { asValue, isTensor, TracedTensor, type Value } from "../../trace/traced.js";
import type { Extras, Json, LayerResult } from "../layer.js";
import type { Named, NetworkInput } from "../network.js";
import { symbolicWeights, traceInputs } from "./build.js";
import { type NetworkPlan, runPlan } from "./plan.js";

/** A tensor of the wiring: a node's number and, for a packed sequence, its time domain. */
export interface Slot {
  readonly slot: number;
  readonly domain: string | null;
}

/** Slots in the form of the values they stand for. */
export type SlotTree = Slot | readonly SlotTree[] | { readonly [name: string]: SlotTree };

/** One node: a value from outside (an input or a layer's result), a table of a domain, a part of a scan, or an op. */
export interface WiredNode {
  readonly kind: "given" | "table" | "part" | "op" | "scan";
  readonly op?: string;
  readonly inputs?: readonly number[];
  readonly attrs?: Json;
  readonly domain?: string;
  readonly body?: WiredBody;
  readonly shape?: readonly Json[];
  readonly dtype?: string;
}

/** The body of a scan; its first nodes are its inputs. */
export interface WiredBody {
  readonly inputs: number;
  readonly nodes: readonly WiredNode[];
  readonly outputs: readonly number[];
}

/** A time domain the wiring refers to. */
export interface WiredDomain {
  readonly batch: Json;
  readonly time: Json;
  readonly steps: Json;
  readonly lengths: number | null;
  /** Where the steps are windows over those of another domain: its time, and size and stride of the windows. */
  readonly over?: { readonly time: Json; readonly windows: readonly { readonly size: number; readonly stride: number }[] };
}

/** One layer call. */
export interface WiredCall {
  readonly layer: string;
  readonly x: Slot;
  readonly extras: { readonly [name: string]: SlotTree };
  readonly result: SlotTree;
}

/** The wiring of a functional network. */
export interface Wiring {
  readonly inputs: Named<Slot>;
  readonly calls: readonly WiredCall[];
  readonly outputs: Named<Slot>;
  readonly domains: { readonly [name: string]: WiredDomain };
  readonly nodes: readonly WiredNode[];
}

interface RecordedCall {
  readonly layer: string;
  readonly x: Tensor;
  readonly extras: Extras;
  readonly result: LayerResult;
}

/** Runs the plan once; every input and every layer result becomes a value from outside, so that only the glue is left. */
export function recordWiring(plan: NetworkPlan, types: Named<NetworkInput>): Wiring {
  return traceInputs(types, (given) => {
    const inputs = isTensor(given) ? cut(given) : mapNamed(given as { readonly [name: string]: Tensor }, cut);
    const calls: RecordedCall[] = [];
    const outputs = markingTaps(() => runPlanWith(plan, inputs, calls));
    return toWiring(inputs, calls, outputs);
  });
}

function runPlanWith(plan: NetworkPlan, inputs: Named<Tensor>, calls: RecordedCall[]): Named<Tensor> {
  return runPlan(plan, inputs, {
    weights: symbolicWeights(() => undefined),
    training: false,
    key: null,
    onCall({ layer, x, extras, result }) {
      const fresh = mapTensors(result, cut) as LayerResult;
      calls.push({ layer: layer.name, x, extras, result: fresh });
      return fresh;
    },
  });
}

/** An input node of the same type in place of the value. */
function cut(tensor: Tensor): Tensor {
  const value = asValue(tensor);
  const node = nodeOf(value);
  const fresh = inputNode("given", { shape: node.shape, dtype: node.dtype });
  return new TracedTensor(fresh, value instanceof TracedTensor ? value.domain : null);
}

function toWiring(inputs: Named<Tensor>, calls: readonly RecordedCall[], outputs: Named<Tensor>): Wiring {
  const used: Value[] = [];
  const note = (tensor: Tensor): Tensor => {
    used.push(asValue(tensor));
    return tensor;
  };
  mapTensors([inputs, calls.map(({ x, extras, result }) => [x, extras, result]), outputs], note);
  const roots = used.map(nodeOf);
  const domains = new Map<string, Domain>();
  const all = withLengths(roots, used, domains);
  const index = new Map(all.map((node, position) => [node, position]));
  const slot = (tensor: Tensor): Slot => {
    const value = asValue(tensor);
    return { slot: index.get(nodeOf(value))!, domain: value instanceof TracedTensor ? (value.domain?.name ?? null) : null };
  };
  return {
    inputs: mapTensors(inputs, slot) as Named<Slot>,
    calls: calls.map(({ layer, x, extras, result }) => ({
      layer,
      x: slot(x),
      extras: mapTensors(extras, slot) as WiredCall["extras"],
      result: mapTensors(result, slot) as SlotTree,
    })),
    outputs: mapTensors(outputs, slot) as Named<Slot>,
    domains: Object.fromEntries([...domains].map(([name, domain]) => [name, wiredDomain(domain, index)])),
    nodes: all.map((node) => wiredNode(node, index)),
  };
}

/** All nodes in topological order, with the lengths of every domain met on the way. */
function withLengths(roots: readonly Node[], values: readonly Value[], domains: Map<string, Domain>): Node[] {
  let nodes = reachable(roots);
  const meet = (domain: Domain): void => {
    domains.set(domain.name, domain);
  };
  for (const value of values) if (value instanceof TracedTensor && value.domain !== null) meet(value.domain);
  for (const node of nodes) {
    if (isOp(node, "scan") || isOp(node, "affineScan")) meet(node.attrs.domain);
    if (isOp(node, "input") && node.attrs.source.kind === "table") meet(node.attrs.source.domain);
  }
  const lengths = [...domains.values()].flatMap((domain) => (domain.lengths === null ? [] : [domain.lengths]));
  nodes = reachable([...roots, ...lengths]);
  return nodes;
}

function wiredDomain(domain: Domain, index: ReadonlyMap<Node, number>): WiredDomain {
  const { batch, time, steps, lengths, over } = domain;
  const sizes = { batch: toJson(batch), time: toJson(time), steps: toJson(steps), lengths: lengths === null ? null : index.get(lengths)! };
  return over === undefined ? sizes : { ...sizes, over: { time: toJson(over.time), windows: over.windows } };
}

function wiredNode(node: Node, index: ReadonlyMap<Node, number>): WiredNode {
  const inputs = node.inputs.map((input) => index.get(input)!);
  if (isOp(node, "input")) {
    const { source } = node.attrs;
    if (source.kind === "table") return { kind: "table", domain: source.domain.name, op: source.table };
    return { kind: "given", shape: node.shape.map(toJson), dtype: node.dtype };
  }
  if (isOp(node, "part")) return { kind: "part", inputs, attrs: node.attrs.index };
  if (isOp(node, "scan")) {
    const { domain, body, ...counts } = node.attrs;
    return { kind: "scan", inputs, domain: domain.name, attrs: toJson(counts), body: wiredBody(body) };
  }
  if (isOp(node, "affineScan")) {
    const { domain, ...attrs } = node.attrs;
    return { kind: "op", op: node.op, inputs, domain: domain.name, attrs: toJson(attrs) };
  }
  return { kind: "op", op: node.op, inputs, attrs: toJson(node.attrs) };
}

function wiredBody(body: Graph): WiredBody {
  const inner = reachable(body.outputs).filter((node) => !body.inputs.some((input) => input === node));
  const nodes: Node[] = [...body.inputs, ...inner];
  const index = new Map(nodes.map((node, position) => [node, position]));
  return {
    inputs: body.inputs.length,
    nodes: nodes.map((node) => wiredNode(node, index)),
    outputs: body.outputs.map((node) => index.get(node)!),
  };
}

/** Attributes as JSON: sizes as { dim }, numbers that JSON lacks as { number }. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: Object.is(value, -0) ? "-0" : String(value) };
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, toJson);
  if (Array.isArray(value)) return value.map(toJson);
  if (isRecord(value)) {
    if (typeof value.key === "string" && Array.isArray(value.terms) && isSymbolic(value as unknown as Dim))
      return { dim: showDim(value as unknown as Dim) };
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toJson(part)]));
  }
  throw new UsageError({ code: "wiring", what: `the network's function uses a value that cannot be saved (${typeof value})` });
}

function mapNamed(record: { readonly [name: string]: Tensor }, f: (tensor: Tensor) => Tensor): { readonly [name: string]: Tensor } {
  return Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, f(tensor)]));
}

/** Maps the tensors in arrays and records; parts that are undefined are left out. */
export function mapTensors<R>(part: unknown, f: (tensor: Tensor) => R): unknown {
  if (isTensor(part)) return f(part);
  if (Array.isArray(part)) return part.map((child) => mapTensors(child, f));
  if (!isRecord(part)) return part;
  return Object.fromEntries(
    Object.entries(part)
      .filter(([, child]) => child !== undefined)
      .map(([name, child]) => [name, mapTensors(child, f)]),
  );
}
