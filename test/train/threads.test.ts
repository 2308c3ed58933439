// Row invariance in training: the number of threads changes no bit of the weights.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../src/backends/contract.js";
import type { Machine } from "../../src/backends/core/machine.js";
import { currentBackend } from "../../src/engine/backend.js";
import {
  bidirectional,
  type Callback,
  cosineSchedule,
  DeepRnnError,
  dense,
  gru,
  init,
  l1l2,
  lstm,
  maxNorm,
  nadam,
  sequential,
  sparseCategoricalCrossEntropy,
  topKAccuracy,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

// Large enough that a run, and in it every loop and product, is worth dividing.
const lengths = [23, 0, 17, 21, 1, 23, 5, 22, 19, 12, 3, 20, 23, 11, 7, 18, 2, 21, 23];

/** Four steps on a ragged batch with odd sizes; `between` is called after half of them, inside the training. */
async function train(between: () => Promise<unknown> = async () => undefined): Promise<Record<string, readonly number[]>> {
  const model = sequential([
    bidirectional(lstm({ units: 99, returnSequences: true, dropout: 0.1 })),
    gru({ units: 103, returnSequences: true, recurrentDropout: 0.2, zoneout: 0.1 }),
    dense({ units: 3 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const half: Callback = {
    name: "half",
    onEpochEnd: async ({ epoch, model: trained }) => {
      if (epoch !== 2) return;
      await between();
      assert.ok(numbers(trained.weights));
    },
  };
  const history = await model.fit(random(1, [19, 23, 5]), random(2, [19, 23, 3]), {
    epochs: 4,
    batchSize: 19,
    lengths,
    seed: 5,
    verbose: "silent",
    callbacks: [half],
  });
  assert.equal(history.stopped, "done");
  return numbers(model.weights);
}

/** The same with everything that a training can have beside the plain step. */
async function trainWithAll(): Promise<Record<string, readonly number[]>> {
  const model = sequential([
    lstm({ units: 99, returnSequences: true, weightDrop: 0.2, activationRegularization: 0.1, temporalRegularization: 0.1 }),
    gru({ units: 103, recurrentRegularizer: l1l2({ l1: 1e-3, l2: 1e-3 }), kernelConstraint: maxNorm(1) }),
    dense({ units: 3 }),
  ]);
  const learningRate = cosineSchedule({ learningRate: 0.01, steps: 4, warmupSteps: 1 });
  const optimizer = nadam({ learningRate, gradientNoise: 1e-3, weightDecay: 0.1, weightDecayOn: "matrices", clipWeightNorm: 1 });
  const loss = sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 });
  model.compile({ optimizer, loss, metrics: ["auroc", "f1Macro", topKAccuracy({ k: 2 })] });
  const classes = Array.from({ length: 19 }, (_, row) => row % 3);
  const sampleWeights = Array.from({ length: 19 }, (_, row) => 1 + (row % 4));
  const history = await model.fit(random(1, [19, 23, 5]), classes, {
    epochs: 3,
    batchSize: 7,
    accumulate: 2,
    ema: 0.9,
    lengths,
    seed: 5,
    verbose: "silent",
    sampleWeights,
    classWeights: { 1: 3 },
    validationSplit: 0.3,
  });
  assert.equal(history.stopped, "done");
  return { ...numbers(model.weights), ...history.history };
}

test("threads give the same bits with penalties, masks, noise, averages and weights of all kinds", async (t) => {
  try {
    await init({ backend: "native", threads: 1 });
  } catch (error) {
    assert.ok(error instanceof DeepRnnError && error.code === "backend_unavailable", String(error));
    t.skip(error.message);
    return;
  }
  const one = await trainWithAll();
  for (const threads of [2, 3]) {
    assert.equal((await init({ backend: "native", threads })).threads, threads);
    assert.deepEqual(await trainWithAll(), one, `${threads} threads`);
  }
});

test("threads 1, 2, 3, 5 and 8 give the same weights to the bit on the native core", async (t) => {
  try {
    await init({ backend: "native", threads: 1 });
  } catch (error) {
    assert.ok(error instanceof DeepRnnError && error.code === "backend_unavailable", String(error));
    t.skip(error.message);
    return;
  }
  const one = await train();
  for (const threads of [2, 3, 5, 8]) {
    const info = await init({ backend: "native", threads });
    assert.equal(info.threads, threads);
    assert.deepEqual(await train(), one, `${threads} threads`);
  }
  // Another choice of backend holds from the next training on.
  assert.deepEqual(await train(() => init({ backend: "native", threads: 1 })), one);
});

const machineOf = (backend: Backend & { readonly machine?: Machine }): Machine | undefined => backend.machine;

test("threads give the same weights to the bit in WebAssembly", async () => {
  assert.equal((await init({ backend: "wasm" })).threads, 1);
  const one = await train();
  for (const threads of [2, 5]) {
    const info = await init({ backend: "wasm", threads });
    assert.deepEqual([info.threads, info.reason], [threads, "asked for"]);
    // The workers start beside the first training; on a busy machine they may miss it.
    const helped = machineOf(await currentBackend())?.threads;
    for (let round = 0; round < 20 && helped?.helped === 0; round++) assert.deepEqual(await train(), one, `${threads} threads`);
    assert.notEqual(helped?.helped, 0, "no worker did anything");
    assert.deepEqual(await train(), one, `${threads} threads with workers`);
  }
});
