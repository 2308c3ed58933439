// Recurrent graphs for tests: scans written by hand, an LSTM, and values for their arguments.

import type { Dim } from "../../src/base/dim.js";
import { symbolDim } from "../../src/base/dim.js";
import type { DType, HostArray } from "../../src/base/dtype.js";
import { inputNode, makeGraph, makeScan, newScope, scalarNode } from "../../src/ir/core/build.js";
import { add, broadcast, dot, mul, sigmoid, slice, sum, tanh } from "../../src/ir/core/builders.js";
import type { Domain, Node } from "../../src/ir/core/node.js";
import { drawsFrom, valueFrom } from "../support/values.js";

/** Values that a step sees, or gives. */
export interface StepInputs {
  readonly carries: readonly Node[];
  readonly xs: readonly Node[];
  readonly rows: readonly Node[];
  readonly shared: readonly Node[];
}

/** What feeds a scan. */
export interface ScanGiven {
  readonly domain: Domain;
  readonly reverse?: boolean;
  readonly carries: readonly Node[];
  readonly xs?: readonly Node[];
  readonly rows?: readonly Node[];
  readonly shared?: readonly Node[];
}

/** A scan over a step written for one row. */
export function scanOf(
  { domain, reverse = false, carries, xs = [], rows = [], shared = [] }: ScanGiven,
  step: (inputs: StepInputs) => { readonly carries: readonly Node[]; readonly ys?: readonly Node[]; readonly sums?: readonly Node[] },
): { carries: Node[]; ys: Node[]; sums: Node[] } {
  const scope = newScope();
  const inner = (kind: string, nodes: readonly Node[], skip: number): Node<"input">[] =>
    nodes.map((node, index) => inputNode(`${kind}${index}`, { shape: node.shape.slice(skip), dtype: node.dtype }, scope));
  const inputs = { carries: inner("c", carries, 1), xs: inner("x", xs, 1), rows: inner("r", rows, 1), shared: inner("s", shared, 0) };
  const { carries: next, ys = [], sums = [] } = step(inputs);
  const body = makeGraph("step", [...inputs.carries, ...inputs.xs, ...inputs.rows, ...inputs.shared], [...next, ...ys, ...sums]);
  const counts = { carries: carries.length, xs: xs.length, rows: rows.length, shared: shared.length, ys: ys.length, sums: sums.length };
  const parts = makeScan([...carries, ...xs, ...rows, ...shared], { domain, reverse, ...counts, body });
  return {
    carries: parts.slice(0, next.length),
    ys: parts.slice(next.length, next.length + ys.length),
    sums: parts.slice(next.length + ys.length),
  };
}

/** A domain over the symbols B and T with the lengths as an argument (or without). */
export function testDomain(isRagged: boolean): { domain: Domain; lengths: Node<"input">; anchor: Node<"input"> } {
  const lengths = inputNode("lengths", { shape: [symbolDim("B")], dtype: "int32" });
  // Gives T its value in graphs where nothing else has a time axis.
  const anchor = inputNode("anchor", { shape: [symbolDim("B"), symbolDim("T")], dtype: "float32" });
  return {
    lengths,
    anchor,
    domain: { name: "d0", batch: symbolDim("B"), time: symbolDim("T"), steps: symbolDim("N.d0"), lengths: isRagged ? lengths : null },
  };
}

export function argument(name: string, shape: readonly Dim[], dtype: DType = "float32"): Node<"input"> {
  return inputNode(name, { shape, dtype });
}

/** [K] · [K, M], for one row. */
export function product(x: Node, weight: Node): Node {
  return dot(x, weight, { aBatch: [], bBatch: [], aContract: [x.shape.length - 1], bContract: [0] });
}

/** One LSTM layer over stacked inputs [N, I]; returns the stacked hidden states [N, H] and the final carries. */
export function lstmLayer(
  domain: Domain,
  x: Node,
  weights: { W: Node; U: Node; b: Node },
  units: number,
  reverse = false,
): { hs: Node; h: Node; c: Node } {
  const start = broadcast(scalarNode(0), [domain.batch, units]);
  const { W, U, b } = weights;
  const layer = scanOf(
    { domain, reverse, carries: [start, start], xs: [x], shared: [W, U, b] },
    ({ carries: [h, c], xs: [xt], shared: [w, u, bias] }) => {
      const gates = add(add(product(xt!, w!), product(h!, u!)), bias!);
      const gate = (index: number): Node => slice(gates, 0, index * units, units);
      const cNext = add(mul(sigmoid(gate(1)), c!), mul(sigmoid(gate(0)), tanh(gate(2))));
      const hNext = mul(sigmoid(gate(3)), tanh(cNext));
      return { carries: [hNext, cNext], ys: [hNext] };
    },
  );
  return { hs: layer.ys[0]!, h: layer.carries[0]!, c: layer.carries[1]! };
}

/** Sum of squares of everything. */
export function energy(x: Node): Node {
  return sum(mul(x, x), [...x.shape.keys()]);
}

/** Draws in [-1, 1] for arguments; symbols take these sizes. */
export function feedsOf(
  inputs: readonly Node<"input">[],
  lengths: readonly number[],
  time: number,
  seed = 1,
): Map<Node<"input">, HostArray> {
  const draw = drawsFrom(seed);
  const steps = lengths.reduce((total, length) => total + length, 0);
  const sizes = new Map<string, number>([
    ["B", lengths.length],
    ["T", time],
    ["N.d0", steps],
  ]);
  return new Map(
    inputs.map((input) => {
      const shape = input.shape.map((dim) => (typeof dim === "number" ? dim : sizes.get(dim.key)!));
      const count = shape.reduce((total, size) => total * size, 1);
      if (input.attrs.name === "lengths") return [input, valueFrom("int32", shape, lengths)];
      const data = Array.from({ length: count }, () => (input.dtype === "int32" ? Math.floor(draw() * 3) : 2 * draw() - 1));
      return [input, valueFrom(input.dtype, shape, data)];
    }),
  );
}
