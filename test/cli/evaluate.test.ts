// `evaluate MODEL DATA`: a saved model against rows that are there; and tables that come by a pipe.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { monthlyCsv, openDesk } from "./run.js";

const small = [
  "--cell",
  "elman",
  "--layers",
  "1",
  "--units",
  "4",
  "--epochs",
  "2",
  "--horizon",
  "6",
  "--input",
  "12",
  "--out",
  "run",
  "--quiet",
];

interface Scores {
  readonly mase: number;
  readonly mae: number;
}
interface Answer {
  readonly ok: boolean;
  readonly command: string;
  readonly model: string;
  readonly result: {
    readonly task: string;
    readonly data: { readonly rows: number };
    readonly evaluation: { readonly test: number; readonly points: number; readonly model: Scores; readonly seasonalNaive: Scores };
  };
}

test("the scores are those of the saved network on the last rows, in the promised shape", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  desk.write("newer.csv", monthlyCsv(108));
  const trained = await desk.run(["forecast", "sales.csv", ...small]);
  assert.equal(trained.code, 0, trained.stderr);
  const { code, stdout, stderr } = await desk.run(["evaluate", "run", "newer.csv", "--json", "--out", "scores"]);
  assert.equal(code, 0, stderr);
  const answer = JSON.parse(stdout) as Answer;
  assert.deepEqual(Object.keys(answer.result), ["task", "data", "evaluation"]);
  assert.deepEqual([answer.ok, answer.command, answer.model, answer.result.task], [true, "evaluate", "run/model", "forecast"]);
  const { evaluation, data } = answer.result;
  assert.deepEqual([data.rows, evaluation.test, evaluation.points], [108, 6, 6]);
  // Recomputed from the scored rows: the error of the forecast that `predict` makes when it does not have them.
  desk.write("older.csv", monthlyCsv(102));
  const predicted = await desk.run(["predict", "run", "older.csv", "--json", "--quiet"]);
  const values = (JSON.parse(predicted.stdout) as { result: { predictions: { value: number }[] } }).result.predictions.map(
    ({ value }) => value,
  );
  const actual = monthlyCsv(108)
    .trim()
    .split("\n")
    .slice(-6)
    .map((line) => Number(line.split(",")[1]));
  const mae = actual.reduce((sum, value, i) => sum + Math.abs(value - (values[i] ?? Number.NaN)), 0) / 6;
  assert.ok(Math.abs(evaluation.model.mae - mae) < 1e-9 * mae, `${evaluation.model.mae} instead of ${mae}`);
  assert.equal(desk.read("scores/result.json").replace('"run":"scores"', '"run":"scores"'), stdout);
  assert.equal(desk.read("scores/predictions.csv").trim().split("\n").length, 7);
});

test("more rows are scored with --test, too many are refused with what fits, --require exits with 3", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  await desk.run(["forecast", "sales.csv", ...small]);
  const more = await desk.run(["evaluate", "run", "sales.csv", "--test", "15", "--json", "--quiet"]);
  assert.equal((JSON.parse(more.stdout) as Answer).result.evaluation.points, 15);
  const many = await desk.run(["evaluate", "run", "sales.csv", "--test", "95"]);
  assert.equal(many.code, 2);
  const [, fits = ""] = /Try --test (\d+)\.\n$/.exec(many.stderr) ?? [];
  assert.equal((await desk.run(["evaluate", "run", "sales.csv", "--test", fits])).code, 0);
  assert.equal((await desk.run(["evaluate", "run", "sales.csv", "--require", "mae<0"])).code, 3);
});

test("- reads a table from standard input, also compressed and with Windows line endings; errors call it standard input", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  await desk.run(["forecast", "sales.csv", ...small]);
  const fromFile = await desk.run(["predict", "run", "sales.csv", "--json"]);
  const expected = (JSON.parse(fromFile.stdout) as { result: unknown }).result;
  for (const stdin of [monthlyCsv(96), gzipSync(monthlyCsv(96)), `\uFEFF${monthlyCsv(96).replaceAll("\n", "\r\n")}`]) {
    const piped = await desk.run(["predict", "run", "-", "--json"], { stdin });
    assert.equal(piped.code, 0, piped.stderr);
    assert.deepEqual((JSON.parse(piped.stdout) as { result: unknown }).result, expected);
  }
  const empty = await desk.run(["predict", "run", "-"], { stdin: "" });
  assert.deepEqual([empty.code, empty.stderr.split("\n").at(-2)], [2, "standard input is empty."]);
  const nothing = await desk.run(["predict", "run"]);
  assert.deepEqual([nothing.code, nothing.stderr], [2, "run forecasts a table; name the file. - reads standard input.\n"]);
});
