// The road from a table to scores and rows, with a stand-in for the network.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseTable } from "../../src/data/table.js";
import { forecastJson } from "../../src/tasks/forecast/json.js";
import { forecastWith } from "../../src/tasks/forecast/predict.js";
import { parsePreprocess } from "../../src/tasks/forecast/preprocess.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import type { ForecastEvent, ForecastRun } from "../../src/tasks/forecast/types.js";
import { constantTrainer, failure, monthly } from "./fakes.js";

const airline = readFileSync("data/airline-passengers.csv", "utf8"); // tests run in the repository root

test("the simple methods reach their known scores on the last 24 months of the airline passengers", async () => {
  const { evaluation } = await runForecast(parseTable(airline), { test: 24 }, constantTrainer(0).trainer);
  assert.equal(evaluation.seasonalNaive.mase!.toFixed(2), "2.49");
  assert.equal(evaluation.seasonalNaiveDrift.mase!.toFixed(2), "0.46");
  assert.equal(evaluation.best === "seasonalNaiveDrift" || evaluation.best === "model", true);
  assert.match(evaluation.verdict, /0\.46/);
});

test("the airline series is found to be monthly, logarithmic and seasonal", async () => {
  const { data, preprocess } = await runForecast(parseTable(airline), { test: 24 }, constantTrainer(0).trainer);
  assert.deepEqual([data.frequency, data.season, data.start, data.end, data.rows], ["monthly", 12, "1949-01", "1960-12", 144]);
  assert.equal(data.transform, "logarithm, difference to the season before (12 rows), standard scale");
  assert.deepEqual([preprocess.input, preprocess.horizon], [24, 24]);
});

test("a network alone that says nothing forecasts the mean seasonal change, which is the drift method", async () => {
  const { evaluation, holdout, simple } = await runForecast(parseTable(airline), { test: 24, pure: true }, constantTrainer(0).trainer);
  holdout.forEach((row, i) => {
    assert.ok(
      Math.abs(row.value - simple.seasonalNaiveDrift[i]!) < 1e-3 * row.value,
      `${row.time}: ${row.value} and ${simple.seasonalNaiveDrift[i]}`,
    );
  });
  assert.equal(evaluation.model.mase!.toFixed(2), "0.46");
});

test("no window of the first training sees a validation or held-out row", async () => {
  const rising = Array.from({ length: 80 }, (_, i) => (i < 56 ? 100 + (i % 7) * (1 + i / 50) : 1e6 + i));
  const { trainer, calls } = constantTrainer(0);
  await runForecast(parseTable(monthly(rising)), { horizon: 12, test: 12, season: 1, input: 5 }, trainer);
  const largest = Math.max(...calls[0]!.x.data, ...calls[0]!.y.data);
  assert.ok(largest < 100, `a value of ${largest} scales leaked from the rows after training`);
});

test("the hold-out network and the final one train for the best epoch", async () => {
  const { trainer, calls } = constantTrainer(0, 7);
  const run = await runForecast(parseTable(airline), { test: 24 }, trainer);
  assert.deepEqual(
    calls.map((call) => call.epochs),
    [40, 7, 7],
  );
  assert.deepEqual([run.training.bestEpoch, run.training.epochs, run.training.stopped], [7, 40, "done"]);
  assert.ok(calls[0]!.windows < calls[1]!.windows && calls[1]!.windows < calls[2]!.windows);
});

test("the forecast begins one step after the last row and is as long as the horizon", async () => {
  const { forecast, holdout } = await runForecast(parseTable(airline), { horizon: 6 }, constantTrainer(0).trainer);
  assert.deepEqual(
    forecast.map((row) => row.time),
    ["1961-01", "1961-02", "1961-03", "1961-04", "1961-05", "1961-06"],
  );
  assert.deepEqual([holdout[0]!.time, holdout[0]!.actual, holdout.length], ["1960-07", 622, 6]);
  assert.ok(
    forecast.every((row) => row.actual === null && row.lower95! <= row.lower80! && row.lower80! <= row.value && row.value <= row.upper80!),
  );
});

test("a test part longer than the horizon is forecast from several origins", async () => {
  const { evaluation, holdout } = await runForecast(parseTable(airline), { horizon: 10, test: 24 }, constantTrainer(0).trainer);
  assert.deepEqual([evaluation.origins, evaluation.points, holdout.length], [3, 24, 24]);
});

test("missing values are never scored", async () => {
  const lines = airline.trimEnd().split("\n");
  lines[lines.length - 2] = "1960-11,";
  lines.splice(lines.length - 4, 1);
  const { data, evaluation, holdout } = await runForecast(parseTable(lines.join("\n")), { test: 12 }, constantTrainer(0).trainer);
  assert.deepEqual([data.missing, data.gaps, data.rows], [1, 1, 143]);
  assert.deepEqual([evaluation.points, holdout.length], [10, 12]);
  assert.deepEqual(
    holdout.filter((row) => row.actual === null).map((row) => row.time),
    ["1960-09", "1960-11"],
  );
});

test("rows without a target at the end are no missing values: the forecast begins with the first of them", async () => {
  const { trainer } = constantTrainer(0);
  const bare = await runForecast(parseTable(airline), { horizon: 6 }, trainer);
  const blank = `${airline.trimEnd()}\n1961-01,\n1961-02,\n`;
  for (const options of [{}, { calendar: ["month"] } as const]) {
    const run = await runForecast(parseTable(blank), { horizon: 6, ...options }, trainer);
    assert.deepEqual([run.data.missing, run.data.end, run.evaluation.points], [0, "1960-12", 6]);
    assert.deepEqual([run.forecast, run.holdout], [bare.forecast, bare.holdout]);
    assert.ok(run.notes.includes("2 rows after the last value: those have no Passengers, the forecast begins with the first of them"));
    const again = await forecastWith(run.model, run.preprocess, parseTable(blank));
    assert.deepEqual(again.predictions, run.forecast);
  }
});

test("a series that was never below zero has no interval that begins there, and anomalies are scored as before", async () => {
  const values = Array.from({ length: 120 }, (_, i) => ((i * 37) % 11 === 0 ? 40 : (i * 7) % 5));
  const text = (from: number): string => monthly(values.map((value) => value - from));
  const run = (from: number): Promise<ForecastRun> =>
    runForecast(parseTable(text(from)), { horizon: 6, test: 12, season: 1, anomalies: true }, constantTrainer(0).trainer);
  const [counts, moved] = [await run(0), await run(1)];
  const rows = [...counts.holdout, ...counts.forecast];
  assert.ok(rows.some(({ lower95, upper95 }) => lower95 === 0 && upper95! > 0));
  assert.ok(
    rows.every(({ value, lower80, lower95, upper95 }) => lower95! >= 0 && lower95! <= lower80! && lower80! <= value && value < upper95!),
  );
  assert.ok([...moved.holdout, ...moved.forecast].some(({ lower95 }) => lower95! < -1));
  assert.deepEqual(
    counts.rowScores!.map(({ time }) => time),
    moved.rowScores!.map(({ time }) => time),
  );
  assert.ok(counts.rowScores!.some(({ lower }) => lower < 0));
});

test("events come in order and progress ends at 1", async () => {
  const events: ForecastEvent[] = [];
  await runForecast(parseTable(airline), { test: 24, epochs: 5, onEvent: (event) => events.push(event) }, constantTrainer(0).trainer);
  const kinds = events.map((event) => event.kind).filter((kind, i, all) => kind !== all[i - 1]);
  assert.deepEqual(kinds, ["found", "planned", "epoch", "scored", "epoch", "done"]);
  const epochs = events.filter((event) => event.kind === "epoch");
  assert.deepEqual(
    epochs.map((event) => event.phase),
    [...new Array(5).fill("select"), ...new Array(3).fill("evaluate"), ...new Array(3).fill("refit")],
  );
  assert.equal(epochs.at(-1)!.done, 1);
  assert.ok(epochs.every((event, i) => i === 0 || event.done >= epochs[i - 1]!.done));
});

test("an aborted signal ends the task with an error of its own", async () => {
  const stop = new AbortController();
  const onEvent = (event: ForecastEvent): void => {
    if (event.kind === "epoch" && event.epoch === 2) stop.abort();
  };
  const options = { signal: stop.signal, onEvent };
  await assert.rejects(() => runForecast(parseTable(airline), options, constantTrainer(0).trainer), { code: "interrupted" });
});

test("a saved preprocess forecasts the same rows again", async () => {
  const run = await runForecast(parseTable(airline), { test: 24 }, constantTrainer(0.3).trainer);
  const saved = parsePreprocess(JSON.stringify(run.preprocess));
  const again = await forecastWith(run.model, saved, parseTable(airline));
  assert.deepEqual(again.predictions, run.forecast);
});

test("a saved preprocess with a wrong field is refused by name", async () => {
  const run = await runForecast(parseTable(airline), {}, constantTrainer(0).trainer);
  const broken = JSON.stringify({ ...run.preprocess, season: "twelve" });
  assert.match((await failure(() => parsePreprocess(broken, "m/preprocess.json"))).message, /^m\/preprocess\.json: season is wrong/);
  assert.equal((await failure(() => parsePreprocess("{"))).code, "bad_preprocess");
});

test("a table without the model's columns, rows or positive values is refused", async () => {
  const run = await runForecast(parseTable(airline), { test: 24 }, constantTrainer(0).trainer);
  const use = (text: string): Promise<unknown> => forecastWith(run.model, run.preprocess, parseTable(text, { file: "new.csv" }));
  assert.equal(
    (await failure(() => use("Month,Passenger\n2000-01,3\n2000-02,5\n"))).message,
    'new.csv has no column "Passengers". Did you mean "Passenger"?',
  );
  const wanted = "the model reads tables with Month, Passengers. Is it the right file?";
  assert.equal(
    (await failure(() => use("id,time,parameter,value\n7,2000-01,HR,3\n7,2000-02,HR,5\n"))).message,
    `new.csv holds events (id, time, parameter, value); ${wanted}`,
  );
  assert.equal((await failure(() => use("a,b\n1,3\n2,5\n"))).message, `new.csv has the columns a, b; ${wanted}`);
  const few = airline.split("\n").slice(0, 11).join("\n");
  assert.equal((await failure(() => use(few))).message, "new.csv has 10 rows; the model reads 24. Give it more of the past.");
  assert.equal((await failure(() => use(airline.replace("1955-03,267", "1955-03,0")))).code, "not_positive");
  const daily = Array.from({ length: 40 }, (_, i) => `${new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10)},${i + 1}`);
  assert.equal((await failure(() => use(`Month,Passengers\n${daily.join("\n")}`))).code, "frequency_differs");
});

test("the JSON result has the contract's fields and no NaN", async () => {
  const run = await runForecast(parseTable(airline), { test: 24 }, constantTrainer(0).trainer);
  const json = forecastJson(run);
  assert.deepEqual(Object.keys(json), ["data", "network", "training", "evaluation", "holdout", "forecast", "choice"]);
  assert.deepEqual(Object.keys(json.holdout[0]!), ["id", "target", "time", "actual", "value", "lower80", "upper80", "lower95", "upper95"]);
  assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
});

test("seasonal data in raw values keep their unit through the transform", async () => {
  const cold = Array.from({ length: 120 }, (_, i) => -5 + 10 * Math.sin((2 * Math.PI * i) / 12) + ((i * 37) % 11) / 10);
  const { data, evaluation } = await runForecast(parseTable(monthly(cold)), {}, constantTrainer(0).trainer);
  assert.equal(data.transform, "difference to the season before (12 rows), standard scale");
  assert.ok(evaluation.model.mae! < 1, `the seasonal network is ${evaluation.model.mae} off`);
});

test("very large and very small values are scaled like others", async () => {
  const wave = Array.from({ length: 100 }, (_, i) => 1 + (i % 7));
  for (const unit of [1e300, 1e-300]) {
    const { trainer, calls } = constantTrainer(0);
    const { evaluation } = await runForecast(parseTable(monthly(wave.map((value) => value * unit))), {}, trainer);
    assert.ok(calls.every(({ x, y }) => [...x.data, ...y.data].every((value) => Math.abs(value) < 10)));
    assert.ok(evaluation.model.mase! < 2);
  }
});

test("a long hold-out shortens the horizon instead of failing", async () => {
  const values = Array.from({ length: 60 }, (_, i) => 100 + i + 10 * Math.sin(i));
  const { evaluation, forecast } = await runForecast(parseTable(monthly(values)), { test: 24 }, constantTrainer(0).trainer);
  assert.deepEqual([forecast.length, evaluation.origins, evaluation.points], [9, 3, 24]);
});

test("a network without skill gets no share, and the forecast is that of the simple methods", async () => {
  const { choice, evaluation } = await runForecast(parseTable(airline), { horizon: 6 }, constantTrainer(40).trainer);
  assert.deepEqual([choice.pure, choice.networkWeight], [false, 0]);
  assert.ok(Math.abs(evaluation.model.mae! - evaluation.combination!.mae!) < 1e-9 * evaluation.model.mae!);
  assert.ok(evaluation.network.mae! > 5 * evaluation.model.mae!);
  assert.ok(Math.abs(choice.members.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
  assert.match(choice.reason, /the network takes no part/);
});

test("a backtest scores each origin by itself", async () => {
  const { evaluation, forecast } = await runForecast(parseTable(airline), { backtest: 3, horizon: 6 }, constantTrainer(0).trainer);
  assert.deepEqual(
    evaluation.backtest.map(({ time, points }) => [time, points]),
    [
      ["1959-07", 6],
      ["1960-01", 6],
      ["1960-07", 6],
    ],
  );
  const mean = evaluation.backtest.reduce((sum, { mae }) => sum + mae! / 3, 0);
  assert.ok(Math.abs(mean - evaluation.model.mae!) < 1e-9 * mean);
  assert.equal(forecast.length, 6);
});

test("a member that could not forecast from early origins leaves intervals that are numbers", async () => {
  const values = Array.from({ length: 120 }, (_, i) => Math.round(100 + 2 * i + (20 + 0.3 * i) * Math.sin((i * Math.PI) / 6)));
  const { holdout, forecast, choice } = await runForecast(parseTable(monthly(values)), { backtest: 3 }, constantTrainer(0).trainer);
  assert.ok(choice.members.some(({ name }) => name === "seasonalAutoregression"));
  for (const { lower80, upper95 } of [...holdout, ...forecast]) assert.ok(Number.isFinite(lower80) && Number.isFinite(upper95));
});
