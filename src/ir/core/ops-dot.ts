// Row of `dot`: products summed over pairs of axes, with batch axes.

import { equalDims, showDim } from "../../base/dim.js";
import { elementCount } from "../../base/dtype.js";
import { axisToFront, dot, transpose } from "./builders.js";
import { inputAt, misfit, requireAxis, requireDtype, showType } from "./checks.js";
import type { Node, OpAttributes, ValueType } from "./node.js";
import type { ConcreteType, Kernel, MaybeVarying, PrimitiveTable } from "./primitive.js";
import { offsetTable, stridesOf } from "./strides.js";

type Axes = OpAttributes["dot"];

/** Row of `dot`. */
export const dotOps: Pick<PrimitiveTable, "dot"> = {
  dot: {
    doc: "Sum of products over the contracted axes (in their listed order), for each batch entry; result axes: batch, free of a, free of b.",
    arity: 2,
    type: (inputs, attrs) => dotType(inputAt("dot", inputs, 0), inputAt("dot", inputs, 1), attrs),
    kernel: ([a, b], attrs) => dotKernel(a!, b!, attrs),
    vjp: ({ inputs: [a, b], attrs }, d) => [cotangentOfA(a!, b!, attrs, d), cotangentOfB(a!, b!, attrs, d)],
    vectorise: ([a, b], { attrs }) => vectoriseDot(a!, b!, attrs),
    pointwise: false,
    test: { draw: [-4, 4] },
    special: "as products and sum: NaN → NaN, 0 · ∞ → NaN; no terms → 0",
  },
};

/** The axes that are neither batch nor contracted, ascending. */
function freeAxes(rank: number, batch: readonly number[], contract: readonly number[]): number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !batch.includes(axis) && !contract.includes(axis));
}

function dotType(a: ValueType, b: ValueType, { aBatch, bBatch, aContract, bContract }: Axes): ValueType {
  for (const input of [a, b]) requireDtype("dot", input, ["float32"]);
  checkAxes(a, [...aBatch, ...aContract]);
  checkAxes(b, [...bBatch, ...bContract]);
  checkPairs("batch", a, b, aBatch, bBatch);
  checkPairs("contracted", a, b, aContract, bContract);
  const shape = [
    ...aBatch.map((axis) => a.shape[axis]!),
    ...freeAxes(a.shape.length, aBatch, aContract).map((axis) => a.shape[axis]!),
    ...freeAxes(b.shape.length, bBatch, bContract).map((axis) => b.shape[axis]!),
  ];
  return { shape, dtype: "float32" };
}

function checkAxes(input: ValueType, axes: readonly number[]): void {
  for (const axis of axes) requireAxis("dot", input, axis);
  if (new Set(axes).size < axes.length) throw misfit("dot", "repeated_axis", `axes [${axes.join(", ")}] of ${showType(input)} repeat`);
}

function checkPairs(kind: string, a: ValueType, b: ValueType, aAxes: readonly number[], bAxes: readonly number[]): void {
  if (aAxes.length !== bAxes.length) {
    throw misfit("dot", "unpaired_axes", `${aAxes.length} ${kind} axes of ${showType(a)} against ${bAxes.length} of ${showType(b)}`);
  }
  aAxes.forEach((axis, pair) => {
    const [left, right] = [a.shape[axis]!, b.shape[bAxes[pair]!]!];
    if (equalDims(left, right)) return;
    const what = `left ${showType(a)} has ${showDim(left)} at ${kind} axis ${axis}, right ${showType(b)} has ${showDim(right)} at axis ${bAxes[pair]!}`;
    throw misfit("dot", "dot_sizes", what);
  });
}

/** dA = d · bᵀ: contract what is free in b, then put the axes back where a has them. */
function cotangentOfA(a: Node, b: Node, { aBatch, bBatch, aContract, bContract }: Axes, d: Node): Node {
  const free = freeAxes(a.shape.length, aBatch, aContract);
  const other = freeAxes(b.shape.length, bBatch, bContract);
  const batch = [...aBatch.keys()];
  const result = dot(d, b, {
    aBatch: batch,
    bBatch,
    aContract: other.map((_, position) => aBatch.length + free.length + position),
    bContract: other,
  });
  return transpose(result, backTo([...aBatch, ...free, ...partnersAscending(bContract, aContract)]));
}

/** dB = aᵀ · d. */
function cotangentOfB(a: Node, b: Node, { aBatch, bBatch, aContract, bContract }: Axes, d: Node): Node {
  const free = freeAxes(a.shape.length, aBatch, aContract);
  const other = freeAxes(b.shape.length, bBatch, bContract);
  const batch = [...aBatch.keys()];
  const result = dot(a, d, { aBatch, bBatch: batch, aContract: free, bContract: free.map((_, position) => aBatch.length + position) });
  return transpose(result, backTo([...bBatch, ...partnersAscending(aContract, bContract), ...other]));
}

/** The partner axes in the order in which `axes` stand in their own value. */
function partnersAscending(axes: readonly number[], partners: readonly number[]): number[] {
  return [...axes.keys()].sort((left, right) => axes[left]! - axes[right]!).map((pair) => partners[pair]!);
}

/** The permutation that brings axes standing in this order back to 0, 1, 2 … */
function backTo(order: readonly number[]): number[] {
  return [...order.keys()].sort((left, right) => order[left]! - order[right]!);
}

function vectoriseDot(a: MaybeVarying, b: MaybeVarying, attrs: Axes): Node {
  const shift = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);
  const { aBatch, bBatch, aContract, bContract } = attrs;
  if (a.varies && b.varies) {
    return dot(a.node, b.node, {
      aBatch: [0, ...shift(aBatch)],
      bBatch: [0, ...shift(bBatch)],
      aContract: shift(aContract),
      bContract: shift(bContract),
    });
  }
  if (a.varies) {
    // The rows are a's first free axis: they follow the batch axes.
    const result = dot(a.node, b.node, { aBatch: shift(aBatch), bBatch, aContract: shift(aContract), bContract });
    return axisToFront(result, aBatch.length);
  }
  const freeOfA = a.node.shape.length - aBatch.length - aContract.length;
  const freeOfB = b.node.shape.length - 1 - bBatch.length - bContract.length;
  if (freeOfA > 0 && freeOfB === 0) {
    // Exchanged, the rows come before a's axes and nothing has to be transposed; products commute, the order of terms stays.
    const result = dot(b.node, a.node, { aBatch: shift(bBatch), bBatch: aBatch, aContract: shift(bContract), bContract: aContract });
    return axisToFront(result, aBatch.length);
  }
  const result = dot(a.node, b.node, { aBatch, bBatch: shift(bBatch), aContract, bContract: shift(bContract) });
  return axisToFront(result, aBatch.length + freeOfA);
}

/**
 * Each result element adds its products in the order of k, starting at 0. Where rows of b are contiguous a whole row of results grows
 * at a time; otherwise each element is finished alone. Both add in the same order.
 */
function dotKernel(a: ConcreteType, b: ConcreteType, { aBatch, bBatch, aContract, bContract }: Axes): Kernel {
  const table = ({ shape }: ConcreteType, axes: readonly number[]): Int32Array => {
    const strides = stridesOf(shape);
    return offsetTable(
      axes.map((axis) => shape[axis]!),
      axes.map((axis) => strides[axis]!),
    );
  };
  const [aStarts, bStarts] = [table(a, aBatch), table(b, bBatch)];
  const [aRows, bColumns] = [table(a, freeAxes(a.shape.length, aBatch, aContract)), table(b, freeAxes(b.shape.length, bBatch, bContract))];
  const [aTerms, bTerms] = [table(a, aContract), table(b, bContract)];
  const columns = bColumns.length;
  const isRowwise = columns > 1 && bColumns.every((offset, j) => offset === j);
  const product: DotLoop = isRowwise ? rowwise : elementwise;
  if (elementCount([aStarts.length, aRows.length, columns]) === 0) return () => {};
  return ([x, y], out) => {
    let at = 0;
    for (let batch = 0; batch < aStarts.length; batch++) {
      for (let row = 0; row < aRows.length; row++, at += columns) {
        product(out, at, x!, aStarts[batch]! + aRows[row]!, aTerms, y!, bStarts[batch]!, bTerms, bColumns);
      }
    }
  };
}

type Values = Parameters<Kernel>[1];
type DotLoop = (
  out: Values,
  at: number,
  a: Values,
  aStart: number,
  aTerms: Int32Array,
  b: Values,
  bStart: number,
  bTerms: Int32Array,
  bColumns: Int32Array,
) => void;

// Four terms per pass over the row: a quarter of the loads and stores, the same order of additions for each element.
const rowwise: DotLoop = (out, at, a, aStart, aTerms, b, bStart, bTerms, bColumns) => {
  const columns = bColumns.length;
  const count = aTerms.length;
  for (let j = 0; j < columns; j++) out[at + j] = 0;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const [f0, f1] = [a[aStart + aTerms[k]!]!, a[aStart + aTerms[k + 1]!]!];
    const [f2, f3] = [a[aStart + aTerms[k + 2]!]!, a[aStart + aTerms[k + 3]!]!];
    const [b0, b1, b2, b3] = [bStart + bTerms[k]!, bStart + bTerms[k + 1]!, bStart + bTerms[k + 2]!, bStart + bTerms[k + 3]!];
    for (let j = 0; j < columns; j++) out[at + j] = out[at + j]! + f0 * b[b0 + j]! + f1 * b[b1 + j]! + f2 * b[b2 + j]! + f3 * b[b3 + j]!;
  }
  for (; k < count; k++) {
    const factor = a[aStart + aTerms[k]!]!;
    const from = bStart + bTerms[k]!;
    for (let j = 0; j < columns; j++) out[at + j]! += factor * b[from + j]!;
  }
};

// Four columns at a time: four independent sums instead of one that waits for itself.
const elementwise: DotLoop = (out, at, a, aStart, aTerms, b, bStart, bTerms, bColumns) => {
  const columns = bColumns.length;
  const count = aTerms.length;
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    const [b0, b1, b2, b3] = [bStart + bColumns[j]!, bStart + bColumns[j + 1]!, bStart + bColumns[j + 2]!, bStart + bColumns[j + 3]!];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let k = 0; k < count; k++) {
      const factor = a[aStart + aTerms[k]!]!;
      const term = bTerms[k]!;
      s0 += factor * b[b0 + term]!;
      s1 += factor * b[b1 + term]!;
      s2 += factor * b[b2 + term]!;
      s3 += factor * b[b3 + term]!;
    }
    out[at + j] = s0;
    out[at + j + 1] = s1;
    out[at + j + 2] = s2;
    out[at + j + 3] = s3;
  }
  for (; j < columns; j++) {
    const from = bStart + bColumns[j]!;
    let total = 0;
    for (let k = 0; k < count; k++) total += a[aStart + aTerms[k]!]! * b[from + bTerms[k]!]!;
    out[at + j] = total;
  }
};
