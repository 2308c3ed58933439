// What classifyEvents() takes, reports, returns and stores: the types that the command line builds on.

import type { EventColumns } from "../../data/event-columns.js";
import type { EventOptions } from "../../data/event-types.js";
import type { Table } from "../../data/types.js";
import type { Model } from "../../train/index.js";
import type { CellChoice } from "../cells.js";
import type { EventReading } from "../event-reading.js";
import type { NetworkFacts, TrainingFacts } from "../facts.js";
import type { Pass } from "../passes.js";
import type { EventEncoding } from "./encoding.js";

/** Everything `classifyEvents` understands beside the events and their labels. */
export interface ClassifyOptions extends Omit<EventOptions, "statics" | "outcomes" | "label"> {
  /** Column of the outcomes table that holds the label; found if there is only one, or only one with two values. */
  readonly outcome?: string;
  /** Columns of the outcomes table that are known from the start and may be read by the network. None unless named. */
  readonly statics?: readonly string[];
  /** Cross-validation in so many parts instead of one test part. */
  readonly folds?: number;
  /** Share of the sequences that are tested: 0.1. */
  readonly test?: number;
  /** Cell inside the fading form: gru (GRU-D), lstm, elman, or any built-in cell name; or a cell of one's own. */
  readonly cell?: CellChoice;
  /** Width of each network: 32. */
  readonly units?: number;
  /** Networks whose probabilities are averaged: 5. */
  readonly members?: number;
  /** Most passes; found from the number of sequences. */
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly dropout?: number;
  /** "balanced": rare classes count more in training; probabilities are then no frequencies any more. */
  readonly classWeights?: "none" | "balanced";
  readonly seed?: number;
  readonly onEvent?: (event: ClassifyEvent) => void;
  readonly signal?: AbortSignal;
  /**
   * Folder for checkpoints. The same task on the same data goes on from those it finds there, and ends as if it had never stopped. A function
   * is asked once, when training begins.
   */
  readonly checkpoints?: string | (() => string);
}

/** Reports in the order in which they come. */
export type ClassifyEvent =
  | { readonly kind: "found"; readonly lines: readonly string[] }
  | { readonly kind: "warning"; readonly code: string; readonly message: string }
  | (Pass & {
      readonly kind: "epoch";
      /** From 1; 0 for the network that is saved. */
      readonly fold: number;
      readonly epochs: number;
    });

/** Sequences with their labels. */
export interface LabelledEvents {
  readonly events: EventColumns;
  /** Place in `classes` of each sequence; -1 for those without a label, which are not used. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** Name of the label's column. */
  readonly label: string;
  readonly lines: readonly string[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** A table of outcomes, or the path of one. */
export type Outcomes = string | Table;

/** One classified sequence. */
export interface ClassifiedItem {
  readonly index: number;
  /** The id. */
  readonly input: string;
  /** The most probable class. */
  readonly label: string;
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
  /** The true class, where it is known. */
  readonly actual: string | null;
}

/** Scores of one way to classify. Areas are of the second of two classes, or means over more. */
export interface ClassScores {
  readonly accuracy: number;
  readonly macroF1: number;
  /** In nats. */
  readonly logLoss: number;
  /** Mean distance of confidence and hit rate over ten bins. */
  readonly calibrationError: number;
  readonly auroc: number | null;
  readonly auprc: number | null;
}

/** Bootstrap 95 % interval; null where a score does not exist. */
export type Interval = readonly [low: number, high: number] | null;

/** Scores of all sequences that were not trained on. */
export interface ClassifyEvaluation extends ClassScores {
  /** Accuracy of always saying the most frequent class. */
  readonly majority: number;
  readonly intervals: { readonly auroc: Interval; readonly auprc: Interval };
  /** Logistic regression on static values and ten summaries of each variable, and the recurrent networks alone. */
  readonly logistic: ClassScores;
  readonly network: ClassScores;
  /** confusion[truth][said]. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly {
    readonly label: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
  }[];
  /** One entry for each fold; empty without folds. */
  readonly folds: readonly { readonly examples: number; readonly auroc: number | null; readonly auprc: number | null }[];
  /** Means over the folds; null without folds. */
  readonly meanAuroc: number | null;
  readonly meanAuprc: number | null;
  readonly verdict: string;
}

/** The JSON value `result` of the command. */
export interface ClassifyResult {
  readonly data: {
    readonly file: string | null;
    readonly examples: number;
    readonly kind: "events";
    readonly level: null;
    readonly classes: readonly string[];
    /** Of the network that is saved; with folds it is trained on all sequences, and `test` is 0. */
    readonly split: { readonly train: number; readonly validation: number; readonly test: number };
    readonly label: string;
    readonly variables: number;
    readonly statics: readonly string[];
    readonly events: number;
    readonly step: number;
  };
  readonly network: NetworkFacts & { readonly members: number };
  readonly training: TrainingFacts;
  readonly evaluation: ClassifyEvaluation;
  readonly predictions: readonly ClassifiedItem[];
}

/** What `classifyEvents` resolves to. The facts of network and training are those of the model that is saved. */
export interface ClassifyRun extends ClassifyResult {
  readonly model: Model<unknown>;
  readonly preprocess: SavedClassifier;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** Content of `preprocess.json`: all that turns event files into inputs and outputs into probabilities. */
export interface SavedClassifier {
  readonly format: "deep-rnn-classify-events";
  readonly formatVersion: 1;
  readonly task: "classify";
  readonly kind: "events";
  readonly classes: readonly string[];
  readonly label: string;
  readonly encoding: EventEncoding;
  /** Share of the recurrent networks beside the logistic regression, in logarithms of probabilities. */
  readonly networkWeight: number;
  readonly members: number;
  /** Columns of the outcomes table that are read as static values. */
  readonly outcomeStatics: readonly string[];
  readonly missing: readonly string[];
  readonly reading: EventReading;
}
