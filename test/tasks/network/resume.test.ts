// A training that was killed goes on from its checkpoint and ends with the bits of one that never stopped.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./resume-child.js", import.meta.url));

interface Ran {
  readonly out: string;
  /** What was told: "epoch 1" ... */
  readonly told: readonly string[];
}

/** Runs the child; kills it once it has told so many lines. */
function run(args: readonly string[], lines = Number.POSITIVE_INFINITY): Promise<Ran> {
  return new Promise((done, failed) => {
    const running = spawn(process.execPath, [child, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, told] = ["", ""];
    const list = (): string[] => told.split("\n").filter((line) => line !== "");
    running.stdout.on("data", (text) => {
      out += String(text);
    });
    running.stderr.on("data", (text) => {
      told += String(text);
      if (list().length >= lines) running.kill("SIGKILL");
    });
    running.on("error", failed);
    running.on("close", () => done({ out, told: list() }));
  });
}

test("an ensemble that was killed ends with the bits of one that was not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ensemble-"));
  try {
    const whole = await run(["recursive"]);
    assert.equal(whole.told.length, 12);
    const path = join(folder, "checkpoints");
    // Checkpoints come every five seconds: the second member has made one by its fifth pass.
    const killed = await run(["recursive", path, "1500"], 11);
    assert.equal(killed.out, "");
    const again = await run(["recursive", path]);
    assert.equal(again.out, whole.out);
    assert.ok(again.told.length < 12 && again.told.some((line) => /^restored [1-9]/.test(line)), again.told.join());
  } finally {
    await rm(folder, { recursive: true });
  }
});
