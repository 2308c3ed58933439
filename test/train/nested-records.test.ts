// Inputs and outputs in records of records: every verb takes and gives them in that form, and names inside are paths.
import assert from "node:assert/strict";
import { test } from "node:test";
import { add, batches, concat, dense, functional, gru, loadModel, type Model, type Tensor, tensor } from "../../src/index.js";
import { probe } from "../../src/inspect/index.js";

type Inputs = { readonly text: { readonly a: Tensor; readonly b: Tensor }; readonly num: Tensor };
type Outputs = { readonly head: { readonly x: Tensor; readonly y: Tensor } };

const rows = <T>(count: number, row: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => row(index));
const plain = {
  x: {
    a: tensor(rows(20, (i) => rows(3, (t) => [i / 20 + t]))),
    b: tensor(rows(20, (i) => rows(4, (t) => [Math.sin(i + t)]))),
    num: tensor(rows(20, (i) => [i / 20, 1])),
  },
  y: { x: tensor(rows(20, (i) => [i / 20])), y: tensor(rows(20, (i) => [i % 2])) },
};
const x = { text: { a: plain.x.a, b: plain.x.b }, num: plain.x.num };
const y = { head: plain.y };

const layers = () => ({
  a: gru({ units: 4 }),
  b: gru({ units: 3 }),
  x: dense({ units: 1 }),
  y: dense({ units: 1, activation: "sigmoid" }),
});

function nested(): Model<Outputs> {
  const model = functional(layers(), (l, { text, num }: Inputs) => {
    const both = concat([l.a(text.a), l.b(text.b), num]);
    return { head: { x: l.x(both), y: l.y(both) } };
  });
  const loss = { head: { x: "mse", y: "binaryCrossEntropy" } };
  model.compile({ optimizer: "adam", loss, metrics: { head: { x: ["mae"], y: [] } }, lossWeights: { head: { x: 0.5 } } });
  return model;
}

function flat(): Model<{ readonly x: Tensor; readonly y: Tensor }> {
  const model = functional(layers(), (l, { a, b, num }: { a: Tensor; b: Tensor; num: Tensor }) => {
    const both = concat([l.a(a), l.b(b), num]);
    return { x: l.x(both), y: l.y(both) };
  });
  model.compile({
    optimizer: "adam",
    loss: { x: "mse", y: "binaryCrossEntropy" },
    metrics: { x: ["mae"], y: [] },
    lossWeights: { x: 0.5 },
  });
  return model;
}

test("training on records of records is training on their values, under names that are paths", async () => {
  const [deep, shallow] = [nested(), flat()];
  const options = { epochs: 2, seed: 3, validationSplit: 0.2, verbose: "silent" } as const;
  const weights = rows(20, (i) => 1 + (i % 3));
  const found = await deep.fit(x, y, {
    ...options,
    sampleWeights: { head: { x: weights, y: weights } },
    classWeights: { "head/y": { 1: 2 } },
  });
  const wanted = await shallow.fit(plain.x, plain.y, {
    ...options,
    sampleWeights: { x: weights, y: weights },
    classWeights: { y: { 1: 2 } },
  });
  assert.deepEqual(found.history["head/xLoss"], wanted.history.xLoss);
  assert.deepEqual(found.history["head/xMae"], wanted.history.xMae);
  assert.deepEqual(found.history.loss, wanted.history.loss);
  const scores = await deep.evaluate({ x, y });
  assert.equal(scores["head/yLoss"], (await shallow.evaluate({ x: plain.x, y: plain.y })).yLoss);
});

test("predictions, calls, streams, probes and batches have the form of the records, before and after saving", async () => {
  const model = nested();
  await model.fit(x, y, { epochs: 1, verbose: "silent" });
  const again = await loadModel<Outputs>(model.toBytes());
  const { head } = await model.predict(x);
  assert.deepEqual((await again.predict(x)).head.x.data, head.x.data);
  assert.deepEqual(Object.keys(again.call(again.weights, x).head), ["x", "y"]);
  assert.deepEqual((await probe(model, x, y)).outputs.head.y.data, head.y.data);
  const [batch] = batches({ x, y }, { batchSize: 8, seed: 1 });
  assert.deepEqual(
    [batch!.x.text.a.shape, batch!.y.head.x.shape],
    [
      [8, 3, 1],
      [8, 1],
    ],
  );
  const stream = await again.stream();
  const step = { text: { a: Float32Array.of(0.3), b: Float32Array.of(0.1) }, num: Float32Array.of(0.5, 1) };
  const out = { head: { x: new Float32Array(1), y: new Float32Array(1) } };
  const first = stream.step(step).head.x;
  stream.reset();
  stream.stepInto(step, out);
  assert.equal(out.head.x[0], first.data[0]);
});

test("build takes shapes in records of records, and lengths may be given so", async () => {
  const model = nested();
  model.build({ text: { a: ["time", 1], b: ["time", 1] }, num: [2] }, { seed: 5 });
  const same = nested();
  same.build({ text: { b: ["time", 1], a: ["time", 1] }, num: [2] }, { seed: 5 });
  assert.deepEqual((await model.predict(x)).head.x.data, (await same.predict(x)).head.x.data);
  const lengths = { text: { a: rows(20, () => 3), b: rows(20, () => 4) } };
  assert.deepEqual((await model.predict(x, { lengths })).head.x.data, (await model.predict(x)).head.x.data);
});

test("a name that is missing or too much is told as a path", async () => {
  const model = nested();
  await model.fit(x, y, { epochs: 1, verbose: "silent" });
  await assert.rejects(model.predict({ text: { a: plain.x.a }, num: plain.x.num }), { code: "input_names", message: /x lacks "text\/b"/ });
  await assert.rejects(model.fit(x, { head: plain.y.x }, { epochs: 1 }), {
    code: "output_names",
    message: /y has "head".*head\/x, head\/y/,
  });
  model.compile({ optimizer: "adam", loss: { head: { x: "mse", z: "mse" } } });
  await assert.rejects(model.fit(x, y, { epochs: 1 }), { code: "loss_names", message: /head\/x, head\/z/ });
});

test("outputs must still be tensors", () => {
  const model = functional({ d: dense({ units: 1 }) }, (l, { a }: { a: Tensor }) => ({
    head: { x: add(l.d(a), 1), y: 3 as unknown as Tensor },
  }));
  assert.throws(() => model.build({ a: [2] }), { code: "bad_outputs" });
});
