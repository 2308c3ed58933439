// Strategies, distributions, stacks and ensembles as options of the task: results, saved models, refusals.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTable } from "../../src/data/index.js";
import { add, defineCell, loadModel, matmul, mul, tanh, weight } from "../../src/index.js";
import { planForecast } from "../../src/tasks/forecast/dry-run.js";
import { evaluateWith } from "../../src/tasks/forecast/evaluate-saved.js";
import { forecast } from "../../src/tasks/forecast/forecast.js";
import { forecastWith } from "../../src/tasks/forecast/predict.js";
import { parsePreprocess } from "../../src/tasks/forecast/preprocess.js";
import type { ForecastEvent, ForecastOptions, ForecastRun } from "../../src/tasks/forecast/types.js";
import { failure, monthly } from "./fakes.js";

const values = Array.from({ length: 96 }, (_, row) => 50 + Math.round(20 * Math.sin((row * Math.PI) / 6)) + (row % 5));
const table = parseTable(monthly(values));
const small: ForecastOptions = { units: 6, layers: 2, epochs: 3, horizon: 6, input: 12, pure: true, seed: 3 };

async function loaded(run: ForecastRun): Promise<Awaited<ReturnType<typeof loadModel>>> {
  return loadModel((run.model as ForecastRun["model"] & { toBytes(): Uint8Array }).toBytes());
}

const asked: readonly ForecastOptions[] = [
  { strategy: "recursive", distribution: "gaussian", paths: 20 },
  { strategy: "recursive", distribution: "negative-binomial", paths: 20, ensemble: 2 },
  { strategy: "encoder-decoder", distribution: "quantiles", stack: "bidirectional" },
  { distribution: "student-t", stack: "residual", ensemble: 2 },
  { distribution: "negative-binomial", stack: "dilated" },
  { strategy: "recursive", stack: "residual" },
];

describe("networks of the task", () => {
  for (const options of asked) {
    it(`${Object.values(options).join(", ")}: what a saved model says is what the run said`, async () => {
      const run = await forecast(table, { ...small, ...options });
      const [first] = run.forecast;
      assert.ok(run.forecast.every(({ value }) => Number.isFinite(value)));
      assert.ok(first!.lower95! <= first!.lower80! && first!.lower80! <= first!.value && first!.value <= first!.upper80!);
      const preprocess = parsePreprocess(JSON.stringify(run.preprocess));
      const model = await loaded(run);
      const again = await forecastWith(model, preprocess, table);
      assert.deepEqual(again.predictions, run.forecast);
      const { evaluation } = await evaluateWith(model, preprocess, table, { test: 6 });
      assert.ok(evaluation.model.coverage80 !== null);
    });
  }

  it("alone they have intervals of their own, and a combination those of its errors", async () => {
    const options = { ...small, distribution: "gaussian" } as const;
    const alone = await forecast(table, options);
    const halves = alone.forecast.map(({ lower80, value, upper80 }) => [value - lower80!, upper80! - value] as const);
    // Symmetric, and 95 % is as much wider as a normal distribution says.
    const { lower95, value } = alone.forecast[0]!;
    assert.ok(halves.every(([below, above]) => Math.abs(below - above) < 1e-6 * above));
    assert.ok(Math.abs((value - lower95!) / halves[0]![0] - 1.959964 / 1.281552) < 1e-4);
    const blended = await forecast(table, { ...options, pure: false });
    const { intervals } = blended.preprocess;
    const row = blended.forecast[0]!;
    assert.ok(intervals !== null && Math.abs(row.upper80! - row.value - intervals.half80[0]!) < 1e-9);
  });

  it("a cell of one's own is given again to an ensemble that is taken apart", async () => {
    const cell = defineCell({
      name: "leaky",
      state: { h: "units" },
      output: "h",
      params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units]) }),
      step: (x, { h }, p) => ({ h: add(mul(0.5, h), mul(0.5, tanh(add(matmul(x, p.W), matmul(h, p.U))))) }),
    });
    const run = await forecast(table, { ...small, cell, strategy: "recursive", distribution: "gaussian", ensemble: 2, stack: "dilated" });
    const bytes = (run.model as ForecastRun["model"] & { toBytes(): Uint8Array }).toBytes();
    const model = await loadModel(bytes, { cells: [cell] });
    const again = await forecastWith(model, parsePreprocess(JSON.stringify(run.preprocess)), table, { cells: [cell] });
    assert.deepEqual(again.predictions, run.forecast);
  });

  it("beyond a season, where levels stand on forecast ones, a path stands on itself", async () => {
    const long = { ...small, horizon: 18, strategy: "recursive", distribution: "gaussian", paths: 40 } as const;
    const run = await forecast(table, long);
    assert.match(run.data.transform, /difference to the season before/);
    const widths = run.forecast.map(({ lower80, upper80 }) => upper80! - lower80!);
    // Errors of the two seasons are independent draws: the second is wider, but not twice as wide.
    const mean = (from: number, to: number): number => widths.slice(from, to).reduce((sum, width) => sum + width, 0) / (to - from);
    const ratio = mean(12, 18) / mean(0, 6);
    assert.ok(ratio > 1.15 && ratio < 1.75, `${ratio}`);
  });

  it("many series, counts of very different sizes among them", async () => {
    const rows = ["day,store,sold"];
    for (const [store, size] of [
      ["a", 1],
      ["b", 40],
    ] as const)
      for (let day = 0; day < 60; day++)
        rows.push(`${new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10)},${store},${Math.round(size * (1 + Math.sin(day)))}`);
    const run = await forecast(parseTable(`${rows.join("\n")}\n`), { ...small, id: "store", distribution: "negative-binomial" });
    const mean = (id: string): number => run.forecast.filter((row) => row.id === id).reduce((sum, row) => sum + row.value, 0) / 6;
    assert.ok(mean("a") < 4 && mean("b") > 15, `${mean("a")} ${mean("b")}`);
    assert.ok(run.forecast.every(({ lower95 }) => lower95! >= 0 && Number.isInteger(lower95)));
  });

  it("passes of all members are counted in one row, and the plan says what the network is", async () => {
    const events: ForecastEvent[] = [];
    await forecast(table, { ...small, ensemble: 2, stack: "dilated", onEvent: (event) => void events.push(event) });
    const epochs = events.flatMap((event) => (event.kind === "epoch" && event.phase === "select" ? [event.epoch] : []));
    assert.deepEqual(epochs, [1, 2, 3, 4, 5, 6]);
    const last = events.findLast((event) => event.kind === "epoch");
    assert.equal(last?.kind === "epoch" ? last.done : 0, 1);
    const { lines, network } = await planForecast(table, { ...small, ensemble: 2, strategy: "recursive", distribution: "student-t" });
    assert.match(lines.join("\n"), /forecasts 6 one after the other/);
    assert.match(lines.join("\n"), /says a student-t distribution of each row; 100 paths are drawn from it; 2 of its kind are averaged/);
    const { network: single } = await planForecast(table, { ...small, strategy: "recursive", distribution: "student-t" });
    assert.equal(network.parameters, 2 * single.parameters);
  });

  it("what does not go together is refused in a sentence", async () => {
    const refused = (options: ForecastOptions, csv = table): Promise<{ message: string; code: string }> =>
      failure(() => forecast(csv, { ...small, ...options }));
    assert.match(
      (await refused({ strategy: "recursive", stack: "bidirectional" })).message,
      /--stack bidirectional reads the input as a whole/,
    );
    assert.match((await refused({ paths: 10 })).message, /--paths are drawn by --strategy recursive/);
    assert.match(
      (await refused({ strategy: "backwards" as never })).message,
      /--strategy backwards: one of direct, recursive, encoder-decoder/,
    );
    assert.match((await refused({ ensemble: 0 })).message, /--ensemble 0/);
    const fractions = parseTable(monthly(values.map((value) => value + 0.5)));
    const { code, message } = await refused({ distribution: "negative-binomial" }, fractions);
    assert.equal(code, "not_a_count");
    assert.match(message, /Sales is 50.5 at 2000-01/);
  });
});
