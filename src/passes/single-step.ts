// Single steps: a scan over one step without lengths is its body, once for all rows; nothing is left to loop over or to look up.

import { equalDims } from "../base/dim.js";
import { elementCount } from "../base/dtype.js";
import { allValues, bodyOutputs, openScan } from "../ir/core/body.js";
import { constantNode, makeGraph } from "../ir/core/build.js";
import { add, concat, mul, reshape } from "../ir/core/builders.js";
import { makeDomainTables } from "../ir/core/domain.js";
import { evaluateOp } from "../ir/core/evaluate.js";
import { type Domain, type DomainTable, type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { affineInputs } from "../ir/core/ops-affine.js";
import type { ExactValue } from "../ir/core/primitive.js";
import { rewriteScans } from "../ir/core/rewrite.js";
import type { Report } from "./log.js";
import { vectoriseNodes } from "./vectorise.js";

/** Index arithmetic on more rows than this is left to the run. */
const mostFolded = 65536;

/** Tables that name each row once, in order, when there is one step. */
const inOrder: ReadonlySet<DomainTable> = new Set<DomainTable>(["pack", "unpack", "row", "origin", "order", "inverse"]);

/**
 * The graph without scans over one step. It comes after the passes over scans, which have then split and moved products as they
 * do for longer sequences: a sequence taken step by step has the bits of the whole.
 */
export function inlineSingleSteps(graph: Graph, report: Report): Graph {
  if (!reachable(graph.outputs).some((node) => mentionsSingleStep(node))) return graph;
  const outputs = rewriteScans(
    graph.outputs,
    (scan) => inlined(scan, report),
    (node) => folded(node),
  );
  return makeGraph(graph.name, graph.inputs, outputs);
}

/** One step, and the stacked rows are known to be the rows of the batch. */
function isSingleStep({ time, lengths, steps, batch }: Domain): boolean {
  return time === 1 && lengths === null && equalDims(steps, batch);
}

function mentionsSingleStep(node: Node): boolean {
  if (isOp(node, "scan") || isOp(node, "affineScan")) return isSingleStep(node.attrs.domain);
  return isOp(node, "input") && node.attrs.source.kind === "table" && isSingleStep(node.attrs.source.domain);
}

function inlined(scan: Node<"scan">, report: Report): readonly Node[] | null {
  if (!isSingleStep(scan.attrs.domain) || scan.attrs.sums > 0) return null;
  const open = openScan(scan);
  const pairs = (list: readonly { readonly inner: Node; readonly outer: Node }[]): [Node, Node][] =>
    list.map(({ inner, outer }) => [inner, outer]);
  const varying = new Map(pairs([...open.carries, ...open.xs, ...open.rows]));
  const values = vectoriseNodes(bodyOutputs(open), varying, open.domain.batch, new Map(pairs(open.shared)));
  report({ pass: "single-step", rule: "inline", where: scan.where, what: "scan", reason: "one step needs no loop" });
  return allValues({ carries: values.slice(0, open.carries.length), ys: values.slice(open.carries.length), sums: [] });
}

/** Reading rows in their order is no reading; whole numbers that are known are computed now. */
function folded(node: Node): Node {
  if (isOp(node, "gather")) {
    const [from, index] = [node.inputs[0]!, node.inputs[1]!];
    if (index.shape.length === 1 && equalDims(from.shape[0]!, index.shape[0]!) && isInOrder(index)) return from;
  }
  if (isOp(node, "input")) return knownTable(node) ?? node;
  if (isOp(node, "affineScan")) return isSingleStep(node.attrs.domain) ? writtenOut(node) : node;
  const isWhole = node.dtype !== "float32" && node.shape.every((size) => typeof size === "number");
  if (!isWhole || isOp(node, "constant") || isOp(node, "scan") || isOp(node, "part") || isOp(node, "random")) return node;
  const shape = node.shape.map(Number);
  const values = node.inputs.map(constantValue);
  if (elementCount(shape) > mostFolded || values.includes(null)) return node;
  const { data, dtype } = evaluateOp(
    node.op,
    node.attrs,
    values.map((value) => value!),
    node.where,
  );
  return constantNode(data, shape, dtype);
}

/** The one step of an affine scan, rounded as the core rounds it. */
function writtenOut(node: Node<"affineScan">): Node {
  const { initial, coefficients, terms } = affineInputs<Node>(node.inputs, node.attrs);
  const states = terms.map((term, row) => {
    const products = initial.map((state, column) => mul(coefficients[row * initial.length + column]!, state));
    return products.length === 0
      ? term
      : add(
          products.reduce((total, product) => add(total, product)),
          term,
        );
  });
  return states.length === 1
    ? states[0]!
    : concat(
        states.map((state) => reshape(state, [1, ...state.shape])),
        0,
      );
}

function isInOrder(index: Node): boolean {
  if (isOp(index, "constant")) return index.attrs.data.every((value, position) => value === position);
  if (!isOp(index, "input") || index.attrs.source.kind !== "table") return false;
  const { domain, table } = index.attrs.source;
  return isSingleStep(domain) && inOrder.has(table);
}

function knownTable(node: Node<"input">): Node | null {
  const { source } = node.attrs;
  if (source.kind !== "table" || !isSingleStep(source.domain)) return null;
  const { batch } = source.domain;
  if (typeof batch !== "number" || batch > mostFolded) return null;
  const table = makeDomainTables(batch, 1, null).tables[source.table];
  return constantNode(table, [table.length], "int32");
}

function constantValue(node: Node): ExactValue | null {
  return isOp(node, "constant") ? { data: node.attrs.data, shape: node.attrs.shape, dtype: node.attrs.dtype } : null;
}
