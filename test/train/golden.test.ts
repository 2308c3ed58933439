// Optimisers, schedules, losses and metrics against PyTorch, scikit-learn and NumPy: figures by test/golden/training.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { HostTensor, hostTensor } from "../../src/base/tensor.js";
import {
  activation,
  adadelta,
  adagrad,
  adam,
  adamw,
  amsgrad,
  binaryCrossEntropy,
  type CompileOptions,
  categoricalCrossEntropy,
  clipByGlobalNorm,
  cosineSchedule,
  cosineSimilarity,
  exponentialSchedule,
  grad,
  huber,
  init,
  klDivergence,
  type LossFunction,
  lion,
  logCosh,
  mae,
  mase,
  mse,
  nadam,
  type Optimizer,
  oneCycleSchedule,
  poisson,
  quantile,
  rmsprop,
  type Schedule,
  sequential,
  sgd,
  softmax,
  sparseCategoricalCrossEntropy,
  stepSchedule,
  sum,
  type Tensor,
  tensor,
  topKAccuracy,
} from "../../src/index.js";

type Nested = number | readonly Nested[];
type Numbers = Readonly<Record<string, number>>;

interface Case {
  readonly weights: readonly number[] | null;
  readonly truth: readonly number[];
  readonly scores: readonly (readonly number[])[];
  readonly label: readonly number[];
  readonly score: readonly number[];
  readonly several: readonly (readonly number[])[];
  readonly severally: readonly (readonly number[])[];
  readonly target: readonly (readonly number[])[];
  readonly guess: readonly (readonly number[])[];
  readonly classes: Numbers;
  readonly binary: Numbers;
  readonly labels: Numbers;
  readonly numbers: Numbers;
}

interface Golden {
  readonly start: Nested;
  readonly gradients: readonly Nested[];
  readonly optimizers: Readonly<Record<string, readonly Nested[]>>;
  readonly schedules: Readonly<Record<string, readonly number[]>>;
  readonly losses: Readonly<Record<string, Nested>>;
  readonly cases: readonly Case[];
  readonly y: Nested;
  readonly p: Nested;
  readonly logits: readonly (readonly number[])[];
  readonly classes: readonly number[];
  readonly shares: readonly (readonly number[])[];
  readonly marks: readonly (readonly number[])[];
  readonly counts: Nested;
}

const golden = JSON.parse(readFileSync(new URL("../../../test/golden/training.json", import.meta.url), "utf8")) as Golden;

function flat(value: Nested): number[] {
  return typeof value === "number" ? [value] : value.flatMap(flat);
}

/** In float64, as the figures are. */
function exact(value: Nested): HostTensor {
  const shape: number[] = [];
  for (let level: Nested = value; typeof level !== "number"; level = level[0]!) shape.push(level.length);
  return hostTensor(Float64Array.from(flat(value)), shape, "float32");
}

function close(actual: Tensor, expected: readonly number[], tolerance = 1e-11): void {
  assert.ok(actual instanceof HostTensor);
  assert.equal(actual.exact.length, expected.length);
  expected.forEach((value, index) => {
    const found = actual.exact[index]!;
    assert.ok(Math.abs(found - value) <= tolerance * Math.max(1, Math.abs(value)), `${found} instead of ${value} at ${index}`);
  });
}

describe("ten steps of each optimiser are those of PyTorch", () => {
  const makers: Readonly<Record<string, () => Optimizer>> = {
    sgd: () => sgd({ learningRate: 0.05 }),
    sgdMomentum: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
    sgdNesterov: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    rmsprop: () => rmsprop({ learningRate: 0.01 }),
    rmspropAll: () => rmsprop({ learningRate: 0.01, rho: 0.95, momentum: 0.9, centered: true }),
    adagrad: () => adagrad({ learningRate: 0.05 }),
    adagradInitial: () => adagrad({ learningRate: 0.05, initialAccumulator: 0.1 }),
    adadelta: () => adadelta(),
    adam: () => adam(),
    adamClipped: () => adam({ learningRate: 1e-2 }),
    adamw: () => adamw({ learningRate: 1e-2, weightDecay: 0.1 }),
    nadam: () => nadam(),
    amsgrad: () => amsgrad(),
    lion: () => lion({ learningRate: 1e-3, weightDecay: 0.1 }),
  };
  assert.deepEqual(Object.keys(makers), Object.keys(golden.optimizers));
  for (const [name, make] of Object.entries(makers)) {
    test(name, () => {
      const optimizer = make();
      let weights: Tensor = exact(golden.start);
      let slots = optimizer.init(weights);
      golden.gradients.forEach((gradient, index) => {
        const given = exact(gradient);
        // PyTorch divides by the norm plus 1e-6.
        const grads = name === "adamClipped" ? clipByGlobalNorm(given, 1) : given;
        const moved = optimizer.update({ weights, slots, grads });
        weights = moved.weights as Tensor;
        slots = moved.slots;
        close(weights, flat(golden.optimizers[name]![index]!), name === "adamClipped" ? 1e-6 : 1e-11);
      });
    });
  }
});

describe("schedules are those of PyTorch", () => {
  const makers: Readonly<Record<string, Schedule>> = {
    step: stepSchedule({ learningRate: 0.1, every: 7, factor: 0.3 }),
    exponential: exponentialSchedule({ learningRate: 0.1, factor: 0.9 }),
    cosine: cosineSchedule({ learningRate: 0.1, steps: 20, minLearningRate: 0.01 }),
    restarts: cosineSchedule({ learningRate: 0.1, steps: 7, minLearningRate: 0.01, restarts: true }),
    growing: cosineSchedule({ learningRate: 0.1, steps: 3, minLearningRate: 0.01, restarts: true, cycleFactor: 2 }),
    oneCycle: oneCycleSchedule({ learningRate: 0.1, steps: 30 }),
  };
  assert.deepEqual(Object.keys(makers), Object.keys(golden.schedules));
  for (const [name, schedule] of Object.entries(makers)) {
    test(name, () => {
      golden.schedules[name]!.forEach((rate, index) => {
        const found = schedule(tensor(index + 1));
        assert.ok(Math.abs(found.item() - rate) <= 1e-7 * 0.1, `${found.item()} instead of ${rate} at step ${index + 1}`);
      });
    });
  }
});

describe("losses are those of PyTorch", () => {
  const { y, p, logits, classes, shares, marks, counts } = golden;
  const rest = logits.slice(1);
  const likely = softmax(exact(rest));
  const calls: Readonly<Record<string, readonly [LossFunction, Tensor, Tensor]>> = {
    mse: [mse, exact(y), exact(p)],
    mae: [mae, exact(y), exact(p)],
    huber: [huber, exact(y), exact(p)],
    huber2: [huber({ delta: 0.5 }), exact(y), exact(p)],
    logCosh: [logCosh, exact(y), exact(p)],
    quantile: [quantile({ quantiles: [0.9] }), exact(y), exact(p)],
    quantiles: [quantile({ quantiles: [0.1, 0.5, 0.9] }), exact(y), exact(p)],
    poissonRates: [poisson, exact(counts), exact(expOf(p))],
    poissonLogits: [poisson({ fromLogits: true }), exact(counts), exact(p)],
    binaryCrossEntropy: [binaryCrossEntropy, exact(marks), exact(logits)],
    binarySmoothed: [binaryCrossEntropy({ labelSmoothing: 0.1 }), exact(marks), exact(logits)],
    binaryProbabilities: [binaryCrossEntropy({ fromLogits: false }), exact(marks.slice(1)), exact(sigmoidOf(rest))],
    categoricalCrossEntropy: [categoricalCrossEntropy, exact(shares), exact(logits)],
    categoricalSmoothed: [categoricalCrossEntropy({ labelSmoothing: 0.1 }), exact(shares), exact(logits)],
    categoricalProbabilities: [categoricalCrossEntropy({ fromLogits: false }), exact(shares.slice(1)), likely],
    sparseCategoricalCrossEntropy: [sparseCategoricalCrossEntropy, exact(classes), exact(logits)],
    sparseSmoothed: [sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 }), exact(classes), exact(logits)],
    klDivergence: [klDivergence({ fromLogits: true }), exact(shares), exact(logits)],
    cosineSimilarity: [cosineSimilarity, exact(y), exact(p)],
  };
  assert.deepEqual(Object.keys(calls), Object.keys(golden.losses));
  for (const [name, [loss, actual, predicted]] of Object.entries(calls))
    test(name, () => close(loss(actual, predicted), flat(golden.losses[name]!), name.endsWith("Probabilities") ? 1e-6 : 1e-11));
});

describe("gradients of losses are central differences", () => {
  const { y, p, logits, classes, shares, marks, counts } = golden;
  const calls: Readonly<Record<string, readonly [LossFunction, Nested, Nested]>> = {
    mse: [mse, y, p],
    mae: [mae, y, p],
    huber: [huber({ delta: 0.5 }), y, p],
    logCosh: [logCosh, y, p],
    quantiles: [quantile({ quantiles: [0.1, 0.5, 0.9] }), y, p],
    poisson: [poisson, counts, expOf(p)],
    poissonLogits: [poisson({ fromLogits: true }), counts, p],
    binary: [binaryCrossEntropy({ labelSmoothing: 0.1 }), marks, logits],
    binaryProbabilities: [binaryCrossEntropy({ fromLogits: false }), marks.slice(1), sigmoidOf(logits.slice(1))],
    categorical: [categoricalCrossEntropy({ labelSmoothing: 0.1 }), shares, logits],
    sparse: [sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 }), classes, logits],
    klDivergence: [klDivergence({ fromLogits: true }), shares, logits],
    klProbabilities: [klDivergence, shares, shares.map((row) => row.map((value) => 0.5 * value + 0.1))],
    cosineSimilarity: [cosineSimilarity, y, p],
  };
  for (const [name, [loss, actual, predicted]] of Object.entries(calls))
    test(name, () => {
      const total = (of: Tensor): Tensor => sum(loss(exact(actual), of));
      const at = exact(predicted);
      const slopes = grad(total)(at);
      assert.ok(slopes instanceof HostTensor);
      const targets = flat(actual);
      flat(predicted).forEach((value, index) => {
        // A logarithm bends more the nearer its argument is to 0.
        const room = /^poisson$|Probabilities$/.test(name) ? Math.min(Math.abs(value), Math.abs(1 - value)) : 1;
        const step = Math.min(1e-5, 1e-4 * room);
        // A kink has no central difference.
        if (["mae", "quantiles"].includes(name) && Math.abs(value - targets[index]!) < 2 * step) return;
        const shifted = (by: number): number => {
          const values = Float64Array.from(flat(predicted));
          values[index]! += by;
          const found = total(hostTensor(values, at.shape, "float32"));
          return found instanceof HostTensor ? found.exact[0]! : Number.NaN;
        };
        const slope = (shifted(step) - shifted(-step)) / (2 * step);
        const found = slopes.exact[index]!;
        assert.ok(Math.abs(found - slope) <= 2e-7 * Math.max(1, Math.abs(slope)), `${found} instead of ${slope} at ${index}`);
      });
    });
});

function expOf(value: Nested): Nested {
  return typeof value === "number" ? Math.exp(value) : value.map(expOf);
}

function sigmoidOf(value: Nested): Nested {
  return typeof value === "number" ? 1 / (1 + Math.exp(-value)) : value.map(sigmoidOf);
}

/** What `evaluate` reports of outputs that are handed through. */
async function measured(
  x: readonly (readonly number[])[],
  y: Nested,
  options: Pick<CompileOptions, "loss" | "metrics"> & { readonly weights: readonly number[] | null },
): Promise<Numbers> {
  const model = sequential([activation("linear")]);
  model.compile({ optimizer: "sgd", loss: options.loss, ...(options.metrics === undefined ? {} : { metrics: options.metrics }) });
  const weights = options.weights === null ? {} : { sampleWeights: options.weights };
  // An odd batch size: a metric of batches would differ.
  return model.evaluate(exact(x), exact(y), { batchSize: 7, ...weights });
}

describe("metrics over a data set are those of scikit-learn", () => {
  golden.cases.forEach((of, index) => {
    const { weights } = of;
    const same = (found: Numbers, expected: Numbers): void => {
      for (const [name, value] of Object.entries(expected))
        assert.ok(Math.abs(found[name]! - value) <= 1e-5 * Math.max(1, Math.abs(value)), `${name}: ${found[name]} instead of ${value}`);
    };
    const title = `case ${index}${index % 2 === 1 ? " with ties" : ""}${weights === null ? "" : " with sample weights"}`;
    test(title, async () => {
      await init({ backend: "auto" });
      const ofClasses = ["accuracy", topKAccuracy({ k: 2 }), "auroc", "auprc", "f1Macro", "f1Micro", "perplexity"] as const;
      same(await measured(of.scores, of.truth, { loss: "sparseCategoricalCrossEntropy", metrics: ofClasses, weights }), of.classes);
      const oneHot = of.truth.map((truth) => of.scores[0]!.map((_, column) => Number(column === truth)));
      same(await measured(of.scores, oneHot, { loss: "categoricalCrossEntropy", metrics: ofClasses, weights }), of.classes);
      const loss = binaryCrossEntropy({ fromLogits: false });
      const ofLabels = ["accuracy", "auroc", "auprc", "f1Macro", "f1Micro"];
      const score = of.score.map((value) => [value]);
      same(await measured(score, of.label, { loss, metrics: ofLabels, weights }), of.binary);
      same(await measured(of.severally, of.several, { loss, metrics: ofLabels, weights }), of.labels);
      const history = of.target.map((row) => row[1]!);
      const ofNumbers = ["mae", "mse", "rmse", "r2", "smape", mase({ history, season: 3 })];
      same(await measured(of.guess, of.target, { loss: "mse", metrics: ofNumbers, weights }), of.numbers);
    });
  });
});

test("metrics of all elements see the valid steps of ragged rows only, each with its weight", async () => {
  const of = golden.cases[4]!;
  const lengths = [9, 0, 10, 1, 20, 7, 13];
  const [score, label, weight] = [0, 1, 2].map(() => lengths.map(() => new Array<number>(20).fill(0)));
  let next = 0;
  lengths.forEach((length, row) => {
    for (let step = 0; step < 20; step++, next += Number(step <= length)) {
      // What lies in the padding would change every metric.
      const isValid = step < length;
      score![row]![step] = isValid ? of.score[next]! : 1 - (step % 2);
      label![row]![step] = isValid ? of.label[next]! : step % 2;
      weight![row]![step] = isValid ? of.weights![next]! : 9;
    }
  });
  const model = sequential([activation("linear")]);
  const metrics = ["auroc", "auprc", "f1Macro", "accuracy"];
  model.compile({ optimizer: "sgd", loss: binaryCrossEntropy({ fromLogits: false }), metrics });
  const column = (values: readonly (readonly number[])[]): Nested => values.map((row) => row.map((value) => [value]));
  const found = await model.evaluate(exact(column(score!)), exact(column(label!)), { lengths, sampleWeights: weight!, batchSize: 3 });
  for (const name of metrics) assert.ok(Math.abs(found[name]! - of.binary[name]!) < 1e-5, `${name}: ${found[name]}`);
});
