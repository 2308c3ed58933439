// Turns values of one row or step into values of many: the same nodes with one more leading axis.

import type { Dim } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import { remakeNode } from "../ir/core/build.js";
import { broadcast } from "../ir/core/builders.js";
import type { Node, OpName } from "../ir/core/node.js";
import type { MaybeVarying } from "../ir/core/primitive.js";
import { reachableUntil } from "../ir/core/rewrite.js";
import { primitives } from "../ir/core/table.js";

/**
 * The outputs over a new leading axis of size `dim`; an output that does not vary is repeated along it.
 *
 * @param varying  nodes and what they become: the same value with the leading axis
 * @param fixed    nodes and what they become without it
 */
export function vectoriseNodes(
  outputs: readonly Node[],
  varying: ReadonlyMap<Node, Node>,
  dim: Dim,
  fixed: ReadonlyMap<Node, Node> = new Map(),
): Node[] {
  const now = new Map<Node, MaybeVarying>();
  const stops = { has: (node: Node): boolean => varying.has(node) || fixed.has(node) };
  for (const node of reachableUntil(outputs, stops)) {
    const given = varying.get(node);
    if (given !== undefined) now.set(node, { node: given, varies: true });
    else {
      const other = fixed.get(node);
      now.set(node, other !== undefined ? { node: other, varies: false } : overInputs(node, now));
    }
  }
  return outputs.map((output) => {
    const { node, varies } = now.get(output)!;
    return varies ? node : broadcast(node, [dim, ...node.shape]);
  });
}

function overInputs(node: Node, now: ReadonlyMap<Node, MaybeVarying>): MaybeVarying {
  const inputs = node.inputs.map((input) => now.get(input)!);
  if (inputs.some(({ varies }) => varies)) return { node: vectoriseOne(node, inputs), varies: true };
  const same = inputs.map((input) => input.node);
  return { node: remakeNode(node, same), varies: false };
}

function vectoriseOne<K extends OpName>(node: Node<K>, inputs: readonly MaybeVarying[]): Node {
  const rule = primitives[node.op].vectorise;
  if (rule !== null) return rule(inputs, node);
  throw new UsageError({
    code: "cannot_vectorise",
    op: node.op,
    what: "this op cannot be repeated over rows",
    hint: "Use a scan outside the function of one row.",
    where: node.where,
  });
}
