// Functions over trees of tensors: mapping and the global norm.

import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { orderedLike, type Tree, treeShape } from "../base/tree.js";
import { add, div, maximum, minimum, mul, sqrt, square, sum, tensor } from "../ops/index.js";
import { isTensor, tensorLeaves, tensorTree } from "../trace/traced.js";

/**
 * A tree of the same structure, each leaf made from the leaves at that place in the given trees.
 *
 * @throws UsageError `tree_structure` if the trees differ in structure
 * @example mapTree((w, g) => sub(w, mul(0.1, g)), weights, grads)
 */
export function mapTree<T extends Tree>(f: (...leaves: Tensor[]) => Tensor, ...trees: readonly T[]): T {
  const [first, ...rest] = trees;
  if (first === undefined) throw new UsageError({ code: "no_argument", op: "mapTree", what: "no tree was given" });
  const shape = treeShape(first, isTensor);
  const ordered = rest.map((tree) => orderedLike<Tensor, T>(first, tree, isTensor));
  if (ordered.some((tree) => treeShape(tree, isTensor) !== shape)) {
    throw new UsageError({ code: "tree_structure", op: "mapTree", what: "the trees have different names or lengths" });
  }
  const columns = [first, ...ordered].map((tree) => tensorLeaves(tree).map(({ leaf }) => leaf));
  const leaves = columns[0]!.map((_, index) => f(...columns.map((column): Tensor => column[index]!)));
  return tensorTree(first, leaves);
}

/**
 * The Euclidean norm of all values of a tree together: a scalar.
 *
 * @example globalNorm({ a: tensor([3]), b: tensor([4]) }) // → 5
 */
export function globalNorm(tree: Tree): Tensor {
  const squares = tensorLeaves(tree).map(({ leaf }) => sum(square(leaf)));
  const [first, second, ...rest] = squares;
  if (first === undefined) return tensor(0);
  return sqrt(second === undefined ? first : add(first, second, ...rest));
}

/**
 * The tree scaled down so that its global norm is at most `limit` (Pascanu, Mikolov & Bengio 2013).
 *
 * @example clipByGlobalNorm(grads, 1)
 */
export function clipByGlobalNorm<T extends Tree>(tree: T, limit: number): T {
  checkLimit("clipByGlobalNorm", limit);
  const factor = div(limit, maximum(globalNorm(tree), limit));
  return mapTree((leaf) => mul(leaf, factor), tree);
}

/** Each leaf scaled down so that its own norm is at most `limit`. @example clipByNorm(grads, 1) */
export function clipByNorm<T extends Tree>(tree: T, limit: number): T {
  checkLimit("clipByNorm", limit);
  return mapTree((leaf) => mul(leaf, div(limit, maximum(sqrt(sum(square(leaf))), limit))), tree);
}

/**
 * Every value cut to [-limit, limit].
 *
 * @example clipByValue({ a: tensor([3, -0.5]) }, 1).a // → [1, -0.5]
 */
export function clipByValue<T extends Tree>(tree: T, limit: number): T {
  checkLimit("clipByValue", limit);
  return mapTree((leaf) => minimum(maximum(leaf, -limit), limit), tree);
}

/** Refuses limits that clip nothing or everything. */
export function checkLimit(op: string, limit: number): void {
  if (limit > 0 && Number.isFinite(limit)) return;
  throw new UsageError({ code: "bad_limit", op, what: `the limit must be above 0, got ${limit}` });
}
