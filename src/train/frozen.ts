// Frozen weights: which ones training learns, and where they lie in the flat vectors.

import { UsageError } from "../base/errors.js";
import { isRecord, type Tree } from "../base/tree.js";
import { nearestName } from "../nn/suggest.js";
import { isTensor } from "../trace/traced.js";
import type { Layout, Placed } from "./weights.js";

/** The weights of a network and those among them that stay as they are. */
export interface Freezing {
  readonly layout: Layout;
  /** Paths: "layer/weight". */
  readonly frozen: ReadonlySet<string>;
}

/** A stretch of a flat vector. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** The weights that training learns. */
export function learntPlaces({ layout, frozen }: Freezing): readonly Placed[] {
  return layout.places.filter(({ info }) => !frozen.has(info.path));
}

/** Where they lie, neighbours together: the whole vector when nothing is frozen. */
export function learntStretches(of: Freezing): readonly Stretch[] {
  const { layout, frozen } = of;
  if (frozen.size === 0) return [{ offset: 0, length: layout.size }];
  const ends = layout.places.map((_, index) => layout.places[index + 1]?.offset ?? layout.size);
  const stretches: { offset: number; length: number }[] = [];
  layout.places.forEach(({ info, offset }, index) => {
    if (frozen.has(info.path)) return;
    const last = stretches.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length = ends[index]! - last.offset;
    else stretches.push({ offset, length: ends[index]! - offset });
  });
  return stretches;
}

/** The learnt part of a tree of weights, and how to put the frozen part back to it: no gradient is computed for that. */
export function splitWeights(of: Freezing, weights: Tree): { readonly learnt: Tree; readonly withFrozen: (learnt: Tree) => Tree } {
  if (of.frozen.size === 0) return { learnt: weights, withFrozen: (learnt) => learnt };
  const part = (isWanted: (path: string) => boolean): Record<string, Record<string, Tree>> => {
    const layers = Object.entries(recordOf(weights)).map(([layer, own]): [string, Record<string, Tree>] => [
      layer,
      Object.fromEntries(Object.entries(recordOf(own)).filter(([name]) => isWanted(`${layer}/${name}`))),
    ]);
    return Object.fromEntries(layers.filter(([, own]) => Object.keys(own).length > 0));
  };
  const fixed = part((path) => of.frozen.has(path));
  const learnt = part((path) => !of.frozen.has(path));
  const withFrozen = (given: Tree): Tree =>
    Object.fromEntries(
      Object.keys(recordOf(weights)).map((layer) => [layer, { ...fixed[layer], ...recordOf(recordOf(given)[layer] ?? {}) }]),
    );
  return { learnt, withFrozen };
}

/**
 * Paths of the weights that names stand for: a layer, "layer/weight", or either with * for any characters.
 *
 * @throws UsageError `unknown_weight` for a name that stands for none
 */
export function weightsNamed(paths: readonly string[], names: readonly string[], verb: string): readonly string[] {
  return names.flatMap((name) => {
    if (typeof name !== "string")
      throw new UsageError({ code: "unknown_weight", op: verb, what: `expected names of layers or weights, found ${typeof name}` });
    const pattern = new RegExp(`^${name.split("*").map(escaped).join(".*")}${name.includes("/") ? "" : "/[^/]*"}$`);
    const found = paths.filter((path) => pattern.test(path));
    if (found.length > 0) return found;
    const layers = [...new Set(paths.map((path) => path.slice(0, path.indexOf("/"))))];
    const near = nearestName(name, [...layers, ...paths]);
    throw new UsageError({
      code: "unknown_weight",
      op: verb,
      what: `no layer or weight is called "${name}"`,
      hint: near === null ? `Layers with weights are ${layers.join(", ") || "none"}.` : `Did you mean "${near}"?`,
    });
  });
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
}

function recordOf(tree: Tree): { readonly [name: string]: Tree } {
  if (isRecord(tree) && !isTensor(tree)) return tree as { readonly [name: string]: Tree };
  throw new TypeError("expected a record");
}
