// Resuming from the command line: a run that was stopped or killed ends with the result of one that was not.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { draws } from "../train/support.js";
import { outcomeOf } from "./outcome.js";
import { monthlyCsv, openDesk } from "./run.js";

const settings = ["--cell", "elman", "--layers", "1", "--units", "8", "--epochs", "6", "--dropout", "0.1", "--seed", "4"];
const args = ["forecast", "sales.csv", "--json", "--horizon", "6", "--input", "12", ...settings];

test("a run stopped by Ctrl-C and resumed, again and again, gives the result of one that never stopped", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(150));
  assert.equal((await desk.run([...args, "--out", "whole"])).code, 0);
  const first = await desk.run([...args, "--out", "parts"], { signalAfter: { text: "backend:", signal: "SIGINT" } });
  assert.equal(first.code, 130, first.stderr);
  const last = await desk.run(["resume", "parts", "--json"]);
  assert.equal(last.code, 0, last.stderr);
  assert.deepEqual(outcomeOf(desk, "parts"), outcomeOf(desk, "whole"));
  assert.equal(readFileSync(join(desk.path, "parts/result.json"), "utf8"), last.stdout);
  assert.deepEqual(desk.names(), ["parts", "sales.csv", "whole"]);
});

test("a run killed with SIGKILL in any phase and resumed gives the result of one that never stopped", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(150));
  assert.equal((await desk.run([...args, "--out", "whole"])).code, 0);
  const next = draws(Number(process.env.DEEP_RNN_SEED ?? Date.now()));
  // Killed before it began to train, a run has left nothing to resume, and nothing in the way either.
  const command = (): string[] => (existsSync(join(desk.path, "parts")) ? ["resume", "parts", "--json"] : [...args, "--out", "parts"]);
  for (let kills = 0; kills < 4; kills++) {
    const { code } = await desk.run(command(), {
      signalAfter: { text: "backend:", signal: "SIGKILL", delayMs: Math.abs(next()) * 250 },
    });
    assert.ok(code === null || code === 0);
  }
  const end = await desk.run(command());
  assert.equal(end.code, 0, end.stderr);
  assert.deepEqual(outcomeOf(desk, "parts"), outcomeOf(desk, "whole"));
});

test("resume with more epochs goes on beyond the end, and a finished run gives its result again", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(150));
  await desk.run([...args, "--out", "run"]);
  const before = outcomeOf(desk, "run");
  assert.equal((await desk.run(["resume", "run"])).code, 0);
  assert.deepEqual(outcomeOf(desk, "run"), before);
  const more = await desk.run(["resume", "run", "--epochs", "9", "--json"]);
  assert.equal(more.code, 0, more.stderr);
  await desk.run([...args.with(args.indexOf("--epochs") + 1, "9"), "--out", "once"]);
  assert.deepEqual(outcomeOf(desk, "run"), outcomeOf(desk, "once"));
});

test("resume with other epochs keeps the windows of a pass, also where their number depended on the epochs, and again the next time", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(150));
  const begun = ["forecast", "sales.csv", "--horizon", "3", "--units", "16", "--epochs", "100000", "--out", "run"];
  const stopped = await desk.run(begun, { signalAfter: { text: "epoch 1/", signal: "SIGINT" } });
  assert.equal(stopped.code, 130, stopped.stderr);
  const used = /one window in \d+ is used/.exec(stopped.stderr)?.[0];
  assert.ok(used !== undefined, stopped.stderr);
  const again = await desk.run(["resume", "run", "--epochs", "50000"], { signalAfter: { text: "Warning: only", signal: "SIGINT" } });
  assert.equal(again.code, 130, again.stderr);
  const last = await desk.run(["resume", "run", "--epochs", "3"]);
  assert.equal(last.code, 0, last.stderr);
  assert.ok(again.stderr.includes(used) && last.stderr.includes(used), last.stderr);
});

test("a second Ctrl-C leaves at once and keeps the last checkpoint", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(240));
  const long = ["forecast", "sales.csv", "--epochs", "100000", "--units", "16"];
  const { code } = await desk.run(long, { signalAfter: { text: "epoch 1/", signal: "SIGINT", times: 2 } });
  assert.equal(code, 130);
  assert.ok(readdirSync(join(desk.path, "runs/forecast-sales-1")).includes("config.json"));
  assert.deepEqual(
    readdirSync(join(desk.path, "runs")).filter((name) => name.startsWith(".")),
    [],
  );
});

test("what is no run, or one whose table has changed, is refused in one sentence with exit code 2", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(150));
  for (const [path, expected] of [
    ["nowhere", /nowhere does not exist/],
    ["sales.csv", /sales.csv is no run folder/],
  ] as const) {
    const { code, stderr } = await desk.run(["resume", path]);
    assert.equal(code, 2);
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  }
  const stopped = await desk.run([...args, "--out", "run"], { signalAfter: { text: "backend:", signal: "SIGINT" } });
  assert.equal(stopped.code, 130);
  desk.write("sales.csv", monthlyCsv(140));
  const changed = await desk.run(["resume", "run", "--quiet"]);
  assert.equal(changed.code, 2);
  assert.match(changed.stderr, /was trained with x .* now it is .*: training cannot go on/);
  writeFileSync(join(desk.path, "run/config.json"), "{");
  const damaged = await desk.run(["resume", "run"]);
  assert.deepEqual([damaged.code, damaged.stderr], [2, "run/config.json is damaged: it is not a JSON record.\n"]);
});
