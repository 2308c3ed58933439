// Products that share an operand become one product with the other operands side by side; each former product is a slice of it.

import { concat, dot, slice, transpose } from "../ir/core/builders.js";
import { isOp, type Node } from "../ir/core/node.js";

/** A product seen as a common operand times a matrix of its own with one free axis. */
export interface Candidate {
  readonly node: Node<"dot">;
  /** Which input is the common operand. */
  readonly side: 0 | 1;
  readonly common: Node;
  readonly matrix: Node;
  /** Axes of the matrix: contracted, in the order of the common operand's, and the free one. */
  readonly contract: readonly number[];
  readonly free: number;
  readonly width: number;
  /** Candidates with equal keys can become one product. */
  readonly key: string;
}

/** The product with this side as the common operand; null if the other one has no single free axis of known size. */
export function candidateOf(node: Node<"dot">, side: 0 | 1): Candidate | null {
  const { aBatch, aContract, bContract } = node.attrs;
  const [common, matrix] = [node.inputs[side]!, node.inputs[1 - side]!];
  const [shared, contract] = side === 0 ? [aContract, bContract] : [bContract, aContract];
  const free = [...matrix.shape.keys()].filter((axis) => !contract.includes(axis));
  const width = matrix.shape[free[0] ?? 0];
  if (aBatch.length > 0 || free.length !== 1 || typeof width !== "number") return null;
  // Without free axes of the common operand both orders give the same values in the same shape.
  const order = common.shape.length === shared.length ? "" : side;
  return { node, side, common, matrix, contract, free: free[0]!, width, key: `${common.id} ${shared.join(",")} ${order}` };
}

/** The matrices side by side along the first one's free axis, all in the layout of the first. */
export function joinedMatrix(group: readonly Candidate[], matrices: readonly Node[]): Node {
  const first = group[0]!;
  const inLayout = group.map(({ contract, free }, index) => {
    const axes = [...first.matrix.shape.keys()].map((axis) => (axis === first.free ? free : contract[first.contract.indexOf(axis)]!));
    return transpose(matrices[index]!, axes);
  });
  return concat(inLayout, first.free);
}

/** The values of the group's products, each a slice of one product with the joined matrix. */
export function slicesOf(group: readonly Candidate[], joined: Node): Node[] {
  const { node, side, common, contract } = group[0]!;
  const shared = side === 0 ? node.attrs.aContract : node.attrs.bContract;
  const isVector = common.shape.length === shared.length;
  const none = { aBatch: [], bBatch: [] };
  const whole =
    side === 0 || isVector
      ? dot(common, joined, { ...none, aContract: shared, bContract: contract })
      : dot(joined, common, { ...none, aContract: contract, bContract: shared });
  const axis = side === 0 ? whole.shape.length - 1 : 0;
  let start = 0;
  return group.map(({ width }) => {
    start += width;
    return slice(whole, axis, start - width, width);
  });
}

/** Candidates by key, in graph order; only groups of two or more. */
export function groupsOf(candidates: readonly Candidate[], extraKey: (node: Node) => string = () => ""): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = `${candidate.key} ${extraKey(candidate.node)}`;
    groups.set(key, [...(groups.get(key) ?? []), candidate]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Both views of a node that is a product. */
export function candidatesOf(node: Node): Candidate[] {
  if (!isOp(node, "dot")) return [];
  return ([0, 1] as const).flatMap((side) => candidateOf(node, side) ?? []);
}

/** The product over other nodes with the same roles. */
export function movedTo(candidate: Candidate, node: Node): Candidate {
  if (!isOp(node, "dot")) throw new Error("a product became something else");
  return { ...candidate, node, common: node.inputs[candidate.side]!, matrix: node.inputs[1 - candidate.side]! };
}
