// Trees: records and arrays of leaves, flattened in a fixed order and rebuilt.

import { UsageError } from "./errors.js";
import type { Tensor } from "./tensor.js";

/** A leaf, or arrays and records of trees. */
export type TreeOf<L> = L | readonly TreeOf<L>[] | { readonly [name: string]: TreeOf<L> };

/** A tensor, or arrays and records of such trees. */
export type Tree = TreeOf<Tensor>;

/** A leaf with its path, as in `encode/W`. */
export interface NamedLeaf<L> {
  readonly path: string;
  readonly leaf: L;
}

/** Leaves in order: arrays by index, records by their own key order. */
export function treeLeaves<L>(tree: TreeOf<L>, isLeaf: (value: unknown) => value is L): NamedLeaf<L>[] {
  const found: NamedLeaf<L>[] = [];
  walk(tree, "", isLeaf, (path, leaf) => found.push({ path, leaf }));
  return found;
}

/** The same structure with other leaves, taken from a list in `treeLeaves` order. */
export function treeFrom<L, M>(tree: TreeOf<L>, leaves: readonly M[], isLeaf: (value: unknown) => value is L): TreeOf<M> {
  let next = 0;
  const build = (part: unknown): TreeOf<M> => {
    if (isLeaf(part)) return leaves[next++]!;
    if (Array.isArray(part)) return part.map(build);
    if (isRecord(part)) return Object.fromEntries(Object.keys(part).map((name) => [name, build(part[name])]));
    throw notATree(part, "");
  };
  return build(tree);
}

/** A text that two trees share exactly when their structures are the same. */
export function treeShape<L>(tree: TreeOf<L>, isLeaf: (value: unknown) => value is L): string {
  const show = (part: unknown): string => {
    if (isLeaf(part)) return "*";
    if (Array.isArray(part)) return `[${part.map(show).join(",")}]`;
    if (isRecord(part))
      return `{${Object.keys(part)
        .map((name) => `${JSON.stringify(name)}:${show(part[name])}`)
        .join(",")}}`;
    throw notATree(part, "");
  };
  return show(tree);
}

export function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function walk<L>(part: unknown, path: string, isLeaf: (value: unknown) => value is L, visit: (path: string, leaf: L) => void): void {
  if (isLeaf(part)) {
    visit(path, part);
    return;
  }
  const below = (name: string | number): string => (path === "" ? String(name) : `${path}/${name}`);
  if (Array.isArray(part)) {
    part.forEach((child, index) => {
      walk(child, below(index), isLeaf, visit);
    });
  } else if (isRecord(part)) {
    for (const name of Object.keys(part)) walk(part[name], below(name), isLeaf, visit);
  } else throw notATree(part, path);
}

function notATree(part: unknown, path: string): UsageError {
  const at = path === "" ? "" : ` at "${path}"`;
  return new UsageError({
    code: "not_a_tree",
    what: `expected tensors, or arrays and records of tensors, found ${part === null ? "null" : typeof part}${at}`,
    hint: "Wrap numbers in tensor(...).",
  });
}
