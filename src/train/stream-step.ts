// One step of a network as a function of its inputs and states, and the reasons why some networks have none.

import type { Dim } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { inputNode } from "../ir/core/build.js";
import { type Domain, type InputSource, isOp, type Node, reachable } from "../ir/core/node.js";
import { type NamedState, namedMemory } from "../nn/memory.js";
import type { NetworkInput } from "../nn/network.js";
import { nodeOf } from "../trace/emit.js";
import { physical } from "../trace/packed.js";
import { asValue, TracedTensor } from "../trace/traced.js";
import { isSequence } from "./dataset.js";
import { argumentOf, fromArguments } from "./feeds.js";
import type { ProgramContext } from "./programs.js";
import { outputsByName } from "./terms.js";

/** A state of one layer call. */
export type StepState = NamedState;

/** What a step is traced with; `start` gives the value [B, size] of each state. */
export interface StepArguments {
  readonly batch: number;
  readonly weights: Tree;
  /** Feeds by argument name, [B, ...] without a time axis. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly start: (state: StepState) => Tensor;
}

/** Outputs [B, ...] by name, and the states after the step in the order in which they were asked for. */
export interface TracedStep {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly next: readonly (StepState & { readonly value: Tensor })[];
}

/**
 * Traces one step; inside a trace. Sequences are one step long, and recurrent layers go on from where they were.
 *
 * @throws UsageError `cannot_stream` naming the layer, or what the network's function does with the whole sequence
 */
export function traceStep({ built, ports }: ProgramContext, { batch, weights, inputs, start }: StepArguments): TracedStep {
  const domain: Domain = { name: "now", batch, time: 1, steps: batch, lengths: null };
  checkTimes(ports.inputs);
  const packed = Object.fromEntries(
    [...ports.inputs].map(([name, type]) => {
      const given = asValue(argumentOf(inputs, name));
      return [argumentName(name), isSequence(type) ? new TracedTensor(nodeOf(given), domain) : given];
    }),
  );
  const starts = new Set<Node>();
  const { memory, next } = namedMemory((state) => {
    const value = start(state);
    starts.add(nodeOf(asValue(value)));
    return value;
  });
  const results = outputsByName(built.call(weights, fromArguments(packed), { training: false, key: null, memory }));
  const outputs = new Map([...results].map(([name, value]): [string, Tensor] => [name, physical(asValue(value))]));
  checkNodes(
    [...outputs.values(), ...next.map(({ value }) => value)].map((value) => nodeOf(asValue(value))),
    { domain, starts },
  );
  return { outputs, next };
}

/** A state without a value, for finding out which states there are. */
export function placeholder(batch: Dim, { layer, name, size }: StepState): Tensor {
  return new TracedTensor(inputNode(`${layer}/${name}`, { shape: [batch, size], dtype: "float32" }));
}

/** The name of an input among the arguments of a program, see feeds.ts. */
export function argumentName(input: string): string {
  return `$${input}`;
}

function checkTimes(inputs: ReadonlyMap<string, NetworkInput>): void {
  const times = new Set([...inputs.values()].filter(isSequence).map(({ time }) => time ?? "T"));
  if (times.size <= 1) return;
  const names = [...inputs].filter(([, type]) => isSequence(type)).map(([name]) => name);
  throw new UsageError({
    code: "cannot_stream",
    op: "stream",
    what: `the sequences ${names.join(", ")} have numbers of steps of their own`,
    hint: "A stream moves all its sequences on by one step at a time.",
  });
}

/** Refuses what would look at other steps than this one. Layers have refused by themselves; this is about what is between them. */
function checkNodes(outputs: readonly Node[], of: { readonly domain: Domain; readonly starts: ReadonlySet<Node> }): void {
  for (const node of reachable(outputs)) {
    const what = isOp(node, "scan") ? scanTrouble(node, of) : tableTrouble(node);
    if (what === null) continue;
    throw new UsageError({
      code: "cannot_stream",
      op: "stream",
      what,
      where: node.where,
      hint: "Between layers, a streamed network may only combine values of the same step.",
    });
  }
}

function scanTrouble(scan: Node<"scan">, { domain, starts }: { domain: Domain; starts: ReadonlySet<Node> }): string | null {
  if (scan.attrs.domain !== domain) return "a recurrence runs over steps that are not those of the stream";
  const isKept = scan.inputs.slice(0, scan.attrs.carries).every((carry) => starts.has(carry));
  return isKept && !scan.attrs.reverse ? null : "a scan outside the recurrent layers would start anew at every step";
}

function tableTrouble(node: Node): string | null {
  const index = node.inputs[1];
  const source: InputSource | null = index !== undefined && isOp(index, "input") ? index.attrs.source : null;
  if (source?.kind !== "table") return null;
  if (node.op === "scatterAdd") return "something is added up over the steps of the sequence";
  if (node.op === "gather" && source.table === "unpack") return "the sequence is used as a whole";
  if (node.op === "gather" && source.table === "step") return "a value depends on the number of the step";
  return null;
}
