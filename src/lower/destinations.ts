// Decides, from the outputs backwards, where values are to be written: results, stacked outputs, carries, pieces of concatenations.

import { addDims, type Dim, showDim } from "../base/dim.js";
import { makeNode } from "../ir/core/build.js";
import { isOp, type Node } from "../ir/core/node.js";
import { prepareJoined } from "./prepare.js";
import { allocate, type Destination, isViewOp, producerOf, type ScanHomes, type Scope, wantAt } from "./scope.js";
import { isDense, sliceView, squeezedShape, type View } from "./view.js";
import { addTo } from "./walk.js";

/** A value that must end up at a place. */
export interface Sink {
  readonly value: Node;
  readonly view: View;
}

/** Moves that no producer can do itself: before a node that needs them, or at the end. */
export interface Moves {
  readonly before: ReadonlyMap<Node, readonly Node[]>;
  readonly late: readonly Node[];
}

/** Distributes the sinks over the producers of `order`; concatenations and scans get their homes here. */
export function planDestinations(scope: Scope, order: readonly Node[], sinks: readonly Sink[]): Moves {
  const before = new Map<Node, Node[]>();
  const late: Node[] = [];
  for (const { value, view } of sinks) assign(scope, value, { view, stable: true }, late);
  for (const node of order.toReversed()) {
    if (scope.isLeaf(node)) continue;
    const moves: Node[] = [];
    if (isOp(node, "concat")) placeParts(scope, node, moves);
    if (isOp(node, "scan")) placeScan(scope, node, order, moves);
    if (moves.length > 0) before.set(node, moves);
  }
  return { before, late };
}

/** Asks the producer to write there, or adds a move. */
function assign(scope: Scope, value: Node, destination: Destination, moves: Node[]): void {
  const producer = producerOf(scope, value, destination.view);
  if (producer !== null && canWrite(scope, producer.node, destination)) {
    wantAt(scope, producer.node, { view: producer.view, stable: destination.stable });
    return;
  }
  moves.push(moveTo(scope, value, destination));
}

/** A concatenation has one home, which its parts are written to and its readers read. */
function canWrite(scope: Scope, node: Node, { stable }: Destination): boolean {
  if (scope.isLeaf(node) || isViewOp(scope, node)) return false;
  return !isOp(node, "concat") || (stable && (scope.destinations.get(node) ?? []).length === 0);
}

function moveTo(scope: Scope, value: Node, destination: Destination): Node {
  const move = makeNode("stop", [value], null, value.where);
  scope.moved.add(move);
  wantAt(scope, move, destination);
  addTo(scope.readers, value, move);
  return move;
}

/** Parts are written straight into their range of the whole; parameters are joined before the run. */
function placeParts(scope: Scope, node: Node<"concat">, moves: Node[]): void {
  const wanted = scope.destinations.get(node)?.[0]?.view;
  const prepared = wanted === undefined ? prepareJoined(scope, node) : null;
  const home = prepared ?? wanted ?? allocate(scope, "concat", node.shape, node.dtype);
  scope.views.set(node, home);
  if (prepared !== null) return;
  let start: Dim = 0;
  for (const part of node.inputs) {
    const size = part.shape[node.attrs.axis]!;
    assign(scope, part, { view: sliceView(home, node.attrs.axis, start, size), stable: true }, moves);
    start = addDims(start, size);
  }
}

/** Results live where they are wanted; the first values of the carries are written where the final ones will be. */
function placeScan(scope: Scope, node: Node<"scan">, order: readonly Node[], moves: Node[]): void {
  const parts = order.filter((other): other is Node<"part"> => isOp(other, "part") && other.inputs[0] === node);
  const results = node.results.map((type, index) => {
    const part = parts.find(({ attrs }) => attrs.index === index);
    const isSum = index >= node.attrs.carries + node.attrs.ys;
    const fits = ({ view, stable }: Destination): boolean => stable && (!isSum || isDense(view));
    const wanted = part === undefined ? undefined : (scope.destinations.get(part) ?? []).find(fits);
    return wanted?.view ?? allocate(scope, `scan.${index}`, type.shape, type.dtype);
  });
  const homes: ScanHomes = { results, parts };
  scope.homes.set(node, homes);
  for (let carry = 0; carry < node.attrs.carries; carry++) {
    assign(scope, node.inputs[carry]!, { view: results[carry]!, stable: false }, moves);
  }
}

/** The value behind views that only insert or drop axes of one. */
export function peel(scope: Scope, value: Node): Node {
  let node = value;
  while (isViewOp(scope, node) && node.op !== "transpose" && spaceKey(node.shape) === spaceKey(node.inputs[0]!.shape))
    node = node.inputs[0]!;
  return node;
}

/** Shapes with equal keys are walked by one tile program. */
export function spaceKey(shape: readonly Dim[]): string {
  return squeezedShape(shape).map(showDim).join(",");
}
