// Convolution and pooling inside models: lengths that follow the strides, targets per step, saving, streams.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  averagePool1d,
  conv1d,
  dense,
  globalMaxPool1d,
  gru,
  loadModel,
  lstm,
  type Model,
  maxPool1d,
  sequential,
  tensor,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

const [B, T, I] = [6, 12, 3];
const lengths = [12, 7, 0, 4, 12, 9];

function network(): Model {
  const model = sequential([
    conv1d({ filters: 5, kernelSize: 3, padding: "causal", activation: "relu" }),
    maxPool1d({ poolSize: 2 }),
    conv1d({ filters: 4, kernelSize: 2 }),
    lstm({ units: 6, returnSequences: true }),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  return model;
}

/** What is left of a row: pooled by two, then windows of two. */
const left = (length: number): number => Math.max(0, Math.floor(length / 2) - 1);

test("targets per step have the steps that strides leave, and nothing beyond a row's own counts", async () => {
  const x = random(1, [B, T, I]);
  const targets = (filler: number): Float32Array => {
    const data = Float32Array.from(random(2, [B, left(T), 2]).data);
    return data.map((value, index) =>
      Math.floor(index / 2) % left(T) < left(lengths[Math.floor(index / (2 * left(T)))]!) ? value : filler,
    );
  };
  const run = async (filler: number): Promise<unknown> => {
    const model = network();
    const y = tensor(targets(filler), { shape: [B, left(T), 2] });
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 4, lengths, seed: 3, verbose: "silent" });
    return [history, numbers(model.weights), await model.evaluate(x, y, { lengths })];
  };
  assert.deepEqual(await run(99), await run(0));
});

test("targets with other steps are refused with both numbers", async () => {
  await assert.rejects(network().fit(random(1, [B, T, I]), random(2, [B, T, 2]), { epochs: 1, verbose: "silent" }), {
    code: "steps_differ",
    message: /x has 12 steps, of which the network leaves 5, and y has 12/,
  });
});

test("predict gives the steps that are left, each row as it is alone", async () => {
  const model = network();
  model.build(["time", I], { seed: 1 });
  const x = random(4, [B, T, I]);
  const all = await model.predict({ x, lengths });
  assert.deepEqual(all.shape, [B, left(T), 2]);
  const alone = await model.predict(tensor(Float32Array.from(x.data).slice(T * I, T * I + 7 * I), { shape: [1, 7, I] }));
  assert.deepEqual(alone.shape, [1, left(7), 2]);
  assert.deepEqual(Array.from(alone.data), Array.from(all.data).slice(left(T) * 2, left(T) * 2 + left(7) * 2));
});

test("a model with convolution and pooling comes back from its file", async () => {
  const model = sequential([
    conv1d({ filters: 4, kernelSize: 3, padding: "same" }),
    averagePool1d(),
    gru({ units: 3, returnSequences: true }),
    globalMaxPool1d(),
  ]);
  model.build(["time", I], { seed: 2 });
  const x = random(5, [2, 9, I]);
  const loaded = await loadModel(model.toBytes());
  assert.deepEqual(Array.from((await loaded.predict(x)).data), Array.from((await model.predict(x)).data));
});

test("causal convolutions and recurrent layers stream what predict gives", async () => {
  const model = sequential([
    conv1d({ filters: 5, kernelSize: 3, padding: "causal", activation: "tanh" }),
    lstm({ units: 4, returnSequences: true }),
    conv1d({ filters: 3, kernelSize: 2, dilation: 3, padding: "causal" }),
    dense({ units: 2 }),
  ]);
  model.build(["time", I], { seed: 2 });
  const x = random(6, [2, 20, I]);
  const whole = Array.from((await model.predict(x)).data);
  const live = await model.stream({ batch: 2 });
  const data = Array.from(x.data);
  for (let t = 0; t < 20; t++) {
    if (t === 11) {
      const kept = live.state;
      live.reset();
      live.state = kept;
    }
    const now = live.step(tensor([0, 1].map((b) => data.slice((b * 20 + t) * I, (b * 20 + t + 1) * I))));
    assert.deepEqual(
      Array.from(now.data),
      [0, 1].flatMap((b) => whole.slice((b * 20 + t) * 2, (b * 20 + t + 1) * 2)),
    );
  }
});

test("convolutions that look ahead or skip steps do not stream, and say why", async () => {
  for (const [layer, message] of [
    [conv1d({ filters: 2, kernelSize: 3 }), /it looks at later steps/],
    [conv1d({ filters: 2, kernelSize: 3, padding: "causal", strides: 2 }), /strides above 1/],
    [maxPool1d(), /several steps/],
  ] as const) {
    const model = sequential([layer, dense({ units: 1 })]);
    model.build(["time", I]);
    await assert.rejects(model.stream(), { code: "cannot_stream", message });
  }
});
