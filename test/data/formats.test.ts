// The same table is the same whatever file it stands in: CSV, gzip, JSON lines, a JSON list, Parquet; so are its mistakes.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { panel } from "../../src/data/panel.js";
import { readTable } from "../../src/data/read-table.js";
import { series } from "../../src/data/series.js";
import { parseTable } from "../../src/data/table.js";
import type { SeriesOptions, Table } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";
import { duckdb, parquetOf, withoutDuckDb } from "./duckdb.js";

const folder = mkdtempSync(join(tmpdir(), "formats-"));
type Row = Readonly<Record<string, string | number | null>>;

const csv = (rows: readonly Row[]): string => {
  const names = Object.keys(rows[0]!);
  return [names, ...rows.map((row) => names.map((name) => row[name] ?? ""))].map((cells) => cells.join(",")).join("\n");
};
const lines = (rows: readonly Row[]): string => rows.map((row) => JSON.stringify(row)).join("\n");
const write = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

const parquet = (name: string, rows: readonly Row[]): Promise<string> =>
  parquetOf(write(`${name}.source.csv`, csv(rows)), join(folder, name));

/** The file in every form that can be written here. */
async function everyForm(name: string, rows: readonly Row[]): Promise<string[]> {
  const texts = [
    write(`${name}.csv`, csv(rows)),
    write(`${name}.csv.gz`, gzipSync(csv(rows))),
    write(`${name}.jsonl`, lines(rows)),
    write(`${name}.jsonl.gz`, gzipSync(lines(rows))),
    write(`${name}.json`, JSON.stringify(rows, null, 2)),
  ];
  return duckdb === null ? texts : [...texts, await parquet(`${name}.parquet`, rows)];
}

const good = Array.from({ length: 30 }, (_, i) => ({
  day: `2020-01-${String(i + 1).padStart(2, "0")}`,
  sales: i === 7 ? null : i * 1.5,
  shop: "a",
}));

test("a table is the same in every form of file", async () => {
  const shown = (table: Table): unknown => {
    const { values, frequency, season, missing } = series(table, { target: "sales" });
    return [table.names, [...values], frequency, season, missing, table.columns.shop!.text];
  };
  const expected = shown(parseTable(csv(good)));
  for (const path of await everyForm("good", good)) assert.deepEqual(shown(await readTable(path)), expected, path);
});

test("a table in one JSON object is the same in every form that programs write", () => {
  const by = (of: (row: (typeof good)[number], i: number) => unknown): Record<string, unknown> =>
    Object.fromEntries(good.map((row, i) => [String(i), of(row, i)]));
  const index = { day: by((row) => row.day), sales: by((row) => row.sales), shop: by((row) => row.shop) };
  const split = { columns: ["day", "sales", "shop"], index: good.map((_, i) => i), data: good.map((row) => Object.values(row)) };
  const records = good.map(({ day, sales }) => ({ day, sales }));
  const expected = parseTable(csv(good));
  const fields = ["index", "day", "sales", "shop"].map((name) => ({ name, type: "string" }));
  const schema = { fields, primaryKey: ["index"], pandas_version: "1.4.0" };
  const framed = { schema, data: good.map((row, i) => ({ index: i, ...row })) };
  const rows = by((row) => row);
  for (const value of [index, split, framed, rows, { shop: "a", rows: records }, { meta: { shop: "a" }, data: records }]) {
    const table = parseTable(JSON.stringify(value));
    assert.deepEqual([...table.columns.sales!.numbers], [...expected.columns.sales!.numbers]);
    assert.deepEqual(table.columns.day!.text, expected.columns.day!.text);
  }
  for (const value of [{ sales: { "2020-01-01": 1, "2020-01-02": 2 } }, { "2020-01-01": { sales: 1 }, "2020-01-02": { sales: 2 } }]) {
    const timed = parseTable(JSON.stringify(value));
    assert.deepEqual(
      [timed.names, timed.columns.index!.text],
      [
        ["index", "sales"],
        ["2020-01-01", "2020-01-02"],
      ],
    );
  }
});

test("lists in a list are no table, and are told so as JSON", async () => {
  assert.equal((await failure(() => parseTable('[["2020-01-01",1],["2020-01-02",2]]'))).code, "bad_json");
});

test("a mistake is the same sentence in every form of file", async () => {
  const changed = (row: number, change: Row): Row[] => good.map((each, i) => (i === row ? { ...each, ...change } : each));
  const cases: readonly (readonly [Row[], SeriesOptions, RegExp])[] = [
    [good, { target: "Sale" }, /has no column "Sale". Did you mean "sales"\?$/],
    [good.map((row, i) => ({ ...row, price: i, stock: 3 * i })), {}, /^3 numeric columns \(sales, price, stock\): choose with --target\.$/],
    [
      changed(3, { sales: "n.v." }),
      { target: "sales" },
      /^(line|row) \d+, sales: "n\.v\." is not a number; if missing, add --missing n\.v\.$/,
    ],
    [changed(3, { day: "2020-01-03" }), {}, /^2020-01-03.* appears twice \((line|row)s \d+, \d+\): --duplicates mean, or name --id\.$/],
    [
      good.map((row) => ({ ...row, day: "03/04/2020" })),
      {},
      /^"03\/04\/2020" fits day or month first throughout; give --date-order dmy\|mdy\.$/,
    ],
  ];
  for (const [k, [rows, options, sentence]] of cases.entries()) {
    for (const path of await everyForm(`bad${k}`, rows)) {
      // DuckDB reads dates of its own accord, so that nothing is left open in a Parquet file that it writes.
      if (k === 4 && path.endsWith(".parquet")) continue;
      assert.match((await failure(async () => series(await readTable(path), options))).message, sentence, path);
    }
  }
});

test("lists in a JSON object are columns, and inner objects have their path as name", () => {
  const table = parseTable(
    '{"shop":{"id":"a"},"ds":["2020-01","2020-02"],"y":[1,null]}\n{"shop":{"id":"b"},"ds":["2020-01"],"y":[3],"late":true}\n',
  );
  assert.deepEqual(table.names, ["shop.id", "ds", "y", "late"]);
  assert.deepEqual([...table.columns.y!.numbers], [1, Number.NaN, 3]);
  assert.deepEqual(table.columns.late!.text, [null, null, "true"]);
});

test("series as GluonTS writes them are a panel with static columns and a known future", () => {
  const one = (id: string, kind: number, target: unknown[]): string =>
    JSON.stringify({
      start: "2020-01-01 00:00",
      freq: "H",
      item_id: id,
      target,
      feat_static_cat: [kind, 7],
      feat_dynamic_real: [[1, 2, 3, 4, 5, 6]],
    });
  const table = parseTable([one("a", 0, [5, "NaN", 7, 6]), one("b", 1, [1, 2, 3, 5])].join("\n"));
  const found = panel(table, { id: "item_id", target: "target", future: ["feat_dynamic_real_0"] });
  assert.deepEqual([found.frequency, found.series[0]!.ahead, [...found.series[0]!.values]], ["hourly", 2, [5, Number.NaN, 7, 6]]);
  assert.deepEqual([...found.series[1]!.future[0]!.values], [1, 2, 3, 4, 5, 6]);
  assert.equal(found.series[1]!.timeLabel(4), "2020-01-01T04:00");
  assert.deepEqual(found.statics, [{ name: "feat_static_cat_0", kind: "number", values: Float64Array.of(0, 1) }]);
});

test("NaN as Python writes it is missing, and broken JSON is named by its line", async () => {
  assert.deepEqual([...parseTable('[{"a": NaN, "t": "NaN: no"}, {"a": 2, "t": "x"}]').columns.a!.numbers], [Number.NaN, 2]);
  assert.equal(
    (await failure(() => parseTable('{"a":1}\n{"a":}\n'))).message,
    "line 2: this is no JSON object. One object per row is needed, in a list or one per line.",
  );
  assert.equal((await failure(() => parseTable('{"a":1}\n{"a":2\n'))).code, "bad_json");
  assert.equal((await failure(() => parseTable('{"a":1}\nrest\n'))).line, 2);
  assert.equal((await failure(() => parseTable("[]"))).code, "no_rows");
});

test("without DuckDB Parquet says what to install", { skip: duckdb === null ? false : "@duckdb/node-api is installed" }, async () => {
  const path = write("some.parquet", "PAR1 and more");
  assert.equal((await failure(() => readTable(path))).message, "Reading Parquet needs @duckdb/node-api: npm i @duckdb/node-api.");
  const query = await failure(() => readTable(write("some.csv", "a,b\n1,2\n"), { sql: "SELECT a FROM data" }));
  assert.equal(query.message, "Running SQL needs @duckdb/node-api: npm i @duckdb/node-api.");
});

test("a query sees the file as data, and fetches nothing", { skip: withoutDuckDb }, async () => {
  const path = await parquet("query.parquet", good);
  const table = await readTable(path, { sql: "SELECT date_trunc('week', day) AS week, sum(sales) AS sales FROM data GROUP BY 1" });
  assert.equal(panel(table, { target: "sales" }).frequency, "weekly");
  const far = await failure(() => readTable(path, { sql: "SELECT * FROM 'https://example.com/a.csv'" }));
  assert.match(far.message, /^the query cannot be run: .*requires the extension httpfs/);
  assert.equal((await failure(() => readTable(write("broken.parquet", "PAR1 and more")))).code, "bad_parquet");
});
