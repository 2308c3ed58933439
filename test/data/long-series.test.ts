// A series of millions of rows costs its values and little more: what is made of them is made where it is read.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DataError } from "../../src/base/errors.js";
import { makeFrame } from "../../src/data/frame.js";
import { carry } from "../../src/data/holes.js";
import { findSeason } from "../../src/data/season.js";
import { series } from "../../src/data/series.js";
import { parseTable } from "../../src/data/table.js";
import { measureScale, type Transform } from "../../src/data/transform.js";
import type { Table, TableOptions } from "../../src/data/types.js";
import { observedOrigins } from "../../src/tasks/forecast/observed.js";
import { arrayBytes } from "./array-bytes.js";

const plain: Transform = { log: false, seasonalLag: 0, relative: false, mean: 0, scale: 1, words: "", reasons: [] };
const second = (i: number): string => new Date(Date.UTC(2020, 0, 1) + 1000 * i).toISOString().slice(0, 19);

/** Levels row by row, as their definition says: lines across gaps, the first value before it, seasons carried on after the last. */
function bridgedOf(values: readonly number[], season: number): number[] {
  const levels = [...values];
  const [first, last] = [values.findIndex((value) => !Number.isNaN(value)), values.findLastIndex((value) => !Number.isNaN(value))];
  values.forEach((value, row) => {
    if (!Number.isNaN(value)) return;
    const left = values.findLastIndex((other, at) => at < row && !Number.isNaN(other));
    const right = values.findIndex((other, at) => at > row && !Number.isNaN(other));
    if (row < first) levels[row] = values[first]!;
    else if (row > last) levels[row] = carry((at) => levels[at]!, last, row, season);
    else levels[row] = values[left]! + ((values[right]! - values[left]!) * (row - left)) / (right - left);
  });
  return levels;
}

const holed = fc.array(fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 1, max: 50 }) }, fc.constant(Number.NaN)), {
  minLength: 1,
  maxLength: 60,
});

test("gaps are bridged by lines, and every missing row knows how old the last observed one is", () => {
  fc.assert(
    fc.property(holed, fc.integer({ min: 1, max: 8 }), (values, season) => {
      fc.pre(values.some((value) => !Number.isNaN(value)));
      const { levels, holes } = makeFrame(Float64Array.from(values), plain, season);
      assert.deepEqual(
        values.map((_, row) => levels.get(row)),
        bridgedOf(values, season),
      );
      const first = values.findIndex((value) => !Number.isNaN(value));
      const age = (row: number): number =>
        row <= first ? 0 : row - values.findLastIndex((value, at) => at <= row && !Number.isNaN(value));
      if (holes !== null)
        assert.deepEqual(
          values.map((_, row) => holes.ageAt(row)),
          values.map((_, row) => age(row)),
        );
    }),
  );
});

test("windows are counted as a list of them would be, complete ones first, of many every k-th from the newest", () => {
  const range = { from: fc.integer({ min: 0, max: 9 }), horizon: fc.integer({ min: 1, max: 6 }), most: fc.integer({ min: 1, max: 40 }) };
  fc.assert(
    fc.property(holed, fc.record({ ...range, season: fc.integer({ min: 1, max: 7 }) }), (values, { from, horizon, most, season }) => {
      fc.pre(values.some((value) => !Number.isNaN(value)));
      const to = values.length;
      const all = Array.from({ length: Math.max(0, to - horizon - from + 1) }, (_, i) => from + i);
      const missing = (origin: number): number => values.slice(origin, origin + horizon).filter(Number.isNaN).length;
      const enough = (list: readonly number[]): boolean => list.length > 0 && list.length >= Math.min(64, all.length / 2);
      const lists = [0, 0.25, 0.5].map((share) => all.filter((origin) => missing(origin) <= share * horizon));
      const found = observedOrigins(makeFrame(Float64Array.from(values), plain, season), { from, to, horizon, most, season });
      const expected = lists.find(enough) ?? (lists[2]!.length > 0 ? lists[2]! : all);
      assert.equal(found.bridged, lists.some(enough) ? [0, 0.25, 0.5][lists.findIndex(enough)] : 1);
      assert.deepEqual(
        found.origins,
        expected.filter((_, i) => (expected.length - 1 - i) % found.every === 0),
      );
    }),
  );
});

test("logarithms, lines across gaps and windows of a million rows are not kept", async () => {
  const rows = 1_000_000;
  for (const isSeen of [() => true, (row: number) => row % 1000 !== 7]) {
    const values = Float64Array.from({ length: rows }, (_, row) => (isSeen(row) ? 2 + Math.sin(row / 10) : Number.NaN));
    const before = await arrayBytes();
    const frame = makeFrame(values, { ...plain, log: true }, 60);
    const range = { from: 60, to: rows, horizon: 60, most: 100, season: 60 };
    const { origins } = observedOrigins(frame, range);
    const bytes = (await arrayBytes()) - before;
    assert.ok(bytes < rows / 8, `${bytes} bytes for ${rows} rows`);
    assert.deepEqual([origins.length > 50, frame.levels.get(0)], [true, Math.log(2)]);
  }
});

test("the scale of a long series is that of all its rows, whatever is taken out at once", () => {
  const rows = 1_200_000;
  const values = Float64Array.from({ length: rows }, (_, row) => ((row * 7919) % 1000) / 10 + (row > 1_100_000 ? 50 : 0));
  let [sum, count] = [0, 0];
  for (const h of [1, 2, 3])
    for (let row = 0; row + h < rows; row++) {
      sum += (values[row + h]! - values[row]!) ** 2;
      count++;
    }
  const { scale } = measureScale(values, { log: false, seasonalLag: 0, relative: true }, { horizon: 3, reasons: [] });
  assert.ok(Math.abs(scale / Math.sqrt(sum / count) - 1) < 1e-10, `${scale}`);
});

/** A function of its own, so that nothing of the text is held. */
function tableOfLines(header: string, lines: readonly string[], options?: TableOptions): Table {
  return parseTable(`${header}\n${lines.join("\n")}\n`, options);
}

test("places on a grid with gaps, rows merged and uneven times stay packed", async () => {
  const count = 100_000;
  const files = {
    gaps: (i: number) => [`${second(i + Math.floor(i / 1000))},${i % 100}`],
    twice: (i: number) => [`${second(i)},${i % 100}`, ...(i % 1000 === 0 ? [`${second(i)},${i % 100}`] : [])],
    uneven: (i: number) => [`${second(3 * i + ((i * 7919) % 3))},${i % 100}`],
  };
  for (const [name, linesAt] of Object.entries(files)) {
    const lines = Array.from({ length: count }, (_, i) => i).flatMap(linesAt);
    const table = tableOfLines("time,y", lines);
    const before = await arrayBytes();
    const one = series(table, { duplicates: "first" });
    const bytes = (await arrayBytes()) - before;
    // The target's values, and packed times where they follow no step; a list of doubles would be 8 more.
    assert.ok(bytes < 12 * count, `${name}: ${bytes} bytes for ${count} rows`);
    assert.equal(one.timeLabel(1999).replace(" ", "T"), /^[^,]*/.exec(lines[name === "twice" ? 2001 : name === "gaps" ? 1998 : 1999]!)![0]);
  }
});

test("columns that nobody will read keep their first and last cells, and say that they are left out", async () => {
  const count = 250_000;
  const drawn = (i: number, k: number): number => (i * 7919 + k * 31) % 10_007;
  const lines = Array.from({ length: count }, (_, i) => `${second(i)},${drawn(i, 0)},${drawn(i, 1)},${drawn(i, 2)},${drawn(i, 3)}`);
  lines.push("Total,7,8,9,9");
  const before = await arrayBytes();
  const table = tableOfLines("time,y,a,b,c", lines, { only: () => ["time", "y"] });
  const bytes = (await arrayBytes()) - before;
  // One column of numbers in 14 bits, the first quarter of three more.
  assert.ok(bytes < 4.5 * count, `${bytes} bytes for ${count} rows`);
  assert.deepEqual([table.names, table.columns.a!.cell(count), table.columns.b!.get(count)], [["time", "y", "a", "b", "c"], "8", 9]);
  assert.deepEqual([table.columns.a!.get(7), table.columns.b!.cell(7)], [drawn(7, 1), String(drawn(7, 2))]);
  const one = series(table, { time: "time", target: "y" });
  const all = series(tableOfLines("time,y,a,b,c", lines), { time: "time", target: "y" });
  assert.deepEqual([one.values, one.found], [all.values, all.found]);
  const isLeftOut = (error: unknown): boolean => error instanceof DataError && error.code === "column_left_out" && error.column === "a";
  for (const read of [
    () => table.columns.a!.get(70_000),
    () => table.columns.a!.numbers,
    () => series(table, { time: "time", target: "y", past: ["a"] }).past[0]!.values,
  ])
    assert.throws(read, isLeftOut);
});

test("times that repeat are told with the column that tells them apart, also where that is left out", () => {
  const lines = Array.from({ length: 70_000 }, (_, i) => `${second(i >> 1)},${i % 100},shop ${i % 2}`);
  const table = tableOfLines("time,y,shop", lines, { only: () => ["time", "y"] });
  assert.throws(() => series(table, { time: "time", target: "y" }), /--id shop for a series each/);
  const sorted = Array.from({ length: 140_000 }, (_, i) => `${second(i % 70_000)},${i % 100},shop ${Math.floor(i / 70_000)}`);
  const whole = tableOfLines("time,y,shop", sorted);
  assert.throws(() => series(whole, { time: "time", target: "y" }), /--id shop for a series each/);
  const left = tableOfLines("time,y,shop", sorted, { only: () => ["time", "y"] });
  assert.throws(() => series(left, { time: "time", target: "y" }), /--duplicates mean, or name --id/);
});

test("the season of a very long series without a calendar is that of its last quarter of a million rows", () => {
  const values = Float64Array.from({ length: 550_000 }, (_, i) =>
    i < 290_000 ? 10 * Math.sin((2 * Math.PI * i) / 17) : Math.sin((2 * Math.PI * i) / 8),
  );
  assert.equal(findSeason(values), 8);
});
