// The float64 interpreter: the meaning of graphs, the oracle of every test, and the reference backend.

import type { ExactData, HostArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import { bindRun, domainsOf, type Feeds, type RunBindings } from "./bindings.js";
import { concrete, exactValue, isIdentity, nodeValue } from "./evaluate.js";
import { runAffineScan } from "./interpret-affine.js";
import { runScan } from "./interpret-scan.js";
import { type Domain, type Graph, isOp, type Node, reachable } from "./node.js";
import type { ExactValue } from "./primitive.js";

export type { Feeds } from "./bindings.js";
export { evaluateOp, exactValue } from "./evaluate.js";

/** What is known of a graph before any run. */
interface Schedule {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Node<"input">[];
  readonly domains: readonly Domain[];
}

const schedules = new WeakMap<Graph, Schedule>();

/**
 * The outputs of a graph. Symbols take their values from the arguments' shapes and from the lengths of time domains.
 * Outputs are the caller's to keep: no array is shared with feeds, constants or other outputs.
 *
 * @throws UsageError `missing_feed`, `bad_lengths`, `unbound_symbol`; ShapeError `feed_shape`; RunError `index_out_of_range`
 */
export function interpret(graph: Graph, feeds: Feeds): ExactValue[] {
  const { nodes, inputs, domains } = scheduleOf(graph);
  const run = bindRun(inputs, domains, feeds);
  const values = new Map<Node, ExactData>();
  const results = new Map<Node, readonly ExactData[]>();
  for (const node of nodes) {
    if (isOp(node, "scan")) {
      const given = node.inputs.map((input) => values.get(input)!);
      results.set(node, runScan(node, given, run));
    } else if (isOp(node, "affineScan")) {
      const given = node.inputs.map((input) => values.get(input)!);
      values.set(node, runAffineScan(node, given, run));
    } else if (isOp(node, "part")) values.set(node, results.get(node.inputs[0]!)![node.attrs.index]!);
    else if (isOp(node, "input")) values.set(node, inputData(node, feeds, run));
    else values.set(node, nodeValue(node, values, run.sizes));
  }
  const taken = new Set<HostArray["data"]>([...feeds.values()].map(({ data }) => data));
  return graph.outputs.map((output) => {
    const data = values.get(output)!;
    const own = taken.has(data) || isConstant(output) ? data.slice() : data;
    taken.add(own);
    return { ...concrete(output, run.sizes), data: own };
  });
}

function scheduleOf(graph: Graph): Schedule {
  const known = schedules.get(graph);
  if (known !== undefined) return known;
  const nodes = reachable(graph.outputs);
  const inputs = [...new Set([...graph.inputs, ...nodes.filter((node) => isOp(node, "input"))])];
  const schedule = { nodes, inputs, domains: domainsOf(nodes) };
  schedules.set(graph, schedule);
  return schedule;
}

function inputData(node: Node<"input">, feeds: Feeds, run: RunBindings): ExactData {
  const { name, source } = node.attrs;
  if (source.kind === "table") return run.domains.get(source.domain)!.tables[source.table];
  const feed = feeds.get(node);
  if (feed === undefined) throw new UsageError({ code: "missing_feed", what: `the argument ${name} has no value` });
  return exactValue(feed).data;
}

function isConstant(node: Node): boolean {
  return node.op === "constant" || (isIdentity(node) && isConstant(node.inputs[0]!));
}
