// Optimisers against their formulas in float64, three steps each, through trees as a loop of one's own uses them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HostTensor, hostTensor } from "../../src/base/tensor.js";
import type { Tree } from "../../src/base/tree.js";
import { adam, adamw, add, defineOptimizer, mul, type Optimizer, rmsprop, type Schedule, sgd, sub } from "../../src/index.js";

const start = [0.5, -1.25, 3];
const gradients = [
  [0.1, -2, 1e-3],
  [-0.4, 0, 5],
  [0.3, 1e-8, -0.7],
];

const vector = (values: readonly number[]): HostTensor => hostTensor(Float64Array.from(values), [values.length], "float32");

function leaf(tree: Tree, layer: string): readonly number[] {
  const found = (tree as Readonly<Record<string, Readonly<Record<string, Tree>>>>)[layer]!.W;
  assert.ok(found instanceof HostTensor);
  return [...found.exact];
}

/** Weights after three updates; two equal layers show that leaves do not mix. */
function run(optimizer: Optimizer): readonly number[] {
  let weights: Tree = { a: { W: vector(start) }, b: { W: vector([...start].reverse()) } };
  let slots = optimizer.init(weights);
  for (const g of gradients) {
    ({ weights, slots } = optimizer.update({ weights, slots, grads: { a: { W: vector(g) }, b: { W: vector([...g].reverse()) } } }));
  }
  assert.deepEqual(leaf(weights, "b"), [...leaf(weights, "a")].reverse());
  return leaf(weights, "a");
}

/** The same by a formula on one number at a time. */
function byHand(step: (w: number, g: number, t: number, slots: Record<string, number>) => number): readonly number[] {
  return start.map((initial, index) => {
    const slots: Record<string, number> = { m: 0, v: 0 };
    return gradients.reduce((w, g, t) => step(w, g[index]!, t + 1, slots), initial);
  });
}

function close(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) <= 1e-12 * Math.max(1, Math.abs(expected[index]!)), `${actual} against ${expected}`);
  });
}

test("sgd follows its formula", () => {
  close(
    run(sgd({ learningRate: 0.1 })),
    byHand((w, g) => w - 0.1 * g),
  );
});

test("sgd with momentum follows its formula", () => {
  close(
    run(sgd({ learningRate: 0.1, momentum: 0.9 })),
    byHand((w, g, _, s) => {
      s.v = 0.9 * s.v! + g;
      return w - 0.1 * s.v;
    }),
  );
});

test("sgd with Nesterov's momentum follows its formula", () => {
  close(
    run(sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })),
    byHand((w, g, _, s) => {
      s.v = 0.9 * s.v! + g;
      return w - 0.1 * (g + 0.9 * s.v);
    }),
  );
});

test("rmsprop follows its formula", () => {
  close(
    run(rmsprop({ learningRate: 0.01, rho: 0.8 })),
    byHand((w, g, _, s) => {
      s.v = 0.8 * s.v! + 0.2 * g * g;
      return w - (0.01 * g) / (Math.sqrt(s.v) + 1e-7);
    }),
  );
});

const adamByHand = (decay: number): readonly number[] =>
  byHand((w, g, t, s) => {
    s.m = 0.9 * s.m! + 0.1 * g;
    s.v = 0.999 * s.v! + 0.001 * g * g;
    const mean = s.m / (1 - 0.9 ** t);
    const square = s.v / (1 - 0.999 ** t);
    return w * (1 - 1e-3 * decay) - (1e-3 * mean) / (Math.sqrt(square) + 1e-7);
  });

test("adam with its defaults follows algorithm 1 of the paper", () => {
  close(run(adam()), adamByHand(0));
});

test("adamw takes the decay off the weight, not into the gradient", () => {
  close(run(adamw({ weightDecay: 0.1 })), adamByHand(0.1));
});

test("an optimiser of one's own gets its slots back", () => {
  const heavyBall = defineOptimizer({
    name: "heavy-ball",
    slots: ["m"],
    learningRate: 0.01,
    update({ w, g, m, learningRate }) {
      const v = add(mul(0.9, m), g);
      return { w: sub(w, mul(learningRate, v)), m: v };
    },
  });
  close(run(heavyBall()), run(sgd({ learningRate: 0.01, momentum: 0.9 })));
  close(run(heavyBall({ learningRate: 0.5 })), run(sgd({ learningRate: 0.5, momentum: 0.9 })));
});

test("a schedule sees the step, counted from 1", () => {
  const schedule: Schedule = (step) => mul(0.1, step);
  close(
    run(sgd({ learningRate: schedule })),
    byHand((w, g, t) => w - 0.1 * t * g),
  );
});

test("an update that forgets a slot is refused by name", () => {
  const forgetful = defineOptimizer({
    name: "forgetful",
    slots: ["m"],
    learningRate: 0.01,
    update: ({ w }) => ({ w }) as { w: typeof w; m: typeof w },
  });
  assert.throws(() => run(forgetful()), { code: "slot_missing" });
});

test("a learning rate or limit that is none is refused", () => {
  assert.throws(() => adam({ learningRate: -1 }), { code: "bad_learning_rate" });
  assert.throws(() => adam({ clipNorm: 0 }), { code: "bad_limit" });
  assert.throws(() => adam({ clipValue: Number.NaN }), { code: "bad_limit" });
});
