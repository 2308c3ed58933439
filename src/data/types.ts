// What the readers hand on: a table of named columns, and a series on a regular time grid.

/** One column as it stands in the file, with its numbers where cells are numbers. */
export interface Column {
  readonly name: string;
  /** "number" if every cell that is not missing is a number. */
  readonly kind: "number" | "text";
  /** One value per row, NaN where the cell is missing or no number. */
  readonly numbers: Float64Array;
  /** The trimmed cell, null where it is missing. */
  readonly text: readonly (string | null)[];
  readonly missing: number;
  /** Row of the first cell that is neither missing nor a number, -1 if there is none. */
  readonly firstText: number;
  /** Cells that are numbers. */
  readonly numeric: number;
}

/** A table with a header, or with columns c1, c2 ... if the file has none. Rows keep their line numbers for messages. */
export interface Table {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** Column names in file order. */
  readonly names: readonly string[];
  /** Line of each row in the file, counted from 1. */
  readonly lines: Int32Array;
  /** Path as given, or null for text in memory. */
  readonly file: string | null;
  readonly hasHeader: boolean;
  readonly delimiter: Delimiter;
  /** "," if some column is written with decimal commas. */
  readonly decimal: "." | ",";
}

export type Delimiter = "," | ";" | "\t";

export type Encoding = "utf-8" | "latin1" | "utf-16le";

export interface TableOptions {
  /** Words that mean "missing", beside empty, NA, NaN, null and ?. Numbers match by value: "-200" also means -200.0. */
  readonly missing?: readonly string[];
  /** Detected from the first lines unless given. */
  readonly delimiter?: Delimiter;
  /** Path or name shown in messages. */
  readonly file?: string;
}

export interface ReadTableOptions extends TableOptions {
  /** utf-8 unless given; a byte order mark wins. */
  readonly encoding?: Encoding;
}

/** How rows with the same time are merged. */
export type Duplicates = "mean" | "first" | "last" | "sum";

/** A column of numbers on a regular grid of times, oldest first. */
export interface Series {
  readonly name: string;
  /** Rows in one season; 1 means none. */
  readonly season: number;
  /** yearly, quarterly, monthly, weekly, daily, "business daily", hourly, "15 minutes" ..., "row" without times, "irregular". */
  readonly frequency: string;
  /** One value per step of the grid; NaN where the file has none. */
  readonly values: Float64Array;
  /** How each step is printed. `index` may lie beyond the end: then it is a time to forecast. */
  timeLabel(index: number): string;
  /** Time column names; empty if rows are numbered. */
  readonly timeColumns: readonly string[];
  /** Rows in the file. */
  readonly rows: number;
  /** Cells of the target that are missing in the file. */
  readonly missing: number;
  /** Steps of the grid that have no row. */
  readonly gaps: number;
  /** Rows merged into another with the same time. */
  readonly duplicates: number;
  /** Day or month first, where the times are written with slashes. */
  readonly dateOrder: "dmy" | "mdy" | null;
  /** Plain sentences: what was found and how it was decided. */
  readonly found: readonly string[];
  readonly file: string | null;
}

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
}
