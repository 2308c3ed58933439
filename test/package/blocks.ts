// What a user types, block by block, as one strict program: it must compile against the package alone, run, and print what it found.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adam,
  add,
  batches,
  type Callback,
  checkpoint,
  clipByGlobalNorm,
  concat,
  deepRnn,
  defineCell,
  defineOptimizer,
  dense,
  dropoutMask,
  earlyStopping,
  embedding,
  exp,
  functional,
  globalNorm,
  grad,
  huber,
  init,
  jit,
  layerNorm,
  loadModel,
  lstm,
  matmul,
  mean,
  mul,
  neg,
  ones,
  orthogonal,
  randomKey,
  recurrent,
  scan,
  sequential,
  sigmoid,
  softplus,
  splitGates,
  splitKey,
  square,
  sub,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  weight,
  where,
  zeros,
} from "deep-rnn";
import { readTable, series, windows } from "deep-rnn/data";
import { explain } from "deep-rnn/inspect";
import { exportTorch, importTorch } from "deep-rnn/io";
import { forecast, forecastScores } from "deep-rnn/tasks";

const folder = mkdtempSync(join(tmpdir(), "deep-rnn-blocks-"));
const quiet = { verbose: "silent" } as const;
const values = (shape: readonly number[], seed: number): Tensor => {
  const size = shape.reduce((product, each) => product * each, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => Math.sin(1.7 * index + seed)),
    { shape },
  );
};
const found: Record<string, unknown> = {};

// (i) the article
const [x, y] = [values([12, 6, 3], 1), values([12, 2], 2)];
const article = deepRnn({ units: 8, layers: 2, activation: "relu" });
article.compile({ optimizer: "adam", loss: "mse" });
const history = await article.fit(x, y, { epochs: 2, batchSize: 32, validationSplit: 0.25, seed: 7, ...quiet });
const out = await article.predict(x);
found.article = [out.shape, history.history.valLoss?.length, out.data[0] !== undefined];

// (ii) several inputs and outputs
const shop = functional(
  {
    encode: lstm({ units: 4 }),
    store: embedding({ vocabularySize: 10, size: 3 }),
    sales: dense({ units: 1 }),
    open: dense({ units: 1, activation: "sigmoid" }),
  },
  (l, { series: given, store }: { series: Tensor; store: Tensor }) => {
    const both = concat([l.encode(given), l.store(store)]);
    return { sales: l.sales(both), open: l.open(both) };
  },
);
shop.compile({ optimizer: adam({ learningRate: 3e-4 }), loss: { sales: "huber", open: "binaryCrossEntropy" } });
const S = tensor(Int32Array.from({ length: 12 }, (_, index) => index % 10));
const Z = tensor(
  Float32Array.from({ length: 12 }, (_, index) => index % 2),
  { shape: [12, 1] },
);
await shop.fit({ series: x, store: S }, { sales: values([12, 1], 3), open: Z }, { epochs: 1, ...quiet });
const answers = await shop.predict({ series: x, store: S });
found.shop = [answers.sales.shape, answers.open.shape];

// (iii) own cells
const G = ["i", "f", "g", "o"] as const;
const layerNormLstm = defineCell({
  name: "layer-norm-lstm",
  source: "Ba, Kiros & Hinton 2016",
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates: G }),
    U: weight([units, units], { gates: G, init: orthogonal() }),
    b: weight([units], { gates: G, init: { f: 1 } }),
    gainX: weight([units], { gates: G, init: ones() }),
    gainH: weight([units], { gates: G, init: ones() }),
  }),
  step(given, { h, c }, p) {
    const sum = add(layerNorm(matmul(given, p.W), p.gainX), layerNorm(matmul(h, p.U), p.gainH), p.b);
    const { i, f, g, o } = splitGates(sum, G);
    const cNext = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(layerNorm(cNext))), c: cNext };
  },
});
const fading = defineCell({
  name: "fading",
  inputs: ["dt", "mask"],
  options: { rate: 0.2 },
  state: { h: "units", last: "inputSize" },
  output: "h",
  params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units]), rate: weight([units]) }),
  perSequence: ({ units, rate, key }) => ({ keep: dropoutMask(key, [units], rate) }),
  step(given, { h, last }, p, { dt, mask, keep }) {
    const seen = where(mask, given, last);
    const faded = mul(exp(neg(mul(dt, softplus(p.rate)))), h);
    return { h: tanh(add(matmul(seen, p.W), matmul(mul(faded, keep), p.U))), last: seen };
  },
});
const own = sequential([recurrent(layerNormLstm, { units: 4 }), dense({ units: 2 })]);
own.compile({ optimizer: "adam", loss: "mse" });
await own.fit(x, y, { epochs: 1, ...quiet });
const gaps = functional(
  { encode: recurrent(fading, { units: 4, rate: 0.1 }) },
  (l, { v, dt, mask }: { v: Tensor; dt: Tensor; mask: Tensor }) => l.encode(v, { dt, mask }),
);
gaps.build({ v: ["time", 3], dt: ["time", 1], mask: ["time", 3] });
found.cells = [(await own.predict(x)).shape, explain(own).layers.length, String(explain(gaps)).length > 0];

// (iv) streaming
const live = await own.stream();
const step = live.step([[0.4, 1.2, 0.1]]);
const kept = live.state;
live.reset();
live.state = kept;
live.stepInto(new Float32Array(3), new Float32Array(2));
found.stream = [step.shape, JSON.stringify(kept).startsWith("{")];

// (v) manual loop
const model = sequential([lstm({ units: 4 }), dense({ units: 2 })]);
model.build(["time", 3], { seed: 7 });
const optimizer = adam({ learningRate: 1e-3 });
const train = jit(
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
for (const batch of batches({ x, y }, { batchSize: 4, seed: 7, epochs: 20 })) losses.push((await train(batch)).loss.item());
model.weights = (await train.state()).weights;
const heavyBall = defineOptimizer({
  name: "heavy-ball",
  slots: ["m"],
  learningRate: 0.01,
  update({ w, g, m, learningRate }) {
    const v = add(mul(0.9, m), g);
    return { w: sub(w, mul(learningRate, v)), m: v };
  },
});
model.compile({ optimizer: heavyBall({ learningRate: 0.02 }), loss: "mse" });
found.loop = [losses.length, losses.at(-1)! < losses[0]!];

// (vi) saving
await own.save(join(folder, "a"));
const loaded = await loadModel(join(folder, "a"), { cells: [layerNormLstm] });
const fromBytes = await loadModel(own.toBytes(), { cells: [layerNormLstm] });
const refused = await loadModel(join(folder, "a")).catch((error: Error) => error.message);
found.saved = [(await loaded.predict(x)).data[0] === (await fromBytes.predict(x)).data[0], refused];
const { model: again } = await importTorch((await exportTorch(model)).bytes);
found.torch = [(await again.predict(x)).data[3] === (await model.predict(x)).data[3]];

// (vii) callbacks are records
const enough: Callback = {
  name: "enough",
  onEpochEnd(e) {
    if ((e.logs.valLoss ?? 1) < 100) e.stop("good enough");
  },
};
const stopped = await article.fit(x, y, {
  epochs: 5,
  validationSplit: 0.25,
  callbacks: [earlyStopping({ patience: 10 }), checkpoint({ path: join(folder, "run") }), enough],
  ...quiet,
});
found.callbacks = [stopped.stopped, stopped.epochs];

// (viii) data to raw-unit scores
const months = Array.from(
  { length: 96 },
  (_, t) => `${1949 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, "0")},${100 + t + 20 * Math.sin(t / 2)}`,
);
writeFileSync(join(folder, "sales.csv"), ["Month,Sales", ...months].join("\n"));
const sales = series(await readTable(join(folder, "sales.csv")), { time: "Month", target: "Sales" });
const w = windows(sales, { input: 12, horizon: 3, validation: 6, test: 6 });
const direct = sequential([lstm({ units: 4 }), dense({ units: 3 })]);
direct.compile({ optimizer: "adam", loss: "mse" });
await direct.fit(w.train, { epochs: 1, validationData: w.validation, ...quiet });
const predicted = w.inverse(await direct.predict(w.test));
const scores = forecastScores({ actual: w.test.actual, predicted, history: w.train.actual, season: sales.season });
const r = await forecast(join(folder, "sales.csv"), { target: "Sales", horizon: 3, epochs: 1, units: 4, layers: 1 });
found.data = [Object.keys(scores).sort(), r.forecast.length, typeof r.evaluation.maseRatio, typeof r.model.predict];

// (ix) pure functions
const energy = (U: Tensor, xs: Tensor) => {
  const [, hs] = scan(
    (h: Tensor, v: Tensor) => {
      const n = tanh(add(v, matmul(h, U)));
      return [n, n];
    },
    zeros([4, 8]),
    xs,
  );
  return mean(square(hs));
};
const dEnergy = jit(grad(energy));
const second = jit(grad((U: Tensor, xs: Tensor) => mean(square(grad(energy)(U, xs)))));
const [U, xs] = [values([8, 8], 4), values([4, 5, 8], 5)];
found.pure = [(await dEnergy(U, xs)).shape, (await second(U, xs)).shape];

found.backend = (await init()).backend;
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(found));
