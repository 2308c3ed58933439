// Finders: they look at a model without changing it, and what they say is right where the answer is known.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adam,
  dense,
  gru,
  init,
  largestBatch,
  learningRateRange,
  type Model,
  mul,
  overfitOneBatch,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { insideOf } from "../../src/train/inside.js";
import { numbers, random } from "./support.js";

function small(optimizer = adam({ learningRate: 1e-3 })): Model {
  const model = sequential([gru({ units: 8 }), dense({ units: 1 })]);
  model.compile({ optimizer, loss: "mse" });
  return model;
}

const x = random(1, [64, 6, 2]);
/** Something that can be learnt: the sum of the first feature. */
const y: Tensor = tensor(
  Array.from({ length: 64 }, (_, row) => [
    Array.from({ length: 6 }, (_v, step) => Number(x.data[(row * 6 + step) * 2])).reduce((a, b) => a + b, 0),
  ]),
);

/** Everything that training changes. */
function standing(model: Model): unknown {
  const session = insideOf(model)!.session("test");
  return { vectors: [...session.store.vectors()].map(([name, values]) => [name, [...values]]), steps: session.steps };
}

test("the finders leave weights, slots and step count as they were, and a fit after them is the same to the bit", async () => {
  const [looked, other] = [small(), small()];
  const options = { epochs: 2, seed: 3, verbose: "silent" } as const;
  await looked.fit(x, y, options);
  await other.fit(x, y, options);
  const before = standing(looked);
  await learningRateRange(looked, x, y, { steps: 20, to: 10 });
  await overfitOneBatch(looked, x, y, { steps: 10 });
  await largestBatch(looked, x, y, { bytes: 1e9 });
  assert.deepEqual(standing(looked), before);
  await looked.fit(x, y, options);
  await other.fit(x, y, options);
  assert.deepEqual(numbers(looked.weights), numbers(other.weights));
});

test("the range test suggests a rate that learns, far from the one that breaks", async () => {
  const clipped = sgd({ learningRate: 1, clipNorm: false });
  const range = await learningRateRange(small(clipped), x, y, { from: 1e-5, to: 100, steps: 120, batchSize: 16 });
  assert.ok(range.suggestion !== null && range.suggestion > 1e-4 && range.suggestion < 1, range.message);
  assert.ok(range.breaksAt !== null && range.breaksAt > range.suggestion, range.message);
  assert.equal(range.rates.length, range.losses.length);
  range.rates.forEach((rate, index) => {
    assert.ok(Math.abs(rate / (1e-5 * 1e7 ** (index / 119)) - 1) < 1e-9);
  });
  assert.match(range.message, /^The loss falls fastest at a learning rate of [\d.e-]+ and breaks at [\d.e-]+\.$/);
  const trained = small(sgd({ learningRate: range.suggestion, clipNorm: false }));
  const { history } = await trained.fit(x, y, { epochs: 20, verbose: "silent" });
  assert.ok(history.loss!.at(-1)! < 0.5 * history.loss![0]!);
});

test("a loss that cannot fall gets no suggestion", async () => {
  const blind = small();
  const range = await learningRateRange(blind, mul(x, 0), mul(y, 0), { steps: 15 });
  assert.equal(range.suggestion, null);
  assert.match(range.message, /never falls/);
  await assert.rejects(learningRateRange(small(), x, y, { from: 1, to: 0.1 }), /the rates must rise/);
});

test("a network that can learn one batch by heart does, and the verdict says so", async () => {
  const found = await overfitOneBatch(small(adam({ learningRate: 1e-2 })), x, y, { steps: 600 });
  assert.equal(found.verdict, "learns", found.message);
  assert.ok(found.losses.at(-1)! <= 0.01 * found.losses[0]!);
  assert.equal(found.rows, 8);
  assert.match(found.message, /^Learns: the loss went from .* to .* in \d+ steps\./);
});

test("no step, too small steps and too large ones are told apart", async () => {
  const verdicts: string[] = [];
  for (const [learningRate, steps] of [
    [0, 20],
    [3e-2, 60],
    [1e6, 20],
  ] as const)
    verdicts.push((await overfitOneBatch(small(sgd({ learningRate, clipNorm: false })), x, y, { steps })).verdict);
  assert.deepEqual(verdicts, ["stuck", "slow", "diverges"]);
});

test("rows of different lengths are looked at with their lengths", async () => {
  const lengths = Array.from({ length: 64 }, (_, row) => 1 + (row % 6));
  const found = await overfitOneBatch(small(), x, y, { steps: 5, lengths, rows: 3 });
  assert.equal(found.losses.length, 5);
  const ragged = await overfitOneBatch(
    small(),
    [
      [[1, 2]],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [[0], [1]],
    { steps: 5 },
  );
  assert.equal(ragged.rows, 2);
});

test("the largest batch fits as planned: training with it takes the memory that was said, to two percent", async (t) => {
  if ((await init()).class === "float64") {
    t.skip("the reference interpreter plans no memory");
    return;
  }
  for (const bytes of [2e6, 6e6]) {
    const model = small();
    model.build(["time", 2], { seed: 1 });
    const found = await largestBatch(model, x, y, { bytes });
    assert.ok(found.batchSize > 0 && found.bytes <= bytes, found.message);
    const many = Array.from({ length: found.batchSize }, (_, row) => row % 64);
    const rowsOf = (of: Tensor): Tensor => {
      const width = of.data.length / 64;
      const data = Float32Array.from({ length: found.batchSize * width }, (_, at) =>
        Number(of.data[many[Math.floor(at / width)]! * width + (at % width)]),
      );
      return tensor(data, { shape: [found.batchSize, ...of.shape.slice(1)] });
    };
    const [big, targets] = [rowsOf(x), rowsOf(y)];
    await model.fit(big, targets, { epochs: 1, batchSize: "full", verbose: "silent" });
    const taken = model.arenaBytes + found.fixedBytes + 4 * (big.data.length + targets.data.length);
    assert.ok(taken <= bytes * 1.001, `${taken} of ${bytes}`);
    assert.ok(taken >= bytes * 0.98, `${taken} of ${bytes}`);
  }
  const none = small();
  none.build(["time", 2]);
  const found = await largestBatch(none, x, y, { bytes: 1000 });
  assert.equal(found.batchSize, 0);
  assert.match(found.message, /Not even one row fits/);
});
