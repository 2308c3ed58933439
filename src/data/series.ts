// From a table to a series: choose the target, order the rows by time, merge duplicates, lay them on a regular grid.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { findGrid, type Grid, isFrequencyName, labelOf, seasonsOf } from "./frequency.js";
import { findSeason } from "./season.js";
import { columnOf, placeOf } from "./table.js";
import { readTimes, type Times } from "./time-column.js";
import type { Column, Duplicates, Series, SeriesOptions, Table } from "./types.js";

/**
 * One column over time. Rows may come in any order; steps of the grid without a row become NaN; says what it found.
 *
 * @throws DataError `unknown_column`, `choose_target`, `no_numbers`, `not_a_number`, `all_missing`, `bad_time`, `missing_time`,
 *   `ambiguous_dates`, `duplicate_times`, `bad_frequency`, `bad_season`
 * @example  const sales = series(await readTable("sales.csv"), { time: "Month", target: "Sales" });
 */
export function series(table: Table, options: SeriesOptions = {}): Series {
  if (options.target !== undefined) columnOf(table, options.target);
  const times = readTimes(table, options);
  const column = targetColumn(table, options.target, times.columns);
  const merged = mergeRows(sortRows(times.ms), { times, column, table, how: options.duplicates });
  const grid = gridOf(merged.ms, times, options.frequency, table);
  const values = new Float64Array(grid.size).fill(Number.NaN);
  merged.values.forEach((value, i) => {
    values[grid.positions[i]!] = value;
  });
  const training = values.subarray(0, values.length - (options.test ?? Math.floor(values.length / 5)));
  const season = chooseSeason(grid.frequency, training, options.season);
  const facts = { gaps: grid.size - merged.ms.length, missing: column.missing, duplicates: table.rows - merged.ms.length };
  const timeLabel = times.precision === "number" ? numberLabel(merged.ms, grid) : labelOf(grid, merged.ms, times.precision);
  return {
    name: column.name,
    season: season.rows,
    frequency: grid.frequency,
    values,
    timeLabel,
    timeColumns: times.columns,
    rows: table.rows,
    ...facts,
    dateOrder: times.dateOrder,
    found: describe({ table, times, column, grid, season: season.words, facts, values, timeLabel }),
    file: table.file,
  };
}

function targetColumn(table: Table, target: string | undefined, timeColumns: readonly string[]): Column {
  const column = target === undefined ? onlyNumericColumn(table, timeColumns) : columnOf(table, target);
  const place = { ...placeOf(table.file), column: column.name };
  if (column.missing === table.rows) {
    throw new DataError("all_missing", `${column.name} has no values: every cell is missing.`, "Choose another --target.", place);
  }
  if (column.firstText >= 0) {
    const cell = column.text[column.firstText]!;
    const line = table.lines[column.firstText]!;
    const message = `line ${line}, ${column.name}: "${cell}" is not a number;`;
    const word = /^[\w.?/+-]+$/.test(cell) ? cell : `"${cell}"`;
    throw new DataError("not_a_number", message, `if missing, add --missing ${word}.`.replace(/\.\.$/, "."), { ...place, line });
  }
  return column;
}

/** Numeric by majority, so that one bad cell is reported as such and does not hide the column. */
function onlyNumericColumn(table: Table, timeColumns: readonly string[]): Column {
  const others = table.names.filter((name) => !timeColumns.includes(name)).map((name) => table.columns[name]!);
  const numeric = others.filter((column) => column.numeric > 0 && 2 * column.numeric >= table.rows - column.missing);
  if (numeric.length === 1) return numeric[0]!;
  if (numeric.length === 0) {
    const empty = others.length === 1 && others[0]!.missing === table.rows ? others[0]! : null;
    if (empty !== null) return empty;
    const hint = table.names.length === 1 ? "Columns are separated by commas, semicolons or tabs." : "";
    throw new DataError("no_numbers", `${shortName(table.file)} has no numeric column to forecast.`, hint, placeOf(table.file));
  }
  const names = numeric.map((column) => column.name);
  const shown = names.length > 12 ? `${names.slice(0, 12).join(", ")}, ...` : names.join(", ");
  throw new DataError("choose_target", `${names.length} numeric columns (${shown}): choose with --target.`, "", placeOf(table.file));
}

/** Row numbers in the order of time; equal times keep the order of the file. */
function sortRows(ms: Float64Array): number[] {
  return Array.from(ms, (_, row) => row).sort((a, b) => ms[a]! - ms[b]! || a - b);
}

interface MergeFacts {
  readonly times: Times;
  readonly column: Column;
  readonly table: Table;
  readonly how: Duplicates | undefined;
}

function mergeRows(order: readonly number[], facts: MergeFacts): { ms: Float64Array; values: Float64Array } {
  const { times, column, how } = facts;
  const ms: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < order.length; ) {
    const time = times.ms[order[i]!]!;
    let end = i + 1;
    while (end < order.length && times.ms[order[end]!] === time) end++;
    const rows = order.slice(i, end);
    if (rows.length > 1 && how === undefined) throw duplicateTimes(rows, facts);
    ms.push(time);
    values.push(
      rows.length === 1
        ? column.numbers[rows[0]!]!
        : merge(
            rows.map((row) => column.numbers[row]!).filter((v) => !Number.isNaN(v)),
            how,
          ),
    );
    i = end;
  }
  return { ms: Float64Array.from(ms), values: Float64Array.from(values) };
}

function merge(values: readonly number[], how: Duplicates | undefined): number {
  if (values.length === 0) return Number.NaN;
  if (how === "first") return values[0]!;
  if (how === "last") return values.at(-1)!;
  const sum = values.reduce((total, value) => total + value, 0);
  return how === "sum" ? sum : sum / values.length;
}

function duplicateTimes(rows: readonly number[], { times, table }: MergeFacts): DataError {
  const lines = rows.map((row) => table.lines[row]!);
  const often = rows.length === 2 ? "twice" : `${rows.length} times`;
  const shown = lines.length > 6 ? `${lines.slice(0, 6).join(", ")}, ...` : lines.join(", ");
  const message = `${times.textOf(rows[0]!)} appears ${often} (lines ${shown}):`;
  const place = { ...placeOf(table.file), line: lines[1]!, column: times.columns.join(",") };
  return new DataError("duplicate_times", message, "--duplicates mean, or name --id.", place);
}

function gridOf(ms: Float64Array, times: Times, frequency: string | undefined, table: Table): Grid {
  if (frequency !== undefined && !isFrequencyName(frequency)) {
    const hint = 'Use yearly, quarterly, monthly, weekly, daily, "business daily", hourly, or a count such as "15 minutes".';
    throw new DataError("bad_frequency", `--frequency "${frequency}" is not known.`, hint, placeOf(table.file));
  }
  if (times.precision === "number") {
    const grid = findGrid(ms);
    return { ...grid, frequency: frequency ?? (grid.frequency === "irregular" ? "irregular" : "row") };
  }
  const grid = findGrid(ms, frequency);
  if (frequency !== undefined && grid.frequency === "irregular") {
    throw new DataError(
      "bad_frequency",
      `--frequency ${frequency} does not fit the times.`,
      "Leave it out to have it found.",
      placeOf(table.file),
    );
  }
  return grid;
}

function numberLabel(ms: Float64Array, grid: Grid): (index: number) => string {
  const step = grid.step.count;
  const first = ms[0]!;
  const shortest = (value: number): string => String(Number(value.toPrecision(12)));
  if (grid.step.unit === "ms") return (index) => shortest(first + index * step);
  return (index) => shortest(index < ms.length ? ms[index]! : ms.at(-1)! + (index - ms.length + 1) * step);
}

/** A network that reads two seasons would take longer than a coffee; a longer one has to be asked for by `season`. */
const longestSeason = 400;

/** By the calendar where there is one; weeks in a year and cycles within a day need enough rows; else by autocorrelation. */
function chooseSeason(frequency: string, training: Float64Array, given: number | undefined): { rows: number; words: string } {
  if (given !== undefined) {
    if (!Number.isInteger(given) || given < 1)
      throw new DataError("bad_season", `--season ${given}: a whole number of rows, 1 for none, is needed.`);
    return { rows: given, words: given === 1 ? "no season, as asked" : `season ${given} rows, as asked` };
  }
  for (const rows of seasonsOf(frequency)) {
    if (rows === 1) return { rows, words: `no season in ${frequency} rows` };
    const isTooLong = rows > 31 && (training.length < 3 * rows || rows > longestSeason);
    if (!isTooLong) return { rows, words: `season ${rows} rows (${frequency})` };
  }
  const found = findSeason(training);
  return { rows: found, words: found === 1 ? "no season found" : `season ${found} rows (by autocorrelation)` };
}

interface Facts {
  readonly table: Table;
  readonly times: Times;
  readonly column: Column;
  readonly grid: Grid;
  readonly season: string;
  readonly facts: { readonly gaps: number; readonly missing: number; readonly duplicates: number };
  readonly values: Float64Array;
  timeLabel(index: number): string;
}

function describe({ table, times, column, grid, season, facts, values, timeLabel }: Facts): string[] {
  const range = `${timeLabel(0)} to ${timeLabel(values.length - 1)}`;
  const lines = [`${shortName(table.file)}: ${table.rows} rows, target ${column.name}`];
  const header = table.hasHeader ? "" : " (no header: columns are c1, c2, ...)";
  if (header !== "") lines[0] += header;
  if (times.columns.length === 0) lines.push(`no time column: rows are numbered, ${season}`);
  else lines.push(`time ${times.columns.join(" + ")}: ${grid.frequency}, ${range}, ${season}`);
  if (times.dateOrder !== null) lines.push(`dates are read ${times.dateOrder === "dmy" ? "day" : "month"} first`);
  if (grid.frequency === "irregular") lines.push("the times follow no regular step: rows are taken in their order");
  if (facts.duplicates > 0) lines.push(`${facts.duplicates} rows were merged into others with the same time`);
  if (facts.gaps > 0)
    lines.push(`${facts.gaps} ${facts.gaps === 1 ? "step has" : "steps have"} no row (first ${timeLabel(firstGap(grid))})`);
  if (facts.missing > 0) lines.push(`${facts.missing} ${facts.missing === 1 ? "value is" : "values are"} missing`);
  if (facts.gaps + facts.missing > 0) lines.push("gaps are bridged where the network reads them; they are never scored");
  return lines;
}

function firstGap(grid: Grid): number {
  return grid.positions.findIndex((position, i) => position !== i);
}
