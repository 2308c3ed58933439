// Scores and intervals agree with their definitions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { crpsOf, intervalsOf } from "../../src/tasks/forecast/intervals.js";
import { forecastScores } from "../../src/tasks/forecast/scores.js";

const row = (...values: number[]): Tensor => hostTensor(Float32Array.from(values), [values.length], "float32");
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-5 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test("scores follow their formulas", () => {
  const s = forecastScores({ actual: row(10, 20), predicted: row(12, 16), history: row(1, 3, 2, 6), season: 2 });
  near(s.mae, 3);
  near(s.rmse, Math.sqrt(10));
  near(s.smape, (400 / 22 + 800 / 36) / 2);
  near(s.mase, 3 / 2);
});

test("a perfect forecast of zeros scores zero, and missing values are left out", () => {
  const s = forecastScores({ actual: row(0, Number.NaN), predicted: row(0, 5), history: row(1, 2), season: 1 });
  assert.deepEqual([s.smape, s.mae, s.mase], [0, 0, 0]);
});

test("history may be windows that move one row at a time", () => {
  const joined = row(1, 4, 9, 16, 25);
  const asWindows = hostTensor(Float32Array.of(1, 4, 9, 4, 9, 16, 9, 16, 25), [3, 3], "float32");
  const of = (history: Tensor): number => forecastScores({ actual: row(3), predicted: row(5), history, season: 2 }).mase;
  assert.equal(of(asWindows), of(joined));
  assert.throws(() => of(hostTensor(Float32Array.of(1, 2, 3, 4), [2, 2], "float32")), { code: "score_shapes" });
});

test("forecasts of another size are refused with both shapes", () => {
  assert.throws(
    () => forecastScores({ actual: row(1), predicted: row(1, 2), history: row(1), season: 1 }),
    /actual \[1\] and predicted \[2\]/,
  );
});

test("intervals hold the share of errors they promise, grow with the step and nest", () => {
  const residuals = Array.from({ length: 1000 }, (_, i) => ({ origin: null, step: i % 4, error: ((i * 389) % 1000) / 1000 - 0.5 }));
  const intervals = intervalsOf(residuals, 4)!;
  near(intervals.half80[0]!, 0.4);
  assert.ok(intervals.half95.every((half, i) => half >= intervals.half80[i]! && (i === 0 || half >= intervals.half95[i - 1]!)));
  assert.equal(intervalsOf(residuals.slice(0, 18), 4), null);
});

test("errors of few forecasts make wider intervals than as many that share nothing, overlapping horizons count as the whole ones that fit", () => {
  const residuals = Array.from({ length: 40 }, (_, i) => ({ step: i % 4, error: ((i * 7) % 40) / 40 }));
  const widthWith = (origin: (i: number) => number | null): number =>
    intervalsOf(
      residuals.map((each, i) => ({ ...each, origin: origin(i) })),
      4,
    )!.half80[0]!;
  const alone = widthWith(() => null);
  near(
    widthWith((i) => 4 * (i >> 2)),
    alone * Math.sqrt(1 + 1 / 10),
  );
  near(
    widthWith((i) => i >> 2),
    alone * Math.sqrt(1 + 4 / (4 + 9)),
  );
  near(
    widthWith(() => 7),
    alone * Math.sqrt(2),
  );
});

test("CRPS of one member is its distance, and follows the double sum", () => {
  assert.equal(crpsOf([3], 5), 2);
  const members = [1, 4, 4.5, 9];
  const pairs = members.flatMap((a) => members.map((b) => Math.abs(a - b)));
  const direct = members.reduce((sum, x) => sum + Math.abs(x - 5), 0) / 4 - pairs.reduce((sum, d) => sum + d, 0) / 32;
  near(crpsOf(members, 5), direct);
});
