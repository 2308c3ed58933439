// readTable: the one reader that touches the disk, loaded only when it is called so that browsers can use the rest.

import type { ReadTableOptions, Table } from "./types.js";

/**
 * Reads a table: columns separated by comma, semicolon or tab, JSON lines, or a JSON list of objects; plain or gzip. The file
 * is read in blocks and kept in packed columns, so that it may be much larger than the memory.
 *
 * @throws DataError with the file, line and column where the trouble is
 * @example  const sales = series(await readTable("sales.csv"), { time: "Month", target: "Sales" });
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const { bytesOf, readTextTable } = await import("#node/data/read-table");
  return readTextTable(bytesOf(path), { ...options, file: options.file ?? path });
}
