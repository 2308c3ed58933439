// Times in any notation, order and frequency become one regular grid, and the season is found.

import assert from "node:assert/strict";
import { test } from "node:test";
import { series } from "../../src/data/series.js";
import { parseTable } from "../../src/data/table.js";
import { parseTime } from "../../src/data/time.js";
import type { Series, SeriesOptions } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";

const of = (times: readonly string[], options: SeriesOptions = {}): Series =>
  series(parseTable(`t,v\n${times.map((time, i) => `${time},${i + 1}`).join("\n")}\n`), { time: "t", target: "v", ...options });
const days = (count: number, step = 1): string[] =>
  Array.from({ length: count }, (_, i) => new Date(Date.UTC(2020, 0, 1 + i * step)).toISOString().slice(0, 10));

test("times are read in every notation", () => {
  const iso = (cell: string): string | null => {
    const time = parseTime(cell, "dmy");
    return time === null ? null : new Date(time.ms).toISOString();
  };
  assert.equal(iso("2020-02-29"), "2020-02-29T00:00:00.000Z");
  assert.equal(iso("2020/2/9 7:05"), "2020-02-09T07:05:00.000Z");
  assert.equal(iso("2020-02-29T23:59:59.5+02:00"), "2020-02-29T21:59:59.500Z");
  assert.equal(iso("29/2/2020"), "2020-02-29T00:00:00.000Z");
  assert.equal(iso("29.2.20 12:00"), "2020-02-29T12:00:00.000Z");
  assert.equal(iso("2020Q3"), "2020-07-01T00:00:00.000Z");
  assert.equal(iso("Mar 2020"), "2020-03-01T00:00:00.000Z");
  assert.equal(iso("2020M11"), "2020-11-01T00:00:00.000Z");
  for (const wrong of ["2021-02-29", "2020-13", "31/4/2020", "2020-01-01 25:00", "hello", "12", "Foo 2020"])
    assert.equal(iso(wrong), null, wrong);
});

test("a day above 12 decides the order of all dates", () => {
  assert.equal(of(["01/02/2020", "13/02/2020", "25/02/2020"]).dateOrder, "dmy");
  assert.equal(of(["01/02/2020", "01/13/2020", "01/24/2020"]).timeLabel(0), "2020-01-02");
  assert.equal(of(["01/02/2020", "01/03/2020", "01/04/2020"], { dateOrder: "mdy" }).frequency, "daily");
});

test("the frequency is the commonest step", () => {
  const stamps = (step: number): string[] =>
    Array.from({ length: 30 }, (_, i) => new Date(Date.UTC(2020, 0, 1) + i * step).toISOString().slice(0, 19));
  assert.equal(of(stamps(3_600_000)).frequency, "hourly");
  assert.equal(of(stamps(900_000)).frequency, "15 minutes");
  assert.equal(of(stamps(7 * 86_400_000)).frequency, "weekly");
  assert.equal(of(days(30)).frequency, "daily");
  assert.equal(of(["2000", "2001", "2002"]).frequency, "yearly");
  assert.equal(of(["2000-Q1", "2000-Q2", "2000-Q3"]).frequency, "quarterly");
  assert.equal(of(["2000-01-31", "2000-02-29", "2000-03-31", "2000-04-30"]).frequency, "monthly");
  assert.equal(of(days(60).filter((day) => ![0, 6].includes(new Date(day).getUTCDay()))).frequency, "business daily");
});

test("labels continue the calendar beyond the last row", () => {
  assert.equal(of(["2000-01-31", "2000-02-29", "2000-03-31", "2000-04-30"]).timeLabel(13), "2001-02-28");
  assert.equal(of(["2000-Q1", "2000-Q2", "2000-Q3"]).timeLabel(4), "2001-Q1");
  assert.equal(of(days(60).filter((day) => ![0, 6].includes(new Date(day).getUTCDay()))).timeLabel(43), "2020-03-02");
  assert.equal(of(["2020-01-01T00:00", "2020-01-01T01:00"]).timeLabel(25), "2020-01-02T01:00");
});

test("epochs in seconds and milliseconds are times", () => {
  const first = Date.UTC(2021, 5, 1) / 1000;
  for (const scale of [1, 1000]) {
    const found = of([0, 86_400, 172_800].map((s) => String((first + s) * scale)));
    assert.deepEqual([found.frequency, found.timeLabel(0).slice(0, 10)], ["daily", "2021-06-01"]);
  }
});

test("rows in any order give the same series", () => {
  const times = days(20);
  const shuffled = times.map((_, i) => (i * 7) % 20);
  const table = parseTable(`t,v\n${shuffled.map((i) => `${times[i]},${i}`).join("\n")}\n`);
  assert.deepEqual(
    [...series(table).values],
    times.map((_, i) => i),
  );
});

test("steps without a row are NaN and are counted", () => {
  const found = of(["2020-01", "2020-02", "2020-05", "2020-06"]);
  assert.deepEqual([...found.values], [1, 2, Number.NaN, Number.NaN, 3, 4]);
  assert.equal(found.gaps, 2);
});

test("duplicates are merged as asked", () => {
  const times = ["2020-01", "2020-01", "2020-02", "2020-03"];
  const merged = (duplicates: "mean" | "first" | "last" | "sum"): number => of(times, { duplicates }).values[0]!;
  assert.deepEqual([merged("mean"), merged("first"), merged("last"), merged("sum")], [1.5, 1, 2, 3]);
  assert.equal(of(times, { duplicates: "sum" }).duplicates, 1);
});

test("the time column is found, also when it is split", () => {
  const found = (text: string): readonly string[] => series(parseTable(text), { target: "v" }).timeColumns;
  assert.deepEqual(found("n,when,v\n1,2020-01,5\n2,2020-02,6\n"), ["when"]);
  assert.deepEqual(found("Date,Time,v\n2020-01-01,00:00,5\n2020-01-01,01:00,6\n"), ["Date", "Time"]);
  assert.deepEqual(found("year,month,v\n2020,1,5\n2020,2,6\n"), ["year", "month"]);
  assert.deepEqual(found("Year,v\n1990,5\n1991,6\n"), ["Year"]);
  assert.deepEqual(found("x,v\n3,5\n4,6\n"), []);
});

test("without times rows are numbered and the season is found in the values", () => {
  const values = Array.from({ length: 120 }, (_, i) => Math.round(100 * Math.sin((2 * Math.PI * i) / 9) + i));
  const found = series(parseTable(values.join("\n")));
  assert.deepEqual([found.season, found.frequency, found.timeLabel(120)], [9, "row", "121"]);
});

test("noise has no season", () => {
  let state = 1;
  const values = Array.from({ length: 200 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 1000;
  });
  assert.equal(series(parseTable(values.join("\n"))).season, 1);
});

test("times without a regular step keep their order", () => {
  const found = of(["2020-01-01", "2020-01-02", "2020-01-03T07:31", "2020-02-20", "2020-03-21T01:13"]);
  assert.deepEqual([found.frequency, found.values.length], ["irregular", 5]);
});

test("frequencies have the names of pandas as well", () => {
  for (const [name, frequency] of [
    ["D", "daily"],
    ["2D", "2 days"],
    ["W-SUN", "weekly"],
    ["MS", "monthly"],
    ["Q", "quarterly"],
    ["15min", "15 minutes"],
    ["1H", "hourly"],
  ])
    assert.equal(series(parseTable("1\n2\n4\n"), { frequency: name! }).frequency, frequency);
});

test("a given frequency has to fit", async () => {
  assert.equal((await failure(() => of(days(40), { frequency: "monthly" }))).code, "bad_frequency");
  assert.equal(of(days(10, 2), { frequency: "daily" }).gaps, 9);
});

test("a table of several series is no series: the first one is not taken in silence", async () => {
  const rows = ["a", "b"].map((id) => `${id},2024-01-01,1\n${id},2024-01-02,2\n`).join("");
  const { message } = await failure(() => series(parseTable(`unique_id,ds,y\n${rows}`, { file: "two.csv" })));
  assert.equal(message, "two.csv holds 2 series, told apart by unique_id. Read them with panel().");
});
