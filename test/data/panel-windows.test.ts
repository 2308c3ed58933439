// Windows over a panel read nothing of the future, say where values are missing, and cost places instead of copies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarColumns, readHolidays } from "../../src/data/calendar.js";
import { findLeaks, type PreparedInput } from "../../src/data/leaks.js";
import { panel } from "../../src/data/panel.js";
import type { PanelWindowOptions, PanelWindows } from "../../src/data/panel-window-types.js";
import { panelWindows } from "../../src/data/panel-windows.js";
import { parseTable } from "../../src/data/table.js";
import type { Panel, Series } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";

const noise = (seed: number): number => ((seed * 48_271) % 2_147_483_647) % 1000;
const day = (i: number): string => new Date(Date.UTC(2022, 0, 1 + i)).toISOString().slice(0, 10);

function shops(sizes: Readonly<Record<string, number>>, scale: Readonly<Record<string, number>> = {}): Panel {
  const rows = Object.entries(sizes).flatMap(([id, length], k) =>
    Array.from({ length }, (_, i) => {
      const y = i % 23 === 7 ? "" : String((scale[id] ?? 1) * (100 + noise(i + 97 * k)));
      return `${id},${day(i)},${y},${noise(i + k + 5)},${i % 6 === 0 ? 1 : 0},${k % 2 ? "town" : "city"},${10 * k}`;
    }),
  );
  return panel(parseTable(`id,day,y,rain,promo,kind,size\n${rows.join("\n")}\n`), {
    id: "id",
    target: "y",
    past: ["rain"],
    future: ["promo"],
  });
}

const options: PanelWindowOptions = { input: 14, horizon: 7, validation: 14, test: 14, calendar: ["weekday"] };

/** Everything that the windows of one series would show a network. */
function inputsOf(panelOf: (one: Series) => Panel, make: (panel: Panel) => PanelWindows): (one: Series) => PreparedInput[] {
  return (one) => {
    const w = make(panelOf(one));
    return [w.train, w.validation, w.test].flatMap((places) => {
      const { x, mask, future } = w.take(places);
      const width = (all: { shape: readonly number[] }): number => all.shape[1]! * all.shape[2]!;
      return Array.from(places.origins, (origin, n) => ({
        origin,
        inputs: [x, mask, future].flatMap((all) => Array.from(all.data).slice(n * width(all), (n + 1) * width(all))),
      }));
    });
  };
}

test("no window knows anything of the rows after its origin", () => {
  const whole = shops({ A: 120, B: 90 });
  const alone = (one: Series): Panel => ({ ...whole, series: [one], statics: [] });
  const found = findLeaks(
    whole.series[0]!,
    inputsOf(alone, (p) => panelWindows(p, { ...options, transform: ["robust"] })),
    { cuts: [92, 106] },
  );
  assert.deepEqual(found, []);
});

test("a planted leak is found: a scale of the whole series, a window one row late", () => {
  const one = shops({ A: 120, B: 90 }).series[0]!;
  const seen = (values: Float64Array): number => values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
  const origins = [40, 60, 80, 100];
  const scaledByAll = (s: Series): PreparedInput[] =>
    origins.map((origin) => ({ origin, inputs: s.values.slice(origin - 5, origin).map((value) => value / seen(s.values)) }));
  const late = (s: Series): PreparedInput[] => origins.map((origin) => ({ origin, inputs: s.values.slice(origin - 4, origin + 1) }));
  const honest = (s: Series): PreparedInput[] => origins.map((origin) => ({ origin, inputs: s.values.slice(origin - 5, origin) }));
  assert.ok(findLeaks(one, scaledByAll, { cuts: [60] }).some(({ origin }) => origin === 40));
  assert.deepEqual(findLeaks(one, late, { cuts: [60] }), [{ cut: 60, origin: 60, index: 4 }]);
  assert.deepEqual(findLeaks(one, honest), []);
});

test("parts lie one after the other, and each window's targets lie in its part", () => {
  const w = panelWindows(shops({ A: 120, B: 90 }), options);
  const range = ({ series, origins }: { series: Int32Array; origins: Int32Array }, k: number): number[] => {
    const own = [...origins].filter((_, n) => series[n] === k);
    return [Math.min(...own), Math.max(...own)];
  };
  assert.deepEqual(
    [range(w.train, 0), range(w.validation, 0), range(w.test, 0)],
    [
      [14, 85],
      [92, 99],
      [106, 113],
    ],
  );
  assert.deepEqual(
    [[...w.ahead.series], [...w.ahead.origins]],
    [
      [0, 1],
      [120, 90],
    ],
  );
});

test("what is missing is zero with a mask of zero; the rest is scaled by the training part alone", () => {
  const source = shops({ A: 120, B: 90 });
  const w = panelWindows(source, options);
  const { x, mask, y, yMask, actual, future, numbers, categories } = w.take(w.train);
  const { values } = source.series[0]!;
  const training = values.subarray(0, 92).filter((value) => !Number.isNaN(value));
  const mean = training.reduce((sum, value) => sum + value, 0) / training.length;
  const deviation = Math.sqrt(training.reduce((sum, value) => sum + (value - mean) ** 2, 0) / training.length);
  for (let t = 0; t < 14; t++) {
    const [at, value] = [t * 5, values[t]!];
    assert.equal(mask.data[at], Number.isNaN(value) ? 0 : 1);
    assert.ok(Math.abs(x.data[at]! - (Number.isNaN(value) ? 0 : (value - mean) / deviation)) < 1e-6);
  }
  for (let h = 0; h < 7; h++)
    assert.ok(yMask.data[h] === 0 ? y.data[h] === 0 && Number.isNaN(actual.data[h]) : actual.data[h] === values[14 + h]);
  assert.deepEqual(
    [w.columns, w.futureColumns],
    [
      ["y", "rain", "promo", "weekday sin", "weekday cos"],
      ["promo", "weekday sin", "weekday cos"],
    ],
  );
  assert.deepEqual(
    [future.shape, numbers.shape, categories.shape, w.categorySizes],
    [[w.train.series.length, 7, 3], [w.train.series.length, 1], [w.train.series.length, 1], [3]],
  );
});

test("inverse gives the targets back in the unit of each series", () => {
  for (const transform of [["standard"], ["log", "seasonalDifference", "robust"]] as const) {
    const w = panelWindows(shops({ A: 120, B: 90 }, { B: 50 }), { ...options, transform });
    const batch = w.take(w.test);
    const back = w.inverse(batch.y, w.test);
    for (let i = 0; i < back.data.length; i += 7)
      if (batch.yMask.data[i] === 1) assert.ok(Math.abs(back.data[i]! / batch.actual.data[i]! - 1) < 1e-4);
  }
});

test("sampling by scale prefers large series, and the same seed draws the same windows", () => {
  const w = panelWindows(shops({ A: 100, B: 100 }, { B: 9 }), { input: 14, horizon: 7 });
  const share = (by: "scale" | "series"): number => w.sample(2000, { seed: 3, by }).series.filter((k) => k === 1).length / 2000;
  assert.ok(Math.abs(share("series") - 0.5) < 0.05 && Math.abs(share("scale") - 0.9) < 0.03);
  assert.deepEqual(w.sample(50, { seed: 4 }), w.sample(50, { seed: 4 }));
  assert.notDeepEqual(w.sample(50, { seed: 4 }), w.sample(50, { seed: 5 }));
});

test("a series too short for one window is skipped with its reason; if none is long enough that is the error", async () => {
  const w = panelWindows(shops({ A: 120, B: 30 }), options);
  assert.deepEqual(w.skipped, [{ id: "B", code: "too_few_rows", message: "B has 2 rows to train on; 21 are needed." }]);
  assert.deepEqual(
    w.chains.map((chain) => chain === null),
    [false, true],
  );
  assert.equal((await failure(() => panelWindows(shops({ A: 20, B: 30 }), options))).code, "no_series");
});

test("ten thousand short series give their windows as places, a few bytes each", () => {
  const values = Array.from({ length: 10_000 }, (_, k) => `S${k},${Array.from({ length: 40 }, (__, i) => noise(k + i * 31)).join(",")}`);
  const many = panel(parseTable(`id,${Array.from({ length: 40 }, (_, i) => `t${i}`).join(",")}\n${values.join("\n")}`, { wide: true }), {
    wide: true,
  });
  const before = process.memoryUsage().arrayBuffers;
  const w = panelWindows(many, { input: 12, horizon: 6, test: 6 });
  assert.deepEqual([many.series.length, w.train.series.length], [10_000, 170_000]);
  // Scaled values (8 bytes for 40 rows of each series) and places (8 bytes for each window), with room for what is not yet collected.
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * (10_000 * 40 * 8 + 170_000 * 8));
  assert.deepEqual(w.take(w.sample(32, { seed: 1, by: "scale" })).x.shape, [32, 12, 1]);
});

test("calendar columns are circles, known ahead, and holidays are counted in the step they fall in", () => {
  const hours = parseTable(
    `time,v\n${Array.from({ length: 24 * 40 }, (_, i) => `${new Date(Date.UTC(2023, 11, 1) + i * 3_600_000).toISOString().slice(0, 16)},${noise(i)}`).join("\n")}`,
  );
  const one = panel(hours).series[0]!;
  const holidays = readHolidays(parseTable("date,name\n25.12.2023,Christmas\n01.01.2024,New Year\n"));
  const columns = calendarColumns(one, { ahead: 48, holidays });
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["hour sin", "hour cos", "weekday sin", "weekday cos", "holiday"],
  );
  const [sin, cos] = [columns[0]!.values, columns[1]!.values];
  assert.equal(sin.length, 24 * 40 + 48);
  sin.forEach((value, i) => {
    assert.ok(Math.abs(value ** 2 + cos[i]! ** 2 - 1) < 1e-12 && Math.abs(value - sin[i % 24]!) < 1e-9);
  });
  const holiday = columns.at(-1)!.values;
  assert.equal(
    holiday.reduce((sum, value) => sum + value, 0),
    48,
  );
  assert.equal(holiday[24 * 24], 1);
});
