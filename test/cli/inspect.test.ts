// `inspect FILE`: what is wrong with a table is found and said, in words and as JSON, and nothing is written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { monthlyCsv, openDesk } from "./run.js";

interface Inspection {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly missing: number; readonly isConstant: boolean }[];
  readonly clock: { readonly frequency: string; readonly gaps: number; readonly duplicates: number; readonly season: number };
  readonly duplicateRows: { readonly count: number; readonly first: readonly { readonly line: number; readonly of: number }[] };
  readonly target: string | null;
  readonly assumedTarget: string | null;
  readonly hints: readonly { readonly code: string; readonly column: string | null; readonly message: string }[];
}

const month = (i: number): string => `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`;
const sales = (i: number): number => Math.round(100 + 2 * i + 20 * Math.sin((i * Math.PI) / 6) + 7 * Math.sin(2.3 * i * i));

/** Months with one left out, one twice, a repeated row, a constant, a copy in another unit and next month's sales. */
function troubled(): string {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${month(i)},${sales(i)},${1.2 * sales(i) + 5},${sales(i + 1)},7,${i % 2 === 0 ? "" : "x"}`,
  );
  const lines = rows.toSpliced(20, 1);
  lines.splice(10, 0, lines[9] ?? "");
  lines.push(`${month(5)},999,1,2,7,y`);
  return `${["Month,Sales,Euro,Next,Shop,Note", ...lines].join("\n")}\n`;
}

async function inspected(t: Parameters<typeof openDesk>[0], content: string, args: readonly string[] = []): Promise<Inspection> {
  const desk = openDesk(t);
  desk.write("my sales.csv", content);
  const { code, stdout, stderr } = await desk.run(["inspect", "my sales.csv", "--json", ...args]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(desk.names(), ["my sales.csv"]);
  const envelope = JSON.parse(stdout) as { ok: boolean; command: string; result: Inspection };
  assert.deepEqual([envelope.ok, envelope.command], [true, "inspect"]);
  return envelope.result;
}

test("gaps, repeats, constants and missing cells are counted", async (t) => {
  const found = await inspected(t, troubled());
  assert.equal(found.rows, 61);
  assert.deepEqual([found.clock.frequency, found.clock.season, found.clock.gaps, found.clock.duplicates], ["monthly", 12, 1, 2]);
  assert.deepEqual(found.duplicateRows, { count: 1, first: [{ line: 12, of: 11 }] });
  assert.equal(found.columns.find(({ name }) => name === "Note")?.type, "text");
  assert.ok((found.columns.find(({ name }) => name === "Note")?.missing ?? 0) > 20);
  for (const code of ["gaps", "duplicate_times", "duplicate_rows", "constant_column", "missing_many"])
    assert.ok(
      found.hints.some((hint) => hint.code === code),
      code,
    );
});

test("columns that know the target too well are named, also when no target was: the likeliest is taken and said", async (t) => {
  const rows = Array.from({ length: 60 }, (_, i) => `${month(i)},${sales(i)},${1.2 * sales(i) + 5},${sales(i + 1)}`);
  const text = `${["Month,Sales,Euro,Next", ...rows].join("\n")}\n`;
  for (const args of [[], ["--target", "Sales"]]) {
    const found = await inspected(t, text, args);
    assert.deepEqual([found.target, found.assumedTarget], args.length === 0 ? [null, "Sales"] : ["Sales", null]);
    const leaks = found.hints.filter(({ code }) => ["same_as_target", "next_target", "follows_target"].includes(code));
    assert.deepEqual(leaks.map(({ column }) => column).sort(), ["Euro", "Next"]);
  }
});

test("words for a person name the file, every column and what to look at, and the next command", async (t) => {
  const desk = openDesk(t);
  desk.write("ümläut sales.csv", troubled());
  const { code, stdout, stderr } = await desk.run(["inspect", "ümläut sales.csv"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  for (const text of [
    "61 rows",
    "monthly",
    "Euro",
    "1 step has no row",
    "deep-rnn forecast 'ümläut sales.csv' --target Sales --duplicates mean",
  ])
    assert.ok(stdout.includes(text), text);
});

test("of a table whose values come with their names no mark between columns is told", async (t) => {
  const desk = openDesk(t);
  const rows = monthlyCsv(60).trimEnd().split("\n").slice(1);
  desk.write("sales.jsonl", rows.map((row) => `{"Month":"${row.slice(0, 7)}","Sales":${row.slice(8)}}`).join("\n"));
  const { stdout } = await desk.run(["inspect", "sales.jsonl"]);
  assert.match(stdout, /^ {2}60 rows, 2 columns, values with their names$/m);
  const answer = JSON.parse((await desk.run(["inspect", "sales.jsonl", "--json"])).stdout) as { result: { delimiter: unknown } };
  assert.equal(answer.result.delimiter, null);
});

test("a clean table is said to be clean, from a pipe as well", async (t) => {
  const desk = openDesk(t);
  const { code, stdout } = await desk.run(["inspect", "-"], { stdin: monthlyCsv(60) });
  assert.equal(code, 0);
  assert.match(stdout, /Nothing to worry about was found\./);
});

test("what cannot be read is refused as everywhere; a column that is not there as well", async (t) => {
  const desk = openDesk(t);
  desk.write("empty.csv", "");
  desk.write("sales.csv", monthlyCsv(30));
  assert.deepEqual(await desk.run(["inspect", "empty.csv"]), { code: 2, stdout: "", stderr: "empty.csv is empty.\n" });
  const wrong = await desk.run(["inspect", "sales.csv", "--target", "Sale"]);
  assert.deepEqual([wrong.code, wrong.stderr], [2, 'sales.csv has no column "Sale". Did you mean "Sales"?\n']);
});
