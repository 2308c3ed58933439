// Classification of event sequences from files to scores: read, split, train, choose the mixture, test.

import { defined } from "../../base/defined.js";
import { DataError } from "../../base/errors.js";
import { counted } from "../../base/words.js";
import { type EventColumns, eventColumns } from "../../data/event-columns.js";
import type { EventOptions, Events } from "../../data/event-types.js";
import { readEvents } from "../../data/read-events.js";
import { readTable } from "../../data/read-table.js";
import { keptReading } from "../event-reading.js";
import { weightCount } from "../weight-count.js";
import { type EventEncoding, measureEncoding } from "./encoding.js";
import { evaluationOf, itemsOf, networkWeightOf, type Tested } from "./evaluate.js";
import { labelled } from "./labels.js";
import {
  type ClassifyPlan,
  mixedProbabilities,
  planClassify,
  probabilitiesOf,
  type TrainedClassifier,
  trainClassifier,
} from "./network.js";
import { stratifiedParts, stratifiedShare } from "./split.js";
import type { ClassifyOptions, ClassifyRun, LabelledEvents, Outcomes, SavedClassifier } from "./types.js";

/** Share of what is not tested that decides when to stop and how to mix. */
const validationShare = 0.1;

/**
 * Classifies whole sequences of events, such as hospital stays: several GRU-D networks (Che et al. 2018) read the events step by step, a
 * logistic regression reads a summary of each variable, and their probabilities are mixed as a validation part says.
 *
 * @param input     path of an event file, folder or tar archive, or events
 * @param outcomes  path of a table with an id and a label for each sequence, or the table
 * @throws DataError with one sentence about the input; RunError `diverged`, `interrupted`
 * @example  const { evaluation } = await classifyEvents("set-a.tar.gz", "outcomes.csv", { outcome: "In-hospital_death", folds: 5 });
 */
export async function classifyEvents(input: string | Events, outcomes: Outcomes, options: ClassifyOptions = {}): Promise<ClassifyRun> {
  const started = performance.now();
  const read = typeof input === "string" ? await readEvents(input, eventOptionsOf(options)) : input;
  const table = typeof outcomes === "string" ? await readTable(outcomes, tableReading(options)) : outcomes;
  const found = labelled(eventColumns(read), table, options);
  const data = { ...found, warnings: [...read.hints, ...found.warnings] };
  const { events, labels, classes } = data;
  const lines = [...foundWords(events), ...data.lines];
  options.onEvent?.({ kind: "found", lines });
  for (const { code, message } of data.warnings) options.onEvent?.({ kind: "warning", code, message });
  const { seed = 0, folds } = options;
  const rows = Array.from(labels.keys()).filter((row) => labels[row]! >= 0);
  const tests = testParts(labels, rows, options);
  const { checkpoints } = options;
  const folder = typeof checkpoints === "function" ? checkpoints() : checkpoints;
  const train = (part: Omit<Part, "folder">): Promise<Fitted> => trainPart(data, rows, { ...part, folder }, options);
  const tested: Tested[] = [];
  let last: Fitted | null = null;
  for (const [index, test] of tests.entries()) {
    last = await train({ test, fold: folds === undefined ? 0 : index + 1 });
    tested.push(await testOn(data, last));
  }
  const evaluation = evaluationOf(tested, { labels, classes, seed });
  // Networks of folds are for the scores; the one that is saved learns from all sequences.
  const { encoding, plan, trained, networkWeight, split } = folds === undefined ? last! : await train({ test: new Set(), fold: 0 });
  const { history } = trained;
  return {
    data: {
      file: typeof input === "string" ? input : null,
      examples: rows.length,
      kind: "events",
      level: null,
      classes,
      split,
      label: data.label,
      variables: events.names.length,
      statics: events.statics.map(({ name }) => name),
      events: events.times.length,
      step: encoding.step,
    },
    network: {
      cell: `${plan.cell.name}-with-decay`,
      activation: "tanh",
      layers: 1,
      units: [plan.units],
      members: plan.members,
      parameters: weightCount(trained.model.weights),
    },
    training: {
      epochs: history.epochs,
      bestEpoch: history.bestEpoch,
      stopped: history.stopped === "interrupted" ? "done" : history.stopped,
      loss: lossAt(history.history.loss, history.bestEpoch, plan),
      valLoss: lossAt(history.history.valLoss, history.bestEpoch, plan),
      learningRate: plan.learningRate,
      clippedShare: history.clippedShare,
    },
    evaluation,
    predictions: tested.flatMap((each) => itemsOf(each, { ids: events.ids, labels, classes })),
    model: trained.model,
    preprocess: savedOf(data, { encoding, networkWeight, members: plan.members, reading: keptReading(options, read) }, options),
    warnings: data.warnings,
    notes: lines,
    seconds: (performance.now() - started) / 1000,
  };
}

/** What one training leaves out. */
interface Part {
  readonly test: ReadonlySet<number>;
  /** From 1; 0 for the network that is saved. */
  readonly fold: number;
  /** Of the checkpoints of all. */
  readonly folder: string | undefined;
}

interface Fitted {
  readonly encoding: EventEncoding;
  readonly plan: ClassifyPlan;
  readonly trained: TrainedClassifier;
  readonly networkWeight: number;
  readonly split: { readonly train: number; readonly validation: number; readonly test: number };
  readonly tested: readonly number[];
}

/** Trains on what is not tested, and finds the mixture on a validation part of it. */
async function trainPart(
  data: LabelledEvents,
  rows: readonly number[],
  { test, fold, folder }: Part,
  options: ClassifyOptions,
): Promise<Fitted> {
  const { events, labels, classes } = data;
  const { seed = 0 } = options;
  const [validation, train] = stratifiedShare(
    labels,
    rows.filter((row) => !test.has(row)),
    { share: validationShare, seed: seed + fold },
  );
  const encoding = measureEncoding(events, train);
  const plan = planClassify(options, train.length);
  const checkpoints = folder === undefined || fold === 0 ? folder : `${folder}/fold-${fold}`;
  const trained = await trainClassifier(data, encoding, { train, validation }, plan, { ...options, fold, checkpoints });
  const known = await probabilitiesOf(trained.model, events, encoding, validation);
  const networkWeight = networkWeightOf(
    known,
    Int32Array.from(validation, (row) => labels[row]!),
    classes,
  );
  const tested = rows.filter((row) => test.has(row));
  const split = { train: train.length, validation: validation.length, test: tested.length };
  return { encoding, plan, trained, networkWeight, split, tested };
}

async function testOn({ events, classes }: LabelledEvents, { trained, encoding, networkWeight, tested }: Fitted): Promise<Tested> {
  const probabilities = await probabilitiesOf(trained.model, events, encoding, tested);
  return { rows: tested, probabilities, mixed: mixedProbabilities(probabilities, networkWeight, classes.length) };
}

/** @throws DataError `bad_folds` if a class has fewer examples than there are folds */
function testParts(labels: Int32Array, rows: readonly number[], { folds, test = 0.1, seed = 0 }: ClassifyOptions): ReadonlySet<number>[] {
  if (folds === undefined) return [new Set(stratifiedShare(labels, rows, { share: test, seed })[0])];
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  const least = Math.min(...counts.values());
  if (folds < 2 || folds > least)
    throw new DataError(
      "bad_folds",
      `${folds} folds of a class with ${least} examples: from 2 to ${least} folds can be made.`,
      "Choose --folds.",
    );
  const parts = stratifiedParts(labels, folds, seed);
  return Array.from({ length: folds }, (_, part) => new Set(rows.filter((row) => parts[row] === part)));
}

/** Static columns and labels are looked up in the outcomes afterwards. */
function eventOptionsOf({ statics: _statics, ...options }: ClassifyOptions): EventOptions {
  return options;
}

/** How the table of outcomes is read. */
export function tableReading({ missing, delimiter, encoding }: ClassifyOptions): Parameters<typeof readTable>[1] {
  return defined({ missing, delimiter, encoding });
}

function foundWords({ ids, times, names, statics }: EventColumns): string[] {
  const static_ = statics.length === 0 ? "no static values" : `static: ${statics.map(({ name }) => name).join(", ")}`;
  return [`${counted(ids.length, "sequence")}, ${counted(times.length, "event")} of ${counted(names.length, "variable")}`, static_];
}

function savedOf(
  { label, classes }: LabelledEvents,
  made: Pick<SavedClassifier, "encoding" | "networkWeight" | "members" | "reading">,
  { statics = [], missing = [] }: ClassifyOptions,
): SavedClassifier {
  return {
    format: "deep-rnn-classify-events",
    formatVersion: 1,
    task: "classify",
    kind: "events",
    classes,
    label,
    ...made,
    outcomeStatics: statics,
    missing,
  };
}

/** Mean over the outputs, whose losses are added in training. */
function lossAt(values: readonly number[] = [], epoch: number, { members }: ClassifyPlan): number | null {
  const value = (values[epoch - 1] ?? Number.NaN) / (members + 1);
  return Number.isFinite(value) ? value : null;
}
