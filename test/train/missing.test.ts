// Missing values in training: NaN among targets counts nowhere, NaN among inputs only enters layers that know what it means.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/base/tensor.js";
import { dense, embedding, fillMissing, gru, lstm, recurrent, withDecay } from "../../src/nn/index.js";
import { abs, div, log, sub, tensor } from "../../src/ops/index.js";
import { functional, type LossFunction, loadModel, type Model, quantile, sequential, studentTNll } from "../../src/train/index.js";

const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648 - 0.5;
  };
};

function numbers(shape: readonly number[], seed: number): number[] {
  const next = random(seed);
  return Array.from({ length: shape.reduce((product, size) => product * size, 1) }, next);
}

const holes = (values: readonly number[], every: number): number[] =>
  values.map((value, index) => (index % every === 1 ? Number.NaN : value));
const as = (values: readonly number[], shape: readonly number[]): ReturnType<typeof tensor> => tensor(Float32Array.from(values), { shape });

function perStep(): Model {
  const model = sequential([lstm({ units: 4, returnSequences: true }), dense({ units: 2 })]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae", "r2"] });
  return model as Model;
}

/** Rows of [6, 4, 3] as [rows, 3]. */
function rowsOf(output: Tensor, rows: readonly number[]): Tensor {
  return as(
    rows.flatMap((row) => [0, 1, 2].map((column) => output.data[3 * row + column]!)),
    [rows.length, 3],
  );
}

describe("missing targets", () => {
  const x = as(numbers([6, 5, 3], 1), [6, 5, 3]);
  const y = numbers([6, 5, 2], 2);
  const lengths = [5, 3, 5, 1, 4, 5];

  it("loss and metrics are those of the elements that are there", async () => {
    const model = perStep();
    model.build(["time", 3], { seed: 3 });
    const predicted = (await model.predict(x, { lengths })).data;
    const [errors, squares, truth]: [number[], number[], [number, number][][]] = [[], [], [[], []]];
    const gaps = holes(y, 3);
    gaps.forEach((value, index) => {
      const [row, step, column] = [Math.floor(index / 10), Math.floor(index / 2) % 5, index % 2];
      if (Number.isNaN(value) || step >= lengths[row]!) return;
      errors.push(Math.abs(predicted[index]! - value));
      squares.push((predicted[index]! - value) ** 2);
      truth[column]!.push([value, predicted[index]!]);
    });
    const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
    const determination = (pairs: readonly [number, number][]): number => {
      const centre = mean(pairs.map(([actual]) => actual));
      return 1 - mean(pairs.map(([a, p]) => (a - p) ** 2)) / mean(pairs.map(([a]) => (a - centre) ** 2));
    };
    const found = await model.evaluate(x, as(gaps, [6, 5, 2]), { lengths, batchSize: 4 });
    assert.ok(Math.abs(found.loss! - mean(squares)) < 1e-6);
    assert.ok(Math.abs(found.mae! - mean(errors)) < 1e-6);
    assert.ok(Math.abs(found.r2! - mean(truth.map(determination))) < 1e-5);
  });

  it("training with rows without a target is training without these rows", async () => {
    const train = async (rows: readonly number[], hidden: readonly number[]): Promise<Float32Array> => {
      const model = sequential([gru({ units: 3 }), dense({ units: 1 })]);
      model.compile({ optimizer: "adam", loss: "huber" });
      model.build(["time", 3], { seed: 5 });
      const inputs = rows.flatMap((row) => numbers([5, 3], row));
      const targets = rows.map((row) => (hidden.includes(row) ? Number.NaN : row / 10));
      await model.fit(as(inputs, [rows.length, 5, 3]), as(targets, [rows.length, 1]), {
        epochs: 3,
        batchSize: "full",
        shuffle: false,
        verbose: "silent",
      });
      return Float32Array.from((await model.predict(x)).data);
    };
    const [some, all] = [await train([1, 2, 3], []), await train([1, 2, 3, 4, 5], [4, 5])];
    some.forEach((value, index) => {
      assert.ok(Math.abs(value - all[index]!) < 1e-6);
    });
  });

  it("classes may be missing too, and weights count beside", async () => {
    const model = sequential([lstm({ units: 4 }), dense({ units: 3, activation: "softmax" })]);
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy", "auroc", "f1Macro"] });
    model.build(["time", 3], { seed: 3 });
    const classes = [0, 1, 2, Number.NaN, 1, 0];
    const weights = [1, 2, 1, 5, 1, 3];
    const whole = await model.evaluate(x, as(classes, [6]), { sampleWeights: weights });
    const kept = [0, 1, 2, 4, 5];
    const rows = (list: readonly number[]): number[] => kept.map((row) => list[row]!);
    const few = await model.evaluate(
      as(
        kept.flatMap((row) => [...x.data].slice(row * 15, row * 15 + 15)),
        [5, 5, 3],
      ),
      as(rows(classes), [5]),
      {
        sampleWeights: rows(weights),
      },
    );
    for (const [name, value] of Object.entries(few)) assert.ok(Math.abs(whole[name]! - value) < 1e-6, name);
  });

  it("several columns of an output that share a target lack it together", async () => {
    const targets = holes(numbers([6, 4, 1], 5), 3);
    const kept = targets.flatMap((value, index) => (Number.isNaN(value) ? [] : [index]));
    for (const loss of [quantile({ quantiles: [0.1, 0.5, 0.9] }), studentTNll]) {
      const model = sequential([dense({ units: 3 })]);
      model.compile({ optimizer: "adam", loss });
      model.build([4, 2], { seed: 3 });
      const inputs = numbers([6, 4, 2], 6);
      const { loss: measured } = await model.evaluate(as(inputs, [6, 4, 2]), as(targets, [6, 4, 1]));
      const alone = loss(
        as(
          kept.map((index) => targets[index]!),
          [kept.length, 1],
        ),
        rowsOf(await model.predict(as(inputs, [6, 4, 2])), kept),
      );
      const mean = [...alone.data].reduce((sum, value) => sum + value, 0) / alone.data.length;
      assert.ok(Math.abs(measured! - mean) < 1e-5, `${measured} against ${mean}`);
    }
  });

  it("a loss that divides by targets or takes their logarithm learns from those that are there alone", async () => {
    const positive = y.map((value) => value + 1);
    const share: LossFunction = (actual, predicted) => abs(div(sub(predicted, actual), actual));
    const ratio: LossFunction = (actual, predicted) => abs(sub(log(actual), predicted));
    for (const loss of [share, ratio]) {
      const train = async (targets: readonly number[], weights: number[][] | undefined): Promise<readonly number[]> => {
        const model = sequential([lstm({ units: 4, returnSequences: true }), dense({ units: 2 })]);
        model.compile({ optimizer: "sgd", loss });
        model.build(["time", 3], { seed: 2 });
        await model.fit(x, as(targets, [6, 5, 2]), {
          epochs: 2,
          batchSize: 3,
          verbose: "silent",
          ...(weights === undefined ? {} : { sampleWeights: weights }),
        });
        return [...(await model.predict(x)).data];
      };
      const steps = Array.from({ length: 6 }, (_, row) => Array.from({ length: 5 }, (_, step) => Number((row + step) % 3 !== 1)));
      const missing = positive.map((value, index) =>
        steps[Math.floor(index / 10)]![Math.floor(index / 2) % 5] === 0 ? Number.NaN : value,
      );
      const [found, expected] = [await train(missing, undefined), await train(positive, steps)];
      found.forEach((value, index) => {
        assert.ok(Math.abs(value - expected[index]!) < 1e-6);
      });
    }
  });

  it("one batch of many may be without targets, all rows of a pass may not", async () => {
    const none = as(new Array<number>(60).fill(Number.NaN), [6, 5, 2]);
    const some = as(holes(y, 3), [6, 5, 2]);
    const [with_, without] = [perStep(), perStep()];
    const first = await with_.fit(
      [
        { x, y: none },
        { x, y: some },
      ],
      { epochs: 2, accumulate: 2, verbose: "silent" },
    );
    const second = await without.fit([{ x, y: some }], { epochs: 2, verbose: "silent" });
    assert.deepEqual(first.history.loss, second.history.loss);
    await assert.rejects(
      perStep().fit([{ x, y: none }], { verbose: "silent" }),
      /^DataError: Every target in the training rows is missing/,
    );
    const late = as(
      y.map((value, index) => (index < 40 ? value : Number.NaN)),
      [6, 5, 2],
    );
    await assert.rejects(
      perStep().fit(x, late, { validationSplit: 0.3, verbose: "silent" }),
      /Every target in the validation rows is missing/,
    );
  });

  it("targets that are all missing are refused, and so are infinities", async () => {
    const model = perStep();
    const none = as(
      y.map(() => Number.NaN),
      [6, 5, 2],
    );
    await assert.rejects(model.fit(x, none), /y holds nothing but missing values/);
    await assert.rejects(
      model.fit(
        x,
        as(
          y.map((value, index) => (index === 7 ? Infinity : value)),
          [6, 5, 2],
        ),
      ),
      /y holds Infinity at \[0, 3, 1\]/,
    );
  });
});

describe("missing inputs", () => {
  const shape = [4, 6, 2];
  const x = as(holes(numbers(shape, 9), 4), shape);
  const y = as(numbers([4, 1], 8), [4, 1]);

  it("are refused by a first layer that cannot take them, with what to do", async () => {
    const model = sequential([lstm({ units: 3 }), dense({ units: 1 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    await assert.rejects(
      model.fit(x, y),
      /x holds NaN at \[0, 0, 1\]: a missing value, which the first layer cannot take.*fillMissing\(\)/s,
    );
  });

  for (const [name, layers] of [
    ["fillMissing", () => [fillMissing(), lstm({ units: 3 })]],
    ["fillMissing with the last value", () => [fillMissing({ strategy: "last", indicator: false }), gru({ units: 3 })]],
    ["withDecay", () => [recurrent(withDecay(gru), { units: 3 })]],
  ] as const) {
    it(`train, predict, stream, save and load: ${name}`, async () => {
      const model = sequential([...layers(), dense({ units: 1 })]);
      model.compile({ optimizer: "adam", loss: "mse" });
      const history = await model.fit(x, y, { epochs: 3, verbose: "silent" });
      assert.ok(history.history.loss!.every(Number.isFinite));
      const predicted = (await model.predict(x)).data;
      assert.ok([...predicted].every(Number.isFinite));
      const again = await loadModel(model.toBytes());
      assert.deepEqual([...(await again.predict(x)).data], [...predicted]);
      const live = await again.stream();
      const values = [...x.data];
      const steps = Array.from({ length: 6 }, (_, t) => live.step([values.slice(t * 2, t * 2 + 2)]).data[0]!);
      assert.equal(steps.at(-1), predicted[0]);
      assert.throws(() => live.step([[Infinity, 0]]), /x holds Infinity/);
    });
  }

  it("the last value is carried on, 0 before the first, and what was seen is marked", async () => {
    const model = sequential([fillMissing({ strategy: "last" })]);
    model.build(["time", 1]);
    const series = as([Number.NaN, 3, Number.NaN, Number.NaN, 5], [1, 5, 1]);
    assert.deepEqual([...(await model.predict(series)).data], [0, 0, 3, 1, 3, 0, 3, 0, 5, 1]);
  });

  it("a gap that is missing is refused by name, for it is no value that may be", async () => {
    const model = functional(
      { read: recurrent(withDecay(gru), { units: 3 }), risk: dense({ units: 1 }) },
      (l, { x, dt }: { x: Tensor; dt: Tensor }) => l.risk(l.read(x, { dt })),
    );
    model.build({ x: ["time", 2], dt: ["time", 1] }, { seed: 1 });
    const dt = as(holes(numbers([4, 6, 1], 3), 4), [4, 6, 1]);
    await assert.rejects(model.predict({ x, dt }), /x\.dt holds NaN at \[0, 1, 0\]; only x may miss values/);
    const back = as([...new Array<number>(23).fill(1), -0.5], [4, 6, 1]);
    const negative = { code: "negative_gap", message: /^x\.dt holds -0\.5 at \[3, 5, 0\]: no time since the step before is below 0\./ };
    await assert.rejects(model.predict({ x, dt: back }), negative);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await assert.rejects(model.fit({ x, dt: back }, as([1, 2, 3, 4], [4, 1]), { epochs: 1, shuffle: false }), { code: "negative_gap" });
    // What lies beyond a row's length is padding.
    assert.deepEqual((await model.predict({ x, dt: back }, { lengths: [6, 6, 6, 5] })).shape, [4, 1]);
    const live = await model.stream();
    assert.throws(() => live.step({ x: [[0, 0]], dt: [[-1]] }), { code: "negative_gap" });
    assert.deepEqual(live.step({ x: [[0, 0]], dt: [[0]] }).shape, [1, 1]);
  });

  it("token numbers are never missing", async () => {
    const model = sequential([embedding({ vocabularySize: 4, size: 2 }), lstm({ units: 2 })]);
    model.build(["time"]);
    await assert.rejects(model.predict(as([1, Number.NaN, 2], [1, 3])), /x holds NaN/);
  });
});

describe("gaps as an input of their own", () => {
  it("a saved network takes lengths by name where its sequences have the same", async () => {
    const model = functional(
      { read: recurrent(withDecay(gru), { units: 3 }), risk: dense({ units: 1 }) },
      (l, { x, dt }: { x: Tensor; dt: Tensor }) => l.risk(l.read(x, { dt })),
    );
    model.build({ x: ["time", 2], dt: ["time", 1] }, { seed: 1 });
    const given = { x: as(holes(numbers([3, 4, 2], 5), 3), [3, 4, 2]), dt: as(numbers([3, 4, 1], 6).map(Math.abs), [3, 4, 1]) };
    const lengths = [4, 1, 2];
    const expected = (await model.predict(given, { lengths })).data;
    const loaded = await loadModel(model.toBytes());
    for (const each of [lengths, { x: lengths, dt: lengths }]) {
      assert.deepEqual((await model.predict(given, { lengths: each })).data, expected);
      assert.deepEqual(((await loaded.predict(given, { lengths: each })) as Tensor).data, expected);
    }
  });
});
