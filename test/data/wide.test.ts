// A wide table is the panel that the same numbers in the long form are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { panel } from "../../src/data/panel.js";
import { parseTable } from "../../src/data/table.js";
import type { Panel, PanelOptions } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";

const of = (text: string, options: PanelOptions = {}): Panel => panel(parseTable(text, { wide: true }), { wide: true, ...options });
const valuesOf = (found: Panel): Record<string, number[]> => Object.fromEntries(found.series.map((one) => [one.id, [...one.values]]));

test("an id and its values in each row, as the files of the M competitions have them", () => {
  const found = of('"V1","V2","V3","V4"\n"H1","3","1",\n"H2","2","7","1"\n');
  assert.deepEqual(valuesOf(found), { H1: [3, 1], H2: [2, 7, 1] });
  assert.deepEqual([found.id, found.frequency, found.series[0]!.timeLabel(2)], ["V1", "row", "3"]);
});

test("rows may be longer than the header, whose last name says where values begin; columns before are static", () => {
  const rows = Array.from({ length: 12 }, (_, k) => `N${k},${k % 2 ? "MICRO" : "MACRO"},MONTHLY,18,${k},${k + 1},${k + 3}`);
  const found = of(`id,type,period,horizon,values...\n${rows.join("\n")}\n`);
  assert.deepEqual([found.series.length, found.frequency, found.season], [12, "monthly", 12]);
  assert.deepEqual([...found.series[3]!.values], [3, 4, 6]);
  assert.deepEqual(
    found.statics.map((column) => column.name),
    ["type"],
  );
});

test("a wide file without a header loses no series", () => {
  assert.deepEqual(valuesOf(of("a,5,5,6\nb,7,8,9\n")), { a: [5, 5, 6], b: [7, 8, 9] });
});

test("times in the header are the clock, in any order", () => {
  const found = of("product,Mar 2020,Jan 2020,Feb 2020\nsoap,3,1,2\nsalt,,4,5\n");
  assert.deepEqual(valuesOf(found), { soap: [1, 2, 3], salt: [4, 5] });
  assert.deepEqual([found.frequency, found.season, found.series[1]!.timeLabel(2)], ["monthly", 12, "2020-03"]);
  assert.deepEqual(of("country,2018,2019,2021\nA,1,2,3\nB,,5,9\n").series[1]!.timeLabel(0), "2019");
});

test("a column of totals beside the times is no value, and lines above a much wider header are none of the table", () => {
  const found = of("product,2018,2019,2020,Total\nsoap,1,2,3,6\nsalt,4,5,6,15\n");
  assert.deepEqual(valuesOf(found), { soap: [1, 2, 3], salt: [4, 5, 6] });
  assert.match(found.found.join("\n"), /left out, having no time: Total/);
  const bank = of('"Source","Bank",\n"Updated","2021-05-25",\n"Land","Code","2017","2018","2019","2020",\n"A","a","1","2","3","4",\n');
  assert.deepEqual([valuesOf(bank), bank.frequency], [{ A: [1, 2, 3, 4] }, "yearly"]);
});

test("a line of words much longer than the header is a header only if the next one is as long", async () => {
  const long = "Bert,Oslo,and more words,than columns,by far";
  for (const [text, line] of [
    [`name,city\nAnna,Rome\n${long}\nCara,Bonn\n`, 3],
    [`name,city\n${long}\n`, 2],
  ] as const)
    assert.equal((await failure(() => parseTable(text))).message, `line ${line} has 5 fields, the header 2. A quoted comma?`);
});

test("months of a year in columns are told to be rows of one series, with and without --wide", async () => {
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const text = `Year,${months.join(",")}\n${[2018, 2019, 2020].map((year) => [year, ...months.map((_, i) => (year % 7) + i)].join(",")).join("\n")}\n`;
  const error = await failure(() => panel(parseTable(text)));
  assert.match(error.message, /choose with --target\. If they are one series, a year in each row, write a row for each value\.$/);
  assert.match(of(text).found.join("\n"), /every column is taken for a series of its own: if they are one series/);
  assert.doesNotMatch(of("Year,Jan,Feb,Sum\n2018,1,2,3\n2019,2,3,5\n2020,1,5,6\n").found.join("\n"), /of its own/);
});

test("beside a time column each column is a series", () => {
  const found = of("day,north,south\n2020-01-02,2,\n2020-01-01,1,\n2020-01-03,3,5\n2020-01-04,2,6\n");
  assert.deepEqual(valuesOf(found), { north: [1, 2, 3, 2], south: [5, 6] });
  assert.equal(found.series[1]!.timeLabel(0), "2020-01-03");
});

test("a table of numbers without header or time has a series per column", () => {
  assert.deepEqual(valuesOf(of("1.5,7\n2.5,6\n3.5,9\n")), { c1: [1.5, 2.5, 3.5], c2: [7, 6, 9] });
});

test("a broken row is skipped with its reason and line", () => {
  const found = of("id,a,b,c\nA,1,x,3\nB,1,2,3\nC,,,\nD,4,4,4\n");
  assert.deepEqual(Object.keys(valuesOf(found)), ["B"]);
  assert.deepEqual(
    found.skipped.map(({ id, code }) => `${id} ${code}`),
    ["A not_a_number", "C all_missing", "D constant_target"],
  );
  assert.equal(found.skipped[0]!.message, 'line 2, b: "x" is not a number; if missing, add --missing x.');
});

test("columns called 1, 2, 3 ... are counted by the header, which is no series", () => {
  for (const first of [0, 1, 44_927]) {
    const names = Array.from({ length: 12 }, (_, i) => first + i);
    const rows = ["a", "b"].map((id, k) => `${id},${names.map((_, i) => i * i + k).join(",")}`);
    const found = panel(parseTable(`shop,${names.join(",")}\n${rows.join("\n")}\n`, { wide: true }), { wide: true });
    assert.deepEqual(
      found.series.map(({ id, values }) => [id, values.length, values[2]]),
      [
        ["a", 12, 4],
        ["b", 12, 5],
      ],
    );
  }
  const bare = panel(parseTable("a,1,2,4,3\nb,5,6,7,9\n", { wide: true }), { wide: true });
  assert.deepEqual(
    bare.series.map(({ id }) => id),
    ["a", "b"],
  );
});
