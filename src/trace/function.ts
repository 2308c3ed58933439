// Runs a function once with symbolic tensors and keeps the graph it leaves behind.

import type { Dim } from "../base/dim.js";
import type { DType, HostArray } from "../base/dtype.js";
import { UsageError } from "../base/errors.js";
import { type HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { inputNode, makeGraph } from "../ir/core/build.js";
import { interpret } from "../ir/core/interpret.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { isTracing, withTrace } from "./context.js";
import { afterTrace, nodeOf } from "./emit.js";
import { unpack } from "./packed.js";
import { asValue, TracedTensor, tensorLeaves, tensorTree } from "./traced.js";

/** Name and type of one argument leaf. */
export interface ArgumentLeaf {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

/** A traced function: graph inputs are the argument leaves in order, then the captured ones. */
export interface TracedFunction<R> {
  readonly graph: Graph;
  readonly captured: ReadonlyMap<Node<"input">, HostTensor>;
  /** What the function returned besides its outputs. */
  readonly extra: R;
}

/** Traces `run`; its outputs become dense graph outputs. Closed-over host tensors become constants. */
export function traceFunction<R>(
  name: string,
  leaves: readonly ArgumentLeaf[],
  run: (inputs: readonly TracedTensor[]) => { readonly outputs: readonly Tensor[]; readonly extra: R },
): TracedFunction<R> {
  return withTrace((trace) => {
    const inputs = leaves.map((leaf) => inputNode(leaf.name, { shape: leaf.shape, dtype: leaf.dtype }));
    const { outputs, extra } = run(inputs.map((node) => new TracedTensor(node)));
    const nodes = outputs.map((output) => nodeOf(unpack(asValue(output))));
    for (const node of nodes) if (node.scope !== 0) throw escaped(node);
    checkInputs(nodes, [...inputs, ...trace.captured.keys()]);
    return { graph: makeGraph(name, [...inputs, ...trace.captured.keys()], nodes), captured: trace.captured, extra };
  });
}

/**
 * Calls `f` so that it may use scans, packed sequences and gradients: within a trace directly, otherwise by tracing it with
 * the sizes at hand and evaluating the graph in the reference interpreter.
 */
export function traceOrEvaluate<A extends Tree, R extends Tree>(f: (args: A) => R, args: A): R {
  if (isTracing()) return f(args);
  const given = tensorLeaves(args);
  if (given.some(({ leaf }) => leaf instanceof TracedTensor)) {
    throw afterTrace();
  }
  const leaves = given.map(({ path, leaf }) => ({ name: path, shape: leaf.shape, dtype: leaf.dtype }));
  const { graph, captured, extra } = traceFunction("eager", leaves, (inputs) => {
    const result = f(tensorTree(args, inputs) as A);
    return { outputs: tensorLeaves(result).map(({ leaf }) => leaf), extra: result };
  });
  const feeds = new Map<Node<"input">, HostArray>();
  graph.inputs.forEach((input, index) => {
    const host = captured.get(input) ?? given[index]?.leaf;
    if (host !== undefined && !(host instanceof TracedTensor)) feeds.set(input, { data: host.exact, shape: host.shape, dtype: host.dtype });
  });
  const values = interpret(graph, feeds).map((value) => hostTensor(value.data, value.shape, value.dtype));
  return tensorTree(extra, values) as R;
}

/** An input that is none of this function's was kept from the trace of another. */
function checkInputs(outputs: readonly Node[], inputs: readonly Node[]): void {
  const own = new Set(inputs);
  if (reachable(outputs).some((node) => isOp(node, "input") && node.attrs.source.kind === "argument" && !own.has(node))) {
    throw new UsageError({
      code: "escaped_tensor",
      what: "a tensor of another traced function is used in this one",
      hint: "Return it from that function and pass it in as an argument.",
      phase: "trace",
    });
  }
}

function escaped(node: Node): UsageError {
  return new UsageError({
    code: "escaped_tensor",
    what: "a tensor of a scan's step is used outside the step",
    hint: "Return it from the step as an output or in the carry.",
    where: node.where,
    phase: "trace",
  });
}
