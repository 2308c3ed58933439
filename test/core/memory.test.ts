// Memory of the cores: aligned, zeroed, refused when there is none, given back; and which core and variant one gets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadNative, nativeVariants } from "../../src/backends/core/native-node.js";
import { loadWasm, wasmVariants } from "../../src/backends/core/wasm.js";
import { createHeap, type Piece } from "../../src/backends/core/wasm-heap.js";
import { allMachines, titleOf } from "./assemble.js";
import { stream } from "./numbers.js";

for (const machine of await allMachines()) {
  test(`blocks are aligned, zeroed even when used before, and as long as asked on ${titleOf(machine)}`, () => {
    for (let round = 0; round < 3; round++) {
      const blocks = [0, 4, 60, 64, 1000, 100000].map((bytes) => machine.allocate(bytes));
      for (const block of blocks) {
        assert.equal(block.address % 64, 0);
        assert.equal(machine.f32(block).length, Math.floor(block.bytes / 4));
        assert.ok(machine.i32(block).every((word) => word === 0));
        machine.i32(block).fill(-1);
      }
      for (const block of blocks) machine.free(block);
    }
  });

  test(`sizes that cannot be had are an error with a code on ${titleOf(machine)}`, () => {
    for (const bytes of [1e15, Number.MAX_SAFE_INTEGER, 1e300, -1, Number.NaN, 0.5, Number.POSITIVE_INFINITY]) {
      assert.throws(() => machine.allocate(bytes), { code: "out_of_memory" });
    }
    // The core still works.
    machine.free(machine.allocate(64));
  });

  test(`a freed block can neither be seen nor freed again on ${titleOf(machine)}`, () => {
    const block = machine.allocate(64);
    machine.free(block);
    assert.throws(() => machine.f32(block), { code: "block_freed" });
    assert.throws(() => machine.free(block), { code: "block_freed" });
  });

  test(`views stay right when other blocks make the memory grow on ${titleOf(machine)}`, () => {
    const block = machine.allocate(64);
    machine.f32(block)[3] = 5;
    const large = machine.allocate(50_000_000);
    assert.equal(machine.f32(block)[3], 5);
    machine.free(large);
    machine.free(block);
  });
}

test("native memory goes back at once when a block is freed", {
  skip: nativeVariants().length === 0 && "no native core here",
}, async () => {
  const machine = await loadNative();
  if ("unavailable" in machine) throw new Error(machine.unavailable);
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 50; i++) {
    const block = machine.allocate(2 ** 25);
    machine.f32(block).fill(1);
    machine.free(block);
  }
  assert.ok(process.memoryUsage.rss() - before < 2 ** 28);
});

test("the heap never hands out overlapping pieces and finds everything again", () => {
  const next = stream(3);
  let size = 65536;
  const growTo = (bytes: number): boolean => {
    size = Math.min(1e6, Math.max(size, bytes));
    return size >= bytes;
  };
  const heap = createHeap({ size: () => size, growTo, clear: () => {} }, 1000);
  const held: Piece[] = [];
  for (let i = 0; i < 2000; i++) {
    const piece = next() < 0.55 ? heap.take(Math.floor(next() * 20000)) : undefined;
    if (piece !== undefined) {
      assert.ok(piece.address % 64 === 0 && piece.address >= 1000 && piece.address + piece.bytes <= size);
      for (const other of held) {
        assert.ok(piece.address + piece.bytes <= other.address || other.address + other.bytes <= piece.address);
      }
      held.push(piece);
    } else if (held.length > 0) {
      const [gone] = held.splice(Math.floor(next() * held.length), 1);
      if (gone !== undefined) heap.giveBack(gone);
    }
  }
  for (const piece of held) heap.giveBack(piece);
  assert.equal(heap.used(), 0);
  assert.ok(heap.take(900_000) !== undefined);
});

test("an unknown variant is an error that names those available", async () => {
  await assert.rejects(loadWasm({ variant: "avx9" }), { code: "unknown_variant", message: /Available here: .*simd/ });
  await assert.rejects(loadWasm({ variant: "avx2" }), { code: "unknown_variant" });
  if (nativeVariants().length > 0) await assert.rejects(loadNative({ variant: "relaxed" }), { code: "unknown_variant" });
});

test("the environment chooses the variant of the core it names, and switches the native core off", async () => {
  const { DEEP_RNN_VARIANT: variant, DEEP_RNN_NO_NATIVE: off } = process.env;
  try {
    process.env.DEEP_RNN_VARIANT = "simd";
    const wasm = await loadWasm();
    assert.ok(!("unavailable" in wasm) && wasm.variant === "simd");
    const native = await loadNative();
    assert.ok("unavailable" in native || native.variant === nativeVariants()[0]);
    process.env.DEEP_RNN_VARIANT = "nonsense";
    await assert.rejects(loadWasm(), { code: "unknown_variant", message: /DEEP_RNN_VARIANT/ });
    delete process.env.DEEP_RNN_VARIANT;
    process.env.DEEP_RNN_NO_NATIVE = "1";
    assert.deepEqual(await loadNative(), { unavailable: "DEEP_RNN_NO_NATIVE is set" });
    assert.deepEqual(nativeVariants(), []);
  } finally {
    restore("DEEP_RNN_VARIANT", variant);
    restore("DEEP_RNN_NO_NATIVE", off);
  }
});

test("WebAssembly with SIMD is there", async () => {
  assert.ok((await wasmVariants()).includes("simd"));
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
