// Runs of impute and classify go on as those of forecast do: stopped or killed, then resumed, they end with the same bits.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { madeStays } from "../tasks/stays.js";
import { draws } from "../train/support.js";
import { linesOf, outcomeOf } from "./outcome.js";
import { openDesk } from "./run.js";

const stays = madeStays(60);
const holes = `hour,a,b\n${Array.from({ length: 300 }, (_, row) => `${row},${row % 5 === 2 ? "" : (row % 7) + Math.sin(row)},${row % 9 === 4 ? "" : 2 * (row % 7)}`).join("\n")}\n`;
const tasks = [
  {
    name: "impute",
    args: ["impute", "holes.csv", "--time", "hour", "--units", "6", "--epochs", "5", "--seed", "3", "--json"],
    files: ["filled.csv", "model/weights.safetensors", "model/preprocess.json"],
    epochs: 5,
  },
  {
    name: "classify",
    args: [
      ...["classify", "--events", "events.csv", "--label", "outcomes.csv", "--outcome", "died", "--static", "sex"],
      ...["--members", "1", "--units", "6", "--epochs", "4", "--folds", "2", "--json"],
    ],
    files: ["predictions.csv", "model/weights.safetensors", "model/preprocess.json"],
    epochs: 12,
  },
];

for (const { name, args, files, epochs } of tasks) {
  test(`${name}: a run stopped by Ctrl-C, then killed again and again, ends with the bits of one that never stopped`, async (t) => {
    const desk = openDesk(t);
    desk.write("holes.csv", holes);
    desk.write("events.csv", stays.events);
    desk.write("outcomes.csv", stays.outcomes);
    const whole = await desk.run([...args, "--out", "whole"]);
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal(linesOf(desk.read("whole/metrics.jsonl")).length, epochs);
    const first = await desk.run([...args, "--out", "parts"], { signalAfter: { text: "epoch 1/", signal: "SIGINT" } });
    assert.equal(first.code, 130, first.stderr);
    assert.match(first.stderr, /To go on: deep-rnn resume parts/);
    const next = draws(Number(process.env.DEEP_RNN_SEED ?? Date.now()));
    for (let kills = 0; kills < 3; kills++) {
      const killed = { text: "backend:", signal: "SIGKILL", delayMs: Math.abs(next()) * 200 } as const;
      const { code } = await desk.run(["resume", "parts", "--json"], { signalAfter: killed });
      assert.ok(code === null || code === 0);
    }
    const last = await desk.run(["resume", "parts", "--json"]);
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(outcomeOf(desk, "parts", files), outcomeOf(desk, "whole", files));
    for (const file of ["config.json", "env.json", "log.txt", "report.html", "checkpoints/last/model.json"])
      assert.ok(existsSync(join(desk.path, "parts", file)), file);
  });
}
