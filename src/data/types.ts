// What the readers hand on: a table of named columns, and a series on a regular time grid.

import type { Numbers } from "./number-store.js";

/**
 * One column as it stands in the file, with its numbers where cells are numbers. It is kept in little memory: `numbers` and
 * `text` are unpacked when asked for, so hold them in a variable; `get` and `cell` unpack one row.
 */
export interface Column {
  readonly name: string;
  /** "number" if every cell that is not missing is a number. */
  readonly kind: "number" | "text";
  readonly rows: number;
  /** One value per row, NaN where the cell is missing or no number. */
  readonly numbers: Float64Array;
  /** The trimmed cell, null where it is missing. */
  readonly text: readonly (string | null)[];
  readonly missing: number;
  /** Row of the first cell that is neither missing nor a number, -1 if there is none. */
  readonly firstText: number;
  /** Cells that are numbers. */
  readonly numeric: number;
  /** The number in one row, NaN where the cell is missing or none. */
  get(row: number): number;
  /** The cell of one row, null where it is missing. Numbers are written in their shortest form unless they begin with 0 or +. */
  cell(row: number): string | null;
  /** UTC milliseconds of a cell that is written like 2024-01-31 or 2024-01-31 23:59:59, else NaN. */
  time(row: number): number;
}

/** A table with a header, or with columns c1, c2 ... if the file has none. Rows keep their line numbers for messages. */
export interface Table {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** Column names in file order. */
  readonly names: readonly string[];
  /** Line of each row in the file, counted from 1. */
  readonly lines: Numbers;
  /** What `lines` counts: "row" for files that have no lines, as Parquet. */
  readonly lineWord: "line" | "row";
  /** Path as given, or null for text in memory. */
  readonly file: string | null;
  readonly hasHeader: boolean;
  /** Columns that the header names; rows of a wide table may be longer. */
  readonly named: number;
  readonly delimiter: Delimiter;
  /** Every value comes with its name, as in JSON and Parquet: nothing separates the columns. */
  readonly isKeyed?: true;
  /** "," if some column is written with decimal commas. */
  readonly decimal: "." | ",";
}

/** What separates columns. */
export type Delimiter = "," | ";" | "\t" | "|";

/** How the bytes of a file are letters. */
export type Encoding = "utf-8" | "latin1" | "utf-16le";

/** Options of `parseTable`, and of reading files. */
export interface TableOptions {
  /** Words that mean "missing", beside empty, NA, N/A, #N/A, NaN, null and ?. Numbers match by value: "-200" also means -200.0. */
  readonly missing?: readonly string[];
  /** Detected from the first lines unless given. */
  readonly delimiter?: Delimiter;
  /** Path or name shown in messages. */
  readonly file?: string;
  /** A series per row: rows may be of different lengths, and a first row of values is no header. */
  readonly wide?: boolean;
  /** Columns of names, in which only an empty cell is missing: sodium is Na, Namibia NA. */
  readonly names?: (column: string) => boolean;
  /**
   * Which of the columns named in the header will be read, null for all: of the others a long file keeps the first and the last rows,
   * and reading what lies between throws. JSON keeps all.
   */
  readonly only?: (names: readonly string[]) => readonly string[] | null;
}

/** Options of `readTable`. */
export interface ReadTableOptions extends TableOptions {
  /** utf-8 unless given; a byte order mark wins. */
  readonly encoding?: Encoding;
  /**
   * A query over the file, seen as the table `data`, and over others by their names: `SELECT day, sum(y) AS y FROM data GROUP BY
   * day`. Needs `@duckdb/node-api`. It is code: run none that you did not write.
   */
  readonly sql?: string;
}

/** How rows with the same time are merged; "error", the default, refuses them. */
export type Duplicates = "mean" | "first" | "last" | "sum" | "error";

/** A column that stands beside the values of a series. */
export interface Covariate {
  readonly name: string;
  /** Steps. Past-only: those of the series; known-future: `ahead` more. */
  readonly length: number;
  /** The value at one step; NaN where it is missing, and beyond the last one. */
  get(index: number): number;
  /** All of them. They are unpacked when asked for, so hold them in a variable. */
  readonly values: Float64Array;
}

/** A column of numbers on a regular grid of times, oldest first; alone, or one of a panel. */
export interface Series {
  /** Which series of a panel; null if the table holds one. */
  readonly id: string | null;
  /** The target column. */
  readonly name: string;
  /** Rows in one season; 1 means none. */
  readonly season: number;
  /** yearly, quarterly, monthly, weekly, daily, "business daily", hourly, "15 minutes" ..., "row" without times, "irregular". */
  readonly frequency: string;
  /** One value per step of the grid, from the first that there is; NaN where the file has none. */
  readonly values: Float64Array;
  /** When step `index` is, in UTC milliseconds; the row number where there are no times. `index` may lie beyond the end. */
  timeAt(index: number): number;
  /** How each step is printed. `index` may lie beyond the end: then it is a time to forecast. */
  timeLabel(index: number): string;
  /** Columns that are known up to the end only. */
  readonly past: readonly Covariate[];
  /** Columns that are known `ahead` steps beyond the end, as promotions and holidays are. */
  readonly future: readonly Covariate[];
  /** Steps after the end for which the table has a row without a target: 0 unless there are known-future columns. */
  readonly ahead: number;
  /** Time column names; empty if rows are numbered. */
  readonly timeColumns: readonly string[];
  /** Rows of this series in the file, from its first value on. */
  readonly rows: number;
  /** Cells of the target that are missing in the file between its first and its last value. */
  readonly missing: number;
  /** Steps of the grid that have no row. */
  readonly gaps: number;
  /** Rows merged into another with the same time. */
  readonly duplicates: number;
  /** Day or month first, where the times are written with slashes. */
  readonly dateOrder: "dmy" | "mdy" | null;
  /** Plain sentences: what was found and how it was decided. Those of a panel stand in the panel. */
  readonly found: readonly string[];
  readonly file: string | null;
}

/** Options of `series`. */
export interface SeriesOptions {
  /** Time column, or several joined as "Date,Time"; found if not given. */
  readonly time?: string;
  /** Column of values; found if there is only one numeric column. */
  readonly target?: string;
  readonly frequency?: string;
  readonly season?: number;
  readonly duplicates?: Duplicates;
  readonly dateOrder?: "dmy" | "mdy";
  /** Rows at the end that must not influence the season found by autocorrelation: those held out. */
  readonly test?: number;
  /** Columns known up to the end only, as a network may read them. */
  readonly past?: readonly string[];
  /** Columns known beyond the end: rows after the last one with a target are read as the future. */
  readonly future?: readonly string[];
  /** What past and future columns held when a model was trained, by name: their words, null for numbers. Found unless given. */
  readonly words?: Readonly<Record<string, readonly string[] | null>>;
}

/** What is the same in all rows of a series, one entry per series of the panel, in their order. */
export type StaticColumn =
  | { readonly name: string; readonly kind: "number"; readonly values: Float64Array }
  /** `codes` index `categories`; -1 where missing. */
  | { readonly name: string; readonly kind: "category"; readonly categories: readonly string[]; readonly codes: Int32Array };

/** A series that is left out, so that the others can be used. */
export interface SkippedSeries {
  readonly id: string;
  /** The code of the error that it would be alone: all_missing, constant_target, too_few_rows, not_a_number, duplicate_times ... */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
}

/**
 * Several series over clocks of one frequency, each with a start and an end of its own.
 * With several targets each id gives one series per target, one after the other, on the same clock.
 */
export interface Panel {
  readonly series: readonly Series[];
  readonly skipped: readonly SkippedSeries[];
  /** Static columns: the entry at `i` belongs to `series[i]`. */
  readonly statics: readonly StaticColumn[];
  /** Column names. */
  readonly targets: readonly string[];
  /** Column(s) of the ids, joined with a comma; null for a single series. */
  readonly id: string | null;
  readonly frequency: string;
  readonly season: number;
  readonly timeColumns: readonly string[];
  /** Rows in the file. */
  readonly rows: number;
  /** Sums over the series that are kept. */
  readonly missing: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly dateOrder: "dmy" | "mdy" | null;
  readonly found: readonly string[];
  readonly file: string | null;
}

/** Options of `panel`. */
export interface PanelOptions extends Omit<SeriesOptions, "target"> {
  /** Column of values, or several. */
  readonly target?: string | readonly string[];
  /** Column whose cells say to which series a row belongs, or several joined by commas. */
  readonly id?: string;
  /**
   * A series per row (its id, then its values; times, if any, are the names of the value columns), or, if the first column is
   * the time, a series per further column. Read such a file with `wide` as well.
   */
  readonly wide?: boolean;
  /** Static columns. Unless given: every other column that is the same in all rows of each series and differs between some. */
  readonly statics?: readonly string[];
  /** Fewest rows a series must have; shorter ones are skipped. */
  readonly least?: number;
  /** Keeps series of which no target moves: nothing is learnt from them, but a model that is trained can forecast them. */
  readonly constant?: boolean;
}
