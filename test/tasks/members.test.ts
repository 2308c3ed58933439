// The members beyond the simple methods agree with independent computations, continue what they are made for, and stand odd series.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { choose, combinedAhead, type Trial, trialsAt } from "../../src/tasks/forecast/choice.js";
import { memberNames, members, triedNames } from "../../src/tasks/forecast/members.js";
import { arima } from "../../src/tasks/forecast/simple/arima.js";
import { armaAhead, fitArma } from "../../src/tasks/forecast/simple/arma.js";
import { filled } from "../../src/tasks/forecast/simple/fill.js";
import { harmonicArima } from "../../src/tasks/forecast/simple/harmonic.js";
import { shrunkIndices } from "../../src/tasks/forecast/simple/shrunk-season.js";

const numbers = z.array(z.number()).transform((values) => Float64Array.from(values));
const orders = z.object({ p: z.int(), q: z.int(), P: z.int(), Q: z.int() });
const golden = z
  .object({
    differenced: numbers,
    models: z.array(z.object({ orders, squares: z.number(), ahead: numbers })),
    noisy: numbers,
    shrunk: numbers,
  })
  .parse(JSON.parse(readFileSync("test/golden/arima.json", "utf8")));

const near = (a: number, b: number, distance: number, what: string): void =>
  assert.ok(Math.abs(a - b) <= distance, `${what}: ${a} is not ${b}`);

function allNear(values: Float64Array, expected: (row: number) => number, distance: number, what: string): void {
  for (const [row, value] of values.entries()) near(value, expected(row), distance, `${what}, ${row + 1}`);
}

/** Normal numbers from one seed. */
function noise(count: number, seed = 7): Float64Array {
  let state = seed;
  const uniform = (): number => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return (state + 0.5) / 4294967296;
  };
  return Float64Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

test("ARMA fits and forecasts agree with values computed with scipy", () => {
  for (const { orders, squares, ahead } of golden.models) {
    const model = fitArma(golden.differenced, { orders, season: 12, skipped: 3 });
    const what = JSON.stringify(orders);
    near(model.squares, squares, 2e-3 * squares, `squares of ${what}`);
    allNear(armaAhead(golden.differenced, model, 12), (h) => ahead[h]!, 0.02, what);
  }
});

test("a fit that starts from a model of fewer orders is never worse than it", () => {
  const job = { season: 12, skipped: 3 };
  const from = fitArma(golden.differenced, { ...job, orders: { p: 0, q: 1, P: 0, Q: 1 } });
  for (const orders of [
    { p: 1, q: 1, P: 0, Q: 1 },
    { p: 0, q: 2, P: 0, Q: 1 },
    { p: 0, q: 1, P: 1, Q: 1 },
  ])
    assert.ok(fitArma(golden.differenced, { ...job, orders, from }).squares <= from.squares, JSON.stringify(orders));
});

test("shrunk seasonal indices agree with values computed with numpy, and of noise nearly nothing is left", () => {
  const indices = shrunkIndices(golden.noisy, 12);
  allNear(indices, (i) => golden.shrunk[i]!, 1e-9, "index");
  const size = shrunkIndices(noise(60), 12).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(size < 0.35, `the largest of 12 indices of white noise is ${size}`);
});

test("ARIMA continues a line with a season, an autoregression, and a constant", () => {
  const line = (i: number): number => 50 + 2 * i + [0, 8, -3, -5][i % 4]!;
  const of = (values: Float64Array, season: number): Float64Array => arima({ values, season, horizon: 8, log: false })!;
  const lined = Float64Array.from({ length: 48 }, (_, i) => line(i));
  allNear(of(lined, 4), (h) => line(48 + h), 0.05, "line");
  const errors = noise(400);
  const values = new Float64Array(400);
  for (let i = 1; i < 400; i++) values[i] = 0.8 * values[i - 1]! + errors[i]!;
  values[399] = 5;
  const raised = values.map((value) => 100 + value);
  allNear(of(raised, 1), (h) => 100 + 5 * 0.8 ** (h + 1), 0.6, "autoregression");
  allNear(of(new Float64Array(30).fill(3), 4), () => 3, 1e-9, "constant");
  assert.equal(arima({ values: new Float64Array(11), season: 1, horizon: 2, log: false }), null);
});

test("a year of days is continued from two of them, in harmonics that are worth their place only", () => {
  const [wave, errors] = [(i: number): number => 10 + 8 * Math.sin((2 * Math.PI * i) / 365.25), noise(1000)];
  const values = Float64Array.from({ length: 900 }, (_, i) => wave(i) + errors[i]!);
  const past = { season: 7, horizon: 60, log: false };
  const forecast = harmonicArima({ ...past, values }, 365.25)!;
  const error = forecast.reduce((sum, value, h) => sum + Math.abs(value - wave(900 + h)), 0) / 60;
  assert.ok(error < 0.7, `mean error ${error}`);
  assert.equal(harmonicArima({ ...past, values: errors.slice(0, 900) }, 365.25), null);
  assert.equal(harmonicArima({ ...past, values: values.slice(0, 730) }, 365.25), null);
});

test("gaps are filled along the season where there is one, along lines where not", () => {
  const season = (i: number): number => 100 + i + [0, 30, -10, -20][i % 4]!;
  const values = Float64Array.from({ length: 40 }, (_, i) => (i % 9 === 4 ? Number.NaN : season(i)));
  allNear(filled(values, 4), season, 2.5, "filled");
  assert.deepEqual([...filled(Float64Array.of(Number.NaN, 2, Number.NaN, 4, Number.NaN), 1)], [2, 2, 3, 4, 4]);
});

const odd: Readonly<Record<string, Float64Array>> = {
  constant: new Float64Array(60).fill(5),
  "all zeros": new Float64Array(60),
  "mostly zeros": Float64Array.from({ length: 60 }, (_, i) => (i % 9 === 0 ? i : 0)),
  negative: Float64Array.from({ length: 60 }, (_, i) => -1000 + 30 * Math.sin(i)),
  holes: Float64Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? Number.NaN : 10 + i + Math.cos(i))),
  "one value": Float64Array.from({ length: 60 }, (_, i) => (i === 30 ? 4 : Number.NaN)),
  "a line": Float64Array.from({ length: 60 }, (_, i) => 3 * i),
  "a jump": Float64Array.from({ length: 60 }, (_, i) => (i < 30 ? 1e-9 : 1e9)),
  "very large": Float64Array.from({ length: 60 }, (_, i) => 1e200 * (2 + Math.sin(i))),
  "very small": Float64Array.from({ length: 60 }, (_, i) => 1e-200 * (2 + Math.sin(i))),
  "four rows": Float64Array.of(3, 1, 4, 1),
};

test("every member forecasts numbers from odd series, or says that it cannot", () => {
  for (const [what, values] of Object.entries(odd)) {
    for (const season of [1, 4, 12, 52]) {
      const past = { values, season, longSeason: 0, horizon: 6, log: false };
      for (const name of ["arima", "shrunkDamped", "harmonicArima", "dampedHoltWintersLog"]) {
        const forecast = members[name]!.forecast(past);
        if (forecast === null) continue;
        const most = values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
        assert.ok(
          forecast.length === 6 && forecast.every((value) => Math.abs(value) <= 100 * most),
          `${name} of ${what}, season ${season}: ${forecast.join(", ")}`,
        );
      }
    }
  }
});

test("weights near a tie are near the priors for one horizon, and far apart for many", () => {
  const horizon = 4;
  const trials = (count: number): Trial[] =>
    Array.from({ length: count }, (_, n) => ({
      origin: 20 + 4 * n,
      forecasts: { naive: new Float64Array(4).fill(1), theta: new Float64Array(4).fill(1.2) },
      withoutLast: null,
    }));
  const weightsOf = (count: number): Readonly<Record<string, number>> =>
    choose({ values: new Float64Array(200), season: 1, longSeason: 0, horizon, log: false }, trials(count)).weights;
  const [few, many] = [weightsOf(1), weightsOf(16)];
  near(few.naive! / few.theta!, 1.2 ** 1.25, 1e-9, "one origin");
  near(many.naive! / many.theta!, 1.2 ** 12, 1e-6, "many origins");
});

test("every member has a name and a title of its own", () => {
  assert.equal(new Set(memberNames.map((name) => members[name]!.title)).size, memberNames.length);
  const rows = { values: odd.holes!.map((value) => value + 5), season: 4, longSeason: 0, horizon: 3, log: false };
  const [trial] = trialsAt(rows, [60]);
  for (const name of ["arima", "shrunkDamped", "dampedHoltWintersLog"]) assert.ok(trial!.forecasts[name] !== undefined, name);
});

test("what a saved model is made of still forecasts when it is no longer tried", () => {
  const past = { values: odd.holes!, season: 4, longSeason: 0, horizon: 3, log: false };
  for (const name of ["holt", "damped", "comb", "holtWinters", "dampedLog"]) {
    assert.ok(memberNames.includes(name) && !triedNames.includes(name), name);
    assert.deepEqual(combinedAhead(past, { [name]: 1 }), members[name]!.forecast(past), name);
  }
});
