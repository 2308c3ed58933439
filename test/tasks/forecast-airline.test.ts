// The main job: the network of the first example forecasts the last 24 months of the airline passengers, for five seeds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { forecast } from "../../src/tasks/forecast/forecast.js";
import type { ForecastOptions } from "../../src/tasks/forecast/types.js";

const settings: ForecastOptions = { cell: "elman", layers: 2, units: 128, activation: "relu", test: 24 };

test("five seeds stay below the bounds of the main job and far below seasonal naive", async () => {
  const scores: number[] = [];
  for (const seed of [0, 1, 2, 3, 4]) {
    const { evaluation } = await forecast("data/airline-passengers.csv", { ...settings, seed });
    assert.equal(evaluation.seasonalNaive.mase!.toFixed(2), "2.49");
    scores.push(evaluation.model.mase!);
  }
  const sorted = [...scores].sort((a, b) => a - b);
  assert.ok(sorted[2]! <= 0.75, `median MASE of ${scores.join(", ")}`);
  assert.ok(sorted[4]! <= 0.75, `worst MASE of ${scores.join(", ")}`);
});

test("the network alone stays below the bounds it had without the simple methods", async () => {
  const { evaluation, choice } = await forecast("data/airline-passengers.csv", { ...settings, pure: true });
  assert.ok(evaluation.model.mase! <= 1.6 && choice.pure && evaluation.model.mase === evaluation.network.mase);
});

test("the same seed gives the same forecast", async () => {
  const run = (): ReturnType<typeof forecast> => forecast("data/airline-passengers.csv", { units: 8, layers: 1, epochs: 3, test: 12 });
  assert.deepEqual((await run()).forecast, (await run()).forecast);
});

test("every built-in cell forecasts, and unknown ones are refused by name", async () => {
  for (const cell of ["gru", "gru-reset-before", "lstm", "lstm-peephole", "elman", "min-gru", "min-lstm", "lru"]) {
    const run = await forecast("data/airline-passengers.csv", { cell, units: 4, layers: 1, epochs: 1 });
    assert.ok(run.forecast.every((row) => Number.isFinite(row.value)));
    assert.equal(run.network.cell, cell);
  }
  await assert.rejects(() => forecast("data/airline-passengers.csv", { cell: "gur" }), /There is no cell "gur"\. Did you mean "gru"\?/);
  await assert.rejects(() => forecast("data/airline-passengers.csv", { cell: "elman", activation: "rellu" }), {
    code: "unknown_activation",
  });
  await assert.rejects(() => forecast("data/airline-passengers.csv", { activation: "relu" }), { code: "bad_option" });
});
