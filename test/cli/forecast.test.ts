// The whole road through child processes: a table in, a run folder and a result out, then a prediction from the saved model.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Desk } from "./run.js";
import { monthlyCsv, openDesk } from "./run.js";

const small = ["--cell", "elman", "--layers", "1", "--units", "8", "--epochs", "3", "--horizon", "6", "--input", "12"];

interface Row {
  readonly time: string;
  readonly actual: number | null;
  readonly value: number;
}
interface Scores {
  readonly smape: number | null;
  readonly mase: number | null;
  readonly rmse: number | null;
}
interface Answer {
  readonly version: number;
  readonly command: string;
  readonly ok: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly backend: Readonly<Record<string, unknown>>;
  readonly run: string;
  readonly model: string;
  readonly report: string;
  readonly warnings: readonly unknown[];
  readonly result: {
    readonly data: Readonly<Record<string, unknown>>;
    readonly network: { readonly cell: string; readonly layers: number; readonly units: readonly number[]; readonly parameters: number };
    readonly training: Readonly<Record<string, unknown>>;
    readonly evaluation: Readonly<Record<"model" | "naive" | "seasonalNaive" | "seasonalNaiveDrift", Scores>> & {
      readonly test: number;
      readonly maseRatio: number;
    };
    readonly holdout: readonly Row[];
    readonly forecast: readonly Row[];
  };
}

async function answerOf(desk: Desk, args: readonly string[]): Promise<{ answer: Answer; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv", "--json", ...small, ...args]);
  assert.equal(code, 0, stderr);
  return { answer: JSON.parse(stdout) as Answer, stdout, stderr };
}

test("a forecast prints one JSON value of the promised shape, and the run folder holds the same", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const { answer, stdout, stderr } = await answerOf(desk, ["--seed", "3"]);
  assert.equal(stdout.trimEnd().split("\n").length, 1);
  assert.deepEqual(Object.keys(answer), [
    "version",
    "command",
    "ok",
    "seed",
    "seconds",
    "backend",
    "run",
    "model",
    "report",
    "warnings",
    "result",
  ]);
  assert.deepEqual([answer.version, answer.command, answer.ok, answer.seed], [1, "forecast", true, 3]);
  assert.deepEqual(Object.keys(answer.backend), ["name", "variant", "class", "threads", "reason"]);
  const { data, network, evaluation, holdout, forecast, training } = answer.result;
  assert.deepEqual(
    [data.file, data.rows, data.time, data.targets, data.season, data.start, data.end],
    ["sales.csv", 96, "Month", ["Sales"], 12, "2000-01", "2007-12"],
  );
  for (const name of ["series", "id", "frequency", "missing", "gaps", "duplicates", "transform"]) assert.ok(name in data, name);
  for (const name of ["epochs", "bestEpoch", "stopped", "loss", "valLoss", "learningRate", "clippedShare"])
    assert.ok(name in training, name);
  assert.deepEqual([network.cell, network.layers, network.units], ["elman", 1, [8]]);
  assert.equal(evaluation.test, 6);
  for (const method of ["model", "naive", "seasonalNaive", "seasonalNaiveDrift"] as const)
    assert.equal(typeof evaluation[method].mase, "number", method);
  assert.deepEqual(
    holdout.map(({ time }) => time),
    ["2007-07", "2007-08", "2007-09", "2007-10", "2007-11", "2007-12"],
  );
  assert.deepEqual(
    forecast.map(({ time }) => time),
    ["2008-01", "2008-02", "2008-03", "2008-04", "2008-05", "2008-06"],
  );
  assert.ok(holdout.every(({ actual, value }) => typeof actual === "number" && Number.isFinite(value)));
  assert.ok(forecast.every(({ actual, value }) => actual === null && Number.isFinite(value)));

  assert.equal(answer.run, "runs/forecast-sales-1");
  const folder = join(desk.path, answer.run);
  assert.deepEqual(readdirSync(folder).sort(), [
    "checkpoints",
    "config.json",
    "env.json",
    "forecast.csv",
    "log.txt",
    "metrics.jsonl",
    "model",
    "report.html",
    "result.json",
  ]);
  assert.equal(readFileSync(join(folder, "result.json"), "utf8"), stdout);
  assert.deepEqual(readdirSync(join(folder, "model")).sort(), ["README.md", "model.json", "preprocess.json", "weights.safetensors"]);
  assert.deepEqual(readdirSync(join(desk.path, "runs")), ["forecast-sales-1"]);
  assert.match(stderr, /sales\.csv: 96 rows, target Sales/);
  assert.match(stderr, /^backend: \w+/m);

  const metrics = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const first = JSON.parse(metrics[0] ?? "") as Record<string, unknown>;
  assert.equal(first.epoch, 1);
  assert.equal(typeof first.loss, "number");
  assert.equal(readFileSync(join(folder, "forecast.csv"), "utf8").trimEnd().split("\n").length, 1 + 6 + 6);
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, { value: unknown; origin: string }>;
  assert.deepEqual(
    [config.seed, config.horizon, config.season?.origin],
    [{ value: 3, origin: "flag" }, { value: 6, origin: "flag" }, "data"],
  );
});

test("the report needs no network and no script, and describes its plots in words", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const { answer } = await answerOf(desk, ["--out", "here"]);
  const html = readFileSync(join(desk.path, answer.report), "utf8");
  assert.equal(answer.report, "here/report.html");
  assert.doesNotMatch(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', ""), /https?:|<script|<link|@import|url\(/);
  assert.match(html, /<svg[^>]* role="img" aria-labelledby="forecast-title forecast-text">/);
  assert.match(html, /<svg[^>]* role="img" aria-labelledby="loss-/);
  assert.match(html, /seasonal naive with drift/);
});

test("the same seed gives the same forecast, another seed another one", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const one = (await answerOf(desk, ["--pure", "--seed", "1"])).answer;
  const again = (await answerOf(desk, ["--pure", "--seed", "1"])).answer;
  const other = (await answerOf(desk, ["--pure", "--seed", "2"])).answer;
  assert.deepEqual(again.result, one.result);
  assert.notDeepEqual(other.result.forecast, one.result.forecast);
  assert.deepEqual([one.run, again.run, other.run], ["runs/forecast-sales-1", "runs/forecast-sales-2", "runs/forecast-sales-3"]);
});

test("predict on the same rows repeats the forecast beyond the end, from the run folder or the model folder", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const { answer } = await answerOf(desk, []);
  for (const model of [answer.run, answer.model]) {
    const { code, stdout, stderr } = await desk.run(["predict", model, "sales.csv", "--json", "--quiet"]);
    assert.equal(code, 0, stderr);
    const made = JSON.parse(stdout) as {
      command: string;
      ok: boolean;
      model: string;
      result: { task: string; count: number; predictions: Row[] };
    };
    assert.deepEqual(
      [made.command, made.ok, made.model, made.result.task, made.result.count],
      ["predict", true, answer.model, "forecast", 6],
    );
    assert.deepEqual(
      made.result.predictions.map(({ time }) => time),
      answer.result.forecast.map(({ time }) => time),
    );
    made.result.predictions.forEach(({ value }, i) => {
      const expected = answer.result.forecast[i]?.value ?? NaN;
      assert.ok(Math.abs(value - expected) <= 1e-4 * Math.abs(expected), `${value} instead of ${expected}`);
    });
  }
});

test("without --json the scores, the picture and the next command are on stdout, readable without colour", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv", "--quiet", ...small]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  for (const text of [
    "sMAPE",
    "MASE",
    "RMSE",
    "naive",
    "seasonal naive",
    "seasonal naive with drift",
    "history",
    "truth",
    "forecast",
    "runs/forecast-sales-1/report.html",
  ]) {
    assert.ok(stdout.includes(text), text);
  }
  assert.match(stdout, /[\u2801-\u28ff]/);
  assert.match(stdout, /deep-rnn predict runs\/forecast-sales-1\/model sales\.csv/);
  assert.ok(!stdout.includes("\u001b"));
});

test("runs that finish at the same time get numbers of their own", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const answers = await Promise.all([answerOf(desk, ["--seed", "1"]), answerOf(desk, ["--seed", "2"])]);
  assert.deepEqual(answers.map(({ answer }) => answer.run).sort(), ["runs/forecast-sales-1", "runs/forecast-sales-2"]);
  for (const { answer, stdout } of answers) assert.equal(readFileSync(join(desk.path, answer.run, "result.json"), "utf8"), stdout);
});

test("--force replaces what a run writes and leaves other files alone", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const first = (await answerOf(desk, ["--out", "here", "--seed", "1"])).stdout;
  const refused = await desk.run(["forecast", "sales.csv", "--out", "here", ...small]);
  assert.equal(refused.code, 2);
  desk.write("here/mine.txt", "kept");
  const second = (await answerOf(desk, ["--out", "here", "--seed", "2", "--force"])).stdout;
  assert.notEqual(second, first);
  assert.equal(readFileSync(join(desk.path, "here/result.json"), "utf8"), second);
  assert.equal(readFileSync(join(desk.path, "here/mine.txt"), "utf8"), "kept");
  assert.deepEqual(desk.names(), ["here", "sales.csv"]);
});

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} while training saves a checkpoint, says how to go on, and exits with ${exitCode}`, async (t) => {
    const desk = openDesk(t);
    desk.write("sales.csv", monthlyCsv(240));
    const args = ["forecast", "sales.csv", "--json", "--epochs", "100000", "--units", "16"];
    const { code, stdout, stderr } = await desk.run(args, { signalAfter: { text: "epoch 1/", signal } });
    assert.equal(code, exitCode);
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } };
    assert.deepEqual([error.code, error.hint], ["interrupted", "deep-rnn resume runs/forecast-sales-1"]);
    assert.match(stderr, /To go on: deep-rnn resume runs\/forecast-sales-1$/m);
    const folder = join(desk.path, "runs/forecast-sales-1");
    assert.deepEqual(readdirSync(folder).sort(), ["checkpoints", "config.json", "metrics.jsonl"]);
    assert.ok(existsSync(join(folder, "checkpoints/last/training.json")));
  });
}
