// Intervals are wider where members are further apart than usual, by the tenth root; models saved before are read and stay as wide.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniformAt } from "../../src/base/random.js";
import { parseTable } from "../../src/data/table.js";
import { apartOf, intervalsAt, sizeAt, usuallyApart, withDistances } from "../../src/tasks/forecast/apart.js";
import type { Trial } from "../../src/tasks/forecast/choice.js";
import { intervalsOf, type Residual } from "../../src/tasks/forecast/intervals.js";
import { forecastWith } from "../../src/tasks/forecast/predict.js";
import { parsePreprocess } from "../../src/tasks/forecast/preprocess.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import { constantTrainer, monthly } from "./fakes.js";

const near = (a: number, b: number, what = ""): void =>
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what} ${a} is not ${b}`);
const trialOf = (forecasts: Readonly<Record<string, readonly number[]>>, origin = 0): Trial => ({
  ...{ origin, withoutLast: null },
  forecasts: Object.fromEntries(Object.entries(forecasts).map(([name, values]) => [name, Float64Array.from(values)])),
});

test("the distance is the weighted mean of those to the combination, in levels; of one member, or of equal ones, there is none", () => {
  const trial = trialOf({ naive: [8, 10], theta: [12, 20] });
  const weights = { naive: 0.75, theta: 0.25 };
  // Combinations 9 and 12.5: 0.75 x 1 + 0.25 x 3, 0.75 x 2.5 + 0.25 x 7.5.
  near(apartOf(weights, trial, false)!, (1.5 + 3.75) / 2);
  const level = (a: number, b: number): number => Math.abs(Math.log(a / b));
  near(apartOf(weights, trial, true)!, (0.75 * level(8, 9) + 0.25 * level(12, 9) + 0.75 * level(10, 12.5) + 0.25 * level(20, 12.5)) / 2);
  near(apartOf({ ...weights, arima: 9 }, trial, false)!, (1.5 + 3.75) / 2, "a member that is not there");
  assert.equal(apartOf({ naive: 1 }, trial, false), null);
  assert.equal(apartOf(weights, trialOf({ naive: [3, 4], theta: [3, 4] }), false), null);
  assert.equal(apartOf(weights, trialOf({}), false), null);
});

/** Errors of 16 origins whose sizes are as the tenth root of distances, which may be 25 times as large as others. */
const made = (apart: (origin: number) => number | null): Residual[] =>
  Array.from({ length: 16 * 6 }, (_, i) => {
    const origin = 6 * Math.floor(i / 6);
    return { origin, step: i % 6, error: (uniformAt(1, 1, i) - 0.5) * (apart(origin) ?? 1) ** 0.1, apart: apart(origin) };
  });

test("intervals are those of errors without their distances, times the size at the distance now", () => {
  const distance = (origin: number): number => (origin % 12 === 0 ? 0.2 : 5);
  const [plain, relative] = [
    intervalsOf(
      made(() => null),
      6,
    )!,
    intervalsOf(made(distance), 6)!,
  ];
  assert.equal(plain.apart, null);
  near(relative.apart!, 1);
  for (const [apart, size] of [
    [1, 1],
    [5, 5 ** 0.1],
    [0.2, 0.2 ** 0.1],
    [1e9, 2],
    [1e-9, 0.5],
  ] as const) {
    const now = intervalsAt(relative, apart)!;
    plain.half80.forEach((half, step) => {
      near(now.half80[step]!, half * size, `${apart}, 80 %`);
      near(now.half95[step]!, plain.half95[step]! * size, `${apart}, 95 %`);
    });
  }
  assert.deepEqual(intervalsAt(plain, 7)!.half80, plain.half80);
  assert.equal(intervalsAt(null, 7), null);
});

test("where a distance is not known, none counts", () => {
  assert.equal(usuallyApart(made((origin) => (origin === 30 ? null : 3))), null);
  assert.equal(usuallyApart([]), null);
  assert.deepEqual([sizeAt(null, 3), sizeAt(3, null)], [1, 1]);
});

test("distances of other weights are found where the trials are known", () => {
  const trials = [trialOf({ naive: [1, 1], theta: [3, 3] }, 0), trialOf({ naive: [1, 1], theta: [5, 5] }, 6)];
  const weights = { naive: 0.5, theta: 0.5 };
  const errors = [0, 6, 12].map((origin): Residual => ({ origin, step: 0, error: 1, apart: 9 }));
  assert.deepEqual(
    withDistances(errors, trials, { weights, log: false }).map(({ apart }) => apart),
    [1, 2, 9],
  );
});

test("a saved model forecasts with the intervals of its training, and one saved before distances were is read", async () => {
  const values = Array.from({ length: 96 }, (_, i) => 100 + i + 20 * Math.sin(i / 2) + 9 * uniformAt(1, 2, i));
  const table = parseTable(monthly(values.map((value) => Math.round(value))));
  const { model, preprocess, forecast } = await runForecast(table, { horizon: 6 }, constantTrainer(0).trainer);
  assert.ok(preprocess.intervals!.apart! > 0);
  const again = await forecastWith(model, parsePreprocess(JSON.stringify(preprocess)), table);
  assert.deepEqual(again.predictions, forecast);
  const { apart: _apart, ...before } = preprocess.intervals!;
  const old = parsePreprocess(JSON.stringify({ ...preprocess, intervals: before }));
  assert.equal(old.intervals!.apart, null);
  const { predictions } = await forecastWith(model, old, table);
  const { log } = preprocess.transform;
  predictions.forEach(({ value, upper80 }, step) => {
    near(log ? Math.log(upper80! / value) : upper80! - value, before.half80[step]!, `step ${step}`);
  });
});
