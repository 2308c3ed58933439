// Copies, gathers and scatters: every element lands where the strides say, and bad indices are reported, never followed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly, allMachines, titleOf } from "./assemble.js";
import { assertSameBits, float, signed } from "./numbers.js";

/** Row-major strides of `dims` after the axes are put in another order. */
function stridesFor(dims: readonly number[], order: readonly number[], unit: number): number[] {
  const strides = new Array<number>(dims.length).fill(0);
  let step = unit;
  for (const axis of [...order].reverse()) {
    strides[axis] = step;
    step *= dims[axis] ?? 1;
  }
  return strides;
}

const orders: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5],
  [5, 4, 3, 2, 1, 0],
  [1, 0, 2, 3, 5, 4],
  [3, 4, 5, 0, 1, 2],
];

const shapes: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 1],
  [2, 3, 1, 4, 2, 5],
  [1, 1, 1, 1, 33, 47],
  [1, 1, 3, 1, 17, 1],
  [7, 1, 1, 1, 1, 20],
  [2, 0, 1, 1, 3, 1],
  [1, 1, 1, 1, 1, 100],
];

for (const machine of await allMachines()) {
  test(`a copy takes every element from its stride to its stride on ${titleOf(machine)}`, () => {
    for (const dims of shapes)
      for (const from of orders)
        for (const to of orders) {
          const total = dims.reduce((a, b) => a * b, 1);
          const [source, target] = [stridesFor(dims, from, 1), stridesFor(dims, to, 2)];
          const data = signed(total + 1, 31);
          for (const threads of [1, 3]) {
            const program = new Assembly(machine);
            const [src, dst] = [program.buffer(data), program.buffer(2 * total)];
            program.copy(dims, { buffer: src, offset: 1, strides: source }, { buffer: dst, strides: target });
            assert.equal(program.run({ threads }).error, 0);
            const result = program.f32(dst);
            program.free();
            const expected = new Float32Array(2 * total);
            for (let at = 0; at < total; at++) {
              let rest = at;
              let [a, b] = [1, 0];
              for (let d = 5; d >= 0; d--) {
                const i = rest % (dims[d] ?? 1);
                rest = Math.floor(rest / (dims[d] ?? 1));
                a += i * (source[d] ?? 0);
                b += i * (target[d] ?? 0);
              }
              expected[b] = data[a] ?? 0;
            }
            assertSameBits(result, expected, `${dims} ${from} to ${to}`);
          }
        }
  });

  test(`a gather takes rows by index and gives zeros for -1 on ${titleOf(machine)}`, () => {
    for (const cols of [1, 3, 16, 37])
      for (const col of [1, 2]) {
        const [rows, tableRows] = [11, 5];
        const table = signed(tableRows * cols * col + 1, 41);
        const index = Int32Array.from({ length: rows }, (_, r) => ((r * 5) % 6) - 1);
        const program = new Assembly(machine);
        const out = program.buffer(new Float32Array(rows * cols).fill(7));
        const views = [
          { buffer: program.buffer(table), row: cols * col, col },
          { buffer: program.buffer(index), row: 1 },
          { buffer: out, row: cols },
        ] as const;
        program.gather([rows, cols, tableRows], 77, views);
        assert.deepEqual(program.run({ threads: 2 }), { error: 0, site: 0, value: 0 });
        const expected = Float32Array.from({ length: rows * cols }, (_, at) => {
          const i = index[Math.floor(at / cols)] ?? 0;
          return i < 0 ? 0 : (table[i * cols * col + (at % cols) * col] ?? 0);
        });
        assertSameBits(program.f32(out), expected, `${cols} columns`);
        program.free();
      }
  });

  test(`an index outside the table gives zeros and an error with site and value on ${titleOf(machine)}`, () => {
    for (const bad of [5, 6, -2, 2147483647, -2147483648]) {
      const program = new Assembly(machine);
      const table = program.buffer(signed(20, 1));
      const out = program.buffer(new Float32Array(12).fill(7));
      const index = program.buffer(Int32Array.from([1, bad, 2]));
      program.gather([3, 4, 5], 123, [
        { buffer: table, row: 4 },
        { buffer: index, row: 1 },
        { buffer: out, row: 4 },
      ]);
      assert.deepEqual(program.run(), { error: 1, site: 123, value: bad });
      assert.deepEqual([...program.f32(out).subarray(4, 8)], [0, 0, 0, 0]);
      assert.deepEqual(program.f32(out).subarray(8, 12), program.f32(table).subarray(8, 12));
      program.free();
    }
  });

  test(`the first error is kept on ${titleOf(machine)}`, () => {
    const program = new Assembly(machine);
    const [table, out] = [program.buffer(10), program.buffer(4)];
    for (const [site, value] of [
      [1, 0],
      [2, 55],
      [3, 66],
    ] as const) {
      const index = program.buffer(Int32Array.from([value, value + 1]));
      program.gather([2, 2, 5], site, [
        { buffer: table, row: 2 },
        { buffer: index, row: 1 },
        { buffer: out, row: 2 },
      ]);
    }
    assert.deepEqual(program.run(), { error: 1, site: 2, value: 55 });
    program.free();
  });

  test(`a scatter adds rows in their order, drops -1 and reports the rest on ${titleOf(machine)}`, () => {
    for (const cols of [1, 5, 16, 100])
      for (const threads of [1, 2, 3, 8]) {
        const [rows, tableRows] = [40, 4];
        const src = signed(rows * cols, 51).map((x) => x * 1e3);
        const index = Int32Array.from({ length: rows }, (_, r) => ((r * 7) % 5) - 1);
        index[20] = 99;
        const start = signed(tableRows * cols, 52);
        const program = new Assembly(machine);
        const table = program.buffer(start);
        program.scatter([rows, cols, tableRows], 8, [
          { buffer: program.buffer(src), row: cols },
          { buffer: program.buffer(index), row: 1 },
          { buffer: table, row: cols },
        ]);
        assert.deepEqual(program.run({ threads }), { error: 1, site: 8, value: 99 });
        const expected = start.slice();
        index.forEach((i, r) => {
          if (i < 0 || i >= tableRows) return;
          for (let c = 0; c < cols; c++) expected[i * cols + c] = float((expected[i * cols + c] ?? 0) + (src[r * cols + c] ?? 0));
        });
        assertSameBits(program.f32(table), expected, `${cols} columns, ${threads} threads`);
        program.free();
      }
  });
}
