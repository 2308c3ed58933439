// Tables are read the same whatever their delimiter, decimals, line ends, quotes and compression.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readTable } from "../../src/data/read-table.js";
import { series } from "../../src/data/series.js";
import { nearestName, parseTable, tableOf } from "../../src/data/table.js";
import type { ReadTableOptions, Table } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";

const folder = mkdtempSync(join(tmpdir(), "table-"));
const read = (name: string, bytes: string | Uint8Array, options: ReadTableOptions = {}): Promise<Table> => {
  writeFileSync(join(folder, name), bytes);
  return readTable(join(folder, name), options);
};
const numbers = (table: Table, name: string): number[] => [...table.columns[name]!.numbers];

test("comma, semicolon and tab give the same table", () => {
  for (const text of [
    "a,b\n1.5,x\n2.5,y\n",
    "a;b\n1,5;x\n2,5;y\n",
    "a\tb\n1.5\tx\n2.5\ty\n",
    "a\tb\n1,5\tx\n2,5\ty\n",
    "a;b\n1.5;x\n2.5;y\n",
  ]) {
    assert.deepEqual(numbers(parseTable(text), "a"), [1.5, 2.5], text);
  }
});

test("line ends, a byte order mark and a missing last line end change nothing", () => {
  for (const text of ["\ufeffa,b\r\n1,x\r\n2,y\r\n", "a,b\r1,x\r2,y", "a,b\n1,x\n\n2,y"])
    assert.deepEqual(numbers(parseTable(text), "a"), [1, 2]);
});

test("thousands are grouped the way the decimals ask for", () => {
  assert.deepEqual(numbers(parseTable('a,b\n"1,234.5",1\n"12,345",2\n'), "a"), [1234.5, 12345]);
  assert.deepEqual(numbers(parseTable("a;b\n1.234,5;1\n12.345;2\n"), "a"), [1234.5, 12345]);
});

test("points part thousands where another column, another cell or smaller numbers say so", () => {
  const a = (text: string): number[] => numbers(parseTable(text), "a");
  assert.deepEqual(a("a;b\n1.234;12,50\n5.987;3,99\n"), [1234, 5987]);
  assert.deepEqual(a("a\tb\n1.234\t12,50\n5.987\t3,99\n"), [1234, 5987]);
  assert.deepEqual(a("a;b\n1.234.567 €;1\n5.987 €;2\n"), [1234567, 5987]);
  assert.deepEqual(a("a;b\n1.234 €;1\n12,50 €;2\n"), [1234, 12.5]);
  assert.deepEqual(a("a;b\n1.234;1\n987;2\n"), [1234, 987]);
  // Decimals: nothing says otherwise, or something says so.
  assert.deepEqual(a("a;b\n1.234;1\n5.987;2\n"), [1.234, 5.987]);
  assert.deepEqual(a("a;b\n1.234;1\n987.5;2\n987;3\n"), [1.234, 987.5, 987]);
  assert.deepEqual(a("a;b\n1.234;1\n1987;2\n"), [1.234, 1987]);
  assert.deepEqual(a("a;b\n1.234;12,5\n0.512;3,9\n"), [1.234, 0.512]);
  assert.deepEqual(a("a\tb\n1.234\t1\n987\t2\n"), [1.234, 987]);
  const left = parseTable("a;b\n1.234;12,50\n5.987;3,99\n", { only: () => ["a"] });
  assert.deepEqual(numbers(left, "a"), [1234, 5987]);
});

test("quoted decimal commas between commas are decimals, unless points were decimals before", () => {
  assert.deepEqual(numbers(parseTable('a,b\n"1,234",1\n"12,5",2\n"0,512",3\n'), "a"), [1.234, 12.5, 0.512]);
  assert.deepEqual(numbers(parseTable('a,b\n"0,512",1\n"1,250",2\n'), "a"), [0.512, 1.25]);
  assert.deepEqual(numbers(parseTable("a;b\n0.512;1\n0,5;2\n"), "a"), [0.512, 0.5]);
  assert.equal(parseTable('a,b\n1.234,1\n"12,5",2\n').columns.a!.firstText, 1);
});

test("only written numbers are numbers", () => {
  const cells = ["1", "-2.5", "+3", ".5", "1e3", "1.", "0x10", "Infinity", "-inf", "1e999", "12abc", "1 2", "--1"];
  const table = parseTable(`a,b\n${cells.map((cell) => `${cell},z`).join("\n")}\n`);
  assert.deepEqual(
    numbers(table, "a").map((value) => (Number.isNaN(value) ? "no" : value)),
    [1, -2.5, 3, 0.5, 1000, 1, "no", "no", "no", "no", "no", "no", "no"],
  );
  assert.equal(table.columns.a!.firstText, 6);
});

test("empty, NA, N/A, #N/A, NaN, null and ? are missing, and what the user adds, by value where it is a number", () => {
  const table = parseTable("a,b\n,1\nNA,1\nN/A,1\n#N/A,1\nNaN,1\nnull,1\n?,1\n-200.0,1\nn.v.,1\n7,1\n", { missing: ["-200", "n.v."] });
  assert.equal(table.columns.a!.missing, 9);
  assert.equal(table.columns.a!.kind, "number");
  assert.equal(table.columns.a!.numbers[9], 7);
});

test("a first row of numbers or times is data", () => {
  assert.deepEqual(parseTable("1,2\n3,4\n").names, ["c1", "c2"]);
  assert.deepEqual(parseTable("1949-01,112\n1949-02,118\n").names, ["c1", "c2"]);
  assert.equal(parseTable("year,2019\n1,2\n").hasHeader, true);
});

test("quoted fields may hold delimiters, quotes and line ends, and lines are still counted", () => {
  const table = parseTable('name,v\n"a, ""b""\nc",1\n\nd,2\n');
  assert.deepEqual(table.columns.name!.text, ['a, "b"\nc', "d"]);
  assert.deepEqual([table.lines.get(0), table.lines.get(1)], [2, 5]);
});

test("a quote that never closes is named with its line", async () => {
  assert.equal((await failure(() => parseTable('a,b\n1,2\n3,"4\n5,6\n'))).code, "bad_quote");
});

test("a column called __proto__ is a column like others", () => {
  const table = parseTable("__proto__,constructor\n1,2\n");
  assert.deepEqual([...numbers(table, "__proto__"), ...numbers(table, "constructor")], [1, 2]);
});

test("gzip is known by its bytes, not by its name", async () => {
  for (const name of ["t.csv.gz", "t2.csv"]) assert.deepEqual(numbers(await read(name, gzipSync("a,b\n1,2\n")), "b"), [2]);
});

test("a truncated and a damaged gzip are told apart", async () => {
  const whole = gzipSync("a,b\n".padEnd(5000, "1,2\n"));
  assert.equal(
    (await failure(() => read("cut.csv.gz", whole.subarray(0, whole.length - 12)))).message,
    "cut.csv.gz is truncated (its gzip data ends early). Copy or download it again.",
  );
  const broken = new Uint8Array(whole);
  broken.fill(0xff, 12, 20);
  assert.match((await failure(() => read("bad.csv.gz", broken))).message, /^bad\.csv\.gz is damaged/);
});

test("text that is not UTF-8 is named by line and byte, and can be read as latin1", async () => {
  const bytes = Buffer.from("a,b\n1,caf\xe9\n", "latin1");
  assert.equal((await failure(() => read("l.csv", bytes))).message, "l.csv line 2 is not UTF-8 (0xE9); try --encoding latin1.");
  assert.deepEqual((await read("l.csv", bytes, { encoding: "latin1" })).columns.b!.text, ["café"]);
});

test("UTF-16 with a byte order mark is read", async () => {
  assert.deepEqual(numbers(await read("u.csv", Buffer.from("\ufeffa,b\n1,2\n", "utf16le")), "b"), [2]);
});

test("what is no text file is refused by what it is", async () => {
  assert.equal((await failure(() => read("sales.xlsx", "PK\x03\x04 rest"))).message, "sales.xlsx is a spreadsheet; export it as CSV.");
  assert.equal((await failure(() => read("sales.csv", "PK\x03\x04 rest"))).message, "sales.csv is a spreadsheet; export it as CSV.");
  assert.equal((await failure(() => read("b.csv", "abc\x00d"))).code, "binary_file");
  assert.equal((await failure(() => read("empty.csv", ""))).message, "empty.csv is empty.");
  assert.equal((await failure(() => readTable(folder))).code, "is_a_directory");
  assert.equal((await failure(() => readTable(join(folder, "none.csv")))).code, "file_not_found");
});

test("tables can be made in memory", () => {
  assert.deepEqual(numbers(tableOf({ a: [1, null, 3], b: ["x", "y", "z"] }), "a"), [1, Number.NaN, 3]);
});

test("a name is taken for another where half of the letters stand, swapped neighbours among them", () => {
  assert.deepEqual(
    ["Sale", "gur", "date", "day", "y", "Y"].map((name) => nearestName(name, ["Sales", "gru", "day", "z", "y"])),
    ["Sales", "gru", "day", "day", "y", "y"],
  );
  assert.deepEqual([nearestName("y", ["a", "b"]), nearestName("day", ["y", "ds"])], [null, null]);
});

test("what would fill the screen is cut, and what has no end is refused by its line", async () => {
  const endless = "ab".repeat(300_000);
  const rows = Array.from({ length: 30 }, (_, i) => `2020-01-${String(i + 1).padStart(2, "0")},${i % 7}`);
  const says = async (line: number, text: string): Promise<string> => {
    const table = `day,y\n${rows.map((row, i) => (i === line ? text : row)).join("\n")}\n`;
    return (await failure(() => series(parseTable(table), { time: "day" }))).message;
  };
  const shown = `"${endless.slice(0, 60)}..."`;
  assert.equal(await says(4, `2020-01-05,${endless}`), `line 6, y: ${shown} is not a number.`);
  assert.equal(await says(4, `${endless},5`), `line 6, day: ${shown} is not a date or time.`);
  const said = async (text: string): Promise<string> => (await failure(() => parseTable(text))).message;
  assert.equal(
    await said(`${"x".repeat(1001)},y\n1,2\n`),
    "line 1: the header has a name of 1001 letters. A table with separated columns is needed.",
  );
  const long = `a,b\n1,2\n${"x".repeat(17 << 20)},2\n`;
  assert.equal(await said(long), "line 3 goes on for more than 16 MB. A table with a line for each row is needed.");
});

test("UTF-16 is read with a mark or by name; without either and cut in half it is told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "utf16-"));
  const text = Buffer.from("month,größe\n2020-01,1\n2020-02,4\n", "utf16le");
  const mark = Buffer.from([0xff, 0xfe]);
  const write = (name: string, ...parts: readonly Uint8Array[]): string => {
    writeFileSync(join(folder, name), Buffer.concat(parts));
    return join(folder, name);
  };
  assert.deepEqual((await readTable(write("marked.csv", mark, text))).names, ["month", "größe"]);
  const bare = write("bare.csv", text);
  assert.equal(
    (await failure(() => readTable(bare))).message,
    "bare.csv looks binary (NUL at 1). If it is UTF-16, add --encoding utf-16le.",
  );
  assert.equal((await readTable(bare, { encoding: "utf-16le" })).rows, 2);
  const half = (await failure(() => readTable(write("half.csv", mark, text, Buffer.from([0x31]))))).message;
  assert.equal(half, "half.csv is no whole UTF-16LE: a letter is broken or cut off. Copy it again, or give another --encoding.");
  rmSync(folder, { recursive: true });
});
