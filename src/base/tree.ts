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

/** Records in records from leaves by path, as in `head/x`; a leaf with the path "" is the whole tree. */
export function treeFromPaths<L>(entries: Iterable<readonly [path: string, leaf: L]>): TreeOf<L> {
  const groups = new Map<string, [string, L][]>();
  for (const [path, leaf] of entries) {
    if (path === "") return leaf;
    const cut = path.indexOf("/");
    const [name, rest] = cut < 0 ? [path, ""] : [path.slice(0, cut), path.slice(cut + 1)];
    groups.set(name, [...(groups.get(name) ?? []), [rest, leaf]]);
  }
  return Object.fromEntries([...groups].map(([name, inner]) => [name, treeFromPaths(inner)]));
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

/**
 * The tree with the names of its records in the pattern's order: names say what belongs together, their order does not. Parts whose
 * names differ from the pattern's stay as they are.
 */
export function orderedLike<L, T extends TreeOf<L>>(pattern: TreeOf<L>, tree: T, isLeaf: (value: unknown) => value is L): T {
  const order = (from: unknown, part: unknown): unknown => {
    if (isLeaf(from) || isLeaf(part)) return part;
    if (Array.isArray(from) && Array.isArray(part)) return part.map((child: unknown, index) => order(from[index], child));
    if (!isRecord(from) || !isRecord(part)) return part;
    const names = Object.keys(from).filter((name) => Object.hasOwn(part, name));
    if (names.length !== Object.keys(part).length) return part;
    return Object.fromEntries(names.map((name) => [name, order(from[name], part[name])]));
  };
  return order(pattern, tree) as T;
}

/** True for objects that are records of named parts; false for arrays, typed arrays, maps, dates and promises. */
export function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(Symbol.toStringTag in value) && !(value instanceof Date);
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
    what: `expected tensors, or arrays and records of tensors, found ${kindOf(part)}${at}`,
    hint: part instanceof Promise ? "The function must not be async." : "Wrap numbers in tensor(...).",
  });
}

function kindOf(part: unknown): string {
  if (typeof part !== "object" || part === null) return String(part === null ? null : typeof part);
  return `a ${part.constructor?.name ?? "value of another kind"}`;
}
