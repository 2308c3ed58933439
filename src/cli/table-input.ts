// A table from a path, or from standard input where the path is "-".
import { defined } from "../base/defined.js";
import { readTable } from "../data/read-table.js";
import { readTextTable } from "../data/read-table-node.js";
import type { ReadTableOptions, Table } from "../data/types.js";
import { usageError } from "./failure.js";
import type { TableFlags } from "./options.js";

/** How messages call what comes from a pipe. */
export const standardInput = "standard input";

/**
 * Reads the table that a person named, with further words for missing cells.
 *
 * @throws DataError `stdin_is_terminal`, and those of `readTable`
 */
export async function readInput(
  path: string,
  { delimiter, encoding, wide, only, names }: TableFlags & Pick<ReadTableOptions, "wide" | "only" | "names">,
  missing: readonly string[],
): Promise<Table> {
  const options = { missing, ...defined({ wide, only, names, delimiter, encoding }) };
  if (path !== "-") return readTable(path, options);
  if (process.stdin.isTTY === true) {
    throw usageError("stdin_is_terminal", "Standard input is a terminal.", "Pipe a table into it: cat FILE | deep-rnn ... -");
  }
  return readTextTable(process.stdin, { ...options, file: standardInput });
}
