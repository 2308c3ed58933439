// Affine scans: one instruction for all steps, its feature axes joined to columns.

import type { Dim } from "../base/dim.js";
import type { Node } from "../ir/core/node.js";
import { affineInputs, affineWidth } from "../ir/core/ops-affine.js";
import type { MatrixOperand } from "../ir/lowered/program.js";
import { homeFor, materialise, type Scope, viewOf } from "./scope.js";
import { axesOf, broadcastView, entryView, singleAxis, type View } from "./view.js";

/** Emits the recurrence; operands whose features no single stride walks are copied first. */
export function emitAffine(scope: Scope, node: Node<"affineScan">): void {
  const { domain, vary, reverse, lag } = node.attrs;
  const given = affineInputs(node.inputs, node.attrs);
  const features = given.terms[0]!.shape.slice(1);
  const home = homeFor(scope, node, (view) => statesOf(view, node).every((state) => columnStride(state, 1) !== null));
  const read = (input: Node, leading: number): View => {
    const view = viewOf(scope, input);
    const wide = broadcastView(view, [...view.shape.slice(0, leading), ...features]);
    return columnStride(wide, leading) === null ? materialise(scope, wide, "float32", "affine operand") : wide;
  };
  const initial = given.initial.map((input) => byRow(read(input, 1)));
  const coefficients = given.coefficients.map((input, index) => {
    if (vary[index] === "shared") return shared(read(input, 0));
    return vary[index] === "rows" ? byRow(read(input, 1)) : byStep(read(input, 1));
  });
  const terms = given.terms.map((input) => byStep(read(input, 1)));
  scope.instructions.push({
    op: "affine",
    time: domain.time,
    rows: scope.builder.tableBuffer(domain, "rows", domain.time),
    offsets: scope.builder.tableBuffer(domain, "offsets", domain.time),
    batch: domain.batch,
    cols: singleAxis(axesOf(features, [features.map(() => 0)]), 1)!.size,
    reverse,
    lag,
    initial,
    coefficients,
    terms,
    results: statesOf(home.view, node).map(byStep),
  });
  home.done();
}

/** The places of the states in the result. */
function statesOf(view: View, node: Node<"affineScan">): View[] {
  return affineWidth(node.attrs) === 1 ? [view] : [0, 1].map((index) => entryView(view, 0, index));
}

/** The stride of the feature axes walked as one; null if there is none. */
function columnStride(view: View, leading: number): Dim | null {
  return singleAxis(axesOf(view.shape.slice(leading), [view.strides.slice(leading)]), 1)?.strides[0] ?? null;
}

function byStep(view: View): MatrixOperand {
  return { ...byRow(view), step: view.strides[0]! };
}

function byRow({ buffer, offset, shape, strides }: View): MatrixOperand {
  return { buffer, offset, step: null, row: strides[0]!, col: columnStride({ buffer, offset, step: null, shape, strides }, 1)! };
}

function shared(view: View): MatrixOperand {
  return { buffer: view.buffer, offset: view.offset, step: null, row: 0, col: columnStride(view, 0)! };
}
