// The doctor of the environment: what it checks, what its verdict means, and that it leaves nothing behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreement, sameBits, selfTest, selfTestLimit } from "../../src/cli/doctor/self-test.js";
import { openDesk } from "./run.js";

interface Diagnosis {
  readonly target: null;
  readonly verdict: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string; readonly fix: string }[];
}

test("the JSON has the promised fields; a failed check always says what to do", async (t) => {
  const desk = openDesk(t);
  const { code, stdout } = await desk.run(["doctor", "--json"]);
  const envelope = JSON.parse(stdout) as { ok: boolean; command: string; result: Diagnosis };
  assert.deepEqual([code, envelope.ok, envelope.command], [0, true, "doctor"]);
  assert.deepEqual(Object.keys(envelope.result), ["target", "verdict", "checks", "findings", "memory", "gradient"]);
  const { checks, verdict } = envelope.result;
  for (const name of ["node", "native core", "compiler", "WebAssembly core", "relaxed SIMD", "threads", "memory", "write here"])
    assert.ok(
      checks.some((check) => check.name === name),
      name,
    );
  for (const { ok, fix } of checks) assert.equal(fix === "", ok);
  assert.equal(
    verdict === "healthy",
    checks.every(({ ok }) => ok),
  );
  assert.ok(checks.some(({ name, ok }) => name === "wasm against reference" && ok));
  assert.deepEqual(desk.names(), []);
});

test("--require healthy exits with 3 if something fails, and the answer stays an answer", async (t) => {
  const desk = openDesk(t);
  const { code, stdout, stderr } = await desk.run(["doctor", "--require", "healthy", "--json"], { env: { DEEP_RNN_NO_NATIVE: "1" } });
  const envelope = JSON.parse(stdout) as { ok: boolean; warnings: { code: string }[]; result: Diagnosis };
  assert.deepEqual([code, envelope.ok, envelope.result.verdict, envelope.warnings[0]?.code], [3, true, "warning", "not_healthy"]);
  assert.match(stderr, /Not healthy: native core/);
});

test("the self-test tells a backend that computes something else", async () => {
  const reference = await selfTest("reference", 1);
  const wasm = await selfTest("wasm", 1);
  assert.ok(disagreement(wasm, reference) <= selfTestLimit);
  assert.ok(reference.numbers.filter((value) => value !== 0).length > 0.9 * reference.numbers.length);
  const off = { ...wasm, numbers: wasm.numbers.map((value, i) => (i === 700 ? value + 1e-3 : value)) };
  assert.ok(disagreement(off, reference) > selfTestLimit);
  assert.equal(disagreement({ ...wasm, numbers: wasm.numbers.map(() => Number.NaN) }, reference), Infinity);
  assert.ok(sameBits(wasm, wasm) && !sameBits(wasm, off));
});
