// The backtest as text and in JSON: every origin is there, and together they are the hold-out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backtestLines, worstOrigin } from "../../src/cli/backtest.js";
import type { BacktestOrigin } from "../../src/tasks/forecast/types.js";
import { monthlyCsv, openDesk } from "./run.js";

const paint = (_style: unknown, text: string): string => text;
const origin = (n: number): BacktestOrigin => ({ time: `t${n}`, points: 3, smape: n, mase: n / 10, rmse: 2 * n, mae: n === 7 ? null : n });

test("every origin has a line, many are cut in the middle, a single one is no backtest", () => {
  const few = Array.from({ length: 5 }, (_, n) => origin(n));
  assert.deepEqual(
    backtestLines(few, paint)
      .slice(2)
      .map((line) => line.split(/\s+/)[0]),
    few.map(({ time }) => time),
  );
  const many = backtestLines(
    Array.from({ length: 40 }, (_, n) => origin(n)),
    paint,
  );
  assert.ok(many.includes("... 16 more in the report"));
  assert.equal(many.length, 2 + 24 + 1);
  assert.deepEqual(backtestLines([origin(1)], paint), []);
});

test("the worst origin is the one with the largest error among those that were scored", () => {
  assert.equal(worstOrigin([origin(3), origin(7), origin(5)])?.time, "t5");
  assert.equal(worstOrigin([origin(7)]), null);
});

test("the scores of the origins are those of the hold-out, and of many series the means", async (t) => {
  const desk = openDesk(t);
  const small = ["--units", "4", "--layers", "1", "--epochs", "2", "--backtest", "3", "--horizon", "6"];
  desk.write("sales.csv", monthlyCsv(120));
  const one = await desk.run(["forecast", "sales.csv", ...small, "--out", "one"]);
  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stdout, /Backtest from 3 origins\nfrom +scored/);
  const { evaluation } = JSON.parse(desk.read("one/result.json")).result;
  const mean = (name: string): number =>
    evaluation.backtest.reduce((sum: number, each: Record<string, number>) => sum + each[name]!, 0) / 3;
  assert.ok(Math.abs(mean("mae") - evaluation.model.mae) < 1e-9);
  const [head = "", ...rows] = monthlyCsv(120).trimEnd().split("\n");
  const shops = ["a", "b"].flatMap((shop, k) =>
    rows.map((row) => `${shop},${row.replace(/,(.*)/, (_, value) => `,${Number(value) * (k + 1)}`)}`),
  );
  desk.write("shops.csv", [`shop,${head}`, ...shops].join("\n"));
  const two = await desk.run(["forecast", "shops.csv", "--id", "shop", ...small, "--json", "--out", "two"]);
  assert.equal(two.code, 0, two.stderr);
  const panel = JSON.parse(two.stdout).result.evaluation;
  assert.deepEqual(
    panel.backtest.map(({ time, points }: BacktestOrigin) => [time, points]),
    evaluation.backtest.map(({ time, points }: BacktestOrigin) => [time, 2 * points]),
  );
  assert.ok(desk.read("two/report.html").includes("3 origins, 6 rows apart, means over 2 series"));
});
