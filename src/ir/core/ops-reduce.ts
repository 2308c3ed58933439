// Rows of the ops that reduce axes: sum, maxOf, argmax.

import type { Dim } from "../../base/dim.js";
import { elementCount } from "../../base/dtype.js";
import { makeNode } from "./build.js";
import { argmax, broadcast, eq, iota, reshape, select } from "./builders.js";
import { inputAt, misfit, requireAxis, requireDtype, showType } from "./checks.js";
import type { Node, ValueType } from "./node.js";
import type { ConcreteType, Kernel, PrimitiveTable } from "./primitive.js";
import { offsetTable, stridesOf } from "./strides.js";

/** Rows of the reductions. All take float32. */
export const reduceOps: Pick<PrimitiveTable, "sum" | "maxOf" | "argmax"> = {
  sum: {
    doc: "Sum over axes, added in row-major order; nothing sums to 0.",
    arity: 1,
    type: (inputs, { axes }) => sumType(inputAt("sum", inputs, 0), axes),
    kernel: ([x], { axes }) => sumKernel(x!, axes),
    vjp: ({ inputs: [x], attrs: { axes } }, d) => {
      const kept = x!.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
      return [broadcast(reshape(d, kept), x!.shape)];
    },
    vectorise: ([x], { attrs, where }) => makeNode("sum", [x!.node], { axes: attrs.axes.map((axis) => axis + 1) }, where),
    pointwise: false,
    test: { draw: [-4, 4] },
    special: "NaN → NaN, ∞ and -∞ together → NaN, only -0 → 0",
  },
  maxOf: {
    doc: "Largest value along an axis, -∞ of nothing; the cotangent goes to the first maximum.",
    arity: 1,
    type: (inputs, { axis }) => ({ shape: withoutAxis("maxOf", inputs, axis), dtype: "float32" }),
    kernel: ([x], { axis }) => maxKernel(x!, axis),
    vjp: ({ inputs: [x], attrs: { axis } }, d) => [select(isFirstMaximum(x!, axis), keepAxis(d, axis), 0)],
    vectorise: ([x], { attrs, where }) => makeNode("maxOf", [x!.node], { axis: attrs.axis + 1 }, where),
    pointwise: false,
    test: { draw: [-4, 4], kinks: "equal" },
    special: "any NaN → NaN, -0 and 0 → 0",
  },
  argmax: {
    doc: "Where the first maximum lies along an axis, int32; 0 of nothing.",
    arity: 1,
    type: (inputs, { axis }) => ({ shape: withoutAxis("argmax", inputs, axis), dtype: "int32" }),
    kernel: ([x], { axis }) => argmaxKernel(x!, axis),
    vjp: null,
    vectorise: ([x], { attrs, where }) => makeNode("argmax", [x!.node], { axis: attrs.axis + 1 }, where),
    pointwise: false,
    test: null,
    special: "the first NaN counts as the maximum; -0 equals 0",
  },
};

function sumType(x: ValueType, axes: readonly number[]): ValueType {
  requireDtype("sum", x, ["float32"]);
  axes.forEach((axis, position) => {
    requireAxis("sum", x, axis);
    if (position > 0 && axes[position - 1]! >= axis)
      throw misfit("sum", "axes_order", `axes [${axes.join(", ")}] of ${showType(x)} must ascend`);
  });
  return { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype };
}

function withoutAxis(op: "maxOf" | "argmax", inputs: readonly ValueType[], axis: number): readonly Dim[] {
  const x = inputAt(op, inputs, 0);
  requireDtype(op, x, ["float32"]);
  requireAxis(op, x, axis);
  return x.shape.toSpliced(axis, 1);
}

function keepAxis(x: Node, axis: number): Node {
  return reshape(x, x.shape.toSpliced(axis, 0, 1));
}

/** bool of x's shape: one true entry along the axis. */
function isFirstMaximum(x: Node, axis: number): Node {
  const size = x.shape[axis]!;
  const position = reshape(
    iota(size),
    x.shape.slice(axis).map((_, offset) => (offset === 0 ? size : 1)),
  );
  return eq(position, keepAxis(argmax(x, axis), axis));
}

/**
 * Per result element, terms are added from left to right starting at 0. Where the last axis stays, whole rows are added at a time:
 * the same order for each element, and memory is read in order.
 */
function sumKernel(x: ConcreteType, axes: readonly number[]): Kernel {
  const strides = stridesOf(x.shape);
  const of = (chosen: readonly number[]): Int32Array =>
    offsetTable(
      chosen.map((axis) => x.shape[axis]!),
      chosen.map((axis) => strides[axis]!),
    );
  const results = of([...x.shape.keys()].filter((axis) => !axes.includes(axis)));
  const terms = of(axes);
  if (axes.includes(x.shape.length - 1)) {
    return ([data], out) => {
      for (let i = 0; i < results.length; i++) {
        const start = results[i]!;
        let total = 0;
        for (let k = 0; k < terms.length; k++) total += data![start + terms[k]!]!;
        out[i] = total;
      }
    };
  }
  return ([data], out) => {
    out.fill(0);
    for (let k = 0; k < terms.length; k++) {
      const start = terms[k]!;
      for (let i = 0; i < results.length; i++) out[i]! += data![start + results[i]!]!;
    }
  };
}

interface AxisWalk {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

function axisWalk({ shape }: ConcreteType, axis: number): AxisWalk {
  return { outer: elementCount(shape.slice(0, axis)), size: shape[axis]!, inner: elementCount(shape.slice(axis + 1)) };
}

function maxKernel(x: ConcreteType, axis: number): Kernel {
  const { outer, size, inner } = axisWalk(x, axis);
  return ([data], out) => {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let best = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < size; k++) best = Math.max(best, data![(o * size + k) * inner + i]!);
        out[o * inner + i] = best;
      }
    }
  };
}

function argmaxKernel(x: ConcreteType, axis: number): Kernel {
  const { outer, size, inner } = axisWalk(x, axis);
  return ([data], out) => {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const start = o * size * inner + i;
        let found = 0;
        for (let k = 1; k < size; k++) {
          const [best, value] = [data![start + found * inner]!, data![start + k * inner]!];
          if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) found = k;
        }
        out[o * inner + i] = found;
      }
    }
  };
}
