// Embeddings in training and prediction: products with a small table follow its weights, and give the same bits on any number of threads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dense, embedding, gru, init, type Model, sequential, type Tensor, tensor } from "../../src/index.js";
import { numbers, random } from "./support.js";

const shape = [21, 17] as const;
const tokens = tensor(
  Int32Array.from({ length: shape[0] * shape[1] }, (_, at) => (at * at + 3 * at) % 11),
  { shape },
);

/** A vocabulary far smaller than the number of tokens. */
function network(): Model {
  const model = sequential([
    embedding({ vocabularySize: 11, size: 24, name: "words" }),
    gru({ units: 32, returnSequences: true, name: "cell" }),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time"]);
  return model;
}

async function predicted(model: Model, x: Tensor = tokens): Promise<number[]> {
  return Array.from(((await model.predict(x)) as Tensor).data);
}

test("a prediction follows the embedding and the matrix that multiplies it, whichever has changed", async () => {
  const model = network();
  const before = await predicted(model);
  for (const [layer, name] of [
    ["words", "table"],
    ["cell", "W"],
  ] as const) {
    const weights = model.weights as Record<string, Record<string, Tensor>>;
    const changed = random(9, weights[layer]![name]!.shape);
    model.weights = { ...weights, [layer]: { ...weights[layer], [name]: changed } };
    const fresh = network();
    fresh.weights = model.weights;
    const now = await predicted(model);
    assert.deepEqual(now, await predicted(fresh));
    assert.notDeepEqual(now, before);
  }
  await model.fit(tokens, random(2, [...shape, 2]), { epochs: 1, verbose: "silent" });
  const fresh = network();
  fresh.weights = model.weights;
  assert.deepEqual(await predicted(model), await predicted(fresh));
});

test("a sequence alone gets the bits that it gets among others", async () => {
  const model = network();
  const all = await predicted(model);
  const one = tensor(Int32Array.from(tokens.data).slice(0, shape[1]), { shape: [1, shape[1]] });
  assert.deepEqual(await predicted(model, one), all.slice(0, 2 * shape[1]));
});

test("training on tokens gives the same weights to the bit on any number of threads, and those of the reference nearly", async () => {
  const trained = async (): Promise<Record<string, readonly number[]>> => {
    const model = network();
    await model.fit(tokens, random(2, [...shape, 2]), { epochs: 3, batchSize: 8, shuffle: false, verbose: "silent" });
    return numbers(model.weights);
  };
  await init({ backend: "wasm", threads: 1 });
  const one = await trained();
  await init({ backend: "wasm", threads: 2 });
  assert.deepEqual(await trained(), one);
  await init({ backend: "reference" });
  for (const [path, values] of Object.entries(await trained())) {
    values.forEach((value, at) => {
      assert.ok(Math.abs(value - one[path]![at]!) < 1e-4, `${path}[${at}]`);
    });
  }
});
