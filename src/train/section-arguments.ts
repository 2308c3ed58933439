// Reads the arguments of a section: they arrive in the form of their specs, which the compiler does not know.

import type { Tensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import { isTensor } from "../trace/traced.js";

export function tensorOf(tree: Tree | undefined): Tensor {
  if (isTensor(tree)) return tree;
  throw new TypeError("expected a tensor");
}

export function listOf(tree: Tree | undefined): readonly Tensor[] {
  if (!Array.isArray(tree)) throw new TypeError("expected a list");
  return tree.map((entry: Tree) => tensorOf(entry));
}

export function recordOf(tree: Tree | undefined): Readonly<Record<string, Tensor>> {
  if (!isRecord(tree) || isTensor(tree)) throw new TypeError("expected a record");
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, tensorOf(value as Tree)]));
}

export function entryOf(tree: Tree | undefined, name: string): Tree {
  if (!isRecord(tree) || isTensor(tree)) throw new TypeError("expected a record");
  return (tree as Readonly<Record<string, Tree>>)[name]!;
}
