// Splits products of joined values: concat(x, h) · W becomes x · Wx + h · Wh, so that the part without a carry can leave the loop.

import { type OpenScan, substituteBody } from "../ir/core/body.js";
import { makeNode } from "../ir/core/build.js";
import { add, dot, slice } from "../ir/core/builders.js";
import { isOp, type Node } from "../ir/core/node.js";
import type { Level } from "./levels.js";

/** The scan with split products; the same object if there is nothing to split. */
export function splitProducts(open: OpenScan, levels: ReadonlyMap<Node, Level>): OpenScan {
  const split = new Map<Node, Node>();
  for (const node of levels.keys()) {
    const parts = isOp(node, "dot") ? (partsOf(node, 0, levels) ?? partsOf(node, 1, levels)) : null;
    if (parts !== null) split.set(node, parts);
  }
  return split.size === 0 ? open : substituteBody(open, split);
}

/** The sum of products that equals this one, if an operand is joined from carried and other values along the only contracted axis. */
function partsOf(node: Node<"dot">, side: 0 | 1, levels: ReadonlyMap<Node, Level>): Node | null {
  const joined = node.inputs[side]!;
  const other = node.inputs[1 - side]!;
  const [own, across] = side === 0 ? [node.attrs.aContract, node.attrs.bContract] : [node.attrs.bContract, node.attrs.aContract];
  if (!isOp(joined, "concat") || own.length !== 1 || own[0] !== joined.attrs.axis) return null;
  const groups = neighbours(joined.inputs, (part) => levels.get(part) === 4);
  if (groups.length < 2) return null;
  let start = 0;
  const products: Node[] = [];
  for (const group of groups) {
    const size = group.reduce((total, { shape }) => total + Number(shape[own[0]!]), 0);
    if (!Number.isInteger(size)) return null;
    const part = group.length === 1 ? group[0]! : makeNode("concat", group, joined.attrs, joined.where);
    const piece = slice(other, across[0]!, start, size);
    products.push(side === 0 ? dot(part, piece, node.attrs) : dot(piece, part, node.attrs));
    start += size;
  }
  return products.reduce((sum, product) => add(sum, product));
}

/** Runs of neighbours that agree. */
function neighbours(nodes: readonly Node[], test: (node: Node) => boolean): Node[][] {
  const groups: Node[][] = [];
  for (const node of nodes) {
    const last = groups.at(-1);
    if (last !== undefined && test(last[0]!) === test(node)) last.push(node);
    else groups.push([node]);
  }
  return groups;
}
