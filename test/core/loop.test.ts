// Loops over ragged time domains: forward, backward, serial, divided among threads, always the same bits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly, allMachines, titleOf } from "./assemble.js";
import { assertNear, assertSameBits } from "./numbers.js";
import { offsetsOf, runRecurrence } from "./recurrence.js";

const ragged = [13, 13, 11, 7, 7, 3, 1, 0, 0];

/** The rows that sequence `r` contributes, in time order. */
function rowsOfSequence(states: Float32Array, rows: readonly number[], r: number, hidden: number): Float32Array {
  const offsets = offsetsOf(rows);
  const parts = rows.flatMap((count, t) => {
    const from = ((offsets[t] ?? 0) + r) * hidden;
    return r < count ? [...states.subarray(from, from + hidden)] : [];
  });
  return Float32Array.from(parts);
}

for (const machine of await allMachines()) {
  for (const reverse of [false, true]) {
    test(`threads and serial running do not change a ragged loop's bits, reverse ${reverse}, on ${titleOf(machine)}`, () => {
      for (const hidden of [5, 33, 64]) {
        const expected = runRecurrence(machine, { rows: ragged, hidden, reverse });
        assert.equal(expected.outcome.error, 0);
        assert.ok(expected.states.every((value) => Math.abs(value) <= 1 && value !== 0));
        for (const threads of [2, 3, 5, 8]) {
          const other = runRecurrence(machine, { rows: ragged, hidden, reverse, threads });
          assertSameBits(other.states, expected.states, `hidden ${hidden}, threads ${threads}`);
          assertSameBits(other.sums, expected.sums, `sums, hidden ${hidden}, threads ${threads}`);
        }
        assertSameBits(runRecurrence(machine, { rows: ragged, hidden, reverse, serial: true }).states, expected.states, "serial");
      }
    });
  }

  test(`a sequence's states depend neither on other sequences nor on later steps on ${titleOf(machine)}`, () => {
    const hidden = 19;
    const whole = runRecurrence(machine, { rows: [6, 6, 4, 2], hidden }).states;
    const alone = runRecurrence(machine, { rows: [1, 1, 1, 1], hidden });
    const shorter = runRecurrence(machine, { rows: [3, 3, 3], hidden }).states;
    // The index column follows the packed place, so only the first step is comparable here.
    assertSameBits(rowsOfSequence(alone.states, [1, 1, 1, 1], 0, hidden).subarray(0, hidden), whole.subarray(0, hidden), "alone");
    assertSameBits(shorter.subarray(0, 3 * hidden), whole.subarray(0, 3 * hidden), "fewer rows");
  });

  test(`a running sum over steps is right in both directions on ${titleOf(machine)}`, () => {
    const rows = [4, 4, 2, 1];
    const total = 11;
    for (const reverse of [false, true]) {
      const p = new Assembly(machine);
      const x = p.buffer(Float32Array.from({ length: total }, (_, i) => i + 1));
      const [carry, out] = [p.buffer(4), p.buffer(total)];
      const [rowTable, offsets] = [p.buffer(Int32Array.from(rows)), p.buffer(Int32Array.from(offsetsOf(rows)))];
      p.loop(rows.length, rowTable, offsets, { reverse });
      p.tile(
        "active",
        1,
        [
          { buffer: carry, row: 1 },
          { buffer: x, row: 1, step: 1 },
          { buffer: out, row: 1, step: 1 },
        ],
        [
          ["load", 0, 0],
          ["load", 1, 1],
          ["add", 0, 0, 1],
          ["store", 0, 0, 0],
          ["store", 0, 2, 0],
        ],
      );
      p.endLoop();
      assert.equal(p.run().error, 0);
      const order = reverse ? [3, 2, 1, 0] : [0, 1, 2, 3];
      const starts = offsetsOf(rows);
      const sums = [0, 0, 0, 0];
      const expected = new Float32Array(total);
      for (const t of order)
        for (let r = 0; r < (rows[t] ?? 0); r++) {
          const at = (starts[t] ?? 0) + r;
          sums[r] = (sums[r] ?? 0) + at + 1;
          expected[at] = sums[r] ?? 0;
        }
      assertSameBits(p.f32(out), expected, `reverse ${reverse}`);
      p.free();
    }
  });

  test(`a batched product with one matrix per active row works in a loop on ${titleOf(machine)}`, () => {
    const [rows, k, n] = [[5, 3, 3], 4, 6];
    const matrices = Float32Array.from({ length: 5 * k * n }, (_, i) => (i % 13) - 6);
    const x = Float32Array.from({ length: 11 * k }, (_, i) => (i % 7) - 3);
    const starts = offsetsOf(rows);
    for (const threads of [1, 3]) {
      const p = new Assembly(machine);
      const [a, b, c] = [p.buffer(x), p.buffer(matrices), p.buffer(11 * n)];
      p.loop(rows.length, p.buffer(Int32Array.from(rows)), p.buffer(Int32Array.from(starts)));
      const views = [
        { buffer: a, step: k },
        { buffer: b, row: n },
        { buffer: c, step: n },
      ] as const;
      p.gemm([1, n, k, "active"], views, { batchStrides: [k, k * n, n] });
      p.endLoop();
      assert.equal(p.run({ threads }).error, 0);
      const expected = new Float64Array(11 * n);
      rows.forEach((count, t) => {
        for (let r = 0; r < count; r++)
          for (let j = 0; j < n; j++)
            for (let i = 0; i < k; i++) {
              const at = (starts[t] ?? 0) + r;
              expected[at * n + j] = (expected[at * n + j] ?? 0) + (x[at * k + i] ?? 0) * (matrices[(r * k + i) * n + j] ?? 0);
            }
      });
      assertNear(p.f32(c), expected, 0, `threads ${threads}`);
      p.free();
    }
  });

  test(`scatter in a serial loop adds step by step on ${titleOf(machine)}`, () => {
    const p = new Assembly(machine);
    const table = p.buffer(3);
    const [rowTable, offsets] = [p.buffer(Int32Array.from([2, 1])), p.buffer(Int32Array.from([0, 2]))];
    p.loop(2, rowTable, offsets, { serial: true });
    p.scatter(["active", 1, 3], 4, [
      { buffer: p.buffer([1, 2, 4]), row: 1, step: 1 },
      { buffer: p.buffer(Int32Array.from([0, 2, 2])), row: 1, step: 1 },
      { buffer: table, row: 1 },
    ]);
    p.endLoop();
    assert.equal(p.run({ threads: 4 }).error, 0);
    assert.deepEqual([...p.f32(table)], [1, 0, 6]);
    p.free();
  });
}
