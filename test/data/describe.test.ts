// A description says what reading found, in JSON, and points at what a network should not be given.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeTable } from "../../src/data/describe.js";
import type { TableDescription } from "../../src/data/description.js";
import { series } from "../../src/data/series.js";
import { parseTable, tableOf } from "../../src/data/table.js";
import { failure } from "../tasks/fakes.js";

const rows = 60;
const noise = (seed: number): number[] => {
  let state = seed;
  return Array.from({ length: rows }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 1000;
  });
};
const times = Array.from({ length: rows }, (_, i) => `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`);
const hintsOf = (found: TableDescription): string[] => found.hints.map(({ code, column }) => `${code} ${column}`);

test("columns that know the target too well are named", () => {
  const y = noise(7);
  const table = tableOf({
    month: times,
    y,
    copy: y,
    early: y.map((_, i) => y[i + 1] ?? null),
    late: y.map((_, i) => y[i - 1] ?? null),
    pounds: y.map((value) => 2.2 * value + 3),
    honest: noise(11),
    No: y.map((_, i) => i + 1),
  });
  const found = describeTable(table, { target: "y" });
  assert.deepEqual(hintsOf(found), ["row_number No", "same_as_target copy", "next_target early", "follows_target pounds"]);
});

test("two counters that rise together are no leak of one another", () => {
  const table = tableOf({ month: times, y: times.map((_, i) => i * 10 + (i % 3)), other: times.map((_, i) => i * 7 + (i % 2)) });
  assert.deepEqual(hintsOf(describeTable(table, { target: "y" })), []);
});

test("quantiles, deviation and outliers are those of numpy", () => {
  const found = describeTable(parseTable("v\n1\n2\n3\n4\n5\n6\n7\n8\n9\n200\n"));
  const { outliers, ...numbers } = found.columns[0]!.numbers!;
  assert.deepEqual(
    { ...numbers, q95: Number(numbers.q95.toPrecision(12)) },
    {
      ...{ mean: 24.5, deviation: 61.71844672921271, min: 1, q05: 1.45, q25: 3.25, median: 5.5, q75: 7.75, q95: 114.05, max: 200 },
      ...{ zeros: 0, negative: 0, isWhole: true },
    },
  );
  assert.deepEqual(outliers, { count: 1, first: [{ line: 11, value: 200 }] });
});

test("a column that tells the rows of one time apart is a candidate for the id", () => {
  const long = ["north", "south"].flatMap((shop) => times.map((time, i) => `${shop},${time},${i}`));
  const found = describeTable(parseTable(`shop,month,sales\n${long.join("\n")}\n`));
  assert.deepEqual(found.candidates, { time: ["month"], id: ["shop"], target: ["sales"] });
  assert.deepEqual(hintsOf(found), ["duplicate_times month"]);
  const asPanel = describeTable(parseTable(`shop,month,sales\n${long.join("\n")}\n`), { id: "shop" });
  assert.deepEqual(asPanel.series, { id: "shop", count: 2, shortest: rows, median: rows, longest: rows, skipped: [] });
  assert.deepEqual(asPanel.clock, {
    ...{ columns: ["month"], frequency: "monthly", season: 12, start: "2000-01", end: "2004-12" },
    ...{ gaps: 0, duplicates: 0, isSorted: true, dateOrder: null },
  });
});

test("two columns of words that tell rows apart together are named, by the description and by the error", async () => {
  const long = ["north", "south"].flatMap((shop) => ["a", "b"].flatMap((kind) => times.map((time, i) => `${shop},${kind},${time},${i}`)));
  const table = parseTable(`shop,kind,month,sales\n${long.join("\n")}\n`);
  const [hint] = describeTable(table).hints;
  assert.equal(hint!.message, "180 rows share their time with another. shop,kind tell them apart: --id shop,kind.");
  const error = await failure(() => series(table, { target: "sales" }));
  assert.match(error.message, /--id shop,kind for a series each, or --duplicates mean\.$/);
});

test("a column that is no time in a known form is pointed at", () => {
  const fiscal = times.map((_, i) => `Y${1992 + Math.floor(i / 4)} S${(i % 4) + 1}`);
  assert.deepEqual(hintsOf(describeTable(tableOf({ fiscal, y: noise(7) }))), ["unread_time fiscal"]);
});

test("a number far from all others that programs write for missing values is pointed at, and no other", () => {
  const of = (values: readonly number[]): string[] =>
    hintsOf(describeTable(tableOf({ month: times, y: [...values] }))).filter((hint) => hint.startsWith("missing_code"));
  const level = noise(7).map((value) => value / 25);
  for (const code of [-999, -9999, -99.9, 9999]) assert.deepEqual(of(level.with(3, code).with(40, code)), ["missing_code y"], String(code));
  for (const value of [-1, 0, 60, 99, -12_345]) assert.deepEqual(of(level.with(3, value)), [], String(value));
  assert.deepEqual(of(noise(7)), []);
  const [hint] = describeTable(tableOf({ month: times, y: level.with(3, -999).with(40, -999) })).hints;
  assert.equal(hint!.message, "-999 stands twice in y, far from all other values: if it means missing, add --missing -999.");
});

test("what reading would refuse is a hint with its code and sentence", () => {
  const found = describeTable(parseTable("when,v,w\n01/02/2020,1,\n02/03/2020,x,\n03/04/2020,3,\n04/05/2020,4,\n"));
  assert.deepEqual(hintsOf(found), ["ambiguous_dates when", "not_a_number v", "empty_column w"]);
  assert.deepEqual(found.columns[1]!.notNumbers, { count: 1, line: 3, cell: "x" });
});

test("a description survives JSON", () => {
  const found = describeTable(tableOf({ month: times, y: noise(3), empty: times.map(() => null), word: times.map(() => "a") }));
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
});

test("a column that is not there is an error", async () => {
  assert.equal((await failure(() => describeTable(tableOf({ a: [1, 2] }), { target: "b" }))).code, "unknown_column");
});
