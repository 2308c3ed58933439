// Pointwise values that are computed where they are read, more than once if need be, instead of going through memory.

import { isOp, type Node } from "../ir/core/node.js";
import { peel, spaceKey } from "./destinations.js";
import { isComputed } from "./normalise.js";
import { tileReduction } from "./reductions.js";
import { isViewOp, type Scope } from "./scope.js";

/** Simple operations that one element of these takes, roughly; others take one. */
const weights: Readonly<Record<string, number>> = {
  ...{ exp: 12, log: 14, log1p: 16, tanh: 14, sigmoid: 14, sin: 16, cos: 16, sqrt: 6, div: 6, floor: 3 },
};

/** Operations per element, all repetitions together, that saving a walk through memory is worth: a step's values stay in the cache. */
const worth = { inLoop: 3, outside: 8 } as const;

/** What a store costs more than a load: memory is fetched before it is written, and written back later. */
const storeCost = 2;

/** A value whose readers are tile programs of its space, some of which come after a reduction or product that they also read. */
interface Candidate {
  /** Values that it takes from memory, as large as itself. */
  readonly leaves: ReadonlySet<Node>;
  readonly weight: number;
}

/**
 * The nodes of `order` that live in no memory: each tile program that reads one computes it. Layer norm's centred values are such:
 * reading the product again costs what reading them would, and nothing is written. Values that replace an input's memory are written.
 */
export function computedAgain(scope: Scope, order: readonly Node[], overwriting: readonly Node[]): Set<Node> {
  const phases = phasesOf(scope, order);
  const inMemory = new Set(overwriting.map((value) => behindViews(scope, value)));
  let again = new Set<Node>();
  // What is computed later reads its inputs later: they may follow.
  for (let round = 0; round < mostRounds; round++) {
    const next = choose(scope, order, inMemory, placesOf(scope, order, phases, again), phases, again);
    const isSettled = next.size === again.size && [...next].every((node) => again.has(node));
    again = next;
    if (isSettled) break;
  }
  return again;
}

const mostRounds = 4;

/** The phases at which each node is computed. */
function placesOf(
  scope: Scope,
  order: readonly Node[],
  phases: ReadonlyMap<Node, number>,
  again: ReadonlySet<Node>,
): Map<Node, ReadonlySet<number>> {
  const places = new Map<Node, ReadonlySet<number>>();
  for (const node of order.toReversed()) {
    const readers = again.has(node) ? (scope.readers.get(node) ?? []) : [];
    places.set(node, readers.length === 0 ? new Set([phases.get(node)!]) : new Set(readers.flatMap((reader) => [...places.get(reader)!])));
  }
  return places;
}

function choose(
  scope: Scope,
  order: readonly Node[],
  inMemory: ReadonlySet<Node>,
  places: ReadonlyMap<Node, ReadonlySet<number>>,
  phases: ReadonlyMap<Node, number>,
  before: ReadonlySet<Node>,
): Set<Node> {
  const limit = scope.rows === null ? worth.outside : worth.inLoop;
  const again = new Set<Node>();
  const known = new Map<Node, Candidate>();
  const readAt = new Map<Node, Map<number, number>>();
  const count = (node: Node, by: number): void => {
    for (const input of new Set(node.inputs.map((one) => peel(scope, one)))) {
      const at = readAt.get(input) ?? new Map<number, number>();
      readAt.set(input, at);
      for (const phase of places.get(node)!) at.set(phase, (at.get(phase) ?? 0) + by);
    }
  };
  for (const node of order) if (isTileMember(scope, node)) count(node, 1);
  for (const node of order) {
    const candidate = candidateOf(scope, node, again, known);
    if (candidate === null || inMemory.has(node)) continue;
    known.set(node, candidate);
    const readers = scope.readers.get(node) ?? [];
    if (!readers.every((reader) => places.has(reader) && readsInTile(scope, reader, node))) continue;
    const own = phases.get(node)!;
    const at = new Set(readers.flatMap((reader) => [...places.get(reader)!]));
    const later = [...at].filter((phase) => phase !== own);
    if (later.length === 0) {
      // What only reductions read is part of them.
      const reductions = readers.filter((reader) => tileReduction(reader) !== null || before.has(reader));
      if (reductions.length === readers.length && candidate.weight * (readers.length - 1) <= limit) again.add(node);
      continue;
    }
    // A leaf that the later program reads anyway costs nothing; what this node itself reads there does not count.
    const here = places.get(node)!;
    const readByOthers = (leaf: Node, phase: number): boolean => {
      const self = here.has(phase) && node.inputs.some((input) => peel(scope, input) === leaf) ? 1 : 0;
      return (readAt.get(leaf)?.get(phase) ?? 0) > self;
    };
    const loads = (phase: number): number => [...candidate.leaves].filter((leaf) => !readByOthers(leaf, phase)).length;
    const recomputing = later.reduce((sum, phase) => sum + loads(phase), 0);
    const keeping = storeCost + later.length + (at.has(own) ? 0 : candidate.leaves.size);
    if (recomputing <= keeping && candidate.weight * (at.size - 1) <= limit) again.add(node);
  }
  return again;
}

/** Null for what is wanted in memory or is not pointwise. */
function candidateOf(scope: Scope, node: Node, again: ReadonlySet<Node>, known: ReadonlyMap<Node, Candidate>): Candidate | null {
  if (scope.isLeaf(node) || scope.moved.has(node) || !isComputed(node) || (scope.destinations.get(node) ?? []).length > 0) return null;
  const key = spaceKey(node.shape);
  if (key === "") return null;
  const leaves = new Set<Node>();
  let weight = weights[node.op] ?? 1;
  for (const input of new Set(node.inputs.map((one) => peel(scope, one)))) {
    const inner = again.has(input) ? known.get(input) : undefined;
    if (inner !== undefined && spaceKey(input.shape) === key) {
      for (const leaf of inner.leaves) leaves.add(leaf);
      weight += inner.weight;
    } else if (spaceKey(input.shape) === key) leaves.add(input);
  }
  return { leaves, weight };
}

function behindViews(scope: Scope, value: Node): Node {
  let node = value;
  while (isViewOp(scope, node)) node = node.inputs[0]!;
  return node;
}

function isTileMember(scope: Scope, node: Node): boolean {
  return !scope.isLeaf(node) && (isComputed(node) || tileReduction(node) !== null);
}

/** True if the reader takes the value itself, element by element. */
function readsInTile(scope: Scope, reader: Node, node: Node): boolean {
  if (scope.moved.has(reader) || scope.isLeaf(reader)) return false;
  if (tileReduction(reader) !== null) return true;
  return isComputed(reader) && spaceKey(reader.shape) === spaceKey(node.shape);
}

/** How many products, reductions and changes of space a value waits for: programs of different phases cannot be one. */
function phasesOf(scope: Scope, order: readonly Node[]): Map<Node, number> {
  const phases = new Map<Node, number>();
  // When a value can be read from memory: a view's when that of what it shows can.
  const ready = new Map<Node, number>();
  for (const node of order) {
    const isView = isViewOp(scope, node) || isOp(node, "part");
    const reduction = tileReduction(node);
    const key = isComputed(node) ? spaceKey(node.shape) : reduction !== null ? spaceKey(node.inputs[0]!.shape) : null;
    let phase = 0;
    for (const input of scope.isLeaf(node) ? [] : node.inputs) {
      const seen = peel(scope, input);
      const isTogether = !isView && !scope.isLeaf(seen) && isComputed(seen) && key !== null && spaceKey(seen.shape) === key;
      phase = Math.max(phase, isTogether ? phases.get(seen)! : (ready.get(input) ?? 0));
    }
    phases.set(node, phase);
    ready.set(node, scope.isLeaf(node) || isView ? phase : phase + 1);
  }
  return phases;
}
