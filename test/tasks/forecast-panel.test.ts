// Many series of one table: one network, a combination for each, and none that stops the others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTable } from "../../src/data/table.js";
import { planForecast } from "../../src/tasks/forecast/dry-run.js";
import { evaluateWith } from "../../src/tasks/forecast/evaluate-saved.js";
import { forecast } from "../../src/tasks/forecast/forecast.js";
import { isPanel } from "../../src/tasks/forecast/laid-run.js";
import { forecastWith } from "../../src/tasks/forecast/predict.js";
import { parsePreprocess } from "../../src/tasks/forecast/preprocess.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import { constantTrainer, failure, planOf } from "./fakes.js";

const month = (i: number): string => `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`;
const value = (shop: number, i: number): number =>
  10 ** shop * (50 + i / 4 + 10 * Math.sin((2 * Math.PI * i) / 12) + ((i * 37 + shop) % 11) / 5);

function shops(count: number, months = 72): string {
  const rows = Array.from({ length: count }, (_, shop) =>
    Array.from({ length: months }, (_, i) => `s${shop},${month(i)},${value(shop, i)}`),
  );
  return `shop,month,sales\n${rows.flat().join("\n")}\n`;
}

const options = { id: "shop", target: "sales", horizon: 6 };

test("every series is forecast on its own scale, and named in its rows", async () => {
  const run = await runForecast(parseTable(shops(3)), options, constantTrainer(0).trainer);
  assert.deepEqual([run.data.series, run.data.id, run.forecast.length, run.holdout.length, run.evaluation.points], [3, "shop", 18, 18, 18]);
  for (const row of run.forecast) {
    const shop = Number(row.id!.slice(1));
    assert.ok(row.value > 0.5 * value(shop, 60) && row.value < 2 * value(shop, 60), `${row.id} ${row.time}: ${row.value}`);
  }
  assert.deepEqual(run.forecast.map(({ time }) => time).slice(0, 6), ["2006-01", "2006-02", "2006-03", "2006-04", "2006-05", "2006-06"]);
  assert.ok(run.evaluation.model.mase! < run.evaluation.seasonalNaive.mase!);
});

test("series that cannot be forecast are left out with their reason, and the others do not change", async () => {
  const broken = `${shops(2)}flat,2000-01,1\nflat,2000-02,1\nshort,2000-01,4\nshort,2000-02,9\n`;
  const run = await runForecast(parseTable(broken), options, constantTrainer(0).trainer);
  const alone = await runForecast(parseTable(shops(2)), options, constantTrainer(0).trainer);
  assert.deepEqual(run.forecast, alone.forecast);
  assert.deepEqual(
    run.warnings.map(({ code, message }) => [code, message.split(" ")[0]]),
    [
      ["series_skipped", "flat"],
      ["series_skipped", "short"],
    ],
  );
  const nameless = planOf(parseTable(`${shops(2)},2000-01,1\n,2000-02,1\n`), options).warnings;
  assert.match(nameless[0]!.message, /^the series without an id is left out \[constant_target\]/);
  const none = await failure(() =>
    runForecast(parseTable(`${shops(0)}a,2000-01,4\na,2000-02,9\nb,2000-01,3\nb,2000-02,9\n`), options, constantTrainer(0).trainer),
  );
  assert.equal(none.code, "too_few_rows");
});

test("a saved panel forecasts the same rows again, and a series it was not trained on by its own rows", async () => {
  const run = await runForecast(parseTable(shops(2)), options, constantTrainer(0.1).trainer);
  const saved = parsePreprocess(JSON.stringify(run.preprocess));
  const again = await forecastWith(run.model, saved, parseTable(shops(3)));
  assert.deepEqual(again.predictions.slice(0, 12), run.forecast);
  assert.match(again.warnings[0]!.message, /^the model was not trained on s2: scale and simple methods are found from the rows given/);
  again.predictions.slice(12).forEach((row, h) => {
    assert.ok(Math.abs(row.value / value(2, 72 + h) - 1) < 0.1 && row.lower95! < row.lower80! && row.upper80! < row.upper95!);
  });
});

test("a table without any series long enough is refused with the reason of the first", async () => {
  const run = await runForecast(parseTable(shops(2)), options, constantTrainer(0.1).trainer);
  const saved = parsePreprocess(JSON.stringify(run.preprocess));
  const few = parseTable("shop,month,sales\ns0,2006-01,5\ns0,2006-02,6\n", { file: "new.csv" });
  const { message } = await failure(() => forecastWith(run.model, saved, few));
  assert.match(
    message,
    /^new\.csv has no series that the model can forecast; s0 is left out: it has 2 rows; the model reads \d+\. Give it more of the past\.$/,
  );
});

test("a saved panel is scored on the last rows of every series, and series it cannot score change nothing", async () => {
  const run = await runForecast(parseTable(shops(2)), options, constantTrainer(0).trainer);
  const saved = parsePreprocess(JSON.stringify(run.preprocess));
  const scored = await evaluateWith(run.model, saved, parseTable(shops(2, 78)), { test: 12 });
  assert.deepEqual([scored.data.series, scored.evaluation.points, scored.evaluation.origins, scored.rows.length], [2, 24, 2, 24]);
  const [first] = scored.rows;
  assert.deepEqual([first!.id, first!.time, first!.actual], ["s0", "2005-07", value(0, 66)]);
  const withMore = await evaluateWith(run.model, saved, parseTable(`${shops(2, 78)}s2,2006-05,7\ns2,2006-06,8\n`), { test: 12 });
  assert.deepEqual(
    [withMore.rows, withMore.warnings.map(({ message }) => message)],
    [scored.rows, ["s2 is left out: it has 2 rows; scoring the last 12 needs 36. Give it more of the past."]],
  );
  const short = await failure(() => evaluateWith(run.model, saved, parseTable(shops(2)), { test: 72 }));
  assert.match(short.message, /s0 is left out: it has 72 rows; scoring the last 72 needs/);
});

test("a panel is known by its options or by the columns unique_id, ds and y", () => {
  assert.equal(isPanel(parseTable("unique_id,ds,y\na,2000-01-01,1\n"), {}), true);
  assert.equal(isPanel(parseTable("shop,month,sales\na,2000-01,1\n"), {}), false);
  assert.equal(isPanel(parseTable("shop,month,sales\na,2000-01,1\n"), { id: "shop" }), true);
  // All series, also where the target is named.
  const nixtla = parseTable(shops(2).replace("shop,month,sales", "unique_id,ds,y"));
  const [found, named] = [planOf(nixtla, { horizon: 6 }), planOf(nixtla, { target: "y", horizon: 6 })];
  assert.deepEqual([named.members.length, named.data], [2, found.data]);
});

test("a real network over several series gives every number, the same for the same seed, and a dry run counts its windows", async () => {
  const settings = { ...options, units: 6, layers: 1, epochs: 2, seed: 3 };
  const [one, again] = [await forecast(parseTable(shops(3)), settings), await forecast(parseTable(shops(3)), settings)];
  assert.deepEqual(again.forecast, one.forecast);
  assert.ok(one.forecast.every((row) => Number.isFinite(row.value) && row.lower80! <= row.value && row.value <= row.upper95!));
  const { plan, data } = await planForecast(parseTable(shops(3)), settings);
  assert.equal(data.series, 3);
  assert.ok(plan.windows.train > 60 && plan.windows.validation > 0);
});

test("a wide table, a series per row, is a panel too", async () => {
  const rows = [0, 1].map((shop) => [`s${shop}`, ...Array.from({ length: 60 }, (_, i) => value(shop, i))].join(","));
  const text = `id,${Array.from({ length: 60 }, (_, i) => month(i)).join(",")}\n${rows.join("\n")}\n`;
  const table = parseTable(text, { wide: true });
  const run = await runForecast(table, { wide: true, horizon: 6 }, constantTrainer(0).trainer);
  assert.deepEqual([run.data.series, run.forecast.length], [2, 12]);
  const again = await forecastWith(run.model, parsePreprocess(JSON.stringify(run.preprocess)), table);
  assert.deepEqual(again.predictions, run.forecast);
});

test("a series whose values leave all proportion does not stop the others, whatever happens to its own forecast", async () => {
  for (const odd of ["1e30", "1e-300", "1e300"]) {
    const text = `${shops(2)}${shops(3)
      .split("\n")
      .filter((line) => line.startsWith("s2"))
      .join("\n")}\n`.replace(/^(s2,2005-0[789]),.*$/gm, `$1,${odd}`);
    const run = await forecast(parseTable(text), { ...options, test: 12, units: 6, layers: 1, epochs: 2 });
    const others = run.forecast.filter(({ id }) => id !== "s2");
    assert.equal(others.length, 12);
    for (const row of others) {
      const shop = Number(row.id!.slice(1));
      assert.ok(row.value > 0.5 * value(shop, 60) && row.value < 2 * value(shop, 60), `${odd}: ${row.id} ${row.value}`);
    }
  }
});
