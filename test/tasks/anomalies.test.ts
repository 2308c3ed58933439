// Anomalies: what is planted is found, what is not is flagged about as often as chance does, and scores mean what they say.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { uniformAt } from "../../src/base/random.js";
import { parseTable } from "../../src/data/index.js";
import { scoreRows } from "../../src/tasks/forecast/anomalies.js";
import type { ForecastRow, ForecastRun } from "../../src/tasks/forecast/types.js";
import { forecast, forecastJson, forecastWith } from "../../src/tasks/index.js";

const row = (actual: number | null, value = 100, half80 = 10, half95 = 16): ForecastRow => ({
  ...{ id: null, target: "y", time: "t", actual, value },
  ...{ lower80: value - half80, upper80: value + half80, lower95: value - half95, upper95: value + half95 },
});
const plain = { log: false, level: 0.99, inSample: false };

describe("the score of a row", () => {
  test("its probability is 1 at the forecast, 0.2 and 0.05 at the ends of the intervals, and falls all the way", () => {
    const at = (actual: number): number => scoreRows([row(actual)], plain)[0]!.probability;
    for (const side of [-1, 1]) {
      assert.equal(at(100), 1);
      assert.ok(Math.abs(at(100 + side * 10) - 0.2) < 1e-12);
      assert.ok(Math.abs(at(100 + side * 16) - 0.05) < 1e-12);
      const falling = Array.from({ length: 60 }, (_, i) => at(100 + side * i));
      assert.ok(falling.every((each, i) => i === 0 || each < falling[i - 1]!));
    }
  });

  test("a row is flagged exactly where it lies outside of its bounds, whatever the level and the scale", () => {
    for (let i = 0; i < 200; i++) {
      const actual = 40 + 120 * uniformAt(3, 1, i);
      for (const log of [false, true])
        for (const level of [0.8, 0.9, 0.99, 0.9999]) {
          const score = scoreRows([row(actual)], { log, level, inSample: true })[0]!;
          assert.equal(score.flagged, actual < score.lower || actual > score.upper, `${actual} ${log} ${level}`);
          assert.ok(score.lower < score.expected && score.expected < score.upper);
        }
    }
  });

  test("rows that were not observed or have no intervals have none; exact forecasts surprise nobody", () => {
    assert.deepEqual(scoreRows([row(null), { ...row(5), lower80: null }], plain), []);
    assert.equal(scoreRows([row(100, 100, 0, 0)], plain)[0]!.score, 0);
    assert.ok(scoreRows([row(100.1, 100, 0, 0)], plain)[0]!.flagged);
  });
});

/** A seasonal series with noise, and what was planted. */
function made(seed: number, { spikes = 0, shiftAt = Number.POSITIVE_INFINITY }: { readonly spikes?: number; readonly shiftAt?: number }) {
  const rows = 300;
  const planted = new Set(
    Array.from({ length: spikes }, (_, k) => Math.floor(rows * (0.3 + (0.65 * (k + uniformAt(seed, 9, k))) / spikes))),
  );
  const noise = (i: number): number => Math.sqrt(-2 * Math.log(1 - uniformAt(seed, 1, i))) * Math.cos(2 * Math.PI * uniformAt(seed, 2, i));
  const value = (i: number): number =>
    100 +
    0.05 * i +
    10 * Math.sin((2 * Math.PI * i) / 12) +
    2 * noise(i) +
    (planted.has(i) ? 16 * (i % 2 === 0 ? 1 : -1) : 0) +
    (i >= shiftAt ? 20 : 0);
  const time = (i: number): string => `${1980 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`;
  const lines = Array.from({ length: rows }, (_, i) => `${time(i)},${value(i).toFixed(3)}`);
  return { planted: new Set([...planted].map(time)), time, lines, table: parseTable(["month,y", ...lines].join("\n")) };
}

const small = { anomalies: true, units: 8, layers: 1, epochs: 3, test: 48, horizon: 12 } as const;

describe("a seasonal series", () => {
  test("with spikes: every spike is found, and few other rows", async () => {
    const { planted, table } = made(5, { spikes: 6 });
    const run = await forecast(table, small);
    const found = new Set(run.anomalies?.map(({ time }) => time));
    for (const time of planted) assert.ok(found.has(time), time);
    assert.ok(found.size - planted.size <= 9, `${found.size - planted.size} false alarms`);
    assert.ok(run.rowScores!.some(({ inSample }) => inSample) && run.rowScores!.some(({ inSample }) => !inSample));
    assert.deepEqual(run.anomalySummary?.flagged, found.size);
    assert.deepEqual(forecastJson(run).anomalies, run.anomalies);
  });

  test("with a new level: its first row is found, and a season later it is usual", async () => {
    const { time, table } = made(6, { shiftAt: 270 });
    const run = await forecast(table, small);
    const score = (i: number): number => run.rowScores!.find((each) => each.time === time(i))!.score;
    assert.ok(score(270) > 2, String(score(270)));
    const later = Array.from({ length: 12 }, (_, k) => score(288 + k)).filter((each) => each > 2);
    assert.ok(later.length <= 1);
  });

  test("with nothing strange: about one row in a hundred is flagged, in the sample and out of it", async () => {
    const runs: ForecastRun[] = [];
    for (const seed of [1, 2, 3]) runs.push(await forecast(made(seed, {}).table, small));
    for (const inSample of [true, false]) {
      const rows = runs.flatMap((run) => run.rowScores!.filter((each) => each.inSample === inSample));
      const share = rows.filter(({ flagged }) => flagged).length / rows.length;
      // Three standard deviations of a share of 1 %.
      assert.ok(share <= 0.01 + 3 * Math.sqrt((0.01 * 0.99) / rows.length), `${share} of ${rows.length}, in sample: ${inSample}`);
    }
  });

  test("without the option nothing of it is there", async () => {
    const { anomalies: _asked, ...others } = small;
    const run = await forecast(made(1, {}).table, others);
    assert.deepEqual([run.rowScores, run.anomalies, run.anomalySummary], [null, undefined, undefined]);
  });
});

test("new rows are scored by a saved model: those after its training as unseen, and a strange one is found", async () => {
  const { lines, time } = made(8, {});
  const known = parseTable(["month,y", ...lines.slice(0, 288)].join("\n"));
  const { model, preprocess } = await forecast(known, { units: 8, layers: 1, epochs: 3, horizon: 12 });
  const newer = [...lines];
  newer[294] = `${time(294)},60`;
  const { rowScores, anomalies } = await forecastWith(model, preprocess, parseTable(["month,y", ...newer].join("\n")), { anomalies: true });
  assert.deepEqual(
    rowScores!.filter(({ inSample }) => !inSample).map(({ time: each }) => each),
    Array.from({ length: 12 }, (_, k) => time(288 + k)),
  );
  assert.ok(anomalies!.some(({ time: each, inSample }) => each === time(294) && !inSample));
});
