// Tables in the wide form: a series per row (its id, then its values), or a series per column beside the time.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { findStep, placeOn, type Step } from "./frequency.js";
import { stepOfName } from "./frequency-names.js";
import { headerTimes } from "./header-times.js";
import { clockOf, firstGapOf, type Laid, type LayFacts, laySeries } from "./lay.js";
import type { Numbers } from "./number-store.js";
import { type CovariateColumn, checkRoles, covariateColumns, notANumber } from "./roles.js";
import { groupRows, idIn, mergeRows, type RowGroup } from "./rows.js";
import { columnOf, placeOf } from "./table.js";
import { looksLikeTimes, readTimes, splitNames, type Times } from "./time-column.js";
import type { Column, PanelOptions, Table } from "./types.js";

/** What the target of a wide table is called: its columns carry the names of series or of times. */
export const wideTarget = "value";

const idNames = /^(.*[_ ])?(id|series|name|item|store|shop|product|sku|ts)$/i;

/** Series per row and not per column: an id is named, or the first column holds words that are no times, or is called one. */
export function hasSeriesInRows(table: Table, options: PanelOptions): boolean {
  if (options.id !== undefined) return true;
  if (options.time !== undefined) return false;
  const first = table.columns[table.names[0]!]!;
  if (first.kind === "text") return !looksLikeTimes(first);
  return idNames.test(first.name.trim());
}

/** The parts of a table with a series per row. */
export interface SeriesRows {
  readonly ids: readonly Column[];
  /** Columns of values, oldest first. */
  readonly values: readonly Column[];
  /** Columns between the ids and the values. */
  readonly statics: readonly Column[];
  readonly times: Times;
  readonly step: Step;
  /** As asked, or the word that a column between ids and values holds in every row, such as MONTHLY. */
  readonly frequency: string | undefined;
}

/**
 * Finds ids, static columns and values of a table with a series per row. Times are the names of the value columns, if they
 * are times; else the values are numbered.
 * @throws DataError `unknown_column`, `no_numbers`, `ambiguous_dates`, `bad_frequency`, `no_room_for_columns`
 */
export function seriesRows(table: Table, options: PanelOptions): SeriesRows {
  refuseColumns(table, [...(options.past ?? []), ...(options.future ?? [])], "A series per row", "which changes with time");
  const ids =
    options.id === undefined ? [table.columns[table.names[0]!]!] : splitNames(table, options.id).map((name) => columnOf(table, name));
  const rest = table.names.filter((name) => !ids.some((column) => column.name === name)).map((name) => table.columns[name]!);
  const named = options.statics?.map((name) => columnOf(table, name));
  const begin = named === undefined ? firstValue(table, rest) : 0;
  const statics = named ?? rest.slice(0, begin);
  const values = rest.slice(begin).filter((column) => !statics.includes(column));
  if (values.length === 0) {
    throw new DataError("no_numbers", `${shortName(table.file)} has no columns of values after its ids.`, "", placeOf(table.file));
  }
  const { times, order } = headerTimes(table, values, options.dateOrder);
  const frequency = options.frequency ?? statics.map((column) => frequencyWord(table, column)).find((word) => word !== undefined);
  const asked = frequency === undefined ? null : stepOfName(frequency);
  const step: Step = times.precision === "number" ? { unit: "ms", count: 1 } : (asked ?? findStep([times.ms]));
  return { ids, values: order.map((place) => values[place]!), statics, times, step, frequency };
}

function refuseColumns(table: Table, names: readonly string[], form: string, why: string): void {
  const [name] = names;
  if (name === undefined) return;
  const place = { ...placeOf(table.file), column: columnOf(table, name).name };
  throw new DataError(
    "no_room_for_columns",
    `${form} has no room for ${name}, ${why}.`,
    "Give a row per series and time, with --id.",
    place,
  );
}

function frequencyWord(table: Table, column: Column): string | undefined {
  const word = column.cell(0)?.toLowerCase();
  if (column.kind !== "text" || word === undefined || stepOfName(word) === null) return undefined;
  for (let row = 1; row < table.rows; row++) if (column.cell(row)?.toLowerCase() !== word) return undefined;
  return word;
}

/** Values begin after the last column of words; where rows are longer than the header, at the header's last name. */
function firstValue(table: Table, columns: readonly Column[]): number {
  if (table.named < table.names.length) return Math.max(0, table.named - 1 - (table.names.length - columns.length));
  return 1 + columns.findLastIndex((column) => column.kind === "text" && 2 * column.numeric < table.rows - column.missing);
}

/**
 * The series in one row. Missing cells before its first and after its last value are no part of it.
 * @throws DataError `not_a_number`, `all_missing`, `off_grid`
 */
export function layRow(table: Table, parts: SeriesRows, row: number): Laid {
  const { values: columns, times, step } = parts;
  const id = idIn(parts.ids, row);
  const odd = columns.find((column) => column.firstText >= 0 && Number.isNaN(column.get(row)) && column.cell(row) !== null);
  if (odd !== undefined) throw notANumber(table, odd, row);
  const isSeen = (column: Column): boolean => !Number.isNaN(column.get(row));
  const [from, to] = [columns.findIndex(isSeen), 1 + columns.findLastIndex(isSeen)];
  if (from < 0) throw new DataError("all_missing", `${id} has no values: every cell is missing.`, "", placeOf(table.file));
  const own: Numbers = times.precision === "number" ? ordinals(to - from) : { length: to - from, get: (i) => times.ms.get(from + i) };
  const grid = placeOn(own, step);
  if (grid === null) throw new DataError("off_grid", `the column names of ${id} follow no regular step.`, "", placeOf(table.file));
  const values = new Float64Array(grid.size).fill(Number.NaN);
  let missing = 0;
  for (let i = 0; i < to - from; i++) {
    const value = columns[from + i]!.get(row);
    values[grid.positions?.get(i) ?? i] = value;
    if (Number.isNaN(value)) missing++;
  }
  return {
    ...{ id, grid, targets: [{ name: wideTarget, values, missing }], past: [], future: [], ahead: 0, before: 0, rows: to - from },
    ...{ gaps: grid.size - (to - from), firstGap: firstGapOf(grid), duplicates: 0, isClockChange: false },
    ...clockOf(grid, own, times),
  };
}

function ordinals(length: number): Numbers {
  return { length, get: (i) => i + 1 };
}

/** The parts of a table with a series per column. */
export interface SeriesColumns {
  readonly times: Times;
  readonly group: RowGroup;
  readonly columns: readonly Column[];
  readonly facts: LayFacts;
}

/**
 * Finds the clock and the columns of a table with a series per column: the targets, or all that hold numbers.
 * @throws DataError `unknown_column`, `no_numbers`, `ambiguous_dates`, `bad_time`, `missing_time`, `two_roles`, `no_room_for_columns`
 */
export function seriesColumns(table: Table, options: PanelOptions): SeriesColumns {
  const named = typeof options.target === "string" ? splitNames(table, options.target) : [...(options.target ?? [])];
  const beside = [...(options.past ?? []), ...(options.future ?? [])];
  for (const name of [...named, ...beside]) columnOf(table, name);
  const times = readTimes(table, { ...options, taken: [...named, ...beside] });
  if (times.firstBad >= 0) throw times.problem(times.firstBad);
  const others = table.names.filter((name) => !times.columns.includes(name) && !beside.includes(name));
  const columns = (named.length > 0 ? named : others).map((name) => table.columns[name]!).filter((column) => column.numeric > 0);
  if (columns.length === 0) {
    throw new DataError("no_numbers", `${shortName(table.file)} has no numeric column to forecast.`, "", placeOf(table.file));
  }
  const { past = [], future = [], words } = options;
  refuseColumns(table, options.statics ?? [], "A series per column", "which belongs to a series");
  checkRoles(table, { time: times.columns, target: named, past, future });
  const read = (of: readonly string[]): CovariateColumn[] => covariateColumns(table, of, words);
  const facts: LayFacts = { table, times, targets: [], past: read(past), future: read(future), how: options.duplicates };
  return { times, group: groupRows(times.rows, [], times)[0]!, columns, facts };
}

/** The series in one column. */
export function layColumn({ group, columns, facts, times }: SeriesColumns, k: number, step: Step): Laid {
  const column = columns[k]!;
  const laid = laySeries({ id: column.name, rows: group.rows }, mergeRows(group.rows, times), step, { ...facts, targets: [column] });
  return { ...laid, targets: laid.targets.map((target) => ({ ...target, name: wideTarget })) };
}
