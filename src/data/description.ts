// What a description of a table holds: plain JSON, the value that `deep-rnn inspect` prints.

import type { DuplicateRows } from "./duplicate-rows.js";

/** The numbers of a column. Quantiles are exact up to 200,000 rows, above from that many evenly spaced ones. */
export interface NumberSummary {
  readonly mean: number;
  /** Standard deviation with n - 1; null for a single value. */
  readonly deviation: number | null;
  readonly min: number;
  /** Quantiles 0.05, 0.25, 0.5, 0.75, 0.95, interpolated between neighbours. */
  readonly q05: number;
  readonly q25: number;
  readonly median: number;
  readonly q75: number;
  readonly q95: number;
  readonly max: number;
  readonly zeros: number;
  readonly negative: number;
  readonly isWhole: boolean;
  /** Values more than three quartile distances outside the quartiles (Tukey 1977), and the first of them. */
  readonly outliers: { readonly count: number; readonly first: readonly { readonly line: number; readonly value: number }[] };
}

/** What is known about a column. */
export interface ColumnDescription {
  readonly name: string;
  /** "time" if the cells are dates or times by their form. */
  readonly type: "number" | "text" | "time";
  readonly role: "time" | "id" | "target" | null;
  /** Cells that are not missing. */
  readonly count: number;
  readonly missing: number;
  /** Different cells; null above 100,000. */
  readonly distinct: number | null;
  readonly isConstant: boolean;
  /** null for columns of words. */
  readonly numbers: NumberSummary | null;
  /** The most frequent cells of a column of words, at most ten. */
  readonly words: readonly { readonly word: string; readonly count: number }[];
  /** Cells of words in a column that is mostly numbers, and the first one. */
  readonly notNumbers: { readonly count: number; readonly line: number; readonly cell: string } | null;
}

/** The clock, as `panel` reads it. */
export interface ClockDescription {
  /** Empty if rows are numbered. */
  readonly columns: readonly string[];
  readonly frequency: string;
  readonly season: number;
  readonly start: string;
  readonly end: string;
  /** Steps of the grid without a row. */
  readonly gaps: number;
  /** Rows that share the time (and the id) of another. */
  readonly duplicates: number;
  readonly isSorted: boolean;
  readonly dateOrder: "dmy" | "mdy" | null;
}

/** Something to look at before a network is trained. */
export interface Hint {
  /**
   * Leaks: same_as_target, next_target (the column holds the target one or more rows early), follows_target (correlation
   * 1.0). Others: duplicate_rows, row_number, constant_column, empty_column, missing_many, missing_code, unread_time, outliers, duplicate_times, gaps,
   * skipped_series, and the code of any error that reading as a panel would give.
   */
  readonly code: string;
  readonly column: string | null;
  readonly message: string;
}

/** What `describeTable` gives. */
export interface TableDescription {
  readonly file: string | null;
  readonly rows: number;
  readonly hasHeader: boolean;
  /** Between the columns of a text; null where every value comes with its name, as in JSON and Parquet. */
  readonly delimiter: string | null;
  readonly decimal: "." | ",";
  /** Rows that repeat another one cell by cell. */
  readonly duplicateRows: DuplicateRows;
  readonly columns: readonly ColumnDescription[];
  readonly clock: ClockDescription | null;
  /** Series by the id column; null for a single series. */
  readonly series: {
    readonly id: string;
    readonly count: number;
    readonly shortest: number;
    readonly median: number;
    readonly longest: number;
    readonly skipped: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  } | null;
  readonly target: string | null;
  /** Columns that could play a role, the likeliest first. */
  readonly candidates: { readonly time: readonly string[]; readonly id: readonly string[]; readonly target: readonly string[] };
  readonly hints: readonly Hint[];
}

/** Which columns play which role; what is not given is looked for. */
export interface DescribeOptions {
  readonly time?: string;
  readonly id?: string;
  readonly target?: string;
  readonly dateOrder?: "dmy" | "mdy";
  readonly frequency?: string;
  readonly season?: number;
}
