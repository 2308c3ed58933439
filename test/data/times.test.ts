// Times are read in every form that the manual names, and written back as fine as they were.

import assert from "node:assert/strict";
import { test } from "node:test";
import { panel } from "../../src/data/panel.js";
import { series } from "../../src/data/series.js";
import { parseTable } from "../../src/data/table.js";
import { formatTime, looksLikeTime, parseTime, timeOfNumber } from "../../src/data/time.js";
import { failure } from "../tasks/fakes.js";

const read = (cell: string): string | null => {
  const time = parseTime(cell, null);
  return time === null ? null : formatTime(time.ms, time.precision);
};

test("quarters, weeks and months by name are times, whichever part comes first", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["1959Q1", "1959-Q1"],
    ["Q4 1959", "1959-Q4"],
    ["q2-1959", "1959-Q2"],
    ["2020-W53", "2020-12-28"],
    ["2015W01", "2014-12-29"],
    ["2015-W01-4", "2015-01-01"],
    ["Jan-99", "1999-01"],
    ["Sept 2004", "2004-09"],
    ["31 Dec 1999", "1999-12-31"],
    ["1-Mar-05", "2005-03-01"],
    ["Feb 29, 2020", "2020-02-29"],
    ["5 May 2020 17:30", "2020-05-05T17:30"],
    ["09/2004", "2004-09"],
    ["12-1999", "1999-12"],
    ["01JAN2023", "2023-01-01"],
    ["31/Dec/1999", "1999-12-31"],
  ];
  for (const [cell, time] of forms) assert.equal(read(cell), time, cell);
  for (const cell of ["4/2019", "13/2019", "00/2019", "12LBS99"]) assert.equal(read(cell), null, cell);
});

test("quarters of a financial year are counted by the year that is written, and go on in the same words", () => {
  for (const cell of ["FY21 Q3", "FY2021Q3", "Q3 FY2021", "q3-fy21"]) assert.equal(read(cell), "FY2021 Q3", cell);
  const rows = ["FY20 Q3", "FY20 Q4", "FY21 Q1", "FY21 Q3", "FY21 Q4"].map((time, i) => `${time},${i}`).join("\n");
  const found = series(parseTable(`Period,Sales\n${rows}\n`));
  assert.deepEqual([found.frequency, found.season, found.gaps], ["quarterly", 4, 1]);
  assert.deepEqual([found.timeLabel(0), found.timeLabel(3), found.timeLabel(6)], ["FY2020 Q3", "FY2021 Q2", "FY2022 Q1"]);
});

test("months are read in the languages of spreadsheets, and weekdays before a date are passed over", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["janv. 2012", "2012-01"],
    ["août 2012", "2012-08"],
    ["déc. 2012", "2012-12"],
    ["ene-12", "2012-01"],
    ["septiembre 2012", "2012-09"],
    ["4 maggio 2012", "2012-05-04"],
    ["out 2012", "2012-10"],
    ["mrt 2012", "2012-03"],
    ["2012-M07", "2012-07"],
    ["Monday, March 04, 2019", "2019-03-04"],
    ["Mon Mar 04 2019", "2019-03-04"],
    ["Thu, 07 Mar 2019 12:30:00 GMT", "2019-03-07T12:30"],
  ];
  for (const [cell, time] of forms) assert.equal(read(cell), time, cell);
  for (const cell of ["Sunny 2019", "Sun", "jui 2012", "Monda 4 March 2019"]) assert.equal(read(cell), null, cell);
});

test("days, weeks and hours that do not exist are no times", () => {
  for (const cell of [
    "2021-W53",
    "2020-W00",
    "30 Feb 2020",
    "Feb 29, 2021",
    "12 Angry 1957",
    "2020-01-01 13:00 pm",
    "2020-01-01 0:30 am",
    "Q5 2000",
  ])
    assert.equal(looksLikeTime(cell), false, cell);
});

test("the twelve-hour clock begins its halves at midnight and noon", () => {
  const hours = ["12:00 AM", "1:30 am", "12:00 PM", "11:59 p.m."].map((clock) => read(`2000-01-02 ${clock}`));
  assert.deepEqual(hours, ["2000-01-02T00:00", "2000-01-02T01:30", "2000-01-02T12:00", "2000-01-02T23:59"]);
});

test("the same instant is read from seconds, milliseconds, microseconds and nanoseconds", () => {
  for (const scale of [1, 1e3, 1e6, 1e9]) assert.equal(timeOfNumber(1_577_836_800 * scale)?.ms, 1_577_836_800_000);
});

test("steps below a second keep their labels apart", () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${1_577_836_800 + i / 2},${i % 7}`);
  const found = series(parseTable(`time,Load\n${rows.join("\n")}\n`));
  assert.equal(found.frequency, "500 ms");
  assert.deepEqual(
    [found.timeLabel(39), found.timeLabel(40), found.timeLabel(41)],
    ["2020-01-01T00:00:19.500", "2020-01-01T00:00:20.000", "2020-01-01T00:00:20.500"],
  );
});

test("a step of one minute is called so, and has the season of an hour", () => {
  const rows = Array.from(
    { length: 400 },
    (_, i) => `2020-01-01 ${String(Math.floor(i / 60)).padStart(2, "0")}:${String(i % 60).padStart(2, "0")},${i % 60}`,
  );
  const found = series(parseTable(`Time,Load\n${rows.join("\n")}\n`));
  assert.deepEqual([found.frequency, found.season], ["1 minute", 60]);
});

test("labels go on past the year 9999", () => {
  assert.equal(formatTime(Date.UTC(10_000, 6, 1), "month"), "+010000-07");
  assert.equal(formatTime(1e18, "day"), String(1e18));
});

test("a numeric column called ts that holds epochs is the time", () => {
  const rows = Array.from({ length: 30 }, (_, i) => `${1_577_836_800 + i * 3600},${i}`);
  const found = series(parseTable(`ts,Load\n${rows.join("\n")}\n`));
  assert.deepEqual([found.timeColumns, found.frequency, found.name], [["ts"], "hourly", "Load"]);
});

test("year and quarter in two columns are quarters, found or named in any order", () => {
  const rows = Array.from({ length: 24 }, (_, i) => `${1990 + (i >> 2)},${(i % 4) + 1},${i * i}`);
  const table = parseTable(`year,quarter,Sales\n${rows.join("\n")}\n`);
  for (const time of [undefined, "year,quarter", "quarter,year"]) {
    const found = series(table, { target: "Sales", ...(time === undefined ? {} : { time }) });
    assert.deepEqual([found.frequency, found.timeLabel(0), found.timeLabel(24)], ["quarterly", "1990-Q1", "1996-Q1"]);
  }
});

test("--time without a name is an error, and a date against the order of the others says which order", async () => {
  const empty = await failure(() => series(parseTable("Day,Sales\n2020-01-01,1\n"), { time: " , " }));
  assert.equal(empty.message, "--time names no column. Leave it out to have the time found.");
  const mixed = await failure(() => series(parseTable("Day,Sales\n13/01/2020,1\n01/14/2020,2\n02/02/2020,2\n")));
  assert.equal(mixed.message, 'line 3, Day: "01/14/2020" is not a date or time. Dates are read day first here.');
});

test("one column without a known separator asks for one", async () => {
  const error = await failure(() => series(parseTable("Month:Sales\n2020-01:1\n2020-02:2\n", { file: "sales.csv" })));
  assert.equal(error.message, "sales.csv has no numeric column to forecast. Columns are separated by commas, semicolons or tabs.");
});

test("a quote that is never closed is shown where it was opened", async () => {
  const error = await failure(() => parseTable('a,b\n1,"x\ny"\n2,"z\n3,4\n5,6\n'));
  assert.equal(error.message, 'line 4: a quote is opened and never closed. Double it ("") or quote the whole field.');
  assert.equal(error.line, 4);
});

test("numbers of steps under a usual name are the time, in any order and beginning again in each series; other numbers are not", () => {
  const timed = (name: string, times: readonly number[]): readonly (readonly string[] | number)[] => {
    const found = series(parseTable(`${name},y\n${times.map((time, i) => `${time},${i}`).join("\n")}\n`), { target: "y" });
    return [found.timeColumns, ...found.values];
  };
  assert.deepEqual(timed("t", [1, 2, 3, 4]), [["t"], 0, 1, 2, 3]);
  assert.deepEqual(timed("Step", [30, 10, 20, 0]), [["Step"], 3, 1, 2, 0]);
  assert.deepEqual(timed("index", [7, 8, 9]), [["index"], 0, 1, 2]);
  assert.deepEqual(timed("time", [0, 5, 10]), [["time"], 0, 1, 2]);
  for (const [name, times] of [
    ["x", [1, 2, 3]],
    ["t", [1, 2, 4]],
    ["t", [1, 1, 2]],
    ["t", [0.5, 1, 1.5]],
  ] as const)
    assert.deepEqual(timed(name, times)[0], []);
  const shops = panel(parseTable("shop,t,sold\na,1,5\na,2,6\na,3,9\nb,1,2\nb,2,4\nb,3,3\n"), { id: "shop" });
  assert.deepEqual([shops.timeColumns, shops.targets, shops.series.map(({ timeLabel }) => timeLabel(2))], [["t"], ["sold"], ["3", "3"]]);
  // An hour that comes again in a series is none.
  const hourly = panel(parseTable("shop,hour,sold\na,1,5\na,2,6\na,1,9\na,2,8\nb,1,2\nb,2,4\n"), { id: "shop", target: "sold" });
  assert.deepEqual(hourly.timeColumns, []);
  const mixed = panel(parseTable("shop,t,sold\na,1,5\nb,4,2\na,3,6\nb,6,4\na,5,9\n"), { id: "shop" });
  assert.deepEqual([mixed.timeColumns, mixed.series.length], [["t"], 2]);
  const dated = series(parseTable("t,day,y\n1,2024-01-02,5\n2,2024-01-01,6\n3,2024-01-03,9\n"), { target: "y" });
  assert.deepEqual([dated.timeColumns, [...dated.values]], [["day"], [6, 5, 9]]);
});

test("what is finer than a millisecond is left out and said, and rows that differ only there are not called repeated without it", async () => {
  const told = (rows: readonly string[]): readonly string[] =>
    series(parseTable(`time,y\n${rows.map((row, i) => `${row},${i}`).join("\n")}\n`)).found;
  const said = "times are read to the millisecond: what is finer is left out";
  const at = (fraction: string): string => `2024-01-01T00:00:00.${fraction}`;
  assert.ok(told([at("0011"), at("0021"), at("0031")]).includes(said));
  assert.ok(told(["1704067200000100", "1704067200002100", "1704067200004100"]).includes(said));
  assert.ok(!told([at("001000"), at("002000"), at("003")]).includes(said));
  assert.ok(!told(["1704067200.001", "1704067200.002", "1704067200.003"]).includes(said));
  const repeated = await failure(() => told([at("0011"), at("0012"), at("0021")]));
  assert.equal(repeated.message, `${at("0011")} appears twice (lines 2, 3), for ${said}: --duplicates mean, or name --id.`);
});

test("numbers such as 202407 are weeks in a column of weeks, and months elsewhere", () => {
  const weeks = Array.from({ length: 60 }, (_, i) => (i < 52 ? 202301 + i : 202401 + i - 52));
  const read = (name: string, numbers: readonly number[]): unknown => {
    const found = series(parseTable(`${name},v\n${numbers.map((number, i) => `${number},${i * i}`).join("\n")}\n`), { target: "v" });
    return [found.frequency, found.timeLabel(0), found.gaps];
  };
  for (const name of ["YearWeek", "year_week", "Week"]) assert.deepEqual(read(name, weeks), ["weekly", "2023-01-02", 0], name);
  assert.deepEqual(read("Week", weeks.slice(0, 12)), ["weekly", "2023-01-02", 0]);
  assert.deepEqual(read("YearMonth", weeks.slice(0, 12)), ["monthly", "2023-01", 0]);
});

test("of a time that repeats often the first lines are named, and how many more there are", async () => {
  const { message } = await failure(() =>
    series(parseTable(`t,v\n2020-01-01,0\n${"2020-01-02,1\n".repeat(9)}`), { time: "t", target: "v" }),
  );
  assert.equal(message.replace(/:.*/, ""), "2020-01-02 appears 9 times (lines 3, 4, 5, 6, 7, 8 and 3 more)");
});
