// What the vectorising rules share: giving values the new leading axis of rows, and keeping ranks aligned when only some have it.

import type { Dim } from "../../base/dim.js";
import { makeNode, scalarNode } from "./build.js";
import { add, alignRank, broadcast, iota, le, lt, max, mul, reshape, select, sizeOf } from "./builders.js";
import type { Node, OpName } from "./node.js";
import type { MaybeVarying } from "./primitive.js";

/** R, the size of the new leading axis. */
export function rowsOf(inputs: readonly MaybeVarying[]): Dim {
  return inputs.find(({ varies }) => varies)?.node.shape[0] ?? 1;
}

/** Rank without the leading axis. */
export function ownRank({ node, varies }: MaybeVarying): number {
  return node.shape.length - (varies ? 1 : 0);
}

/** The value with the leading axis, repeated if it is the same for all rows. */
export function overRows({ node, varies }: MaybeVarying, rows: Dim): Node {
  return varies ? node : broadcast(node, [rows, ...node.shape]);
}

/** For broadcasting ops: a varying value of lower rank gets axes of size 1 after its leading axis. */
export function alignedTo({ node, varies }: MaybeVarying, rank: number): Node {
  return varies ? alignRank(node, rank + 1, 1) : node;
}

/** Elementwise ops: only ranks need care. */
export function vectorisePointwise<K extends OpName>(inputs: readonly MaybeVarying[], node: Node<K>): Node {
  const rank = Math.max(...inputs.map(ownRank));
  return makeNode(
    node.op,
    inputs.map((input) => alignedTo(input, rank)),
    node.attrs,
    node.where,
  );
}

/**
 * Indices into R tables of `size` entries laid end to end: index + r * size. -1 stays -1, indices outside [0, size) become -2, so that
 * they are still reported and never read a neighbour's table.
 */
export function flatIndex(index: MaybeVarying, rows: Dim, size: Dim): Node {
  const rank = ownRank(index);
  const entries = typeof size === "number" ? scalarNode(size, "int32") : sizeOf(size);
  const starts = reshape(mul(iota(rows), entries), [rows, ...Array.from({ length: rank }, () => 1)]);
  const shifted = add(index.node, starts);
  return select(le(0, index.node), select(lt(index.node, entries), shifted, -2), max(index.node, -2));
}
