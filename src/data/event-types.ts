// Event tables: what is measured when, at times of its own for every patient, machine or customer.

import type { EventHint } from "./event-hints.js";
import type { DateOrder } from "./time.js";
import type { Delimiter, Duplicates, Encoding, StaticColumn, Table } from "./types.js";

/** Where the clock of a sequence begins: at its first event, or where the file's own times do. */
export type EventOrigin = "first" | "zero";

/** How event rows are read; columns that are not named are found by their usual names. */
export interface EventOptions {
  readonly id?: string;
  readonly time?: string;
  readonly parameter?: string;
  readonly value?: string;
  /** For dates such as 03/04/2020; found where one of the file's dates decides it. */
  readonly dateOrder?: DateOrder;
  /**
   * Dates count from the first event of their id. Plain numbers stay as they are ("zero"), unless sequences begin ten times later than they
   * are long: they are then readings of a counter and count from the first event too.
   */
  readonly origin?: EventOrigin;
  /** Numbers that mean "not known": -1. They are left alone in parameters that have other values below zero. */
  readonly unknown?: readonly number[];
  /** Parameters that have values below zero, whether or not these rows show it: found. */
  readonly negative?: readonly string[];
  /** The words of parameters that are told in words, by parameter: found. Another word is a missing one then. */
  readonly words?: Readonly<Record<string, readonly string[]>>;
  /** How several values of one parameter at one time are merged: mean; of words the last one counts. */
  readonly duplicates?: Exclude<Duplicates, "error">;
  /** Parameters that are static. Unless given: those that occur at the first time of their id only, in half of the ids or more. */
  readonly statics?: readonly string[];
  /** One row per id: read by `readEvents` if it is a path. */
  readonly outcomes?: Table | string;
  /** Column of the outcomes; found if only one can be it: the only one, one called label or outcome, or the only one with two values. */
  readonly label?: string;
  /** Column of the ids in the outcomes; found as in the events. */
  readonly outcomeId?: string;
  /** How the files are read, as in `readTable`. In the parameters' column "NA" is a name: sodium is Na. */
  readonly missing?: readonly string[];
  readonly delimiter?: Delimiter;
  readonly encoding?: Encoding;
}

/** The events of one id on its own clock. Axes: times T, parameters P. */
export interface EventSequence {
  readonly id: string;
  /** Hours [T], increasing; in the file's own unit if its times are plain numbers. */
  readonly times: Float64Array;
  /** [T, P], 0 where nothing was measured. */
  readonly values: Float32Array;
  /** [T, P], 1 where a value was measured. */
  readonly mask: Uint8Array;
}

/** Irregular sequences of several parameters, with what is the same throughout and what became of each. */
export interface Events {
  readonly ids: readonly string[];
  /** Names of the P columns of values, in alphabetical order. A parameter told in words has one for each, `rhythm=sinus`: 1 or 0. */
  readonly parameters: readonly string[];
  /** Static columns: the entry at `i` belongs to `ids[i]`. */
  readonly statics: readonly StaticColumn[];
  /** The outcome's cell for each id; null without outcomes. */
  readonly labels: readonly string[] | null;
  /** Name of the outcome's column. */
  readonly label: string | null;
  /** Times of one sequence, without unpacking it. */
  length(index: number): number;
  /** Unpacks one sequence. */
  sequence(index: number): EventSequence;
  /** The options that make other rows be read as these were, whatever would be found in them. */
  readonly alike: Required<Pick<EventOptions, "origin" | "negative" | "statics" | "words">> & Pick<EventOptions, "dateOrder">;
  /** `parameter=word` of words that are not among those of the option `words`: missing values. */
  readonly strange: readonly string[];
  /** What looks wrong in the values: a number that may mean "not measured" (`missing_code`), several units of one parameter (`mixed_units`). */
  readonly hints: readonly EventHint[];
  /** Measurements kept. */
  readonly events: number;
  /** Ids without an outcome, and outcomes without events: both are left out. */
  readonly unmatched: { readonly events: number; readonly outcomes: number };
  /** Plain sentences. */
  readonly found: readonly string[];
}
