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

test("arena bytes are equal after steps 10 and 1,000, and resident memory grows by less than 5 MB", async (t) => {
  const child = fileURLToPath(new URL("memory-child.js", import.meta.url));
  // A young generation of fixed size: V8 would double it by and by, which says nothing about what this library keeps.
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--max-semi-space-size=1", child]);
  const { backend, samples } = JSON.parse(stdout) as { readonly backend: string; readonly samples: readonly Sample[] };
  if (backend === "reference") {
    t.skip("the reference interpreter plans no memory");
    return;
  }
  const [first, last] = samples;
  assert.deepEqual(
    samples.map(({ step }) => step),
    [10, 1000],
  );
  assert.ok(first !== undefined && last !== undefined);
  assert.equal(last.arenaBytes, first.arenaBytes);
  assert.ok(first.arenaBytes > 0);
  const growth = last.residentBytes - first.residentBytes;
  assert.ok(growth < 5e6, `${growth} bytes`);
});
