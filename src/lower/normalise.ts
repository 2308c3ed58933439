// Two rewrites that make gates cheap: slices move in front of pointwise ops, and sums of paddings become one concatenation.

import { addDims, type Dim, equalDims, subDims } from "../base/dim.js";
import { makeNode, remakeNode, scalarNode } from "../ir/core/build.js";
import { isOp, type Node } from "../ir/core/node.js";
import { primitives } from "../ir/core/table.js";
import { readersOf, topological } from "./walk.js";

/** The part of a graph that is rewritten; `isOuter` nodes belong to another scope and are kept. */
export interface Region {
  readonly outputs: readonly Node[];
  readonly isOuter: (node: Node) => boolean;
}

/** Equal outputs; afterwards no `pad` is left and sliced pointwise values are computed piece by piece. */
export function normalise(region: Region): readonly Node[] {
  const { isOuter } = region;
  return pushSlices({ outputs: joinPads(region), isOuter });
}

/** Everything a pointwise op does to one element; `stop` and `tap` are views here. */
export function isComputed(node: Node): boolean {
  return primitives[node.op].pointwise && node.op !== "stop" && node.op !== "tap";
}

function inputsWithin(isOuter: (node: Node) => boolean): (node: Node) => readonly Node[] {
  return (node) => (isOuter(node) ? [] : node.inputs);
}

/** pad(a) + pad(b) + … over disjoint ranges of one axis = concat(a + 0, b + 0, …): the added 0 keeps the sign of zeros. */
function joinPads({ outputs, isOuter }: Region): readonly Node[] {
  const inputsOf = inputsWithin(isOuter);
  const order = topological(outputs, inputsOf);
  const readers = readersOf(order, inputsOf);
  const kept = new Set(outputs);
  const isInner = (node: Node): boolean => {
    const by = readers.get(node) ?? [];
    return !kept.has(node) && by.length === 1 && isOp(by[0]!, "add") && by[0]!.inputs[0] !== by[0]!.inputs[1];
  };
  const leaves = (node: Node): Node[] => node.inputs.flatMap((x) => (isOp(x, "add") && isInner(x) && !isOuter(x) ? leaves(x) : [x]));
  const made = new Map<Node, Node>();
  const rebuilt = (node: Node): Node => made.get(node) ?? node;
  for (const node of order) {
    if (isOuter(node)) continue;
    if (isOp(node, "add") && !isInner(node)) {
      const pads = leaves(node).filter((leaf) => isOp(leaf, "pad") && !isOuter(leaf)) as Node<"pad">[];
      const joined = pads.length === leaves(node).length ? disjointPads(node, pads, rebuilt) : null;
      if (joined !== null) {
        made.set(node, joined);
        continue;
      }
    }
    if (isOp(node, "pad")) made.set(node, padAsConcat(node, rebuilt(node.inputs[0]!)));
    else made.set(node, remakeNode(node, node.inputs.map(rebuilt)));
  }
  return outputs.map(rebuilt);
}

function disjointPads(sum: Node, pads: readonly Node<"pad">[], rebuilt: (node: Node) => Node): Node | null {
  const axis = pads[0]!.attrs.axis;
  const pieces = pads.map((pad) => ({ pad, start: pad.attrs.before, size: pad.inputs[0]!.shape[axis]! }));
  const isPlain = pieces.every(({ pad, start, size }) => pad.attrs.axis === axis && typeof start === "number" && typeof size === "number");
  if (!isPlain || pads.some((pad) => pad.shape.length !== sum.shape.length)) return null;
  pieces.sort((left, right) => Number(left.start) - Number(right.start));
  const parts: Node[] = [];
  let at: Dim = 0;
  for (const { pad, start, size } of pieces) {
    const gap: Dim = subDims(start, at);
    if (Number(gap) < 0) return null;
    if (gap !== 0) parts.push(zeroPiece(sum, axis, gap));
    parts.push(makeNode("add", [rebuilt(pad.inputs[0]!), scalarNode(0, sum.dtype)], null, sum.where));
    at = addDims(start, size);
  }
  const rest = subDims(sum.shape[axis]!, at);
  if (rest !== 0) parts.push(zeroPiece(sum, axis, rest));
  return makeNode("concat", parts, { axis }, sum.where);
}

/** Padding as a concatenation with zeros. */
export function padAsConcat(pad: Node<"pad">, x: Node): Node {
  const { axis, before, after } = pad.attrs;
  const parts = [...(before === 0 ? [] : [zeroPiece(pad, axis, before)]), x, ...(after === 0 ? [] : [zeroPiece(pad, axis, after)])];
  return parts.length === 1 ? x : makeNode("concat", parts, { axis }, pad.where);
}

function zeroPiece(like: Node, axis: number, size: Dim): Node {
  return makeNode("broadcast", [scalarNode(0, like.dtype)], { shape: like.shape.with(axis, size) }, like.where);
}

/** A range of an axis, counted from the right because broadcasting aligns there. */
interface Range {
  readonly fromRight: number;
  readonly start: number;
  readonly size: number;
}

function rangeOf(node: Node): Range | null {
  if (!isOp(node, "slice")) return null;
  const { axis, start, size } = node.attrs;
  return typeof start === "number" && typeof size === "number" ? { fromRight: node.shape.length - axis, start, size } : null;
}

/** slice(f(a, b)) = f(slice a, slice b) wherever nothing but slices of one axis reads f's result. */
function pushSlices({ outputs, isOuter }: Region): readonly Node[] {
  const inputsOf = inputsWithin(isOuter);
  const order = topological(outputs, inputsOf);
  const sliced = slicedOnly(order, readersOf(order, inputsOf), new Set(outputs), isOuter);
  if (sliced.size === 0) return outputs;
  const made = new Map<Node, Node>();
  const pieces = new Map<string, Node>();
  const rebuilt = (node: Node): Node => made.get(node) ?? node;
  const piece = (node: Node, range: Range): Node => {
    const axis = node.shape.length - range.fromRight;
    if (axis < 0 || node.shape[axis] === 1) return rebuilt(node);
    const key = `${node.id} ${range.fromRight} ${range.start} ${range.size}`;
    const known = pieces.get(key);
    if (known !== undefined) return known;
    const result =
      sliced.get(node) === range.fromRight
        ? makeNode(
            node.op,
            node.inputs.map((input) => piece(input, range)),
            node.attrs,
            node.where,
          )
        : makeNode("slice", [rebuilt(node)], { axis, start: range.start, size: range.size }, node.where);
    pieces.set(key, result);
    return result;
  };
  for (const node of order) {
    if (isOuter(node) || sliced.has(node)) continue;
    const range = rangeOf(node);
    if (range !== null && sliced.get(node.inputs[0]!) === range.fromRight) made.set(node, piece(node.inputs[0]!, range));
    else made.set(node, remakeNode(node, node.inputs.map(rebuilt)));
  }
  return outputs.map(rebuilt);
}

/** Pointwise nodes whose readers, through other such nodes, are slices of one axis; with that axis counted from the right. */
function slicedOnly(
  order: readonly Node[],
  readers: ReadonlyMap<Node, Node[]>,
  outputs: ReadonlySet<Node>,
  isOuter: (node: Node) => boolean,
): Map<Node, number> {
  const found = new Map<Node, number>();
  for (const node of order.toReversed()) {
    if (isOuter(node) || !isComputed(node) || node.inputs.length === 0 || outputs.has(node)) continue;
    const axes = (readers.get(node) ?? []).map((reader) => slicedAxis(node, reader, found));
    const fromRight = axes[0];
    if (typeof fromRight !== "number" || axes.some((axis) => axis !== fromRight)) continue;
    if (coverage(node, readers, found) <= Number(node.shape.at(-fromRight))) found.set(node, fromRight);
  }
  return found;
}

function slicedAxis(node: Node, reader: Node, found: ReadonlyMap<Node, number>): number | null {
  const range = rangeOf(reader);
  if (range !== null) return range.fromRight;
  const fromRight = found.get(reader);
  if (fromRight === undefined) return null;
  const [own, theirs] = [node.shape.at(-fromRight), reader.shape.at(-fromRight)];
  return fromRight <= node.shape.length && own !== undefined && theirs !== undefined && equalDims(own, theirs) ? fromRight : null;
}

/** Elements of the axis that would be computed, so that overlapping slices do not repeat work. */
function coverage(node: Node, readers: ReadonlyMap<Node, Node[]>, found: ReadonlyMap<Node, number>): number {
  const ranges = new Map<string, number>();
  const visit = (at: Node): void => {
    for (const reader of readers.get(at) ?? []) {
      const range = rangeOf(reader);
      if (range !== null) ranges.set(`${range.start} ${range.size}`, range.size);
      else if (found.has(reader)) visit(reader);
    }
  };
  visit(node);
  return [...ranges.values()].reduce((sum, size) => sum + size, 0);
}
