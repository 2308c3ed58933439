// Training by hand: one jitted step that owns weights, optimiser slots and the random key.
import type { Tensor } from "deep-rnn";
import { adam, batches, clipByGlobalNorm, deepRnn, globalNorm, huber, jit, mean, randomKey, splitKey, valueAndGrad } from "deep-rnn";

const wave = (i: number, t: number): number => Math.sin(0.5 * t + 0.7 * i);
const x = Array.from({ length: 64 }, (_, i) => Array.from({ length: 12 }, (_, t) => [wave(i, t), wave(i, t - 2), 1]));
const y = x.map((_, i) => [wave(i, 12)]);

const model = deepRnn({ units: 16, layers: 1, activation: "tanh", outputSize: 1 });
model.build(["time", 3], { seed: 7 }); // input shape without batch
const optimizer = adam({ learningRate: 1e-2 });
const step = jit(
  ({ weights, slots, key }, batch: { x: Tensor; y: Tensor }) => {
    const [now, next] = splitKey(key);
    const loss = (w: typeof weights) => mean(huber(batch.y, model.call(w, batch.x, { training: true, key: now })));
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
for (const batch of batches({ x, y }, { batchSize: 16, seed: 7, epochs: 10 })) losses.push((await step(batch)).loss.item());
model.weights = (await step.state()).weights;
console.log(`${losses.length} steps, loss ${losses[0]?.toFixed(3)} -> ${losses.at(-1)?.toFixed(3)}`);
