// Reductions over any axes, as outer × mid × inner with strides.

import type { Dim } from "../base/dim.js";
import type { Node } from "../ir/core/node.js";
import { isActiveRows, type ReduceInstruction } from "../ir/lowered/program.js";
import { extentOf } from "./copy.js";
import { homeFor, materialise, type Scope, viewOf } from "./scope.js";
import { type Axis, axesOf, collapseAxes, denseView, singleAxis, transposeView, type View } from "./view.js";

/** Emits the reduction of a node's input over these axes. */
export function emitReduce(scope: Scope, node: Node, kind: ReduceInstruction["kind"], axes: readonly number[]): void {
  const source = viewOf(scope, node.inputs[0]!);
  const kept = [...source.shape.keys()].filter((axis) => !axes.includes(axis));
  const keptFirst = transposeView(source, [...kept, ...axes]);
  const dense = denseView(-1, keptFirst.shape);
  const home = homeFor(scope, node, (view) => planOf(keptFirst, view, kept.length) !== null || planOf(dense, view, kept.length) !== null);
  const direct = planOf(keptFirst, home.view, kept.length);
  const from = direct === null ? materialise(scope, keptFirst, "float32", "reduce operand") : keptFirst;
  const plan = direct ?? planOf(from, home.view, kept.length);
  if (plan === null) throw new Error(`${node.op} over axes [${axes.join(", ")}] has no plan`);
  const { outer, mid, inner } = plan;
  const { view } = home;
  scope.instructions.push({
    op: "reduce",
    kind,
    outer: extentOf(outer.size),
    mid: mid.size,
    inner: inner.size,
    src: {
      buffer: from.buffer,
      offset: from.offset,
      step: from.step,
      outer: outer.strides[0]!,
      mid: mid.strides[0]!,
      inner: inner.strides[0]!,
    },
    dst: { buffer: view.buffer, offset: view.offset, step: view.step, outer: outer.strides[1]!, inner: inner.strides[1]! },
    accumulate: false,
  });
  home.done();
}

interface Plan {
  readonly outer: Axis;
  readonly mid: Axis;
  readonly inner: Axis;
}

const none: Axis = { size: 1, strides: [0, 0] };

/**
 * Kept axes (the first `kept`) as outer and inner, the others as mid. The order of additions depends on whether inner is 1, and
 * that must not hang on the number of rows: outside loops inner is a fixed size.
 */
function planOf(src: View, dst: View, kept: number): Plan | null {
  const positions = [...src.shape.keys()];
  const reduced = axesOf(src.shape.slice(kept), [src.strides.slice(kept), positions.slice(kept).map((): Dim => 0)]);
  const mid = singleAxis(reduced, 2);
  if (mid === null) return null;
  const axes = collapseAxes(axesOf(src.shape.slice(0, kept), [src.strides.slice(0, kept), dst.strides]));
  const active = axes.find(({ size }) => isActiveRows(size));
  if (active !== undefined) {
    const rest = axes.filter((axis) => axis !== active);
    return rest.length > 1 ? null : { outer: active, mid, inner: rest[0] ?? none };
  }
  if (axes.length > 2) return null;
  const fixed = axes.filter(({ size }) => typeof size === "number");
  // Reading along neighbouring elements wants them as inner; a contiguous mid is best with inner 1.
  const inner = fixed.find(({ strides }) => strides[0] === 1) ?? (axes.length === 2 ? fixed.at(-1) : undefined);
  if (inner === undefined) return axes.length === 2 ? null : { outer: axes[0] ?? none, mid, inner: none };
  return { outer: axes.find((axis) => axis !== inner) ?? none, mid, inner };
}
