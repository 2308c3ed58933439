// Conditions and dry runs: what exits with 3, what is refused, and what leaves no trace.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cut } from "../../src/cli/cut.js";
import { requirements, unmet } from "../../src/cli/requirement.js";
import { checked } from "../../src/cli/settings/kinds.js";
import { monthlyCsv, openDesk } from "./run.js";

const small = ["--cell", "elman", "--layers", "1", "--units", "4", "--epochs", "2", "--horizon", "6", "--input", "12"];

test("a condition is a measure, a sign and a number; anything else is refused", () => {
  const kind = requirements(["mase", "rmse"]);
  for (const good of ["mase<1", " mase <= 0.5 ", "RMSE>-1e-3", "mase>=.5"]) assert.ok(checked(kind, kind.read(good)), good);
  for (const bad of ["mase", "mase<", "mase<one", "mas<1", "mase=1", "mase<1<2", ""])
    assert.equal(checked(kind, kind.read(bad)), null, bad);
});

test("a condition holds by its sign; a value that does not exist meets none", () => {
  const values = { mase: 0.5, rmse: null };
  for (const good of ["mase<0.6", "mase<=0.5", "mase>=0.5", "mase>0.4", "MASE<1"]) assert.deepEqual(unmet([good], values), [], good);
  for (const bad of ["mase<0.5", "mase>0.5", "mase<=0.4", "rmse<1", "rmse>0"]) assert.equal(unmet([bad], values).length, 1, bad);
});

test("--require: 3 with the run written if it does not hold, 0 if it does, 2 if it is no condition", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const held = await desk.run(["forecast", "sales.csv", ...small, "--quiet", "--require", "mase<1000"]);
  assert.equal(held.code, 0, held.stderr);
  const missed = await desk.run([
    "forecast",
    "sales.csv",
    ...small,
    "--json",
    "--require",
    "mase<0",
    "--require",
    "smape>0",
    "--out",
    "run",
  ]);
  const envelope = JSON.parse(missed.stdout) as { ok: boolean; warnings: { code: string }[] };
  assert.deepEqual([missed.code, envelope.ok], [3, true]);
  assert.deepEqual(
    envelope.warnings.map(({ code }) => code).filter((code) => code === "require_not_met"),
    ["require_not_met"],
  );
  assert.match(missed.stderr, /--require "mase<0" does not hold: it is \d/);
  assert.equal(desk.read("run/result.json"), missed.stdout);
  const wrong = await desk.run(["forecast", "sales.csv", ...small, "--require", "mas<1", "--out", "none"]);
  assert.equal(wrong.code, 2);
  assert.ok(!desk.names().includes("none"));
});

test("--dry-run says what would be trained and writes nothing", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(96));
  const { code, stdout } = await desk.run(["forecast", "sales.csv", ...small, "--dry-run", "--json"]);
  const { result } = JSON.parse(stdout) as { result: Record<string, unknown> & { plan: { horizon: number; windows: { train: number } } } };
  assert.equal(code, 0);
  assert.deepEqual([result.dryRun, result.training, result.evaluation, result.plan.horizon], [true, null, null, 6]);
  assert.ok(result.plan.windows.train > 0);
  const words = await desk.run(["forecast", "sales.csv", ...small, "--dry-run"]);
  assert.match(words.stdout, /network: elman 4/);
  const warned = await desk.run(["forecast", "sales.csv", ...small, "--calendar", "hour", "--dry-run", "--json", "--quiet"]);
  const { warnings } = JSON.parse(warned.stdout) as { warnings: { code: string; message: string }[] };
  assert.deepEqual([warnings[0]?.code, warned.stderr], ["constant_columns", `Warning: ${warnings[0]?.message}\n`]);
  assert.deepEqual(desk.names(), ["sales.csv"]);
});

test("--max-seconds stops training and says so", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(240));
  const { code, stdout, stderr } = await desk.run([
    "forecast",
    "sales.csv",
    "--units",
    "8",
    "--epochs",
    "100000",
    "--max-seconds",
    "0.3",
    "--json",
  ]);
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { result: { training: { stopped: string } } }).result.training.stopped, "time");
});

test("arrays of an answer stop at 10,000 rows and say so", () => {
  const long = cut({ a: new Array<number>(10_001).fill(0), b: [1] });
  assert.deepEqual([long.a.length, long.b.length, long.truncated], [10_000, 1, true]);
  assert.ok(!("truncated" in cut({ a: [1] })));
});
