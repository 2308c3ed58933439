// Networks over the rows of a small table, which tokens choose, and values for their arguments.

import { reverse } from "../../src/autodiff/reverse.js";
import { mulDims } from "../../src/base/dim.js";
import type { HostArray } from "../../src/base/dtype.js";
import { noIndex } from "../../src/base/no-index.js";
import { domainTable, makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { add, dot, gather, le, mul, reshape, select, sigmoid, slice, sum, tanh, zerosLike } from "../../src/ir/core/builders.js";
import type { Domain, Graph, Node } from "../../src/ir/core/node.js";
import type { prepareForGradient } from "../../src/passes/prepare.js";
import { argument, product, scanOf, testDomain } from "../autodiff/recurrences.js";
import { drawsFrom, valueFrom } from "../support/values.js";

const parts = testDomain(true);
export const domain: Domain = parts.domain;
export const lengths: Node<"input"> = parts.lengths;
export const anchor: Node<"input"> = parts.anchor;
/** Of the table. */
export const rows = 6;
export const width = 16;
const units = 3;
export const tokens: Node<"input"> = argument("tokens", [domain.batch, domain.time], "int32");
export const table: Node<"input"> = argument("table", [rows, width]);
export const W: Node<"input"> = argument("W", [width, 2 * units]);
const V = argument("V", [2 * units, width]);
const U = argument("U", [units, 2 * units]);
const b = argument("b", [2 * units]);
const M = argument("M", [width, width]);
export const real: readonly Node<"input">[] = [table, W, V, U, b, M];
export const start: Node<"input"> = argument("start", [domain.batch, units]);

export const inputs: readonly Node<"input">[] = [lengths, anchor, tokens, start, ...real];

/** As an embedding takes token numbers: what is negative is an index that no table has. */
export function asIndex(given: Node): Node {
  return select(le(0, given), given, scalarNode(noIndex, "int32"));
}

/** The token numbers of the valid steps. */
export const stacked: Node = gather(reshape(tokens, [mulDims(domain.batch, domain.time)]), domainTable(domain, "pack"));
const turned = { aBatch: [], bBatch: [], aContract: [1], bContract: [0] };

/** Ways in which a step drives its gates by an embedded token. */
export const drives: Readonly<Record<string, (x: Node, w: Node, v: Node) => Node>> = {
  "one product": (x, w) => product(x, w),
  "the matrix on the left": (x, _, v) => dot(v, x, turned),
  "two products": (x, w, v) => add(product(x, w), tanh(dot(v, x, turned))),
  "half of the matrix": (x, w) => mul(2, product(x, add(w, 0.5))),
  "another reader": (x, w) => add(product(x, w), mul(slice(x, 0, 4, 2 * units), 0.5)),
};

/** Hidden states over embedded tokens. */
export function recurrent(drive: (x: Node, w: Node, v: Node) => Node, index: Node): Node {
  const { ys } = scanOf(
    { domain, carries: [start], xs: [gather(table, index)], shared: [W, V, U, b] },
    ({ carries: [h], xs: [x], shared: [w, v, u, bias] }) => {
      const gates = add(add(drive(x!, w!, v!), product(h!, u!)), bias!);
      const gate = sigmoid(slice(gates, 0, 0, units));
      const next = add(mul(gate, h!), tanh(slice(gates, 0, units, units)));
      return { carries: [next], ys: [next] };
    },
  );
  return ys[0]!;
}

/** Networks over tokens, with and without a loop. */
export const networks: Readonly<Record<string, Node>> = {
  ...Object.fromEntries(Object.entries(drives).map(([name, drive]) => [name, recurrent(drive, asIndex(stacked))])),
  "dense tokens": tanh(add(dot(gather(table, asIndex(tokens)), W, { aBatch: [], bBatch: [], aContract: [2], bContract: [0] }), b)),
  "tokens as columns": tanh(dot(V, gather(table, asIndex(stacked)), { aBatch: [], bBatch: [], aContract: [1], bContract: [1] })),
  "a product of a product": tanh(product(product(gather(table, asIndex(stacked)), M), W)),
};

/** Outputs and gradients of a bounded loss, as the gradient is defined or prepared. */
export function program(outputs: Node, prepare?: typeof prepareForGradient): Graph {
  const squared = mul(tanh(outputs), tanh(outputs));
  const loss = sum(squared, [...squared.shape.keys()]);
  const gradients = reverse([loss], [scalarNode(1)], real, prepare).map((gradient, index) => gradient ?? zerosLike(real[index]!));
  return makeGraph("program", inputs, [outputs, loss, ...gradients]);
}

/** What the arguments are drawn from. */
export interface Draw {
  readonly lengths: readonly number[];
  readonly seed: number;
  /** The only token numbers that occur. */
  readonly read: readonly number[];
}

export function feedsFor(graph: Graph, { lengths: given, seed, read }: Draw): Map<Node<"input">, HostArray> {
  const draw = drawsFrom(seed);
  const sizes = new Map([
    ["B", given.length],
    ["T", 4],
  ]);
  return new Map(
    graph.inputs.map((input) => {
      const shape = input.shape.map((dim) => (typeof dim === "number" ? dim : sizes.get(dim.key)!));
      if (input === lengths) return [input, valueFrom("int32", shape, given)];
      const count = shape.reduce((product, size) => product * size, 1);
      const one = (): number => (input === tokens ? read[Math.floor(draw() * read.length)]! : 2 * draw() - 1);
      return [input, valueFrom(input.dtype, shape, Array.from({ length: count }, one))];
    }),
  );
}
