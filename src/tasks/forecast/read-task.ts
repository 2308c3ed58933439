// The files of a forecast: the table, and the holidays beside it.

import { type Holidays, readHolidays } from "../../data/calendar.js";
import { isIdOf } from "../../data/panel.js";
import { readTable } from "../../data/read-table.js";
import type { Table } from "../../data/types.js";
import { neededColumns } from "./laid-run.js";
import type { ForecastOptions, TaskOptions } from "./types.js";

/**
 * Reads what is named by its path.
 * @throws DataError those of `readTable` and `readHolidays`
 */
export async function readTask(
  input: string | Table,
  options: ForecastOptions,
): Promise<{ readonly table: Table; readonly options: TaskOptions }> {
  const { holidays, ...others } = options;
  const only = (names: readonly string[]): readonly string[] | null => neededColumns(names, options);
  const table = typeof input === "string" ? await readTable(input, { ...options, only, names: isIdOf(options) }) : input;
  return { table, options: { ...others, ...(await readBeside({ holidays })) } };
}

/**
 * Reads the files beside a table.
 * @throws DataError those of `readTable` and `readHolidays`
 */
export async function readBeside({
  holidays,
}: {
  readonly holidays?: string | Holidays | undefined;
}): Promise<{ readonly holidays?: Holidays }> {
  if (holidays === undefined) return {};
  return { holidays: typeof holidays === "string" ? readHolidays(await readTable(holidays)) : holidays };
}
