// Wrong input: the sentence that the manual promises, exit code 2, no run folder, no stack.
import assert from "node:assert/strict";
import { test } from "node:test";
import { monthlyCsv, openDesk } from "./run.js";

interface Case {
  readonly law: string;
  readonly file: string;
  readonly content: string | Uint8Array;
  readonly args?: readonly string[];
  readonly sentence: string;
  readonly place?: { readonly line?: number; readonly column?: string };
}

const withLine = (text: string, line: number, replacement: string): string =>
  text
    .split("\n")
    .toSpliced(line - 1, 1, replacement)
    .join("\n");
const days = (rows: number, row: (i: number) => string): string => Array.from({ length: rows }, (_, i) => row(i)).join("\n");
const two = (n: number): string => String(n).padStart(2, "0");
const long = monthlyCsv(60);

const cases: readonly Case[] = [
  {
    law: "a column that does not exist is answered with the nearest one",
    file: "sales.csv",
    content: long,
    args: ["--target", "Sale"],
    sentence: 'sales.csv has no column "Sale". Did you mean "Sales"?',
  },
  {
    law: "several numeric columns need a choice",
    file: "sales.csv",
    content: `Month,Price,Stock,Sales\n${days(60, (i) => `${2000 + Math.floor(i / 12)}-${two((i % 12) + 1)},${i + 1},${50 - (i % 7)},${100 + (i % 12)}`)}\n`,
    sentence: "3 numeric columns (Price, Stock, Sales): choose with --target.",
  },
  ...["past", "future", "target"].map((role) => ({
    law: `the column of times is no ${role} column`,
    file: "sales.csv",
    content: long,
    args: [`--${role}`, "Month"],
    sentence: `Month is the time of the rows, and is named as ${role} column. Leave it out of --${role}: the time is found.`,
    place: { column: "Month" },
  })),
  {
    law: "a word among numbers is shown with its line, and how to call it missing",
    file: "sales.csv",
    content: withLine(long, 41, "2003-04,n.v."),
    args: ["--target", "Sales"],
    sentence: 'line 41, Sales: "n.v." is not a number; if missing, add --missing n.v.',
    place: { line: 41, column: "Sales" },
  },
  {
    law: "too few rows are counted, with a horizon that fits",
    file: "sales.csv",
    content: monthlyCsv(14),
    args: ["--horizon", "12", "--input", "24"],
    sentence: "14 rows; horizon 12 with input 24 needs 60. Try --horizon 2 --input 4.",
  },
  {
    law: "a time that appears twice is shown with both lines",
    file: "sales.csv",
    content: withLine(long, 19, "2000-03,150"),
    sentence: "2000-03 appears twice (lines 4, 19): --duplicates mean, or name --id.",
  },
  { law: "an empty file is called empty", file: "sales.csv", content: "", sentence: "sales.csv is empty." },
  {
    law: "a line with too many fields is counted",
    file: "sales.csv",
    content: withLine(long, 7, "2000-06,1,234"),
    sentence: "line 7 has 3 fields, the header 2. A quoted comma?",
    place: { line: 7 },
  },
  {
    law: "dates that could be read both ways are not guessed",
    file: "sales.csv",
    content: `Day,Sales\n${days(60, (i) => `${two(((i + 2) % 12) + 1)}/${two(4 + Math.floor((i + 2) / 12))}/2020,${100 + i}`)}\n`,
    sentence: '"03/04/2020" fits day or month first throughout; give --date-order dmy|mdy.',
  },
  {
    law: "a constant column cannot be learnt",
    file: "sales.csv",
    content: long.replace(/,\d+$/gm, ",0"),
    sentence: "Sales is 0 in every row: nothing to learn.",
  },
  {
    law: "a spreadsheet is recognised by its content",
    file: "sales.xlsx",
    content: Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 6, 0, 8, 0]),
    sentence: "sales.xlsx is a spreadsheet; export it as CSV.",
  },
];

for (const { law, file, content, args = [], sentence, place } of cases) {
  test(law, async (t) => {
    const desk = openDesk(t);
    desk.write(file, content);
    const { code, stdout, stderr } = await desk.run(["forecast", file, "--json", "--quiet", ...args]);
    assert.equal(stderr, `${sentence}\n`);
    assert.equal(code, 2);
    const bad = JSON.parse(stdout) as {
      ok: boolean;
      command: string;
      error: { message: string; code: string; line: number | null; column: string | null };
    };
    assert.equal(bad.ok, false);
    assert.equal(bad.command, "forecast");
    assert.equal(bad.error.message, sentence);
    assert.match(bad.error.code, /^[a-z0-9_]+$/);
    if (place?.line !== undefined) assert.equal(bad.error.line, place.line);
    if (place?.column !== undefined) assert.equal(bad.error.column, place.column);
    assert.deepEqual(desk.names(), [file]);
  });
}

test("without --json stdout stays empty", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", "");
  const { code, stdout, stderr } = await desk.run(["forecast", "sales.csv"]);
  assert.equal(stdout, "");
  assert.equal(stderr, "sales.csv is empty.\n");
  assert.equal(code, 2);
});

test("a cell that does not exist is answered with the nearest one, and nothing else is said", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", long);
  const { code, stderr } = await desk.run(["forecast", "sales.csv", "--cell", "lsmt"]);
  assert.equal(stderr, 'There is no cell "lsmt". Did you mean "lstm"?\n');
  assert.equal(code, 2);
  assert.deepEqual(desk.names(), ["sales.csv"]);
});

test("a file that does not exist is named", async (t) => {
  const desk = openDesk(t);
  const { code, stdout, stderr } = await desk.run(["forecast", "none.csv"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^.*none\.csv.*\n$/);
  assert.deepEqual(desk.names(), []);
});
