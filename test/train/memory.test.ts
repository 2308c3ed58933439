// Memory while training: planned once, and nothing is left behind.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

interface Sample {
  readonly step: number;
  readonly arenaBytes: number;
  readonly residentBytes: number;
}

interface Run {
  readonly backend: string;
  readonly samples: readonly Sample[];
}

async function trained(): Promise<Run> {
  const child = fileURLToPath(new URL("memory-child.js", import.meta.url));
  // A young generation of fixed size: V8 would double it by and by, which says nothing about what this library keeps.
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--max-semi-space-size=1", child]);
  return JSON.parse(stdout) as Run;
}

test("arena bytes are equal after steps 10 and 1,000, and resident memory grows by less than 5 MB", async (t) => {
  const growths: number[] = [];
  // What is kept shows in every run; machine code that V8 happens to hold at one of the two moments does not.
  while (growths.length < 3) {
    const { backend, samples } = await trained();
    if (backend === "reference") {
      t.skip("the reference interpreter plans no memory");
      return;
    }
    const [first, last] = samples;
    assert.ok(first?.step === 10 && last?.step === 1000);
    assert.equal(last.arenaBytes, first.arenaBytes);
    assert.ok(first.arenaBytes > 0);
    growths.push(last.residentBytes - first.residentBytes);
    if (growths.at(-1)! < 5e6) return;
  }
  assert.fail(`resident memory grew by ${growths.join(", ")} bytes`);
});
