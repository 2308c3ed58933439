// Parquet files and SQL over files through DuckDB, which is imported only here, only when asked for, and may be missing.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError } from "../base/errors.js";
import { ColumnBuilder } from "./column-builder.js";
import { shortName } from "./decode.js";
import { NumberStore } from "./number-store.js";
import { missingTest } from "./numbers.js";
import { factsOf, placeOf, tableFrom } from "./table-builder.js";
import type { ReadTableOptions, Table } from "./types.js";

const packageName = "@duckdb/node-api";

// The parts of DuckDB that are used. The package is no dependency, so its types cannot be imported.
interface Vector {
  getItem(row: number): unknown;
}
interface Chunk {
  readonly rowCount: number;
  readonly columnCount: number;
  getColumnVector(column: number): Vector;
}
interface Result {
  columnNames(): string[];
  fetchChunk(): Promise<Chunk | null>;
}
interface Connection {
  run(sql: string): Promise<unknown>;
  stream(sql: string): Promise<Result>;
  closeSync(): void;
}
interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}
interface DuckDb {
  readonly DuckDBInstance: { create(path: string, options: Readonly<Record<string, string>>): Promise<Instance> };
}

/** Nothing is fetched from the network: extensions that are not there stay away. */
const settings = { autoinstall_known_extensions: "false", autoload_known_extensions: "false" };

/**
 * The rows of a Parquet file, or of a query. A query sees the file as the table `data`, and other files by their names.
 * @throws DataError `needs_duckdb`, `bad_parquet`, `bad_sql`, `no_rows`, `duplicate_column`
 */
export async function readWithDuckDb(path: string, options: ReadTableOptions): Promise<Table> {
  const query = /\.sql$/i.test(path) ? await readFile(path, "utf8") : options.sql;
  const duckdb = await loadDuckDb(query === undefined ? "Reading Parquet" : "Running SQL", path);
  const instance = await duckdb.DuckDBInstance.create(":memory:", settings);
  try {
    const connection = await instance.connect();
    try {
      const source = `'${path.replaceAll("'", "''")}'`;
      if (options.sql !== undefined) await connection.run(`CREATE VIEW data AS SELECT * FROM ${source}`);
      return await tableOf(await connection.stream(query ?? `SELECT * FROM read_parquet(${source})`), path, options);
    } finally {
      connection.closeSync();
    }
  } catch (error) {
    throw asDataError(error, path, query !== undefined);
  } finally {
    instance.closeSync();
  }
}

async function tableOf(result: Result, path: string, options: ReadTableOptions): Promise<Table> {
  const file = options.file ?? path;
  const names = result.columnNames();
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new DataError("duplicate_column", `the query names the column "${twice}" twice.`, "Rename one of them.", { file });
  const facts = { ...missingTest(options.missing ?? []), delimiter: "," };
  const builders = names.map((name) => new ColumnBuilder(factsOf(options, name, facts)));
  const lines = new NumberStore();
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const rows = chunk.rowCount;
    builders.forEach((builder, column) => {
      const vector = chunk!.getColumnVector(column);
      for (let row = 0; row < rows; row++) builder.pushValue(cellOf(vector.getItem(row)));
    });
    for (let row = 0; row < rows; row++) lines.push(lines.length + 1);
  }
  if (lines.length === 0) throw new DataError("no_rows", `${shortName(file)} has no rows.`, "", placeOf(file));
  return tableFrom(names, builders, { lines, lineWord: "row", file, hasHeader: true, named: names.length, delimiter: "," });
}

/** Numbers, words and times of DuckDB as cells; what it has beyond them, by its text. */
function cellOf(value: unknown): number | string | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  // Identifiers may be larger than a double holds.
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== "object") return String(value);
  const parts: Readonly<Record<string, unknown>> = { ...value };
  if (typeof parts.micros === "bigint") return isoTime(Number(parts.micros / 1000n));
  if (typeof parts.millis === "bigint") return isoTime(Number(parts.millis));
  if (typeof parts.seconds === "bigint") return isoTime(1000 * Number(parts.seconds));
  if (typeof parts.nanos === "bigint") return isoTime(Number(parts.nanos / 1_000_000n));
  if (typeof parts.days === "number" && parts.months === undefined) return new Date(86_400_000 * parts.days).toISOString().slice(0, 10);
  if (typeof parts.scale === "number" && typeof parts.value === "bigint") return decimalOf(parts.value, parts.scale);
  return String(value);
}

function isoTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return ms % 1000 === 0 ? text.slice(0, 19) : text.slice(0, 23);
}

/** Through text: dividing a large whole number by a power of ten would round twice. */
function decimalOf(value: bigint, scale: number): number {
  return Number(`${value}e-${scale}`);
}

async function loadDuckDb(what: string, file: string): Promise<DuckDb> {
  for (const from of [packageName, besideUser()]) {
    if (from === null) continue;
    try {
      const loaded: unknown = await import(from);
      if (isDuckDb(loaded)) return loaded;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new DataError("needs_duckdb", `${what} needs ${packageName}:`, `npm i ${packageName}.`, { file });
}

/** Where the user's folder has the package but this one does not, as with a global installation. */
function besideUser(): string | null {
  try {
    return pathToFileURL(createRequire(join(process.cwd(), "package.json")).resolve(packageName)).href;
  } catch {
    return null;
  }
}

function isDuckDb(loaded: unknown): loaded is DuckDb {
  return typeof loaded === "object" && loaded !== null && "DuckDBInstance" in loaded;
}

function asDataError(error: unknown, path: string, isQuery: boolean): unknown {
  if (error instanceof DataError || !(error instanceof Error)) return error;
  const reason = error.message.split("\n")[0]!.replace(/\.$/, "");
  if (isQuery) return new DataError("bad_sql", `the query cannot be run: ${reason}.`, "", { file: path });
  return new DataError("bad_parquet", `${shortName(path)} cannot be read: ${reason}.`, "", { file: path });
}
