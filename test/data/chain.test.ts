// Transforms in a chain are undone exactly, let missing values through, and know the training part alone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { applyChain, type Chain, type ChainStepName, fitChain, guerrero, invertChain } from "../../src/data/chain.js";
import { parseTable } from "../../src/data/table.js";
import { failure } from "../tasks/fakes.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const airline = parseTable(readFileSync(join(root, "data/airline-passengers.csv"), "utf8")).columns.Passengers!.numbers;
const chains: readonly (readonly ChainStepName[])[] = [
  ["standard"],
  ["robust"],
  ["log", "standard"],
  ["boxCox", "robust"],
  ["seasonalDifference", "standard"],
  ["log", "seasonalDifference", "difference", "robust"],
  ["difference", "difference", "standard"],
];

test("what follows an origin is given back from what the chain makes of it, with and without holes before", () => {
  for (const steps of chains) {
    for (const holes of [false, true]) {
      const values = airline.map((value, i) => (holes && i % 17 === 3 ? Number.NaN : value));
      const chain = fitChain(values.subarray(0, 120), steps, { season: 12 });
      const whole = applyChain(chain, values);
      const [origin, end] = [121, 133];
      const back = invertChain(chain, whole.subarray(origin, end), values.subarray(0, origin));
      const seen = whole.subarray(origin, end).findIndex((value) => Number.isNaN(value));
      const count = seen < 0 ? end - origin : seen;
      assert.ok(count > 0);
      for (let h = 0; h < count; h++) assert.ok(Math.abs(back[h]! - values[origin + h]!) < 1e-8, `${steps.join()} ${h}`);
    }
  }
});

test("a missing value is missing after the chain, and changes no number that the chain measures from others", () => {
  for (const steps of chains) {
    const holed = airline.slice();
    holed[50] = Number.NaN;
    const chain = fitChain(holed, steps, { season: 12 });
    assert.ok(chain.every((step) => Object.values(step).every((value) => typeof value === "string" || Number.isFinite(value))));
    assert.ok(Number.isNaN(applyChain(chain, holed)[50]));
  }
  const seen = Float64Array.of(1, 2, 3, 4);
  assert.deepEqual(fitChain(Float64Array.of(1, Number.NaN, 2, 3, Number.NaN, 4), ["robust"]), fitChain(seen, ["robust"]));
});

test("a chain survives JSON", () => {
  const chain = fitChain(airline, ["boxCox", "seasonalDifference", "standard"], { season: 12 });
  assert.deepEqual(applyChain(JSON.parse(JSON.stringify(chain)) as Chain, airline), applyChain(chain, airline));
});

test("the power for the airline passengers is that of Guerrero's method in R's forecast, -0.29", () => {
  assert.equal(guerrero(airline, 12), -0.29);
});

test("a robust scale is not moved by a few wild values", () => {
  const wild = airline.slice();
  for (const i of [3, 40, 77]) wild[i] = 1e9;
  const [clean] = fitChain(airline, ["robust"]);
  const [moved] = fitChain(wild, ["robust"]);
  assert.ok(clean?.kind === "scale" && moved?.kind === "scale" && Math.abs(moved.scale / clean.scale - 1) < 0.1);
});

test("powers and logarithms of zero are refused, and inverses stay in the range", async () => {
  assert.equal((await failure(() => fitChain(Float64Array.of(0, 1), ["log", "standard"]))).code, "not_positive");
  assert.deepEqual([...invertChain([{ kind: "boxCox", lambda: 0.5 }], [-9], Float64Array.of(1))], [0]);
});
