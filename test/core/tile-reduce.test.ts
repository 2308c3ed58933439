// Reductions and pairs of operations inside tile programs: the bits of the instructions that they stand for.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MicroOpcode } from "../../src/ir/lowered/opcodes.js";
import { Assembly, allMachines, type Micro, titleOf } from "./assemble.js";
import { assertSameBits, float, signed } from "./numbers.js";

const shapes: readonly (readonly [number, number])[] = [
  [1, 2],
  [3, 1],
  [7, 3],
  [5, 32],
  [9, 33],
  [4, 64],
  [3, 65],
  [40, 128],
  [2, 136],
  [3, 300],
  [0, 4],
  [4, 0],
];

for (const machine of await allMachines()) {
  test(`sums and maxima of what a tile computes are those of a reduction of the stored values on ${titleOf(machine)}`, () => {
    for (const [rows, cols] of shapes) {
      const gap = 3;
      const program = new Assembly(machine);
      const data = signed(Math.max(1, rows * (cols + gap)), 3);
      const x = program.buffer(data);
      const squares = program.buffer(rows * cols);
      const [sums, maxima, columns, wanted, tops, totals] = [rows, rows, cols, rows, rows, cols].map((size) => program.buffer(size));
      const micro: Micro[] = [
        ["load", 0, 0],
        ["mul", 1, 0, 0],
        ["store", 0, 1, 1],
        ["sumRow", 0, 2, 1],
        ["maxRow", 1, 3, 0],
      ];
      const stored = { buffer: squares, row: cols };
      const from = { buffer: x, row: cols + gap };
      const ofRow = (buffer: number) => ({ buffer, row: 1, col: 0 });
      program.tile(rows, cols, [from, stored, ofRow(sums!), ofRow(maxima!)], micro);
      program.tile(
        rows,
        cols,
        [from, { buffer: columns!, row: 0 }],
        [
          ["load", 0, 0],
          ["mul", 1, 0, 0],
          ["sumColumns", 0, 1, 1],
        ],
      );
      const along = { outer: cols, mid: 1, inner: 1 };
      program.reduce("sum", [rows, cols, 1], { src: { buffer: squares, ...along }, dst: { buffer: wanted!, outer: 1, inner: 1 } });
      program.reduce("max", [rows, cols, 1], {
        src: { buffer: x, outer: cols + gap, mid: 1, inner: 1 },
        dst: { buffer: tops!, outer: 1, inner: 1 },
      });
      const down = { outer: 1, mid: cols, inner: 1 };
      // A single column of an instruction is summed in lanes; a tile's never are.
      if (cols > 1)
        program.reduce("sum", [1, rows, cols], { src: { buffer: squares, ...down }, dst: { buffer: totals!, outer: 1, inner: 1 } });
      for (const threads of [1, 3]) {
        assert.equal(program.run({ threads }).error, 0);
        const title = `${rows}x${cols}, ${threads} threads`;
        assertSameBits(program.f32(sums!), program.f32(wanted!), `${title}: sums`);
        assertSameBits(program.f32(maxima!), program.f32(tops!), `${title}: maxima`);
        if (cols > 1) assertSameBits(program.f32(columns!), program.f32(totals!), `${title}: columns`);
      }
      program.free();
    }
  });

  test(`a pair rounds twice, as its two operations do, on ${titleOf(machine)}`, () => {
    const [rows, cols] = [5, 37];
    const [left, right, third] = [21, 22, 23].map((seed) => signed(rows * cols, seed)) as [Float32Array, Float32Array, Float32Array];
    const two: Readonly<Record<string, (x: number, y: number) => number>> = {
      add: (x, y) => float(x + y),
      sub: (x, y) => float(x - y),
      from: (x, y) => float(y - x),
      mul: (x, y) => float(x * y),
    };
    for (const first of ["add", "sub", "mul"] as const)
      for (const second of ["Add", "Sub", "From", "Mul"] as const) {
        const op: MicroOpcode = `${first}${second}`;
        const program = new Assembly(machine);
        const out = program.buffer(rows * cols);
        const views = [left, right, third].map((data) => ({ buffer: program.buffer(data), row: cols }));
        program.tile(
          rows,
          cols,
          [...views, { buffer: out, row: cols }],
          [
            ["load", 0, 0],
            ["load", 1, 1],
            ["load", 2, 2],
            [op, 1, 0, 1, 2],
            ["store", 0, 3, 1],
          ],
        );
        assert.equal(program.run().error, 0);
        const expected = left.map((x, i) => two[second.toLowerCase()]!(two[first]!(x, right[i]!), third[i]!));
        assertSameBits(program.f32(out), expected, op);
        program.free();
      }
  });

  test(`rows that meet are refused where rows are divided, and results outside the operands, on ${titleOf(machine)}`, () => {
    for (const micro of [
      ["sumColumns", 0, 1, 0],
      ["sumRow", 9, 1, 0],
      ["sumRow", 0, 2, 0],
      ["maxRow", 0, 1, 48],
    ] as const) {
      const program = new Assembly(machine);
      const [rows, offsets] = [program.buffer(Int32Array.of(2)), program.buffer(Int32Array.of(0))];
      const views = [
        { buffer: program.buffer(8), row: 4 },
        { buffer: program.buffer(8), row: 4 },
      ];
      program
        .loop(1, rows, offsets)
        .tile("active", 4, views, [["load", 0, 0], micro])
        .endLoop();
      assert.notEqual(program.run().error, 0);
      program.free();
    }
  });
}
