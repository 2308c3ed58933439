// The documented blocks of code, as a user types them: they must compile under the strict flags and do what they say.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  adam,
  add,
  batches,
  type Callback,
  clipByGlobalNorm,
  concat,
  deepRnn,
  defineCell,
  defineOptimizer,
  dense,
  earlyStopping,
  embedding,
  functional,
  globalNorm,
  huber,
  jit,
  layerNorm,
  loadModel,
  lstm,
  matmul,
  mean,
  mul,
  ones,
  orthogonal,
  randomKey,
  recurrent,
  sequential,
  sigmoid,
  splitGates,
  splitKey,
  sub,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  weight,
} from "../../src/index.js";
import { random } from "./support.js";

test("the article: build, train, predict, read the history", async () => {
  const [x, y, xNew] = [random(1, [20, 6, 3]), random(2, [20, 2]), random(3, [4, 6, 3])];
  const model = deepRnn({ units: 8, layers: 2, activation: "relu" });
  model.compile({ optimizer: "adam", loss: "mse" });
  const history = await model.fit(x, y, { epochs: 5, batchSize: 32, validationSplit: 0.2, seed: 7 });
  const out = await model.predict(xNew);
  assert.deepEqual(out.shape, [4, 2]);
  assert.equal(out.data.length, 8);
  assert.equal(history.history.valLoss?.length, 5);
});

test("several inputs and outputs by name, each output with its own loss", async () => {
  const shop = functional(
    {
      encode: lstm({ units: 4 }),
      store: embedding({ vocabularySize: 10, size: 3 }),
      sales: dense({ units: 1 }),
      open: dense({ units: 1, activation: "sigmoid" }),
    },
    (l, { series, store }: { series: Tensor; store: Tensor }) => {
      const both = concat([l.encode(series), l.store(store)]);
      return { sales: l.sales(both), open: l.open(both) };
    },
  );
  shop.compile({ optimizer: adam({ learningRate: 3e-4 }), loss: { sales: "huber", open: "binaryCrossEntropy" }, metrics: ["accuracy"] });
  const [X, S, Y, Z] = [random(1, [6, 5, 2]), tensor([1, 2, 3, 4, 9, 0]), random(2, [6, 1]), tensor([0, 1, 1, 0, 1, 0])];
  const history = await shop.fit({ series: X, store: S }, { sales: Y, open: Z }, { epochs: 2 });
  assert.deepEqual(Object.keys(history.history), ["loss", "salesLoss", "openLoss", "openAccuracy", "learningRate"]);
  const out = await shop.predict({ series: X, store: S });
  assert.deepEqual(
    [out.sales.shape, out.open.shape],
    [
      [6, 1],
      [6, 1],
    ],
  );
  assert.ok([...out.open.data].every((p) => p > 0 && p < 1));
  const { loss, salesLoss, openLoss } = await shop.evaluate({ series: X, store: S }, { sales: Y, open: Z });
  assert.ok(Math.abs(loss! - (salesLoss! + openLoss!)) < 1e-6);
});

const G = ["i", "f", "g", "o"] as const;
const layerNormLstm = defineCell({
  name: "layer-norm-lstm",
  source: "Ba, Kiros & Hinton 2016",
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates: G }),
    U: weight([units, units], { gates: G, init: orthogonal() }),
    b: weight([units], { gates: G, init: { f: 1 } }),
    gainX: weight([units], { gates: G, init: ones() }),
    gainH: weight([units], { gates: G, init: ones() }),
  }),
  step(x, { h, c }, p) {
    const total = add(layerNorm(matmul(x, p.W), p.gainX), layerNorm(matmul(h, p.U), p.gainH), p.b);
    const { i, f, g, o } = splitGates(total, G);
    const cNext = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(layerNorm(cNext))), c: cNext };
  },
});

test("a cell of one's own trains, is saved with its gate order and loaded again", async () => {
  const stack = sequential([
    recurrent(layerNormLstm, { units: 6, returnSequences: true, recurrentDropout: 0.2 }),
    lstm({ units: 4 }),
    dense({ units: 1 }),
  ]);
  stack.compile({ optimizer: "adam", loss: "mse" });
  const [x, y] = [random(1, [8, 5, 2]), random(2, [8, 1])];
  await stack.fit(x, y, { epochs: 2 });
  const folder = await mkdtemp(join(tmpdir(), "deep-rnn-surface-"));
  try {
    await stack.save(join(folder, "a"));
    const loaded = await loadModel(join(folder, "a"), { cells: [layerNormLstm] });
    assert.equal(loaded.summary(), stack.summary());
    await assert.rejects(loadModel(join(folder, "a")), /This model uses cell layer-norm-lstm; pass it in cells/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the manual loop learns", async () => {
  const [x, y] = [random(1, [32, 5, 3]), random(2, [32, 1])];
  const model = deepRnn({ units: 6, outputSize: 1 });
  model.build(["time", 3], { seed: 7 });
  const optimizer = adam({ learningRate: 1e-2 });
  const step = jit(
    ({ weights, slots, key }, batch: { x: Tensor; y: Tensor }) => {
      const [now, next] = splitKey(key);
      const loss = (w: typeof weights) => mean(huber(batch.y, model.call(w, batch.x, { training: true, key: now })));
      const [value, grads] = valueAndGrad(loss)(weights);
      const moved = optimizer.update({ weights, slots, grads: clipByGlobalNorm(grads, 1) });
      return [
        { ...moved, key: next },
        { loss: value, norm: globalNorm(grads) },
      ];
    },
    { state: { weights: model.weights, slots: optimizer.init(model.weights), key: randomKey(7) } },
  );
  const losses: number[] = [];
  for (const batch of batches({ x, y }, { batchSize: 32, seed: 7, epochs: 20 })) losses.push((await step(batch)).loss.item());
  model.weights = (await step.state()).weights;
  assert.ok(losses.at(-1)! < losses[0]!);
  model.compile({ optimizer, loss: huber });
  const { loss } = await model.evaluate(x, y);
  assert.ok(loss! < losses.at(-1)!);
});

test("an optimiser of one's own and callbacks are records", async () => {
  const heavyBall = defineOptimizer({
    name: "heavy-ball",
    slots: ["m"],
    learningRate: 0.01,
    update({ w, g, m, learningRate }) {
      const v = add(mul(0.9, m), g);
      return { w: sub(w, mul(learningRate, v)), m: v };
    },
  });
  const enough: Callback = {
    name: "enough",
    onEpochEnd(e) {
      if ((e.logs.valLoss ?? 1) < 100) e.stop("good enough");
    },
  };
  const model = deepRnn({ units: 4 });
  model.compile({ optimizer: heavyBall(), loss: "mae" });
  const history = await model.fit(random(1, [10, 4, 1]), random(2, [10, 1]), {
    validationSplit: 0.2,
    callbacks: [earlyStopping({ patience: 10 }), enough],
  });
  assert.deepEqual([history.stopped, history.epochs, history.reason], ["early", 1, "good enough"]);
});
