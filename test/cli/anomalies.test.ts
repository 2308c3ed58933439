// Anomalies on the command line: what is written, said and refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { monthlyCsv, openDesk } from "./run.js";

const small = ["--units", "4", "--layers", "1", "--epochs", "2", "--horizon", "6"];
/** Sales with a month that nobody could have expected. */
const strange = (month: string): string => monthlyCsv(150).replace(new RegExp(`^(${month}),.*$`, "m"), "$1,4000");

test("forecast and predict find a strange row, mark it, and write the score of every row", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", strange("2010-05"));
  const trained = await desk.run(["forecast", "sales.csv", ...small, "--anomalies", "--out", "run"]);
  assert.equal(trained.code, 0, trained.stderr);
  assert.match(trained.stdout, /rows? lies? outside of what 99 % of them were expected to/);
  const { result } = JSON.parse(desk.read("run/result.json"));
  assert.ok(result.anomalies.some(({ time, actual }: { time: string; actual: number }) => time === "2010-05" && actual === 4000));
  const csv = desk.read("run/anomalies.csv").trimEnd().split("\n");
  assert.equal(csv.length, result.anomalySummary.scored + 1);
  assert.equal(csv.filter((line) => line.endsWith(",true")).length, result.anomalies.length);
  assert.ok(desk.read("run/report.html").includes(">Anomalies</h2>"));
  // A model whose intervals know no such month: one that has seen it expects another.
  desk.write("calm.csv", monthlyCsv(150));
  assert.equal((await desk.run(["forecast", "calm.csv", ...small, "--out", "calm"])).code, 0);
  desk.write("newer.csv", `${monthlyCsv(150)}2012-07,450\n2012-08,5\n`);
  const { code, stdout } = await desk.run(["predict", "calm", "newer.csv", "--anomalies", "--json", "--out", "new"]);
  assert.equal(code, 0);
  const { anomalies, anomalySummary } = JSON.parse(stdout).result;
  assert.equal(anomalies.find(({ time }: { time: string }) => time === "2012-08")?.inSample, false);
  assert.equal(desk.read("new/anomalies.csv").trimEnd().split("\n").length, anomalySummary.scored + 1);
  const text = await desk.run(["predict", "calm", "newer.csv", "--anomalies"]);
  assert.match(text.stdout, /x anomaly/);
});

test("a level that is no share is refused in one sentence with exit code 2", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const { code, stderr } = await desk.run(["forecast", "sales.csv", "--anomalies", "--anomaly-level", "99"]);
  assert.equal(code, 2);
  assert.match(stderr, /'99' is invalid/);
});
