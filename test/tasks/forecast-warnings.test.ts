// What does not stop a forecast is said: columns that tell nothing, rows ahead without what is known, rows without intervals.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readHolidays } from "../../src/data/calendar.js";
import { parseTable } from "../../src/data/table.js";
import { forecastWith } from "../../src/tasks/forecast/predict.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import type { Warning } from "../../src/tasks/forecast/run-plan.js";
import type { ForecastRun, TaskOptions } from "../../src/tasks/forecast/types.js";
import { constantTrainer, failure, planOf } from "./fakes.js";

const day = (i: number): string => new Date(Date.UTC(2022, 0, 1 + i)).toISOString().slice(0, 10);
const sold = (i: number): number => 100 + 20 * Math.sin(i / 3) + ((i * 37) % 11);

interface Made {
  readonly ids?: readonly string[];
  readonly days?: number;
  readonly ahead?: number;
  readonly promo?: (i: number, id: string) => string;
}

/** Days of some shops, `ahead` of them without a sale. */
function table({ ids = ["a"], days = 100, ahead = 7, promo = (i) => (i % 6 === 0 ? "yes" : "no") }: Made = {}): string {
  const rows = ids.flatMap((id) =>
    Array.from({ length: days + ahead }, (_, i) => `${id},${day(i)},${i < days ? sold(i) : ""},${promo(i, id)},${i % 5}`),
  );
  return `shop,day,sold,promo,price\n${rows.join("\n")}\n`;
}

const base: TaskOptions = { target: "sold", time: "day", horizon: 7 };
const warned = (text: string, options: TaskOptions): readonly Warning[] => planOf(parseTable(text), { ...base, ...options }).warnings;
const said = (text: string, options: TaskOptions): string[] => warned(text, options).map(({ message }) => message);

test("cycles and columns that are the same in every row are named; those that move are not", () => {
  assert.deepEqual(said(table(), { calendar: ["minute", "hour"] }), [
    "minute, hour are the same in every row: the network learns nothing from that",
  ]);
  assert.deepEqual(said(table(), { calendar: ["weekday", "monthday", "month"] }), []);
  assert.deepEqual(said(table(), { calendar: true, past: ["price"] }), []);
  assert.deepEqual(said(table({ promo: () => "7" }), { future: ["promo"] }), [
    "promo is the same in every row: the network learns nothing from that",
  ]);
  const differs = table({ ids: ["a", "b"], promo: (_, id) => (id === "a" ? "1" : "2") });
  assert.deepEqual(said(differs, { id: "shop", future: ["promo"], statics: [] }), []);
});

test("a number that looks like a code for missing values is named among the targets of one series and of many", () => {
  const coded = (text: string): string => text.replace(/,(2022-01-(?:05|11)),[\d.]+/g, ",$1,-999");
  assert.deepEqual(said(coded(table()), {}), [
    "-999 stands twice in sold, far from all other values: if it means missing, add --missing -999",
  ]);
  assert.deepEqual(said(coded(table({ ids: ["a", "b"] })), { id: "shop", statics: [] }), [
    "-999 stands twice in sold of a (and so in 1 more), far from all other values: if it means missing, add --missing -999",
  ]);
});

test("holidays that are no row, or every row, are named with the dates of both", () => {
  const holidays = (from: number, count: number): TaskOptions => ({
    holidays: readHolidays(parseTable(`date\n${Array.from({ length: count }, (_, i) => day(from + i)).join("\n")}\n`)),
  });
  assert.deepEqual(said(table(), holidays(-400, 3)).slice(0, 1), [
    "no row is a holiday, so that nothing is learnt from them: the 3 days of the file go from 2020-11-27 to 2020-11-29, the rows from 2022-01-01 to 2022-04-10",
  ]);
  assert.match(said(table(), holidays(-1, 120))[0]!, /^every row is a holiday, so that nothing is learnt from them/);
  assert.deepEqual(said(table(), holidays(50, 1)), []);
});

test("a known-future column without a value in the rows ahead is named, in a forecast and in predict, and for which series", async () => {
  const hole = { promo: (i: number, id: string) => (i < 100 || id === "b" ? String(i % 4) : "") };
  const message = "promo has no value in the rows that are forecast, from 2022-04-11 on: the network reads it as missing there";
  assert.deepEqual(said(table(hole), { future: ["promo", "price"] }), [message]);
  const many = said(table({ ...hole, ids: ["a", "b", "c"] }), { future: ["promo"], id: "shop" });
  assert.deepEqual(many, [message.replace("promo has", "promo of a, c has")]);
  const { run } = await trained(table(), { future: ["promo"] });
  const later = table({ promo: (i) => (i < 100 ? "yes" : "") });
  const told = (await forecastWith(run.model, run.preprocess, parseTable(later))).warnings;
  assert.deepEqual(told, [{ code: "future_empty", message: message.replace("promo", "promo=yes") }]);
});

test("words that a saved model has not seen are named with how many rows have them", async () => {
  const { run } = await trained(table(), { future: ["promo"] });
  const odd = table({ promo: (i) => (i > 101 ? ["maybe", "new, odd"][i % 2]! : i % 6 === 0 ? "yes" : "no") }).replaceAll(
    "new, odd",
    '"new, odd"',
  );
  const { warnings } = await forecastWith(run.model, run.preprocess, parseTable(odd));
  assert.deepEqual(warnings, [
    { code: "unseen_words", message: 'promo is "maybe", "new, odd" in 5 rows, which the model has not seen: read as missing' },
  ]);
});

test("predict does not offer a horizon that the model fixed", async () => {
  const { run } = await trained(table(), { future: ["promo"] });
  const { message } = await failure(() => forecastWith(run.model, run.preprocess, parseTable(table({ ahead: 2 }))));
  assert.equal(message, "the future of promo is known for 2 rows after 2022-04-10; the model forecasts 7. Add rows without a target.");
});

test("what is wrong with a table is not blamed on options that predict lacks, and several series are not taken for one", async () => {
  const { run } = await trained(table(), { past: ["price"] });
  const says = async (text: string): Promise<string> =>
    (await failure(() => forecastWith(run.model, run.preprocess, parseTable(text, { file: "new.csv" })))).message;
  const bare = table({ ahead: 0 });
  assert.match(await says(`${bare}a,${day(3)},7,no,1\n`), /^2022-01-04 appears twice \(lines 5, 102\): --duplicates mean\.$/);
  assert.equal(await says(bare.replace(/^(a,[^,]*),[^,]*,/gm, "$1,,")), "sold has no values: every cell is missing.");
  const rows = ["a", "b"].flatMap((id) => Array.from({ length: 60 }, (_, i) => `${id},${day(i)},${sold(i)}`));
  const known = await runForecast(
    parseTable(
      `ds,y\n${rows
        .slice(0, 60)
        .map((row) => row.slice(2))
        .join("\n")}\n`,
    ),
    { horizon: 3 },
    constantTrainer(0).trainer,
  );
  const two = parseTable(`unique_id,ds,y\n${rows.join("\n")}\n`, { file: "two.csv" });
  assert.equal(
    (await failure(() => forecastWith(known.model, known.preprocess, two))).message,
    "two.csv holds 2 series, told apart by unique_id; the model forecasts one. Give the rows of one.",
  );
});

test("the forecast goes as far as the known future, and a season where nothing is known", () => {
  const { horizon: _horizon, ...open } = base;
  const found = (options: TaskOptions): number => planOf(parseTable(table({ ahead: 14 })), { ...open, ...options }).first.sizes.horizon;
  assert.deepEqual([found({ future: ["promo"], season: 7 }), found({ season: 7 })], [14, 7]);
});

test("rows without intervals are named: those ahead, else those held out before enough errors", async () => {
  const ofLength = async (days: number): Promise<string[]> => {
    const { run } = await trained(table({ days, ahead: 0 }), { horizon: 3, input: 3 });
    const bare = [run.holdout[0]!.lower80, run.forecast[0]!.lower80].filter((end) => end === null).length;
    const told = run.warnings.filter(({ code }) => code === "no_intervals");
    assert.equal(told.length, bare > 0 ? 1 : 0);
    return told.map(({ message }) => message);
  };
  assert.deepEqual(await ofLength(12), ["the forecast has no intervals: too few errors were made before to measure them from"]);
  assert.deepEqual(await ofLength(15), ["the first held-out rows have no intervals: too few errors were made before to measure them from"]);
  assert.deepEqual(await ofLength(60), []);
});

test("a new series of one value is forecast by it, and a known one that has stopped moving too", async () => {
  const { run } = await trained(table({ ids: ["a", "b"], ahead: 0 }), { id: "shop", statics: [] });
  const still = (id: string, value: number): string => Array.from({ length: 60 }, (_, i) => `${id},${day(i)},${value},no,0`).join("\n");
  const text = `shop,day,sold,promo,price\n${still("b", 4)}\n${still("five", 5)}\n${still("none", 0)}\n`;
  const { predictions, warnings } = await forecastWith(run.model, run.preprocess, parseTable(text));
  assert.deepEqual(
    predictions.map(({ id, value }) => [id, Math.round(1e6 * value) / 1e6]),
    [
      ["b", 4],
      ["five", 5],
      ["none", 0],
    ].flatMap((pair) => new Array(7).fill(pair)),
  );
  assert.deepEqual(
    warnings.map(({ code, message }) => (code === "new_series" ? code : message)),
    ["new_series", "the intervals of five, none have no width: values changed too rarely to say how far they may"],
  );
});

test("a series that stood still lately has intervals as wide as the changes before, and is forecast to stand where it stands", async () => {
  const widths = async (valueAt: (i: number) => number): Promise<{ run: ForecastRun; widths: number[]; told: string[] }> => {
    const rows = Array.from({ length: 96 }, (_, i) => `${day(i)},${valueAt(i)}`);
    const run = await runForecast(parseTable(`day,sold\n${rows.join("\n")}\n`), { horizon: 12, season: 12 }, constantTrainer(0.01).trainer);
    const told = run.warnings.filter(({ code }) => code === "intervals_without_width").map(({ message }) => message);
    return { run, widths: run.forecast.map(({ lower95, upper95 }) => (upper95! - lower95!) / 2), told };
  };
  // Four rows of 105 among those of 100: one change in twelve or so.
  const handful = await widths((i) => ([10, 20, 33, 41].includes(i) ? 105 : 100));
  assert.deepEqual(
    handful.run.forecast.map(({ value }) => value),
    new Array(12).fill(100),
  );
  assert.ok(
    handful.widths.every((half) => half >= 4 && half <= 6),
    String(handful.widths),
  );
  assert.deepEqual(handful.told, []);
  // The hold-out is judged by what was known before it, the changes included.
  const { lower95, upper95 } = handful.run.holdout[0]!;
  assert.ok(lower95! < 96 && upper95! > 104, `${lower95} to ${upper95}`);
  // One step of 20 in the past: twelve rows ahead it is that far, one row ahead hardly.
  const step = await widths((i) => (i < 20 ? 100 : 120));
  assert.ok(step.widths[0]! < 3 && step.widths[11]! > 15, String(step.widths));
  // One change in 96 rows is no share of anything; the forecast is one of both values, and says that it knows no more.
  const jump = await widths((i) => (i < 95 ? 100 : 120));
  assert.deepEqual(
    jump.run.forecast.map(({ value }) => value),
    new Array(12).fill(120),
  );
  assert.deepEqual(jump.told, ["the intervals have no width: values changed too rarely to say how far they may"]);
  // Where the past moves as the errors do, nothing is added.
  const moving = await widths((i) => sold(i));
  assert.ok(Math.max(...moving.widths) < 60 && moving.told.length === 0, String(moving.widths));
});

async function trained(text: string, options: TaskOptions): Promise<{ run: ForecastRun }> {
  return { run: await runForecast(parseTable(text), { ...base, ...options }, constantTrainer(0).trainer) };
}
