// Parquet files and SQL over files through DuckDB, which is imported only here, only when asked for, and may be missing.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { cellReader, type DuckDbCell, type DuckDbType, isNested, type TypeNames } from "./duckdb-cells.js";
import { JsonTable } from "./json-table.js";
import { NumberStore } from "./number-store.js";
import { missingTest } from "./numbers.js";
import { columnBuilders, placeOf, tableFrom } from "./table-builder.js";
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
  columnTypes(): DuckDbType[];
  fetchChunk(): Promise<Chunk | null>;
}
interface Statement {
  readonly statementType: number;
  run(): Promise<unknown>;
  stream(): Promise<Result>;
}
interface Statements {
  readonly count: number;
  prepare(index: number): Promise<Statement>;
}
interface Connection {
  run(sql: string): Promise<unknown>;
  extractStatements(sql: string): Promise<Statements>;
  closeSync(): void;
}
interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}
interface DuckDb {
  readonly DuckDBTypeId: TypeNames;
  readonly StatementType: Readonly<Record<number, string>>;
  readonly DuckDBInstance: { create(path: string, options: Readonly<Record<string, string>>): Promise<Instance> };
}

const comments = /--.*|\/\*[\s\S]*?\*\//g;
/** Comments, texts and quoted names: whichever begins first. */
const noKeywords = /--.*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/** Nothing is fetched from the network: extensions that are not there stay away, and a query cannot change that. */
const settings = {
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
  lock_configuration: "true",
};

/** Kinds of statements that read, and change nothing but tables in memory. */
const reading: readonly string[] = ["SELECT", "CREATE", "CREATE_FUNC", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER"];
/** Others are known by their first word too: some act when they are prepared. */
const acting = /(?:^|;)\s*(copy|export|import|attach|detach|install|load|force|pragma|call|set|reset|use|checkpoint|vacuum)\b/i;
/** Functions of a SELECT that write files. */
const writing = /\b(?:enable_logging|enable_profil\w*)\b/i;

/**
 * The rows of a Parquet file, or of a query. A query sees the file as the table `data`, and other files by their names.
 * @throws DataError `needs_duckdb`, `bad_parquet`, `bad_sql`, `no_rows`, `duplicate_column`
 */
export async function readWithDuckDb(path: string, isParquet: boolean, options: ReadTableOptions): Promise<Table> {
  const query = isParquet || !/\.sql$/i.test(path) ? options.sql : (await readFile(path, "utf8")).replace(/^\ufeff/, "");
  if (query?.replace(comments, "").trim() === "") throw new DataError("bad_sql", `${shortName(path)} holds no query.`, "", { file: path });
  const duckdb = await loadDuckDb(query === undefined ? "Reading Parquet" : "Running SQL", path);
  const instance = await duckdb.DuckDBInstance.create(":memory:", settings);
  try {
    const connection = await instance.connect();
    try {
      const name = `'${path.replaceAll("'", "''")}'`;
      const source = isParquet ? `read_parquet(${name})` : name;
      if (options.sql !== undefined) await connection.run(`CREATE VIEW data AS SELECT * FROM ${source}`);
      if (query !== undefined) refuseActing(query, path);
      const result = await resultOf(connection, query ?? `SELECT * FROM ${source}`, { kinds: duckdb.StatementType, path });
      return await tableOf(result, duckdb.DuckDBTypeId, { ...options, file: options.file ?? path });
    } finally {
      connection.closeSync();
    }
  } catch (error) {
    throw asDataError(error, path, query !== undefined);
  } finally {
    instance.closeSync();
  }
}

/** Runs the statements of a query one after the other; the last one has the rows. */
async function resultOf(
  connection: Connection,
  query: string,
  { kinds, path }: { readonly kinds: DuckDb["StatementType"]; readonly path: string },
): Promise<Result> {
  const statements = await connection.extractStatements(query);
  for (let index = 0; ; index++) {
    const statement = await statements.prepare(index);
    const kind = kinds[statement.statementType] ?? "";
    if (!reading.includes(kind)) throw moreThanReading(kind, path);
    if (index === statements.count - 1) return statement.stream();
    await statement.run();
  }
}

function refuseActing(query: string, path: string): void {
  const found = acting.exec(query.replace(noKeywords, " "))?.[1] ?? writing.exec(query)?.[0];
  if (found !== undefined) throw moreThanReading(found, path);
}

function moreThanReading(what: string, path: string): DataError {
  const message = `the query does more than read (${what.toUpperCase().replaceAll("_", " ")}).`;
  return new DataError("bad_sql", message, "Leave that out, or run it with DuckDB itself.", { file: path });
}

async function tableOf(result: Result, names: TypeNames, options: ReadTableOptions & { readonly file: string }): Promise<Table> {
  const columns = result.columnNames();
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) {
    const message = `the query names the column "${twice}" twice.`;
    throw new DataError("duplicate_column", message, "Rename one of them.", { file: options.file });
  }
  const types = result.columnTypes();
  const reads = types.map((type) => cellReader(type, names));
  const rows = types.some((type) => isNested(type, names)) ? nestedRows(columns, options) : flatRows(columns, options);
  let count = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const vectors = columns.map((_, column) => chunk!.getColumnVector(column));
    for (let row = 0; row < chunk.rowCount; row++) rows.add((column) => reads[column]!(vectors[column]!.getItem(row)), ++count);
  }
  if (count === 0) throw new DataError("no_rows", `${shortName(options.file)} has no rows.`, "", placeOf(options.file));
  return rows.finish();
}

/** Takes rows one after the other, cell by cell. */
interface Rows {
  add(cellOf: (column: number) => DuckDbCell, row: number): void;
  finish(): Table;
}

function flatRows(names: readonly string[], options: ReadTableOptions & { readonly file: string }): Rows {
  const facts = { ...missingTest(options.missing ?? []), delimiter: "," };
  const builders = columnBuilders(names, options, facts);
  const lines = new NumberStore();
  return {
    add(cellOf, row) {
      for (let column = 0; column < builders.length; column++) builders[column]!.pushValue(flat(cellOf(column)));
      lines.push(row);
    },
    finish: () =>
      tableFrom(names, builders, {
        ...{ lines, lineWord: "row", file: options.file, hasHeader: true, named: names.length, delimiter: ",", isKeyed: true },
      }),
  };
}

function flat(cell: DuckDbCell): number | string | boolean | null {
  return typeof cell === "object" && cell !== null ? JSON.stringify(cell) : cell;
}

/** Lists and objects inside a row mean what they mean in JSON. */
function nestedRows(names: readonly string[], options: ReadTableOptions & { readonly file: string }): Rows {
  const table = new JsonTable(options, "row");
  return {
    add: (cellOf, row) => table.add(Object.fromEntries(names.map((name, column) => [name, cellOf(column)])), row),
    finish: () => table.finish(),
  };
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
  return (
    typeof loaded === "object" && loaded !== null && "DuckDBInstance" in loaded && "DuckDBTypeId" in loaded && "StatementType" in loaded
  );
}

function asDataError(error: unknown, path: string, isQuery: boolean): unknown {
  if (error instanceof DataError || !(error instanceof Error)) return error;
  const reason = error.message
    .split("\n")[0]!
    .replace(/^Failed to extract statements: /, "")
    .replace(/\.$/, "");
  if (isQuery) return new DataError("bad_sql", `the query cannot be run: ${reason}.`, "", { file: path });
  const cause = reason.replace(/^[\w ]+ Error: /, "");
  return new DataError("bad_parquet", `${shortName(path)} cannot be read: ${cause}.`, "Copy or write it again.", { file: path });
}
