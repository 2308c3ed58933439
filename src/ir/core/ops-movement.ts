// Rows of the ops that move values without computing: reshape, transpose, broadcast, slice, pad, concat.

import { addDims, type Dim, equalDims, equalShapes, evaluateDim, showDim, showShape, sizeOfShape, subDims } from "../../base/dim.js";
import { type ExactData, elementCount } from "../../base/dtype.js";
import { ShapeError } from "../../base/errors.js";
import { makeNode } from "./build.js";
import { alignRank, concat, pad, reshape, slice, transpose } from "./builders.js";
import { inputAt, misfit, requireAxis, requireSameDtype, showType } from "./checks.js";
import type { Node, OpAttributes, ValueType } from "./node.js";
import type { ConcreteType, Kernel, KernelContext, PrimitiveTable } from "./primitive.js";
import { broadcastStrides, planRuns, stridesOf } from "./strides.js";
import { overRows, rowsOf } from "./vectorising.js";

const movement = { arity: 1, pointwise: false, test: { draw: [-4, 4] }, special: "passes every value on" } as const;

/** Rows of the movement ops. */
export const movementOps: Pick<PrimitiveTable, "reshape" | "transpose" | "broadcast" | "slice" | "pad" | "concat"> = {
  reshape: {
    ...movement,
    doc: "The same values in row-major order under another shape.",
    type: (inputs, { shape }) => {
      const x = inputAt("reshape", inputs, 0);
      const [before, after] = [sizeOfShape(x.shape), sizeOfShape(shape)];
      if (equalDims(before, after)) return { shape, dtype: x.dtype };
      const what = `${showType(x)} has ${showDim(before)} elements, ${showShape(shape)} has ${showDim(after)}`;
      throw misfit("reshape", "element_count", what);
    },
    kernel:
      () =>
      ([x], out) =>
        out.set(x!),
    vjp: ({ inputs: [x] }, d) => [reshape(d, x!.shape)],
    vectorise: (inputs, { attrs, where }) => makeNode("reshape", [inputs[0]!.node], { shape: [rowsOf(inputs), ...attrs.shape] }, where),
  },
  transpose: {
    ...movement,
    doc: "Axis i of the result is axis permutation[i] of the input.",
    type: (inputs, { permutation }) => transposeType(inputAt("transpose", inputs, 0), permutation),
    kernel: ([x], { permutation }, { out }) => {
      const strides = stridesOf(x!.shape);
      const moved = permutation.map((axis) => strides[axis]!);
      return copyStrided(out, moved);
    },
    vjp: ({ attrs }, d) => [transpose(d, inverse(attrs.permutation))],
    vectorise: ([x], { attrs, where }) => {
      const permutation = [0, ...attrs.permutation.map((axis) => axis + 1)];
      return makeNode("transpose", [x!.node], { permutation }, where);
    },
  },
  broadcast: {
    ...movement,
    doc: "numpy rules: aligned at the right, sizes of 1 expand.",
    type: (inputs, { shape }) => broadcastType(inputAt("broadcast", inputs, 0), shape),
    kernel: ([x], _, { out }) => copyStrided(out, broadcastStrides(x!.shape, out.shape)),
    vjp: (_, d) => [d],
    vectorise: (inputs, { attrs, where }) => {
      const aligned = alignRank(inputs[0]!.node, attrs.shape.length + 1, 1);
      return makeNode("broadcast", [aligned], { shape: [rowsOf(inputs), ...attrs.shape] }, where);
    },
  },
  slice: {
    ...movement,
    doc: "`size` consecutive entries of one axis from `start` on.",
    type: (inputs, attrs) => sliceType(inputAt("slice", inputs, 0), attrs),
    kernel: ([x], attrs, context) => sliceKernel(x!, attrs, context),
    vjp: ({ inputs: [x], attrs: { axis, start, size } }, d) => [pad(d, axis, start, subDims(subDims(x!.shape[axis]!, start), size))],
    vectorise: ([x], { attrs, where }) => makeNode("slice", [x!.node], { ...attrs, axis: attrs.axis + 1 }, where),
  },
  pad: {
    ...movement,
    doc: "Zeros (false) before and after along one axis.",
    type: (inputs, attrs) => padType(inputAt("pad", inputs, 0), attrs),
    kernel: ([x], { axis, before }, { out, sizes }) => {
      const [block, start] = [blockOf(x!.shape, axis), evaluateDim(before, sizes) * inner(x!.shape, axis)];
      const stride = blockOf(out.shape, axis);
      const count = elementCount(x!.shape.slice(0, axis));
      return ([data], result) => {
        result.fill(0);
        for (let o = 0; o < count; o++) copyBlock(data!, o * block, result, o * stride + start, block);
      };
    },
    vjp: ({ inputs: [x], attrs: { axis, before } }, d) => [slice(d, axis, before, x!.shape[axis]!)],
    vectorise: ([x], { attrs, where }) => makeNode("pad", [x!.node], { ...attrs, axis: attrs.axis + 1 }, where),
  },
  concat: {
    ...movement,
    arity: -1,
    doc: "Values one after another along one axis.",
    type: (inputs, { axis }) => concatType(inputs, axis),
    kernel: (inputs, { axis }, { out }) => concatKernel(inputs, axis, out),
    vjp: concatCotangents,
    vectorise: (inputs, { attrs }) => {
      const rows = rowsOf(inputs);
      return concat(
        inputs.map((input) => overRows(input, rows)),
        attrs.axis + 1,
      );
    },
  },
};

function inverse(permutation: readonly number[]): number[] {
  const result: number[] = [];
  permutation.forEach((axis, position) => {
    result[axis] = position;
  });
  return result;
}

function transposeType(x: ValueType, permutation: readonly number[]): ValueType {
  const isPermutation = permutation.length === x.shape.length && x.shape.every((_, axis) => permutation.includes(axis));
  if (!isPermutation)
    throw misfit("transpose", "not_a_permutation", `[${permutation.join(", ")}] does not order the axes of ${showType(x)}`);
  return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
}

function broadcastType(x: ValueType, shape: readonly Dim[]): ValueType {
  const extra = shape.length - x.shape.length;
  const fits = extra >= 0 && x.shape.every((dim, axis) => dim === 1 || equalDims(dim, shape[axis + extra]!));
  if (!fits) throw misfit("broadcast", "cannot_broadcast", `${showType(x)} does not expand to ${showShape(shape)}`);
  return { shape, dtype: x.dtype };
}

function sliceType(x: ValueType, { axis, start, size }: OpAttributes["slice"]): ValueType {
  const dim = requireAxis("slice", x, axis);
  const rest = subDims(subDims(dim, start), size);
  if (isNegative(start) || isNegative(size) || isNegative(rest)) throw outside(x, axis, start, size);
  return { shape: x.shape.with(axis, size), dtype: x.dtype };
}

function outside(x: ValueType, axis: number, start: Dim, size: Dim, where = ""): ShapeError {
  const what = `${showDim(size)} entries from ${showDim(start)} on do not lie in axis ${axis} of ${showType(x)}`;
  return new ShapeError({ code: "slice_range", op: "slice", what, where });
}

function isNegative(dim: Dim): boolean {
  return typeof dim === "number" && dim < 0;
}

/** Symbolic ranges can only be checked here. */
function sliceKernel(x: ConcreteType, { axis, start, size }: OpAttributes["slice"], { out, sizes, where }: KernelContext): Kernel {
  const [first, count] = [evaluateDim(start, sizes), evaluateDim(size, sizes)];
  if (first < 0 || count < 0 || first + count > x.shape[axis]!) throw outside(x, axis, first, count, where);
  const [block, stride] = [blockOf(out.shape, axis), blockOf(x.shape, axis)];
  const offset = first * inner(x.shape, axis);
  const outer = elementCount(out.shape.slice(0, axis));
  return ([data], result) => {
    for (let o = 0; o < outer; o++) copyBlock(data!, o * stride + offset, result, o * block, block);
  };
}

function padType(x: ValueType, { axis, before, after }: OpAttributes["pad"]): ValueType {
  const dim = requireAxis("pad", x, axis);
  if (isNegative(before) || isNegative(after)) {
    throw misfit("pad", "negative_padding", `${showDim(before)} before and ${showDim(after)} after ${showType(x)}`);
  }
  return { shape: x.shape.with(axis, addDims(addDims(before, dim), after)), dtype: x.dtype };
}

function concatType(inputs: readonly ValueType[], axis: number): ValueType {
  const first = inputAt("concat", inputs, 0);
  requireAxis("concat", first, axis);
  requireSameDtype("concat", inputs);
  for (const other of inputs) {
    const fits = other.shape.length === first.shape.length && equalShapes(other.shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1));
    if (!fits) throw misfit("concat", "cannot_concat", `${showType(first)} and ${showType(other)} differ outside axis ${axis}`);
  }
  const total = inputs.reduce<Dim>((sum, { shape }) => addDims(sum, shape[axis]!), 0);
  return { shape: first.shape.with(axis, total), dtype: first.dtype };
}

function concatKernel(inputs: readonly ConcreteType[], axis: number, out: ConcreteType): Kernel {
  const blocks = inputs.map(({ shape }) => blockOf(shape, axis));
  const outer = elementCount(out.shape.slice(0, axis));
  return (data, result) => {
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (let p = 0; p < blocks.length; p++) {
        const block = blocks[p]!;
        copyBlock(data[p]!, o * block, result, at, block);
        at += block;
      }
    }
  };
}

function concatCotangents({ inputs, attrs: { axis } }: Node<"concat">, d: Node): Node[] {
  let start: Dim = 0;
  return inputs.map(({ shape }) => {
    const part = slice(d, axis, start, shape[axis]!);
    start = addDims(start, shape[axis]!);
    return part;
  });
}

/** Elements per entry of the axis. */
function inner(shape: readonly number[], axis: number): number {
  return elementCount(shape.slice(axis + 1));
}

/** Elements of the whole axis and those inside it. */
function blockOf(shape: readonly number[], axis: number): number {
  return elementCount(shape.slice(axis));
}

function copyBlock(from: ExactData, start: number, to: ExactData, at: number, count: number): void {
  // A call into the engine costs more than a few dozen element copies.
  if (count > 48) to.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
}

function copyStrided(out: ConcreteType, strides: readonly number[]): Kernel {
  const { outer, inner: count, offsets, steps } = planRuns(out.shape, [strides]);
  const [starts, step] = [offsets[0]!, steps[0]!];
  return ([x], result) => {
    let at = 0;
    for (let run = 0; run < outer; run++) {
      let from = starts[run]!;
      for (let i = 0; i < count; i++, from += step) result[at++] = x![from]!;
    }
  };
}
