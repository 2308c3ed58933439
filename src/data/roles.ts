// Which column is what: the targets, the columns beside them, and the sentence for a target that cannot be one.

import { DataError } from "../base/errors.js";
import { shellWord } from "../base/shell-word.js";
import { listed } from "../base/words.js";
import { arePartsOfYear } from "./calendar-parts.js";
import { shortName } from "./decode.js";
import type { ColumnNumbers } from "./rows.js";
import { shownCell } from "./shown.js";
import { columnOf, placeOf } from "./table.js";
import { looksLikeTimes } from "./time-column.js";
import type { Column, Table } from "./types.js";

/**
 * The named targets, or the only numeric column besides `others`.
 * @throws DataError `unknown_column`, `choose_target`, `no_numbers`, `all_missing`
 */
export function targetColumns(table: Table, names: readonly string[], others: ReadonlySet<string>): Column[] {
  const columns = names.length === 0 ? [onlyNumericColumn(table, others)] : names.map((name) => columnOf(table, name));
  for (const column of columns) {
    if (column.missing < table.rows) continue;
    const place = { ...placeOf(table.file), column: column.name };
    throw new DataError("all_missing", `${column.name} has no values: every cell is missing.`, "Choose another --target.", place);
  }
  return columns;
}

/** What programs call the column in which they count rows, and what it is called here if it has no name. */
const counterNames = /^(c1|unnamed.*|index|no\.?|nr\.?|row|row_?(?:id|no|number)|rownames|x|#)$/i;

/** 0, 1, 2 ... or any whole numbers that rise by one from row to row. */
export function isRowNumber(column: Column): boolean {
  if (column.numeric !== column.rows || column.rows < 3 || !Number.isInteger(column.get(0))) return false;
  for (let row = 1; row < column.rows; row++) if (column.get(row) !== column.get(0) + row) return false;
  return true;
}

/** Numeric by majority, so that one bad cell is reported as such and does not hide the column. */
function onlyNumericColumn(table: Table, used: ReadonlySet<string>): Column {
  const others = table.names.filter((name) => !used.has(name)).map((name) => table.columns[name]!);
  const all = others.filter((column) => column.numeric > 0 && 2 * column.numeric >= table.rows - column.missing);
  const counters = all.filter((column) => counterNames.test(column.name) && isRowNumber(column));
  const numeric = all.length > counters.length ? all.filter((column) => !counters.includes(column)) : all;
  if (numeric.length === 1) return numeric[0]!;
  if (numeric.length === 0) {
    const empty = others.length === 1 && others[0]!.missing === table.rows ? others[0]! : null;
    if (empty !== null) return empty;
    const hint = table.names.length === 1 && table.lineWord === "line" ? "Columns are separated by commas, semicolons or tabs." : "";
    throw new DataError("no_numbers", `${shortName(table.file)} has no numeric column to forecast.`, hint, placeOf(table.file));
  }
  const names = numeric.map((column) => column.name);
  const wide = names.length > 12 ? "If all are to be forecast, or are the times of series in rows, add --wide." : "";
  const hint = arePartsOfYear(names) ? "If they are one series, a year in each row, write a row for each value." : wide;
  throw new DataError(
    "choose_target",
    `${names.length} numeric columns (${listed(names)}): choose with --target.`,
    hint,
    placeOf(table.file),
  );
}

/** The error for a cell of words in a column that has to be numbers. */
export function notANumber(table: Table, column: Column, row: number): DataError {
  const cell = column.cell(row)!;
  const line = table.lines.get(row);
  const hint = missingHint(cell);
  const message = `${table.lineWord} ${line}, ${column.name}: "${shownCell(cell)}" is not a number${hint === "" ? "." : ";"}`;
  return new DataError("not_a_number", message, hint, { ...placeOf(table.file), line, column: column.name });
}

/** What to try where a cell of words may mean a missing number; empty for a text that is too long to be such a word. */
export function missingHint(cell: string): string {
  return shownCell(cell) === cell ? `if missing, add --missing ${shellWord(cell)}.`.replace(/\.\.$/, ".") : "";
}

/** A column that a network reads beside the target. */
export interface CovariateColumn extends ColumnNumbers {
  readonly name: string;
}

const mostCategories = 20;

/** Words of columns by their names; null for a column of numbers. */
export type ColumnWords = Readonly<Record<string, readonly string[] | null>>;

/**
 * Numbers as they are; words as one column of zeros and ones per word, named `column=word`.
 *
 * @param known  what the columns hold for a model that is trained: other words are missing then
 * @throws DataError `unknown_column`, `too_many_categories`, `not_a_number`
 */
export function covariateColumns(table: Table, names: readonly string[], known: ColumnWords = {}): CovariateColumn[] {
  return names.flatMap((name): CovariateColumn[] => {
    const column = columnOf(table, name);
    const words = Object.hasOwn(known, name) ? known[name]! : wordsIn(table, column);
    if (words === null) {
      const isWord = column.firstText >= 0 && column.kind === "text";
      if (isWord) throw notANumber(table, column, column.firstText);
      return [{ name, get: (row) => column.get(row) }];
    }
    // Two words need one column: the other is its complement.
    const shown = words.length === 2 ? words.slice(1) : words;
    return shown.map((word) => ({
      name: `${name}=${word}`,
      get(row) {
        const cell = column.cell(row);
        return cell === null || !words.includes(cell) ? Number.NaN : cell === word ? 1 : 0;
      },
    }));
  });
}

/**
 * What the columns hold, for a model to keep.
 * @throws DataError `unknown_column`, `too_many_categories`
 */
export function columnWords(table: Table, names: readonly string[]): ColumnWords {
  return Object.fromEntries(names.map((name) => [name, wordsIn(table, columnOf(table, name))]));
}

/** The words of a column in order; null for numbers. */
function wordsIn(table: Table, column: Column): readonly string[] | null {
  return column.kind === "number" ? null : wordsOf(table, column);
}

/**
 * Refuses a column that has two roles.
 * @throws DataError `two_roles`
 */
export function checkRoles(table: Table, roles: Readonly<Record<string, readonly string[]>>): void {
  const seen = new Map<string, string>();
  for (const [role, names] of Object.entries(roles)) {
    for (const name of names) {
      const other = seen.get(name);
      seen.set(name, role);
      if (other === undefined) continue;
      const twice = `${name} is named twice as ${role === "id" ? "an" : "a"} ${role} column.`;
      const message = other === role ? twice : `${name} is named as ${other} and as ${role} column.`;
      throw new DataError("two_roles", message, "Name it once.", { ...placeOf(table.file), column: name });
    }
  }
}

/**
 * Refuses dates and times in these roles, for tables in which no other column is the time.
 * @throws DataError `two_roles`
 */
export function checkNoTime(table: Table, roles: Readonly<Record<string, readonly string[]>>): void {
  for (const [role, names] of Object.entries(roles)) {
    const name = names.find((each) => columnOf(table, each).kind === "text" && looksLikeTimes(columnOf(table, each)));
    if (name === undefined) continue;
    const message = `${name} is the time of the rows, and is named as ${role} column.`;
    throw new DataError("two_roles", message, `Leave it out of --${role}: the time is found.`, { ...placeOf(table.file), column: name });
  }
}

function wordsOf(table: Table, column: Column): string[] {
  const words = new Set<string>();
  for (let row = 0; row < table.rows && words.size <= mostCategories; row++) {
    const cell = column.cell(row);
    if (cell !== null) words.add(cell);
  }
  if (words.size <= mostCategories) return [...words].sort();
  const message = `${column.name} has more than ${mostCategories} different words: too many to read beside the target.`;
  throw new DataError("too_many_categories", message, "Make it numbers, or group the rare words.", {
    ...placeOf(table.file),
    column: column.name,
  });
}
