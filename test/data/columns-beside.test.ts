// Columns beside the target and the calendar are read where they lie, or computed where they are asked for: millions of rows cost no copies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarColumns } from "../../src/data/calendar.js";
import { numbersOf } from "../../src/data/number-store.js";
import { panel } from "../../src/data/panel.js";
import { RecentNumbers } from "../../src/data/recent-numbers.js";
import { parseTable } from "../../src/data/table.js";
import type { Panel } from "../../src/data/types.js";
import { arrayBytes } from "./array-bytes.js";

const minute = (i: number): string => new Date(Date.UTC(2020, 0, 1) + 60_000 * i).toISOString().slice(0, 16);
const beside = ["a", "b", "c", "d", "e", "f"];

/** One series with six columns beside it; `isThere` says which minutes have a row. */
async function minutes(count: number, isThere: (i: number) => boolean = () => true): Promise<Panel> {
  const rows = Array.from({ length: count }, (_, i) => i).filter(isThere);
  const lines = rows.map((i) => `${minute(i)},${(i * 7919) % 1000},${beside.map((_, k) => (i + k) % 100).join(",")}`);
  const table = parseTable(`time,y,${beside.join(",")}\n${lines.join("\n")}\n`);
  const before = await arrayBytes();
  const found = panel(table, { target: "y", past: beside.slice(0, 3), future: beside.slice(3) });
  const bytes = (await arrayBytes()) - before;
  // The target's values and packed cells; six columns of doubles would be four times that.
  assert.ok(bytes < 18 * count, `${bytes} bytes for ${count} rows`);
  return found;
}

test("six columns beside the target take no memory of their own", async () => {
  const [one] = (await minutes(100_000)).series;
  assert.deepEqual(
    [...one!.past, ...one!.future].map((column) => [column.length, column.get(99_999), column.get(100_000)]),
    beside.map((_, k) => [100_000, (99_999 + k) % 100, Number.NaN]),
  );
  assert.deepEqual([...one!.past[1]!.values.subarray(0, 3)], [1, 2, 3]);
});

test("with gaps in time they are kept packed, and missing where there is no row", async () => {
  const [one] = (await minutes(100_000, (i) => i % 10 !== 3)).series;
  assert.deepEqual([one!.values.length, one!.gaps], [100_000, 10_000]);
  for (const row of [0, 2, 3, 4, 50_003, 99_999]) {
    const expected = row % 10 === 3 ? Number.NaN : (row + 4) % 100;
    assert.deepEqual([row, one!.future[1]!.get(row)], [row, expected]);
  }
});

test("the calendar is computed near the rows that are asked for, once for rows that are asked for again", async () => {
  const [one] = (await minutes(100_000)).series;
  let asked = 0;
  const counted = {
    ...one!,
    timeAt(index: number): number {
      asked++;
      return one!.timeAt(index);
    },
  };
  const [sin, cos] = calendarColumns(counted, { parts: ["hour"] });
  asked = 0;
  for (let window = 0; window < 50; window++) for (let row = 70_000 + window; row < 70_180 + window; row++) sin!.get(row) + cos!.get(row);
  assert.ok(asked <= 512, `${asked} times`);
  const angle = 2 * Math.PI * ((70_000 % 1440) / 1440);
  assert.deepEqual([sin!.get(70_000), cos!.get(70_000)], [Math.sin(angle), Math.cos(angle)]);
});

test("numbers that are computed by blocks are those that were asked for, in any order", () => {
  const values = Float64Array.from({ length: 70_001 }, (_, i) => (i * 48_271) % 2_147_483_647);
  const recent = new RecentNumbers(numbersOf(values));
  for (let k = 0; k < 20_000; k++) {
    const index = (k * 7_919) % values.length;
    assert.equal(recent.get(index), values[index]);
  }
  assert.deepEqual([recent.length, recent.get(70_000), recent.get(0)], [70_001, values[70_000], values[0]]);
});
