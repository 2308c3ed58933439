// One column over time: a panel of one.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { panel } from "./panel.js";
import { placeOf } from "./table.js";
import type { Series, SeriesOptions, Table } from "./types.js";

/**
 * One column over time. Rows may come in any order; steps of the grid without a row become NaN; says what it found.
 *
 * @throws DataError `unknown_column`, `choose_target`, `no_numbers`, `not_a_number`, `all_missing`, `bad_time`, `missing_time`,
 *   `ambiguous_dates`, `duplicate_times`, `bad_frequency`, `bad_season`, `too_many_categories`,
 *   `several_series`
 * @example  const sales = series(await readTable("sales.csv"), { time: "Month", target: "Sales" });
 */
export function series(table: Table, options: SeriesOptions = {}): Series {
  const { target, ...rest } = options;
  const { series: found, id } = panel(table, { ...rest, ...(target === undefined ? {} : { target: [target] }) });
  if (found.length === 1) return found[0]!;
  const what = `${shortName(table.file)} holds ${found.length} series, told apart by ${id}.`;
  throw new DataError("several_series", what, "Read them with panel().", placeOf(table.file));
}
