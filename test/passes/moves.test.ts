// What leaves a loop and what must not, and what the passes say about it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { reverse } from "../../src/autodiff/reverse.js";
import { domainTable, makeGraph, scalarNode } from "../../src/ir/core/build.js";
import {
  add,
  concat,
  div,
  eq,
  exp,
  gather,
  mul,
  neg,
  reshape,
  select,
  sigmoid,
  slice,
  sub,
  sum,
  tanh,
} from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { type Graph, isOp, type Node, reachable } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { cases } from "../autodiff/cases.js";
import { argument, feedsOf, product, scanOf, testDomain } from "../autodiff/recurrences.js";
import { assertClose } from "../support/values.js";

const { domain, lengths: domainLengths, anchor } = testDomain(true);

/** A graph with everything it reads as arguments. */
function program(outputs: readonly Node[]): Graph {
  const read = reachable(outputs).filter((node) => isOp(node, "input"));
  return makeGraph("program", [domainLengths, ...read.filter(({ attrs }) => attrs.source.kind === "argument")], outputs);
}

function scansOf(graph: Graph): Node<"scan">[] {
  return reachable(graph.outputs).filter((node) => isOp(node, "scan"));
}

function opsOf(graph: Graph): string[] {
  return reachable(graph.outputs).map(({ op }) => op);
}

/** The only scan of the optimised program with these outputs. */
function bodyOf(outputs: readonly Node[]): Node<"scan"> {
  const scans = scansOf(verify(optimise(program(outputs)).graph));
  assert.equal(scans.length, 1);
  return scans[0]!;
}

const x = argument("x", [domain.steps, 4]);
const row = argument("row", [domain.batch, 4]);
const h0 = argument("h0", [domain.batch, 4]);
const [U, W, V] = [argument("U", [4, 4]), argument("W", [4, 4]), argument("V", [4, 4])];

test("products of inputs, rows and shared values leave the loop, each to where it is computed least often", () => {
  const { carries } = scanOf(
    { domain, carries: [h0], xs: [x], rows: [row], shared: [U, W, V] },
    ({ carries: [h], xs: [xt], rows: [r], shared: [u, w, v] }) => {
      const drive = add(product(xt!, w!), product(r!, v!));
      return { carries: [tanh(add(add(product(h!, u!), drive), sum(product(w!, v!), [0])))] };
    },
  );
  const { graph, log } = optimise(program(carries));
  const [scan] = scansOf(graph);
  assert.equal(opsOf(scan!.attrs.body).filter((op) => op === "dot" || op === "sum").length, 1);
  const hoisted = log.filter(({ pass }) => pass === "hoist");
  assert.deepEqual(hoisted.map(({ rule }) => rule).sort(), ["once", "over-rows", "over-steps"]);
  assert.ok(log.every(({ reason, what, rule }) => reason !== "" && what !== "" && rule !== ""));
});

test("one pointwise value of an input stays, several that become one leave", () => {
  const other = argument("other", [domain.steps, 4]);
  const stays = scanOf({ domain, carries: [h0], xs: [x] }, ({ carries: [h], xs: [xt] }) => ({ carries: [tanh(mul(h!, sigmoid(xt!)))] }));
  assert.ok(opsOf(bodyOf(stays.carries).attrs.body).includes("sigmoid"));
  const leaves = scanOf({ domain, carries: [h0], xs: [x, other] }, ({ carries: [h], xs: [xt, ot] }) => ({
    carries: [tanh(mul(h!, sigmoid(add(xt!, ot!))))],
  }));
  const scan = bodyOf(leaves.carries);
  assert.ok(!opsOf(scan.attrs.body).includes("sigmoid"));
  assert.equal(scan.attrs.xs, 1);
});

test("a product of input and state joined is two products, and the input's leaves", () => {
  const joined = argument("joined", [8, 4]);
  const { carries } = scanOf({ domain, carries: [h0], xs: [x], shared: [joined] }, ({ carries: [h], xs: [xt], shared: [w] }) => ({
    carries: [tanh(product(concat([xt!, h!], 0), w!))],
  }));
  const scan = bodyOf(carries);
  const dots = reachable(scan.attrs.body.outputs).filter((node) => isOp(node, "dot"));
  assert.deepEqual(
    dots.map(({ inputs }) => inputs[1]!.shape),
    [[4, 4]],
  );
});

test("gates cut from a product of the input stay views: the product leaves whole", () => {
  const wide = argument("wide", [4, 8]);
  const { carries } = scanOf({ domain, carries: [h0], xs: [x], shared: [wide] }, ({ carries: [h], xs: [xt], shared: [w] }) => {
    const gates = product(xt!, w!);
    return { carries: [mul(add(h!, slice(gates, 0, 0, 4)), slice(gates, 0, 4, 4))] };
  });
  const scan = bodyOf(carries);
  assert.equal(scan.attrs.xs, 1);
  assert.deepEqual(scan.attrs.body.inputs[1]!.shape, [8]);
});

test("memory of the row is not repeated for every step", () => {
  const memory = argument("memory", [domain.batch, 50, 4]);
  const { carries } = scanOf({ domain, carries: [h0], xs: [x], rows: [memory] }, ({ carries: [h], xs: [xt], rows: [m] }) => ({
    carries: [add(h!, product(product(m!, xt!), m!))],
  }));
  assert.equal(opsOf(bodyOf(carries).attrs.body).filter((op) => op === "dot").length, 2);
});

test("an output that no carry reads is one product over all steps", () => {
  const { ys } = scanOf({ domain, carries: [h0], xs: [x], shared: [U, V] }, ({ carries: [h], xs: [xt], shared: [u, v] }) => {
    const next = tanh(add(product(h!, u!), xt!));
    return { carries: [next], ys: [add(product(next, v!), 1)] };
  });
  assert.equal(opsOf(bodyOf(ys).attrs.body).filter((op) => op === "dot").length, 1);
});

test("sums over steps leave as one product with the steps contracted", () => {
  const { sums } = scanOf({ domain, carries: [h0], xs: [x] }, ({ carries: [h], xs: [xt] }) => {
    const next = tanh(add(h!, xt!));
    return { carries: [next], sums: [mul(reshape(next, [4, 1]), xt!), product(reshape(next, [1, 4]), reshape(xt!, [4, 1])), next] };
  });
  const scan = bodyOf(sums);
  assert.equal(scan.attrs.sums, 0);
  assert.ok(!opsOf(scan.attrs.body).includes("dot"));
});

test("scans that carry the same state become one, also behind others, but never when one reads the other's outputs", () => {
  const layer = (input: Node, read: (next: Node) => Node): Node =>
    scanOf({ domain, carries: [h0], xs: [input], shared: [U] }, ({ carries: [h], xs: [xt], shared: [u] }) => {
      const next = tanh(add(product(h!, u!), xt!));
      return { carries: [next], ys: [read(next)] };
    }).ys[0]!;
  const [first, second] = [layer(x, (next) => next), layer(x, (next) => mul(next, next))];
  const [third, fourth] = [
    layer(first, neg),
    layer(
      layer(x, (next) => next),
      exp,
    ),
  ];
  assert.equal(scansOf(optimise(program([second, third, fourth])).graph).length, 2);

  const again = scanOf({ domain, carries: [h0], xs: [x, first], shared: [U] }, ({ carries: [h], xs: [xt, ft], shared: [u] }) => {
    const next = tanh(add(product(h!, u!), xt!));
    return { carries: [next], ys: [mul(next, ft!)] };
  });
  const { graph } = optimise(program([first, again.ys[0]!]));
  verify(graph);
  assert.equal(scansOf(graph).length, 2);
});

test("carries that start alike but step differently are told apart, whatever their order", () => {
  const pair = (swapped: boolean): Node[] =>
    scanOf({ domain, carries: [h0, h0], xs: [x] }, ({ carries, xs: [xt] }) => {
      const [a, b] = swapped ? [carries[1]!, carries[0]!] : [carries[0]!, carries[1]!];
      const [nextA, nextB] = [tanh(add(a, xt!)), mul(b, sigmoid(a))];
      return { carries: swapped ? [nextB, nextA] : [nextA, nextB], ys: [sub(nextA, nextB)] };
    }).ys;
  assert.equal(scansOf(optimise(program([...pair(false), ...pair(true).map(neg)])).graph).length, 1);
});

test("results that nobody reads go, with the carries and inputs that only they needed", () => {
  const { ys } = scanOf({ domain, carries: [h0, h0, row], xs: [x], shared: [U, W] }, ({ carries: [a, b, c], xs: [xt], shared: [u, w] }) => {
    return { carries: [tanh(add(a!, c!)), product(b!, w!), exp(c!)], ys: [neg(a!), product(add(b!, xt!), u!)] };
  });
  const { attrs } = bodyOf([ys[0]!]);
  assert.deepEqual([attrs.carries, attrs.xs, attrs.shared, attrs.ys], [2, 0, 0, 1]);
});

test("x·0, x-x, x+0 and x==x keep their meaning for NaN, infinities and -0", () => {
  const v = argument("v", [4]);
  const outputs = [mul(v, 0), sub(v, v), div(scalarNode(1), add(v, 0)), select(eq(v, v), scalarNode(1), scalarNode(2))];
  const inputs = [v];
  const feeds = new Map([
    [v, { dtype: "float32" as const, shape: [4], data: Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0, 2) }],
  ]);
  const { graph } = optimise(makeGraph("program", inputs, outputs));
  const expected = interpret(makeGraph("program", inputs, outputs), feeds).map(({ data }) => [...data]);
  assert.deepEqual(
    interpret(graph, feeds).map(({ data }) => [...data]),
    expected,
  );
  assert.deepEqual(expected[2], [Number.NaN, 0, Number.POSITIVE_INFINITY, 0.5]);
});

test("neighbouring slices put together again are the value, and sorting rows back and forth is nothing", () => {
  const parts = concat([slice(U, 0, 0, 1), slice(U, 0, 1, 3)], 0);
  assert.equal(optimise(makeGraph("program", [U], [parts])).graph.outputs[0], U);
  const there = gather(gather(h0, domainTable(domain, "order")), domainTable(domain, "inverse"));
  assert.equal(optimise(makeGraph("program", [h0], [there])).graph.outputs[0], h0);
});

for (const [name, build] of Object.entries(cases)) {
  test(`${name}: optimised loss and gradients meet NaN and infinities like the plain ones`, () => {
    const { domain: own, lengths, anchor } = testDomain(true);
    const it = build(own, false);
    const inputs = [lengths, anchor, ...(it.others ?? []), ...it.wrt];
    const gradients = reverse([it.loss], [scalarNode(1)], it.wrt, prepareForGradient).filter((gradient) => gradient !== null);
    const plain = makeGraph("plain", inputs, [it.loss, ...gradients]);
    const fast = optimise(plain).graph;
    it.wrt.forEach((input, which) => {
      const feeds = feedsOf(inputs, [3, 0, 2], 4, which);
      const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0][which % 4]!;
      feeds.get(input)!.data[0] = odd;
      const expected = interpret(plain, feeds);
      interpret(fast, feeds).forEach((value, index) => {
        assertClose(value, expected[index]!, 1e-12, `${odd} in ${input.attrs.name}, output ${index}`);
      });
    });
  });
}

test("what only scales a product of the input is computed in the step, not stored for all steps; NaN and infinities stay what they are", () => {
  const wide = argument("wide", [domain.steps, 32]);
  const [w32, u32, gain, start] = [
    argument("w", [32, 32]),
    argument("u", [32, 32]),
    argument("gain", [32]),
    argument("h", [domain.batch, 32]),
  ];
  const { ys } = scanOf(
    { domain, carries: [start], xs: [wide], shared: [w32, gain, u32] },
    ({ carries: [h], xs: [xt], shared: [w, g, u] }) => {
      const drive = product(xt!, w!);
      const next = tanh(add(product(h!, u!), mul(sub(drive, div(sum(drive, [0]), 32)), g!)));
      return { carries: [next], ys: [next] };
    },
  );
  const loss = sum(ys[0]!, [0, 1]);
  const gradients = reverse([loss], [scalarNode(1)], [w32, gain], prepareForGradient).map((gradient) => gradient!);
  const plain = makeGraph("plain", [domainLengths, anchor, start, wide, w32, u32, gain], [loss, ...gradients]);
  const { graph, log } = optimise(plain);
  assert.ok(log.some(({ rule }) => rule === "stays-in-step"));
  // The product comes in with a number per row; nothing else of its size is stacked for the step.
  const { carries, xs } = scansOf(verify(graph))[0]!.attrs;
  const inputs = scansOf(graph)[0]!.inputs.slice(carries, carries + xs);
  assert.deepEqual(inputs.map(({ shape }) => shape[1] ?? 1).sort(), [1, 32]);
  for (const odd of [1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const feeds = feedsOf(plain.inputs, [3, 0, 2], 4, 0);
    feeds.get(gain)!.data[3] = odd;
    const expected = interpret(plain, feeds);
    interpret(graph, feeds).forEach((value, index) => {
      assertClose(value, expected[index]!, 1e-12, `${odd}, output ${index}`);
    });
  }
});
