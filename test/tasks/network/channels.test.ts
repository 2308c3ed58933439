// Columns beside the target: what is known ahead is used at its own row, statics tell series apart, missing values are told.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Channels, type Dataset, noChannels, type Strategy } from "../../../src/tasks/forecast/network/types.js";
import { errorOf, floats, horizon, networkFor, noise, specOf, steps, wave, windowsOf } from "./windows.js";

const strategies: readonly Strategy[] = ["direct", "recursive", "encoder-decoder"];

/** Numbers that nothing before them tells, by row. */
const random = noise(5);
const surprises = Float64Array.from({ length: 500 }, () => 2 * random() - 1);
const surprise = (row: number): number => surprises[row]!;

const known: Channels = { ...noChannels, future: 1 };
const withColumn = (count: number, from = 0): Dataset =>
  windowsOf((row) => 0.8 * surprise(row), { columns: [surprise], channels: known, count, from });

describe("a known-future column that makes the target", () => {
  for (const strategy of strategies) {
    it(`leaves next to no error to a network that is ${strategy}, unless its rows are mixed up`, async () => {
      const network = await networkFor(withColumn(256), specOf({ strategy, channels: known, units: [16] }), { epochs: 40 });
      const fresh = withColumn(64, 300);
      const error = errorOf(await network.predict(fresh), fresh.y);
      assert.ok(error < 0.05, `${error}`);
      const { data } = fresh.future!;
      const mixed = floats([64, horizon, 1], (index) => Number(data[(index + 57) % data.length]!));
      const worse = errorOf(await network.predict({ ...fresh, future: mixed }), fresh.y);
      assert.ok(worse > 5 * error && worse > 0.25, `${worse} ${error}`);
    });
  }
});

describe("a past column", () => {
  // The target follows the column three rows later.
  const channels: Channels = { ...noChannels, past: 1 };
  const make = (count: number, from: number): Dataset =>
    windowsOf((row) => surprise(row), { columns: [(row) => surprise(row + 3)], channels, count, from });

  for (const strategy of strategies) {
    it(`tells a ${strategy} network the rows that it leads`, async () => {
      const network = await networkFor(make(256, 0), specOf({ strategy, channels, units: [16] }), { epochs: 60 });
      const fresh = make(64, 300);
      const predicted = await network.predict(fresh);
      const errorAt = (h: number): number =>
        predicted.reduce((sum, { value }, n) => sum + Math.abs(value[h]! - Number(fresh.y.data[n * horizon + h]!)), 0) / 64;
      // Nothing tells the fourth row.
      assert.ok(errorAt(0) < 0.25 && errorAt(3) > 0.3, `${[0, 1, 2, 3].map(errorAt)}`);
    });
  }
});

describe("statics", () => {
  const count = 120;
  const kinds = Array.from({ length: count }, (_, n) => n % 3);
  const shift = [-1, 0.2, 1];
  const flat: Dataset = {
    ...windowsOf(() => 0, { count }),
    y: floats([count, horizon], (index) => shift[kinds[Math.floor(index / horizon)]!]!),
  };

  for (const strategy of strategies) {
    it(`categories and numbers tell a ${strategy} network what the rows do not`, async () => {
      const byKind: Dataset = { ...flat, categories: floats([count, 1], (n) => kinds[n]!) };
      const byNumber: Dataset = { ...flat, numbers: floats([count, 1], (n) => kinds[n]! - 1) };
      for (const [data, channels] of [
        [byKind, { ...noChannels, categories: [3] }],
        [byNumber, { ...noChannels, numbers: 1 }],
      ] as const) {
        const network = await networkFor(data, specOf({ strategy, channels, units: [8] }), { epochs: 60 });
        // A recursive network is taught that the rows before were 0, and has only its first row from these windows' end.
        const predicted = await network.predict(data);
        const first = predicted.reduce((sum, { value }, n) => sum + Math.abs(value[0]! - shift[kinds[n]!]!), 0) / count;
        assert.ok(first < 0.35, `${first}`);
      }
    });
  }
});

describe("a mask", () => {
  const channels: Channels = { ...noChannels, mask: true };
  // 0 is a value like others; only the mask tells that a last value of 0 was not seen, and then the one before goes on.
  const hidden = noise(9);
  const count = 400;
  const isHidden = Array.from({ length: count }, () => hidden() < 0.5);
  const level = Array.from({ length: count }, () => Math.round(hidden()) * 2 - 1);
  const data: Dataset = {
    ...windowsOf(() => 0, { count }),
    x: floats([count, steps, 1], (index) => {
      const [n, t] = [Math.floor(index / steps), index % steps];
      return t === steps - 2 ? level[n]! : 0;
    }),
    mask: floats([count, steps, 1], (index) => (index % steps === steps - 1 && isHidden[Math.floor(index / steps)]! ? 0 : 1)),
    y: floats([count, horizon], (index) => {
      const n = Math.floor(index / horizon);
      return isHidden[n]! ? level[n]! : 0;
    }),
  };

  for (const strategy of ["direct", "encoder-decoder"] as const) {
    it(`tells a ${strategy} network what was seen`, async () => {
      const told = await networkFor(data, specOf({ strategy, channels, units: [12] }), { epochs: 40 });
      const untold = await networkFor(data, specOf({ strategy, units: [12] }), { epochs: 40 });
      const [with_, without] = [errorOf(await told.predict(data), data.y), errorOf(await untold.predict(data), data.y)];
      assert.ok(with_ < 0.1 && without > 0.35, `${with_} ${without}`);
    });
  }

  it("is all ones where nothing is missing", async () => {
    const whole = windowsOf(wave, { count: 8 });
    for (const strategy of strategies) {
      const network = await networkFor(whole, specOf({ strategy, channels, units: [4] }), { epochs: 1 });
      const seen = await network.predict({ ...whole, mask: floats([8, steps, 1], () => 1) });
      assert.deepEqual(await network.predict(whole), seen);
    }
  });
});
