// One column over time: a panel of one.

import { panel } from "./panel.js";
import type { Series, SeriesOptions, Table } from "./types.js";

/**
 * One column over time. Rows may come in any order; steps of the grid without a row become NaN; says what it found.
 *
 * @throws DataError `unknown_column`, `choose_target`, `no_numbers`, `not_a_number`, `all_missing`, `bad_time`, `missing_time`,
 *   `ambiguous_dates`, `duplicate_times`, `bad_frequency`, `bad_season`, `too_many_categories`
 * @example  const sales = series(await readTable("sales.csv"), { time: "Month", target: "Sales" });
 */
export function series(table: Table, options: SeriesOptions = {}): Series {
  const { target, ...rest } = options;
  return panel(table, { ...rest, ...(target === undefined ? {} : { target: [target] }) }).series[0]!;
}
