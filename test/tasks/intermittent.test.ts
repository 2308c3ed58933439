// Intermittent demand is told from other zeros, forecast by its mean, and has intervals that begin at zero and hold.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniformAt } from "../../src/base/random.js";
import { parseTable } from "../../src/data/table.js";
import { choose, type Trial } from "../../src/tasks/forecast/choice.js";
import { type Case, correctionOf } from "../../src/tasks/forecast/correction.js";
import { isIntermittent } from "../../src/tasks/forecast/intermittent.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import { sba, tsb } from "../../src/tasks/forecast/simple/croston.js";
import { simpleMethodNames } from "../../src/tasks/forecast/simple/index.js";
import { constantTrainer, monthly } from "./fakes.js";

/** Rows with a demand of 1 to 5 with this probability. */
function demand(seed: number, rows: number, probability: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) =>
    uniformAt(seed, 1, i) < probability ? 1 + Math.floor(5 * uniformAt(seed, 2, i)) : 0,
  );
}

test("zeros scattered among demands are intermittent demand; nights, weekends, blocks, few zeros and negative values are none", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    for (const probability of [0.1, 0.3, 0.6])
      assert.equal(isIntermittent(demand(seed, 90, probability), 12), true, `${seed}, ${probability}`);
    assert.equal(isIntermittent(demand(seed, 200, 0.95), 12), false, "few zeros");
  }
  const noon = Float64Array.from({ length: 240 }, (_, i) => Math.max(0, Math.sin((2 * Math.PI * i) / 24)) * (5 + uniformAt(1, 3, i)));
  const shop = Float64Array.from({ length: 140 }, (_, i) => (i % 7 < 5 ? 20 + 5 * uniformAt(1, 4, i) : 0));
  const stopped = Float64Array.from({ length: 90 }, (_, i) => (i < 40 ? 5 + uniformAt(1, 5, i) : 0));
  assert.equal(isIntermittent(noon, 24), false, "nights");
  assert.equal(isIntermittent(shop, 7), false, "weekends");
  assert.equal(isIntermittent(stopped, 12), false, "a block");
  assert.equal(
    isIntermittent(
      demand(1, 90, 0.3).map((value, i) => (i === 50 ? -1 : value)),
      12,
    ),
    false,
    "negative",
  );
  assert.equal(isIntermittent(new Float64Array(50), 12), false, "zeros alone");
  assert.equal(isIntermittent(new Float64Array(50).fill(Number.NaN), 12), false, "nothing");
  // Before the first demand there is nothing to count.
  assert.equal(
    isIntermittent(
      Float64Array.from({ length: 90 }, (_, i) => (i < 60 ? 0 : 5)),
      12,
    ),
    false,
    "late",
  );
});

test("SBA and TSB follow their recursions, and say nothing of fewer than two demands", () => {
  // A demand of 4 every fifth row: TSB lies between 4 (1 - beta)^4 / 5 and 4 / 5 whatever the weights; SBA at (1 - alpha / 2) 4 / 5.
  const every = Float64Array.from({ length: 500 }, (_, i) => (i % 5 === 4 ? 4 : 0));
  const past = { season: 1, horizon: 3, log: false };
  const [steady] = sba({ ...past, values: every })!;
  assert.ok(
    [0.05, 0.1, 0.2, 0.3].some((alpha) => Math.abs(steady! - (1 - alpha / 2) * 0.8) < 1e-9),
    `${steady}`,
  );
  // By hand: two rows of a demand of 2 in four, then sizes stay, the probability moves by beta.
  const few = Float64Array.of(2, 0, 2, 0);
  const expected = [0.05, 0.1, 0.2, 0.3].map((beta) => {
    let [rate, squares] = [0.5, 0];
    for (const value of few) {
      squares += (value - 2 * rate) ** 2;
      rate += beta * (value / 2 - rate);
    }
    return { squares, forecast: 2 * rate };
  });
  const least = expected.reduce((a, b) => (b.squares < a.squares ? b : a));
  assert.deepEqual([...tsb({ ...past, values: few })!], [least.forecast, least.forecast, least.forecast]);
  const gaps = Float64Array.of(Number.NaN, 2, Number.NaN, 0, 2, Number.NaN, 0);
  assert.deepEqual(tsb({ ...past, values: gaps }), tsb({ ...past, values: few }), "missing rows are passed over");
  for (const method of [sba, tsb]) {
    assert.equal(method({ ...past, values: Float64Array.of(0, 3, 0) }), null);
    assert.equal(method({ ...past, values: Float64Array.of(0, 3, -1, 2) }), null);
  }
});

test("what demand has ceased for long is forecast near zero by TSB", () => {
  const values = demand(3, 200, 0.5).map((value, i) => (i < 80 ? value : 0));
  assert.ok(tsb({ values, season: 1, horizon: 1, log: false })![0]! < 0.02);
});

test("weights ask for the mean of intermittent demand, where absolute errors ask for zero", () => {
  const values = demand(5, 200, 0.3);
  const flat = (value: number): Float64Array => new Float64Array(6).fill(value);
  const trials = Array.from({ length: 16 }, (_, n): Trial => {
    const forecasts = { ses: flat(0.02), mean: flat(0.9), naive: flat(0) };
    return { origin: 80 + 6 * n, forecasts, withoutLast: null };
  });
  const data = { values, season: 1, longSeason: 0, horizon: 6, log: false };
  const { weights, isIntermittent: isDemand } = choose(data, trials);
  assert.ok(isDemand && weights.mean! > 0.8 && weights.naive === undefined, JSON.stringify(weights));
  const raised = choose(
    { ...data, values: values.map((value) => value + 1) },
    trials.map((trial) => ({ ...trial, forecasts: { ses: flat(1.02), mean: flat(1.9), naive: flat(1) } })),
  );
  assert.ok(!raised.isIntermittent && raised.weights.ses! > (raised.weights.mean ?? 0), JSON.stringify(raised.weights));
});

test("a network that forecasts nothing earns a share by absolute errors, and none of intermittent demand", () => {
  const cases = (isDemand: boolean): Case[] =>
    Array.from({ length: 12 }, (_, n) => ({
      ...{ origin: 6 * n, actual: demand(n, 6, 0.3), isIntermittent: isDemand },
      ...{ simple: new Float64Array(6).fill(0.9), network: new Float64Array(6) },
    }));
  assert.ok(correctionOf(cases(false)).weight > 0.1);
  assert.equal(correctionOf(cases(true)).weight, 0);
});

test("forecasts of intermittent demand are means, judged by RMSE, with intervals from zero that hold", async () => {
  const { trainer } = constantTrainer(0);
  let [held80, held95, points, error, noise] = [0, 0, 0, 0, 0];
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const text = monthly([...demand(seed, 108, 0.4)]);
    const run = await runForecast(parseTable(text), { horizon: 6, backtest: 4, anomalies: true }, trainer);
    const rows = [...run.holdout, ...run.forecast];
    assert.ok(
      rows.every(
        ({ lower80, lower95, value, upper80, upper95 }) => lower80 === 0 && lower95 === 0 && value <= upper80! && upper80! <= upper95!,
      ),
    );
    assert.match(run.choice.reason, /intermittent: the forecast is the mean/);
    assert.match(run.evaluation.verdict, /RMSE/);
    const errors = [...simpleMethodNames.map((name) => run.evaluation.simple[name].rmse!), run.evaluation.model.rmse!];
    assert.equal(run.evaluation.best === "model", Math.min(...errors) === run.evaluation.model.rmse, run.evaluation.verdict);
    for (const { actual, value, upper80, upper95 } of run.holdout) {
      points++;
      if (actual! <= upper80!) held80++;
      if (actual! <= upper95!) held95++;
      error += Math.abs(value - 1.2);
      noise += value - 1.2;
    }
    assert.ok(
      run.rowScores!.every(({ actual, flagged }) => actual > 0 || !flagged),
      "no row without demand is strange",
    );
  }
  assert.ok(held80 / points >= 0.78 && held95 / points >= 0.92, `${held80} and ${held95} of ${points}`);
  assert.ok(error / points < 0.4 && Math.abs(noise / points) < 0.2, `off the mean by ${error / points}, bias ${noise / points}`);
});

test("of many series with intermittent demand the best is told by relative RMSE", async () => {
  const lines = [1, 2, 3].flatMap((seed) =>
    [...demand(seed, 72, 0.4)].map((value, i) => `p${seed},${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")},${value}`),
  );
  const run = await runForecast(
    parseTable(`part,month,sold\n${lines.join("\n")}\n`),
    { id: "part", horizon: 6 },
    constantTrainer(0).trainer,
  );
  assert.match(run.evaluation.verdict, /^Over 3 series, on the last 6 rows .*relative RMSE/);
  assert.match(run.choice.reason, /Demand of 3 of 3 series is intermittent/);
});
