// Events in any order and form become sequences on clocks of their own, with masks, static columns and outcomes.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Events } from "../../src/data/event-types.js";
import { events } from "../../src/data/events.js";
import { readEvents } from "../../src/data/read-events.js";
import { parseTable } from "../../src/data/table.js";
import { failure } from "../tasks/fakes.js";

const folder = mkdtempSync(join(tmpdir(), "events-"));
const rows = [
  ["1", "00:00", "RecordID", "1"],
  ["1", "00:00", "Age", "54"],
  ["1", "00:00", "Height", "-1"],
  ["1", "01:30", "HR", "80"],
  ["1", "00:30", "HR", "70"],
  ["1", "00:30", "Temp", "36.5"],
  ["1", "00:30", "HR", "74"],
  ["1", "36:15", "BE", "-1"],
  ["1", "37:00", "Temp", "-1"],
  ["2", "00:00", "RecordID", "2"],
  ["2", "00:00", "Age", "76"],
  ["2", "00:00", "Height", "175"],
  ["2", "02:00", "BE", "-4"],
];
const long = `RecordID,Time,Parameter,Value\n${rows.map((row) => row.join(",")).join("\n")}\n`;
const outcomes = "RecordID,SAPS-I,In-hospital_death\n1,6,0\n2,16,1\n9,3,0\n";
const shown = (found: Events): unknown => ({
  parameters: found.parameters,
  statics: found.statics,
  sequences: found.ids.map((_, i) => found.sequence(i)),
  labels: found.labels,
  unmatched: found.unmatched,
});
const expected = {
  parameters: ["BE", "HR", "Temp"],
  statics: [
    { name: "Age", kind: "number", values: Float64Array.of(54, 76) },
    { name: "Height", kind: "number", values: Float64Array.of(Number.NaN, 175) },
  ],
  sequences: [
    {
      id: "1",
      times: Float64Array.of(0.5, 1.5, 36.25),
      values: Float32Array.of(0, 72, 36.5, 0, 80, 0, -1, 0, 0),
      mask: Uint8Array.of(0, 1, 1, 0, 1, 0, 1, 0, 0),
    },
    { id: "2", times: Float64Array.of(2), values: Float32Array.of(-4, 0, 0), mask: Uint8Array.of(1, 0, 0) },
  ],
  labels: ["0", "1"],
  unmatched: { events: 0, outcomes: 1 },
};

test("a column called measurement is what was measured, or its value beside one that says what", () => {
  const rows = "a,0,HR,80\na,1,HR,81\nb,0,HR,70\nb,2,HR,71\n";
  for (const head of ["id,hour,measurement,value", "id,hour,variable,measurement", "id,hour,item,observation"])
    assert.deepEqual(events(parseTable(`${head}\n${rows}`)).parameters, ["HR"], head);
});

test("rows are ordered and merged, -1 is unknown where nothing else is below zero, and what never changes is static", () => {
  assert.deepEqual(shown(events(parseTable(long), { outcomes: parseTable(outcomes), label: "In-hospital_death" })), expected);
});

test("what is told twice at the first time is static still", () => {
  const found = events(parseTable("id,hour,item,value\n1,0,Age,54\n1,0,Age,54\n1,0,HR,80\n1,2,HR,81\n2,0,Age,60\n2,0,HR,70\n"));
  assert.deepEqual([found.parameters, found.statics.map(({ name }) => name)], [["HR"], ["Age"]]);
});

test("numbers that may mean missing and parameters in several units are pointed at, wards beside values are no units", () => {
  const text = (column: string, unit: (item: string, i: number) => string): string =>
    [
      `id,hour,item,value,${column}`,
      ...["HR", "Temp", "SBP"].flatMap((item, k) =>
        Array.from({ length: 9 }, (_, i) => `1,${i},${item},${item === "HR" && i === 4 ? -999 : 80 + k + i},${unit(item, i)}`),
      ),
    ].join("\n");
  const found = events(parseTable(text("valueuom", (item, i) => (item === "Temp" ? ["C", "F", " f"][i % 3]! : ["bpm", "BPM"][i % 2]!))));
  assert.deepEqual(
    found.hints.map(({ code, message }) => [code, message]),
    [
      ["missing_code", "-999 stands once in HR, far from all other values: if it means missing, add --missing -999"],
      ["mixed_units", "Temp comes in several units (C, F), which are read alike: bring its values into one"],
    ],
  );
  const wards = events(parseTable(text("unit", (_, i) => `ward ${i % 3}`)));
  assert.deepEqual(
    wards.hints.map(({ code }) => code),
    ["missing_code"],
  );
});

test("a folder and an archive with a table per id are the same as one long table", async () => {
  const texts = ["1", "2"].map(
    (id) =>
      [
        id,
        `Time,Parameter,Value\n${rows
          .filter((row) => row[0] === id)
          .map((row) => row.slice(1).join(","))
          .join("\n")}\n`,
      ] as const,
  );
  mkdirSync(join(folder, "set"));
  for (const [id, text] of texts) writeFileSync(join(folder, "set", `${id}.txt`), text);
  writeFileSync(join(folder, "set", "notes.md"), "no table");
  const archive = gzipSync(tar(texts.map(([id, text]) => [`set/${id}.txt`, text])));
  writeFileSync(join(folder, "set.tar.gz"), archive);
  writeFileSync(join(folder, "outcomes.csv"), outcomes);
  writeFileSync(join(folder, "long.csv.gz"), gzipSync(long));
  const options = { outcomes: join(folder, "outcomes.csv"), label: "In-hospital_death" };
  for (const name of ["set", "set.tar.gz", "long.csv.gz"])
    assert.deepEqual(shown(await readEvents(join(folder, name), options)), expected, name);
  writeFileSync(join(folder, "cut.tar"), tar([["1.txt", "x".repeat(2000)]]).subarray(0, 1024));
  assert.equal((await failure(() => readEvents(join(folder, "cut.tar")))).code, "bad_archive");
  writeFileSync(join(folder, "no.tar"), "x".repeat(3000));
  assert.equal((await failure(() => readEvents(join(folder, "no.tar")))).message, "no.tar is no tar archive.");
});

test("dates become hours since the first event of their id, plain numbers stay", () => {
  const dated = events(
    parseTable("patient_id,charttime,item,valuenum\nA,2020-01-05 10:00,x,1\nA,2020-01-06 11:30,x,2\nB,2021-01-01 00:00,x,3\n"),
  );
  assert.deepEqual([...dated.sequence(0).times], [0, 25.5]);
  assert.deepEqual([...events(parseTable("id,day,variable,value\n7,3,x,1\n7,9,x,2\n")).sequence(0).times], [3, 9]);
});

test("a clock begins at the first event for dates of any year and for counters, and other rows can be read alike", () => {
  const rows = (at: (id: number, step: number) => string): string =>
    ["id,time,parameter,value", ...[0, 1, 2].flatMap((id) => [0, 1, 2].map((step) => `${id},${at(id, step)},BE,${step}`))].join("\n");
  const times = (text: string, options = {}): number[] => [...events(parseTable(text), options).sequence(1).times];
  assert.deepEqual(times(rows((_, step) => `1975-03-0${1 + step}`)), [0, 24, 48]);
  assert.deepEqual(times(rows((_, step) => `1961-03-0${1 + step}`)), [0, 24, 48]);
  const counted = events(parseTable(rows((id, step) => String(90_000 + 20_000 * id + 600 * step))));
  assert.deepEqual([...counted.sequence(1).times], [0, 600, 1200]);
  assert.deepEqual(times(rows((id, step) => String(5 + id + step))), [6, 7, 8]);
  assert.deepEqual(
    times(
      rows((id, step) => String(5 + id + step)),
      counted.alike,
    ),
    [0, 1, 2],
  );
  const signed = events(parseTable("id,time,parameter,value\n1,0,BE,-4\n1,1,BE,-1\n"));
  const later = parseTable("id,time,parameter,value\n2,0,BE,-1\n2,1,BE,3\n");
  assert.deepEqual([...events(later).sequence(0).values], [3]);
  assert.deepEqual([...events(later, signed.alike).sequence(0).values], [-1, 3]);
});

test("dates with slashes are read in the order that one of them decides, and refused if none does", async () => {
  const rows = (...dates: string[]): string => ["id,date,parameter,value", ...dates.map((date, i) => `1,${date},BE,${i}`)].join("\n");
  const american = events(parseTable(rows("03/04/2021", "03/25/2021", "03/05/2021")));
  assert.deepEqual([...american.sequence(0).times], [0, 24, 21 * 24]);
  const open = parseTable(rows("03/04/2021", "03/05/2021"));
  assert.match((await failure(() => events(open))).message, /^"03\/04\/2021" fits day or month first throughout;/);
  assert.deepEqual([...events(open, american.alike).sequence(0).times], [0, 24]);
  assert.deepEqual([...events(open, { dateOrder: "dmy" }).sequence(0).times], [0, 30 * 24]);
});

test("parameters told in words are kinds: columns of 0 and 1 where they change, a category where they do not", () => {
  const head = "id,time,parameter,value\n";
  const rows = [
    "1,0,Sex,male",
    "1,0,HR,80",
    "1,1,rhythm,sinus",
    "1,2,rhythm,AF",
    "1,2,rhythm,sinus",
    "1,2,HR,90",
    "2,0,Sex,-1",
    "2,3,rhythm,AF",
  ];
  const found = events(parseTable(`${head}${rows.join("\n")}\n3,0,Sex,female\n`));
  assert.deepEqual(found.parameters, ["HR", "rhythm=AF", "rhythm=sinus"]);
  assert.deepEqual(found.statics, [{ name: "Sex", kind: "category", categories: ["male", "female"], codes: Int32Array.of(0, -1, 1) }]);
  const first = found.sequence(0);
  assert.deepEqual([...first.times], [0, 1, 2]);
  assert.deepEqual([...first.mask], [1, 0, 0, 0, 1, 1, 1, 1, 1]);
  // Of two words at one time the last one counts.
  assert.deepEqual([...first.values], [80, 0, 0, 0, 0, 1, 90, 0, 1]);
  // Other rows have the same columns, in the same order of words; a word that was not there is no word.
  const others = ["7,0,Sex,female", "7,0,HR,70", "7,1,rhythm,flutter", "7,2,rhythm,sinus", "8,0,Sex,none"];
  const later = events(parseTable(`${head}${others.join("\n")}\n`), found.alike);
  assert.deepEqual(later.parameters, found.parameters);
  assert.deepEqual(later.statics, [{ name: "Sex", kind: "category", categories: ["male", "female"], codes: Int32Array.of(1, -1) }]);
  assert.deepEqual(
    [[...later.sequence(0).times], [...later.sequence(0).values]],
    [
      [0, 2],
      [70, 0, 0, 0, 0, 1],
    ],
  );
  assert.deepEqual([found.strange, later.strange], [[], ["Sex=none", "rhythm=flutter"]]);
});

test("an id without an outcome is left out, and the outcome is found if only one column has two values", () => {
  const found = events(parseTable(long), { outcomes: parseTable("id,score,died\n1,4.5,yes\n3,2,no\n8,1,no\n") });
  assert.deepEqual([found.ids, found.label, found.labels, found.unmatched], [["1"], "died", ["yes"], { events: 1, outcomes: 2 }]);
});

test("what cannot be read is named", async () => {
  const said = async (text: string, options = {}): Promise<string> => (await failure(() => events(parseTable(text), options))).message;
  const head = "id,time,parameter,value\n";
  assert.equal(
    await said(`${head}1,0,HR,80\n1,1,HR,too fast\n`),
    `line 3, value: HR is "too fast", a word, and was a number before; if missing, add --missing 'too fast'.`,
  );
  assert.equal(
    await said(`${head}1,0,HR,lost\n1,1,HR,80\n`),
    'line 3, value: HR is "80", a number, and was "lost" before; if missing, add --missing lost.',
  );
  const texts = Array.from({ length: 21 }, (_, i) => `1,${i},note,text ${i}`);
  assert.equal(
    await said(`${head}${texts.join("\n")}\n`),
    "note has more than 20 different words: texts are not read. Leave its rows out, or group the rare words.",
  );
  assert.equal(await said("id,time,parameter,value\n1,noon,HR,1\n"), 'line 2, time: "noon" is not a time.');
  assert.match(await said("a,b,c\n1,2,3\n"), /^no column is called like the id of an event \(columns are a, b, c\): name it with --id\.$/);
  assert.match(await said(long, { outcomes: parseTable("id,a,b\n1,0,1\n2,1,0\n") }), /^Which of a, b is the label\? Name it with label\.$/);
  assert.match(await said(long, { outcomes: parseTable("id,died\n7,0\n8,1\n") }), /^no id of the events is among those of the outcomes\./);
});

/** A ustar archive. */
function tar(files: readonly (readonly [string, string])[]): Uint8Array {
  const parts = files.flatMap(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\0", 100);
    header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write("0ustar\0", 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    return [header, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
