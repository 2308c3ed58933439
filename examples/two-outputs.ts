// Several inputs and outputs, early stopping, a checkpoint, and going on from it: how much a shop sells tomorrow, and whether it opens.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adam,
  type Callback,
  checkpoint,
  concat,
  dense,
  earlyStopping,
  embedding,
  type FitOptions,
  functional,
  latestCheckpoint,
  lstm,
  type Tensor,
} from "deep-rnn";

const level = (shop: number, day: number): number => (day % 7 === shop % 7 ? 0 : 0.4 + 0.1 * (shop % 5) + 0.3 * Math.sin(day / 4));
const rows = Array.from({ length: 300 }, (_, i) => ({ shop: i % 10, day: 3 * i }));
const series = rows.map(({ shop, day }) => Array.from({ length: 6 }, (_, t) => [level(shop, day + t)]));
const store = rows.map(({ shop }) => shop);
const sales = rows.map(({ shop, day }) => [level(shop, day + 6)]);
const open = rows.map(({ shop, day }) => [level(shop, day + 6) > 0 ? 1 : 0]);

const make = () => {
  const layers = { past: lstm({ units: 24 }), store: embedding({ vocabularySize: 10, size: 4 }), sales: dense({ units: 1 }) };
  const shop = functional(
    { ...layers, open: dense({ units: 1, activation: "sigmoid" }) },
    (l, { series, store }: { series: Tensor; store: Tensor }) => {
      const both = concat([l.past(series), l.store(store)]);
      return { sales: l.sales(both), open: l.open(both) };
    },
  );
  const loss = { sales: "huber", open: "binaryCrossEntropy" };
  shop.compile({
    optimizer: adam({ learningRate: 1e-2 }),
    loss,
    lossWeights: { open: 0.5 },
    metrics: { sales: ["mae"], open: ["accuracy"] },
  });
  return shop;
};

const path = await mkdtemp(join(tmpdir(), "two-outputs-"));
const train = async (model: ReturnType<typeof make>, options: FitOptions = {}) => {
  const callbacks = [earlyStopping({ patience: 25 }), checkpoint({ path }), ...(options.callbacks ?? [])];
  const resumeFrom = await latestCheckpoint(path); // null the first time
  const always: FitOptions = { epochs: 100, validationSplit: 0.2, seed: 7, resumeFrom, verbose: "silent" };
  return model.fit({ series, store }, { sales, open }, { ...always, ...options, callbacks });
};

// The first training is interrupted, as by Ctrl-C; another one, with a model of its own, goes on from the checkpoint.
const interrupt = new AbortController();
const power: Callback = { name: "power", onBatchEnd: ({ step }) => (step === 50 ? interrupt.abort() : undefined) };
const first = await train(make(), { signal: interrupt.signal, callbacks: [power] });
console.log(`${first.stopped} in epoch ${first.epochs + 1}`);
const model = make();
const { stopped, epochs, bestEpoch } = await train(model);
const scores = await model.evaluate({ series, store }, { sales, open });
console.log(`${stopped} after ${epochs} epochs, the best was ${bestEpoch}`);
console.log(`mae ${scores.salesMae?.toFixed(3)}, accuracy ${scores.openAccuracy?.toFixed(2)}`);
await rm(path, { recursive: true });
