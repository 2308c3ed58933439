// ES-RNN: smoothing and dilated layers are what they are said to be, train together, and go on with new rows.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { parseTable } from "../../src/data/table.js";
import { gradientCheck } from "../../src/inspect/index.js";
import { lstm } from "../../src/nn/layers/named.js";
import { add, mean, square, sub } from "../../src/ops/index.js";
import { dilated, type EsRnnSpec, esRnnNetwork } from "../../src/tasks/forecast/es-rnn/network.js";
import { type EsRnnRow, inputsOf, targetsOf } from "../../src/tasks/forecast/es-rnn/rows.js";
import { esRnnSpec } from "../../src/tasks/forecast/es-rnn/settings.js";
import { smoothed } from "../../src/tasks/forecast/es-rnn/smoothing.js";
import { forecast, predictForecast } from "../../src/tasks/forecast/forecast.js";
import { functional, loadModel } from "../../src/train/index.js";

const close = (actual: number, wanted: number, limit: number): void =>
  assert.ok(Math.abs(actual - wanted) <= limit, `${actual} is not ${wanted}`);
const tensorOf = (rows: readonly (readonly number[])[]): Tensor =>
  hostTensor(Float64Array.from(rows.flat()), [rows.length, rows[0]!.length], "float32");

/** Numbers between 0 and 1 from one seed. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

/** A growing season of `season` rows with noise. */
function grown(rows: number, season: number, seed: number): Float64Array {
  const draw = draws(seed);
  const [phase, growth] = [draw() * 6, (draw() - 0.3) / 100];
  return Float64Array.from({ length: rows }, (_, t) => {
    const wave = 1 + 0.4 * Math.sin((2 * Math.PI * t) / season + phase);
    return 50 * Math.exp(growth * t) * wave * (1 + 0.06 * (draw() - 0.5));
  });
}

const small: EsRnnSpec = {
  ...{ series: 2, steps: 10, horizon: 3, window: 3, form: "multiplicative", seasons: [3, 4], blocks: [[1, 2], [3]] },
  ...{ units: 2, wobble: 2, ownRate: 3 },
};

test("smoothing is the recursion of the paper; a missing step changes nothing, the first observed one sets the level", () => {
  const [alpha, gamma] = [0.3, 0.2];
  const [values, seen] = [
    [9, 8, 12, 9, 7, 13],
    [0, 1, 1, 0, 1, 1],
  ];
  const start = [0.8, 1, 1.2];
  const column = (value: number): Tensor => tensorOf([[value]]);
  const weights = { alpha: column(alpha), seasons: [{ gamma: column(gamma), start: tensorOf([start]) }] };
  const states = smoothed(tensorOf([values]), tensorOf([seen]), weights, "multiplicative");
  const season = [...start];
  let level = Number.NaN;
  values.forEach((value, t) => {
    const s = season[t]!;
    const before = level;
    if (seen[t] === 1) level = Number.isNaN(before) ? value / s : (alpha * value) / s + (1 - alpha) * before;
    season.push(seen[t] === 1 && !Number.isNaN(before) ? (gamma * value) / level + (1 - gamma) * s : s);
    close(states.level.data[t]!, Number.isNaN(level) ? 1 : level, 1e-5);
    assert.equal(states.started.data[t], Number.isNaN(level) ? 0 : 1);
  });
  season.forEach((wanted, t) => void close(states.seasons[0]!.data[t]!, wanted, 1e-6));
});

for (const form of ["multiplicative", "additive"] as const) {
  test(`gradients of smoothing weights, first seasons and layers are right together, ${form}`, () => {
    const spec: EsRnnSpec = { ...small, form };
    const model = esRnnNetwork(spec, 5);
    const draw = draws(3);
    const random = (tree: unknown): unknown =>
      Object.fromEntries(
        Object.entries(tree as { readonly [name: string]: Tensor | object }).map(([name, value]) =>
          "shape" in value
            ? [
                name,
                hostTensor(
                  Float64Array.from(value.data, () => 0.6 * (draw() - 0.5)),
                  value.shape,
                  "float32",
                ),
              ]
            : [name, random(value)],
        ),
      );
    const values = [1.2, 0.9, Number.NaN, 1.4, 1.1, 0.8, 1.3, 1.5, 0.9, 1.2, 1.6];
    const rows: EsRnnRow[] = [
      { values: Float64Array.from(values), end: 11, number: 1 },
      { values: Float64Array.from(values.slice(2), (value) => 2 * value + 0.1), end: 8, number: 0 },
    ];
    const { inputs, scales } = inputsOf(spec, rows);
    const wanted = targetsOf(
      spec,
      rows,
      scales,
      rows.map(() => ({ from: 0, to: 4 })),
    );
    const known = hostTensor(
      Float64Array.from(wanted.forecast.data, (value) => (Number.isNaN(value) ? 0 : value)),
      wanted.forecast.shape,
      "float32",
    );
    const report = gradientCheck(
      (weights) => {
        const { forecast: ahead, turns } = model.call(weights, inputs);
        return add(mean(square(sub(ahead, known))), mean(square(turns)));
      },
      random(model.weights) as typeof model.weights,
    );
    assert.ok(report.passed, `${report.where}: ${report.error} > ${report.limit}`);
  });
}

test("layers over folded steps are dilated layers", () => {
  const [steps, dilation] = [11, 3];
  const folded = functional({ layer: lstm({ units: 4, returnSequences: true }) }, (l, x: Tensor) => dilated(l.layer, x, steps, dilation));
  const carried = functional({ layer: lstm({ units: 4, returnSequences: true, dilation }) }, (l, x: Tensor) => l.layer(x));
  for (const model of [folded, carried]) model.build([steps, 2], { seed: 2 });
  const draw = draws(8);
  const x = hostTensor(Float32Array.from({ length: 3 * steps * 2 }, draw), [3, steps, 2], "float32");
  const [a, b] = [folded, carried].map((model) => model.call(model.weights, x));
  Array.from(a!.data).forEach((value, i) => void close(value, b!.data[i]!, 1e-6));
});

test("no forecast looks ahead, and none depends on the rows beside it", async () => {
  const spec = esRnnSpec({ rows: [60, 60], season: 6, horizon: 4, isPositive: true, units: 5 });
  const model = esRnnNetwork(spec, 1);
  const values = grown(60, 6, 4);
  const later = values.map((value, t) => (t < 48 ? value : 3 * value));
  const at = async (rows: readonly EsRnnRow[]): Promise<readonly number[]> => {
    const { inputs } = inputsOf(spec, rows);
    const { forecast: ahead } = await model.predict(inputs);
    return [...ahead.data].slice(0, spec.steps * spec.horizon);
  };
  const alone = await at([{ values, end: 48, number: 0 }]);
  assert.deepEqual(
    await at([
      { values: later, end: 48, number: 0 },
      { values: later, end: 60, number: 1 },
    ]),
    alone,
  );

  // The steps that are trained on are those of a row that ends later: each of them knows no more than a row that ends there.
  const { inputs } = inputsOf(spec, [{ values, end: 60, number: 0 }]);
  const changed = Float32Array.from(inputs.values.data, (value, i) => (i < 2 * 48 ? value : 1.5 * value));
  const whole = await model.predict(inputs);
  const cut = await model.predict({ ...inputs, values: hostTensor(changed, inputs.values.shape, "float32") });
  const upTo = 48 * spec.horizon;
  assert.deepEqual([...cut.forecast.data].slice(0, upTo), [...whole.forecast.data].slice(0, upTo));
  assert.notDeepEqual([...cut.forecast.data].slice(upTo), [...whole.forecast.data].slice(upTo));
});

/** A table of several series, the last `cut` rows left out. */
function shops(count: number, rows: number, cut = 0): string {
  const lines = Array.from({ length: count }, (_, shop) =>
    [...grown(rows, 12, shop + 1)].slice(0, rows - cut).map((value, t) => {
      const month = `${1990 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, "0")}`;
      return `s${shop},${month},${value}`;
    }),
  );
  return `shop,month,sales\n${lines.flat().join("\n")}\n`;
}

const options = { id: "shop", target: "sales", horizon: 6, strategy: "es-rnn", pure: true, epochs: 8, units: 12 } as const;

test("on growing seasonal series it beats its untrained state, seasonal naive, and says what it is", async () => {
  const table = parseTable(shops(8, 96));
  const run = await forecast(table, options);
  const untrained = await forecast(table, { ...options, epochs: 1, learningRate: 1e-9 });
  const { model, seasonalNaive } = run.evaluation;
  assert.ok(model.mase! < 0.8 * seasonalNaive.mase!, `${model.mase} against ${seasonalNaive.mase}`);
  assert.ok(model.mase! < 0.9 * untrained.evaluation.model.mase!, `${model.mase} against ${untrained.evaluation.model.mase}`);
  assert.deepEqual([run.network.cell, run.network.layers, run.network.units], ["lstm", 4, [12, 12, 12, 12]]);
});

test("a saved model loads without code, forecasts the same rows, goes on with new ones and gives unseen series the mean weights", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "es-rnn-"));
  t.after(() => rm(folder, { recursive: true }));
  const run = await forecast(parseTable(shops(3, 96, 6)), options);
  await run.model.save(join(folder, "m"), { task: "forecast", preprocess: run.preprocess });
  const table = parseTable(shops(3, 96, 6));
  let asked: readonly string[] | null = [];
  const same = await predictForecast(join(folder, "m"), async ({ only, names }) => {
    asked = only([...table.names, "extra"]);
    assert.deepEqual(table.names.filter(names), ["shop"], "an id is a name, also if it is NA");
    return table;
  });
  assert.deepEqual(same.predictions, run.forecast);
  assert.deepEqual([...asked].sort(), [...table.names].sort(), "columns that the model does not read are left out");
  const later = await predictForecast(join(folder, "m"), parseTable(shops(3, 96)));
  assert.deepEqual([later.predictions[0]!.time, later.predictions.length], ["1998-01", 18]);
  const model = await loadModel(join(folder, "m"));
  const weights = model.weights as unknown as { readonly [layer: string]: { readonly table: Tensor } };
  const alphas = [...weights.alpha!.table.data];
  assert.equal(alphas.length, 4);
  assert.ok(alphas.slice(0, 3).some((value) => value !== 0));
  close(alphas[3]!, alphas.slice(0, 3).reduce((sum, value) => sum + value, 0) / 3, 1e-6);
});

test("a training that was stopped goes on to the same bits", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "es-rnn-"));
  t.after(() => rm(folder, { recursive: true }));
  const table = parseTable(shops(2, 72));
  const whole = await forecast(table, options);
  const stop = new AbortController();
  let epochs = 0;
  const stopped = forecast(table, {
    ...options,
    checkpoints: folder,
    signal: stop.signal,
    onEvent: ({ kind }) => {
      if (kind === "epoch" && ++epochs === 3) stop.abort();
    },
  });
  await assert.rejects(stopped, { code: "interrupted" });
  const resumed = await forecast(table, { ...options, checkpoints: folder });
  assert.deepEqual(resumed.forecast, whole.forecast);
});

test("values of zero or less, holes and a single short series are taken", async () => {
  const values = [...grown(60, 12, 9)].map((value, t) => (t === 20 || t === 21 ? "" : value - 60));
  const rows = values.map((value, t) => `${2000 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, "0")},${value}`);
  const run = await forecast(parseTable(`month,y\n${rows.join("\n")}\n`), { strategy: "es-rnn", epochs: 2, horizon: 6 });
  assert.ok(run.forecast.every(({ value }) => Number.isFinite(value)));
  assert.equal(run.preprocess.esRnn!.spec.form, "additive");
});

test("layers of one's own are refused", async () => {
  const wrong = forecast(parseTable(shops(2, 72)), { ...options, cell: "gru" });
  await assert.rejects(wrong, { code: "bad_option", message: /--strategy es-rnn brings its own layers: --cell cannot/ });
});
