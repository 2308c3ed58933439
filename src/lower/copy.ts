// Copies between any two views of one shape, and fills.

import { addDims, type Dim, mulDims } from "../base/dim.js";
import { RunError } from "../base/errors.js";
import { type CopyInstruction, copyRank, type Extent, isActiveRows, type MatrixOperand } from "../ir/lowered/program.js";
import type { Scope } from "./scope.js";
import { type Axis, axesOf, collapseAxes, sameView, type View } from "./view.js";

/** Moves every element of `from` to its place in `to`. */
export function emitCopy(scope: Scope, from: View, to: View): void {
  if (sameView(from, to)) return;
  const axes = collapseAxes(axesOf(from.shape, [from.strides, to.strides]));
  const rows = axes.filter((axis) => isActiveRows(axis.size));
  const rest = axes.filter((axis) => !isActiveRows(axis.size));
  copyAxes(scope, from, to, rows, rest);
}

function copyAxes(scope: Scope, from: View, to: View, rows: readonly Axis[], rest: readonly Axis[]): void {
  if (rest.length + 1 > copyRank) {
    // More axes than one instruction has: the shortest fixed one is written out.
    const fixed = rest.filter((axis) => typeof axis.size === "number").sort((a, b) => Number(a.size) - Number(b.size))[0];
    if (fixed === undefined) throw tooManyAxes(rest.length);
    unrolled(fixed, [from, to], ([source, target]) =>
      copyAxes(
        scope,
        source!,
        target!,
        rows,
        rest.filter((axis) => axis !== fixed),
      ),
    );
    return;
  }
  const filler: Axis[] = Array.from({ length: copyRank - rest.length - rows.length }, () => ({ size: 1, strides: [0, 0] }));
  const all = [...rows, ...filler, ...rest];
  const side = (view: View, index: number): CopyInstruction["src"] => ({
    buffer: view.buffer,
    offset: view.offset,
    step: view.step,
    strides: all.map((axis) => axis.strides[index]!),
  });
  scope.instructions.push({ op: "copy", dims: all.map((axis) => extentOf(axis.size)), src: side(from, 0), dst: side(to, 1) });
}

/** Calls `emit` once for every entry of a fixed axis, with the views' starts moved there. */
export function unrolled<P extends { readonly offset: Dim }>(axis: Axis, places: readonly P[], emit: (places: readonly P[]) => void): void {
  for (let i = 0; i < Number(axis.size); i++) {
    emit(places.map((place, index) => ({ ...place, offset: addDims(place.offset, mulDims(i, axis.strides[index]!)) })));
  }
}

/** The active rows' symbol as the marker that instructions use. */
export function extentOf(size: Dim): Extent {
  return isActiveRows(size) ? "rows" : size;
}

/** A view's start with the strides of a row and a column axis. */
export function operandOf(view: View, row: Dim, col: Dim): MatrixOperand {
  return { buffer: view.buffer, offset: view.offset, step: view.step, row, col };
}

/** Moves a value to its place; one constant is written there instead of being read for every element. */
export function emitValue(scope: Scope, from: View, to: View): void {
  const bits = scope.builder.uniformBits(from);
  if (bits === null) emitCopy(scope, from, to);
  else emitFill(scope, to, bits);
}

/** Writes the same four bytes to every element of a view. */
export function emitFill(scope: Scope, view: View, bits: number): void {
  const axes = collapseAxes(axesOf(view.shape, [view.strides]));
  const rows = axes.find((axis) => isActiveRows(axis.size));
  const rest = axes.filter((axis) => axis !== rows);
  if (rest.length + (rows === undefined ? 0 : 1) > 2) {
    const scalar = scope.builder.uniformView(bits, "int32");
    emitCopy(scope, { ...scalar, shape: view.shape, strides: view.shape.map(() => 0) }, view);
    return;
  }
  const first = rows ?? (rest.length === 2 ? rest[0]! : { size: 1, strides: [0] });
  const second = (rows === undefined && rest.length === 2 ? rest[1] : rest[0]) ?? { size: 1, strides: [0] };
  scope.instructions.push({
    op: "tile",
    rows: extentOf(first.size),
    cols: second.size,
    operands: [operandOf(view, first.strides[0]!, second.strides[0]!)],
    micro: [
      { op: "const", d: 0, a: bits, b: 0, c: 0 },
      { op: "store", d: 0, a: 0, b: 0, c: 0 },
    ],
  });
}

function tooManyAxes(count: number): RunError {
  return new RunError({
    code: "too_many_axes",
    what: `a value with ${count} axes of run-time size that no strides join cannot be moved`,
    hint: "Reshape or transpose it in smaller steps.",
    phase: "compile",
  });
}
