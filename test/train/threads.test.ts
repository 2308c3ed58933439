// Row invariance in training: the number of threads changes no bit of the weights.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bidirectional, DeepRnnError, dense, gru, init, lstm, sequential } from "../../src/index.js";
import { numbers, random } from "./support.js";

const lengths = [13, 0, 7, 11, 1, 13, 5, 2, 9, 12, 3];

/** Twenty steps on a ragged batch with odd sizes. */
async function train(): Promise<Record<string, readonly number[]>> {
  const model = sequential([
    bidirectional(lstm({ units: 19, returnSequences: true, dropout: 0.1 })),
    gru({ units: 37, returnSequences: true, recurrentDropout: 0.2 }),
    dense({ units: 3 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const history = await model.fit(random(1, [11, 13, 5]), random(2, [11, 13, 3]), {
    epochs: 10,
    batchSize: 7,
    lengths,
    seed: 5,
    verbose: "silent",
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
});
