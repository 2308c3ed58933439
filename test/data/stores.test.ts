// Packed columns give back what went in, whatever it was and wherever the blocks of the file were cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CsvError, parse } from "csv-parse/sync";
import fc from "fast-check";
import { DataError } from "../../src/base/errors.js";
import { isoFound, readIso, writeIso } from "../../src/data/iso-form.js";
import { NumberStore } from "../../src/data/number-store.js";
import { readPlain } from "../../src/data/plain-number.js";
import { RecordReader } from "../../src/data/record-reader.js";
import { parseTable } from "../../src/data/table.js";
import { TextStore } from "../../src/data/text-store.js";
import { parseTime } from "../../src/data/time.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Long enough for several chunks, made by repeating what fast-check drew. */
const repeated = <T>(values: readonly T[], length: number): T[] => Array.from({ length }, (_, i) => values[i % values.length]!);

test("a number store gives every number back to the last bit", () => {
  const kinds = [
    fc.double({ noDefaultInfinity: true }),
    fc.integer().map((n) => n / 100),
    fc.integer({ min: -100, max: 100 }),
    fc.float({ noDefaultInfinity: true }),
    fc.constant(Number.NaN),
  ];
  for (const kind of kinds) {
    fc.assert(
      fc.property(fc.array(kind, { minLength: 1, maxLength: 300 }), fc.integer({ min: 0, max: 9 }), (drawn, step) => {
        const values = [...repeated(drawn, 9000), ...Array.from({ length: 5000 }, (_, i) => 1000 + step * i)];
        const store = new NumberStore();
        for (const value of values) store.push(value);
        // A zero below zero comes back as zero: no file means the difference.
        for (const [i, value] of values.entries())
          assert.ok(Object.is(store.get(i), value) || (value === 0 && store.get(i) === 0), `${value}`);
        assert.equal(store.toArray().length, values.length);
      }),
      { numRuns: 10 },
    );
  }
});

test("a text store gives every cell back, in any order of asking", () => {
  const time = fc.integer({ min: -1e9, max: 4e9 }).map((seconds) => `${new Date(1000 * seconds).toISOString().slice(0, 19)}`);
  const cell = fc.oneof(fc.string({ maxLength: 40, unit: "grapheme" }), time, fc.constant(null), fc.constantFrom("a", "b"));
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 900 }), fc.array(time, { minLength: 1, maxLength: 50 }), (drawn, times) => {
      const cells = [...repeated(drawn, 9000), ...repeated(times, 9000), ...repeated(["x", null], 5000)];
      const store = new TextStore();
      for (const text of cells) {
        if (text !== null && readIso(text)) store.pushTime(isoFound.ms, isoFound.form);
        else store.push(text);
      }
      for (let i = 0; i < cells.length; i++) {
        const at = (i * 7919) % cells.length;
        assert.equal(store.get(at), cells[at]);
      }
    }),
    { numRuns: 10 },
  );
});

test("a number read digit by digit is the number that its text names", () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e14, max: 1e14 }),
      fc.integer({ min: 0, max: 12 }),
      (value, decimals) => {
        for (const text of [String(value), value.toFixed(decimals)]) {
          const read = readPlain(text, ".");
          assert.ok(Number.isNaN(read) || read === Number(text), text);
        }
      },
    ),
  );
  for (const wrong of ["", "-", ".", "1e5", "1.2.3", "12a", "1 2", "0x1"]) assert.ok(Number.isNaN(readPlain(wrong, ".")));
});

test("a time from bytes is the time that the slow reader finds, and is written back as it was", () => {
  const forms = [7, 10, 16, 19, 23];
  fc.assert(
    fc.property(
      fc.integer({ min: -30_610_224_000, max: 250_000_000_000 }),
      fc.nat(999),
      fc.constantFrom("-", "/"),
      fc.constantFrom("T", " "),
      (seconds, ms, dash, gap) => {
        for (const length of forms) {
          const iso = new Date(1000 * seconds + (length === 23 ? ms : 0)).toISOString().slice(0, length);
          const text = iso.replaceAll("-", dash).replace("T", gap);
          assert.ok(readIso(text), text);
          assert.equal(isoFound.ms, parseTime(text, null)!.ms, text);
          assert.equal(writeIso(isoFound.ms, isoFound.form), text);
        }
      },
    ),
  );
  for (const wrong of [
    "2021-02-29",
    "2020-13",
    "2020-00",
    "2020-01-01 24:00",
    "2020-01-01 10:60",
    "2020-1-1",
    "20-01-2020",
    "2020-01/02",
    "2020-01-01Z",
  ])
    assert.equal(readIso(wrong), false, wrong);
});

test("records are those of csv-parse, wherever blocks are cut", () => {
  const field = fc.oneof(
    fc.stringMatching(/^[a-z0-9.]{0,4}$/),
    fc.stringMatching(/^[a-zäß€ ",\n;]{0,9}$/).map((text) => `"${text.replaceAll('"', '""')}"`),
    fc.constant('"'),
  );
  const plain = fc.stringMatching(/^[ \ta-z0-9.;]{0,6}$/);
  const record = fc.tuple(
    fc.oneof(fc.array(field, { minLength: 1, maxLength: 4 }), fc.array(plain, { minLength: 1, maxLength: 4 })),
    fc.constantFrom("\n", "\r\n", "\r"),
  );
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (records, cuts) => {
        const text = records.map(([fields, end]) => fields.join(",") + end).join("");
        assert.deepEqual(ours(text, cuts), theirs(text), text);
      },
    ),
    { numRuns: 500 },
  );
});

function ours(text: string, cuts: readonly number[]): unknown {
  const found: string[][] = [];
  const reader = new RecordReader(",", {}, (fields) => found.push([...fields]));
  try {
    const bytes = bytesOf(text);
    for (let at = 0, k = 0; at < bytes.length; k++) {
      const end = at + cuts[k % cuts.length]!;
      reader.push(bytes.slice(at, end));
      at = end;
    }
    reader.end();
  } catch (error) {
    assert.ok(error instanceof DataError);
    return error.code;
  }
  return found;
}

function theirs(text: string): unknown {
  try {
    const found = parse(text, { trim: true, relax_column_count: true, skip_empty_lines: true, record_delimiter: ["\r\n", "\n", "\r"] });
    return found.map((fields) => fields.map((field) => field.trim())).filter((fields) => fields.some((field) => field !== ""));
  } catch (error) {
    assert.ok(error instanceof CsvError);
    return "bad_quote";
  }
}

test("a record's line is where it begins, however the text is cut into blocks", () => {
  const text = 'a,b\r\n"1\r\n2",x\n\n\r"y\n\n",z\rlast,"q""\r"\n';
  for (let size = 1; size <= text.length; size++) {
    const lines: number[] = [];
    const reader = new RecordReader(",", {}, (_, line) => lines.push(line));
    for (let at = 0; at < text.length; at += size) reader.push(bytesOf(text.slice(at, at + size)));
    reader.end();
    assert.deepEqual(lines, [1, 2, 6, 9], `blocks of ${size}`);
  }
});

test("text that began as numbers keeps what it said", () => {
  const table = parseTable("id;v\n1;1.234\n2;2.345,5\n007;12\nx;1,5\n");
  assert.deepEqual(table.columns.id!.text, ["1", "2", "007", "x"]);
  assert.deepEqual([...table.columns.v!.numbers], [1234, 2345.5, 12, 1.5]);
  assert.deepEqual(parseTable("id,v\n007,1\n008,2\n").columns.id!.text, ["007", "008"]);
});
