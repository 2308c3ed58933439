// The step of a scan made ready for a loop: per-row nodes over the active rows, what no row changes left outside.

import type { Dim } from "../base/dim.js";
import { inputNode, makeNode, remakeNode } from "../ir/core/build.js";
import { isOp, type Node, reachable } from "../ir/core/node.js";
import { primitives } from "../ir/core/table.js";
import { activeRowsDim } from "../ir/lowered/program.js";
import { normalise, padAsConcat } from "./normalise.js";
import { topological } from "./walk.js";

/** A vectorised step. */
export interface Body {
  readonly rows: Dim;
  /** Values of the active rows for carries, xs and row constants, in that order; [rows, ...]. */
  readonly inputs: readonly Node<"input">[];
  /** Next carries, ys, sums; each [rows, ...]. */
  readonly outputs: readonly Node[];
  /** Values of the outer graph that the step reads. */
  readonly captures: readonly Node[];
  /** True for nodes that are computed anew at every step. */
  readonly isInside: (node: Node) => boolean;
}

let nextLoop = 1;

/** Vectorises the body of a scan; shared inputs become nodes of the outer graph. */
export function prepareBody(scan: Node<"scan">): Body {
  const { body, carries, xs, rows: rowConstants } = scan.attrs;
  const rows = activeRowsDim(nextLoop++);
  const varyingCount = carries + xs + rowConstants;
  const values = new Map<Node, { readonly node: Node; readonly varies: boolean }>();
  const inputs = body.inputs.slice(0, varyingCount).map((input) => {
    const node = inputNode(input.attrs.name, { shape: [rows, ...input.shape], dtype: input.dtype });
    values.set(input, { node, varies: true });
    return node;
  });
  body.inputs.slice(varyingCount).forEach((input, index) => {
    values.set(input, { node: scan.inputs[varyingCount + index]!, varies: false });
  });
  const outside = new Set<Node>();
  for (const node of reachable(body.outputs)) {
    const known = values.get(node);
    const value =
      known ??
      vectorised(
        node,
        node.inputs.map((input) => values.get(input)!),
      );
    values.set(node, value);
    if (!value.varies) outside.add(value.node);
  }
  const insideOf = insideTest(rows, new Set<Node>(inputs), outside);
  const raw = body.outputs.map((output) => overRows(values.get(output)!, rows));
  const outputs = normalise({ outputs: raw, isOuter: (node) => !insideOf(node) });
  const order = topological(outputs, (node) => (insideOf(node) ? node.inputs : []));
  return { rows, inputs, outputs, captures: order.filter((node) => !insideOf(node)), isInside: insideOf };
}

interface MaybeVarying {
  readonly node: Node;
  readonly varies: boolean;
}

function vectorised(node: Node, inputs: readonly MaybeVarying[]): MaybeVarying {
  if (inputs.every(({ varies }) => !varies)) {
    return {
      node: lifted(
        node,
        inputs.map((input) => input.node),
      ),
      varies: false,
    };
  }
  return { node: vectoriseRow(node, inputs), varies: true };
}

/** The node in the outer graph, where no `pad` is left. */
function lifted(node: Node, inputs: readonly Node[]): Node {
  return isOp(node, "pad") ? padAsConcat(node, inputs[0]!) : remakeNode(node, inputs);
}

function vectoriseRow(node: Node, inputs: readonly MaybeVarying[]): Node {
  // The row of the table is chosen by the node's own op, so the pair always fits; TypeScript cannot follow that through the union.
  const rule = primitives[node.op].vectorise as ((inputs: readonly MaybeVarying[], node: Node) => Node) | null;
  if (rule === null) throw new Error(`${node.op} has no vectorising rule`);
  return rule(inputs, node);
}

function overRows({ node, varies }: MaybeVarying, rows: Dim): Node {
  return varies ? node : makeNode("broadcast", [node], { shape: [rows, ...node.shape] });
}

/** Inside: a row input, a shape over the active rows, or anything computed from such. */
function insideTest(rows: Dim, inputs: ReadonlySet<Node>, outside: ReadonlySet<Node>): (node: Node) => boolean {
  const known = new Map<Node, boolean>();
  const overActive = (node: Node): boolean =>
    node.shape.some((dim) => typeof dim !== "number" && typeof rows !== "number" && mentions(dim.key, rows.key));
  const test = (node: Node): boolean => {
    const found = known.get(node);
    if (found !== undefined) return found;
    const result = inputs.has(node) || (!outside.has(node) && (overActive(node) || (!isOp(node, "input") && node.inputs.some(test))));
    known.set(node, result);
    return result;
  };
  return test;
}

function mentions(key: string, symbol: string): boolean {
  return key.split(/[*+-]/).includes(symbol);
}
