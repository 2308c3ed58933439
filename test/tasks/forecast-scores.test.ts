// Scores and intervals agree with their definitions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { crpsOf, intervalsOf } from "../../src/tasks/forecast/intervals.js";
import { normalQuantile } from "../../src/tasks/forecast/network/distributions/special.js";
import { studentQuantile } from "../../src/tasks/forecast/network/distributions/student.js";
import { forecastScores } from "../../src/tasks/forecast/scores.js";
import { type SimpleMethod, simpleMethodNames } from "../../src/tasks/forecast/simple/index.js";
import type { ForecastScores } from "../../src/tasks/forecast/types.js";
import { type AllScores, bestOf, verdictOf } from "../../src/tasks/forecast/verdict.js";

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

/** Widths of 80 and 95 % at the first of four steps, of errors from origins that each have one per step. */
function widthsOf(sizes: readonly number[], origin: (n: number) => number | null): [number, number] {
  const residuals = sizes.flatMap((size, n) =>
    [0, 1, 2, 3].map((step) => ({ step, error: n % 2 === 0 ? size : -size, origin: origin(n) })),
  );
  const { half80, half95 } = intervalsOf(residuals, 4)!;
  return [half80[0]!, half95[0]!];
}

test("errors of few forecasts make wider intervals than as many that share nothing, and 95 % more so than 80 %", () => {
  const same = Array.from({ length: 10 }, () => 1);
  assert.deepEqual(
    widthsOf(same, () => null),
    [1, 1],
  );
  const [few80, few95] = widthsOf(same, (n) => 4 * n);
  const [overlapping80, overlapping95] = widthsOf(same, (n) => n);
  assert.ok(few80 > 1 && few95 > few80);
  assert.ok(overlapping80 > few80 && overlapping95 > overlapping80);
  // One origin: Student's distribution with two degrees of freedom for the size of its errors, at the share that as many of 40 hold, and
  // nothing for its centre.
  const [one80, one95] = widthsOf(same, () => 7);
  near(one80, stretchAt(33 / 41));
  near(one95, stretchAt(39 / 41));
});

const stretchAt = (share: number): number => studentQuantile(0.5 + share / 2, 2) / normalQuantile(0.5 + share / 2);

test("errors of the last horizon count for more than those of the first", () => {
  const usual = Array.from({ length: 10 }, (_, n) => 1 + (n % 3) / 10);
  const of = (sizes: readonly number[]): number => widthsOf(sizes, (n) => 4 * n)[0];
  assert.ok(of([...usual.slice(0, 8), 4, 4]) > 1.1 * of([4, 4, ...usual.slice(2)]));
});

test("many origins close together count as the horizon they lie in", () => {
  const of = (crowd: readonly number[]): number => {
    const origins = [...crowd, 11, 15, 19, 23, 27, 31, 35];
    return widthsOf(
      origins.map((origin) => (origin < 4 ? 3 : 1)),
      (n) => origins[n]!,
    )[0];
  };
  const [crowded, alone] = [of([0, 1, 2, 3]), of([0])];
  assert.ok(Math.abs(crowded / alone - 1) < 0.05, `${crowded} and ${alone}`);
});

test("CRPS of one member is its distance, and follows the double sum", () => {
  assert.equal(crpsOf([3], 5), 2);
  const members = [1, 4, 4.5, 9];
  const pairs = members.flatMap((a) => members.map((b) => Math.abs(a - b)));
  const direct = members.reduce((sum, x) => sum + Math.abs(x - 5), 0) / 4 - pairs.reduce((sum, d) => sum + d, 0) / 32;
  near(crpsOf(members, 5), direct);
});

test("the verdict names a method once, and a forecast with the error of the best is not called worse", () => {
  const scores = (mae: number): ForecastScores => ({ smape: mae, mase: mae, rmse: mae, mae });
  const of = (own: Partial<Record<SimpleMethod | "model", number>>): AllScores => {
    const names = [...simpleMethodNames, "model"] as const;
    return Object.fromEntries(names.map((name) => [name, scores(own[name] ?? 3)])) as unknown as AllScores;
  };
  const says = (own: Partial<Record<SimpleMethod | "model", number>>): string => {
    const all = of(own);
    return verdictOf(all, bestOf(all, "MASE"), { test: 7, isPure: false, by: "MASE" });
  };
  assert.equal(
    says({ seasonalNaive: 1, model: 2 }),
    "On the last 7 rows seasonal naive (MASE 1.00) is best; the forecast (MASE 2.00) is better than 11 of the 12 simple methods.",
  );
  assert.match(says({ theta: 1, model: 2, seasonalNaive: 2.5 }), /12 simple methods, seasonal naive \(MASE 2\.50\) among them\.$/);
  assert.equal(says({ naive: 0, model: 0 }), "On the last 7 rows naive (MASE 0.00) is best, and the forecast has the same error.");
});
