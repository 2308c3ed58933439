// Tile programs over matrices of every stride, in place, with index values and shared registers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isReducing, microOpcodes } from "../../src/ir/lowered/opcodes.js";
import { Assembly, allMachines, type Micro, titleOf, type View } from "./assemble.js";
import { assertSameBits, float, signed, specials } from "./numbers.js";

const shapes: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 129],
  [3, 1],
  [300, 1],
  [7, 3],
  [50, 5],
  [5, 32],
  [9, 33],
  [4, 64],
  [3, 65],
  [3, 128],
  [2, 136],
  [2, 300],
  [0, 4],
  [4, 0],
];

/** Strides of an operand over [rows, cols]. */
const strides: Readonly<Record<string, (rows: number, cols: number) => readonly [number, number]>> = {
  contiguous: (_, cols) => [cols, 1],
  gaps: (_, cols) => [cols + 5, 1],
  transposed: (rows) => [1, Math.max(1, rows)],
  "every third": (_, cols) => [3 * cols, 3],
  "one row": () => [0, 1],
  "one column": () => [1, 0],
  "one value": () => [0, 0],
};

const lengthFor = (rows: number, cols: number, [row, col]: readonly [number, number]): number =>
  rows === 0 || cols === 0 ? 1 : (rows - 1) * row + (cols - 1) * col + 1;

for (const machine of await allMachines()) {
  test(`every pair of operand strides gives the same elements on ${titleOf(machine)}`, () => {
    for (const [rows, cols] of shapes)
      for (const [leftName, left] of Object.entries(strides))
        for (const [outName, out] of Object.entries(strides).slice(0, 4)) {
          const leftStrides = left(rows, cols);
          const outStrides = out(rows, cols);
          const program = new Assembly(machine);
          const x = signed(lengthFor(rows, cols, leftStrides) + 2, 1);
          const y = signed(rows * cols, 2);
          const target = program.buffer(lengthFor(rows, cols, outStrides));
          const views: View[] = [
            { buffer: program.buffer(x), offset: 2, row: leftStrides[0], col: leftStrides[1] },
            { buffer: program.buffer(y), row: cols },
            { buffer: target, row: outStrides[0], col: outStrides[1] },
          ];
          program.tile(rows, cols, views, [
            ["load", 3, 0],
            ["load", 9, 1],
            ["sub", 3, 3, 9],
            ["store", 0, 2, 3],
          ]);
          assert.equal(program.run().error, 0);
          const result = program.f32(target);
          program.free();
          for (let r = 0; r < rows; r++)
            for (let c = 0; c < cols; c++) {
              const expected = float((x[2 + r * leftStrides[0] + c * leftStrides[1]] ?? 0) - (y[r * cols + c] ?? 0));
              const actual = result[r * outStrides[0] + c * outStrides[1]];
              assert.ok(Object.is(actual, expected), `${rows}x${cols} ${leftName} to ${outName} at ${r}, ${c}: ${actual}, ${expected}`);
            }
        }
  });

  test(`row and column numbers are those of the matrix on ${titleOf(machine)}`, () => {
    for (const [rows, cols] of shapes) {
      const program = new Assembly(machine);
      const [row, col] = [program.buffer(rows * cols), program.buffer(rows * cols)];
      const views = [row, col].map((buffer) => ({ buffer, row: cols }));
      program.tile(rows, cols, views, [
        ["iotaRow", 0],
        ["iotaCol", 1],
        ["store", 0, 0, 0],
        ["store", 0, 1, 1],
      ]);
      for (const threads of [1, 3]) {
        assert.equal(program.run({ threads }).error, 0);
        const [actualRows, actualCols] = [program.i32(row), program.i32(col)];
        for (let i = 0; i < rows * cols; i++) {
          assert.deepEqual([actualRows[i], actualCols[i]], [Math.floor(i / cols), i % cols], `${rows}x${cols} element ${i}`);
        }
      }
      program.free();
    }
  });

  test(`an output may be an input, and a value read before the store stays what it was, on ${titleOf(machine)}`, () => {
    for (const [rows, cols] of shapes)
      for (const gap of [0, 4]) {
        const program = new Assembly(machine);
        const data = signed(rows * (cols + gap) + 1, 6);
        const [x, y] = [program.buffer(data), program.buffer(rows * cols)];
        const micro: Micro[] = [
          ["load", 0, 0],
          ["const", 1, 0x40000000],
          ["mul", 2, 0, 1],
          ["store", 0, 0, 2],
          ["add", 3, 0, 2],
          ["store", 0, 1, 3],
        ];
        const views = [
          { buffer: x, row: cols + gap },
          { buffer: y, row: cols },
        ];
        program.tile(rows, cols, views, micro);
        assert.equal(program.run().error, 0);
        const [doubled, sum] = [program.f32(x), program.f32(y)];
        program.free();
        for (let i = 0; i < rows * cols; i++) {
          const at = Math.floor(i / cols) * (cols + gap) + (i % cols);
          const value = data[at] ?? 0;
          assert.equal(doubled[at], float(2 * value));
          assert.equal(sum[i], float(value + float(2 * value)));
        }
      }
  });

  test(`all 48 registers can be used, and written again, on ${titleOf(machine)}`, () => {
    const program = new Assembly(machine);
    const [rows, cols] = [6, 37];
    const data = signed(rows * cols, 8);
    const [x, y] = [program.buffer(data), program.buffer(rows * cols)];
    const chain = Array.from({ length: 47 }, (_, i): Micro => ["add", i + 1, i, 0]);
    const back = Array.from({ length: 47 }, (_, i): Micro => ["sub", 46 - i, 47 - i, 46 - i]);
    const views = [x, y].map((buffer) => ({ buffer, row: cols }));
    program.tile(rows, cols, views, [["load", 0, 0], ...chain, ...back, ["store", 0, 1, 0]]);
    assert.equal(program.run().error, 0);
    const actual = program.f32(y);
    program.free();
    const expected = data.map((value) => {
      const registers = [value];
      for (let i = 0; i < 47; i++) registers.push(float((registers[i] ?? 0) + value));
      for (let i = 47; i > 0; i--) registers[i - 1] = float((registers[i] ?? 0) - (registers[i - 1] ?? 0));
      return registers[0] ?? 0;
    });
    assertSameBits(actual, expected, "chain");
  });

  test(`a value computed alone equals the same value among many on ${titleOf(machine)}`, () => {
    const data = signed(517, 9).map((x) => x * 20);
    const micro: Micro[] = [
      ["load", 0, 0],
      ["tanh", 1, 0],
      ["sigmoid", 2, 0],
      ["mul", 1, 1, 2],
      ["exp", 2, 1],
      ["log1p", 2, 2],
      ["sin", 1, 0],
      ["add", 2, 2, 1],
      ["store", 0, 1, 2],
    ];
    const run = (from: number, count: number): Float32Array => {
      const program = new Assembly(machine);
      const out = program.buffer(count);
      program.tile(1, count, [{ buffer: program.buffer(data.slice(from, from + count)) }, { buffer: out }], micro);
      program.run();
      const result = program.f32(out);
      program.free();
      return result;
    };
    const whole = run(0, data.length);
    for (const [from, count] of [
      [0, 1],
      [5, 3],
      [17, 16],
      [100, 31],
      [300, 130],
    ] as const) {
      assertSameBits(run(from, count), whole.subarray(from, from + count), `${count} from ${from}`);
    }
  });

  test(`whole tiles have the bits of parts of tiles, for every instruction that computes, on ${titleOf(machine)}`, () => {
    const [cols, part] = [256, 64];
    const computing = microOpcodes.filter((op) => !["const", "load", "store", "iotaRow", "iotaCol"].includes(op) && !isReducing(op));
    const operand = (seed: number): Float32Array => {
      const values = signed(cols, seed).map((value) => 8 * value);
      values.set(specials.slice(seed), 100);
      return values;
    };
    for (const op of computing) {
      const p = new Assembly(machine);
      const inputs = [1, 2, 3].map((seed) => p.buffer(operand(seed)));
      const [whole, parts] = [p.buffer(cols), p.buffer(cols)];
      const over = (to: number, offset: number, size: number): Assembly =>
        p.tile(
          1,
          size,
          [...inputs, to].map((buffer) => ({ buffer, offset, row: cols })),
          [
            ["load", 0, 0],
            ["load", 1, 1],
            ["load", 2, 2],
            [op, 3, 0, 1, 2],
            ["neg", 4, 3],
            ["store", 0, 3, 4],
          ],
        );
      over(whole, 0, cols);
      for (let offset = 0; offset < cols; offset += part) over(parts, offset, part);
      assert.equal(p.run().error, 0);
      assertSameBits(p.f32(whole), p.f32(parts), op);
      p.free();
    }
  });
}
