// The files of a forecast: the table, and the holidays beside it.

import { readHolidays } from "../../data/calendar.js";
import { readTable } from "../../data/read-table.js";
import type { Table } from "../../data/types.js";
import type { ForecastOptions, TaskOptions } from "./types.js";

/**
 * Reads what is named by its path.
 * @throws DataError those of `readTable` and `readHolidays`
 */
export async function readTask(
  input: string | Table,
  options: ForecastOptions,
): Promise<{ readonly table: Table; readonly options: TaskOptions }> {
  const { holidays: given, ...others } = options;
  const table = typeof input === "string" ? await readTable(input, options) : input;
  if (given === undefined) return { table, options: others };
  const holidays = typeof given === "string" ? readHolidays(await readTable(given)) : given;
  return { table, options: { ...others, holidays } };
}
