// Merging changes no bit forwards, leaves gates of separate weights with one product per step, and lets no NaN into a gradient.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { reverse } from "../../src/autodiff/reverse.js";
import { makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { add, concat, dot, lt, mul, select, sigmoid, stop, tanh, transpose } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { type Graph, isOp, type Node, reachable } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { mergeInScans, mergeOutside } from "../../src/passes/merge.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { argument, energy, feedsOf, lstmLayer, product, scanOf, testDomain } from "../autodiff/recurrences.js";
import { checkGradient } from "../support/gradient.js";
import { assertClose, assertSame } from "../support/values.js";

const { domain, lengths, anchor } = testDomain(true);

function dotsIn(graph: Graph): Node<"dot">[] {
  return reachable(graph.outputs).filter((node) => isOp(node, "dot"));
}

/** Number of products in each loop. */
function dotsPerStep(graph: Graph): number[] {
  return reachable(graph.outputs).flatMap((node) => (isOp(node, "scan") ? [dotsIn(node.attrs.body).length] : []));
}

const units = 3;
const x = argument("x", [domain.steps, 2]);
const h0 = argument("h0", [domain.batch, units]);
const gates = ["i", "f", "g", "o"] as const;

/** An LSTM with a weight for each gate and input; equal columns in one `lstmLayer` weight. */
function separateLstm(): { readonly hs: Node; readonly weights: readonly Node<"input">[]; readonly joined: { W: Node; U: Node; b: Node } } {
  const weights = [
    ...gates.map((gate) => argument(`W${gate}`, [2, units])),
    ...gates.map((gate) => argument(`U${gate}`, [units, units])),
    ...gates.map((gate) => argument(`b${gate}`, [units])),
  ];
  const c0 = mul(h0, 0);
  const { ys } = scanOf({ domain, carries: [h0, c0], xs: [x], shared: weights }, ({ carries: [h, c], xs: [xt], shared }) => {
    const [i, f, g, o] = gates.map((_, k) => add(add(product(xt!, shared[k]!), product(h!, shared[4 + k]!)), shared[8 + k]!));
    const cNext = add(mul(sigmoid(f!), c!), mul(sigmoid(i!), tanh(g!)));
    const hNext = mul(sigmoid(o!), tanh(cNext));
    return { carries: [hNext, cNext], ys: [hNext] };
  });
  const [W, U, b] = [0, 4, 8].map((from) => concat(weights.slice(from, from + 4), from === 8 ? 0 : 1));
  return { hs: ys[0]!, weights, joined: { W: W!, U: U!, b: b! } };
}

test("an LSTM of eight weights has one product per step, forwards and backwards, and one for all steps", () => {
  const { hs, weights } = separateLstm();
  const loss = energy(hs);
  const inputs = [lengths, anchor, x, h0, ...weights];
  const forward = optimise(makeGraph("forward", inputs, [hs]));
  assert.deepEqual(dotsPerStep(verify(forward.graph)), [1]);
  assert.equal(dotsIn(forward.graph).length, 1);
  assert.ok(forward.log.some(({ pass, what }) => pass === "merge" && what === "4 products into one of 12 columns"));

  const gradients = reverse([loss], [scalarNode(1)], [x, ...weights], prepareForGradient).filter((node) => node !== null);
  assert.equal(gradients.length, 13);
  const { graph } = optimise(makeGraph("training", inputs, [loss, ...gradients]));
  assert.deepEqual(dotsPerStep(verify(graph)), [1, 1]);
  // x·W, dx, dW and dU.
  assert.equal(dotsIn(graph).length, 4);
});

test("gates of separate weights give the gradients of joined ones", () => {
  const { hs, weights, joined } = separateLstm();
  const joinedHs = lstmLayer(domain, x, joined, units).hs;
  const inputs = [lengths, anchor, x, ...weights];
  const zeros = feedsOf([h0], [3, 0, 2], 4);
  zeros.get(h0)!.data.fill(0);
  const feeds = new Map([...feedsOf(inputs, [3, 0, 2], 4, 7), ...zeros]);
  const gradientsOf = (loss: Node): Graph => {
    const found = reverse([loss], [scalarNode(1)], [x, ...weights], prepareForGradient).filter((node) => node !== null);
    return optimise(makeGraph("training", [...inputs, h0], [loss, ...found])).graph;
  };
  const expected = interpret(gradientsOf(energy(joinedHs)), feeds);
  interpret(gradientsOf(energy(hs)), feeds).forEach((value, index) => {
    assertClose(value, expected[index]!, 1e-12, `output ${index}`);
  });
});

/** Weights of one value, stored either way round, on either side of their products. */
const anyGates = fc.array(fc.record({ width: fc.integer({ min: 1, max: 4 }), isTransposed: fc.boolean(), isLeft: fc.boolean() }), {
  minLength: 2,
  maxLength: 5,
});

for (const isMatrix of [false, true]) {
  test(`merged products of a ${isMatrix ? "matrix" : "vector"} have the same bits, whatever the layout of their weights`, () => {
    fc.assert(
      fc.property(anyGates, fc.integer({ min: 0, max: 1000 }), (list, seed) => {
        const weights = list.map(({ width, isTransposed }, k) => argument(`w${k}`, isTransposed ? [width, 3] : [3, width]));
        const state = argument("state", isMatrix ? [domain.batch, 2, 3] : [domain.batch, 3]);
        const { ys } = scanOf({ domain, carries: [state], shared: weights }, ({ carries: [s], shared }) => {
          const axis = isMatrix ? 1 : 0;
          const values = list.map(({ isTransposed, isLeft }, k) => {
            const own = isTransposed ? 1 : 0;
            const none = { aBatch: [], bBatch: [] };
            if (!isLeft) return dot(s!, shared[k]!, { ...none, aContract: [axis], bContract: [own] });
            const value = dot(shared[k]!, s!, { ...none, aContract: [own], bContract: [axis] });
            return isMatrix ? transpose(value, [1, 0]) : value;
          });
          return { carries: [tanh(mul(s!, 0.9))], ys: values };
        });
        const inputs = [lengths, anchor, state, ...weights];
        const graph = makeGraph("program", inputs, ys);
        const merged = verify(mergeInScans(graph, "staying"));
        assert.deepEqual(dotsPerStep(merged), [isMatrix ? new Set(list.map(({ isLeft }) => isLeft)).size : 1]);
        const feeds = feedsOf(inputs, [3, 0, 2], 4, seed);
        feeds.get(state)!.data[0] = Number.POSITIVE_INFINITY;
        const expected = interpret(graph, feeds);
        interpret(merged, feeds).forEach((value, index) => {
          assertSame(value, expected[index]!, `product ${index}`);
        });
      }),
      { numRuns: 40 },
    );
  });
}

test("a product without a cotangent stays by itself, so its infinite weight reaches no gradient", () => {
  const [U, V] = [argument("U", [units, units]), argument("V", [units, units])];
  const { carries } = scanOf({ domain, carries: [h0], shared: [U, V] }, ({ carries: [h], shared: [u, v] }) => {
    const [drive, watch] = [product(h!, u!), product(h!, v!)];
    return { carries: [tanh(select(lt(stop(watch), 0), drive, mul(drive, 2)))] };
  });
  const gradients = reverse([energy(carries[0]!)], [scalarNode(1)], [h0, U], prepareForGradient).filter((node) => node !== null);
  const inputs = [lengths, anchor, h0, U, V];
  const feeds = feedsOf(inputs, [3, 1, 2], 4);
  feeds.get(V)!.data[0] = Number.POSITIVE_INFINITY;
  for (const value of interpret(optimise(makeGraph("gradient", inputs, gradients)).graph, feeds)) {
    assert.ok(value.data.every((entry) => Number.isFinite(entry)));
  }
});

test("products that are wider than what the adjoint keeps are merged only where no gradient is taken", () => {
  const weights = Array.from({ length: 6 }, (_, k) => argument(`U${k}`, [units, units]));
  const { carries } = scanOf({ domain, carries: [h0], shared: weights }, ({ carries: [h], shared }) => ({
    carries: [shared.map((u) => tanh(product(h!, u))).reduce((total, value) => mul(total, value))],
  }));
  const inputs = [lengths, anchor, h0, ...weights];
  assert.deepEqual(dotsPerStep(optimise(makeGraph("forward", inputs, carries)).graph), [1]);
  const loss = energy(carries[0]!);
  const gradients = reverse([loss], [scalarNode(1)], [h0, ...weights], prepareForGradient);
  const known = gradients.filter((node) => node !== null);
  const { graph } = optimise(verify(makeGraph("gradient", inputs, [loss, ...known])));
  const backward = reachable(graph.outputs).filter((node) => isOp(node, "scan") && node.attrs.reverse);
  // The states' products are kept, not computed again on the way back.
  assert.deepEqual(
    backward.map((scan) => (isOp(scan, "scan") ? dotsIn(scan.attrs.body).filter(({ inputs: [, b] }) => b!.shape[0] === units).length : 0)),
    [2],
  );
  checkGradient({ loss, wrt: [h0, ...weights], gradients, feeds: feedsOf(inputs, [3, 0, 2], 4) }, { entries: 3, tolerance: 1e-6 });
});

test("outside of loops products of one value with several parameters merge within a layer", () => {
  const weights = ["q", "k", "v"].map((name) => argument(name, [2, 4]));
  const [bound, moving] = [argument("bound", [domain.steps, 2]), argument("moving", [2, domain.batch])];
  const all = [...weights.map((weight) => product(bound, weight)), product(bound, moving)];
  const inputs = [lengths, anchor, bound, moving, ...weights];
  const graph = makeGraph("program", inputs, all);
  const merged = verify(mergeOutside(graph));
  assert.equal(dotsIn(merged).length, 2);
  const feeds = feedsOf(inputs, [3, 0, 2], 4);
  const expected = interpret(graph, feeds);
  interpret(merged, feeds).forEach((value, index) => {
    assertSame(value, expected[index]!, `product ${index}`);
  });
});

test("gradients of weights that share an operand are one product when the other operands come from one loop", () => {
  const { ys } = scanOf({ domain, carries: [h0], xs: [] }, ({ carries: [h] }) => {
    const next = tanh(mul(h!, 0.9));
    return { carries: [next], ys: [next, mul(next, 2), sigmoid(next)] };
  });
  const over = { aBatch: [], bBatch: [], aContract: [0], bContract: [0] };
  const graph = makeGraph(
    "program",
    [lengths, anchor, h0, x],
    ys.map((y) => dot(x, y, over)),
  );
  const merged = verify(mergeOutside(graph));
  assert.equal(dotsIn(merged).length, 1);
  const feeds = feedsOf([lengths, anchor, h0, x], [3, 0, 2], 4);
  const expected = interpret(graph, feeds);
  interpret(merged, feeds).forEach((value, index) => {
    assertSame(value, expected[index]!, `product ${index}`);
  });
});
