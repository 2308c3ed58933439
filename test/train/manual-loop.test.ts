// A loop of one's own with fit's loss, seed and clipping gives fit's losses, for every form of data.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adam,
  adamw,
  add,
  batches,
  clipByGlobalNorm,
  dense,
  functional,
  gru,
  huber,
  jit,
  lstm,
  type Model,
  mean,
  mse,
  mul,
  type Optimizer,
  randomKey,
  sequential,
  splitKey,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../src/index.js";
import { random } from "./support.js";

const silent = { verbose: "silent" } as const;

/** The losses of each step of `fit`. */
async function fitLosses(model: Model<unknown>, x: unknown, y: Tensor, options: object): Promise<number[]> {
  const losses: number[] = [];
  const watch = { name: "watch", onBatchEnd: ({ logs }: { logs: Readonly<Record<string, number>> }) => void losses.push(logs.loss!) };
  await model.fit(x as Tensor, y, { ...silent, seed: 7, callbacks: [watch], ...options });
  return losses;
}

/** The losses of each step of a loop; `call` gives the outputs. */
async function loopLosses<B extends { readonly [name: string]: Tensor }>(
  model: Model<unknown>,
  optimizer: Optimizer,
  given: Iterable<B>,
  loss: (weights: never, batch: B, key: Tensor) => Tensor,
): Promise<number[]> {
  const step = jit(
    ({ weights, slots, key }, batch: B) => {
      const [now, next] = splitKey(key);
      const [value, grads] = valueAndGrad((w: typeof weights) => loss(w as never, batch, now))(weights);
      const moved = optimizer.update({ weights, slots, grads: clipByGlobalNorm(grads, 1), key: randomKey(7) });
      return [{ ...moved, key: next }, { loss: value }];
    },
    { state: { weights: model.weights, slots: optimizer.init(model.weights), key: randomKey(7) } },
  );
  const losses: number[] = [];
  for (const batch of given) losses.push((await step(batch)).loss.item());
  return losses;
}

function same(loop: readonly number[], fit: readonly number[], steps: number): void {
  assert.equal(loop.length, steps);
  assert.equal(fit.length, steps);
  loop.forEach((value, index) => {
    assert.ok(Math.abs(value - fit[index]!) <= 1e-6 * Math.max(1, Math.abs(value)), `step ${index + 1}: ${value} and ${fit[index]}`);
  });
  const total = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0);
  assert.ok(total(fit.slice(-4)) < total(fit.slice(0, 4)), "it did not learn");
}

test("with dropout and a smaller last batch: 20 steps", async () => {
  const [x, y] = [random(1, [18, 6, 3]), random(2, [18, 1])];
  const made = (): Model => {
    const model = sequential([gru({ units: 5, dropout: 0.2, recurrentDropout: 0.3 }), dense({ units: 1 })]);
    model.build(["time", 3], { seed: 7 });
    return model;
  };
  const fitted = made();
  fitted.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "huber" });
  const fit = await fitLosses(fitted, x, y, { epochs: 5, batchSize: 5 });
  const model = made();
  const loop = await loopLosses(
    model,
    adam({ learningRate: 1e-2 }),
    batches({ x, y }, { batchSize: 5, seed: 7, epochs: 5 }),
    (w, batch, key) => mean(huber(batch.y!, model.call(w, batch.x!, { training: true, key }))),
  );
  same(loop, fit, 20);
});

test("with ragged rows, one target for each step, weight decay and gradient noise: 20 steps", async () => {
  const [x, y] = [random(3, [9, 7, 2]), random(4, [9, 7, 1])];
  const lengths = tensor(Int32Array.of(7, 3, 5, 1, 6, 2, 7, 4, 5));
  const options = { learningRate: 1e-2, weightDecay: 0.1, weightDecayOn: "matrices", gradientNoise: 1e-4 } as const;
  const made = (): Model => {
    const model = sequential([lstm({ units: 4, returnSequences: true, weightDrop: 0.3 }), dense({ units: 1 })]);
    model.build(["time", 2], { seed: 7 });
    return model;
  };
  const fitted = made();
  fitted.compile({ optimizer: adamw(options), loss: "mse" });
  const fit = await fitLosses(fitted, x, y, { epochs: 10, batchSize: 5, lengths });
  const model = made();
  const given = [...batches({ x: { x, lengths }, y }, { batchSize: 5, seed: 7, epochs: 10 })].map((batch) => ({ ...batch.x, y: batch.y }));
  const loop = await loopLosses(model, adamw(options), given, (w, batch, key) => {
    const out = model.call(w, batch.x, { training: true, key, lengths: batch.lengths });
    // Outputs are packed sequences inside a traced function: their mean is over the valid steps.
    return mean(mse(batch.y, out));
  });
  same(loop, fit, 20);
});

test("with several inputs and outputs by name: 20 steps", async () => {
  const [series, store, y] = [random(5, [12, 4, 2]), random(6, [12, 3]), random(7, [12, 2])];
  const made = () => {
    const model = functional(
      { encode: gru({ units: 4 }), side: dense({ units: 4, activation: "tanh" }), head: dense({ units: 2 }) },
      (l, { a, b }: { a: Tensor; b: Tensor }) => ({ out: l.head(l.side(b)), again: l.head(l.encode(a)) }),
    );
    model.build({ a: ["time", 2], b: [3] }, { seed: 7 });
    return model;
  };
  const fitted = made();
  fitted.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: { out: "huber", again: "huber" }, lossWeights: { again: 0.3 } });
  const losses: number[] = [];
  const watch = { name: "watch", onBatchEnd: ({ logs }: { logs: Readonly<Record<string, number>> }) => void losses.push(logs.loss!) };
  await fitted.fit({ a: series, b: store }, { out: y, again: y }, { ...silent, seed: 7, epochs: 10, batchSize: 7, callbacks: [watch] });
  const model = made();
  const given = [...batches({ x: { a: series, b: store }, y }, { batchSize: 7, seed: 7, epochs: 10 })].map(({ x, y: target }) => ({
    ...x,
    y: target,
  }));
  const loop = await loopLosses(model, adam({ learningRate: 1e-2 }), given, (w, batch, key) => {
    const { out, again } = model.call(w, { a: batch.a, b: batch.b }, { training: true, key });
    return add(mean(huber(batch.y, out)), mul(0.3, mean(huber(batch.y, again))));
  });
  same(loop, losses, 20);
});
