// Clocks as people keep them: daylight saving, weeks of retailers, last working days, business hours, totals, titles.

import assert from "node:assert/strict";
import { test } from "node:test";
import { series } from "../../src/data/series.js";
import { parseTable } from "../../src/data/table.js";
import { timeGaps } from "../../src/data/time-gaps.js";
import type { Series, SeriesOptions } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";

const dayMs = 86_400_000;
const of = (text: string, options: SeriesOptions = {}): Series => series(parseTable(text), options);
const iso = (ms: number, length = 10): string => new Date(ms).toISOString().slice(0, length).replace("T", " ");
const column = (count: number, time: (i: number) => string, value = (i: number): number | string => i): string =>
  `time,v\n${Array.from({ length: count }, (_, i) => `${time(i)},${value(i)}`).join("\n")}\n`;
/** Central European time in 2023. */
const offset = (ms: number): number => (ms >= Date.UTC(2023, 2, 26, 1) && ms < Date.UTC(2023, 9, 29, 1) ? 2 : 1);
const halfHour = (i: number): number => Date.UTC(2022, 11, 31, 23) + i * 1_800_000;

test("local half hours over a year have one grid: what is there twice is averaged, what is not there is missing", () => {
  const found = of(column(48 * 365, (i) => iso(halfHour(i) + offset(halfHour(i)) * 3_600_000, 16)));
  assert.deepEqual([found.frequency, found.season, found.values.length, found.gaps, found.duplicates], ["30 minutes", 48, 17_520, 2, 2]);
  const at = (time: string): number => Array.from(found.values.keys()).findIndex((i) => found.timeLabel(i) === time);
  assert.ok(Number.isNaN(found.values[at("2023-03-26T02:00")]));
  const first = at("2023-10-29T01:30");
  assert.deepEqual([...found.values.subarray(first, first + 4)], [14_449, 14_451, 14_452, 14_454]);
  assert.ok(found.found.includes("2 times are there twice as clocks were set back: averaged"));
});

test("times with a zone have no repeated hour, and labels say that they are in UTC", () => {
  const local = (i: number): string => `${iso(halfHour(i) + offset(halfHour(i)) * 3_600_000, 16)}+0${offset(halfHour(i))}:00`;
  const found = of(column(48 * 365, local));
  assert.deepEqual([found.values.length, found.gaps, found.duplicates, found.timeLabel(0)], [17_520, 0, 0, "2022-12-31T23:00Z"]);
});

test("an hour that is there twice on another day is a mistake, and asked for it is one in autumn as well", async () => {
  const twice = (day: string): string => `time,v\n${day} 00:00,1\n${day} 01:00,1\n${day} 02:00,1\n${day} 02:00,2\n${day} 03:00,1\n`;
  assert.equal((await failure(() => of(twice("2023-10-30")))).code, "duplicate_times");
  assert.equal((await failure(() => of(twice("2023-10-29"), { duplicates: "error" }))).code, "duplicate_times");
  assert.deepEqual([...of(twice("2023-10-29")).values], [1, 1, 1.5, 1]);
});

test("months of four, four and five weeks are months", () => {
  const starts = [Date.UTC(2023, 0, 1)];
  for (let i = 0; i < 35; i++) starts.push(starts.at(-1)! + [4, 4, 5][i % 3]! * 7 * dayMs);
  const found = of(column(36, (i) => iso(starts[i]!)));
  assert.deepEqual([found.frequency, found.season, found.gaps], ["4-4-5 weeks", 12, 0]);
  assert.deepEqual([found.timeLabel(35), found.timeLabel(36), found.timeLabel(37)], [iso(starts[35]!), "2025-12-28", "2026-01-25"]);
});

test("last working days are months, and go on as such", () => {
  const last = (i: number): number => {
    let ms = Date.UTC(2020, i + 1, 0);
    while ([0, 6].includes(new Date(ms).getUTCDay())) ms -= dayMs;
    return ms;
  };
  const found = of(column(36, (i) => iso(last(i))));
  assert.deepEqual([found.frequency, found.gaps, found.timeLabel(1), found.timeLabel(39)], ["monthly", 0, iso(last(1)), iso(last(39))]);
});

test("weeks may begin on any day, and thirteen of them are a quarter", () => {
  assert.equal(of(column(60, (i) => iso(Date.UTC(2020, 0, 5) + i * 7 * dayMs))).frequency, "weekly");
  const quarters = of(column(12, (i) => iso(Date.UTC(2020, 2, 28) + i * 91 * dayMs)));
  assert.deepEqual([quarters.frequency, quarters.season], ["13 weeks", 4]);
});

test("hours of business follow each other without the nights between", () => {
  const found = of(
    column(
      200,
      (i) => `${iso(Date.UTC(2020, 0, 6) + Math.floor(i / 9) * dayMs)} ${String(9 + (i % 9)).padStart(2, "0")}:00`,
      (i) => i % 9,
    ),
  );
  assert.deepEqual([found.values.length, found.season, found.gaps], [200, 9, 0]);
});

test("numbers are days of a spreadsheet, fractions of a year, or compact months where the column says so", () => {
  const first = (name: string, number: (i: number) => string): string[] => {
    const found = of(column(30, number).replace("time", name), { target: "v" });
    return [found.frequency, found.timeLabel(0), found.timeLabel(30)];
  };
  assert.deepEqual(
    first("Date", (i) => String(45_292 + i)),
    ["daily", "2024-01-01", "2024-01-31"],
  );
  assert.deepEqual(
    first("Date", (i) => String(45_292 + i / 24)),
    ["hourly", "2024-01-01T00:00", "2024-01-02T06:00"],
  );
  assert.deepEqual(
    first("time", (i) => (1949 + i / 12).toFixed(3)),
    ["monthly", "1949-01", "1951-07"],
  );
  assert.deepEqual(
    first("time", (i) => (1949 + i / 4).toFixed(2)),
    ["quarterly", "1949-01", "1956-07"],
  );
  assert.deepEqual(
    first("Month", (i) => `${2019 + Math.floor(i / 12)}${String((i % 12) + 1).padStart(2, "0")}`),
    ["monthly", "2019-01", "2021-07"],
  );
  assert.deepEqual(of(Array.from({ length: 9 }, (_, i) => `${1980 + i},${i}`).join("\n")).frequency, "yearly");
});

test("year and week, and a second in a column of its own, are times", () => {
  const weeks = Array.from({ length: 20 }, (_, i) => `2020,${i + 1},${i}`).join("\n");
  assert.equal(of(`year,week,v\n${weeks}\n`).frequency, "weekly");
  const seconds = Array.from({ length: 20 }, (_, i) => `2020,1,1,0,0,${i},${i}`).join("\n");
  assert.equal(of(`year,month,day,hour,minute,second,v\n${seconds}\n`).frequency, "1 second");
});

test("dates that are regular in one order only are read in it", async () => {
  const monthly = Array.from({ length: 24 }, (_, i) => `${(i % 12) + 1}/1/${2020 + Math.floor(i / 12)},${i}`);
  const found = of(`time,v\n${monthly.join("\n")}\n`);
  assert.deepEqual([found.frequency, found.dateOrder, found.gaps], ["monthly", "mdy", 0]);
  assert.equal((await failure(() => of(`time,v\n${monthly.slice(0, 12).join("\n")}\n`))).code, "ambiguous_dates");
});

test("a row of totals at the end is left out and named", () => {
  const months = Array.from({ length: 12 }, (_, i) => `2020-${String(i + 1).padStart(2, "0")};${i},5`).join("\n");
  for (const total of ["Summe;66,00", "Grand Total;66", ";Total"]) {
    const found = of(`Monat;Umsatz\n${months}\n${total}\n`);
    assert.equal(found.values.length, 12, total);
    assert.match(found.found.join("\n"), /left out, having no time: (Summe|Grand Total|Total)/);
  }
  assert.equal(of(`Year,Sales\n${Array.from({ length: 12 }, (_, i) => `${2000 + i},${i}`).join("\n")}\nTotal,66\n`).values.length, 12);
});

test("seconds since 1970 that all fall on midnight are dates, others are not", () => {
  const epochs = (shift: number): string => Array.from({ length: 20 }, (_, i) => `${1_577_836_800 + 86_400 * i + shift},${i}`).join("\n");
  const [days, hours] = [of(`time,v\n${epochs(0)}\n`), of(`time,v\n${epochs(3600)}\n`)];
  assert.deepEqual([days.timeLabel(0), days.timeLabel(20)], ["2020-01-01", "2020-01-21"]);
  assert.equal(hours.timeLabel(0), "2020-01-01T01:00:00");
});

test("notes after the totals are no rows either, and a damaged date is still named", async () => {
  const months = Array.from({ length: 12 }, (_, i) => `2020-${String(i + 1).padStart(2, "0")},${i}`).join("\n");
  const found = of(`Month,Sales\n${months}\nTotal,66\n,\n"Source: our log, 2021",\n`);
  assert.deepEqual([found.values.length, found.missing], [12, 0]);
  assert.match(found.found.join("\n"), /left out, having no time: Total, Source: our log, 2021/);
  for (const last of ["2O21-01,7", "2O21-01,", "2021-Ol,", "2021-13,"])
    assert.equal((await failure(() => of(`Month,Sales\n${months}\n${last}\n`))).code, "bad_time", last);
});

test("a date and its hour in two columns are one time, in every order of dates, whether hours begin at 0 or end at 24", () => {
  const rows = (day: (i: number) => string, first: number): string =>
    Array.from({ length: 72 }, (_, i) => `${day(Math.floor(i / 24))};${(i % 24) + first};${i}`).join("\n");
  const forms: readonly (readonly [string, (i: number) => string, number, string])[] = [
    ["date;hour;v", (i) => `2020-01-0${i + 1}`, 0, "2020-01-01T00:00"],
    ["Datum;Stunde;v", (i) => `0${i + 1}.01.2020`, 0, "2020-01-01T00:00"],
    ["Date;HE;v", (i) => `01/${i + 13}/2020`, 1, "2020-01-13T01:00"],
  ];
  for (const [header, day, first, start] of forms) {
    const found = of(`${header}\n${rows(day, first)}\n`);
    assert.deepEqual([found.frequency, found.values.length, found.timeLabel(0), found.gaps], ["hourly", 72, start, 0], header);
  }
});

test("the hour of something that happens once a day is no part of its time", () => {
  const rows = Array.from({ length: 30 }, (_, i) => `2020-01-${String(i + 1).padStart(2, "0")},${(i * 7) % 24},${i}`);
  const found = of(`date,hour,v\n${rows.join("\n")}\n`, { target: "v" });
  assert.deepEqual([found.timeColumns, found.frequency], [["date"], "daily"]);
});

test("months, quarters and periods by word or number beside their year are one time", () => {
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const german = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(" ");
  const rows = (count: number, word: (i: number) => string): string =>
    Array.from({ length: 36 }, (_, i) => `${2010 + Math.floor(i / count)},${word(i % count)},${i}`).join("\n");
  const forms: readonly (readonly [string, string, string, string])[] = [
    ["Year,Month", rows(12, (i) => months[i]!), "monthly", "2010-01"],
    ["Jahr,Monat", rows(12, (i) => german[i]!), "monthly", "2010-01"],
    ["Year,Period", rows(12, (i) => `M${String(i + 1).padStart(2, "0")}`), "monthly", "2010-01"],
    ["Year,Quarter", rows(4, (i) => `Q${i + 1}`), "quarterly", "2010-Q1"],
    ["YR,Q", rows(4, (i) => String(i + 1)), "quarterly", "2010-Q1"],
    ["Yr,Mo", rows(12, (i) => String(i + 1)), "monthly", "2010-01"],
  ];
  for (const [header, text, frequency, start] of forms) {
    const found = of(`${header},v\n${text}\n`);
    assert.deepEqual([found.frequency, found.values.length, found.timeLabel(0)], [frequency, 36, start], header);
  }
});

test("a column of compact months is the time under the names that such columns have", () => {
  const rows = Array.from({ length: 36 }, (_, i) => `${2010 + Math.floor(i / 12)}${String((i % 12) + 1).padStart(2, "0")},${i * i}`);
  for (const name of ["period", "YYYYMM", "year_month"]) assert.deepEqual(of(`${name},v\n${rows.join("\n")}\n`).timeColumns, [name], name);
});

test("a column that is different in every row and no time is said not to be read", () => {
  const rows = Array.from({ length: 20 }, (_, i) => `Y${1992 + Math.floor(i / 4)} S${(i % 4) + 1},${i * i}`);
  assert.ok(of(`Fiscal,v\n${rows.join("\n")}\n`).found.includes('Fiscal is not read: "Y1992 S1" is no time in a known form'));
  const kinds = Array.from({ length: 20 }, (_, i) => `kind${i % 7},${i * i}`);
  assert.ok(
    !of(`Kind,v\n${kinds.join("\n")}\n`)
      .found.join("\n")
      .includes("Kind"),
  );
});

test("comments and several titles above the header are no rows, and a header may begin with a hash", () => {
  const rows = "Month,Sales\n2020-01,1\n2020-02,2\n";
  for (const text of [
    `# written by a program, version 1\n# 2021-01-01\n${rows}`,
    `Report 2020,\nAll shops,\n${rows}`,
    `#Month,Sales\n2020-01,1\n2020-02,2\n`,
    `# no header\n2020-01,1\n2020-02,2\n`,
  ])
    assert.deepEqual([...of(text).values], [1, 2], text);
  const named = parseTable("#id,name,v\na,b,3\nc,d,4\n");
  assert.deepEqual([named.names, named.rows], [["#id", "name", "v"], 2]);
  assert.equal(parseTable("# of calls,day\n3,2020-01-01\n4,2020-01-02\n").names[0], "# of calls");
});

test("titles above the header and Excel's sep line are no rows, and lines are still counted", async () => {
  const rows = "Month;Sales\n2020-01;1\n2020-02;2\n";
  for (const text of [`Report 2020\n\n${rows}`, `Report 2020;\n${rows}`, `sep=;\n${rows}`])
    assert.deepEqual([...of(text).values], [1, 2], text);
  const late = await failure(() => of(`sep=;\nMonth;Sales\n2020-01;1\n2020-02;x\n`));
  assert.match(late.message, /^line 4, Sales/);
});

test("numbers may wear currencies, percent signs, brackets and blanks between thousands", () => {
  const values = (text: string): number[] => [...parseTable(text).columns.v!.numbers];
  assert.deepEqual(values('a,v\nx,"$1,200.50"\nx,12 %\nx,(3)\nx,-$5\nx,1 234.5\n'), [1200.5, 12, -3, -5, 1234.5]);
  assert.deepEqual(values("a;v\nx;1.234,50 €\nx;1 234,5\nx;7\n"), [1234.5, 1234.5, 7]);
});

test("a column in which a program counted its rows is not a target", () => {
  assert.equal(of(",date,v\n0,2020-01-01,5\n1,2020-01-02,6\n2,2020-01-03,7\n").name, "v");
});

test("gaps between rows are counted in typical steps", () => {
  const uneven = of(
    "time,v\n2023-06-01 01:00,1\n2023-06-01 02:00,2\n2023-06-01 03:00,1\n2023-06-01 07:30,4\n2023-06-01 08:00,3\n2023-06-04 09:00,3\n",
  );
  assert.deepEqual([...timeGaps(uneven)], [1, 1, 1, 4.5, 0.5, 73]);
  assert.deepEqual([...timeGaps(of("time,v\n2023-06-01,1\n2023-06-02,2\n2023-06-04,2\n2023-06-05,7\n"))], [1, 1, 1, 1, 1]);
});
