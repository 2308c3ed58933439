// What a model was compiled with survives saving: the same numbers afterwards, whatever the settings were.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  amsgrad,
  binaryCrossEntropy,
  type CompileOptions,
  constantSchedule,
  cosineSchedule,
  dense,
  exponentialSchedule,
  functional,
  gru,
  huber,
  lion,
  loadModel,
  type Model,
  mase,
  nadam,
  type Optimizer,
  oneCycleSchedule,
  poisson,
  quantile,
  rmsprop,
  sequential,
  sgd,
  stepSchedule,
  type Tensor,
  topKAccuracy,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

const silent = { verbose: "silent", epochs: 3, batchSize: 3, seed: 4 } as const;

/** A loaded copy, saved again, has the same bytes: every option was read as it was written. */
async function staysSame(model: Model<unknown>): Promise<void> {
  const bytes = model.toBytes();
  const loaded = await loadModel<unknown>(bytes);
  assert.deepEqual(loaded.toBytes(), bytes);
}

/** Trains a loaded copy and the model itself, and compares every bit. */
async function survives(model: Model<unknown>, x: object, y: object): Promise<void> {
  const loaded = await loadModel<unknown>(model.toBytes());
  const [a, b] = [await model.fit(x as never, y as never, silent), await loaded.fit(x as never, y as never, silent)];
  assert.deepEqual(b.history, a.history);
  assert.deepEqual(numbers(loaded.weights), numbers(model.weights));
}

describe("optimisers are saved with their options and schedules", () => {
  const optimizers: readonly (string | Optimizer)[] = [
    "sgd",
    "rmsprop",
    "adagrad",
    "adadelta",
    "adam",
    "adamw",
    "nadam",
    "amsgrad",
    "lion",
    sgd({ momentum: 0.5, nesterov: true, learningRate: stepSchedule({ learningRate: 0.1, every: 2, factor: 0.5 }) }),
    rmsprop({ momentum: 0.3, centered: true, rho: 0.8, learningRate: exponentialSchedule({ learningRate: 0.01, factor: 0.9, every: 2 }) }),
    adagrad({ initialAccumulator: 0.1, clipWeightNorm: 0.1 }),
    adadelta({ rho: 0.9, clipValue: 0.5 }),
    adam({
      gradientNoise: 0.01,
      gradientNoiseDecay: 0.5,
      learningRate: cosineSchedule({ learningRate: 0.02, steps: 5, warmupSteps: 2, restarts: true }),
    }),
    adamw({ weightDecay: 0.2, weightDecayOn: "matrices", clipNorm: false }),
    nadam({ momentumDecay: 0.01, learningRate: oneCycleSchedule({ learningRate: 0.05, steps: 9 }) }),
    amsgrad({ beta1: 0.8, epsilon: 1e-3 }),
    lion({ beta2: 0.9, weightDecay: 0.3, learningRate: constantSchedule({ learningRate: 0.01 }) }),
  ];
  optimizers.forEach((optimizer, index) => {
    test(typeof optimizer === "string" ? optimizer : `${optimizer.name} with options (${index})`, async () => {
      const model = sequential([gru({ units: 2 }), dense({ units: 1 })]);
      model.compile({ optimizer, loss: "mse" });
      model.build(["time", 2], { seed: 1 });
      await staysSame(model);
      // Training both tells that the bytes mean something; twice is enough.
      if (index === 11 || index === 13) await survives(model, random(1, [7, 3, 2]), random(2, [7, 1]));
    });
  });

  test("a schedule that is no built-in one leaves the settings out", async () => {
    const model = sequential([dense({ units: 1 })]);
    model.compile({ optimizer: adam({ learningRate: (step: Tensor) => step }), loss: "mse" });
    model.build([2]);
    const loaded = await loadModel(model.toBytes());
    await assert.rejects(loaded.fit([[1, 2]], [[1]], silent), { code: "not_compiled" });
  });
});

describe("losses and metrics are saved with their options", () => {
  const one = (options: Omit<CompileOptions, "optimizer">, units: number): Model => {
    const model = sequential([dense({ units })]);
    model.compile({ optimizer: "adam", ...options });
    model.build([2], { seed: 1 });
    return model;
  };
  const x = random(1, [7, 2]);
  const shares = Array.from({ length: 7 }, (_, row) => [(row % 3) / 2]);
  test("huber", () => staysSame(one({ loss: huber({ delta: 0.1 }), metrics: ["mae", "r2"] }, 1)));
  test("quantiles", () => survives(one({ loss: quantile({ quantiles: [0.1, 0.9] }) }, 2), x, random(2, [7, 1])));
  test("poisson", () => staysSame(one({ loss: poisson({ fromLogits: true }) }, 1)));
  test("smoothed", () =>
    survives(one({ loss: binaryCrossEntropy({ labelSmoothing: 0.2 }), metrics: ["auroc", "accuracy"] }, 1), x, shares));
  test("metrics with options", async () => {
    await survives(one({ loss: "sparseCategoricalCrossEntropy", metrics: [topKAccuracy({ k: 2 })] }, 4), x, [0, 1, 2, 3, 0, 1, 2]);
    await survives(one({ loss: "mae", metrics: [mase({ history: [1, 3, 2, 5], season: 2 })] }, 1), x, random(2, [7, 1]));
  });

  test("by output, with weights, whatever the outputs are called", async () => {
    const model = functional({ a: dense({ units: 1 }), b: dense({ units: 1 }) }, (l, { v }: { v: Tensor }) => ({
      name: l.a(v),
      options: l.b(v),
    }));
    model.compile({
      optimizer: "sgd",
      loss: { name: "mse", options: huber({ delta: 0.5 }) },
      lossWeights: { options: 0.3 },
      metrics: { name: ["mae"], options: ["rmse", "smape"] },
    });
    model.build({ v: [2] }, { seed: 1 });
    await survives(model, { v: x }, { name: random(2, [7, 1]), options: random(3, [7, 1]) });
  });
});

test("several quantiles take their width from the loss, and come out in order", async () => {
  const model = sequential([dense({ units: 3 })]);
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: quantile({ quantiles: [0.1, 0.5, 0.9] }) });
  const x = Array.from({ length: 64 }, () => [1]);
  const y = random(9, [64, 1]);
  await model.fit(x, y, { ...silent, epochs: 150, batchSize: "full" });
  const found = [...(await model.predict([[1]])).data];
  const sorted = Array.from(y.data).sort((a, b) => a - b);
  [6, 32, 57].forEach((place, index) => {
    assert.ok(Math.abs(found[index]! - sorted[place]!) < 0.1, `${found} in ${sorted[place]}`);
  });
});
