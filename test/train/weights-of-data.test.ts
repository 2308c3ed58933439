// Sample, class and loss weights, accumulated batches: laws that tell what they mean.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adam,
  add,
  dense,
  functional,
  gru,
  init,
  l2,
  lstm,
  type Model,
  mul,
  reshape,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { distance, numbers, random } from "./support.js";

const silent = { verbose: "silent", shuffle: false, seed: 3 } as const;

async function onReference<R>(inside: () => Promise<R>): Promise<R> {
  await init({ backend: "reference" });
  try {
    return await inside();
  } finally {
    await init({ backend: "auto" });
  }
}

function network(): Model {
  const model = sequential([gru({ units: 4 }), dense({ units: 2 })]);
  model.compile({ optimizer: sgd({ learningRate: 0.1, clipNorm: false }), loss: "mse", metrics: ["mae"] });
  return model;
}

const rowsOf = (x: Tensor, rows: readonly number[]): Tensor => {
  const size = x.data.length / x.shape[0]!;
  const all = Array.from(x.data);
  return tensor(Float32Array.from(rows.flatMap((row) => all.slice(row * size, (row + 1) * size))), {
    shape: [rows.length, ...x.shape.slice(1)],
  });
};

describe("sample weights", () => {
  test("a row with weight 0 is not there, one with weight 2 is there twice", async () => {
    const [x, y] = [random(1, [5, 4, 3]), random(2, [5, 2])];
    const [weighted, repeated] = [network(), network()];
    const rows = [0, 2, 2, 3];
    const options = { ...silent, epochs: 3, batchSize: "full" } as const;
    const a = await weighted.fit(x, y, { ...options, sampleWeights: [1, 0, 2, 1, 0] });
    const b = await repeated.fit(rowsOf(x, rows), rowsOf(y, rows), options);
    assert.ok(distance(weighted.weights, repeated.weights) < 1e-6);
    for (const name of ["loss", "mae"])
      for (const [epoch, value] of a.history[name]!.entries()) assert.ok(Math.abs(value - b.history[name]![epoch]!) < 1e-6, name);
    const found = await weighted.evaluate(x, y, { sampleWeights: [1, 0, 2, 1, 0], batchSize: 2 });
    const expected = await weighted.evaluate(rowsOf(x, rows), rowsOf(y, rows));
    for (const name of ["loss", "mae"]) assert.ok(Math.abs(found[name]! - expected[name]!) < 1e-6, name);
  });

  test("steps have weights of their own; a weight of 0 shortens a row", async () => {
    const [x, y] = [random(3, [3, 4, 2]), random(4, [3, 4, 1])];
    const made = (): Model => {
      const model = sequential([lstm({ units: 3, returnSequences: true }), dense({ units: 1 })]);
      model.compile({ optimizer: "adam", loss: "huber" });
      return model;
    };
    const [masked, ragged] = [made(), made()];
    const sampleWeights = [
      [1, 1, 1, 1],
      [1, 1, 0, 0],
      [1, 1, 1, 0],
    ];
    await masked.fit(x, y, { ...silent, epochs: 3, sampleWeights });
    await ragged.fit(x, y, { ...silent, epochs: 3, lengths: [4, 2, 3] });
    assert.ok(distance(masked.weights, ragged.weights) < 1e-6);
    const perRow = await masked.evaluate(x, y, { lengths: [4, 2, 3], sampleWeights: [1, 0, 0] });
    const first = await masked.evaluate(rowsOf(x, [0]), rowsOf(y, [0]));
    assert.ok(Math.abs(perRow.loss! - first.loss!) < 1e-6);
  });

  test("validation honours them, those of a data set too", async () => {
    const [x, y] = [random(5, [6, 3, 2]), random(6, [6, 2])];
    const model = network();
    const sampleWeights = [1, 1, 1, 1, 3, 0];
    const a = await model.fit({ x, y, sampleWeights }, { ...silent, epochs: 1, validationSplit: 0.34 });
    const expected = await model.evaluate(rowsOf(x, [3, 4, 4, 4]), rowsOf(y, [3, 4, 4, 4]));
    assert.ok(Math.abs(a.history.valLoss![0]! - expected.loss!) < 1e-6);
  });

  test("what cannot be weights is refused", async () => {
    const [x, y] = [random(5, [4, 3, 2]), random(6, [4, 2])];
    const model = network();
    await assert.rejects(model.fit(x, y, { ...silent, sampleWeights: [1, 2, 3] }), { code: "sample_weights" });
    await assert.rejects(model.fit(x, y, { ...silent, sampleWeights: [1, 2, 3, -1] }), { code: "bad_sample_weight" });
    await assert.rejects(model.fit(x, y, { ...silent, sampleWeights: [0, 0, 0, 0] }), { code: "bad_sample_weight" });
    await assert.rejects(model.fit(x, y, { ...silent, sampleWeights: { out: [1, 1, 1, 1] } }), { code: "unknown_output" });
    await assert.rejects(model.fit(x, y, { ...silent, classWeights: { 0: 2 } }), { code: "class_weights" });
  });
});

describe("class weights", () => {
  for (const [loss, units, y] of [
    ["sparseCategoricalCrossEntropy", 3, [0, 2, 1, 2]],
    ["binaryCrossEntropy", 1, [0, 1, 1, 0]],
    [
      "categoricalCrossEntropy",
      2,
      [
        [1, 0],
        [0, 1],
        [0, 1],
        [1, 0],
      ],
    ],
  ] as const) {
    test(`of ${loss} are sample weights by class, in training only`, async () => {
      const x = random(7, [4, 3, 2]);
      const made = (): Model => {
        const model = sequential([gru({ units: 3 }), dense({ units })]);
        model.compile({ optimizer: "adam", loss });
        return model;
      };
      const [byClass, bySample] = [made(), made()];
      const classOf = (row: number): number => (Array.isArray(y[row]) ? (y[row] as readonly number[]).indexOf(1) : Number(y[row]));
      const weights = [0.5, 4, 1];
      const own = [1, 2, 1, 3];
      const options = { ...silent, epochs: 3, validationData: { x, y } } as const;
      const a = await byClass.fit(x, y, { ...options, classWeights: { 0: 0.5, 1: 4 }, sampleWeights: own });
      const b = await bySample.fit(x, y, { ...options, sampleWeights: own.map((weight, row) => weight * weights[classOf(row)]!) });
      assert.ok(distance(byClass.weights, bySample.weights) < 1e-6);
      assert.deepEqual(a.history, b.history);
      await assert.rejects(byClass.fit(x, y, { ...silent, classWeights: { 7: 1 } }), { code: "class_weights" });
    });
  }
});

type Outputs = { readonly one: Tensor; readonly every: Tensor };

/** One output for each row, one for each step, penalties of both kinds. */
function twoOutputs(options: { readonly lossWeights?: { readonly [name: string]: number } } = {}): Model<Outputs> {
  const model = functional(
    {
      read: lstm({
        units: 4,
        returnSequences: true,
        activationRegularization: 0.3,
        temporalRegularization: 0.2,
        kernelRegularizer: l2(0.01),
      }),
      last: gru({ units: 3, goBackwards: true, temporalRegularization: 0.5 }),
      one: dense({ units: 2 }),
      every: dense({ units: 1, kernelRegularizer: l2(0.1) }),
    },
    (l, { x }: { x: Tensor }) => {
      const steps = l.read(x);
      return { one: l.one(l.last(steps)), every: l.every(steps) };
    },
  );
  model.compile({
    optimizer: adam({ learningRate: 1e-2 }),
    loss: { one: "huber", every: "mse" },
    metrics: { one: ["r2"], every: ["mae"] },
    ...options,
  });
  return model;
}

const data = {
  x: random(8, [11, 5, 2]),
  one: random(9, [11, 2]),
  every: random(10, [11, 5, 1]),
  lengths: [5, 1, 3, 4, 2, 5, 5, 1, 2, 3, 4],
};

test("loss weights multiply the outputs' means in the whole loss, not in their own", async () => {
  const model = twoOutputs({ lossWeights: { every: 0.25 } });
  const plain = twoOutputs();
  for (const each of [model, plain]) each.build({ x: ["time", 2] }, { seed: 1 });
  const y = { one: data.one, every: data.every };
  const [found, all] = [await model.evaluate({ x: data.x }, y), await plain.evaluate({ x: data.x }, y)];
  assert.deepEqual(Object.keys(found), ["loss", "oneLoss", "everyLoss", "oneR2", "everyMae"]);
  assert.equal(found.everyLoss, all.everyLoss);
  assert.ok(Math.abs(all.loss! - found.loss! - 0.75 * found.everyLoss!) < 1e-6);
  assert.throws(() => model.compile({ optimizer: "sgd", loss: "mse", lossWeights: { one: -1 } }), { code: "bad_option" });
});

test("metrics by output are those of that output only, and refused where they suit none", async () => {
  const model = twoOutputs();
  model.build({ x: ["time", 2] });
  model.compile({ optimizer: "sgd", loss: "mse", metrics: { nowhere: ["mae"] } });
  await assert.rejects(model.evaluate({ x: data.x }, { one: data.one, every: data.every }), { code: "metric_names" });
  model.compile({ optimizer: "sgd", loss: "mse", metrics: { one: ["perplexity"] } });
  await assert.rejects(model.evaluate({ x: data.x }, { one: data.one, every: data.every }), { code: "unsuited_metric" });
  const bias = (actual: Tensor, predicted: Tensor): Tensor => add(predicted, mul(-1, actual));
  model.compile({ optimizer: "sgd", loss: "mse", metrics: { every: [bias, "mse"] } });
  assert.deepEqual(Object.keys(await model.evaluate({ x: data.x }, { one: data.one, every: data.every })), [
    "loss",
    "oneLoss",
    "everyLoss",
    "everyBias",
    "everyMse",
  ]);
});

for (const [title, sampleWeights] of [
  ["ragged rows", undefined],
  ["sample weights", { one: random(11, [11]), every: random(12, [11, 5]) }],
] as const) {
  test(`accumulated batches make the step of one large batch: several outputs, penalties, ${title}`, async () => {
    await onReference(async () => {
      const weights =
        sampleWeights === undefined ? {} : { sampleWeights: { one: positive(sampleWeights.one), every: positive(sampleWeights.every) } };
      const options = { ...silent, epochs: 3, lengths: data.lengths, ...weights };
      const [large, small] = [twoOutputs(), twoOutputs()];
      const y = { one: data.one, every: data.every };
      const a = await large.fit({ x: data.x }, y, { ...options, batchSize: 6 });
      const b = await small.fit({ x: data.x }, y, { ...options, batchSize: 2, accumulate: 3 });
      assert.ok(distance(large.weights, small.weights) < 1e-6, String(distance(large.weights, small.weights)));
      for (const [name, values] of Object.entries(a.history))
        for (const [epoch, value] of values.entries())
          assert.ok(Math.abs(value - b.history[name]![epoch]!) < 1e-6 * Math.max(1, Math.abs(value)), name);
    });
  });
}

const positive = (a: Tensor): Tensor => reshape(mul(a, a), a.shape);

test("accumulation with one output takes the rest of an epoch as a smaller step", async () => {
  const [x, y] = [random(1, [7, 4, 3]), random(2, [7, 2])];
  const [large, small] = [network(), network()];
  await large.fit(x, y, { ...silent, epochs: 2, batchSize: 4 });
  let steps = 0;
  const count = { name: "count", onBatchEnd: () => void steps++ };
  await small.fit(x, y, { ...silent, epochs: 2, batchSize: 2, accumulate: 2, callbacks: [count] });
  assert.equal(steps, 4);
  assert.ok(distance(large.weights, small.weights) < 1e-6);
  await assert.rejects(small.fit(x, y, { ...silent, accumulate: 0 }), { code: "bad_option" });
});

test("a step of several batches that is not finite changes neither weights nor their average", async () => {
  const x = random(1, [8, 4, 3]);
  const model = sequential([dense({ units: 2 }), dense({ units: 2 })]);
  model.compile({ optimizer: sgd({ learningRate: 1e15, clipNorm: false }), loss: "mse", metrics: ["r2"] });
  const good: Record<string, readonly number[]>[] = [];
  const watch = { name: "watch", onBatchEnd: ({ model: now }: { model: Model<unknown> }) => void good.push(numbers(now.weights)) };
  const history = await model.fit(x, random(3, [8, 4, 2]), {
    ...silent,
    epochs: 9,
    batchSize: 2,
    accumulate: 3,
    ema: 0,
    callbacks: [watch],
  });
  assert.equal(history.stopped, "nan");
  assert.match(history.reason, /became (NaN|Infinity)/);
  // With no memory the average is the last good weights.
  assert.deepEqual(numbers(model.weights), good.at(-1));
  assert.ok(Object.values(numbers(model.weights)).flat().every(Number.isFinite));
});
