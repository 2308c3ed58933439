// A last value unlike all before it counts by half where changes are taken back; where nothing of the kind happened nothing changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniformAt } from "../../src/base/random.js";
import { type ChoiceData, choose, combine, combinedAhead, type Trial, trialOrigins, trialsAt } from "../../src/tasks/forecast/choice.js";
import { isLastOutlier } from "../../src/tasks/forecast/last-outlier.js";

const season = 12;
const horizon = 12;
const seeds = Array.from({ length: 12 }, (_, i) => i + 1);

const normal = (seed: number, i: number): number =>
  Math.sqrt(-2 * Math.log(1 - uniformAt(seed, 1, i))) * Math.cos(2 * Math.PI * uniformAt(seed, 2, i));
const seasonAt = (i: number): number => 100 + 20 * Math.sin((2 * Math.PI * i) / season);

/** Months of noise around a level with a season. */
function noisy(seed: number, rows: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => seasonAt(i) + 2 * normal(seed, i));
}

/** Months whose level keeps every change. */
function wandering(seed: number, rows: number): Float64Array {
  let level = 0;
  return Float64Array.from({ length: rows }, (_, i) => {
    level += normal(seed, i);
    return seasonAt(i) + level;
  });
}

function changed(values: Float64Array, rows: number, by: number): Float64Array {
  return values.map((value, i) => (i >= values.length - rows ? value + by : value));
}

const dataOf = (values: Float64Array): ChoiceData => ({ values, season, longSeason: 0, horizon, log: false });

function trialsOf(data: ChoiceData): Trial[] {
  const end = data.values.length;
  return trialsAt(data, trialOrigins(data, { validation: end - 24, end, most: 6 }));
}

test("a last value unlike all before it is an outlier where changes are taken back, and where they are kept it is none", () => {
  for (const seed of seeds) {
    for (const by of [-30, 30]) {
      assert.equal(isLastOutlier(changed(noisy(seed, 120), 1, by), season), true, `noise, seed ${seed}, ${by}`);
      assert.equal(isLastOutlier(changed(wandering(seed, 120), 1, by), season), false, `random walk, seed ${seed}, ${by}`);
    }
  }
});

test("a change that has lasted for two rows, a change seen before, few rows and missing values are no outliers", () => {
  const spiked = changed(noisy(3, 120), 1, 30);
  const missing = (...rows: number[]): Float64Array => spiked.map((value, i) => (rows.includes(i) ? Number.NaN : value));
  assert.equal(isLastOutlier(changed(noisy(3, 120), 2, 30), season), false, "two rows");
  assert.equal(
    isLastOutlier(
      spiked.map((value, i) => (i === 61 ? value + 30 : value)),
      season,
    ),
    false,
    "seen before",
  );
  assert.equal(isLastOutlier(spiked.slice(-60), season), false, "few rows");
  assert.equal(isLastOutlier(missing(119), season), false, "last value missing");
  assert.equal(isLastOutlier(missing(118), season), false, "value before it missing");
  assert.equal(isLastOutlier(missing(40, 41, 90), season), true, "missing long ago");
  assert.equal(isLastOutlier(new Float64Array(120).fill(7), season), false, "constant");
  assert.equal(isLastOutlier(new Float64Array(0), season), false, "no rows");
});

test("a peak of a season is no outlier", () => {
  const values = Float64Array.from({ length: 121 }, (_, i) => 100 + normal(5, i) + (i % season === 0 ? 50 : 0));
  assert.equal(isLastOutlier(values, season), false);
});

test("after an outlier the forecast is the mean of those with and without it, and nearer to what comes when the series returns", () => {
  let [own, plain] = [0, 0];
  for (const seed of seeds) {
    const whole = noisy(seed, 120 + horizon);
    const values = changed(whole.slice(0, 120), 1, 30);
    const data = dataOf(values);
    const { weights } = choose(data, trialsOf(data));
    const [trial] = trialsAt(data, [120]) as [Trial];
    const without = trialsAt({ ...data, horizon: horizon + 1 }, [119])[0]!.forecasts;
    const mixed = combinedAhead(data, weights);
    const withIt = combine(weights, { ...trial, withoutLast: null }, horizon);
    const withoutIt = combine(weights, { forecasts: without, withoutLast: null }, horizon + 1).subarray(1);
    mixed.forEach((value, h) => {
      assert.ok(Math.abs(value - (withIt[h]! + withoutIt[h]!) / 2) < 1e-9, `seed ${seed}, row ${h + 1}`);
      own += Math.abs(value - whole[120 + h]!);
      plain += Math.abs(withIt[h]! - whole[120 + h]!);
    });
  }
  assert.ok(own < 0.95 * plain, `error ${own}, of forecasts that believe the last value ${plain}`);
});

test("without an outlier the forecast is the weighted mean of the members, to the last bit", () => {
  for (const seed of seeds.slice(0, 4)) {
    for (const values of [noisy(seed, 120), wandering(seed, 120), changed(wandering(seed, 120), 1, 30), changed(noisy(seed, 120), 6, 30)]) {
      const data = dataOf(values);
      const trials = trialsOf(data);
      assert.ok(
        trials.every(({ withoutLast }) => withoutLast === null),
        `seed ${seed}`,
      );
      const { weights } = choose(data, trials);
      const [{ forecasts }] = trialsAt(data, [values.length]) as [Trial];
      const expected = new Float64Array(horizon);
      let total = 0;
      for (const [name, weight] of Object.entries(weights)) {
        total += weight;
        forecasts[name]!.forEach((value, h) => {
          expected[h]! += weight * value;
        });
      }
      assert.deepEqual(
        combinedAhead(data, weights),
        expected.map((value) => value / total),
        `seed ${seed}`,
      );
    }
  }
});
