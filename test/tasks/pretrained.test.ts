// The pretrained network: its arithmetic is that of the engine it was trained with, and it forecasts series that it has not seen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { examplesOf } from "../../bench/prior/examples.js";
import { priorNetwork, priorWeightsOf } from "../../bench/prior/network.js";
import { generate } from "../../bench/prior/series.js";
import { init, tensor } from "../../src/index.js";
import { pretrained } from "../../src/tasks/forecast/prior/member.js";
import { priorLevels } from "../../src/tasks/forecast/prior/network.js";
import { storedWeights } from "../../src/tasks/forecast/prior/stored-weights.js";
import { decodeWeights, encodeWeights } from "../../src/tasks/forecast/prior/weights.js";
import { aheadNumbers, candidateCount, kindNumbers, priorWindow, readRows, rowNumbers } from "../../src/tasks/forecast/prior/window.js";

const months = Float64Array.from({ length: 60 }, (_, t) => 200 + t + 20 * Math.sin((2 * Math.PI * t) / 12) + 5 * Math.cos(t * t));
const past = { values: months, season: 12, horizon: 18, log: false };

test("what is computed is what the engine computes with the same weights", async () => {
  await init({ backend: "reference" });
  const window = priorWindow(past)!;
  const ahead = Array.from({ length: past.horizon }, (_, h) => [
    ...window.ahead.subarray(h * aheadNumbers, (h + 1) * aheadNumbers),
    ...window.candidates.subarray(h * candidateCount, (h + 1) * candidateCount),
    1,
  ]);
  const x = {
    rows: tensor(window.rows, { shape: [1, readRows, rowNumbers] }),
    kind: tensor(window.kind, { shape: [1, kindNumbers] }),
    ahead: tensor([ahead]),
  };
  const model = priorNetwork();
  const shapes = { rows: [readRows, rowNumbers], kind: [kindNumbers], ahead: ["time", aheadNumbers + candidateCount + 1] };
  model.build(shapes as never, { seed: 3 });
  const out = await model.predict(x as never);
  const levels = priorLevels(priorWeightsOf(model), window);
  levels.forEach((level, h) => {
    const expected = window.level + window.scale * out.data[h]!;
    assert.ok(Math.abs(level - expected) < 1e-4 * window.scale, `row ${h + 1}: ${level} is not ${expected}`);
  });
});

test("weights are read back as they were written, to three digits; damaged ones are told", () => {
  const stored = decodeWeights(storedWeights);
  const again = decodeWeights(encodeWeights(stored));
  for (const [name, values] of Object.entries(stored)) assert.deepEqual(again[name as keyof typeof again], values, name);
  const third = Object.fromEntries(Object.entries(stored).map(([name, values]) => [name, values.map((value) => value / 3)]));
  const rounded = decodeWeights(encodeWeights(third as unknown as typeof stored))["read/U"];
  for (const [i, value] of rounded.entries()) assert.ok(Math.abs(value - third["read/U"]![i]!) <= 2 ** -8 * Math.abs(value));
  for (const text of [storedWeights.slice(0, 4000), "", "no weights!"])
    assert.throws(() => decodeWeights(text), { code: "bad_weights", message: /damaged.*Install the package again/ });
});

test("a forecast moves with the series and stretches with it; on logarithms it is multiplied", () => {
  const of = (values: Float64Array, log: boolean): Float64Array => pretrained({ ...past, values, log })!;
  const plain = of(months, false);
  const moved = of(
    months.map((value) => 3 * value - 5000),
    false,
  );
  for (const [h, value] of plain.entries()) assert.ok(Math.abs(3 * value - 5000 - moved[h]!) < 1e-3, `row ${h + 1}: ${moved[h]}`);
  const [one, thousand] = [
    of(months, true),
    of(
      months.map((value) => 1000 * value),
      true,
    ),
  ];
  for (const [h, value] of one.entries()) assert.ok(Math.abs((1000 * value) / thousand[h]! - 1) < 1e-5, `row ${h + 1}: ${thousand[h]}`);
});

test("generated series that it was not trained on are forecast better than by repeating the last value, or the last season", () => {
  const sums = { value: 0, season: 0, count: 0 };
  for (let index = 0; index < 100; index++) {
    const { values, season, horizon } = generate(977, index);
    const end = values.length - horizon;
    const ahead = pretrained({ values: values.slice(0, end), season, horizon, log: false });
    if (ahead === null) continue;
    const error = (of: (h: number) => number): number => ahead.reduce((total, _, h) => total + Math.abs(values[end + h]! - of(h)), 1e-9);
    const own = Math.log(error((h) => ahead[h]!));
    sums.value += own - Math.log(error(() => values[end - 1]!));
    sums.season += own - Math.log(error((h) => values[end - season + (h % season)]!));
    sums.count++;
  }
  const ratio = (sum: number): number => Math.exp(sum / sums.count);
  assert.ok(sums.count > 90, `${sums.count} series`);
  assert.ok(ratio(sums.value) < 0.8, `${ratio(sums.value)} times the error of the last value`);
  assert.ok(ratio(sums.season) < 0.8, `${ratio(sums.season)} times the error of the last season`);
});

test("short, still and unsuited pasts have no forecast; gaps do not matter", () => {
  assert.equal(pretrained({ ...past, values: months.subarray(0, 5) }), null);
  assert.equal(pretrained({ ...past, values: new Float64Array(40).fill(7) }), null);
  assert.equal(pretrained({ ...past, values: new Float64Array(40).fill(Number.NaN) }), null);
  assert.equal(pretrained({ ...past, values: months.map((value) => value - 200), log: true }), null);
  const gaps = months.map((value, t) => (t % 7 === 3 || t > 57 || t < 2 ? Number.NaN : value));
  const [with_, without] = [pretrained({ ...past, values: gaps })!, pretrained(past)!];
  for (const [h, value] of with_.entries())
    assert.ok(Math.abs(value - without[h]!) < 40, `row ${h + 1}: ${value}, without gaps ${without[h]}`);
});

test("examples are the same from the same seed, and others from another", () => {
  const rows = (seed: number): ArrayLike<number> => examplesOf(seed, 0, 5).x.rows.data as ArrayLike<number>;
  assert.deepEqual(rows(1), rows(1));
  assert.notDeepEqual(rows(1), rows(2));
});
