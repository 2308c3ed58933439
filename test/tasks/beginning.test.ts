// A constant stretch before a series comes alive is no history: what is forecast, how sure, and against which scale is as without it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniformAt } from "../../src/base/random.js";
import { parseTable } from "../../src/data/table.js";
import { beginningOf } from "../../src/tasks/forecast/beginning.js";
import { choose, combinedAhead, trialOrigins, trialsAt } from "../../src/tasks/forecast/choice.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import { constantTrainer, monthly } from "./fakes.js";

const alive = Float64Array.from({ length: 30 }, (_, i) => 100 + 10 * Math.sin(i / 2) + 5 * uniformAt(1, 1, i));
const after = (stretch: readonly number[], rows: ArrayLike<number> = alive): Float64Array =>
  Float64Array.from([...stretch, ...Array.from(rows)]);
const stood = (rows: number, value = 0): number[] => new Array<number>(rows).fill(value);

test("a series begins after a long stretch of one value, with a missing row or a single other value in it or not", () => {
  assert.equal(beginningOf(after(stood(80))), 80);
  assert.equal(beginningOf(after(stood(80, 7.5))), 80);
  assert.equal(beginningOf(after(stood(80).map((value, i) => (i === 30 ? 4 : value)))), 80, "one other value");
  assert.equal(beginningOf(after(stood(80).map((value, i) => (i % 7 === 3 ? Number.NaN : value)))), 80, "missing rows");
  assert.equal(beginningOf(after([3, ...stood(80, Number.NaN)])), 81, "one value long before");
});

test("short stretches, those that come again, and those that little has followed are history", () => {
  assert.equal(beginningOf(alive), 0);
  assert.equal(beginningOf(after(stood(6))), 0, "six rows");
  assert.equal(beginningOf(after([...stood(40), ...stood(25)])), 65, "one stretch");
  assert.equal(beginningOf(Float64Array.from([...stood(40), ...alive, ...stood(25), ...alive])), 0, "it stood still again");
  assert.equal(beginningOf(Float64Array.of(...stood(40), 5, 6, 4)), 0, "three values");
  assert.equal(beginningOf(after(stood(40), new Float64Array(30).fill(9))), 0, "a step");
  assert.equal(beginningOf(new Float64Array(40)), 0, "constant");
  assert.equal(beginningOf(new Float64Array(40).fill(Number.NaN)), 0, "nothing");
  assert.equal(beginningOf(new Float64Array(0)), 0, "no rows");
  const rare = Float64Array.from({ length: 200 }, (_, i) => (i % 25 === 24 ? 3 : 0));
  assert.equal(beginningOf(rare), 0, "rare demand");
});

test("the combination of a series that came alive late is that of its live rows", () => {
  const forecast = (values: Float64Array): Float64Array => {
    const data = { values, season: 12, longSeason: 0, horizon: 6, log: false };
    const end = values.length;
    const trials = trialsAt(data, trialOrigins(data, { validation: end - 8, end }));
    return combinedAhead(data, choose(data, trials).weights);
  };
  const bare = forecast(alive);
  for (const stretch of [stood(80), stood(300, 55)]) assert.deepEqual(forecast(after(stretch)), bare);
});

test("intervals and MASE come from the live rows, and a sentence says where they begin", async () => {
  const { trainer } = constantTrainer(0);
  const rows = Array.from({ length: 48 }, (_, i) => Math.round(10 * (100 + 10 * Math.sin(i / 2) + 5 * uniformAt(1, 1, i))) / 10);
  const [late, bare] = await Promise.all(
    [[...stood(60), ...rows], rows].map((values) => runForecast(parseTable(monthly(values)), { horizon: 6, input: 12 }, trainer)),
  );
  assert.ok(late!.notes.includes("Sales begins at 2005-01: before it stands at 0, which says nothing about what comes"));
  assert.ok(!bare!.notes.some((note) => note.includes("begins at")));
  assert.equal(late!.evaluation.naive.mase, bare!.evaluation.naive.mase);
  const width = ({ forecast }: typeof late & {}): number => forecast[5]!.upper80! - forecast[5]!.lower80!;
  assert.ok(width(late!) < 3 * width(bare!) && width(late!) > width(bare!) / 3, `${width(late!)} and ${width(bare!)}`);
});

test("of many series those that begin late are named", async () => {
  const line = (id: string, values: readonly number[]): string[] =>
    values.map((value, i) => `${id},${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")},${value}`);
  const lines = [...line("old", [...alive, ...alive]), ...line("new", [...stood(30), ...alive])];
  const { notes } = await runForecast(
    parseTable(`shop,month,sold\n${lines.join("\n")}\n`),
    { id: "shop", horizon: 4 },
    constantTrainer(0).trainer,
  );
  assert.ok(
    notes.includes("new (2002-07) begins later than its rows, which stand still: these say nothing about what comes"),
    notes.join("\n"),
  );
});
