// Columns beside the target: read in the right place, scaled before the hold-out, never ahead of their time, the same for a saved model.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readHolidays } from "../../src/data/calendar.js";
import { findLeaks, type PreparedInput } from "../../src/data/leaks.js";
import { columnWords } from "../../src/data/roles.js";
import { parseTable } from "../../src/data/table.js";
import type { Series } from "../../src/data/types.js";
import { measureBeside } from "../../src/tasks/forecast/beside.js";
import { evaluateWith } from "../../src/tasks/forecast/evaluate-saved.js";
import { forecast } from "../../src/tasks/forecast/forecast.js";
import { Inputs } from "../../src/tasks/forecast/inputs.js";
import { neededColumns } from "../../src/tasks/forecast/laid-run.js";
import type { NetworkSpec } from "../../src/tasks/forecast/network/types.js";
import { forecastWith } from "../../src/tasks/forecast/predict.js";
import { parsePreprocess } from "../../src/tasks/forecast/preprocess.js";
import { readTask } from "../../src/tasks/forecast/read-task.js";
import { runForecast } from "../../src/tasks/forecast/run.js";
import { placesIn } from "../../src/tasks/forecast/run-plan.js";
import type { PredictOptions } from "../../src/tasks/forecast/saved-members.js";
import type { ForecastRun, TaskOptions } from "../../src/tasks/forecast/types.js";
import { constantTrainer, failure, planOf } from "./fakes.js";

const day = (i: number): string => new Date(Date.UTC(2022, 0, 1 + i)).toISOString().slice(0, 10);
const sold = (shop: number, i: number): number => 100 * (shop + 1) + 20 * Math.sin(i / 3) + ((i * 37 + 5 * shop) % 11);
const rain = (i: number): string => (i % 10 === 3 ? "" : String((i * 7) % 5));
const promo = (i: number): string => (i % 6 === 0 ? "yes" : "no");

/** Days of some shops, `ahead` of them without a sale. */
function table(shops: readonly string[] = ["a"], { days = 100, ahead = 14, extra = (_: number): string => "0" } = {}): string {
  const rows = shops.flatMap((shop, k) =>
    Array.from({ length: days + ahead }, (_, i) =>
      [shop, day(i), i < days ? sold(k, i) : "", i < days ? rain(i) : "", promo(i), k % 2 ? "town" : "city", 10 * k, extra(i)].join(","),
    ),
  );
  return `shop,day,sold,rain,promo,kind,size,extra\n${rows.join("\n")}\n`;
}

const one: TaskOptions = { target: "sold", time: "day", past: ["rain"], future: ["promo"], horizon: 7, input: 14 };
const many: TaskOptions = { ...one, id: "shop", statics: ["kind", "size"] };

test("past columns end at the origin, future columns go on, and what is missing is 0 with a mask of 0", () => {
  const plan = planOf(parseTable(table()), one);
  const inputs = new Inputs({ ...plan.first.spec, beside: plan.beside });
  const { frame } = plan.members[0]!.phases.select;
  const origin = 50;
  const { x, mask, future } = inputs.at([{ member: 0, frame, origin }]);
  const steps = plan.first.steps;
  assert.deepEqual(
    [x.shape, mask!.shape, future!.shape],
    [
      [1, steps, 3],
      [1, steps, 3],
      [1, 7, 1],
    ],
  );
  const scales = plan.beside!.facts.scales;
  const read = (name: string, value: number): number => Math.fround((value - scales[name]!.centre) / scales[name]!.scale);
  for (let t = 0; t < steps; t++) {
    const row = origin - steps + t;
    const known = rain(row) !== "";
    assert.deepEqual([mask!.data[3 * t], mask!.data[3 * t + 1], mask!.data[3 * t + 2]], [1, known ? 1 : 0, 1]);
    assert.equal(x.data[3 * t + 1], known ? read("rain", Number(rain(row))) : 0);
    assert.equal(x.data[3 * t + 2], read("promo=yes", promo(row) === "yes" ? 1 : 0));
  }
  for (let h = 0; h < 7; h++) assert.equal(future!.data[h], read("promo=yes", promo(origin + h) === "yes" ? 1 : 0));
});

test("scales are those of the rows before validation and hold-out, over all series", () => {
  const plan = planOf(parseTable(table(["a", "b"])), many);
  const { sizes, validation } = plan.first;
  const seen = Array.from({ length: sizes.rows - sizes.test - validation }, (_, i) => rain(i)).filter((cell) => cell !== "");
  const mean = seen.reduce((sum, cell) => sum + Number(cell) / seen.length, 0);
  assert.ok(Math.abs(plan.beside!.facts.scales.rain!.centre - mean) < 1e-12);
});

test("no window of any phase knows anything of the rows after its origin", () => {
  const source = parseTable(table());
  const made = planOf(source, one);
  const { sizes, validation } = made.first;
  const until = sizes.rows - sizes.test - validation;
  const prepare = (series: Series): PreparedInput[] => {
    const beside = measureBeside(
      { file: null, words: columnWords(source, [...(one.past ?? []), ...(one.future ?? [])]) },
      { statics: [] },
      [{ series, place: 0, until }],
      { ...one, horizon: 7 },
    );
    const inputs = new Inputs({ ...made.first.spec, beside });
    const frame = { ...made.members[0]!.phases.select.frame, values: series.values };
    return placesIn(made, ({ refit }) => refit)
      .filter(({ origin }) => origin > until)
      .map(({ origin }) => {
        const { x, mask, future } = inputs.at([{ member: 0, frame, origin }]);
        // The target itself is bridged and scaled by the frame, which has a test of its own.
        const beside = Array.from(x.data).filter((_, i) => i % 3 !== 0);
        return { origin, inputs: [...beside, ...mask!.data, ...future!.data] };
      });
  };
  assert.ok(prepare(made.first.series).length > 10);
  assert.deepEqual(findLeaks(made.first.series, prepare, { cuts: [until + 1, until + 8] }), []);
});

test("a past column that is the target one row early is read before the origin only, and told", async () => {
  const options = { ...one, past: ["extra"] };
  const leaking = table(["a"], { extra: (i) => (i < 99 ? String(sold(0, i + 1)) : "1") });
  const plan = planOf(parseTable(leaking), options);
  assert.deepEqual(
    plan.warnings.map(({ code }) => code),
    ["next_target"],
  );
  assert.match(plan.warnings[0]!.message, /^extra is sold 1 row early: it knows the future\. Leave it out\./);
  const { frame } = plan.members[0]!.phases.refit;
  const inputs = new Inputs({ ...plan.first.spec, beside: plan.beside });
  const { x } = inputs.at([{ member: 0, frame, origin: 60 }]);
  const { centre, scale } = plan.beside!.facts.scales.extra!;
  const seen = Array.from(x.data).filter((_, i) => i % 3 === 1);
  assert.equal(seen.at(-1), Math.fround((sold(0, 60) - centre) / scale));
  assert.ok(!seen.includes(Math.fround((sold(0, 61) - centre) / scale)));
  assert.deepEqual(planOf(parseTable(table()), one).warnings, []);
});

test("known-future columns must reach over the horizon, and say how far they do", async () => {
  const says = async (ahead: number, options: TaskOptions = one): Promise<string> =>
    (await failure(() => planOf(parseTable(table(["a"], { ahead }), { file: "s.csv" }), options))).message;
  assert.equal(
    await says(3),
    "the future of promo is known for 3 rows after 2022-04-10; the forecast needs 7. Add rows without a target, or give --horizon 3.",
  );
  assert.equal(await says(0), "the future of promo is known for no row after 2022-04-10; the forecast needs 7. Add rows without a target.");
  const { horizon: _horizon, ...found } = one;
  assert.equal(planOf(parseTable(table(["a"], { ahead: 3 })), found).first.sizes.horizon, 3);
});

test("columns that are not there, have two roles or no room are refused in one sentence", async () => {
  const says = async (options: TaskOptions, text = table(["a", "b"])): Promise<string> =>
    (await failure(() => planOf(parseTable(text, { file: "s.csv", wide: options.wide === true }), options))).message;
  assert.equal(await says({ ...many, past: ["rainn"] }), 's.csv has no column "rainn". Did you mean "rain"?');
  assert.equal(await says({ ...many, future: ["rain"] }), "rain is named as past and as future column. Name it once.");
  assert.equal(await says({ ...many, past: ["sold"] }), "sold is named as target and as past column. Name it once.");
  assert.equal(await says({ ...many, past: ["day"] }), "day is named as time and as past column. Name it once.");
  assert.match(
    await says({ ...many, past: [], statics: ["rain"] }),
    /^rain changes within a: a static column is the same in all its rows\./,
  );
  assert.match(
    await says({ ...one, statics: ["kind"] }, table()),
    /^--static names columns that tell series apart, and there is one series\./,
  );
  assert.match(await says({ wide: true, past: ["v1"] }, "id,v1,v2\na,1,2\nb,3,4\n"), /^A series per row has no room for v1/);
  const rows = Array.from({ length: 60 }, (_, i) => `${100 + i + (i % 7)},1`).join("\n");
  assert.match(await says({ target: "y", calendar: true }, `y,z\n${rows}\n`), /have no times: they stand in no calendar\./);
});

test("calendar and holidays are columns known as far as wanted", () => {
  const holidays = readHolidays(parseTable("date,name\n2022-04-15,Friday\n2022-01-02,x\n"));
  const { beside, first } = planOf(parseTable(table(["a"], { ahead: 0 })), {
    target: "sold",
    time: "day",
    horizon: 7,
    calendar: ["weekday"],
    holidays,
  });
  assert.deepEqual(first.spec.channels, { past: 0, future: 3, numbers: 0, categories: [], mask: false });
  const [sin, , holiday] = beside!.columns[0]!.future;
  assert.ok(!Number.isNaN(sin!.column.get(106)) && Number.isNaN(sin!.column.get(107)));
  assert.deepEqual(
    [1, 104, 103].map((row) => holiday!.column.get(row)),
    [1, 1, 0],
  );
  assert.deepEqual(beside!.facts.holidays, ["2022-01-02", "2022-04-15"]);
});

test("a forecast beyond the known holidays says so, and a saved model takes more of them", async () => {
  const holidays = readHolidays(parseTable("date\n2022-01-02\n2022-04-15\n"));
  const { run } = await trained(table(["a"], { days: 361, ahead: 0 }), { target: "sold", time: "day", horizon: 7, holidays });
  const told = run.warnings.map(({ message }) => message).join();
  assert.match(told, /the holidays end with 2022-04-15: none is known for 2023, to which the forecast goes/);
  const later = readHolidays(parseTable("date\n2023-01-01\n"));
  const codes = async (options: PredictOptions): Promise<string[]> =>
    (await forecastWith(run.model, run.preprocess, parseTable(table(["a"], { days: 361, ahead: 0 })), options)).warnings.map(
      ({ code }) => code,
    );
  assert.deepEqual([await codes({}), await codes({ holidays: later })], [["holidays_end"], []]);
  const without = await trained(table(["a"], { ahead: 0 }), { target: "sold", time: "day", horizon: 7 });
  const refused = await failure(() => forecastWith(without.run.model, without.run.preprocess, parseTable(table()), { holidays: later }));
  assert.match(refused.message, /^The model reads no holidays\./);
});

/** A run whose stand-in for a network keeps what it is asked. */
async function trained(text: string, options: TaskOptions): Promise<{ run: ForecastRun; specs: NetworkSpec[] }> {
  const { trainer } = constantTrainer(0);
  const specs: NetworkSpec[] = [];
  const run = await runForecast(parseTable(text), options, {
    ...trainer,
    train: (job) => {
      specs.push(job.spec);
      return trainer.train(job);
    },
  });
  return { run, specs };
}

test("static columns of many series are found, or named, and counted", async () => {
  const { statics: _statics, ...found } = many;
  for (const options of [many, found]) {
    const { run, specs } = await trained(table(["a", "b", "c"]), options);
    assert.deepEqual(specs[0]!.channels, { past: 1, future: 1, numbers: 1, categories: [3], mask: true });
    assert.match(run.notes.join("\n"), /the network also reads rain up to the end; promo beyond the end; kind, size of each series/);
  }
  const none = await trained(table(["a", "b", "c"]), { ...many, statics: [] });
  assert.deepEqual([none.specs[0]!.channels.numbers, none.specs[0]!.channels.categories], [0, []]);
});

test("a saved model reads the same columns of new rows, new words are missing, and new series have the place of unknown words", async () => {
  const { run } = await trained(table(["a", "b", "c"]), many);
  const saved = parsePreprocess(JSON.stringify(run.preprocess));
  assert.deepEqual(saved, run.preprocess);
  const again = await forecastWith(run.model, saved, parseTable(table(["a", "b", "c"])));
  assert.deepEqual(again.predictions, run.forecast);
  const odd = table(["a", "b", "c", "d"])
    .replace(/,town,30/g, ",village,30")
    .replaceAll(",no,", ",maybe,");
  const more = await forecastWith(run.model, saved, parseTable(odd));
  assert.equal(more.count, 28);
  const scored = await evaluateWith(run.model, saved, parseTable(table(["a", "b", "c"], { days: 107 })), { test: 7 });
  assert.deepEqual([scored.evaluation.points, scored.data.series], [21, 3]);
});

test("a saved model refuses a table without its columns or their future in one sentence", async () => {
  const { run } = await trained(table(), one);
  const says = async (text: string): Promise<string> =>
    (await failure(() => forecastWith(run.model, run.preprocess, parseTable(text, { file: "new.csv" })))).message;
  assert.match(await says(table().replace("rain", "wet")), /^new\.csv has no column "rain"\./);
  assert.match(await says(table(["a"], { ahead: 2 })), /^the future of promo is known for 2 rows after/);
  assert.match(await says(table().replace(",2,no,", ",wet,no,")), /^line \d+, rain: "wet" is not a number;/);
});

test("a preprocess.json of before, or with damage, is read or refused by name", async () => {
  const { run } = await trained(table(["a", "b"]), many);
  const { beside: _beside, panel, ...rest } = JSON.parse(JSON.stringify(run.preprocess));
  const { targets: _targets, ...before } = panel;
  const old = parsePreprocess(JSON.stringify({ ...rest, formatVersion: 1, panel: before }));
  assert.deepEqual([old.formatVersion, old.beside, old.panel!.targets], [3, null, ["sold"]]);
  const says = async (change: object): Promise<string> =>
    (await failure(() => parsePreprocess(JSON.stringify({ ...run.preprocess, ...change }), "p.json"))).message;
  const { beside } = run.preprocess;
  assert.match(await says({ formatVersion: 4 }), /^p\.json: formatVersion is wrong/);
  assert.match(
    await says({ beside: { ...beside, scales: { rain: { centre: 0, scale: 0 } } } }),
    /^p\.json: beside\.scales\.rain\.scale is wrong/,
  );
  assert.match(await says({ beside: { ...beside, words: {} } }), /^p\.json: beside is wrong \(words of a column are not there\)/);
  assert.match(await says({ beside: { ...beside, holidays: ["2022-02-31"] } }), /^p\.json: beside\.holidays\.0 is wrong/);
  assert.match(await says({ beside: { ...beside, calendar: ["moon"] } }), /^p\.json: beside\.calendar\.0 is wrong/);
  assert.match(await says({ horizon: 1e12 }), /^p\.json: horizon is wrong/);
  const [id] = Object.keys(run.preprocess.panel!.series);
  const own = run.preprocess.panel!.series[id!]!;
  const saysOf = (change: object): Promise<string> =>
    says({ panel: { ...run.preprocess.panel, series: { [id!]: { ...own, ...change } } } });
  const weighed = (weights: object): Promise<string> => saysOf({ choice: { weights, networkWeight: 0, longSeason: 0 } });
  assert.match(await weighed({ constructor: 1 }), /choice\.weights is wrong \(a method is not known\)/);
  assert.match(await weighed({ naive: 0.5 }), /choice\.weights is wrong \(they do not sum to 1\)/);
  const { half80, half95 } = own.intervals!;
  assert.match(await saysOf({ intervals: { half80: half95.map((half) => half + 1), half95: half80 } }), /half80 is wider than half95/);
});

test("counts are learnt in their own unit, beside the size of their series; other values are refused by name", async () => {
  const counts = Array.from({ length: 90 }, (_, i) => (i === 40 ? "" : (i * 7) % 5));
  const text = `day,n\n${counts.map((value, i) => `${day(i)},${value}`).join("\n")}\n`;
  const options = { distribution: "negative-binomial", horizon: 7, season: 1 } as const;
  const plan = planOf(parseTable(text), options);
  const { frame } = plan.members[0]!.phases.refit;
  const { x, y, size } = new Inputs({ ...plan.first.spec, beside: null }).dataset([{ member: 0, frame, origin: 38 }]);
  assert.deepEqual(Array.from(y.data), [1, 3, Number.NaN, 2, 4, 1, 3]);
  const seen = counts.filter((value) => value !== "").map(Number);
  const mean = seen.reduce((sum, value) => sum + value / seen.length, 0);
  assert.deepEqual([size!.shape, size!.data[0]], [[1, 1], Math.fround(1 + mean)]);
  assert.equal(x.data[x.data.length - 1], Math.fround(((37 * 7) % 5) / (1 + mean)));
  const broken = await failure(() => planOf(parseTable(text.replace(/,4\n/, ",4.5\n")), options));
  assert.match(broken.message, /^n is 4\.5 at 2022-01-\d+; negative-binomial is for counts, whole numbers from 0 on\./);
});

test("a value far out of all that was measured stays a number that networks can read", () => {
  const text = table(["a"], { extra: (i) => (i < 60 ? "5" : "5e30") });
  const plan = planOf(parseTable(text), { ...one, past: ["extra"] });
  const { frame } = plan.members[0]!.phases.refit;
  const { x } = new Inputs({ ...plan.first.spec, beside: plan.beside }).at([{ member: 0, frame, origin: 90 }]);
  assert.ok(Array.from(x.data).every((value) => Math.abs(value) <= 1e4));
});

test("a network that is told of promotions forecasts them, one that is not does not", async () => {
  // Nothing in the rows before may tell which day comes next: the last steps of MurmurHash3.
  const mixed = (i: number): number => {
    const h = Math.imul(i + 1, 0x85ebca6b);
    const k = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (k ^ (k >>> 16)) >>> 0;
  };
  const offered = (i: number): number => (mixed(i) % 5 === 0 ? 1 : 0);
  const rows = Array.from({ length: 214 }, (_, i) => `${day(i)},${i < 200 ? 100 + 40 * offered(i) + (i % 3) : ""},${offered(i)}`);
  const source = parseTable(`day,sold,offer\n${rows.join("\n")}\n`);
  const options = { target: "sold", horizon: 7, test: 28, input: 14, units: 12, layers: 1, epochs: 25, season: 1, learningRate: 0.01 };
  const told = await forecast(source, { ...options, future: ["offer"] });
  const bare = await forecast(
    parseTable(
      `day,sold\n${rows
        .slice(0, 200)
        .map((row) => row.slice(0, -2))
        .join("\n")}\n`,
    ),
    options,
  );
  assert.ok(
    told.evaluation.network.mae! < 0.3 * bare.evaluation.network.mae!,
    `${told.evaluation.network.mae} ${bare.evaluation.network.mae}`,
  );
  assert.ok(told.choice.networkWeight > 0.5, `${told.choice.networkWeight}`);
  const later = told.forecast.map(({ value }, h) => [value > 120, offered(200 + h) === 1]);
  assert.ok(
    later.every(([high, on]) => high === on),
    JSON.stringify(later),
  );
});

test("of a file whose columns all have their roles only those are kept, and the forecast is the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "roles-"));
  const path = join(folder, "shops.csv");
  const rows = 70_000;
  const minute = (i: number): string => new Date(Date.UTC(2022, 0, 1) + 60_000 * i).toISOString().slice(0, 16);
  const lines = Array.from({ length: rows }, (_, i) => `${i % 7},${minute(i)},${sold(0, i)},${rain(i)},${i % 1000}`);
  const text = `left,minute,sold,rain,other\n${lines.join("\n")}\n`;
  const options = { time: "minute", target: "sold", past: ["rain"], epochs: 1 };
  try {
    writeFileSync(path, text);
    const read = await readTask(path, options);
    assert.throws(() => read.table.columns.other!.get(rows - 4), { code: "column_left_out" });
    const run = async (from: ReturnType<typeof parseTable>): Promise<unknown> => {
      const { forecast: ahead, evaluation, holdout, notes } = await runForecast(from, read.options, constantTrainer(0).trainer);
      return { ahead, evaluation, holdout, notes };
    };
    assert.deepEqual(await run(read.table), await run(parseTable(text, { file: path })));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the id NA is the name of a series, NA elsewhere is missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "names-"));
  const path = join(folder, "countries.csv");
  try {
    writeFileSync(path, "country,unique_id,v\nNA,NA,1\nUS,NA,NA\n");
    const cells = async (options: { readonly id?: string }): Promise<unknown> => {
      const { columns } = (await readTask(path, options)).table;
      return ["country", "unique_id", "v"].map((name) => [columns[name]!.cell(0), columns[name]!.cell(1)]);
    };
    assert.deepEqual(await cells({ id: "country" }), [
      ["NA", "US"],
      [null, null],
      ["1", null],
    ]);
    assert.deepEqual(await cells({ id: "country,unique_id" }), [
      ["NA", "US"],
      ["NA", "NA"],
      ["1", null],
    ]);
    assert.deepEqual(await cells({}), [
      [null, "US"],
      ["NA", "NA"],
      ["1", null],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("columns are left out only where time, target and statics are named and no series stands in a row", () => {
  const names = ["shop", "day", "sold", "rain", "promo", "kind", "size", "extra"];
  assert.deepEqual(neededColumns(names, one), ["day", "sold", "rain", "promo"]);
  assert.deepEqual(neededColumns(names, many), ["day", "sold", "shop", "rain", "promo", "kind", "size"]);
  assert.deepEqual(neededColumns(names, { time: "day,shop", target: "sold", id: "kind,size", statics: [] }), [
    "day",
    "shop",
    "sold",
    "kind",
    "size",
  ]);
  assert.deepEqual(neededColumns(["unique_id", "ds", "y", "a"], { statics: [] }), ["ds", "y", "unique_id"]);
  for (const options of [{}, { target: "sold" }, { time: "day" }, { ...one, id: "shop" }, { ...one, wide: true }])
    assert.equal(neededColumns(names, options), null);
  assert.equal(neededColumns(["unique_id", "ds", "y", "a"], {}), null);
});
