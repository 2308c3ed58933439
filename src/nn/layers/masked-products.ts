// Recurrent dropout for any cell: the matrix products of a step see a masked state, everything else sees the state itself.

import type { Tensor } from "../../base/tensor.js";
import { remakeNode } from "../../ir/core/build.js";
import { isOp, type Node, reachable } from "../../ir/core/node.js";
import { mul } from "../../ops/pointwise.js";
import { nodeOf } from "../../trace/emit.js";
import { asValue, TracedTensor } from "../../trace/traced.js";
import type { Tensors } from "../cell.js";

/**
 * Runs `step` so that every product in it reads `state[output] · mask`. A direct use of the state, such as the (1 - z)·h of a GRU,
 * must not be masked: 1 / (1 - rate) would be raised to the number of steps there.
 */
export function withMaskedProducts(state: Tensors, output: string, mask: Tensor, step: (state: Tensors) => Tensors): Tensors {
  const plain = nodeOf(asValue(state[output]!));
  const masked = nodeOf(asValue(mul(state[output]!, mask)));
  const results = Object.entries(step(state));
  const nodes = results.map(([, value]) => nodeOf(asValue(value)));
  const rewritten = rewrite(nodes, plain, masked);
  return Object.fromEntries(results.map(([name], index) => [name, new TracedTensor(rewritten[index]!)]));
}

/** Two copies of each node: as it is, and as a product's operand sees it. They meet again at products. */
function rewrite(outputs: readonly Node[], plain: Node, masked: Node): Node[] {
  const outside = new Map<Node, Node>();
  const inside = new Map<Node, Node>([[plain, masked]]);
  for (const node of reachable(outputs)) {
    if (node.scope < plain.scope || node === plain) continue;
    const seen = (input: Node): Node => inside.get(input) ?? outside.get(input) ?? input;
    const kept = (input: Node): Node => outside.get(input) ?? input;
    if (isOp(node, "dot")) {
      outside.set(node, remakeNode(node, node.inputs.map(seen)));
      continue;
    }
    outside.set(node, remakeNode(node, node.inputs.map(kept)));
    if (node.inputs.some((input) => inside.has(input))) inside.set(node, remakeNode(node, node.inputs.map(seen)));
  }
  return outputs.map((node) => outside.get(node) ?? node);
}
