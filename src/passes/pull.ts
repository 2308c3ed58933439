// Pull: what a scan reads only to have it element by element is computed in its steps again, from what lies in memory anyway.

import { allValues, closeScan, elementsOf, freshInput, type OpenScan, openScan, substituteBody } from "../ir/core/body.js";
import { atPath, makeGraph, makeNode } from "../ir/core/build.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { rewriteScans } from "../ir/core/rewrite.js";
import { primitives } from "../ir/core/table.js";
import { costly, roots } from "./levels.js";
import { type Report, silent } from "./log.js";

const reasons = {
  chain: "one stacked value is read either way, so computing this in the step saves writing it for all steps",
  lookup: "rows of a table are read either way, so reading them in the step saves writing them for all steps",
} as const;

/** Operations per element that are worth computing again. */
const mostOperations = 6;

/** A small operand, as a mean of each row is, counts for nothing beside one that is this many times larger. */
const muchSmaller = 16;

/** An expression of stacked values: what it reads, one of them as large as itself. */
interface Chain {
  readonly kind: keyof typeof reasons;
  readonly nodes: readonly Node[];
  readonly stacked: readonly Node[];
  readonly shared: readonly Node[];
}

/** The graph with such inputs of scans computed inside. Run it when nothing is hoisted any more. */
export function pull(graph: Graph, report: Report = silent): Graph {
  const readers = new Map<Node, Node[]>();
  for (const node of reachable(graph.outputs)) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  const outputs = new Set(graph.outputs);
  // Where another reader needs it in memory, it is read from there.
  const isFree = (node: Node): boolean =>
    !outputs.has(node) && (readers.get(node) ?? []).every((reader) => isOp(reader, "scan") || isOp(reader, "sum") || isSimple(reader));
  return makeGraph(
    graph.name,
    graph.inputs,
    rewriteScans(graph.outputs, (scan, original) => pullInto(scan, original, isFree, report)),
  );
}

function pullInto(scan: Node<"scan">, original: Node<"scan">, isFree: (node: Node) => boolean, report: Report): Node[] | null {
  const open = openScan(scan);
  const { carries, xs } = scan.attrs;
  const replaced = new Map<Node, Node>();
  const added: Record<"xs" | "shared", OpenScan["xs"][number][]> = { xs: [], shared: [] };
  for (const [index, { outer, inner }] of open.xs.entries()) {
    const before = original.inputs[carries + index]!;
    const chain = index < xs && isFree(before) ? (lookupOf(outer) ?? chainOf(outer)) : null;
    if (chain === null) continue;
    const known = new Map<Node, Node>();
    const input = (list: "xs" | "shared", leaf: Node): void => {
      const shape = list === "xs" ? leaf.shape.slice(1) : leaf.shape;
      const given = [...open[list], ...added[list]].find((one) => one.outer === leaf);
      const own = given?.inner ?? freshInput("pulled", { shape, dtype: leaf.dtype }, open.scope);
      if (given === undefined) added[list].push({ outer: leaf, inner: own });
      known.set(leaf, own);
    };
    for (const leaf of chain.stacked) input("xs", leaf);
    for (const leaf of chain.shared) input("shared", leaf);
    for (const node of chain.nodes)
      known.set(
        node,
        makeNode(
          node.op,
          node.inputs.map((one) => known.get(one)!),
          node.attrs,
          node.where,
        ),
      );
    replaced.set(inner, known.get(outer)!);
    const what = chain.nodes.map(({ op }) => op).join(", ");
    report({ pass: "hoist", rule: "stays-in-step", where: open.where, what, reason: reasons[chain.kind] });
  }
  if (replaced.size === 0) return null;
  const all: OpenScan = { ...open, xs: [...open.xs, ...added.xs], shared: [...open.shared, ...added.shared] };
  return atPath(open.where, () => allValues(closeScan(substituteBody(all, replaced))));
}

/** The expression behind a stacked value; null if it is none, or reads more than one value of its size. */
function chainOf(value: Node): Chain | null {
  const nodes: Node[] = [];
  const stacked = new Set<Node>();
  const shared = new Set<Node>();
  const visit = (node: Node): boolean => {
    if (nodes.includes(node) || stacked.has(node) || shared.has(node)) return true;
    if (!isStacked(node, value)) {
      shared.add(node);
      // One rank less, so that it stands beside a row as it stands beside the rows.
      return node.shape.length < value.shape.length && node.shape.every((dim) => typeof dim === "number");
    }
    if (node.shape.length !== value.shape.length) return false;
    if (!isSimple(node) || rowSize(node) * muchSmaller <= rowSize(value)) {
      stacked.add(node);
      return true;
    }
    if (!node.inputs.every(visit)) return false;
    nodes.push(node);
    return nodes.length <= mostOperations;
  };
  if (!isStacked(value, value) || !isSimple(value) || !visit(value) || nodes.length === 0) return null;
  const large = [...stacked].filter((node) => rowSize(node) * muchSmaller > rowSize(value));
  return large.length === 1 && rowSize(large[0]!) <= rowSize(value)
    ? { kind: "chain", nodes, stacked: [...stacked], shared: [...shared] }
    : null;
}

/** Rows of a table, one for each row of each step; null if the value is anything else. */
function lookupOf(value: Node): Chain | null {
  if (!isOp(value, "gather")) return null;
  const [table, index] = [value.inputs[0]!, value.inputs[1]!];
  const isWhole = table.shape.every((dim) => typeof dim === "number") && index.shape.length === 1 && isStacked(index, value);
  return isWhole ? { kind: "lookup", nodes: [value], stacked: [index], shared: [table] } : null;
}

/** Over the same rows of all steps. */
function isStacked(node: Node, value: Node): boolean {
  const [first] = node.shape;
  const [steps] = value.shape;
  return typeof first === "object" && typeof steps === "object" && first.key === steps.key;
}

function rowSize(node: Node): number {
  return elementsOf({ shape: node.shape.slice(1), dtype: node.dtype });
}

function isSimple(node: Node): boolean {
  return primitives[node.op].pointwise && !costly.has(node.op) && !roots.has(node.op) && node.inputs.length > 0;
}
