// What impute() takes, reports and returns: the types that the command line builds on.

import type { StepClock } from "../../data/event-steps.js";
import type { Delimiter, Encoding } from "../../data/types.js";
import type { Model } from "../../train/index.js";
import type { CellChoice } from "../cells.js";
import type { EventReading } from "../event-reading.js";
import type { NetworkFacts, TrainingFacts } from "../facts.js";
import type { Pass } from "../passes.js";

/** Everything `impute(table, options)` understands. */
export interface ImputeOptions {
  /** Column whose cells say to which series a row belongs, or several joined by commas. */
  readonly id?: string;
  /** Time column, or several joined ("Date,Time"); found if not given; rows are in order if there is none. */
  readonly time?: string;
  /** Columns to read and to fill; all columns of numbers unless given. */
  readonly columns?: readonly string[];
  readonly missing?: readonly string[];
  readonly dateOrder?: "dmy" | "mdy";
  readonly delimiter?: Delimiter;
  readonly encoding?: Encoding;
  /** Share of the seen values that are hidden to measure the error: 0.1. As many again choose between the methods. */
  readonly hide?: number;
  /** Cell of both directions: gru unless given, any built-in cell name, or a cell of one's own. */
  readonly cell?: CellChoice;
  /** Width of the network: 64. */
  readonly units?: number;
  /** Most passes over the rows; found from their number. */
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly seed?: number;
  readonly onEvent?: (event: ImputeEvent) => void;
  readonly signal?: AbortSignal;
  /**
   * Folder for checkpoints. The same task on the same table goes on from those it finds there, and ends as if it had never stopped. A function
   * is asked once, when training begins.
   */
  readonly checkpoints?: string | (() => string);
  /** For tables of steps made of events: the clock that made them and how the events were read, kept with the model. */
  readonly clock?: StepClock;
  readonly reading?: EventReading;
}

/** Reports in the order in which they come. */
export type ImputeEvent =
  | { readonly kind: "found"; readonly lines: readonly string[] }
  | { readonly kind: "warning"; readonly code: string; readonly message: string }
  | (Pass & { readonly kind: "epoch"; readonly epochs: number });

/** The simple ways to fill a hole: the column's mean, the last value, a straight line between neighbours. */
export type SimpleFill = "mean" | "last" | "linear";

/** Errors at hidden values, in standard deviations of the column and in its unit; null where nothing was hidden. */
export interface FillScores {
  readonly mae: number | null;
  readonly rmse: number | null;
  /** In the unit of the column; null over several columns, whose units cannot be added. */
  readonly rawMae: number | null;
  readonly rawRmse: number | null;
}

/** Scores of everything that was compared: `model` is what fills, `network` the network alone. */
export interface FillComparison extends Readonly<Record<SimpleFill, FillScores>> {
  readonly model: FillScores;
  readonly network: FillScores;
}

/** One column: what was seen, how it is filled, and how well. */
export interface ColumnFill extends FillComparison {
  readonly name: string;
  readonly observed: number;
  readonly missing: number;
  /** Hidden values that were scored. */
  readonly hidden: number;
  /** The simple method that is used, and how far the network moves it: 0 not at all, 1 all the way. */
  readonly method: SimpleFill;
  readonly networkWeight: number;
  /** The lowest mean absolute error of all; null if nothing could be scored. */
  readonly best: "network" | SimpleFill | null;
}

/** The JSON value `result` of the command. */
export interface ImputeResult {
  readonly data: {
    readonly file: string | null;
    readonly rows: number;
    readonly sequences: number;
    readonly id: string | null;
    readonly time: string | null;
    readonly columns: readonly string[];
    readonly observed: number;
    readonly missing: number;
    /** Holes that were filled; fewer than `missing` if a column has no value at all. */
    readonly filled: number;
  };
  readonly network: NetworkFacts;
  readonly training: TrainingFacts;
  readonly evaluation: FillComparison & {
    /** Values hidden from everything and scored. */
    readonly hidden: number;
    /** Mean absolute error over that of the better of last value and linear interpolation: below 1 is better. */
    readonly maeRatio: number | null;
    readonly columns: readonly ColumnFill[];
    readonly verdict: string;
  };
}

/** A stretch of one series of a filled column, for pictures. */
export interface FillExample {
  readonly column: string;
  readonly id: string | null;
  readonly points: readonly { readonly time: string; readonly value: number | null; readonly isFilled: boolean }[];
}

/** One filled hole. */
export interface FilledValue {
  /** Row of the table, from 0. */
  readonly index: number;
  readonly id: string | null;
  readonly time: string | null;
  readonly column: string;
  readonly value: number;
}

/** Content of `preprocess.json`: all that turns a table into inputs and outputs into filled cells. */
export interface SavedFill {
  readonly format: "deep-rnn-impute";
  readonly formatVersion: 1;
  readonly task: "impute";
  readonly id: string | null;
  readonly time: string | null;
  readonly dateOrder: "dmy" | "mdy" | null;
  readonly missing: readonly string[];
  /** The usual gap between rows, in milliseconds or rows: 1 for the network. */
  readonly gap: number;
  /** Where steps of events begin and how long they are; null for tables. */
  readonly clock: StepClock | null;
  readonly reading: EventReading | null;
  readonly columns: readonly {
    readonly name: string;
    /** Put in and out of the network's scale. */
    readonly mean: number;
    readonly deviation: number;
    /** Mean of all seen values, on that scale. */
    readonly average: number;
    /** Seen values; a column without any is never filled. */
    readonly observed: number;
    readonly method: SimpleFill;
    readonly networkWeight: number;
  }[];
}

/** What `impute` resolves to. */
export interface ImputeRun extends ImputeResult {
  readonly model: Model;
  readonly preprocess: SavedFill;
  /** Stretches of the columns with the most holes. */
  readonly examples: readonly FillExample[];
  /** The table as text, with its columns and rows in their order and the holes filled. */
  readonly csv: string;
  /** The filled columns, row by row as in the table; NaN where nothing could be known. */
  readonly values: Readonly<Record<string, Float64Array>>;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly notes: readonly string[];
  readonly seconds: number;
}
