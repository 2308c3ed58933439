// What a gradient costs: one walk forwards and one back per layer, products outside the loops, nothing read from padding.

import assert from "node:assert/strict";
import { test } from "node:test";
import { reverse } from "../../src/autodiff/reverse.js";
import { mulDims } from "../../src/base/dim.js";
import { domainTable, inputNode, makeGraph, newScope, scalarNode } from "../../src/ir/core/build.js";
import { add, gather, mul, neg, reshape, stop, sum, tanh } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { type Graph, isOp, type Node, reachable } from "../../src/ir/core/node.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { vectoriseNodes } from "../../src/passes/vectorise.js";
import { checkGradient } from "../support/gradient.js";
import { assertSame } from "../support/values.js";
import { argument, energy, feedsOf, lstmLayer, product, scanOf, testDomain } from "./recurrences.js";

const units = 3;

/** A deep LSTM's loss with its gradient, optimised. */
function trained(numLayers: number, read: (layer: { hs: Node; h: Node; c: Node }) => Node): Graph {
  const { domain, lengths, anchor } = testDomain(true);
  const x = argument("x", [domain.steps, units]);
  const weights = Array.from({ length: numLayers }, (_, index) => ({
    W: argument(`W${index}`, [units, 4 * units]),
    U: argument(`U${index}`, [units, 4 * units]),
    b: argument(`b${index}`, [4 * units]),
  }));
  let layer = { hs: x as Node, h: x as Node, c: x as Node };
  for (const own of weights) layer = lstmLayer(domain, layer.hs, own, units);
  const loss = read(layer);
  const wrt = weights.flatMap(({ W, U, b }) => [W, U, b]);
  const gradients = reverse([loss], [scalarNode(1)], wrt, prepareForGradient);
  return optimise(makeGraph("training", [lengths, anchor, x, ...wrt], [loss, layer.hs, ...gradients.map((gradient) => gradient!)])).graph;
}

function scansOf(graph: Graph): Node<"scan">[] {
  return reachable(graph.outputs).filter((node) => isOp(node, "scan"));
}

function count(graph: Graph, op: string): number {
  return reachable(graph.outputs).filter((node) => node.op === op).length;
}

for (const numLayers of [1, 2, 3]) {
  test(`loss and gradient of ${numLayers} LSTM layers walk each layer once forwards and once back`, () => {
    const scans = scansOf(trained(numLayers, ({ hs, c }) => add(energy(hs), energy(c))));
    assert.deepEqual(
      scans.map(({ attrs }) => attrs.reverse),
      [...Array.from({ length: numLayers }, () => false), ...Array.from({ length: numLayers }, () => true)],
    );
  });
}

test("a penalty on the gradient walks the layer twice each way, and the loss beside it costs no walk of its own", () => {
  const { domain } = testDomain(true);
  const [x, h0, U] = [argument("x", [domain.steps, 3]), argument("h0", [domain.batch, 3]), argument("U", [3, 3])];
  const { ys } = scanOf({ domain, carries: [h0], xs: [x], shared: [U] }, ({ carries: [h], xs: [xt], shared: [u] }) => {
    const next = tanh(add(product(h!, u!), xt!));
    return { carries: [next], ys: [next] };
  });
  const loss = energy(ys[0]!);
  const [dU] = reverse([loss], [scalarNode(1)], [U], prepareForGradient);
  const total = add(loss, energy(dU!));
  const [penalised] = reverse([total], [scalarNode(1)], [U], prepareForGradient);
  const scans = scansOf(optimise(makeGraph("training", [x, h0, U], [total, loss, penalised!])).graph);
  assert.deepEqual(
    scans.map(({ attrs }) => attrs.reverse),
    [false, true, false, true],
  );
});

test("only h·U and dG·Uᵀ stay inside the loops; x·W, dW, dU, db and dx are outside", () => {
  const graph = trained(2, ({ hs }) => energy(hs));
  for (const { attrs } of scansOf(graph)) {
    assert.equal(count(attrs.body, "dot"), 1, attrs.body.name);
    assert.equal(attrs.sums, 0);
  }
  // x·W for both layers, dW and dU for both, dx of the second.
  assert.equal(count(graph, "dot"), 2 + 4 + 1);
});

test("the adjoint of an LSTM reads the gates, tanh(c) and c before the step, and nothing else from the forward pass", () => {
  const [forward, backward] = scansOf(trained(1, ({ hs }) => energy(hs)));
  // h, then i f g o, tanh(c), c before the step; h before the step is read from the stacked h.
  assert.equal(forward!.attrs.ys, 1 + 6);
  assert.equal(backward!.attrs.xs, 1 + 6);
  assert.equal(backward!.attrs.ys, 1);
});

test("values larger than four times the state are computed again, not saved", () => {
  const { domain } = testDomain(true);
  const [h0, U] = [argument("h0", [domain.batch, 2]), argument("U", [2, 64])];
  const { ys } = scanOf({ domain, carries: [h0], shared: [U] }, ({ carries: [h], shared: [u] }) => {
    const wide = tanh(mul(reshape(h!, [2, 1]), u!));
    const next = sum(wide, [1]);
    return { carries: [next], ys: [next] };
  });
  const [dU] = reverse([energy(ys[0]!)], [scalarNode(1)], [U], prepareForGradient);
  const widths = scansOf(makeGraph("g", [], [dU!])).flatMap(({ attrs, results }) =>
    results.slice(attrs.carries).map(({ shape }) => shape.length),
  );
  assert.ok(
    widths.every((rank) => rank <= 2),
    `ranks ${widths.join(" ")}`,
  );
});

test("no gradient flows through stop", () => {
  const x = argument("x", [2]);
  assert.deepEqual(reverse([sum(stop(x), [0])], [scalarNode(1)], [x]), [null]);
  const [dx] = reverse([sum(mul(stop(x), x), [0])], [scalarNode(1)], [x]);
  const feeds = feedsOf([x], [1], 1);
  assertSame(interpret(makeGraph("g", [x], [dx!]), feeds)[0]!, interpret(makeGraph("x", [x], [x]), feeds)[0]!);
});

test("a gradient taken inside a step is a gradient of that row", () => {
  // Each step moves the state down the slope of an energy of its own, and the walk through it is differentiated again.
  const { domain, lengths, anchor } = testDomain(true);
  const [x, h0, U] = [argument("x", [domain.steps, 2]), argument("h0", [domain.batch, 2]), argument("U", [2, 2])];
  const { ys } = scanOf({ domain, carries: [h0], xs: [x], shared: [U] }, ({ carries: [h], xs: [xt], shared: [u] }) => {
    const own = reshape(h!, h!.shape);
    const [slope] = reverse([energy(tanh(add(sum(mul(u!, own), [1]), xt!)))], [scalarNode(1)], [own], prepareForGradient);
    const next = add(h!, neg(mul(slope!, 0.5)));
    return { carries: [next], ys: [next] };
  });
  const loss = energy(ys[0]!);
  const gradients = reverse([loss], [scalarNode(1)], [x, h0, U], prepareForGradient);
  checkGradient({ loss, wrt: [x, h0, U], gradients, feeds: feedsOf([lengths, anchor, x, h0, U], [3, 0, 2], 3) });
});

test("two arguments with the same value keep gradients of their own", () => {
  const { domain, lengths, anchor } = testDomain(true);
  const [x, h0, U] = [argument("x", [domain.steps, 2]), argument("h0", [domain.batch, 2]), argument("U", [2])];
  const [left, right] = [reshape(U, [2]), reshape(U, [2])].map((node) => add(node, 0));
  const { ys } = scanOf({ domain, carries: [h0], xs: [x], shared: [left!, right!] }, ({ carries: [h], xs: [xt], shared: [a, b] }) => {
    const next = tanh(add(mul(h!, a!), mul(xt!, b!)));
    return { carries: [next], ys: [next] };
  });
  const claim = (prepare?: typeof prepareForGradient): Node[] =>
    reverse([energy(ys[0]!)], [scalarNode(1)], [left!, right!], prepare).map((gradient) => gradient!);
  const inputs = [lengths, anchor, x, h0, U];
  const feeds = feedsOf(inputs, [2, 3], 3);
  const plain = interpret(makeGraph("plain", inputs, claim()), feeds);
  const prepared = interpret(makeGraph("prepared", inputs, claim(prepareForGradient)), feeds);
  plain.forEach((value, index) => {
    value.data.forEach((entry, at) => {
      assert.ok(Math.abs(entry - prepared[index]!.data[at]!) < 1e-12);
    });
  });
});

test("padding is never read: NaN there changes neither loss nor gradients", () => {
  const { domain, lengths } = testDomain(true);
  const dense = argument("dense", [domain.batch, domain.time, units]);
  const [W, U, b] = [argument("W", [units, 4 * units]), argument("U", [units, 4 * units]), argument("b", [4 * units])];
  const x = gather(reshape(dense, [mulDims(domain.batch, domain.time), units]), domainTable(domain, "pack"));
  const loss = energy(lstmLayer(domain, x, { W, U, b }, units).hs);
  const gradients = reverse([loss], [scalarNode(1)], [dense, W, U, b], prepareForGradient).map((gradient) => gradient!);
  const inputs = [lengths, dense, W, U, b];
  const { graph } = optimise(makeGraph("training", inputs, [loss, ...gradients]));
  const rowLengths = [2, 0, 3];
  const run = (padding: number): ReturnType<typeof interpret> => {
    const feeds = feedsOf(inputs, rowLengths, 4, 5);
    const { data } = feeds.get(dense)!;
    data.forEach((_, at) => {
      const [row, step] = [Math.floor(at / (4 * units)), Math.floor(at / units) % 4];
      if (step >= rowLengths[row]!) data[at] = padding;
    });
    return interpret(graph, feeds);
  };
  const clean = run(0);
  run(Number.NaN).forEach((value, index) => {
    assertSame(value, clean[index]!);
  });
});

test("a function of one row over many rows is the same function", () => {
  const [rows, shared] = [argument("rows", [4, 3]), argument("shared", [3])];
  const row = inputNode("row", { shape: [3], dtype: "float32" }, newScope());
  const out = [tanh(mul(row, shared)), sum(mul(row, row), [0]), shared];
  const wide = vectoriseNodes(out, new Map([[row, rows]]), 4);
  assert.deepEqual(
    wide.map(({ shape }) => shape),
    [[4, 3], [4], [4, 3]],
  );
});

for (const isReversed of [false, true]) {
  test(`where all rows have all steps, states of the step before are read where they lie, ${isReversed ? "backwards" : "forwards"}`, () => {
    const { domain, anchor } = testDomain(false);
    const x = argument("x", [domain.steps, units]);
    const own = { W: argument("W", [units, 4 * units]), U: argument("U", [units, 4 * units]), b: argument("b", [4 * units]) };
    const loss = energy(lstmLayer(domain, x, own, units, isReversed).hs);
    const wrt = [own.W, own.U, own.b];
    const gradients = reverse([loss], [scalarNode(1)], wrt, prepareForGradient).map((gradient) => gradient!);
    const { graph } = optimise(makeGraph("training", [anchor, x, ...wrt], [loss, ...gradients]));
    assert.equal(count(graph, "gather"), 0);
    const feeds = feedsOf([anchor, x, ...wrt], [4, 4, 4], 4);
    checkGradient({ loss, wrt, gradients, feeds }, { entries: 8 });
  });
}
