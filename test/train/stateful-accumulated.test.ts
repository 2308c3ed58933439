// Stateful layers whose batches are added up to one step: states go on inside of a step, and a saved model begins without them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Callback,
  checkpoint,
  dense,
  functional,
  gru,
  loadModel,
  type Model,
  mapTree,
  mean,
  mul,
  sequential,
  sgd,
  square,
  sub,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

const [B, T, I, H] = [3, 5, 2, 4];
const learningRate = 0.1;
const silent = { batchSize: B, shuffle: false, seed: 1, verbose: "silent" } as const;
const pieces = [1, 2, 3, 4].map((seed) => ({ x: random(seed, [B, T, I]), y: random(10 + seed, [B, T, 1]) }));
const joined = (part: "x" | "y", count: number): Tensor => {
  const size = part === "x" ? I : 1;
  return tensor(Float32Array.from(pieces.slice(0, count).flatMap((piece) => [...piece[part].data])), { shape: [count * B, T, size] });
};

function network(): Model {
  const model = sequential([gru({ units: H, returnSequences: true, stateful: true, name: "rnn" }), dense({ units: 1, name: "out" })]);
  model.build(["time", I], { seed: 5 });
  model.compile({ optimizer: sgd({ learningRate, clipNorm: false }), loss: "mse" });
  return model;
}

test("a step of two batches has the gradients of both, the second from the states that the first one left", async () => {
  const model = network();
  const before = model.weights;
  await model.fit(joined("x", 2), joined("y", 2), { ...silent, epochs: 1, accumulate: 2 });
  const byHand = functional(
    { rnn: gru({ units: H, returnSequences: true, returnState: true }), out: dense({ units: 1 }) },
    (l, { x, h }: { readonly x: Tensor; readonly h: Tensor }) => {
      const { output, state } = l.rnn(x, { initialState: { h } });
      return { y: l.out(output), h: state.h! };
    },
  );
  byHand.build({ x: ["time", I], h: [H] });
  byHand.weights = before;
  const [first, second] = [pieces[0]!, pieces[1]!];
  const none = zeros([B, H]);
  const { h } = await byHand.predict({ x: first.x, h: none });
  const gradients = [
    { ...first, h: none },
    { ...second, h },
  ].map(({ x, y, h: state }) => valueAndGrad((w: typeof before) => mean(square(sub(y, byHand.call(w, { x, h: state }).y))))(before)[1]);
  const wanted = mapTree((w, a, b) => sub(sub(w, mul(learningRate / 2, a)), mul(learningRate / 2, b)), before, ...gradients);
  const [found, expected] = [numbers(model.weights), numbers(wanted)].map((tree) => Object.values(tree).flat());
  assert.equal(found!.length, 3 * H * (I + H) + 6 * H + H + 1);
  found!.forEach((value, index) => {
    assert.ok(Math.abs(value - expected![index]!) < 1e-6, `${value} and ${expected![index]}`);
  });
});

test("a training that was stopped between the batches of an epoch goes on to the same bits", async () => {
  const path = mkdtempSync(join(tmpdir(), "stateful-"));
  const [x, y] = [joined("x", 4), joined("y", 4)];
  try {
    const whole = network();
    await whole.fit(x, y, { ...silent, epochs: 3, accumulate: 2 });
    const ending = new AbortController();
    const end: Callback = { name: "end", onBatchEnd: ({ step }) => (step === 3 ? ending.abort() : undefined) };
    const options = { ...silent, epochs: 3, accumulate: 2, signal: ending.signal };
    await network().fit(x, y, { ...options, callbacks: [checkpoint({ path, everySteps: 100 }), end] });
    const resumed = network();
    await resumed.fit(x, y, { ...silent, epochs: 3, accumulate: 2, resumeFrom: path });
    assert.deepEqual(numbers(resumed.weights), numbers(whole.weights));
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});

test("a saved model has the weights and no states: it goes on as the model does after resetStates", async () => {
  const model = network();
  await model.fit(joined("x", 4), joined("y", 4), { ...silent, epochs: 2, accumulate: 2 });
  const loaded = await loadModel(model.toBytes());
  model.resetStates();
  const [next] = pieces;
  for (const each of [model, loaded]) await each.fit(next!.x, next!.y, { ...silent, epochs: 1, accumulate: 2 });
  assert.deepEqual(numbers(loaded.weights), numbers(model.weights));
  assert.deepEqual([...(await loaded.predict(next!.x)).data], [...(await model.predict(next!.x)).data]);
});
