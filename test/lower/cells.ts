// Small recurrent graphs, written with core nodes, that tests of the lowering share.

import { type Dim, mulDims, symbolDim } from "../../src/base/dim.js";
import { domainTable, inputNode, makeGraph, makeScan, newScope } from "../../src/ir/core/build.js";
import { add, cast, dot, gather, mul, reshape, sigmoid, slice, sum, tanh } from "../../src/ir/core/builders.js";
import type { Domain, Graph, Node } from "../../src/ir/core/node.js";

/** Vector or rows times matrix. */
export function times(a: Node, b: Node): Node {
  return dot(a, b, { aBatch: [], bBatch: [], aContract: [a.shape.length - 1], bContract: [0] });
}

export interface RecurrentSizes {
  readonly inputSize: number;
  readonly units: number;
}

/** Sequences x [B, T, I] with their lengths and a domain over them. */
export function sequenceInputs(
  inputSize: number,
  ragged: boolean,
): { readonly x: Node<"input">; readonly lengths: Node<"input"> | null; readonly domain: Domain; readonly packed: Node } {
  const [batch, time]: [Dim, Dim] = [symbolDim("B"), symbolDim("T")];
  const x = inputNode("x", { shape: [batch, time, inputSize], dtype: "float32" });
  const lengths = ragged ? inputNode("lengths", { shape: [batch], dtype: "int32" }) : null;
  const domain: Domain = { name: "d", batch, time, steps: symbolDim("N.d"), lengths };
  const flat = reshape(x, [mulDims(batch, time), inputSize]);
  return { x, lengths, domain, packed: gather(flat, domainTable(domain, "pack")) };
}

/** An LSTM over packed steps: gates i f g o as columns; input products hoisted. Parts: final h, final c, stacked h. */
export function lstmScan(domain: Domain, xs: Node, u: Node, h0: Node, c0: Node, reverse = false): Node<"part">[] {
  const units = u.shape[0] as number;
  const scope = newScope();
  const [h, c, x, shared] = [
    inputNode("h", { shape: [units], dtype: "float32" }, scope),
    inputNode("c", { shape: [units], dtype: "float32" }, scope),
    inputNode("x", { shape: [4 * units], dtype: "float32" }, scope),
    inputNode("U", { shape: u.shape, dtype: "float32" }, scope),
  ];
  const z = add(x, times(h, shared));
  const gate = (index: number): Node => slice(z, 0, index * units, units);
  const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
  const output = mul(sigmoid(gate(3)), tanh(next));
  const body = makeGraph("lstm", [h, c, x, shared], [output, next, output]);
  return makeScan([h0, c0, xs, u], { domain, reverse, carries: 2, xs: 1, rows: 0, shared: 1, ys: 1, sums: 0, body });
}

/** Sequence in, summed squares of the stacked outputs and the last state out. */
export function lstmGraph(
  { inputSize, units }: RecurrentSizes,
  ragged = true,
  reverse = false,
): { readonly graph: Graph; readonly weights: readonly Node<"input">[] } {
  const { x, lengths, domain, packed } = sequenceInputs(inputSize, ragged);
  const w = inputNode("W", { shape: [inputSize, 4 * units], dtype: "float32" });
  const u = inputNode("U", { shape: [units, 4 * units], dtype: "float32" });
  const b = inputNode("b", { shape: [4 * units], dtype: "float32" });
  const h0 = inputNode("h0", { shape: [symbolDim("B"), units], dtype: "float32" });
  const c0 = inputNode("c0", { shape: [symbolDim("B"), units], dtype: "float32" });
  const xs = add(times(packed, w), b);
  const [h, c, ys] = lstmScan(domain, xs, u, h0, c0, reverse);
  const loss = sum(mul(ys!, ys!), [0, 1]);
  const dense = gather(ys!, domainTable(domain, "unpack"));
  const inputs = [x, ...(lengths === null ? [] : [lengths]), w, u, b, h0, c0];
  return { graph: makeGraph("lstm", inputs, [loss, h!, c!, dense, cast(loss, "int32")]), weights: [w, u, b] };
}
