// Training: equal to a loop written by hand, reproducible, able to learn, and honest about why it ended.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledPrograms } from "../../src/engine/program.js";
import {
  adam,
  adamw,
  batches,
  type Callback,
  clipByGlobalNorm,
  deepRnn,
  defineOptimizer,
  dense,
  dropout,
  earlyStopping,
  embedding,
  globalNorm,
  gru,
  huber,
  init,
  jit,
  lstm,
  type Model,
  mean,
  mse,
  mul,
  type Optimizer,
  randomKey,
  sequential,
  sgd,
  splitKey,
  sub,
  type Tensor,
  type Tree,
  tensor,
  valueAndGrad,
} from "../../src/index.js";
import { distance, draws, numbers, random } from "./support.js";

const silent = { verbose: "silent" } as const;

/** Twenty steps by hand: the loop of the documentation. */
async function byHand(model: Model, optimizer: Optimizer, x: Tensor, y: Tensor): Promise<{ weights: Tree; losses: number[] }> {
  model.build(["time", 3], { seed: 7 });
  const step = jit(
    ({ weights, slots, key }: { weights: Tree; slots: Tree; key: Tensor }, batch: { x: Tensor; y: Tensor }) => {
      const [now, next] = splitKey(key);
      const loss = (w: typeof weights): Tensor => mean(huber(batch.y, model.call(w, batch.x, { training: true, key: now })));
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
  for (const batch of batches({ x, y }, { batchSize: 4, seed: 7, epochs: 5 })) losses.push((await step(batch)).loss.item());
  return { weights: (await step.state()).weights, losses };
}

for (const [name, layers] of [
  ["a plain network", () => [gru({ units: 5 }), dense({ units: 2 })]],
  ["a network with dropout", () => [lstm({ units: 5, recurrentDropout: 0.3 }), dropout(0.2), dense({ units: 2 })]],
] as const) {
  test(`fit of ${name} is the loop written by hand`, async () => {
    const x = mul(random(1, [14, 6, 3]), 3);
    const y = mul(random(2, [14, 2]), 3);
    const optimizer = adam({ learningRate: 1e-2 });
    const hand = await byHand(sequential(layers()), optimizer, x, y);
    const model = sequential(layers());
    model.compile({ optimizer, loss: "huber" });
    const losses: number[] = [];
    const watch: Callback = { name: "watch", onBatchEnd: ({ logs }) => void losses.push(logs.loss!) };
    await model.fit(x, y, { epochs: 5, batchSize: 4, seed: 7, callbacks: [watch], ...silent });
    assert.equal(losses.length, 20);
    losses.forEach((loss, index) => {
      assert.ok(
        Math.abs(loss - hand.losses[index]!) <= 1e-6 * Math.max(1, Math.abs(loss)),
        `step ${index}: ${loss} against ${hand.losses[index]}`,
      );
    });
    assert.ok(distance(model.weights, hand.weights) <= 1e-6, String(distance(model.weights, hand.weights)));
  });
}

async function trained(seed: number, options: { batchSize?: number | "full"; shuffle?: boolean } = {}): Promise<Model> {
  const model = deepRnn({ units: [4, 3], dropout: 0.1 });
  model.compile({ optimizer: "adam", loss: "mse" });
  await model.fit(random(3, [10, 5, 2]), random(4, [10, 1]), { epochs: 3, batchSize: 4, seed, ...options, ...silent });
  return model;
}

test("the same seed gives the same bits, another seed others", async () => {
  const [first, second, other] = [await trained(7), await trained(7), await trained(8)];
  assert.deepEqual(numbers(first.weights), numbers(second.weights));
  assert.ok(distance(first.weights, other.weights) > 0);
});

test("batchSize full is one step per epoch, like a batch of all rows", async () => {
  const steps: number[] = [];
  const model = sequential([gru({ units: 3 }), dense({ units: 1 })]);
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "mse" });
  const count: Callback = { name: "count", onTrainEnd: ({ step }) => void steps.push(step) };
  await model.fit(random(3, [10, 5, 2]), random(4, [10, 1]), { epochs: 3, batchSize: "full", callbacks: [count], ...silent });
  assert.deepEqual(steps, [3]);
  const [full, ten] = [await trained(1, { batchSize: "full" }), await trained(1, { batchSize: 10 })];
  assert.deepEqual(numbers(full.weights), numbers(ten.weights));
});

test("the exclusive or of two bits far apart is learnt", async () => {
  const next = draws(5);
  const bits = Array.from({ length: 64 }, () => [next() < 0 ? 0 : 1, next() < 0 ? 0 : 1] as const);
  const x = bits.map(([a, b]) => [[a], [0.5], [0.5], [0.5], [b]]);
  const y = bits.map(([a, b]) => a ^ b);
  const model = sequential([lstm({ units: 8 }), dense({ units: 1, activation: "sigmoid" })]);
  model.compile({ optimizer: adam({ learningRate: 0.03 }), loss: "binaryCrossEntropy", metrics: ["accuracy"] });
  const history = await model.fit(x, y, { epochs: 100, batchSize: 16, seed: 1, ...silent });
  assert.equal(history.stopped, "done");
  assert.equal((await model.evaluate(x, y)).accuracy, 1);
});

test("the adding problem is learnt", async () => {
  const next = draws(6);
  const rows = Array.from({ length: 96 }, () => {
    const values = Array.from({ length: 8 }, () => (next() + 1) / 2);
    const marked = [Math.floor((next() + 1) * 2), 4 + Math.floor((next() + 1) * 2)];
    return {
      x: values.map((value, step) => [value, marked.includes(step) ? 1 : 0]),
      y: marked.reduce((sum, step) => sum + values[step]!, 0),
    };
  });
  const model = sequential([gru({ units: 12 }), dense({ units: 1 })]);
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "mse" });
  const x = rows.map((row) => row.x);
  const y = rows.map((row) => row.y);
  await model.fit(x, y, { epochs: 60, batchSize: 16, seed: 2, ...silent });
  const { loss } = await model.evaluate(x, y);
  // Guessing the mean gives about 1/6.
  assert.ok(loss! < 0.02, String(loss));
});

test("a loss that is not finite ends training, and the weights stay those of the last good step", async () => {
  const model = sequential([dense({ units: 1 })]);
  model.compile({ optimizer: sgd({ learningRate: 1e30, clipNorm: false }), loss: "mse" });
  model.build([2]);
  const history = await model.fit(random(1, [8, 2]), random(2, [8, 1]), { epochs: 50, ...silent });
  assert.equal(history.stopped, "nan");
  assert.match(history.reason, /epoch \d+/);
  assert.ok(Object.values(numbers(model.weights)).flat().every(Number.isFinite));
});

test("clipping limits the step by norm, or by value, or not at all", async () => {
  const x = [[100], [200]];
  const y = [[0], [0]];
  const move = async (optimizer: Optimizer): Promise<number> => {
    const model = sequential([dense({ units: 1, useBias: false })]);
    model.compile({ optimizer, loss: "mse" });
    model.build([1], { seed: 3 });
    const before = numbers(model.weights)["dense-1/W"]![0]!;
    const history = await model.fit(x, y, { epochs: 1, ...silent });
    assert.equal(history.clippedShare, optimizer.rule.clipNorm === null ? 0 : 1);
    return Math.abs(numbers(model.weights)["dense-1/W"]![0]! - before);
  };
  assert.ok(Math.abs((await move(sgd({ learningRate: 0.5 }))) - 0.5) < 1e-6);
  assert.ok(Math.abs((await move(sgd({ learningRate: 0.5, clipNorm: 2 }))) - 1) < 1e-6);
  assert.ok(Math.abs((await move(sgd({ learningRate: 0.5, clipValue: 0.25 }))) - 0.125) < 1e-6);
  assert.ok((await move(sgd({ learningRate: 0.5, clipNorm: false }))) > 100);
});

test("callbacks are awaited in order and see epochs from 1, steps, logs and the model", async () => {
  const seen: string[] = [];
  const watch: Callback = {
    name: "watch",
    onTrainStart: ({ epoch, step }) => void seen.push(`start ${epoch} ${step}`),
    onEpochStart: ({ epoch }) => void seen.push(`epoch ${epoch}`),
    onBatchEnd: ({ step, logs }) => void seen.push(`batch ${step} ${Object.keys(logs).join()}`),
    async onEpochEnd({ logs, model }) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(`end ${Object.keys(logs).join()} ${"rnn-1" in model.weights}`);
    },
    onTrainEnd: () => void seen.push("over"),
  };
  const model = deepRnn({ units: 2, layers: 1 });
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  const history = await model.fit(random(1, [5, 3, 1]), random(2, [5, 1]), {
    epochs: 2,
    batchSize: 2,
    validationSplit: 0.4,
    callbacks: [watch],
    ...silent,
  });
  const epoch = (number: number): string[] => [
    `epoch ${number}`,
    `batch ${2 * number - 1} loss,gradientNorm`,
    `batch ${2 * number} loss,gradientNorm`,
    "end loss,mae,valLoss,valMae,learningRate true",
  ];
  assert.deepEqual(seen, ["start 0 0", ...epoch(1), ...epoch(2), "over"]);
  assert.deepEqual(Object.keys(history.history), ["loss", "mae", "valLoss", "valMae", "learningRate"]);
  assert.equal(history.epochs, 2);
});

test("a callback that stops ends training early with its reason", async () => {
  const model = deepRnn({ units: 2 });
  model.compile({ optimizer: "adam", loss: "mse" });
  const enough: Callback = { name: "enough", onEpochEnd: ({ epoch, stop }) => (epoch === 3 ? stop("good enough") : undefined) };
  const history = await model.fit(random(1, [5, 3, 1]), random(2, [5, 1]), { epochs: 9, callbacks: [enough], ...silent });
  assert.deepEqual([history.epochs, history.stopped, history.reason], [3, "early", "good enough"]);
});

test("early stopping goes back to the best epoch's weights", async () => {
  const model = sequential([gru({ units: 6 }), dense({ units: 1 })]);
  model.compile({ optimizer: adamw({ learningRate: 0.1 }), loss: "mse" });
  const x = random(1, [20, 4, 2]);
  const y = random(2, [20, 1]);
  const history = await model.fit(x, y, { epochs: 80, validationSplit: 0.5, callbacks: [earlyStopping({ patience: 5 })], ...silent });
  assert.equal(history.stopped, "early");
  assert.equal(history.epochs, history.bestEpoch + 5);
  const rows = { x: tensor([...x.data].slice(80), {}).toArray() as number[], y: y.toArray() as number[][] };
  const half = { x: tensor(rows.x, { shape: [10, 4, 2] }), y: tensor(rows.y.slice(10)) };
  const { loss } = await model.evaluate(half);
  assert.ok(Math.abs(loss! - history.history.valLoss![history.bestEpoch - 1]!) < 1e-6);
});

test("an aborted signal interrupts training", async () => {
  const controller = new AbortController();
  const model = deepRnn({ units: 2 });
  model.compile({ optimizer: "adam", loss: "mse" });
  const abort: Callback = { name: "abort", onBatchEnd: ({ step }) => (step === 5 ? controller.abort() : undefined) };
  const history = await model.fit(random(1, [8, 3, 1]), random(2, [8, 1]), {
    epochs: 9,
    batchSize: 4,
    callbacks: [abort],
    signal: controller.signal,
    ...silent,
  });
  assert.deepEqual([history.epochs, history.stopped], [2, "interrupted"]);
});

test("progress goes to the given sink, one line per epoch", async () => {
  const lines: string[] = [];
  const model = deepRnn({ units: 2 });
  model.compile({ optimizer: "adam", loss: "mse" });
  await model.fit(random(1, [8, 3, 1]), random(2, [8, 1]), {
    epochs: 3,
    validationSplit: 0.25,
    verbose: "lines",
    log: (line) => lines.push(line),
  });
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /^epoch 1\/3 {2}loss [\d.]+ {2}valLoss [\d.]+ {2}learningRate 0\.001 {2}[\d.]+ s$/);
});

test("training continues where it stopped: two fits are one long one", async () => {
  const x = random(1, [8, 3, 1]);
  const y = random(2, [8, 1]);
  const train = async (parts: readonly number[]): Promise<Model> => {
    const model = deepRnn({ units: 3 });
    model.compile({ optimizer: "adam", loss: "mse" });
    for (const epochs of parts) await model.fit(x, y, { epochs, batchSize: "full", shuffle: false, ...silent });
    return model;
  };
  assert.deepEqual(numbers((await train([2, 3])).weights), numbers((await train([5])).weights));
});

test("a smaller last batch, another batch size and another length need no second compilation", async () => {
  const model = sequential([gru({ units: 3, returnSequences: true }), lstm({ units: 2 }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const fit = (rows: number, steps: number, batchSize: number): Promise<unknown> =>
    model.fit(random(1, [rows, steps, 2]), random(2, [rows, 1]), { epochs: 1, batchSize, ...silent });
  const before = compiledPrograms();
  await fit(7, 5, 3);
  assert.equal(compiledPrograms() - before, 1);
  await fit(9, 8, 4);
  await fit(2, 1, 5);
  assert.equal(compiledPrograms() - before, 1);
  await model.predict(random(1, [7, 5, 2]), { batchSize: 2 });
  await model.predict(random(1, [3, 11, 2]));
  assert.equal(compiledPrograms() - before, 2);
});

test("an optimiser of one's own trains in fit as by hand", async () => {
  const heavyBall = defineOptimizer({
    name: "heavy-ball",
    slots: ["m"],
    learningRate: 0.05,
    update({ w, g, m, learningRate }) {
      const v = sub(g, mul(-0.9, m));
      return { w: sub(w, mul(learningRate, v)), m: v };
    },
  });
  const train = async (optimizer: Optimizer): Promise<Tree> => {
    const model = deepRnn({ units: 3 });
    model.compile({ optimizer, loss: mse });
    await model.fit(random(1, [8, 3, 1]), random(2, [8, 1]), { epochs: 4, batchSize: 3, ...silent });
    return model.weights;
  };
  assert.ok(distance(await train(heavyBall()), await train(sgd({ learningRate: 0.05, momentum: 0.9 }))) < 1e-6);
});

test("two fits of one model at the same time are refused", async () => {
  const model = deepRnn({ units: 2 });
  model.compile({ optimizer: "adam", loss: "mse" });
  const data = [random(1, [8, 3, 1]), random(2, [8, 1])] as const;
  const first = model.fit(...data, { epochs: 2, ...silent });
  await assert.rejects(model.fit(...data, { epochs: 2, ...silent }), { code: "training" });
  assert.equal((await first).stopped, "done");
});

test("the event loop gets its turns while a model trains", async () => {
  const model = sequential([lstm({ units: 16 }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  await model.fit(random(1, [64, 12, 4]), random(2, [64, 1]), { epochs: 60, batchSize: 4, ...silent });
  clearInterval(timer);
  assert.ok(turns > 0);
});

test("weights and optimiser slots move along when the backend changes", async () => {
  const data = [random(1, [8, 3, 1]), random(2, [8, 1])] as const;
  const options = { epochs: 2, batchSize: "full", shuffle: false, ...silent } as const;
  const make = (): Model => {
    const model = deepRnn({ units: 3 });
    model.compile({ optimizer: "adam", loss: "mse" });
    return model;
  };
  const [still, moving] = [make(), make()];
  await still.fit(...data, options);
  await still.fit(...data, options);
  await moving.fit(...data, options);
  await init({ backend: "reference" });
  try {
    await moving.fit(...data, options);
    assert.ok(distance(still.weights, moving.weights) < 1e-6);
  } finally {
    await init();
  }
  assert.ok(distance(still.weights, moving.weights) < 1e-6);
  const [a, b] = [await still.evaluate(...data), await moving.evaluate(...data)];
  assert.ok(Math.abs(a.loss! - b.loss!) < 1e-6);
});

test("whole numbers are features in front of a dense layer and tokens in front of an embedding", async () => {
  const whole = tensor(Int32Array.of(1, 2, 3, 4, 0, 2), { shape: [2, 3] });
  const features = sequential([dense({ units: 1 })]);
  features.compile({ optimizer: "sgd", loss: "mse" });
  await features.fit(whole, [1, 2], { epochs: 1, ...silent });
  assert.deepEqual((await features.predict(whole)).shape, [2, 1]);
  const words = sequential([embedding({ vocabularySize: 5, size: 2 }), gru({ units: 2 }), dense({ units: 1 })]);
  words.compile({ optimizer: "sgd", loss: "mse" });
  await words.fit([[1, 2, 3], [4]], [1, 2], { epochs: 1, ...silent });
  assert.deepEqual((await words.predict(whole)).shape, [2, 1]);
});
