// A table from text: header or none, columns of numbers or words, and the sentence for a column that is not there.

import { DataError } from "../base/errors.js";
import { type CsvRecord, checkFieldCounts, parseCsv } from "./csv.js";
import { shortName } from "./decode.js";
import { decimalOf, missingTest, parseNumber } from "./numbers.js";
import { looksLikeTime, timeOfNumber } from "./time.js";
import type { Column, Delimiter, Table, TableOptions } from "./types.js";

/**
 * Parses a table with columns separated by comma, semicolon or tab. Pure: no file is read.
 *
 * @throws DataError `empty_file`, `no_rows`, `field_count`, `bad_quote`, `duplicate_column`
 * @example  const table = parseTable("Month,Sales\n2020-01,7\n2020-02,9\n")
 */
export function parseTable(text: string, options: TableOptions = {}): Table {
  const { records, delimiter } = parseCsv(text, options);
  const wide = options.wide === true;
  const hasHeader = !isDataRow(records[0]!) && !(wide && isSeriesRow(records[0]!));
  if (!wide) checkFieldCounts(records, hasHeader, options.file);
  const named = records[0]!.fields.length;
  const width = records.reduce((most, { fields }) => Math.max(most, fields.length), 0);
  const written = hasHeader ? headerNames(records[0]!, options.file) : records[0]!.fields.map((_, i) => `c${i + 1}`);
  const names = [...written, ...Array.from({ length: width - named }, (_, i) => `c${named + i + 1}`)];
  const body = hasHeader ? records.slice(1) : records;
  if (body.length === 0) {
    throw new DataError("no_rows", `${shortName(options.file)} has a header and no rows.`, "", placeOf(options.file));
  }
  return build(names, body, { delimiter, hasHeader, named: hasHeader ? named : width, options });
}

/** What a table made in memory needs: columns of numbers or words of equal length. */
export function tableOf(columns: Readonly<Record<string, readonly (number | string | null)[]>>): Table {
  const names = Object.keys(columns);
  const rows = names.length === 0 ? 0 : columns[names[0]!]!.length;
  const odd = names.find((name) => columns[name]!.length !== rows);
  if (odd !== undefined) throw new DataError("column_lengths", `Column "${odd}" has ${columns[odd]!.length} rows, "${names[0]}" ${rows}.`);
  if (rows === 0) throw new DataError("no_rows", "the table has no rows.");
  const records = Array.from({ length: rows }, (_, row) => ({
    fields: names.map((name) => String(columns[name]![row] ?? "")),
    line: row + 1,
  }));
  return build(names, records, { delimiter: ",", hasHeader: true, named: names.length, options: {} });
}

/**
 * The column of this name.
 * @throws DataError `unknown_column`, with the nearest name
 */
export function columnOf(table: Table, name: string): Column {
  const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
  if (column !== undefined) return column;
  const near = nearestName(name, table.names);
  const shown = table.names.slice(0, 12).join(", ") + (table.names.length > 12 ? ", ..." : "");
  const hint = near === null ? `Its columns are ${shown}.` : `Did you mean "${near}"?`;
  throw new DataError("unknown_column", `${shortName(table.file)} has no column "${name}".`, hint, {
    ...placeOf(table.file),
    column: name,
  });
}

/** The closest of `names` by edit distance (ignoring case), or null if none is close. */
export function nearestName(name: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `{ file }` where a file is known, as the errors want it. */
export function placeOf(file: string | null | undefined): { file?: string } {
  return file === null || file === undefined ? {} : { file };
}

interface BuildFacts {
  readonly delimiter: Delimiter;
  readonly hasHeader: boolean;
  readonly named: number;
  readonly options: TableOptions;
}

function build(names: readonly string[], body: readonly CsvRecord[], { delimiter, hasHeader, named, options }: BuildFacts): Table {
  const isMissing = missingTest(options.missing ?? []);
  const columns: Record<string, Column> = {};
  let decimal: "." | "," = ".";
  names.forEach((name, index) => {
    const text = body.map((record) => {
      const cell = record.fields[index] ?? "";
      return isMissing(cell) ? null : cell;
    });
    const own = decimalOf(text, delimiter);
    if (own === ",") decimal = ",";
    // defineProperty semantics keep a column called "__proto__" an ordinary column
    Object.defineProperty(columns, name, { value: column(name, text, own), enumerable: true });
  });
  const lines = Int32Array.from(body, (record) => record.line);
  return { rows: body.length, columns, names, lines, file: options.file ?? null, hasHeader, named, delimiter, decimal };
}

function column(name: string, text: readonly (string | null)[], decimal: "." | ","): Column {
  const numbers = new Float64Array(text.length).fill(Number.NaN);
  let missing = 0;
  let firstText = -1;
  text.forEach((cell, row) => {
    if (cell === null) {
      missing++;
      return;
    }
    numbers[row] = parseNumber(cell, decimal);
    if (Number.isNaN(numbers[row]) && firstText < 0) firstText = row;
  });
  const numeric = numbers.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  const [get, cell] = [(row: number): number => numbers[row]!, (row: number): string | null => text[row]!];
  return { name, kind: firstText < 0 ? "number" : "text", numbers, text, missing, firstText, numeric, get, cell };
}

/** A first row of numbers and times only is data: the file has no header. */
function isDataRow(record: CsvRecord): boolean {
  const cells = record.fields.filter((field) => field !== "");
  const isNumber = (cell: string): boolean => !Number.isNaN(parseNumber(cell, ".")) || !Number.isNaN(parseNumber(cell, ","));
  return cells.some(isNumber) && cells.every((cell) => isNumber(cell) || looksLikeTime(cell));
}

/** A first row of a wide table whose cells after the first are mostly numbers that no calendar explains. */
function isSeriesRow(record: CsvRecord): boolean {
  const cells = record.fields.slice(1).filter((field) => field !== "");
  const numbers = cells.map((cell) => parseNumber(cell, ".")).filter((value) => !Number.isNaN(value));
  const isYears = numbers.every((value, i) => timeOfNumber(value) !== null && (i === 0 || value > numbers[i - 1]!));
  return 2 * numbers.length > cells.length && !isYears;
}

function headerNames(record: CsvRecord, file: string | undefined): string[] {
  const names = record.fields.map((field, i) => (field === "" ? `c${i + 1}` : field));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  const message = `line ${record.line}: the header names the column "${twice}" twice.`;
  throw new DataError("duplicate_column", message, "Rename one of them.", { ...placeOf(file), line: record.line, column: twice });
}

/** Levenshtein distance with one row of memory. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
