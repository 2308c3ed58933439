// What is not a program is refused with error 2, a cancel request with error 9, before anything is touched.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Assembly, allMachines, titleOf } from "./assemble.js";

const root = new URL("../../../", import.meta.url);

for (const machine of await allMachines()) {
  const refused = (what: string, build: (p: Assembly) => void): void => {
    const p = new Assembly(machine);
    const out = p.buffer(new Float32Array(16).fill(3));
    build(p);
    assert.equal(p.run().error, 2, what);
    assert.ok(
      p.f32(out).every((value) => value === 3),
      `${what}: memory was written`,
    );
    p.free();
  };
  const view = { buffer: 0, row: 4 };

  test(`malformed programs are refused on ${titleOf(machine)}`, () => {
    refused("unknown opcode", (p) => p.words.push(99, 2));
    refused("opcode 0", (p) => p.words.push(0, 2));
    refused("count beyond the end", (p) => p.words.push(2, 500));
    refused("count too small", (p) => p.words.push(1, 3, 0));
    refused("half an instruction", (p) => p.words.push(2));
    refused("negative count", (p) => p.words.push(4, -26));
    refused("register 48", (p) =>
      p.tile(
        4,
        4,
        [view],
        [
          ["const", 48, 0],
          ["store", 0, 0, 48],
        ],
      ),
    );
    refused("unknown micro-opcode", (p) => {
      p.tile(
        4,
        4,
        [view],
        [
          ["const", 0, 0],
          ["store", 0, 0, 0],
        ],
      );
      p.words[p.words.length - 10] = 1000;
    });
    refused("operand that is not there", (p) =>
      p.tile(
        4,
        4,
        [view],
        [
          ["const", 0, 0],
          ["store", 0, 1, 0],
        ],
      ),
    );
    refused("active rows outside a loop", (p) =>
      p.tile(
        "active",
        4,
        [view],
        [
          ["const", 0, 0],
          ["store", 0, 0, 0],
        ],
      ),
    );
    refused("negative extent", (p) =>
      p.tile(
        -4,
        4,
        [view],
        [
          ["const", 0, 0],
          ["store", 0, 0, 0],
        ],
      ),
    );
    refused("fixed rows in a divided loop", (p) => {
      const table = p.buffer(Int32Array.from([2]));
      p.loop(1, table, table)
        .tile(
          4,
          4,
          [view],
          [
            ["const", 0, 0],
            ["store", 0, 0, 0],
          ],
        )
        .endLoop();
    });
    refused("a loop in a loop", (p) => {
      const table = p.buffer(Int32Array.from([2]));
      p.loop(1, table, table, { serial: true }).loop(1, table, table).endLoop().endLoop();
    });
    refused("a loop body beyond the end", (p) => {
      const table = p.buffer(Int32Array.from([2]));
      p.loop(1, table, table).endLoop();
      p.words[p.words.length - 1] = 40;
    });
    refused("negative active rows", (p) => {
      const table = p.buffer(Int32Array.from([-2]));
      p.loop(1, table, table)
        .tile(
          "active",
          4,
          [view],
          [
            ["const", 0, 0],
            ["store", 0, 0, 0],
          ],
        )
        .endLoop();
    });
  });

  test(`a cancel request stops before the next instruction on ${titleOf(machine)}`, () => {
    const p = new Assembly(machine);
    const out = p.buffer(new Float32Array(16).fill(3));
    p.tile(
      4,
      4,
      [{ buffer: out, row: 4 }],
      [
        ["const", 0, 0],
        ["store", 0, 0, 0],
      ],
    );
    assert.equal(p.run({ cancel: true }).error, 9);
    assert.ok(p.f32(out).every((value) => value === 3));
    assert.equal(p.run().error, 0);
    assert.ok(p.f32(out).every((value) => value === 0));
    p.free();
  });
}

test("native/ops.h is what gen-ops.mjs makes of the opcode list", async () => {
  const { opsHeader }: { opsHeader(source: string): string } = await import(new URL("scripts/gen-ops.mjs", root).href);
  const list = readFileSync(new URL("src/ir/lowered/opcodes.ts", root), "utf8");
  assert.equal(readFileSync(new URL("native/ops.h", root), "utf8"), opsHeader(list));
});
