// A table while its records come in: header or none, one builder per column, every record as long as the first.

import { DataError } from "../base/errors.js";
import { counted } from "../base/words.js";
import { type CellSink, ColumnBuilder, type ColumnFacts } from "./column-builder.js";
import { shortName } from "./decode.js";
import { LeftColumnBuilder } from "./left-column.js";
import { NumberStore } from "./number-store.js";
import { missingTest, parseNumber } from "./numbers.js";
import { looksLikeTime, timeOfNumber } from "./time.js";
import type { Column, Delimiter, Table, TableOptions } from "./types.js";

/** Builds a table from records of separated text. */
export class TableBuilder {
  readonly #options: TableOptions;
  readonly #delimiter: Delimiter;
  readonly #facts: ColumnFacts;
  #names: string[] | null = null;
  #hasHeader = false;
  #named = 0;
  #firstLine = 0;
  /** Lines taken away before the first record. */
  readonly #skipped: number;
  /** Records above the header, as long as they may be titles or comments. */
  #above: { readonly cells: readonly string[]; readonly line: number }[] = [];
  /** A record that may be a header below such lines as "Source,World Bank": the next one tells. */
  #held: { readonly cells: readonly string[]; readonly line: number } | null = null;
  readonly #columns: CellSink[] = [];
  #lines: NumberStore = new NumberStore();

  constructor(delimiter: Delimiter, options: TableOptions, skipped = 0) {
    this.#skipped = skipped;
    this.#options = options;
    this.#delimiter = delimiter;
    this.#facts = { ...missingTest(options.missing ?? []), delimiter };
  }

  /** @throws DataError `field_count`, `duplicate_column`, `long_name` */
  add(cells: readonly string[], recordLine: number): void {
    const line = recordLine + this.#skipped;
    if (this.#names !== null) {
      this.#take(cells, line);
      return;
    }
    const isTitle = filled(cells) === 1 && this.#options.wide !== true;
    if ((isTitle || isComment(cells)) && this.#above.length < mostAbove) {
      this.#above.push({ cells, line });
      return;
    }
    this.#beginBelow(cells);
    this.#take(cells, line);
  }

  /** Begins with the records held back, as far as they are no titles or comments above `cells`. */
  #beginBelow(cells: readonly string[] | null): void {
    const above = this.#above;
    this.#above = [];
    const last = above.at(-1);
    if (last === undefined) return;
    // "# date,value" is a header: a comment has as many fields only by chance.
    if (cells !== null && isComment(last.cells) && last.cells.length === cells.length) {
      this.#begin(last.cells, last.line);
    } else if (cells === null || filled(cells) < 2 || isDataRow(cells)) {
      const first = above.findIndex((record) => !isComment(record.cells));
      for (const record of first < 0 ? [] : above.slice(first)) this.#take(record.cells, record.line);
    }
  }

  #take(cells: readonly string[], line: number): void {
    const held = this.#held;
    this.#held = null;
    // Below a header lie rows as wide as it; one long line alone is a line with too many fields.
    if (held !== null && cells.length > 2 * this.#columns.length) this.#begin(held.cells, held.line);
    else if (held !== null) this.#row(held.cells, held.line);
    if (this.#names === null) this.#begin(cells, line);
    else if (this.#isHeaderBelow(cells)) this.#held = { cells, line };
    else this.#row(cells, line);
  }

  /** Whether what was read so far may be lines such as "Source,World Bank" above the header of a much wider table. */
  #isHeaderBelow(cells: readonly string[]): boolean {
    const isWider = this.#lines.length < mostFacts && cells.length > 2 * this.#columns.length && filled(cells) > 2;
    return isWider && this.#hasHeader && !isDataRow(cells) && !isSeriesRow(cells);
  }

  /** @throws DataError `empty_file`, `no_rows` */
  finish(): Table {
    const { file } = this.#options;
    this.#beginBelow(null);
    if (this.#held !== null) this.#row(this.#held.cells, this.#held.line);
    if (this.#names === null) throw new DataError("empty_file", `${shortName(file)} is empty.`, "", placeOf(file));
    if (this.#lines.length === 0) throw new DataError("no_rows", `${shortName(file)} has a header and no rows.`, "", placeOf(file));
    return tableFrom(this.#names, this.#columns, {
      ...{ lines: this.#lines, lineWord: "line", file: file ?? null, hasHeader: this.#hasHeader, delimiter: this.#delimiter },
      named: this.#hasHeader ? this.#named : this.#names.length,
    });
  }

  #begin(cells: readonly string[], line: number): void {
    const wide = this.#options.wide === true;
    this.#hasHeader = !isDataRow(cells) && !(wide && isSeriesRow(cells));
    this.#named = cells.length;
    this.#firstLine = line;
    this.#columns.length = 0;
    this.#lines = new NumberStore();
    this.#names = this.#hasHeader ? headerNames(cells, line, this.#options.file) : cells.map((_, i) => `c${i + 1}`);
    this.#columns.push(...columnBuilders(this.#names, this.#options, this.#facts));
    if (this.#hasHeader) return;
    cells.forEach((cell, field) => {
      this.#columns[field]!.pushValue(cell);
    });
    this.#lines.push(line);
  }

  #row(cells: readonly string[], line: number): void {
    const columns = this.#columns;
    if (cells.length !== columns.length) this.#fit(cells.length, line);
    for (let field = 0; field < columns.length; field++) columns[field]!.pushValue(cells[field] ?? null);
    this.#lines.push(line);
  }

  /** Rows of a wide table may be of any length: shorter ones end early, longer ones add columns. */
  #fit(count: number, line: number): void {
    if (this.#options.wide !== true) throw this.#fieldCount(count, line);
    while (this.#columns.length < count) {
      const column = new ColumnBuilder(this.#facts);
      for (let row = 0; row < this.#lines.length; row++) column.pushValue(null);
      this.#columns.push(column);
      this.#names!.push(`c${this.#columns.length}`);
    }
  }

  #fieldCount(count: number, line: number): DataError {
    const fields = counted(count, "field");
    const other = this.#hasHeader ? `the header ${this.#named}` : `line ${this.#firstLine} has ${this.#named}`;
    const place = { ...placeOf(this.#options.file), line };
    return new DataError("field_count", `line ${line} has ${fields}, ${other}.`, "A quoted comma?", place);
  }
}

/** The columns of a table by name. */
export function tableFrom(
  names: readonly string[],
  builders: readonly CellSink[],
  rest: Omit<Table, "rows" | "columns" | "names" | "decimal">,
): Table {
  const columns: Record<string, Column> = {};
  const shown = (): "." | "," => (builders.some((builder) => builder.decimal === ",") ? "," : ".");
  const seen = shown();
  names.forEach((name, place) => {
    // defineProperty semantics keep a column called "__proto__" an ordinary column
    Object.defineProperty(columns, name, { value: builders[place]!.finish(name, seen), enumerable: true });
  });
  return { rows: rest.lines.length, columns, names, decimal: shown(), ...rest };
}

/** `{ file }` where a file is known, as the errors want it. */
export function placeOf(file: string | null | undefined): { file?: string } {
  return file === null || file === undefined ? {} : { file };
}

/** So many titles or comments may stand above the header. */
const mostAbove = 20;

/** So many lines such as "Source,World Bank" may stand above a header. */
const mostFacts = 5;

/** Whether a record is a comment as many programs write them. */
function isComment([first = ""]: readonly string[]): boolean {
  return /^#(?!$)/.test(first);
}

/** Cells that are not empty. A record with one of them above a header with several is a title. */
function filled(cells: readonly string[]): number {
  return cells.filter((cell) => cell !== "").length;
}

/** A first row of numbers and times only is data: the file has no header. */
function isDataRow(fields: readonly string[]): boolean {
  const cells = fields.filter((field) => field !== "");
  const isNumber = (cell: string): boolean => !Number.isNaN(parseNumber(cell, ".")) || !Number.isNaN(parseNumber(cell, ","));
  return cells.some(isNumber) && cells.every((cell) => isNumber(cell) || looksLikeTime(cell));
}

/** A first row of a wide table whose cells after the first are mostly numbers that neither a calendar nor counting explains. */
function isSeriesRow(fields: readonly string[]): boolean {
  const cells = fields.slice(1).filter((field) => field !== "");
  const numbers = cells.map((cell) => parseNumber(cell, ".")).filter((value) => !Number.isNaN(value));
  const isYears = numbers.every((value, i) => timeOfNumber(value) !== null && (i === 0 || value > numbers[i - 1]!));
  const isCount = numbers.length > 2 && numbers.every((value, i) => Number.isInteger(value) && (i === 0 || value === numbers[i - 1]! + 1));
  return 2 * numbers.length > cells.length && !isYears && !isCount;
}

/** Questions of surveys are names too, but no text without an end. */
const longestName = 1000;

function headerNames(fields: readonly string[], line: number, file: string | undefined): string[] {
  const names = fields.map((field, i) => (field === "" ? `c${i + 1}` : field));
  const seen = new Set<string>();
  for (const name of names) {
    if (name.length > longestName) {
      const message = `line ${line}: the header has a name of ${name.length} letters.`;
      throw new DataError("long_name", message, "A table with separated columns is needed.", { ...placeOf(file), line });
    }
    if (seen.has(name)) {
      const message = `line ${line}: the header names the column "${name}" twice.`;
      throw new DataError("duplicate_column", message, "Rename one of them.", { ...placeOf(file), line, column: name });
    }
    seen.add(name);
  }
  return names;
}

/** A builder for each column; those that nobody will read keep nothing. */
export function columnBuilders(names: readonly string[], options: TableOptions, facts: ColumnFacts): CellSink[] {
  const only = options.only?.(names) ?? names;
  return names.map((name) => {
    const own = factsOf(options, name, facts);
    return only.includes(name) ? new ColumnBuilder(own) : new LeftColumnBuilder(own);
  });
}

/** What a column of names takes for missing: nothing but an empty cell. */
export function factsOf({ names }: TableOptions, column: string, facts: ColumnFacts): ColumnFacts {
  return names?.(column) === true ? { ...facts, isMissing: (cell) => cell === "", missingNumbers: new Set() } : facts;
}
