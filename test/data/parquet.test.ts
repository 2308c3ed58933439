// Parquet as other programs write it: a column of any type holds the cells that a text would; broken files are named.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { panel } from "../../src/data/panel.js";
import { readEvents } from "../../src/data/read-events.js";
import { readTable } from "../../src/data/read-table.js";
import { series } from "../../src/data/series.js";
import type { Table } from "../../src/data/types.js";
import { failure } from "../tasks/fakes.js";
import { withoutDuckDb, writeParquet } from "./duckdb.js";

const folder = mkdtempSync(join(tmpdir(), "parquet-"));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const write = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(at(name), bytes);
  return at(name);
};

/** 40 days and twice their number: what is written unless a test says otherwise. */
const base = "CREATE VIEW base AS SELECT DATE '2020-01-01' + i::INTEGER AS day, 2 * i AS y, i FROM range(40) t(i)";
const written = (query: string, options = ""): Promise<string> => writeParquet(at("some.parquet"), query, { options, before: [base] });
const read = async (query: string, options = ""): Promise<Table> => readTable(await written(query, options));
const says = async (path: string): Promise<string> => (await failure(async () => series(await readTable(path)))).message;

const hours = "TIMESTAMP '2020-01-01 05:00' + i * INTERVAL 1 HOUR";
const times: readonly (readonly [expression: string, frequency: string, second: string])[] = [
  ["day", "daily", "2020-01-02"],
  [hours, "hourly", "2020-01-01T06:00"],
  [`(${hours})::TIMESTAMPTZ`, "hourly", "2020-01-01T06:00Z"],
  [`(${hours})::TIMESTAMP_S`, "hourly", "2020-01-01T06:00"],
  [`(${hours})::TIMESTAMP_MS`, "hourly", "2020-01-01T06:00"],
  [`(${hours})::TIMESTAMP_NS`, "hourly", "2020-01-01T06:00"],
  ["TIMESTAMP '1960-01-01 00:00:00.25' + i * INTERVAL 1 SECOND", "1 second", "1960-01-01T00:00:01.250"],
  ["(1577854800 + 3600 * i)::BIGINT", "hourly", "2020-01-01T06:00:00"],
  ["(1577854800000000000 + 3600000000000 * i)::BIGINT", "hourly", "2020-01-01T06:00:00"],
];

test("times of every type are those that were written", { skip: withoutDuckDb }, async () => {
  for (const [expression, frequency, second] of times) {
    const one = series(await read(`SELECT ${expression} AS time, y FROM base`), { target: "y" });
    assert.deepEqual([one.frequency, one.timeLabel(1), one.values.length, one.gaps], [frequency, second, 40, 0], expression);
  }
  const split = series(await read("SELECT day, TIME '12:30:00' AS clock, y FROM base"), { target: "y" });
  assert.equal(split.timeLabel(1), "2020-01-02T12:30");
});

test("times finer than a millisecond are told of", { skip: withoutDuckDb }, async () => {
  for (const [type, digits] of [
    ["TIMESTAMP", "0001"],
    ["TIMESTAMPTZ", "0001"],
    ["TIMESTAMP_NS", "0000001"],
  ] as const) {
    const rows = [1, 2, 3].map((second) => `('2024-01-01 00:00:0${second}.${digits}'::${type}, ${second})`);
    const { found } = series(await readTable(await written(`SELECT * FROM (VALUES ${rows.join(", ")}) v(time, y)`)));
    assert.ok(found.includes("times are read to the millisecond: what is finer is left out"), found.join());
  }
});

test("numbers of every width are numbers, NULL and NaN are missing, and infinity is none", { skip: withoutDuckDb }, async () => {
  const types = ["TINYINT", "USMALLINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL(4,1)", "DECIMAL(38,6)"];
  for (const type of types) {
    const table = await read(`SELECT day, CASE WHEN i <> 2 THEN y::${type} END AS y FROM base`);
    const { values, missing } = series(table);
    assert.deepEqual([table.columns.y!.kind, ...values.slice(0, 4), missing], ["number", 0, 2, Number.NaN, 6, 1], type);
  }
  assert.equal(series(await read("SELECT day, (y / 8)::DECIMAL(30,20) AS y FROM base")).values[1], 0.25);
  assert.equal(series(await read("SELECT day, CASE WHEN i = 3 THEN 'NaN'::DOUBLE ELSE y END AS y FROM base")).missing, 1);
  const infinite = await written("SELECT day, CASE WHEN i = 3 THEN 'inf'::DOUBLE ELSE y END AS y FROM base");
  assert.equal(await says(infinite), 'row 4, y: "Infinity" is not a number; if missing, add --missing Infinity.');
  const ids = await read("SELECT 9007199254740993::BIGINT + i AS id, y FROM base");
  assert.deepEqual([ids.columns.id!.cell(0), ids.columns.id!.cell(39)], ["9007199254740993", "9007199254741032"]);
});

test("words come from strings, enums, truth values and identifiers", { skip: withoutDuckDb }, async () => {
  const table = await read(
    "SELECT day, y, ['low', 'high'][1 + i % 2] AS s, (['low', 'high'][1 + i % 2])::ENUM('low', 'high') AS e, i % 2 = 0 AS b, " +
      "'00000000-0000-0000-0000-00000000000a'::UUID AS u, INTERVAL 3 DAY AS v FROM base",
  );
  const cells = ["s", "e", "b", "u", "v"].map((name) => table.columns[name]!.cell(1));
  assert.deepEqual(cells, ["high", "high", "false", "00000000-0000-0000-0000-00000000000a", "3 days"]);
});

test("lists and structures inside a row mean what they mean in JSON", { skip: withoutDuckDb }, async () => {
  const table = await read("SELECT day, {'value': y, 'of': {'shop': 'a'}} AS sold, MAP {'k': i} AS m FROM base");
  assert.deepEqual(table.names, ["day", "sold.value", "sold.of.shop", "m.k"]);
  assert.deepEqual([table.columns["sold.value"]!.get(3), table.columns["m.k"]!.get(3), table.lineWord], [6, 3, "row"]);
  const lists = "SELECT 's' || i AS item_id, '2020-01-01' AS start, 'D' AS freq, list_transform(range(30 + i), x -> x + i) AS target";
  const found = panel(await read(`${lists} FROM range(3) t(i)`), { id: "item_id", target: "target" });
  assert.deepEqual(
    found.series.map(({ id, values, timeLabel }) => [id, values.length, values[1], timeLabel(1)]),
    [0, 1, 2].map((i) => [`s${i}`, 30 + i, 1 + i, "2020-01-02"]),
  );
  const odd = await written("SELECT [1, 2] AS a, [1, 2, 3] AS b FROM range(2)");
  assert.equal(await says(odd), 'row 1: "b" has 3 values, "a" 2. Lists in one row are columns of equal length.');
});

test("the way in which a file is packed changes nothing", { skip: withoutDuckDb }, async () => {
  const query = "SELECT TIMESTAMP '2020-01-01' + i * INTERVAL 1 HOUR AS t, i % 7 AS y, 's' || (i % 3) AS word FROM range(9000) t(i)";
  const options = [
    "",
    ", ROW_GROUP_SIZE 2048",
    ", COMPRESSION zstd",
    ", COMPRESSION gzip",
    ", COMPRESSION uncompressed",
    ", PARQUET_VERSION v2",
  ];
  for (const option of options) {
    const table = await read(query, option);
    assert.deepEqual([table.rows, table.lines.get(8999), table.columns.word!.cell(8999)], [9000, 9000, "s2"], option);
    assert.deepEqual([...series(table, { target: "y" }).values.subarray(8990)], [2, 3, 4, 5, 6, 0, 1, 2, 3, 4], option);
  }
});

test("the usual columns of Nixtla and wide tables are panels", { skip: withoutDuckDb }, async () => {
  const long = "SELECT 's' || k AS unique_id, DATE '2020-01-01' + i::INTEGER AS ds, k + i % 5 AS y FROM range(3) k(k), range(30) t(i)";
  assert.deepEqual(
    panel(await read(long)).series.map(({ id, values }) => [id, values.length]),
    [0, 1, 2].map((k) => [`s${k}`, 30]),
  );
  const wide = await written("SELECT day, y AS north, y % 7 AS south FROM base");
  assert.deepEqual(
    panel(await readTable(wide, { wide: true }), { wide: true }).series.map(({ id }) => id),
    ["north", "south"],
  );
});

test("events and their outcomes", { skip: withoutDuckDb }, async () => {
  const outcomes = await writeParquet(at("outcomes.parquet"), "SELECT k AS id, k % 2 AS died FROM range(4) k(k)");
  const events = await written(
    "SELECT k AS id, i / 2.0 AS time, ['HR', 'Temp'][1 + i % 2] AS parameter, 60 + i AS value FROM range(4) k(k), range(6) t(i)",
  );
  const stays = await readEvents(events, { outcomes, label: "died" });
  assert.deepEqual([stays.ids.length, [...stays.parameters].sort(), [...stays.labels!]], [4, ["HR", "Temp"], ["0", "1", "0", "1"]]);
});

test("what is wrong with a file is said in a sentence", { skip: withoutDuckDb }, async () => {
  const good = readFileSync(await written("SELECT day, y FROM base"));
  const cut = /^cut\.parquet cannot be read: No magic bytes found at end of file '.*cut\.parquet'\. Copy or write it again\.$/;
  assert.match(await says(write("cut.parquet", good.subarray(0, good.length / 2))), cut);
  assert.match(
    await says(write("four.parquet", good.subarray(0, 4))),
    /^four\.parquet cannot be read: File '.*' too small to be a Parquet file\./,
  );
  const footer = Uint8Array.from(good, (byte, i) => (i > good.length - 100 && i < good.length - 60 ? byte ^ 0x5a : byte));
  assert.match(await says(write("footer.parquet", footer)), /^footer\.parquet cannot be read: .+\. Copy or write it again\.$/);
  assert.equal(await says(await written("SELECT day, y FROM base LIMIT 0")), "some.parquet has no rows.");
  assert.equal(await says(await written("SELECT day FROM base")), "some.parquet has no numeric column to forecast.");
  assert.match(
    await says(await written("SELECT CASE WHEN i = 5 THEN 'infinity'::TIMESTAMP ELSE day END AS t, y FROM base")),
    /^row 6, t: "infinity" is not a date or time\.$/,
  );
  assert.equal(
    (await failure(async () => series(await readTable(await written("SELECT day, y FROM base")), { target: "yy" }))).code,
    "unknown_column",
  );
});

test("a query runs as far as it is one, whatever the file is called", { skip: withoutDuckDb }, async () => {
  const unnamed = write("no-ending", readFileSync(await written("SELECT day, y FROM base")));
  const grouped = await readTable(unnamed, { sql: "SELECT date_trunc('week', day) AS week, sum(y) AS y FROM data GROUP BY 1 ORDER BY 1" });
  assert.deepEqual([grouped.rows, grouped.columns.y!.get(0)], [6, 20]);
  const file = write("query.sql", `\ufeffSELECT day, y FROM read_parquet('${unnamed}') WHERE y > 10;\n`);
  assert.equal((await readTable(file)).rows, 34);
  const sentence = async (sql: string): Promise<string> => says(write("wrong.sql", sql));
  assert.match(await sentence("SELEC 1"), /^the query cannot be run: Parser Error: .+\.$/);
  assert.match(await sentence("SELECT y FROM 'nowhere.csv'"), /^the query cannot be run: .*nowhere\.csv/);
  assert.equal(await sentence("SELECT 1 AS a, 2 AS a"), 'the query names the column "a" twice. Rename one of them.');
  assert.equal(await sentence("-- nothing yet\n"), "wrong.sql holds no query.");
});

test("a query reads, and neither writes nor loads", { skip: withoutDuckDb }, async () => {
  const before = readdirSync(folder);
  const sentence = (sql: string): Promise<string> => says(write("wrong.sql", sql));
  const target = join(folder, "made");
  const more = (what: string): string => `the query does more than read (${what}). Leave that out, or run it with DuckDB itself.`;
  for (const [sql, what] of [
    [`COPY (SELECT 1 AS a) TO '${target}'`, "COPY"],
    [`SELECT 1 AS a; /* ; */ EXPORT DATABASE '${target}'`, "EXPORT"],
    [`ATTACH '${target}'; SELECT 1 AS a`, "ATTACH"],
    [`SELECT '--' AS a; EXPORT DATABASE '${target}'`, "EXPORT"],
    ["INSTALL httpfs", "INSTALL"],
    ["load httpfs; SELECT 1 AS a", "LOAD"],
    ["SET autoinstall_known_extensions = true; SELECT 1 AS a", "SET"],
    [`SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '${target}')`, "ENABLE LOGGING"],
    ["EXPLAIN SELECT 1 AS a", "EXPLAIN"],
  ] as const)
    assert.equal(await sentence(sql), more(what));
  assert.match(
    await sentence("SELECT * FROM 'https://localhost:1/a.parquet'"),
    /^the query cannot be run: Missing Extension Error: .*httpfs/,
  );
  assert.deepEqual(
    readdirSync(folder).filter((name) => !before.includes(name) && name !== "wrong.sql"),
    [],
  );
  // What stays in memory is part of reading, and words inside texts are no statements.
  const steps = "CREATE TABLE t AS SELECT i, 2 * i AS y FROM range(5) r(i); INSERT INTO t VALUES (9, 9);\nSELECT *, '; COPY' AS w FROM t;";
  assert.equal((await readTable(write("steps.sql", steps))).rows, 6);
});

test("Parquet inside gzip or from a pipe is called what it is", async () => {
  const path = write("inside.parquet.gz", gzipSync("PAR1 and more, all of it packed"));
  const sentence = "inside.parquet.gz is Parquet in gzip or from a pipe; give the path of the Parquet file itself.";
  assert.equal(await says(path), sentence);
  const { readTextTable } = await import("../../src/data/read-table-node.js");
  const blocks = (async function* (): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("PAR1\0\0 and more");
  })();
  assert.match((await failure(() => readTextTable(blocks, { file: "standard input" }))).message, /^standard input is Parquet /);
});

test("a text that is called Parquet is read as what it is", async () => {
  assert.equal((await readTable(write("text.parquet", "day,y\n2020-01-01,1\n2020-01-02,4\n"))).rows, 2);
});
