// Small inputs for every op of the table: gradients, vectorising and backends are tested on the same cases.

import type { DType } from "../../src/base/dtype.js";
import type { OpAttributes, OpName } from "../../src/ir/core/node.js";
import type { ExactValue, TestDomain } from "../../src/ir/core/primitive.js";
import { primitives } from "../../src/ir/core/table.js";
import { drawsFrom, valueFrom } from "./values.js";

/** Ops that can be evaluated alone. */
export type LoneOp = Exclude<OpName, "input" | "part" | "scan" | "affineScan">;

/** Shape and element type of an input; integers and bools come with values. */
export interface CaseInput {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values?: readonly number[];
}

export interface OpCase<K extends LoneOp = LoneOp> {
  readonly op: K;
  readonly inputs: readonly CaseInput[];
  readonly attrs: OpAttributes[K];
}

type CaseTable = { readonly [K in LoneOp]: readonly Omit<OpCase<K>, "op">[] };

function real(...shape: number[]): CaseInput {
  return { dtype: "float32", shape };
}

function whole(shape: readonly number[], values: readonly number[]): CaseInput {
  return { dtype: "int32", shape, values };
}

function truth(shape: readonly number[], values: readonly number[]): CaseInput {
  return { dtype: "bool", shape, values };
}

const unary = [{ inputs: [real(2, 3)], attrs: null }] as const;
const unaryAndWhole = [...unary, { inputs: [whole([4], [3, -2, 0, 2147483647])], attrs: null }] as const;
const binary = [
  { inputs: [real(2, 3), real(2, 3)], attrs: null },
  { inputs: [real(2, 3), real(3)], attrs: null },
  { inputs: [real(), real(2, 2)], attrs: null },
  { inputs: [real(2, 1), real(1, 3)], attrs: null },
  { inputs: [real(3), real(2, 1, 1)], attrs: null },
] as const;
const binaryAndWhole = [...binary, { inputs: [whole([2, 2], [5, -7, 2147483647, 65537]), whole([2], [3, 65537])], attrs: null }] as const;

const cases: CaseTable = {
  constant: [{ inputs: [], attrs: { data: Float64Array.of(1, -0, Number.NaN), shape: [3], dtype: "float32" } }],
  sizeOf: [{ inputs: [], attrs: { dim: 7 } }],
  iota: [{ inputs: [], attrs: { size: 4 } }],
  random: [
    { inputs: [whole([2], [1, 2]), whole([5], [0, 1, 2, 3, -1])], attrs: { kind: "uniform" } },
    { inputs: [whole([3, 2], [1, 2, 3, 4, 5, 6]), whole([2, 1], [9, 11])], attrs: { kind: "uniform" } },
    { inputs: [whole([2], [7, 8]), whole([], [4])], attrs: { kind: "key" } },
    { inputs: [whole([2, 2], [7, 8, 9, 10]), whole([2], [4, 5])], attrs: { kind: "key" } },
  ],
  neg: unaryAndWhole,
  abs: unaryAndWhole,
  exp: unary,
  log: unary,
  log1p: unary,
  sqrt: unary,
  sin: unary,
  cos: unary,
  tanh: unary,
  sigmoid: unary,
  floor: unary,
  add: binaryAndWhole,
  sub: binaryAndWhole,
  mul: binaryAndWhole,
  div: binary,
  min: binaryAndWhole,
  max: binaryAndWhole,
  lt: binaryAndWhole,
  le: binaryAndWhole,
  eq: [...binaryAndWhole, { inputs: [truth([3], [0, 1, 1]), truth([3], [0, 0, 1])], attrs: null }],
  select: [
    { inputs: [truth([2, 3], [1, 0, 1, 0, 0, 1]), real(2, 3), real(2, 3)], attrs: null },
    { inputs: [truth([2, 1], [1, 0]), real(3), real()], attrs: null },
    { inputs: [truth([], [0]), real(2), real(3, 1)], attrs: null },
    { inputs: [truth([2], [1, 0]), whole([], [4]), whole([2], [5, 6])], attrs: null },
  ],
  cast: [
    { inputs: [real(4)], attrs: { dtype: "float32" } },
    { inputs: [real(4)], attrs: { dtype: "int32" } },
    { inputs: [whole([3], [0, -3, 9])], attrs: { dtype: "float32" } },
    { inputs: [truth([2], [0, 1])], attrs: { dtype: "int32" } },
    { inputs: [whole([3], [0, -3, 9])], attrs: { dtype: "bool" } },
  ],
  stop: unary,
  tap: [{ inputs: [real(2, 3)], attrs: { name: "gate" } }],
  reshape: [
    { inputs: [real(2, 3)], attrs: { shape: [3, 1, 2] } },
    { inputs: [real(1)], attrs: { shape: [] } },
  ],
  transpose: [
    { inputs: [real(2, 3)], attrs: { permutation: [1, 0] } },
    { inputs: [real(2, 3, 4)], attrs: { permutation: [2, 0, 1] } },
    { inputs: [real(2, 3, 2, 2)], attrs: { permutation: [0, 3, 2, 1] } },
  ],
  broadcast: [
    { inputs: [real(3)], attrs: { shape: [2, 3] } },
    { inputs: [real(2, 1)], attrs: { shape: [2, 2, 3] } },
    { inputs: [real()], attrs: { shape: [2] } },
  ],
  slice: [
    { inputs: [real(2, 5)], attrs: { axis: 1, start: 1, size: 3 } },
    { inputs: [real(4, 2)], attrs: { axis: 0, start: 2, size: 2 } },
    { inputs: [real(3)], attrs: { axis: 0, start: 1, size: 0 } },
  ],
  pad: [
    { inputs: [real(2, 2)], attrs: { axis: 1, before: 1, after: 2 } },
    { inputs: [real(2, 2)], attrs: { axis: 0, before: 0, after: 1 } },
  ],
  concat: [
    { inputs: [real(2, 2), real(2, 1), real(2, 3)], attrs: { axis: 1 } },
    { inputs: [real(1, 2), real(2, 2)], attrs: { axis: 0 } },
    { inputs: [real(2), real(0), real(1)], attrs: { axis: 0 } },
  ],
  sum: [
    { inputs: [real(2, 3)], attrs: { axes: [1] } },
    { inputs: [real(2, 3)], attrs: { axes: [0] } },
    { inputs: [real(2, 3, 2)], attrs: { axes: [0, 2] } },
    { inputs: [real(2, 3)], attrs: { axes: [0, 1] } },
  ],
  maxOf: [
    { inputs: [real(2, 3)], attrs: { axis: 1 } },
    { inputs: [real(3, 2)], attrs: { axis: 0 } },
  ],
  argmax: [
    { inputs: [real(2, 3)], attrs: { axis: 1 } },
    { inputs: [real(3, 2, 2)], attrs: { axis: 0 } },
  ],
  dot: [
    { inputs: [real(3), real(3)], attrs: { aBatch: [], bBatch: [], aContract: [0], bContract: [0] } },
    { inputs: [real(3), real(3, 4)], attrs: { aBatch: [], bBatch: [], aContract: [0], bContract: [0] } },
    { inputs: [real(2, 3), real(3)], attrs: { aBatch: [], bBatch: [], aContract: [1], bContract: [0] } },
    { inputs: [real(2, 3), real(3, 4)], attrs: { aBatch: [], bBatch: [], aContract: [1], bContract: [0] } },
    { inputs: [real(3, 2), real(4, 3)], attrs: { aBatch: [], bBatch: [], aContract: [0], bContract: [1] } },
    { inputs: [real(2, 3), real(2)], attrs: { aBatch: [], bBatch: [], aContract: [], bContract: [] } },
    { inputs: [real(2, 3, 4), real(4, 2, 5)], attrs: { aBatch: [0], bBatch: [1], aContract: [2], bContract: [0] } },
    { inputs: [real(2, 3, 4), real(4, 3, 2)], attrs: { aBatch: [1], bBatch: [1], aContract: [2, 0], bContract: [0, 2] } },
    { inputs: [real(2, 3, 4), real(3, 2)], attrs: { aBatch: [1, 0], bBatch: [0, 1], aContract: [], bContract: [] } },
    { inputs: [real(2, 2, 3), real(3, 2)], attrs: { aBatch: [], bBatch: [], aContract: [2, 0], bContract: [0, 1] } },
    { inputs: [real(2, 6), real(6, 3)], attrs: { aBatch: [], bBatch: [], aContract: [1], bContract: [0] } },
    { inputs: [real(9), real(6, 9)], attrs: { aBatch: [], bBatch: [], aContract: [0], bContract: [1] } },
    { inputs: [real(2, 0), real(0, 2)], attrs: { aBatch: [], bBatch: [], aContract: [1], bContract: [0] } },
  ],
  gather: [
    { inputs: [real(4, 2), whole([3], [3, -1, 0])], attrs: null },
    { inputs: [real(3), whole([2, 2], [0, 0, 2, -1])], attrs: null },
    { inputs: [real(3, 2, 2), whole([], [1])], attrs: null },
    { inputs: [whole([3], [5, 6, 7]), whole([2], [2, -1])], attrs: null },
  ],
  scatterAdd: [
    { inputs: [real(4, 2), whole([4], [2, 0, -1, 2])], attrs: { rows: 3 } },
    { inputs: [real(2, 2), whole([2, 2], [1, 1, 0, -1])], attrs: { rows: 2 } },
    { inputs: [real(3), whole([], [1])], attrs: { rows: 2 } },
  ],
};

/** Every case of every op. */
export function allCases(): OpCase[] {
  return Object.keys(cases).filter(isLoneOp).flatMap(casesOf);
}

export function casesOf<K extends LoneOp>(op: K): OpCase<K>[] {
  return cases[op].map((found) => ({ op, ...found }));
}

/** As in test names: `sum 2: [2, 3] float32 {"axes":[0]}`. */
export function caseName({ op, inputs, attrs }: OpCase): string {
  const shown = inputs.map(({ shape, dtype }) => `[${shape.join(", ")}] ${dtype}`).join(" · ");
  return `${op} ${shown}${attrs === null ? "" : ` ${JSON.stringify(attrs)}`}`;
}

/** Values for the inputs of a case, drawn from the op's test domain; `rows` adds a leading axis to the inputs that vary. */
export function drawInputs(example: OpCase, seed: number): ExactValue[] {
  const draws = drawsFrom(seed);
  const domain = primitives[example.op].test ?? { draw: [-4, 4] };
  return example.inputs.map(({ dtype, shape, values }, index) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return valueFrom(dtype, shape, values ?? Array.from({ length: count }, (_, i) => drawOne(domain, draws, index, i)));
  });
}

/** With kinks at equality, inputs come from grids that never meet: multiples of 0.2, the odd ones for the second input. */
function drawOne({ draw: [low, high], kinks }: TestDomain, draws: () => number, input: number, entry: number): number {
  if (kinks === "equal") return 0.2 * (2 * Math.floor(draws() * 3) + input) + 1.2 * ((entry * 5) % 7) - 3;
  const value = low + (high - low) * draws();
  const isNearKink = kinks?.some((kink) => Math.abs(value - kink) < 0.05) ?? false;
  return isNearKink ? drawOne({ draw: [low, high], kinks: kinks! }, draws, input, entry) : value;
}

function isLoneOp(name: string): name is LoneOp {
  return Object.hasOwn(cases, name);
}
