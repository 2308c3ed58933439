// readTable: the one reader that touches the disk, loaded only when it is called so that browsers can use the rest.

import { parseTable } from "./table.js";
import type { ReadTableOptions, Table } from "./types.js";

/**
 * Reads a table of columns separated by comma, semicolon or tab, plain or `.gz`.
 *
 * @throws DataError with the file, line and column where the trouble is
 * @example  const sales = series(await readTable("sales.csv"), { time: "Month", target: "Sales" });
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const { readText } = await import("./read-table-node.js");
  const { encoding, ...rest } = options;
  return parseTable(await readText(path, encoding), { ...rest, file: options.file ?? path });
}
