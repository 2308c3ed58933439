// readTable: the one reader that touches the disk, loaded only when it is called so that browsers can use the rest.

import type { ReadTableOptions, Table } from "./types.js";

/**
 * Reads a table: columns separated by comma, semicolon or tab, JSON lines, or a JSON list of objects; plain or gzip. The file
 * is read in blocks and kept in packed columns, so that it may be much larger than the memory. Parquet, queries in a `.sql`
 * file and the option `sql` need the package `@duckdb/node-api`.
 *
 * @throws DataError with the file, line and column where the trouble is
 * @example  const sales = series(await readTable("sales.csv"), { time: "Month", target: "Sales" });
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const { readTableFile } = await import("#node/data/read-table");
  return readTableFile(path, options);
}
