// Philox: the published known answers, and the same numbers wherever a draw happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly, allMachines, titleOf } from "./assemble.js";
import { assertSameBits } from "./numbers.js";

type Words = readonly [number, number, number, number];

/** Philox4x32-10 in plain integers (Salmon et al. 2011). */
function philox([k0, k1]: readonly [number, number], counter: Words): Words {
  let [a, b, c, d] = counter.map((word) => BigInt(word >>> 0));
  let [key0, key1] = [BigInt(k0 >>> 0), BigInt(k1 >>> 0)];
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const left = 0xd2511f53n * (a ?? 0n);
    const right = 0xcd9e8d57n * (c ?? 0n);
    [a, b, c, d] = [(right >> 32n) ^ (b ?? 0n) ^ key0, right & mask, (left >> 32n) ^ (d ?? 0n) ^ key1, left & mask];
    key0 = (key0 + 0x9e3779b9n) & mask;
    key1 = (key1 + 0xbb67ae85n) & mask;
  }
  return [Number(a), Number(b), Number(c), Number(d)];
}

test("the reference agrees with Random123's known answers", () => {
  const cases: readonly (readonly [readonly [number, number], Words, Words])[] = [
    [
      [0, 0],
      [0, 0, 0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0xa4093822, 0x299f31d0],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [key, counter, words] of cases) assert.deepEqual(philox(key, counter), words);
});

for (const machine of await allMachines()) {
  const keys = Int32Array.from([0, 0, -1, 17, 123456789, -987654321]);

  test(`uniform numbers are the counter's word of its block on ${titleOf(machine)}`, () => {
    const [rows, cols] = [3, 23];
    const counters = Int32Array.from({ length: rows * cols }, (_, i) => (i < 40 ? i : Math.imul(i, 2654435761)));
    for (const threads of [1, 2]) {
      const program = new Assembly(machine);
      const out = program.buffer(rows * cols);
      program.random(rows, cols, "uniform", [
        { buffer: program.buffer(keys), row: 2 },
        { buffer: program.buffer(counters), row: cols },
        { buffer: out, row: cols },
      ]);
      assert.equal(program.run({ threads }).error, 0);
      const expected = Float32Array.from(counters, (counter, i) => {
        const row = Math.floor(i / cols);
        const block = philox([keys[2 * row] ?? 0, keys[2 * row + 1] ?? 0], [counter >>> 2, 0, 0, 0]);
        return ((block[counter & 3] ?? 0) >>> 8) / 16777216;
      });
      assertSameBits(program.f32(out), expected, "uniform");
      assert.ok(program.f32(out).every((value) => value >= 0 && value < 1));
      program.free();
    }
  });

  test(`units that count up, as a mask's do, give the same numbers at any width on ${titleOf(machine)}`, () => {
    for (const [cols, gap] of [1, 5, 31, 32, 64, 65, 130, 257].flatMap((width) => [0, 3].map((more) => [width, more] as const))) {
      const program = new Assembly(machine);
      const out = program.buffer(3 * (cols + gap));
      program.random(3, cols, "uniform", [
        { buffer: program.buffer(keys), row: 2 },
        { buffer: program.buffer(Int32Array.from({ length: cols }, (_, i) => i)), row: 0 },
        { buffer: out, row: cols + gap },
      ]);
      assert.equal(program.run().error, 0);
      const drawn = program.f32(out);
      const expected = new Float32Array(3 * (cols + gap));
      for (let row = 0; row < 3; row++)
        for (let unit = 0; unit < cols; unit++) {
          const block = philox([keys[2 * row]!, keys[2 * row + 1]!], [unit >>> 2, 0, 0, 0]);
          expected[row * (cols + gap) + unit] = (block[unit & 3]! >>> 8) / 16777216;
        }
      assertSameBits(drawn, expected, `${cols} units`);
      program.free();
    }
  });

  test(`the first block of key 0 is the known answer on ${titleOf(machine)}`, () => {
    const program = new Assembly(machine);
    const out = program.buffer(4);
    program.random(1, 4, "uniform", [
      { buffer: program.buffer(new Int32Array(2)), row: 2 },
      { buffer: program.buffer(Int32Array.from([0, 1, 2, 3])), row: 4 },
      { buffer: out, row: 4 },
    ]);
    program.run();
    const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
    assert.deepEqual(
      [...program.f32(out)],
      words.map((word) => (word >>> 8) / 16777216),
    );
    program.free();
  });

  test(`new keys are the first two words of a block of their own on ${titleOf(machine)}`, () => {
    const [rows, cols] = [3, 5];
    const counters = Int32Array.from({ length: cols }, (_, i) => i * 1000003 - 7);
    const program = new Assembly(machine);
    const out = program.buffer(new Int32Array(rows * cols * 2));
    program.random(rows, cols, "key", [
      { buffer: program.buffer(keys), row: 2 },
      { buffer: program.buffer(counters), row: 0 },
      { buffer: out, row: 2 * cols },
    ]);
    assert.equal(program.run().error, 0);
    const actual = program.i32(out);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < cols; c++) {
        const block = philox([keys[2 * r] ?? 0, keys[2 * r + 1] ?? 0], [(counters[c] ?? 0) >>> 0, 1, 0, 0]);
        const at = 2 * (r * cols + c);
        assert.deepEqual([actual[at], actual[at + 1]], [block[0] | 0, block[1] | 0]);
      }
    program.free();
  });
}
