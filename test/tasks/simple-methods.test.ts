// The simple methods agree with independent computations, with their definitions, and with nothing that lies ahead.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parseTable } from "../../src/data/table.js";
import { combinedAhead, mostPast, trialsAt } from "../../src/tasks/forecast/choice.js";
import { triedNames } from "../../src/tasks/forecast/members.js";
import { autoregression } from "../../src/tasks/forecast/simple/autoregression.js";
import { simpleMethodNames, simpleMethods } from "../../src/tasks/forecast/simple/index.js";
import { minimise } from "../../src/tasks/forecast/simple/minimise.js";

const airline = parseTable(readFileSync("data/airline-passengers.csv", "utf8")).columns.Passengers!.numbers;
const golden: unknown = JSON.parse(readFileSync("test/golden/simple-methods.json", "utf8"));
const close = (a: number, b: number, share: number, what: string): void =>
  assert.ok(Math.abs(a - b) <= share * Math.abs(b), `${what}: ${a} is not ${b}`);

test("smoothing, Comb, Theta and Naive2 agree with values computed with scipy", () => {
  assert.ok(typeof golden === "object" && golden !== null);
  for (const [name, values] of Object.entries(golden)) {
    const method = simpleMethodNames.find((each) => each === name)!;
    const forecast = simpleMethods[method]({ values: airline.slice(0, 120), season: 12, horizon: 24, log: false });
    for (const [h, value] of forecast.entries()) close(value, Number(values[h]), 1e-3, `${name} ${h + 1} ahead`);
  }
});

test("a very long past is read from its last 100,000 rows on", () => {
  const values = Float64Array.from({ length: mostPast + 24_000 }, (_, i) => 50 + 10 * Math.sin(i / 4) + ((i * 7919) % 13));
  const data = { season: 24, longSeason: 168, horizon: 24, log: false };
  const weights = { theta: 0.5, seasonalNaiveDrift: 0.3, holtWinters: 0.2 };
  const whole = combinedAhead({ ...data, values }, weights);
  assert.deepEqual(whole, combinedAhead({ ...data, values: values.slice(-mostPast) }, weights));
  assert.ok(whole.every(Number.isFinite));
});

test("naive methods repeat what they are called after", () => {
  const past = { values: Float64Array.of(1, 2, 3, 5, 6, 7), season: 3, horizon: 4, log: false };
  assert.deepEqual([...simpleMethods.naive(past)], [7, 7, 7, 7]);
  assert.deepEqual([...simpleMethods.seasonalNaive(past)], [5, 6, 7, 5]);
  assert.deepEqual([...simpleMethods.seasonalNaiveDrift(past)], [9, 10, 11, 13]);
  for (const [h, value] of [8.2, 9.4, 10.6, 11.8].entries()) close(simpleMethods.drift(past)[h]!, value, 1e-12, "drift");
});

test("drift on logarithms continues a constant growth exactly", () => {
  const values = Float64Array.from({ length: 30 }, (_, i) => 100 * 1.02 ** i);
  const forecast = simpleMethods.seasonalNaiveDrift({ values, season: 4, horizon: 10, log: true });
  for (const [h, value] of forecast.entries()) close(value, 100 * 1.02 ** (30 + h), 1e-9, "growth");
});

test("a line with a season is continued by every method that knows both", () => {
  const at = (i: number): number => 50 + 2 * i + [0, 8, -3, -5][i % 4]!;
  const values = Float64Array.from({ length: 48 }, (_, i) => at(i));
  for (const name of ["seasonalNaiveDrift", "holtWinters"] as const) {
    const forecast = simpleMethods[name]({ values, season: 4, horizon: 8, log: false });
    for (const [h, value] of forecast.entries()) close(value, at(48 + h), 0.01, name);
  }
});

test("no member reads the rows it forecasts, and none gives what is no number", () => {
  const cell = fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 1, max: 100, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 60, maxLength: 60 }), (list) => {
      const values = Float64Array.from(list);
      values[5] = 3;
      const other = values.map((value, i) => (i < 40 ? value : 5000));
      const of = (v: Float64Array): unknown => trialsAt({ values: v, season: 4, longSeason: 8, horizon: 8, log: true }, [40])[0]!.forecasts;
      assert.deepEqual(of(values), of(other));
      assert.deepEqual(
        Object.keys(of(values) as object),
        triedNames.filter((name) => name !== "harmonicArima"),
      );
    }),
    { numRuns: 20 },
  );
});

test("missing rows change a smooth series' forecast little", () => {
  const values = Float64Array.from({ length: 60 }, (_, i) => 200 + i / 2 + 40 * Math.sin((2 * Math.PI * i) / 12));
  const holes = values.map((value, i) => (i % 11 === 3 ? Number.NaN : value));
  for (const name of simpleMethodNames) {
    const of = (v: Float64Array): Float64Array => simpleMethods[name]({ values: v, season: 12, horizon: 6, log: false });
    const [whole, holed] = [of(values), of(holes)];
    for (const [h, value] of holed.entries()) close(value, whole[h]!, 0.1, `${name} ${h + 1} ahead`);
  }
});

test("an autoregression continues what obeys one", () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => 20 + 3 * Math.sin(0.4 * i) + 2 * Math.cos(1.1 * i));
  const forecast = autoregression(
    { values: values.slice(0, 180), season: 1, horizon: 20, log: false },
    { lags: 12, ridge: 1e-9, difference: 0 },
  )!;
  for (const [h, value] of forecast.entries()) close(value, values[180 + h]!, 1e-3, "wave");
  assert.equal(
    autoregression({ values: values.slice(0, 20), season: 1, horizon: 4, log: false }, { lags: 12, ridge: 1, difference: 0 }),
    null,
  );
});

test("the minimiser stays in its bounds and finds the lowest point of a bowl", () => {
  const [a, b] = minimise(
    [
      { low: 0, high: 1, start: 0.5 },
      { low: -2, high: 2, start: 0 },
    ],
    ([x, y]) => (x! - 0.3) ** 2 + (y! - x!) ** 2,
  );
  close(a!, 0.3, 1e-3, "first");
  close(b!, 0.3, 1e-3, "second");
  const [edge] = minimise([{ low: 0, high: 1, start: 0.5 }], ([x]) => -x!);
  assert.ok(edge! > 0.99 && edge! <= 1);
});
