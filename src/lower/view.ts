// Strided views on buffers: slicing, permuting, broadcasting and reshaping without moving a value.

import { addDims, type Dim, equalDims, mulDims, sizeOfShape, substituteDim } from "../base/dim.js";
import { isActiveRows, type Place } from "../ir/lowered/program.js";

/** Element (i, j, …) lies at `offset` + i·strides[0] + j·strides[1] … of the buffer. */
export interface View extends Place {
  readonly shape: readonly Dim[];
  readonly strides: readonly Dim[];
}

/** An axis with its stride in each of several views. */
export interface Axis {
  readonly size: Dim;
  readonly strides: readonly Dim[];
}

/** Row-major strides; the active rows of a loop always come first in memory, wherever their axis stands. */
export function denseStrides(shape: readonly Dim[]): Dim[] {
  const strides: Dim[] = shape.map(() => 0);
  const rows = shape.findIndex(isActiveRows);
  let stride: Dim = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (axis === rows) continue;
    strides[axis] = stride;
    stride = mulDims(stride, shape[axis]!);
  }
  if (rows >= 0) strides[rows] = stride;
  return strides;
}

/** The whole of a buffer as a dense value. */
export function denseView(buffer: number, shape: readonly Dim[]): View {
  return { buffer, offset: 0, step: null, shape, strides: denseStrides(shape) };
}

export function sliceView(view: View, axis: number, start: Dim, size: Dim): View {
  return { ...view, offset: addDims(view.offset, mulDims(start, view.strides[axis]!)), shape: view.shape.with(axis, size) };
}

export function transposeView(view: View, permutation: readonly number[]): View {
  return { ...view, shape: permutation.map((axis) => view.shape[axis]!), strides: permutation.map((axis) => view.strides[axis]!) };
}

/** numpy rules: right-aligned, sizes of 1 expand with stride 0. */
export function broadcastView(view: View, shape: readonly Dim[]): View {
  const extra = shape.length - view.shape.length;
  const strides = shape.map((dim, axis) => {
    const own = view.shape[axis - extra];
    return own === undefined || (own === 1 && dim !== 1) ? 0 : view.strides[axis - extra]!;
  });
  return { ...view, shape, strides };
}

/** The same elements in row-major order under another shape; null when no strides can say so. */
export function reshapeView(view: View, shape: readonly Dim[]): View | null {
  const chunks = collapseAxes(axesOf(view.shape, [view.strides]), true);
  const strides: Dim[] = [];
  let axis = 0;
  for (const chunk of chunks) {
    const sizes: Dim[] = [];
    let product: Dim = 1;
    while (!equalDims(product, chunk.size)) {
      if (axis === shape.length) return null;
      product = mulDims(product, shape[axis]!);
      sizes.push(shape[axis]!);
      axis += 1;
    }
    let stride = chunk.strides[0]!;
    const own: Dim[] = [];
    for (const size of sizes.toReversed()) {
      own.unshift(stride);
      stride = mulDims(stride, size);
    }
    strides.push(...own);
  }
  for (; axis < shape.length; axis++) {
    if (shape[axis] !== 1) return null;
    strides.push(0);
  }
  return { ...view, shape, strides };
}

/** One axis index fixed; the axis disappears. */
export function entryView(view: View, axis: number, index: Dim): View {
  return {
    ...view,
    offset: addDims(view.offset, mulDims(index, view.strides[axis]!)),
    shape: view.shape.toSpliced(axis, 1),
    strides: view.strides.toSpliced(axis, 1),
  };
}

/** Axes of several views of one shape, side by side. */
export function axesOf(shape: readonly Dim[], strides: readonly (readonly Dim[])[]): Axis[] {
  return shape.map((size, axis) => ({ size, strides: strides.map((own) => own[axis]!) }));
}

/**
 * Drops axes of one and joins neighbours that every view walks as one. Active rows stay alone unless `joinRows`: their number is
 * not a size that a product can be made of.
 */
export function collapseAxes(axes: readonly Axis[], joinRows = false): Axis[] {
  const kept: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = kept.at(-1);
    const free = joinRows || (last !== undefined && !isActiveRows(last.size) && !isActiveRows(axis.size));
    if (last !== undefined && free && last.strides.every((stride, view) => equalDims(stride, mulDims(axis.strides[view]!, axis.size)))) {
      kept[kept.length - 1] = { size: mulDims(last.size, axis.size), strides: axis.strides };
    } else kept.push(axis);
  }
  return kept;
}

/** The axes as a single one (size 1 and strides 0 for none); null when they do not join. */
export function singleAxis(axes: readonly Axis[], views: number): Axis | null {
  const joined = collapseAxes(axes);
  if (joined.length > 1) return null;
  return joined[0] ?? { size: 1, strides: Array.from({ length: views }, () => 0) };
}

/** True when the elements lie dense and in order. */
export function isDense(view: View): boolean {
  const dense = denseStrides(view.shape);
  return view.shape.every((size, axis) => size === 1 || equalDims(view.strides[axis]!, dense[axis]!));
}

/** The same start, shape and mapping. */
export function sameView(a: View, b: View): boolean {
  const sameStep = a.step === null || b.step === null ? a.step === b.step : equalDims(a.step, b.step);
  if (a.buffer !== b.buffer || !sameStep || !equalDims(a.offset, b.offset)) return false;
  const [left, right] = [squeezed(a), squeezed(b)];
  return (
    left.length === right.length &&
    left.every((axis, i) => equalDims(axis.size, right[i]!.size) && equalDims(axis.strides[0]!, right[i]!.strides[0]!))
  );
}

/** A shape without its axes of one. */
export function squeezedShape(shape: readonly Dim[]): Dim[] {
  return shape.filter((dim) => dim !== 1);
}

/** The view without its axes of one. */
export function squeezeView(view: View): View {
  const kept = view.shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  return transposeView(view, kept);
}

/** A size with the active rows at their most. */
export function atCapacity(dim: Dim, rows: Dim | null, batch: Dim): Dim {
  return rows === null || typeof rows === "number" ? dim : substituteDim(dim, new Map([[rows.key, batch]]));
}

/** Elements of a shape with the active rows at their most. */
export function capacityOf(shape: readonly Dim[], rows: Dim | null, batch: Dim): Dim {
  return atCapacity(sizeOfShape(shape), rows, batch);
}

function squeezed(view: View): Axis[] {
  return axesOf(view.shape, [view.strides]).filter((axis) => axis.size !== 1);
}
