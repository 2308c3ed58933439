// Walks over strided values: broadcasting and transposing as a few long runs instead of index arithmetic per element.

import { elementCount } from "../../base/dtype.js";

/** A walk over `outer` runs of `inner` elements; operand p of run r starts at offsets[p][r] and advances by steps[p]. */
export interface RunPlan {
  readonly outer: number;
  readonly inner: number;
  readonly offsets: readonly Int32Array[];
  readonly steps: readonly number[];
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Strides of an operand seen through the shape it broadcasts to: 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], out: readonly number[]): number[] {
  const own = stridesOf(shape);
  const extra = out.length - shape.length;
  return out.map((_, axis) => (axis < extra || shape[axis - extra] === 1 ? 0 : own[axis - extra]!));
}

/** Element offsets of all index tuples of `sizes` in row-major order. */
export function offsetTable(sizes: readonly number[], strides: readonly number[]): Int32Array {
  const table = new Int32Array(elementCount(sizes));
  const index = sizes.map(() => 0);
  let offset = 0;
  for (let at = 0; at < table.length; at++) {
    table[at] = offset;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      offset += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < sizes[axis]!) break;
      offset -= strides[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return table;
}

/** The walk over `sizes` for operands with these strides; axes that all operands walk evenly are merged. */
export function planRuns(sizes: readonly number[], operands: readonly (readonly number[])[]): RunPlan {
  const merged: { size: number; strides: readonly number[] }[] = [];
  sizes.forEach((size, axis) => {
    if (size === 1) return;
    const strides = operands.map((operand) => operand[axis]!);
    const before = merged.at(-1);
    if (before?.strides.every((stride, p) => stride === strides[p]! * size)) {
      merged[merged.length - 1] = { size: before.size * size, strides };
    } else merged.push({ size, strides });
  });
  const last = merged.pop() ?? { size: 1, strides: operands.map(() => 0) };
  const outerSizes = merged.map(({ size }) => size);
  return {
    outer: elementCount(outerSizes),
    inner: last.size,
    offsets: operands.map((_, p) =>
      offsetTable(
        outerSizes,
        merged.map(({ strides }) => strides[p]!),
      ),
    ),
    steps: last.strides,
  };
}

/** The walk over a broadcast result. */
export function planBroadcast(out: readonly number[], shapes: readonly (readonly number[])[]): RunPlan {
  return planRuns(
    out,
    shapes.map((shape) => broadcastStrides(shape, out)),
  );
}
