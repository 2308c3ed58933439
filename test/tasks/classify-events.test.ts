// Sequences of events are classified by what happens in them, the same way on any number of threads; every bad input gets one sentence.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { DataError } from "../../src/base/errors.js";
import { eventColumns } from "../../src/data/event-columns.js";
import { events } from "../../src/data/events.js";
import { parseTable } from "../../src/data/table.js";
import { encodeEvents, measureEncoding } from "../../src/tasks/classify/encoding.js";
import { evaluationOf } from "../../src/tasks/classify/evaluate.js";
import { intervalsOf, scoresOf } from "../../src/tasks/classify/scores.js";
import { stratifiedParts } from "../../src/tasks/classify/split.js";
import { classifyEvents } from "../../src/tasks/index.js";
import { madeStays } from "./stays.js";

const quick = { units: 6, members: 1, epochs: 12 } as const;
const folder = mkdtempSync(join(tmpdir(), "stays-"));
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const stays = madeStays(120);
const eventFile = write("events.csv", stays.events);

describe("classifying events", () => {
  test("with folds every sequence is tested once, and the model that is saved is trained on all of them", async () => {
    const outcomes = write("outcomes.csv", stays.outcomes);
    const { data, predictions } = await classifyEvents(eventFile, outcomes, { ...quick, epochs: 1, outcome: "died", folds: 3 });
    assert.equal(data.split.test, 0);
    assert.equal(data.split.train + data.split.validation, data.examples);
    assert.deepEqual(
      predictions.map(({ index }) => index).sort((a, b) => a - b),
      Array.from({ length: data.examples }, (_, i) => i),
    );
  });

  test("an encoding with fewer summaries, as models of before have, gives the numbers that it gave", () => {
    const columns = eventColumns(events(parseTable(stays.events)));
    const rows = [0, 1, 2, 3, 4, 5];
    const encoding = measureEncoding(columns, rows);
    const kinds = encoding.summaries.length / columns.names.length;
    const old = { ...encoding, summaries: encoding.summaries.filter((_, at) => at % kinds < 5) };
    const [whole, part] = [encodeEvents(columns, encoding, rows), encodeEvents(columns, old, rows)];
    const statics = part.fixedSize - 5 * columns.names.length;
    const kept = Array.from({ length: whole.fixedSize }, (_, at) => at).filter((at) => at < statics || (at - statics) % kinds < 5);
    for (const row of rows)
      assert.deepEqual(
        [...part.fixed.subarray(row * part.fixedSize, (row + 1) * part.fixedSize)],
        kept.map((at) => whole.fixed[row * whole.fixedSize + at]),
      );
  });

  test("what decides the outcome is found, and the same seed gives the same numbers", async () => {
    const outcomes = write("outcomes.csv", stays.outcomes);
    const run = await classifyEvents(eventFile, outcomes, { ...quick, outcome: "died", statics: ["sex"], test: 0.3 });
    assert.deepEqual(run.data.classes, ["0", "1"]);
    assert.deepEqual(run.data.statics, ["Age", "sex"]);
    assert.equal(run.data.variables, 2);
    assert.ok(run.evaluation.auroc! > 0.9, String(run.evaluation.auroc));
    assert.ok(run.evaluation.auroc! > run.evaluation.intervals.auroc![0] - 1e-12);
    assert.equal(run.predictions.length, run.data.split.test);
    const again = await classifyEvents(eventFile, outcomes, { ...quick, outcome: "died", statics: ["sex"], test: 0.3 });
    assert.deepEqual(again.predictions, run.predictions);
  });

  test("with folds every sequence is tested once, by networks that did not see it", async () => {
    const outcomes = parseTable(stays.outcomes);
    const run = await classifyEvents(eventFile, outcomes, { ...quick, epochs: 3, outcome: "died", folds: 3 });
    assert.deepEqual(run.predictions.map(({ input }) => input).sort(), Array.from({ length: 120 }, (_, stay) => `p${stay}`).sort());
    assert.equal(run.evaluation.folds.length, 3);
    const mean = run.evaluation.folds.reduce((sum, { auroc }) => sum + auroc!, 0) / 3;
    assert.ok(Math.abs(run.evaluation.meanAuroc! - mean) < 1e-12);
  });

  const refused: readonly [what: string, outcomes: string, options: object, code: string][] = [
    ["no common id", "id,died\nx1,0\nx2,1\n", {}, "no_id_column"],
    ["one class", stays.outcomes.replace(/[01]\n/g, "0\n"), { outcome: "died" }, "one_class"],
    ["a label that is none", stays.outcomes, { outcome: "id" }, "no_label"],
    ["two columns that could be it", stays.outcomes, {}, "label_unclear"],
    ["two outcomes of one sequence", `${stays.outcomes}p0,f,0\np0,f,1\n`, { outcome: "died" }, "duplicate_id"],
    ["a column that is not there", stays.outcomes, { outcome: "dead" }, "unknown_column"],
    ["a cell that is not there", stays.outcomes, { outcome: "died", cell: "grü" }, "unknown_cell"],
    ["more folds than examples", stays.outcomes, { outcome: "died", folds: 100 }, "bad_folds"],
  ];
  for (const [what, outcomes, options, code] of refused)
    test(`${what} is refused in one sentence`, async () => {
      await assert.rejects(classifyEvents(eventFile, parseTable(outcomes), { ...quick, ...options }), (error) => {
        assert.ok(error instanceof DataError);
        assert.equal(error.code, code);
        return true;
      });
    });
});

describe("inputs from events", () => {
  const table = "id,time,parameter,value\na,0,Na,1\na,0.5,Na,3\na,30,HR,5\nb,10,HR,7\nb,45,HR,9\nb,50,Na,2\n";

  test("sodium is a name and no missing word", async () => {
    const { readEvents } = await import("../../src/data/read-events.js");
    assert.deepEqual((await readEvents(write("sodium.csv", table))).parameters, ["HR", "Na"]);
  });

  test("steps hold means, their gaps are told, holes stay holes, and other sequences change nothing", () => {
    const columns = eventColumns(events(parseTable(table.replaceAll("Na", "pH"))));
    const encoding = measureEncoding(columns, [0, 1]);
    assert.equal(encoding.step, 1);
    const both = encodeEvents(columns, encoding, [0, 1]);
    assert.deepEqual(Array.from(both.lengths), [2, 3]);
    assert.deepEqual(Array.from(both.dt.subarray(0, 2)), [1, 30]);
    assert.deepEqual(
      Array.from(both.x.subarray(0, 4), (value) => Number.isNaN(value)),
      [true, false, false, true],
    );
    const alone = encodeEvents(columns, encoding, [1]);
    assert.deepEqual(Array.from(alone.fixed), Array.from(both.fixed.subarray(both.fixedSize)));
  });
});

describe("splits and scores", () => {
  test("folds have every class as often as they can", () => {
    const labels = Int32Array.from({ length: 103 }, (_, row) => (row % 7 === 0 ? 1 : row % 11 === 0 ? -1 : 0));
    const parts = stratifiedParts(labels, 5, 3);
    for (const label of [0, 1]) {
      const counts = [0, 1, 2, 3, 4].map((part) => labels.filter((each, row) => each === label && parts[row] === part).length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    }
    assert.ok(labels.every((label, row) => label >= 0 === parts[row]! >= 0));
  });

  test("classes that are never said are named with what finds more of them", () => {
    const labels = Int32Array.from({ length: 40 }, (_, row) => (row % 10 === 0 ? 1 : 0));
    const of = (yes: (row: number) => number): string => {
      const mixed = Float64Array.from([...labels.keys()].flatMap((row) => [1 - yes(row), yes(row)]));
      const rows = [...labels.keys()];
      const part = { rows, mixed, probabilities: { network: mixed, logistic: mixed } };
      return evaluationOf([part], { labels, classes: ["no", "yes"], seed: 0 }).verdict;
    };
    const words = / It never says yes, which 4 of 40 are: --class-weights balanced looks harder for rare classes\.$/;
    assert.match(
      of((row) => row / 100),
      words,
    );
    assert.doesNotMatch(
      of((row) => labels[row]! * 0.9),
      /never says/,
    );
  });

  test("scores are those counted by hand, and the interval holds the score", () => {
    const classes = ["no", "yes"];
    const chances = [0.1, 0.4, 0.35, 0.8, 0.7, 0.2];
    const truth = Int32Array.of(0, 0, 1, 1, 1, 0);
    const probabilities = Float64Array.from(chances.flatMap((yes) => [1 - yes, yes]));
    const scores = scoresOf({ probabilities, truth, classes });
    assert.ok(Math.abs(scores.auroc! - 8 / 9) < 1e-12);
    assert.ok(Math.abs(scores.accuracy - 5 / 6) < 1e-12);
    const nats = -chances.reduce((sum, yes, row) => sum + Math.log(truth[row] === 1 ? yes : 1 - yes), 0) / 6;
    assert.ok(Math.abs(scores.logLoss - nats) < 1e-12);
    const [low, high] = intervalsOf({ probabilities, truth, classes }, 0).auroc!;
    assert.ok(low <= scores.auroc! && scores.auroc! <= high);
  });
});
