// What a section computes from resident vectors alone, once per change of them and not in every run: parameters laid side by side.

import { addDims, type Dim, sizeOfShape } from "../base/dim.js";
import { isOp, type Node } from "../ir/core/node.js";
import type { VectorName } from "../ir/lowered/section.js";
import { emitCopy } from "./copy.js";
import { isViewOp, type Scope } from "./scope.js";
import { broadcastView, denseView, reshapeView, sliceView, transposeView, type View } from "./view.js";

/** A range of a resident vector, seen in some way. */
interface ResidentView {
  readonly view: View;
  readonly vector: VectorName;
}

/** The home of a concatenation of resident values, filled by the section's prepare instructions; null if a part is anything else. */
export function prepareJoined(scope: Scope, node: Node<"concat">): View | null {
  if (scope.outer !== null) return null;
  const parts: ResidentView[] = [];
  for (const input of node.inputs) {
    const part = residentView(scope, input);
    if (part === null) return null;
    parts.push(part);
  }
  const { builder } = scope;
  const home = denseView(builder.addBuffer("joined", sizeOfShape(node.shape), node.dtype, { kind: "prepared" }), node.shape);
  let start: Dim = 0;
  parts.forEach(({ view, vector }) => {
    const size = view.shape[node.attrs.axis]!;
    emitCopy({ ...scope, instructions: builder.prepare }, view, sliceView(home, node.attrs.axis, start, size));
    builder.prepareFrom.add(vector);
    start = addDims(start, size);
  });
  return home;
}

/** The value as a view of a resident vector; null if it is none. */
function residentView(scope: Scope, node: Node): ResidentView | null {
  if (isOp(node, "input") && node.attrs.source.kind === "argument") {
    const view = scope.builder.inputView(node);
    const { home } = scope.builder.buffers[view.buffer]!;
    return home.kind === "resident" ? { view, vector: home.vector } : null;
  }
  if (!isViewOp(scope, node)) return null;
  const inner = residentView(scope, node.inputs[0]!);
  const view = inner === null ? null : seenThrough(node, inner.view);
  return inner === null || view === null ? null : { view, vector: inner.vector };
}

function seenThrough(node: Node, inner: View): View | null {
  if (isOp(node, "transpose")) return transposeView(inner, node.attrs.permutation);
  if (isOp(node, "broadcast")) return broadcastView(inner, node.attrs.shape);
  if (isOp(node, "slice")) return sliceView(inner, node.attrs.axis, node.attrs.start, node.attrs.size);
  return isOp(node, "reshape") ? reshapeView(inner, node.attrs.shape) : inner;
}
