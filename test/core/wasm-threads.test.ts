// Threads of the WebAssembly core: workers start at the first work that could use them, share it, change no bit, and keep nothing alive.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import type { Machine } from "../../src/backends/core/machine.js";
import { loadWasm, wasmVariants } from "../../src/backends/core/wasm.js";
import { Assembly } from "./assemble.js";
import { assertSameBits } from "./numbers.js";
import { runRecurrence } from "./recurrence.js";

const rows = [41, 41, 30, 18, 5];
const hidden = 61;

async function load(variant: string, threads: number): Promise<Machine> {
  const machine = await loadWasm({ variant, threads });
  if ("unavailable" in machine) throw new Error(machine.unavailable);
  return machine;
}

/** Repeats work for `threads` threads until the workers have taken a share of it. */
async function untilShared(machine: Machine, threads: number, work: () => void): Promise<void> {
  for (let round = 0; round < 3000; round++) {
    work();
    if (machine.threads?.arrived === threads - 1 && machine.threads.helped > 20) return;
    // Workers need processors to start on.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`after 3000 rounds ${machine.threads?.arrived} workers have done ${machine.threads?.helped} parts`);
}

for (const variant of await wasmVariants()) {
  test(`workers take a share and change no bit on wasm/${variant}`, async () => {
    const alone = await load(variant, 1);
    assert.equal(alone.maxThreads, 1);
    assert.equal(alone.threads, undefined);
    for (const level of [rows, [23, 23, 23]]) {
      const expected = runRecurrence(alone, { rows: level, hidden });
      for (const threads of [2, 3, 5, 8]) {
        const machine = await load(variant, threads);
        assert.ok(machine.maxThreads >= threads);
        assert.equal(machine.threads?.arrived, 0, "no worker before there is work");
        await untilShared(machine, threads, () => {
          const actual = runRecurrence(machine, { rows: level, hidden, threads });
          assertSameBits(actual.states, expected.states, `threads ${threads}`);
          assertSameBits(actual.sums, expected.sums, `threads ${threads}`);
        });
      }
    }
  });

  test(`memory grown while workers run is theirs too on wasm/${variant}`, async () => {
    const [alone, machine] = [await load(variant, 1), await load(variant, 2)];
    await untilShared(machine, 2, () => runRecurrence(machine, { rows, hidden, threads: 2 }));
    const large = machine.allocate(100_000_000);
    const expected = runRecurrence(alone, { rows, hidden });
    assertSameBits(runRecurrence(machine, { rows, hidden, threads: 2 }).states, expected.states, "above the first memory");
    machine.free(large);
  });

  test(`bad indices and cancel requests are reported under threads on wasm/${variant}`, async () => {
    const machine = await load(variant, 3);
    await untilShared(machine, 3, () => runRecurrence(machine, { rows, hidden, threads: 3 }));
    const p = new Assembly(machine);
    const [table, out] = [p.buffer(4 * 64), p.buffer(500 * 64)];
    const index = p.buffer(Int32Array.from({ length: 500 }, (_, i) => (i === 431 ? 9 : i % 4)));
    const row = 64;
    p.gather([500, row, 4], 7, [
      { buffer: table, row },
      { buffer: index, row: 1 },
      { buffer: out, row },
    ]);
    assert.deepEqual(p.run({ threads: 3 }), { error: 1, site: 7, value: 9 });
    assert.equal(p.run({ threads: 3, cancel: true }).error, 9);
    p.free();
  });
}

test("a process with sleeping workers ends by itself", () => {
  const program = `
    import { loadWasm } from ${JSON.stringify(new URL("../../src/backends/core/wasm.js", import.meta.url).href)};
    import { runRecurrence } from ${JSON.stringify(new URL("./recurrence.js", import.meta.url).href)};
    const machine = await loadWasm({ threads: 3 });
    for (let round = 0; machine.threads.arrived < 2 && round < 3000; round++) {
      runRecurrence(machine, { rows: [9, 9], hidden: 33, threads: 3 });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    console.log(machine.threads.arrived);`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 120_000 });
  assert.deepEqual([ran.stdout.trim(), ran.status], ["2", 0], ran.stderr);
});

test("workers end when nobody holds their machine any more", () => {
  const program = `
    import { setTimeout as wait } from "node:timers/promises";
    import { loadWasm } from ${JSON.stringify(new URL("../../src/backends/core/wasm.js", import.meta.url).href)};
    import { runRecurrence } from ${JSON.stringify(new URL("./recurrence.js", import.meta.url).href)};
    let ended = 0;
    const { Worker } = await import("node:worker_threads");
    const terminate = Worker.prototype.terminate;
    Worker.prototype.terminate = function () { ended++; return terminate.call(this); };
    async function use() {
      const machine = await loadWasm({ threads: 3 });
      runRecurrence(machine, { rows: [9, 9], hidden: 33, threads: 3 });
    }
    await use();
    for (let round = 0; ended < 2 && round < 500; round++) { gc(); await wait(5); }
    console.log(ended);`;
  const words = ["--expose-gc", "--input-type=module", "-e", program];
  const ran = spawnSync(process.execPath, words, { encoding: "utf8", timeout: 120_000 });
  assert.deepEqual([ran.stdout.trim(), ran.status], ["2", 0], ran.stderr);
});

test("without shared memory a request for threads is served by one, and the machine says why", async () => {
  const held = globalThis.SharedArrayBuffer;
  try {
    Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
    const machine = await load("simd", 4);
    assert.equal(machine.maxThreads, 1);
    assert.match(machine.threadLimit ?? "", /SharedArrayBuffer/);
  } finally {
    Object.defineProperty(globalThis, "SharedArrayBuffer", { value: held, writable: true, configurable: true });
  }
});
