// Wrong input gives one sentence that says what is wrong, where, and what to type instead.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTable } from "../../src/data/table.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import type { TaskOptions } from "../../src/tasks/forecast/types.js";
import { constantTrainer, failure, monthly } from "./fakes.js";

const values = (count: number): number[] => Array.from({ length: count }, (_, i) => 100 + i + 10 * Math.sin(i));
const run = (text: string, options: TaskOptions = {}, file = "sales.csv"): Promise<unknown> =>
  runForecast(
    parseTable(text, { file, ...(options.missing === undefined ? {} : { missing: options.missing }) }),
    options,
    constantTrainer(0).trainer,
  );

async function says(text: string, options: TaskOptions, message: string, place: { line?: number; column?: string } = {}): Promise<void> {
  const error = await failure(() => run(text, options));
  assert.equal(error.message, message);
  if (place.line !== undefined) assert.equal(error.line, place.line);
  if (place.column !== undefined) assert.equal(error.column, place.column);
  assert.match(error.code, /^[a-z]+(_[a-z0-9]+)*$/);
}

test("an unknown target names the nearest column", () =>
  says(monthly(values(60)), { target: "Sale" }, 'sales.csv has no column "Sale". Did you mean "Sales"?', { column: "Sale" }));

test("an unknown time column names the nearest column", () =>
  says(monthly(values(60)), { time: "Mont" }, 'sales.csv has no column "Mont". Did you mean "Month"?'));

test("a name like no column lists the columns", () =>
  says(monthly(values(60)), { target: "Temperature" }, 'sales.csv has no column "Temperature". Its columns are Month, Sales.'));

test("several numeric columns ask for a choice", () =>
  says("Month,Price,Stock,Sales\n2000-01,1,2,3\n2000-02,4,5,6\n", {}, "3 numeric columns (Price, Stock, Sales): choose with --target."));

test("a table with a column per time or series is offered --wide", () => {
  const times = Array.from({ length: 13 }, (_, i) => `2000-${String(i + 1).padStart(2, "0")}`);
  const message = `13 numeric columns (${times.slice(0, 12).join(", ")} and 1 more): choose with --target. If all are to be forecast, or are the times of series in rows, add --wide.`;
  return says(`shop,${times.join(",")}\na,${times.map((_, i) => i).join(",")}\nb,${times.map((_, i) => 3 * i).join(",")}\n`, {}, message);
});

test("a word among numbers is named with its line, and how to declare it missing", () => {
  const cells: (number | string)[] = values(60);
  cells[39] = "n.v.";
  return says(monthly(cells), {}, 'line 41, Sales: "n.v." is not a number; if missing, add --missing n.v.', { line: 41, column: "Sales" });
});

test("infinity is no number", () => {
  const cells: (number | string)[] = values(60);
  cells[0] = "inf";
  return says(monthly(cells), {}, 'line 2, Sales: "inf" is not a number; if missing, add --missing inf.');
});

test("too few rows say how many are needed and what fits", () =>
  says(monthly(values(14)), { horizon: 12 }, "14 rows; horizon 12 with input 24 needs 60. Try --horizon 2 --input 4."));

test("what the sentence suggests works", async () => {
  await run(monthly(values(14)), { horizon: 2, input: 4 });
});

test("a huge horizon is refused with what fits", () =>
  says(monthly(values(100)), { horizon: 1000 }, "100 rows; horizon 1000 with input 24 needs 3024. Try --horizon 20 --input 40."));

test("a time that appears twice names both lines", () => {
  const lines = monthly(values(60)).split("\n");
  lines[18] = "2000-03,5";
  return says(lines.join("\n"), {}, "2000-03 appears twice (lines 4, 19): --duplicates mean, or name --id.");
});

test("an empty file is called empty", async () => {
  for (const text of ["", "\n \n", "\ufeff"]) assert.equal((await failure(() => run(text))).message, "sales.csv is empty.");
});

test("a header without rows is said to be one", () => says("Month,Sales\n", {}, "sales.csv has a header and no rows."));

test("a line with too many fields is named", () =>
  says("Month,Sales\n1,2\n1,2\n1,2\n1,2\n1,2\n7,1,000\n", {}, "line 7 has 3 fields, the header 2. A quoted comma?", { line: 7 }));

test("dates that fit both orders ask for the order", () => {
  const rows = Array.from({ length: 60 }, (_, i) => `0${1 + (i % 9)}/0${1 + Math.floor(i / 9)}/2020,${i}`);
  rows.unshift("03/04/2020,1");
  return says(`Day,Sales\n${rows.join("\n")}\n`, {}, '"03/04/2020" fits day or month first throughout; give --date-order dmy|mdy.');
});

test("a constant column has nothing to learn", () =>
  says(monthly(new Array<number>(60).fill(0)), {}, "Sales is 0 in every row: nothing to learn.", { column: "Sales" }));

test("a column that is missing throughout is said to be", () =>
  says(monthly(new Array<string>(60).fill("NA")), {}, "Sales has no values: every cell is missing. Choose another --target."));

test("a column named twice is refused", () =>
  says("a,b,a\n1,2,3\n", {}, 'line 1: the header names the column "a" twice. Rename one of them.', { line: 1, column: "a" }));

test("a cell that is no time is named with its line", () => {
  const lines = monthly(values(60)).split("\n");
  lines[9] = "someday,5";
  return says(lines.join("\n"), {}, 'line 10, Month: "someday" is not a date or time.', { line: 10, column: "Month" });
});

test("a row without its time is named", () => {
  const lines = monthly(values(60)).split("\n");
  lines[9] = ",5";
  return says(lines.join("\n"), {}, "line 10 of sales.csv has no Month. Every row needs its time.", { line: 10, column: "Month" });
});

test("counts below one and shares outside theirs are refused", async () => {
  const text = monthly(values(60));
  assert.equal((await failure(() => run(text, { horizon: -3 }))).message, "--horizon -3: a whole number, at least 1, is needed.");
  assert.equal((await failure(() => run(text, { test: 0.5 }))).message, "--test 0.5: a whole number, at least 1, is needed.");
  assert.equal((await failure(() => run(text, { dropout: 1 }))).message, "--dropout 1: a share from 0 to below 1 is needed.");
  assert.equal((await failure(() => run(text, { season: 0 }))).code, "bad_season");
  assert.equal((await failure(() => run(text, { learningRate: Number.NaN }))).code, "bad_option");
});

test("a frequency the times do not have is refused", () =>
  says(
    monthly(values(60)),
    { frequency: "daily weekly" },
    '--frequency "daily weekly" is not known. Use yearly, quarterly, monthly, weekly, daily, "business daily", hourly, or a count such as "15 minutes".',
  ));

test("values whose sums overflow are refused before training", () => {
  const huge = values(60).map((_, i) => (i % 2 === 0 ? "1.7e308" : "-1.7e308"));
  const message = "Sales reaches 1.7e+308: sums of such values are no longer finite. Divide the column by a power of ten.";
  return says(monthly(huge), {}, message, { column: "Sales" });
});

test("a season as long as the rows is no season", () =>
  says(
    monthly(values(60)),
    { season: 60 },
    "--season 60 is not shorter than the 60 rows. Leave it out to have it found, or give 1 for none.",
  ));

test("a network that fills any memory is refused before it is built", async () => {
  await says(monthly(values(60)), { layers: 1e12 }, "--layers 1000000000000: at most 100 layers are possible.");
  const message = "--units 100000000 makes 9.0e16 weights; at most 1e8 are possible. Give fewer units or layers.";
  await says(monthly(values(60)), { units: 1e8 }, message);
});

test("options that have nothing to act on are refused", async () => {
  const text = monthly(values(60));
  const level = "--anomaly-level says what --anomalies flags, and that is not given. Add --anomalies.";
  await says(text, { anomalyLevel: 0.9 }, level);
  await says(text, { anomalyLevel: 0.9, anomalies: false }, level);
  const sampling =
    "--sampling shares the windows out among many series, and there is one. Leave it out, or name the column of the series with --id.";
  await says(text, { sampling: "scale" }, sampling);
});

test("a column that is named twice is told in good English", () =>
  says("shop,Month,Sales\na,2000-01,1\n", { id: "shop,shop", target: "Sales" }, "shop is named twice as an id column. Name it once.", {
    column: "shop",
  }));

test("one row is called one row", async () => {
  const plan = await runForecast(parseTable(monthly(values(60))), { horizon: 1, input: 1, season: 1 }, constantTrainer(0).trainer);
  assert.match(plan.evaluation.verdict, /^On the last row /);
  assert.match(plan.notes.join("\n"), /reads 1 row, forecasts 1 at once; held out: the last row from 2004-12/);
});
