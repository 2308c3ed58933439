// Values that replace an input's memory, carries and resident outputs: written in place when nobody reads the old value later.

import { makeNode } from "../ir/core/build.js";
import { isOp, type Node } from "../ir/core/node.js";
import { emitCopy, emitValue } from "./copy.js";
import { peel, type Sink, spaceKey } from "./destinations.js";
import { mostOverwritten, type Step } from "./schedule.js";
import { isViewOp, materialise, producerOf, type Scope, viewOf, wantAt } from "./scope.js";
import { sameView, squeezeView, type View } from "./view.js";

/** A value whose place holds inputs that are still read in this level. */
export interface Overwrite extends Sink {
  /** Inputs that share memory with the place. */
  readonly inputs: readonly Node[];
}

/** One read of an input by a step. */
interface Read {
  readonly input: Node;
  readonly step: number;
  /** Element by element, where the tile itself is at that element. */
  readonly isDirect: boolean;
}

/** Copies to make before and after the steps. */
export interface OverwriteCopies {
  readonly first: () => void;
  readonly last: () => void;
}

/** Lets producers write in place where that is safe; returns the copies for all others. `kept` values are read after the steps. */
export function planOverwrites(
  scope: Scope,
  steps: readonly Step[],
  overwrites: readonly Overwrite[],
  kept: readonly Node[],
): OverwriteCopies {
  const afterwards = kept.map((value): Read => ({ input: rootOf(scope, value), step: steps.length, isDirect: false }));
  const reads = [...steps.flatMap((step, index) => readsOf(scope, step, index)), ...afterwards];
  const all = new Set(overwrites.flatMap(({ inputs }) => inputs));
  const inPlace = new Map<number, number>();
  const first: (() => void)[] = [];
  const last: (() => void)[] = [];
  for (const { value, view, inputs } of overwrites) {
    const source = rootOf(scope, value);
    if (inputs.includes(source) && isUnchanged(scope, value, view)) continue;
    const producer = producerOf(scope, value, view);
    const step = producer === null ? -1 : steps.findIndex((candidate) => computes(candidate, producer.node));
    if (producer !== null && step >= 0 && isSafe(scope, steps[step]!, step, reads, inputs, producer.view, inPlace)) {
      wantAt(scope, producer.node, { view: producer.view, stable: true });
      inPlace.set(step, (inPlace.get(step) ?? 0) + 1);
      continue;
    }
    if (all.has(source)) {
      // The value itself lies where something else is written: it is saved first.
      let saved: View | null = null;
      first.push(() => {
        saved = materialise(scope, viewOf(scope, value), value.dtype, "kept");
      });
      last.push(() => emitCopy(scope, saved!, view));
    } else last.push(() => emitValue(scope, viewOf(scope, value), view));
    keepValue(scope, value);
  }
  return { first: () => emitAll(first), last: () => emitAll(last) };
}

function emitAll(copies: readonly (() => void)[]): void {
  for (const copy of copies) copy();
}

/** A reader, so that the value gets memory that the last copies can read. */
function keepValue(scope: Scope, value: Node): void {
  const reader = makeNode("stop", [value], null, value.where);
  scope.moved.add(reader);
  const readers = scope.readers.get(value) ?? [];
  scope.readers.set(value, [...readers, reader]);
}

function computes(step: Step, node: Node): boolean {
  if (step.kind === "tile") return step.nodes.includes(node);
  // A scan writes through its parts, and moves have a place already.
  return step.kind === "op" && step.node === node && !isOp(node, "scan");
}

function isUnchanged(scope: Scope, value: Node, view: View): boolean {
  return sameView(squeezeView(viewOf(scope, value)), squeezeView(view));
}

function isSafe(
  scope: Scope,
  step: Step,
  index: number,
  reads: readonly Read[],
  inputs: readonly Node[],
  view: View,
  inPlace: ReadonlyMap<number, number>,
): boolean {
  if ((inPlace.get(index) ?? 0) >= mostOverwritten) return false;
  return reads.every((read) => {
    if (!inputs.includes(read.input) || read.step < index) return true;
    const isSame = step.kind === "tile" && read.isDirect && sameView(squeezeView(viewOf(scope, read.input)), squeezeView(view));
    return read.step === index && isSame;
  });
}

function readsOf(scope: Scope, step: Step, index: number): Read[] {
  if (step.kind !== "tile") {
    return inputsRead(scope, step.node).map((input) => ({ input: rootOf(scope, input), step: index, isDirect: false }));
  }
  return step.nodes.flatMap((node) =>
    node.inputs.map((input) => {
      const seen = peel(scope, input);
      const isDirect = scope.isLeaf(seen) && spaceKey(seen.shape) === step.key;
      return { input: rootOf(scope, input), step: index, isDirect };
    }),
  );
}

/** What an op's instructions read; a scan's first carries are moved by others. */
export function inputsRead(scope: Scope, node: Node): readonly Node[] {
  if (!isOp(node, "scan")) return isOp(node, "concat") ? [] : node.inputs;
  const { carries, xs, rows } = node.attrs;
  return [...node.inputs.slice(carries, carries + xs + rows), ...(scope.bodies.get(node)?.captures ?? [])];
}

/** The value whose memory a view shows. */
function rootOf(scope: Scope, value: Node): Node {
  let node = value;
  while (isViewOp(scope, node)) node = node.inputs[0]!;
  return node;
}
