// Row invariance in training: the number of threads changes no bit of the weights.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bidirectional, type Callback, DeepRnnError, dense, gru, init, lstm, sequential } from "../../src/index.js";
import { numbers, random } from "./support.js";

// Large enough that every loop and product is worth dividing.
const lengths = [23, 0, 17, 21, 1, 23, 5, 22, 19, 12, 3, 20, 23, 11, 7, 18, 2, 21, 23];

/** Twenty steps on a ragged batch with odd sizes; `between` is called after half of them, inside the training. */
async function train(between: () => Promise<unknown> = async () => undefined): Promise<Record<string, readonly number[]>> {
  const model = sequential([
    bidirectional(lstm({ units: 67, returnSequences: true, dropout: 0.1 })),
    gru({ units: 71, returnSequences: true, recurrentDropout: 0.2 }),
    dense({ units: 3 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const half: Callback = {
    name: "half",
    onEpochEnd: async ({ epoch, model: trained }) => {
      if (epoch !== 5) return;
      await between();
      assert.ok(numbers(trained.weights));
    },
  };
  const history = await model.fit(random(1, [19, 23, 5]), random(2, [19, 23, 3]), {
    epochs: 10,
    batchSize: 11,
    lengths,
    seed: 5,
    verbose: "silent",
    callbacks: [half],
  });
  assert.equal(history.stopped, "done");
  return numbers(model.weights);
}

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
