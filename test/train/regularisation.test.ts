// Penalties, limits, weight drop, noise and averages: each against what its formula says.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  activation,
  adam,
  dense,
  embedding,
  gru,
  init,
  type Layer,
  l1,
  l1l2,
  l2,
  loadModel,
  lstm,
  type Model,
  maxNorm,
  minGru,
  nadam,
  reduceOnPlateau,
  sequential,
  sgd,
  simpleRnn,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { distance, numbers, random } from "./support.js";

const silent = { verbose: "silent", shuffle: false } as const;

const sumOf = (values: readonly number[], f: (value: number) => number): number => values.reduce((total, value) => total + f(value), 0);

function compiled(layers: readonly Layer[], options: Partial<Parameters<Model["compile"]>[0]> = {}): Model {
  const model = sequential(layers);
  model.compile({ optimizer: sgd({ learningRate: 0.1, clipNorm: false }), loss: "mse", ...options });
  return model;
}

describe("penalties on weights", () => {
  const rules = { kernelRegularizer: l1(0.02), recurrentRegularizer: l1l2({ l1: 0.01, l2: 0.03 }), biasRegularizer: l2(0.5) };
  const layers = (): Layer[] => [gru({ units: 3, ...rules }), dense({ units: 1, kernelRegularizer: l2(0.1) })];
  const [x, y] = [random(1, [6, 4, 2]), random(2, [6, 1])];

  test("count in the losses of training, validation and evaluate", async () => {
    const [model, plain] = [compiled(layers()), compiled([gru({ units: 3 }), dense({ units: 1 })])];
    for (const each of [model, plain]) each.build(["time", 2], { seed: 4 });
    // Biases begin at 0, where a penalty would not show.
    const moved = Object.entries(model.weights).map(([layer, of], index) => {
      const weights = Object.entries(of as Record<string, Tensor>).map(([name, value], at) => [name, random(10 * index + at, value.shape)]);
      return [layer, Object.fromEntries(weights)];
    });
    model.weights = Object.fromEntries(moved);
    plain.weights = model.weights;
    const w = numbers(model.weights);
    const expected =
      sumOf(w["gru-1/W"]!, (v) => 0.02 * Math.abs(v)) +
      sumOf(w["gru-1/U"]!, (v) => 0.01 * Math.abs(v) + 0.03 * v * v) +
      sumOf([...w["gru-1/b"]!, ...w["gru-1/bR"]!], (v) => 0.5 * v * v) +
      sumOf(w["dense-1/W"]!, (v) => 0.1 * v * v);
    const bare = (await plain.evaluate(x, y)).loss!;
    assert.ok(Math.abs((await model.evaluate(x, y)).loss! - bare - expected) < 1e-5);
    const still = compiled(layers(), { optimizer: sgd({ learningRate: 0 }) });
    still.build(["time", 2], { seed: 4 });
    still.weights = model.weights;
    const { history } = await still.fit(x, y, { ...silent, epochs: 1, batchSize: 4, validationData: { x, y } });
    assert.ok(Math.abs(history.loss![0]! - bare - expected) < 1e-5);
    assert.ok(Math.abs(history.valLoss![0]! - bare - expected) < 1e-5);
  });

  test("move the weights by their slopes", async () => {
    await init({ backend: "reference" });
    try {
      const [model, plain] = [compiled(layers()), compiled([gru({ units: 3 }), dense({ units: 1 })])];
      for (const each of [model, plain]) each.build(["time", 2], { seed: 4 });
      const before = numbers(model.weights);
      for (const each of [model, plain]) await each.fit(x, y, { ...silent, epochs: 1, batchSize: "full" });
      const [after, bare] = [numbers(model.weights), numbers(plain.weights)];
      const check = (path: string, slope: (v: number) => number): void =>
        before[path]!.forEach((v, index) => {
          assert.ok(Math.abs(after[path]![index]! - bare[path]![index]! + 0.1 * slope(v)) < 1e-7, path);
        });
      check("gru-1/W", (v) => 0.02 * Math.sign(v));
      check("gru-1/U", (v) => 0.01 * Math.sign(v) + 0.06 * v);
      check("dense-1/W", (v) => 0.2 * v);
    } finally {
      await init({ backend: "auto" });
    }
  });

  test("are refused where there is no such weight, and when they are none", () => {
    assert.throws(() => compiled([minGru({ units: 2, recurrentRegularizer: l2() }), dense({ units: 1 })]).build(["time", 2]), {
      code: "bad_option",
    });
    assert.throws(() => compiled([minGru({ units: 2, weightDrop: 0.1 }), dense({ units: 1 })]).build(["time", 2]), { code: "bad_option" });
    assert.throws(() => dense({ units: 1, kernelRegularizer: 0.1 as never }), { code: "bad_option" });
    assert.throws(() => l1(-1), { code: "bad_regularizer" });
    assert.throws(() => maxNorm(0), { code: "bad_regularizer" });
  });

  test("are saved with their layers", async () => {
    const model = compiled([embedding({ vocabularySize: 5, size: 3, kernelRegularizer: l2(0.2) }), ...layers()]);
    model.build(["time"], { seed: 1 });
    const tokens = tensor(
      Int32Array.from({ length: 12 }, (_, at) => at % 5),
      { shape: [3, 4] },
    );
    const loaded = await loadModel(model.toBytes());
    assert.deepEqual(await loaded.evaluate(tokens, random(3, [3, 1])), await model.evaluate(tokens, random(3, [3, 1])));
  });
});

test("max-norm holds after every step, and leaves small weights alone", async () => {
  const model = compiled([lstm({ units: 3, kernelConstraint: maxNorm(0.5), recurrentConstraint: maxNorm(0.4) }), dense({ units: 1 })], {
    optimizer: adam({ learningRate: 0.1 }),
  });
  await model.fit(random(1, [6, 4, 2]), random(2, [6, 1]), { ...silent, epochs: 4 });
  const w = numbers(model.weights);
  for (const [path, rows, limit] of [
    ["lstm-1/W", 2, 0.5],
    ["lstm-1/U", 3, 0.4],
  ] as const) {
    const columns = w[path]!.length / rows;
    const norms = Array.from({ length: columns }, (_, column) =>
      Math.sqrt(
        sumOf(
          Array.from({ length: rows }, (__, row) => w[path]![row * columns + column]!),
          (v) => v * v,
        ),
      ),
    );
    assert.ok(Math.max(...norms) <= limit * (1 + 1e-6), path);
    assert.ok(norms.some((norm) => norm > limit * 0.99) && norms.some((norm) => norm < limit * 0.99), path);
  }
  const free = compiled([simpleRnn({ units: 3 }), dense({ units: 1 })]);
  const loose = compiled([simpleRnn({ units: 3, kernelConstraint: maxNorm(1e6) }), dense({ units: 1 })]);
  for (const each of [free, loose]) await each.fit(random(1, [6, 4, 2]), random(2, [6, 1]), { ...silent, epochs: 2 });
  assert.ok(distance(free.weights, loose.weights) < 1e-6);
});

describe("activation and temporal activation regularisation", () => {
  for (const goBackwards of [false, true]) {
    test(`are mean squares over valid steps and units${goBackwards ? ", backwards too" : ""}; evaluate leaves them out`, async () => {
      const [x, y, lengths] = [random(1, [4, 5, 2]), random(2, [4, 5, 3]), [5, 0, 3, 1]];
      const made = (options: object): Model => {
        const model = compiled([gru({ units: 3, returnSequences: true, goBackwards, ...options }), activation("linear")], {
          optimizer: sgd({ learningRate: 0 }),
        });
        model.build(["time", 2], { seed: 2 });
        return model;
      };
      const plain = made({});
      const h = await plain.predict(x, { lengths });
      const at = (row: number, step: number, unit: number): number => h.data[(row * 5 + step) * 3 + unit]!;
      const levels = lengths.flatMap((length, row) => Array.from({ length: 3 * length }, (_, i) => at(row, Math.floor(i / 3), i % 3)));
      const moves = lengths.flatMap((length, row) =>
        Array.from(
          { length: 3 * Math.max(length - 1, 0) },
          (_, i) => at(row, Math.floor(i / 3) + 1, i % 3) - at(row, Math.floor(i / 3), i % 3),
        ),
      );
      const mean = (values: readonly number[]): number => sumOf(values, (v) => v * v) / values.length;
      const both = made({ activationRegularization: 2, temporalRegularization: 3 });
      const loss = async (model: Model): Promise<number> =>
        (await model.fit(x, y, { ...silent, epochs: 1, batchSize: "full", lengths })).history.loss![0]!;
      const difference = (await loss(both)) - (await loss(plain));
      assert.ok(Math.abs(difference - 2 * mean(levels) - 3 * mean(moves)) < 1e-5);
      assert.deepEqual(await both.evaluate(x, y, { lengths }), await plain.evaluate(x, y, { lengths }));
    });
  }

  test("their gradients are those of central differences", async () => {
    await init({ backend: "reference" });
    try {
      const [x, y, lengths] = [random(1, [3, 4, 2]), random(2, [3, 1]), [4, 2, 3]];
      const made = (learningRate: number): Model => {
        const options = { activationRegularization: 0.7, temporalRegularization: 0.9, recurrentRegularizer: l1l2({ l1: 0.1, l2: 0.2 }) };
        const model = compiled([lstm({ units: 2, ...options }), dense({ units: 1 })], {
          optimizer: sgd({ learningRate, clipNorm: false }),
        });
        model.build(["time", 2], { seed: 2 });
        return model;
      };
      const lossAt = async (weights: Model["weights"]): Promise<number> => {
        const model = made(0);
        model.weights = weights;
        return (await model.fit(x, y, { ...silent, epochs: 1, batchSize: "full", lengths })).history.loss![0]!;
      };
      const model = made(2 ** 10);
      const start = model.weights as Record<string, Record<string, Tensor>>;
      const before = numbers(model.weights)["lstm-1/U"]!;
      await model.fit(x, y, { ...silent, epochs: 1, batchSize: "full", lengths });
      const moved = numbers(model.weights)["lstm-1/U"]!;
      for (const index of [0, 3, 9, 14]) {
        const shifted = (by: number): Promise<number> => {
          const values = Float32Array.from(start["lstm-1"]!.U!.data);
          values[index]! += by;
          return lossAt({ ...start, "lstm-1": { ...start["lstm-1"], U: tensor(values, { shape: start["lstm-1"]!.U!.shape }) } });
        };
        // Weights are float32 on the host, so the step is a power of 2 that they can hold.
        const slope = ((await shifted(2 ** -10)) - (await shifted(-(2 ** -10)))) / 2 ** -9;
        const found = (before[index]! - moved[index]!) / 2 ** 10;
        assert.ok(Math.abs(slope - found) < 2e-5 * Math.max(1, Math.abs(slope)), `${found} instead of ${slope}`);
      }
    } finally {
      await init({ backend: "auto" });
    }
  });
});

test("weight drop changes training only, by one mask for all rows, drawn anew at each step and equal for equal seeds", async () => {
  const row = random(1, [1, 5, 2]);
  const x = tensor(Float32Array.from([...row.data, ...row.data]), { shape: [2, 5, 2] });
  const y = [[1], [1]];
  const dropped = (): Model => {
    const model = compiled([simpleRnn({ units: 6, weightDrop: 0.5 }), dense({ units: 1 })], { optimizer: sgd({ learningRate: 0 }) });
    model.build(["time", 2], { seed: 9 });
    return model;
  };
  const model = dropped();
  const lossesOf = async (seed: number, of = x, targets = y): Promise<readonly number[]> => {
    // Another seed or batch needs no other program.
    return (await model.fit(of, targets, { ...silent, seed, epochs: 3 })).history.loss!;
  };
  const losses = [await lossesOf(1), await lossesOf(1), await lossesOf(2)];
  assert.deepEqual(await lossesOf(1, row, [[1]]), losses[0], "rows had masks of their own");
  const plain = compiled([simpleRnn({ units: 6 }), dense({ units: 1 })]);
  plain.build(["time", 2], { seed: 9 });
  assert.deepEqual(await model.evaluate(x, y), await plain.evaluate(x, y));
  assert.deepEqual(losses[0], losses[1]);
  assert.notDeepEqual(losses[0], losses[2]);
  assert.equal(new Set(losses[0]).size, 3);
});

describe("averaged weights", () => {
  const [x, y] = [random(1, [8, 4, 2]), random(2, [8, 1])];
  const layers = (): Layer[] => [gru({ units: 3 }), dense({ units: 1 })];

  test("are the mean of the weights of all steps, nearer ones counting more", async () => {
    const [plain, averaged] = [compiled(layers()), compiled(layers())];
    const seen: (readonly number[])[] = [];
    const watch = {
      name: "watch",
      onBatchEnd: ({ model }: { model: Model<unknown> }) => void seen.push(numbers(model.weights)["gru-1/U"]!),
    };
    const options = { ...silent, seed: 5, epochs: 2, batchSize: 3 };
    await plain.fit(x, y, { ...options, callbacks: [watch] });
    const history = await averaged.fit(x, y, { ...options, ema: 0.8, validationData: { x, y } });
    const shares = seen.map((_, index) => 0.8 ** (seen.length - 1 - index));
    const total = sumOf(shares, (share) => share);
    const found = numbers(averaged.weights)["gru-1/U"]!;
    found.forEach((value, at) => {
      const expected = seen.reduce((sum, weights, index) => sum + (shares[index]! / total) * weights[at]!, 0);
      assert.ok(Math.abs(value - expected) < 1e-6);
    });
    // Validation, the saved model and predictions have them too.
    assert.equal(history.history.valLoss!.at(-1), (await averaged.evaluate(x, y, { batchSize: 3 })).loss);
    const loaded = await loadModel(averaged.toBytes());
    assert.deepEqual((await loaded.predict(x)).data, (await averaged.predict(x)).data);
  });

  test("do not disturb training, which a further fit goes on with", async () => {
    const [twice, once] = [compiled(layers(), { optimizer: "adam" }), compiled(layers(), { optimizer: "adam" })];
    const options = { ...silent, seed: 5, batchSize: 3, ema: 0.9 };
    const long = await once.fit(x, y, { ...options, epochs: 4 });
    const first = await twice.fit(x, y, { ...options, epochs: 2 });
    const second = await twice.fit(x, y, { ...options, epochs: 2 });
    assert.deepEqual([...first.history.loss!, ...second.history.loss!], long.history.loss);
    assert.deepEqual(numbers(twice.weights), numbers(once.weights));
    await assert.rejects(once.fit(x, y, { ...options, ema: 1 }), { code: "bad_option" });
  });

  test("weights that are set begin a new average", async () => {
    const model = compiled(layers());
    await model.fit(x, y, { ...silent, epochs: 1, ema: 0.9 });
    const fresh = compiled(layers());
    fresh.build(["time", 2], { seed: 77 });
    model.weights = fresh.weights;
    await model.fit(x, y, { ...silent, epochs: 1, batchSize: "full", ema: 0.9 });
    await fresh.fit(x, y, { ...silent, epochs: 1, batchSize: "full" });
    assert.ok(distance(model.weights, fresh.weights) < 1e-6);
  });
});

test("gradient noise has the announced size and comes from the seed", async () => {
  const units = 3000;
  const run = async (seed: number, gradientNoise: number): Promise<readonly number[]> => {
    const model = compiled([dense({ units, useBias: false })], {
      optimizer: sgd({ learningRate: 1, clipNorm: false, gradientNoise, gradientNoiseDecay: 0.55 }),
    });
    model.build([1], { seed: 1 });
    await model.fit([[0]], [Array.from({ length: units }, () => 0)], { ...silent, seed, epochs: 1 });
    return numbers(model.weights)["dense-1/W"]!;
  };
  const [plain, noisy, again, other] = [await run(1, 0), await run(1, 0.3), await run(1, 0.3), await run(2, 0.3)];
  assert.deepEqual(noisy, again);
  assert.notDeepEqual(noisy, other);
  const noise = noisy.map((value, index) => value - plain[index]!);
  const variance = sumOf(noise, (v) => v * v) / units;
  const wanted = 0.3 / 2 ** 0.55;
  assert.ok(Math.abs(variance / wanted - 1) < 0.1, `${variance} instead of ${wanted}`);
  assert.ok(Math.abs(sumOf(noise, (v) => v) / units) < 0.03);
});

test("each weight's gradient is cut to its own norm, entries to their value", async () => {
  const [x, y] = [random(1, [4, 3, 2]), random(2, [4, 1])];
  const change = async (options: object): Promise<Record<string, number[]>> => {
    const model = compiled([gru({ units: 3 }), dense({ units: 1 })], { optimizer: sgd({ learningRate: 1, clipNorm: false, ...options }) });
    model.build(["time", 2], { seed: 3 });
    const before = numbers(model.weights);
    await model.fit(x, y, { ...silent, epochs: 1, batchSize: "full" });
    return Object.fromEntries(
      Object.entries(numbers(model.weights)).map(([path, values]) => [path, values.map((v, at) => before[path]![at]! - v)]),
    );
  };
  const [free, byWeight, byValue] = [await change({}), await change({ clipWeightNorm: 0.05 }), await change({ clipValue: 0.01 })];
  for (const [path, gradient] of Object.entries(free)) {
    const norm = Math.sqrt(sumOf(gradient, (v) => v * v));
    gradient.forEach((value, at) => {
      assert.ok(Math.abs(byWeight[path]![at]! - value * Math.min(1, 0.05 / norm)) < 1e-6, path);
      assert.ok(Math.abs(byValue[path]![at]! - Math.min(Math.max(value, -0.01), 0.01)) < 1e-6, path);
    });
  }
});

test("weight decay takes its share of every weight, or of matrices only", async () => {
  const [x, y] = [random(1, [4, 3, 2]), random(2, [4, 1])];
  const run = async (options: object): Promise<Record<string, readonly number[]>> => {
    const model = compiled([dense({ units: 3 }), dense({ units: 1 })], { optimizer: nadam({ learningRate: 0.01, ...options }) });
    model.build(["time", 2], { seed: 3 });
    model.weights = Object.fromEntries(
      Object.entries(model.weights).map(([layer, of]) => [
        layer,
        Object.fromEntries(Object.entries(of as Record<string, Tensor>).map(([name, value], at) => [name, random(at + 5, value.shape)])),
      ]),
    );
    await model.fit(x, random(2, [4, 3, 1]), { ...silent, epochs: 1, batchSize: "full" });
    return numbers(model.weights);
  };
  assert.ok(y);
  const [none, all, matrices] = [
    await run({}),
    await run({ weightDecay: 0.5 }),
    await run({ weightDecay: 0.5, weightDecayOn: "matrices" }),
  ];
  for (const path of Object.keys(none)) {
    const isMatrix = path.endsWith("W");
    const shifted = (a: readonly number[]): boolean => a.some((value, at) => Math.abs(value - none[path]![at]!) > 1e-5);
    assert.ok(shifted(all[path]!), path);
    assert.equal(shifted(matrices[path]!), isMatrix, path);
  }
  assert.throws(() => adam({ weightDecayOn: "biases" as never }), { code: "bad_option" });
});

describe("reduceOnPlateau", () => {
  test("cuts the rate after patience, rests while cooling down, and stops at the lowest rate", async () => {
    const model = compiled([dense({ units: 1 })], { optimizer: sgd({ learningRate: 0 }) });
    model.compile({ optimizer: sgd({ learningRate: 1e-30 }), loss: "mse" });
    const plateau = reduceOnPlateau({ monitor: "loss", factor: 0.5, patience: 2, cooldown: 1, minLearningRate: 2e-31 });
    const { history } = await model.fit([[1], [2]], [[1], [2]], { ...silent, epochs: 9, callbacks: [plateau] });
    // The first epoch is the best; cuts after epochs 3, 5 (cooling in 4) and so on.
    const rates = history.learningRate!.map((rate) => rate / 1e-30);
    assert.deepEqual(
      rates.map((rate) => Math.round(rate * 1000) / 1000),
      [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2],
    );
  });

  test("refuses options that are none", () => {
    assert.throws(() => reduceOnPlateau({ factor: 1 }), { code: "bad_option" });
    assert.throws(() => reduceOnPlateau({ factor: 0 }), { code: "bad_option" });
    assert.throws(() => reduceOnPlateau({ patience: 0 }), { code: "bad_option" });
  });
});
