// Clinical tables as they come: other names, texts as ids, clocks and dates, several outcomes, holes; and what is wrong with bad ones.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { uniformAt } from "../../src/base/random.js";
import { events, parseTable } from "../../src/data/index.js";
import { type ClassifyOptions, type ClassifyRun, classifyEvents } from "../../src/tasks/index.js";
import { failure } from "./fakes.js";

const count = 45;
const ids = Array.from({ length: count }, (_, i) => `PT-${String(i).padStart(3, "0")}/x`);
const died = ids.map((_, i) => Number(i % 3 === 0));

/** Rows of events with the times written by `time`, from the stay, the hour and the minute. */
function stays(head: string, time: (stay: number, hour: number, minute: number) => string, id: (stay: number) => string = (i) => ids[i]!) {
  const rows = ids.flatMap((_, i) =>
    Array.from({ length: 6 }, (_, hour) => {
      const minute = Math.floor(60 * uniformAt(1, i, hour));
      const value = 80 + (died[i] === 1 ? 4 : -2) * hour + 5 * uniformAt(2, i, hour);
      return `${id(i)},${time(i, hour, minute)},HR,${value.toFixed(1)}`;
    }),
  );
  return [head, ...rows].join("\n");
}

const two = (value: number): string => String(value).padStart(2, "0");
const clocks = stays("stay,clock,name,result", (_, hour, minute) => `${two(6 * hour)}:${two(minute)}`);
const dates = stays("patient_id,charttime,item,valuenum", (i, hour, minute) => `2020-0${1 + (i % 9)}-11T${two(hour)}:${two(minute)}:00`);
const hours = stays(
  "subject,hour,variable,value",
  (_, hour, minute) => (hour + minute / 60).toFixed(2),
  (i) => String(i),
);
const outcomes = [
  "patient_id,age,sex,los,died,readmitted",
  ...ids.map(
    (id, i) => `${id},${i % 7 === 0 ? "" : 40 + i},${["f", "m", ""][i % 3]},${3 + (i % 9)},${died[i]},${i % 4 === 0 ? "yes" : "no"}`,
  ),
].join("\n");
const labels = (label: (i: number) => string): string => ["patient_id,label", ...ids.map((id, i) => `${id},${label(i)}`)].join("\n");

const classify = (rows: string, table: string, options: ClassifyOptions = {}): Promise<ClassifyRun> =>
  classifyEvents(events(parseTable(rows)), parseTable(table), { members: 1, units: 4, epochs: 1, ...options });

describe("tables in other forms are read", () => {
  for (const [name, rows, table, options, classes] of [
    ["clocks, and one of several outcomes", clocks, outcomes, { outcome: "readmitted" }, ["no", "yes"]],
    ["dates, and static columns with holes", dates, outcomes, { outcome: "died", statics: ["age", "sex"] }, ["0", "1"]],
    ["hours, and numbers as ids", hours, ["subject,died", ...died.map((each, i) => `${i},${each}`)].join("\n"), {}, ["0", "1"]],
    ["three classes in words", clocks, labels((i) => ["home", "ward", "icu"][i % 3]!), {}, ["home", "icu", "ward"]],
    ["outcomes of some only", clocks, labels((i) => (i < 30 ? String(died[i]) : "")), {}, ["0", "1"]],
    ["rows in any order", shuffled(clocks), outcomes, { outcome: "died" }, ["0", "1"]],
  ] as const) {
    test(name, async () => {
      const run = await classify(rows, table, options);
      assert.deepEqual(run.data.classes, classes);
      assert.ok(run.predictions.every(({ probability }) => probability > 0 && probability <= 1));
    });
  }
});

function shuffled(text: string): string {
  const [head = "", ...rows] = text.split("\n");
  const order = rows.map((row, i) => ({ row, at: uniformAt(3, 0, i) })).sort((a, b) => a.at - b.at);
  return [head, ...order.map(({ row }) => row)].join("\n");
}

describe("what is wrong is said in one sentence", () => {
  for (const [name, rows, table, options, sentence] of [
    ["several columns could be the outcome", clocks, outcomes, {}, /^Which of age, sex, los, died, readmitted is the label\?/],
    ["an outcome that is not there", clocks, outcomes, { outcome: "nope" }, /no column "nope"/],
    ["a static column that is not there", clocks, outcomes, { outcome: "died", statics: ["smoker"] }, /no column "smoker"/],
    ["the outcome as a static column", clocks, outcomes, { outcome: "died", statics: ["died"] }, /^died is the outcome itself/],
    ["the ids as a static column", clocks, outcomes, { outcome: "died", statics: ["patient_id"] }, /^patient_id is the column of the ids/],
    ["one class", clocks, labels(() => "x"), {}, /^Only one class/],
    ["a class of two", clocks, labels((i) => (i < 2 ? "rare" : "common")), {}, /^Class "rare" has 2 examples/],
    ["a number as the label", clocks, labels((i) => String(1.3 * i)), {}, /45 values in 45 rows: no label/],
    ["ids of somebody else", clocks, labels(() => "x").replaceAll("PT", "QT"), {}, /no column with ids of the events/],
    ["codes that look like ids", hours, ["subject,died", ...died.map((each, i) => `A${i},${each}`)].join("\n"), {}, /no column with ids/],
    ["two outcomes of one", clocks, `${labels((i) => String(died[i]))}\n${ids[0]},0`, {}, /has two outcomes/],
    [
      "a value that is no number",
      clocks.replace(/HR,\d+\.\d/, "HR,high"),
      outcomes,
      { outcome: "died" },
      /HR is "[\d.]+", a number, and was "high" before; if missing, add --missing high\./,
    ],
    ["a time that is none", clocks.replace("00:", "noon"), outcomes, { outcome: "died" }, /is not a time/],
    [
      "no column of values",
      "stay,clock,name\nPT,00:10,HR",
      outcomes,
      { outcome: "died" },
      /called like the value of an event .* --value\.$/,
    ],
    [
      "nothing measured twice",
      ["stay,clock,name,result", ...ids.map((id) => `${id},00:10,HR,80`)].join("\n"),
      outcomes,
      { outcome: "died" },
      /there is no sequence to classify/,
    ],
    ["more folds than examples of a class", clocks, outcomes, { outcome: "died", folds: 30 }, /from 2 to 15 folds can be made/],
  ] as const) {
    test(name, async () => {
      const { message } = await failure(() => classify(rows, table, options));
      assert.match(message, sentence);
      assert.equal(message.split("\n").length, 1);
    });
  }
});
