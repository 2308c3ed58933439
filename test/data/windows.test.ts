// The transform is inverted exactly, nothing looks ahead, and parts do not overlap.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { firstOrigin, fromLevels, inputAt, makeFrame, outputLevels, targetAt } from "../../src/data/frame.js";
import { seasonStrength } from "../../src/data/season.js";
import { series } from "../../src/data/series.js";
import { tableOf } from "../../src/data/table.js";
import { chooseTransform, measureScale, spreadGrowth } from "../../src/data/transform.js";
import type { Series } from "../../src/data/types.js";
import { windows } from "../../src/data/windows.js";
import { failure } from "../tasks/fakes.js";

const steps = fc.record({
  log: fc.boolean(),
  seasonalLag: fc.constantFrom(0, 1, 4, 7),
  relative: fc.boolean(),
  readsLevels: fc.boolean(),
  own: fc.constantFrom(0, 6),
});
const positive = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 40, maxLength: 60 });
const numbered = (values: readonly (number | null)[], season = 1): Series => series(tableOf({ v: values }), { target: "v", season });

test("the inverse of the target is the target, for every transform", () => {
  fc.assert(
    fc.property(positive, steps, fc.integer({ min: 20, max: 30 }), (list, chosen, origin) => {
      const values = Float64Array.from(list);
      const transform = measureScale(values.slice(0, 20), chosen, { horizon: 5, reasons: [] });
      const frame = makeFrame(values, transform, 4);
      const back = fromLevels(outputLevels(frame, origin, targetAt(frame, origin, 10)), transform);
      back.forEach((value, i) => {
        const actual = values[origin + i]!;
        assert.ok(Math.abs(value - actual) <= 1e-9 * 1e6, `${value} is not ${actual}`);
      });
    }),
  );
});

test("inputs and inverse do not change when the rows after the origin do, also inside a gap", () => {
  fc.assert(
    fc.property(positive, steps, fc.array(fc.integer({ min: 5, max: 39 }), { maxLength: 12 }), (list, chosen, holes) => {
      const origin = 30;
      const values = Float64Array.from(list);
      for (const hole of holes) values[hole] = Number.NaN;
      const other = values.map((value, i) => (i < origin ? value : 17 + i));
      const transform = measureScale(values.slice(0, origin), chosen, { horizon: 5, reasons: [] });
      const [a, b] = [makeFrame(values, transform, 4), makeFrame(other, transform, 4)];
      assert.deepEqual(inputAt(a, origin, 10), inputAt(b, origin, 10));
      assert.deepEqual(outputLevels(a, origin, new Float64Array(9)), outputLevels(b, origin, new Float64Array(9)));
      assert.ok(inputAt(a, origin, 10).every(Number.isFinite));
    }),
  );
});

test("a window in units of its own is the same wherever its series lies and however far it swings", () => {
  const list = Array.from({ length: 60 }, (_, i) => 10 + Math.sin(i) + (i % 4));
  for (const seasonalLag of [0, 4]) {
    const windowOf = (values: Float64Array): Float64Array[] => {
      const chosen = { log: false, seasonalLag, relative: false, readsLevels: true, own: 8 };
      const frame = makeFrame(values, measureScale(values.slice(0, 30), chosen, { horizon: 5, reasons: [] }), 4);
      return [inputAt(frame, 40, 12), targetAt(frame, 40, 5)];
    };
    const [moved, as] = [windowOf(Float64Array.from(list, (value) => 1000 - 7 * value)), windowOf(Float64Array.from(list))];
    moved.forEach((rows, k) => {
      rows.forEach((value, i) => {
        assert.ok(Math.abs(value + as[k]![i]!) < 1e-9, `${value} is not ${-as[k]![i]!}`);
      });
    });
  }
});

test("a logarithm is taken of positive values whose spread grows with the level, and of no others", () => {
  const swing = (level: (i: number) => number, size: (i: number) => number): Float64Array =>
    Float64Array.from({ length: 120 }, (_, i) => level(i) + size(i) * Math.sin((2 * Math.PI * i) / 12));
  const growing = swing(
    (i) => 100 + 4 * i,
    (i) => 0.2 * (100 + 4 * i),
  );
  const steady = swing(
    (i) => 100 + 4 * i,
    () => 20,
  );
  const options = { season: 12, horizon: 12 };
  assert.equal(chooseTransform(growing, options).log, true);
  assert.equal(chooseTransform(steady, options).log, false);
  assert.equal(
    chooseTransform(
      growing.map((value) => value - 300),
      options,
    ).log,
    false,
  );
  assert.ok(Math.abs(spreadGrowth(growing, 12).slope - 1) < 0.1);
  const far = swing(
    () => 1e9,
    (i) => 1 + ((i * 7) % 5),
  );
  assert.match(chooseTransform(far, options).reasons.join(), /does not grow with the level \(levels hardly differ\)/);
});

test("a seasonal difference is taken where the season explains most, and only if rows remain", () => {
  const seasonal = Float64Array.from({ length: 96 }, (_, i) => 50 + 10 * Math.sin((2 * Math.PI * i) / 12) + ((i * 7) % 5));
  const noise = Float64Array.from({ length: 96 }, (_, i) => 50 + ((i * 7919) % 97));
  assert.ok(seasonStrength(seasonal, 12) > 0.9);
  assert.ok(seasonStrength(noise, 12) < 0.4);
  assert.equal(chooseTransform(seasonal, { season: 12, horizon: 12 }).seasonalLag, 12);
  assert.equal(chooseTransform(seasonal, { season: 12, horizon: 12, longestLag: 5 }).seasonalLag, 0);
  assert.equal(chooseTransform(noise, { season: 12, horizon: 12 }).seasonalLag, 0);
});

test("a wandering series is taken relative to its last value", () => {
  let level = 1000;
  let state = 7;
  const walk = Float64Array.from({ length: 300 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    level += (state % 201) - 100;
    return level;
  });
  assert.equal(chooseTransform(walk, { season: 1, horizon: 6 }).relative, true);
});

test("a transform survives JSON", () => {
  const transform = chooseTransform(
    Float64Array.from({ length: 60 }, (_, i) => 3 + i + (i % 5)),
    { season: 5, horizon: 5 },
  );
  assert.deepEqual(JSON.parse(JSON.stringify(transform)), transform);
});

test("windows of one part have all their targets in it, scaled by the training part alone", () => {
  const values = Array.from({ length: 100 }, (_, i) => (i < 64 ? i % 8 : 1e6 + i));
  const w = windows(numbered(values), { input: 12, horizon: 4, validation: 12, test: 24 });
  assert.deepEqual(
    [w.train.x.shape, w.train.y.shape],
    [
      [49, 12, 1],
      [49, 4],
    ],
  );
  assert.deepEqual([w.validation.origins[0], w.validation.origins.length], [64, 9]);
  assert.deepEqual([w.test.origins[0], w.test.origins.length], [76, 21]);
  assert.ok(Math.max(...w.train.x.data) < 3);
});

test("inverse gives the targets of the set back in their unit", () => {
  const values = Array.from({ length: 100 }, (_, i) => 20 + i + 5 * Math.sin(i));
  for (const transform of ["scale", "auto"] as const) {
    const w = windows(numbered(values, 7), { input: 12, horizon: 4, validation: 12, test: 24, transform });
    w.inverse(w.test.y).data;
    for (const set of [w.test, w.validation]) {
      const back = w.inverse(set.y, set);
      assert.deepEqual(back.shape, set.actual.shape);
      for (let i = 0; i < back.data.length; i++) assert.ok(Math.abs(back.data[i]! - set.actual.data[i]!) < 1e-3);
    }
  }
});

test("windows with a missing target are left out", () => {
  const values = Array.from({ length: 60 }, (_, i) => (i === 40 ? null : i));
  const w = windows(numbered(values), { input: 5, horizon: 3, test: 10 });
  assert.ok(w.train.origins.every((origin) => origin + 3 <= 40 || origin > 40));
  assert.ok([...w.train.x.data, ...w.train.y.data].every(Number.isFinite));
});

test("windows that do not fit are refused with what does", async () => {
  const error = await failure(() =>
    windows(numbered(Array.from({ length: 20 }, (_, i) => i)), { input: 12, horizon: 6, validation: 6, test: 6 }),
  );
  assert.equal(
    error.message,
    "20 rows; horizon 6 with input 12, validation 6 and test 6 needs 30 and any seasonal lag. Try horizon 4 and input 8.",
  );
});

test("the first origin leaves room for the input and its seasonal lag", () => {
  const transform = measureScale(
    Float64Array.from({ length: 30 }, (_, i) => i * i),
    { log: false, seasonalLag: 7, relative: false },
    { horizon: 1, reasons: [] },
  );
  const frame = makeFrame(
    Float64Array.from({ length: 30 }, (_, i) => i * i),
    transform,
    7,
  );
  assert.equal(firstOrigin(frame, 5), 12);
  assert.ok(inputAt(frame, 12, 5).every(Number.isFinite));
});
