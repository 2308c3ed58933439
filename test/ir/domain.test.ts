// Tables of time domains: hand-made lengths, and the laws that tie the tables together.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { makeDomainTables } from "../../src/ir/core/domain.js";
import { domainTables } from "../../src/ir/core/node.js";

function list(values: Int32Array): number[] {
  return Array.from(values);
}

describe("time domains", () => {
  it("lengths [2, 0, 3] of 3 steps", () => {
    const { steps, rows, offsets, tables } = makeDomainTables(3, 3, [2, 0, 3]);
    assert.equal(steps, 5);
    assert.deepEqual(
      [list(rows), list(offsets)],
      [
        [2, 2, 1],
        [0, 2, 4],
      ],
    );
    assert.deepEqual(list(tables.order), [2, 0, 1]);
    assert.deepEqual(list(tables.inverse), [1, 2, 0]);
    assert.deepEqual(list(tables.lengths), [3, 2, 0]);
    assert.deepEqual(list(tables.pack), [6, 0, 7, 1, 8]);
    assert.deepEqual(list(tables.unpack), [1, 3, -1, -1, -1, -1, 0, 2, 4]);
    assert.deepEqual(list(tables.row), [0, 1, 0, 1, 0]);
    assert.deepEqual(list(tables.step), [0, 0, 1, 1, 2]);
    assert.deepEqual(list(tables.origin), [2, 0, 2, 0, 2]);
    assert.deepEqual(list(tables.previous), [0, 1, 3, 4, 5]);
    assert.deepEqual(list(tables.following), [5, 6, 7, 1, 0]);
  });
  it("lengths [7, 0, 3] leave 4 steps with one row", () => {
    const { steps, rows } = makeDomainTables(3, 7, [7, 0, 3]);
    assert.equal(steps, 10);
    assert.deepEqual(list(rows), [2, 2, 2, 1, 1, 1, 1]);
  });
  it("equal lengths keep the order of the batch", () => {
    assert.deepEqual(list(makeDomainTables(5, 4, [2, 4, 2, 4, 2]).tables.order), [1, 3, 0, 2, 4]);
  });
  it("without lengths every row has every step, in the order of the batch", () => {
    const all = makeDomainTables(2, 3, null);
    assert.deepEqual(all, makeDomainTables(2, 3, [3, 3]));
    assert.deepEqual(list(all.tables.order), [0, 1]);
    assert.deepEqual(list(all.tables.pack), [0, 3, 1, 4, 2, 5]);
  });
  it("all lengths zero, no rows and no steps are domains without steps", () => {
    for (const empty of [
      makeDomainTables(2, 3, [0, 0]),
      makeDomainTables(0, 3, []),
      makeDomainTables(2, 0, [0, 0]),
      makeDomainTables(2, 0, null),
    ]) {
      assert.equal(empty.steps, 0);
      assert.equal(empty.tables.pack.length, 0);
      assert.ok(list(empty.tables.unpack).every((at) => at === -1));
    }
  });
  it("the tables of any lengths fit together", () => {
    const anyLengths = fc.tuple(fc.nat(6), fc.array(fc.nat(6), { maxLength: 6 }));
    fc.assert(
      fc.property(anyLengths, ([spare, lengths]) => {
        const batch = lengths.length;
        const time = Math.max(0, ...lengths) + (spare % 3);
        const { steps, rows, offsets, tables } = makeDomainTables(batch, time, lengths);
        assert.equal(
          steps,
          lengths.reduce((sum, length) => sum + length, 0),
        );
        for (let row = 0; row < batch; row++) {
          assert.equal(tables.inverse[tables.order[row]!], row);
          assert.equal(tables.lengths[row], lengths[tables.order[row]!]);
        }
        for (let n = 0; n < steps; n++) {
          const [row, t] = [tables.row[n]!, tables.step[n]!];
          assert.equal(n, offsets[t]! + row);
          assert.ok(row < rows[t]!);
          assert.equal(tables.origin[n], tables.order[row]);
          assert.equal(tables.pack[n], tables.origin[n]! * time + t);
          assert.equal(tables.unpack[tables.pack[n]!], n);
          const [before, after] = [tables.previous[n]! - batch, tables.following[n]! - batch];
          assert.deepEqual(before < 0 ? [before + batch, -1] : [tables.row[before], tables.step[before]], [row, t - 1]);
          assert.deepEqual(after < 0 ? [after + batch, lengths[tables.origin[n]!]] : [tables.row[after], tables.step[after]], [row, t + 1]);
        }
        assert.equal(list(tables.unpack).filter((at) => at >= 0).length, steps);
        assert.deepEqual(Object.keys(tables).sort(), [...domainTables].sort());
      }),
      { numRuns: 100 },
    );
  });
  for (const [name, lengths] of Object.entries({
    negative: [1, -1],
    "too long": [1, 4],
    fractional: [1, 1.5],
    missing: [1],
    "too many": [1, 2, 3],
  })) {
    it(`${name} lengths are refused`, () => {
      assert.throws(() => makeDomainTables(2, 3, lengths), { code: "bad_lengths" });
    });
  }
});
