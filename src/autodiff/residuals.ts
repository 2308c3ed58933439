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

/** A value is kept in the place of what it is computed from if it is smaller by this factor: others may be computed from the same. */
const smaller = 1.25;

/**
 * Forward body nodes (of the copied body) that the adjoint takes from the forward pass. Carries before the step always are;
 * products, reductions and transcendental results unless they depend on no carry or are large. Other values are computed again from
 * these, except where a value is clearly smaller than what it would take to compute it, as one gate of a product is.
 *
 * @param adjoint    outputs of the adjoint body, still reading forward nodes
 * @param originals  copied forward nodes and their originals
 */
export function chooseResiduals(adjoint: readonly Node[], copy: OpenScan, originals: ReadonlyMap<Node, Node>): Node[] {
  const carries = new Set<Node>(copy.carries.map(({ inner }) => inner));
  const stacked = new Set<Node>(copy.ys);
  const carrySize = copy.carries.reduce((size, { inner }) => size + elementsOf(inner), 0);
  const carried = dependentOn(carries, originals);
  const isKept = (node: Node): boolean =>
    carries.has(node) || stacked.has(node) || (worthKeeping.has(node.op) && elementsOf(node) <= largestKept * carrySize);

  const read = reachableUntil(adjoint, originals).filter((node) => originals.has(node) && carried.has(node));
  const saved = new Set<Node>(read.filter(isKept));
  // What can be computed from saved values alone; keeps long chains from being walked again for each of their values.
  const settled = new Set<Node>();
  const stops = { has: (node: Node): boolean => !carried.has(node) || saved.has(node) || settled.has(node) || isKept(node) };
  for (const node of read) {
    if (stops.has(node)) continue;
    const passed = reachableUntil([node], stops);
    const needed = passed.filter((source) => carried.has(source) && isKept(source) && !saved.has(source));
    const size = needed.reduce((total, source) => total + elementsOf(source), 0);
    const isSavedItself = size > elementsOf(node) * smaller;
    for (const source of isSavedItself ? [node] : needed) saved.add(source);
    if (!isSavedItself) for (const source of passed) settled.add(source);
  }
  return [...saved].sort((a, b) => a.id - b.id);
}

function dependentOn(carries: ReadonlySet<Node>, originals: ReadonlyMap<Node, Node>): Set<Node> {
  const found = new Set<Node>(carries);
  for (const node of [...originals.keys()].sort((a, b) => a.id - b.id)) {
    if (node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}
