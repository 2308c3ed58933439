// The verbs for events and for holes: what they write, what they answer, how they refuse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { madeStays } from "../tasks/stays.js";
import { openDesk } from "./run.js";

const stays = madeStays(60);
const holes = `hour,a,b\n${Array.from({ length: 80 }, (_, row) => `${row},${row % 5 === 2 ? "" : row % 7},${row % 9 === 4 ? "" : 2 * (row % 7)}`).join("\n")}\n`;
const quick = ["--units", "4", "--epochs", "2", "--threads", "1"];

test("impute fills a table, answers with one JSON value, and refuses a folder that is not empty", async (t) => {
  const desk = openDesk(t);
  desk.write("holes.csv", holes);
  const { code, stdout } = await desk.run(["impute", "holes.csv", ...quick, "--time", "hour", "--json", "--out", "full"]);
  assert.equal(code, 0);
  const { result, run, report } = JSON.parse(stdout);
  assert.deepEqual([run, report], ["full", "full/report.html"]);
  assert.equal(result.data.filled, result.data.missing);
  assert.deepEqual(result.data.columns, ["a", "b"]);
  // Two passes are too few: a column that no share of the network fills better is named by its method alone.
  const unaided = result.evaluation.columns.filter((column: { networkWeight: number }) => column.networkWeight === 0);
  assert.ok(unaided.length > 0);
  for (const { method } of unaided) assert.ok(desk.read("full/report.html").includes(`<td>${method}</td></tr>`), method);
  const filled = desk.read("full/filled.csv").trimEnd().split("\n");
  assert.equal(filled.length, 81);
  assert.ok(filled.every((line) => line.split(",").length === 3 && !/,,|,$/.test(line)));
  assert.equal((await desk.run(["impute", "holes.csv", ...quick, "--out", "full"])).code, 2);
});

test("a saved filler fills the table it was trained on as the run did, one with other holes too, and scores nothing", async (t) => {
  const desk = openDesk(t);
  // With a column that nothing is known of.
  const table = holes.trimEnd().replace(/$/gm, ",").replace(",\n", ",none\n");
  desk.write("holes.csv", `${table}\n`);
  const trained = await desk.run(["impute", "holes.csv", ...quick, "--time", "hour", "--out", "run"]);
  assert.equal(trained.code, 0, trained.stderr);
  const again = await desk.run(["predict", "run", "holes.csv", "--threads", "1"]);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(again.stdout, desk.read("run/filled.csv"));
  const other = `${table.replace("7,0,0", "7,,0")}\n`;
  const { code, stdout, stderr: told } = await desk.run(["predict", "run/model", "-", "--json", "--out", "new"], { stdin: other });
  assert.equal(code, 0);
  const { result, warnings } = JSON.parse(stdout);
  const unknown = `none had no value in training: ${table.split("\n").length - 1} holes stay`;
  assert.deepEqual([warnings, told.includes(`Warning: ${unknown}`)], [[{ code: "empty_column", message: unknown }], true]);
  const one = result.predictions.find(({ index, column }: { index: number; column: string }) => index === 7 && column === "a");
  assert.deepEqual([result.task, one.time, Number.isFinite(one.value)], ["impute", "7", true]);
  assert.equal(desk.read("new/filled.csv").split("\n").length, holes.split("\n").length);
  desk.write("whole.csv", desk.read("run/filled.csv").replace(/,$/gm, ",1"));
  for (const [args, sentence] of [
    [["evaluate", "run", "holes.csv"], /^run fills tables/],
    [["predict", "run"], /^run fills a table; name the file/],
    [["predict", "run", "whole.csv"], /nothing to fill/],
  ] as const) {
    const { code, stderr } = await desk.run([...args]);
    assert.equal(code, 2);
    assert.match(stderr.trimEnd().split("\n").at(-1) ?? "", sentence);
  }
});

test("a classifier of events is trained, saved, used and scored; the same sequence gets the same class anywhere", async (t) => {
  const desk = openDesk(t);
  desk.write("events.csv", stays.events);
  desk.write("outcomes.csv", stays.outcomes);
  const given = ["--events", "events.csv", "--label", "outcomes.csv", "--outcome", "died", "--members", "1", ...quick];
  const trained = await desk.run(["classify", ...given, "--static", "sex", "--json", "--out", "ward"]);
  assert.equal(trained.code, 0, trained.stderr);
  const { result, model } = JSON.parse(trained.stdout);
  assert.equal(model, "ward/model");
  const predicted = await desk.run(["predict", "ward", "events.csv", "--label", "outcomes.csv", "--json"]);
  assert.equal(predicted.code, 0, predicted.stderr);
  const { predictions, count, task } = JSON.parse(predicted.stdout).result;
  assert.deepEqual([task, count], ["classify", 60]);
  const again = new Map(predictions.map((item: { input: string; probability: number }) => [item.input, item.probability]));
  for (const { input, probability } of result.predictions) assert.ok(Math.abs(Number(again.get(input)) - probability) < 1e-12);
  const scored = await desk.run(["evaluate", "ward", "events.csv", "--label", "outcomes.csv", "--json"]);
  assert.equal(scored.code, 0, scored.stderr);
  assert.equal(JSON.parse(scored.stdout).result.data.examples, 60);
  const unmet = await desk.run(["evaluate", "ward", "events.csv", "--label", "outcomes.csv", "--require", "logLoss<0.0001"]);
  assert.equal(unmet.code, 3);
  assert.match(unmet.stderr, /--require "logLoss<0.0001" does not hold/);
  const strange = await desk.run(["evaluate", "ward", "events.csv", "--label", "outcomes.csv", "--require", "mase<1"]);
  assert.equal(strange.code, 2);
  assert.match(strange.stderr, /is no condition on the scores of a classifier/);
  desk.write("sales.csv", "Month,Sales\n2020-01,7\n2020-02,8\n");
  const table = await desk.run(["predict", "ward", "sales.csv"]);
  const wanted = "the model reads events: rows of id, time, parameter and value. Is it the right file?";
  assert.deepEqual([table.code, table.stderr], [2, `no column is called like the id of an event (columns are Month, Sales); ${wanted}\n`]);
  // Dates of new events may need an order that those of training did not.
  desk.write("dated.csv", stays.events.replace(/,(\d\d):(\d\d),/g, ",03/04/2024 $1:$2,"));
  const open = await desk.run(["predict", "ward", "dated.csv", "--label", "outcomes.csv"]);
  assert.deepEqual([open.code, /give --date-order dmy\|mdy\.$/m.test(open.stderr)], [2, true]);
  const ordered = await desk.run(["predict", "ward", "dated.csv", "--label", "outcomes.csv", "--date-order", "dmy"]);
  assert.equal(ordered.code, 0, ordered.stderr);
  const piped = await desk.run(["predict", "ward", "-"], { stdin: stays.events });
  assert.equal(piped.code, 2);
  assert.match(piped.stderr, /^A classifier reads events from a file or folder, not from standard input/);
  for (const [verb, ...flag] of [
    ["predict", "--anomalies"],
    ["predict", "--holidays", "outcomes.csv"],
    ["evaluate", "--test", "5"],
    ["evaluate", "--duplicates", "mean"],
  ] as const) {
    const unused = await desk.run([verb, "ward", "events.csv", "--label", "outcomes.csv", ...flag]);
    assert.deepEqual([unused.code, unused.stderr], [2, `ward classifies events: ${flag[0]} does nothing there. Leave it out.\n`]);
  }
});

test("models keep how their events are called, score few sequences, and say what does not fit them", async (t) => {
  const desk = openDesk(t);
  const [head = "", ...numbers] = stays.events.trimEnd().split("\n");
  const ids = [...new Set(numbers.map((row) => row.split(",")[0]!))];
  const words = ids.flatMap((id, i) => [
    `${id},00:00,Sex,${i % 3 === 0 ? "male" : "female"}`,
    `${id},01:30,rhythm,${i % 2 === 0 ? "AF" : "sinus"}`,
  ]);
  const rows = [...numbers, ...words];
  assert.equal(head, "id,time,parameter,value");
  desk.write("own.csv", ["wer,wann,was,wieviel", ...rows].join("\n"));
  desk.write("outcomes.csv", stays.outcomes);
  const few = rows.filter((row) => /^p[012],/.test(row) && !row.includes("Age"));
  desk.write(
    "few.csv",
    ["wer,wann,was,wieviel", ...few, "p0,03:00,pressure,2", "p0,04:00,pressure,3", "p0,05:00,rhythm,flutter"].join("\n"),
  );
  const names = ["--id", "wer", "--time", "wann", "--parameter", "was", "--value", "wieviel"];
  const label = ["--label", "outcomes.csv"];
  const given = ["--events", "own.csv", ...label, "--outcome", "died", "--members", "1", ...quick, ...names];
  assert.equal((await desk.run(["classify", ...given, "--out", "ward"])).code, 0);
  const scored = await desk.run(["evaluate", "ward", "few.csv", ...label, "--json"]);
  assert.equal(scored.code, 0, scored.stderr);
  const { result, warnings } = JSON.parse(scored.stdout);
  assert.equal(result.data.examples, 3);
  assert.deepEqual(
    warnings.map(({ code }: { code: string }) => code),
    ["parameter_lacking", "unknown_parameter", "no_events"],
  );
  const predicted = await desk.run(["predict", "ward", "few.csv"]);
  assert.match(predicted.stderr, /Warning: Age counts as never measured.*\n.*Warning: pressure, rhythm=flutter is not read/);
  const filled = await desk.run(["impute", "own.csv", "--events", ...names, ...quick, "--out", "filled"]);
  assert.equal(filled.code, 0, filled.stderr);
  const again = await desk.run(["predict", "filled", "own.csv", "--threads", "1"]);
  assert.equal(again.stdout, desk.read("filled/filled.csv"));
  assert.equal((await desk.run(["impute", "own.csv", "--value", "wieviel"])).code, 2);
});

test("what is missing or wrong is said in one sentence, and nothing is written", async (t) => {
  const desk = openDesk(t);
  desk.write("events.csv", stays.events);
  desk.write("outcomes.csv", stays.outcomes);
  const before = desk.names();
  for (const [args, sentence] of [
    [["classify"], /^--events is needed/],
    [["classify", "--events", "events.csv"], /^--label is needed/],
    [["classify", "--events", "none.csv", "--label", "outcomes.csv"], /^There is no file none\.csv/],
    [["classify", "--events", "events.csv", "--label", "outcomes.csv"], /^Which of sex, died is the label\?/],
    [["classify", "--events", "outcomes.csv", "--label", "outcomes.csv"], /no column is called like/],
    [["impute", "outcomes.csv"], /nothing to fill/],
    [["impute", "none.csv"], /^There is no file none\.csv/],
  ] as const) {
    const { code, stdout, stderr } = await desk.run([...args]);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr.trimEnd().split("\n").at(-1) ?? "", sentence);
  }
  assert.deepEqual(desk.names(), before);
});
