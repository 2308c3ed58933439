// What the forward steps save for the adjoint and what it computes again.

import { elementsOf, type OpenScan } from "../ir/core/body.js";
import type { Node, OpName } from "../ir/core/node.js";
import { reachableUntil } from "../ir/core/rewrite.js";

/** Costly enough to keep: products, reductions and table reads, and transcendental results. */
const worthKeeping: ReadonlySet<OpName> = new Set<OpName>([
  ...(["dot", "sum", "maxOf", "argmax", "gather", "scatterAdd"] as const),
  ...(["exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid"] as const),
]);

/** A value this many times larger than all carries together is computed again when it can be. */
const largestKept = 4;

/**
 * Forward body nodes (of the copied body) that the adjoint takes from the forward pass. Carries before the step always are;
 * products, reductions and transcendental results unless they depend on no carry or are large; other values are computed again.
 *
 * @param adjoint    outputs of the adjoint body, still reading forward nodes
 * @param originals  copied forward nodes and their originals
 */
export function chooseResiduals(adjoint: readonly Node[], copy: OpenScan, originals: ReadonlyMap<Node, Node>): Node[] {
  const carries = new Set<Node>(copy.carries.map(({ inner }) => inner));
  const stacked = new Set<Node>(copy.ys);
  const carrySize = copy.carries.reduce((size, { inner }) => size + elementsOf(inner), 0);
  const carried = dependentOn(carries, originals);
  const saved: Node[] = [];
  const seen = new Set<Node>();
  const pending = reachableUntil(adjoint, originals).filter((node) => originals.has(node));
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!carried.has(node)) pending.push(...node.inputs);
    else if (carries.has(node) || stacked.has(node) || isKept(node)) saved.push(node);
    else pending.push(...node.inputs);
  }
  return saved.sort((a, b) => a.id - b.id);

  function isKept(node: Node): boolean {
    return worthKeeping.has(node.op) && elementsOf(node) <= largestKept * carrySize;
  }
}

function dependentOn(carries: ReadonlySet<Node>, originals: ReadonlyMap<Node, Node>): Set<Node> {
  const found = new Set<Node>(carries);
  for (const node of [...originals.keys()].sort((a, b) => a.id - b.id)) {
    if (node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}
