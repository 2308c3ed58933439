// Every op of the table on every core, against the interpreter, alone and inside a scan.

import { test } from "node:test";
import { symbolDim } from "../../src/base/dim.js";
import type { HostArray } from "../../src/base/dtype.js";
import { inputNode, makeGraph, makeNode, makeScan, newScope } from "../../src/ir/core/build.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { Domain, Graph, Node } from "../../src/ir/core/node.js";
import { primitives } from "../../src/ir/core/table.js";
import { allCases, caseName, drawInputs, type OpCase } from "../support/op-cases.js";
import { assertClose, valueFrom } from "../support/values.js";
import { backendTitle, compileFed, coreBackends } from "./run.js";

const backends = await coreBackends();
const tolerance = 1e-5;

interface Trial {
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<Node<"input">, HostArray>;
}

/** float32 rounding of what the interpreter is given, so that both start from the same numbers. */
function rounded(value: HostArray): HostArray {
  return value.dtype === "float32" ? { ...value, data: Float64Array.from(Float32Array.from(value.data)) } : value;
}

function alone(example: OpCase): Trial {
  const values = drawInputs(example, 1).map(rounded);
  const inputs = values.map(({ shape, dtype }, index) => inputNode(`x${index}`, { shape, dtype }));
  const graph = makeGraph(example.op, inputs, [makeNode(example.op, inputs, example.attrs)]);
  return { graph, feeds: new Map(inputs.map((input, index) => [input, values[index]!])) };
}

/** The op for each row of a ragged batch: inputs chosen by `varying` come as xs, the others are shared. */
function inScan(example: OpCase, varying: readonly boolean[]): Trial {
  const [batch, time] = [3, 2];
  const lengths = inputNode("lengths", { shape: [symbolDim("B")], dtype: "int32" });
  const domain: Domain = { name: "d", batch: symbolDim("B"), time: 2, steps: symbolDim("N"), lengths };
  const stepCount = 4;
  const values = drawInputs(example, 2).map(rounded);
  const scope = newScope();
  const outer: Node<"input">[] = [];
  const inner: Node<"input">[] = [];
  const feeds = new Map<Node<"input">, HostArray>([[lengths, valueFrom("int32", [batch], [1, time, 1])]]);
  values.forEach(({ shape, dtype, data }, index) => {
    const isVarying = varying[index]!;
    const node = inputNode(`x${index}`, { shape: isVarying ? [domain.steps, ...shape] : shape, dtype });
    const again = Array.from({ length: stepCount }, (_, step) => drawInputs(example, 2 + step)[index]!.data);
    const stacked = again.flatMap((part) => Array.from(part));
    feeds.set(node, rounded(isVarying ? valueFrom(dtype, [stepCount, ...shape], stacked) : valueFrom(dtype, shape, data)));
    outer.push(node);
    inner.push(inputNode(`x${index}`, { shape, dtype }, scope));
  });
  const order = [...inner.keys()].sort((a, b) => Number(varying[b]) - Number(varying[a]));
  const output = makeNode(example.op, inner, example.attrs);
  const body = makeGraph(
    "body",
    order.map((index) => inner[index]!),
    [output],
  );
  const xs = varying.filter((varies) => varies).length;
  const parts = makeScan(
    order.map((index) => outer[index]!),
    { domain, reverse: false, carries: 0, xs, rows: 0, shared: inner.length - xs, ys: 1, sums: 0, body },
  );
  return { graph: makeGraph(example.op, [lengths, ...outer], parts), feeds };
}

function patterns(count: number): boolean[][] {
  const all = Array.from({ length: 2 ** count }, (_, bits) => Array.from({ length: count }, (__, i) => (bits & (1 << i)) !== 0));
  return all.filter((pattern) => pattern.includes(true));
}

const ops = [...new Set(allCases().map(({ op }) => op))];

for (const backend of backends) {
  for (const op of ops) {
    test(`${backendTitle(backend)}: ${op} agrees with the interpreter, alone and inside a scan`, () => {
      for (const example of allCases().filter((one) => one.op === op)) {
        check(alone(example), caseName(example));
        if (primitives[op].vectorise === null) continue;
        for (const varying of patterns(example.inputs.length))
          check(inScan(example, varying), `${caseName(example)} varying ${varying.join(" ")}`);
      }
    });
  }

  function check({ graph, feeds }: Trial, name: string): void {
    const expected = interpret(graph, feeds);
    for (const [index, value] of compileFed(backend, graph).run(feeds).entries()) assertClose(value, expected[index]!, tolerance, name);
  }
}

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 1e-40, -1e-40, 3e38, -3e38, 100, -100, 0.5];

for (const backend of backends) {
  test(`${backendTitle(backend)} gives NaN, infinities and signed zeros as the table says`, () => {
    const x = inputNode("x", { shape: [odd.length, 1], dtype: "float32" });
    const y = inputNode("y", { shape: [odd.length], dtype: "float32" });
    const unary = (["neg", "abs", "exp", "log", "log1p", "sqrt", "tanh", "sigmoid", "floor"] as const).map((op) => makeNode(op, [y], null));
    const binary = (["add", "sub", "mul", "div", "min", "max", "lt", "le", "eq"] as const).map((op) => makeNode(op, [x, y], null));
    const casts = (["int32", "bool"] as const).map((dtype) => makeNode("cast", [y], { dtype }));
    const whole = [makeNode("maxOf", [y], { axis: 0 }), makeNode("argmax", [y], { axis: 0 }), makeNode("sum", [y], { axes: [0] })];
    const choice = makeNode("select", [makeNode("lt", [x, y], null), x, y], null);
    const graph = makeGraph("odd", [x, y], [...unary, ...binary, ...casts, ...whole, choice]);
    const values = Array.from(Float32Array.from(odd));
    const feeds = new Map([
      [x, valueFrom("float32", [odd.length, 1], values)],
      [y, valueFrom("float32", [odd.length], values)],
    ]);
    const expected = interpret(graph, feeds).map((value) =>
      value.dtype === "float32" ? { ...value, data: Float32Array.from(value.data) } : value,
    );
    for (const [index, value] of compileFed(backend, graph).run(feeds).entries())
      assertSameOdd(value, expected[index]!, graph.outputs[index]!.op);
  });
}

/** Odd values agree exactly, ordinary ones within a few roundings of their own size. */
function assertSameOdd(actual: HostArray, expected: HostArray, op: string): void {
  expected.data.forEach((wanted, i) => {
    const found = actual.data[i]!;
    const isOrdinary = Number.isFinite(wanted) && Math.abs(wanted) > 1.2e-38 && Number.isFinite(found);
    const agrees = isOrdinary
      ? Math.abs(found - wanted) <= 1e-6 * Math.abs(wanted)
      : Object.is(found, wanted) || (wanted !== 0 && Math.abs(found - wanted) < 2e-45);
    if (!agrees) throw new Error(`${op} element ${i}: ${found} instead of ${wanted}`);
  });
}
