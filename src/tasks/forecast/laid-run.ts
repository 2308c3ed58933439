// What a forecast takes from its table, so that the table need not be kept: the series, and the words of the columns beside them.

import { DataError } from "../../base/errors.js";
import { hasKnownNames } from "../../data/known-names.js";
import { panel, withKnownNames } from "../../data/panel.js";
import { type ColumnWords, columnWords } from "../../data/roles.js";
import { series } from "../../data/series.js";
import { placeOf } from "../../data/table.js";
import { splitNames } from "../../data/time-column.js";
import type { Panel, PanelOptions, Series, Table } from "../../data/types.js";
import { withoutColumns } from "./es-rnn/options.js";
import type { ForecastOptions, TaskOptions } from "./types.js";

/** Where the columns of a run come from. */
export interface BesideSource {
  readonly file: string | null;
  readonly words: ColumnWords;
}

/** The series of a table: one, or several that are told apart. */
export interface LaidRun extends BesideSource {
  readonly options: TaskOptions;
  readonly found: { readonly one: Series } | { readonly many: Panel };
}

/** Whether a table is read as many series: by option, or by the column names of Nixtla's libraries. */
export function isPanel(table: Pick<Table, "names">, { id, wide }: Pick<ForecastOptions, "id" | "wide">): boolean {
  return id !== undefined || wide === true || hasKnownNames(table, "id", "time", "target");
}

/**
 * Reads the series of a table.
 * @throws DataError `bad_option`, those of `series` or `panel`, and of `columnWords`
 */
export function layRun(table: Table, given: TaskOptions): LaidRun {
  const options = given.strategy === "es-rnn" ? withoutColumns(given) : given;
  const isMany = isPanel(table, options);
  if (!isMany) refuseManyOptions(table, options);
  const found = isMany ? { many: panel(table, options) } : { one: series(table, options) };
  return { options, found, file: table.file, words: columnWords(table, [...(options.past ?? []), ...(options.future ?? [])]) };
}

/** What says which columns of a table are read. */
type NamedRoles = Pick<PanelOptions, "time" | "target" | "id" | "past" | "future" | "statics" | "wide">;

/**
 * The columns that `layRun` will read of a file with these names; null for all, where time, target or what is the same in all rows of a
 * series has to be looked for.
 */
export function neededColumns(names: readonly string[], given: NamedRoles): readonly string[] | null {
  const options = withKnownNames({ names }, given);
  const { time, target, id, past = [], future = [], statics } = options;
  const isMany = isPanel({ names }, options);
  if (time === undefined || target === undefined || options.wide === true || (isMany && statics === undefined)) return null;
  const split = (list: string): readonly string[] => splitNames({ names }, list);
  const targets = typeof target === "string" ? split(target) : target;
  return [...split(time), ...targets, ...(id === undefined ? [] : split(id)), ...past, ...future, ...(statics ?? [])];
}

/** Options that say something of many series. */
function refuseManyOptions({ file }: Table, { statics, sampling }: TaskOptions): void {
  if (statics !== undefined && statics.length > 0) {
    const what = "--static names columns that tell series apart, and there is one series.";
    throw new DataError("bad_option", what, "Name the column of the series with --id.", placeOf(file));
  }
  if (sampling !== undefined) {
    const what = "--sampling shares the windows out among many series, and there is one.";
    throw new DataError("bad_option", what, "Leave it out, or name the column of the series with --id.", placeOf(file));
  }
}
