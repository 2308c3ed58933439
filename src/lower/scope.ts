// One level of lowering, the main graph or the step of a loop: where its values lie and where they are wanted.

import { type Dim, showDim, symbolsIn } from "../base/dim.js";
import type { DType } from "../base/dtype.js";
import { isOp, type Node } from "../ir/core/node.js";
import type { Instruction } from "../ir/lowered/program.js";
import type { Body } from "./body.js";
import type { SectionBuilder } from "./builder.js";
import { emitCopy } from "./copy.js";
import { broadcastView, capacityOf, denseView, reshapeView, sliceView, transposeView, type View } from "./view.js";
import { addTo } from "./walk.js";

/** A place that wants a value. Stable places keep it, so others may read it there; a carry's start is overwritten by its loop. */
export interface Destination {
  readonly view: View;
  readonly stable: boolean;
}

/** Where a scan's results and its carries live. */
export interface ScanHomes {
  /** Final carries (which are the loop's state), stacked ys, sums. */
  readonly results: readonly View[];
  /** The nodes through which the graph reads them. */
  readonly parts: readonly Node<"part">[];
}

/** What lowering one level needs and collects. */
export interface Scope {
  readonly builder: SectionBuilder;
  /** The active rows, inside a loop. */
  readonly rows: Dim | null;
  /** The most rows there can be. */
  readonly batch: Dim;
  /** True for values that exist before this level starts. */
  readonly isLeaf: (node: Node) => boolean;
  readonly bodies: ReadonlyMap<Node, Body>;
  readonly outer: Scope | null;
  readonly views: Map<Node, View>;
  readonly destinations: Map<Node, Destination[]>;
  readonly readers: Map<Node, Node[]>;
  readonly homes: Map<Node, ScanHomes>;
  /** `stop` nodes whose value must really be moved to their destination. */
  readonly moved: Set<Node>;
  /** Buffers that hold one value of this level and nothing else. */
  readonly fresh: Set<number>;
  /** Values in no memory: how many tile programs are still to come that compute each for themselves. */
  readonly again: Map<Node, number>;
  /** Nodes that have been computed. */
  readonly done: Set<Node>;
  readonly instructions: Instruction[];
  /** Set when something adds up over rows. */
  serial: boolean;
}

/** Fresh dense memory of this shape. */
export function allocate(scope: Scope, name: string, shape: readonly Dim[], dtype: DType): View {
  const size = capacityOf(shape, scope.rows, scope.batch);
  return denseView(scope.builder.addBuffer(name, size, dtype, { kind: "temporary" }), shape);
}

/** A dense copy of a value. */
export function materialise(scope: Scope, view: View, dtype: DType, name = "copy"): View {
  const { rows, outer } = scope;
  // What has no axis for the rows is the same at every step: it is copied before the loop.
  const isOuter =
    outer !== null && rows !== null && view.step === null && !view.shape.some((dim) => symbolsIn(dim).includes(showDim(rows)));
  const level = isOuter ? outer : scope;
  const to = allocate(level, name, view.shape, dtype);
  emitCopy(level, view, to);
  return to;
}

/** True for ops that only look at their input in another way. */
export function isViewOp(scope: Scope, node: Node): boolean {
  if (scope.moved.has(node) || scope.isLeaf(node)) return false;
  return ["stop", "tap", "reshape", "transpose", "broadcast", "slice"].includes(node.op);
}

/** Where a value lies; view ops are resolved here, and copied if no strides can express them. */
export function viewOf(scope: Scope, node: Node): View {
  const known = scope.views.get(node);
  if (known !== undefined) return known;
  const view = resolveView(scope, node);
  scope.views.set(node, view);
  return view;
}

function resolveView(scope: Scope, node: Node): View {
  if (isOp(node, "input")) return scope.builder.inputView(node);
  if (isOp(node, "constant")) return scope.builder.constantView(node);
  if (isOp(node, "sizeOf")) return scope.builder.sizeView(node.attrs.dim);
  if (!isViewOp(scope, node)) throw new Error(`${node.op} (node ${node.id}) is read before it is computed`);
  const inner = viewOf(scope, node.inputs[0]!);
  if (isOp(node, "transpose")) return transposeView(inner, node.attrs.permutation);
  if (isOp(node, "broadcast")) return broadcastView(inner, node.attrs.shape);
  if (isOp(node, "slice")) return sliceView(inner, node.attrs.axis, node.attrs.start, node.attrs.size);
  if (isOp(node, "reshape")) return reshaped(scope, inner, node);
  return inner;
}

function reshaped(scope: Scope, inner: View, node: Node): View {
  const direct = reshapeView(inner, node.shape);
  if (direct !== null) return direct;
  const dense = reshapeView(materialise(scope, inner, node.dtype, "reshaped"), node.shape);
  if (dense === null) throw new Error(`node ${node.id} cannot be reshaped: the active rows are not its first axis`);
  return dense;
}

/** The value that a chain of invertible views shows, with a place for it where the shown value is wanted. */
export function producerOf(scope: Scope, value: Node, view: View): { readonly node: Node; readonly view: View } | null {
  let [node, place] = [value, view];
  while (isViewOp(scope, node)) {
    const below = belowView(node, place);
    if (below === null) return null;
    [node, place] = [node.inputs[0]!, below];
  }
  return { node, view: place };
}

function belowView(node: Node, place: View): View | null {
  const shape = node.inputs[0]!.shape;
  if (isOp(node, "transpose")) {
    const inverse = node.attrs.permutation.map((_, axis) => node.attrs.permutation.indexOf(axis));
    return transposeView(place, inverse);
  }
  if (isOp(node, "slice")) return null;
  // A broadcast that repeats nothing is a reshape.
  if (isOp(node, "broadcast") && node.shape.filter((dim) => dim !== 1).length !== shape.filter((dim) => dim !== 1).length) return null;
  return reshapeView(place, shape);
}

/** Asks for a value at a place. */
export function wantAt(scope: Scope, node: Node, destination: Destination): void {
  addTo(scope.destinations, node, destination);
}

/** True when something besides a wanted place takes the value. */
export function isRead(scope: Scope, node: Node): boolean {
  return (scope.readers.get(node) ?? []).some((reader) => !isViewOp(scope, reader) || isRead(scope, reader));
}

/**
 * The memory an instruction writes a value to: a wanted place that `fits` if there is one, else fresh memory. Call the returned
 * `done` after the instruction: it registers the value and copies it to the other places that want it.
 */
export function homeFor(scope: Scope, node: Node, fits: (view: View) => boolean): { readonly view: View; readonly done: () => void } {
  const wanted = scope.destinations.get(node) ?? [];
  const chosen = wanted.find(({ view, stable }) => (stable || !isRead(scope, node)) && fits(view));
  const view = chosen?.view ?? allocate(scope, node.op, node.shape, node.dtype);
  if (chosen === undefined) scope.fresh.add(view.buffer);
  const done = (): void => {
    scope.views.set(node, view);
    for (const other of wanted) if (other !== chosen) emitCopy(scope, view, other.view);
  };
  return { view, done };
}
