// A saved classifier on other event files: probabilities of new sequences, and scores where their outcomes are known.

import { z } from "zod";
import { DataError, UsageError } from "../../base/errors.js";
import { listed } from "../../base/words.js";
import { type EventColumns, eventColumns } from "../../data/event-columns.js";
import type { Events } from "../../data/event-types.js";
import { readEvents } from "../../data/read-events.js";
import { readTable } from "../../data/read-table.js";
import { columnOf } from "../../data/table.js";
import type { Table } from "../../data/types.js";
import type { OwnCell } from "../../nn/cell.js";
import { loadModel, type Model } from "../../train/index.js";
import { eventReadingSchema, readAlike } from "../event-reading.js";
import { readingEvents } from "../other-input.js";
import { evaluationOf, itemsOf } from "./evaluate.js";
import { idColumn, labelled, staticOf } from "./labels.js";
import { mixedProbabilities, type Probabilities, probabilitiesOf } from "./network.js";
import { tableReading } from "./run.js";
import type { ClassifiedItem, ClassifyEvaluation, ClassifyOptions, Outcomes, SavedClassifier } from "./types.js";

const scale = z.object({ log: z.boolean(), low: z.number(), high: z.number(), mean: z.number(), deviation: z.number().positive() });
const schema = z.object({
  format: z.literal("deep-rnn-classify-events"),
  formatVersion: z.literal(1),
  task: z.literal("classify"),
  kind: z.literal("events"),
  classes: z.array(z.string()).min(2),
  label: z.string(),
  encoding: z.object({
    start: z.number(),
    step: z.number().positive(),
    variables: z.array(z.object({ name: z.string(), scale })).min(1),
    statics: z.array(z.object({ name: z.string(), words: z.array(z.string()).nullable(), codes: z.array(z.number()).nullable(), scale })),
    summaries: z.array(scale),
  }),
  networkWeight: z.number().min(0).max(1),
  members: z.int().min(1),
  outcomeStatics: z.array(z.string()),
  missing: z.array(z.string()),
  reading: eventReadingSchema,
});

/** New sequences with their probabilities. */
export interface EventPrediction {
  readonly task: "classify";
  readonly count: number;
  readonly predictions: readonly ClassifiedItem[];
  /** What the events hold that the model does not know, and what they lack. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** Scores of a saved classifier. */
export interface EventEvaluation extends EventPrediction {
  readonly data: { readonly file: string | null; readonly examples: number; readonly classes: readonly string[]; readonly label: string };
  readonly evaluation: ClassifyEvaluation;
}

/** Options of `predictEvents` and `evaluateEvents`. */
export interface SavedEventsOptions extends ClassifyOptions {
  /** The cells of one's own that the model uses. */
  readonly cells?: readonly OwnCell[];
}

/**
 * Classifies the sequences of event files with a model that `deep-rnn classify --events` saved. What the model does not know is not read,
 * what it misses counts as missing.
 *
 * @param outcomes  table with the columns that were read from the outcomes with `statics`; null if there were none
 * @throws UsageError `not_an_event_model`, `missing_cell`; DataError `no_known_variable`, and those of `readEvents`
 * @example  const { predictions } = await predictEvents("runs/classify-set-a-1/model", "new-stays.csv");
 */
export async function predictEvents(
  modelPath: string,
  input: string | Events,
  options: SavedEventsOptions = {},
  outcomes: Outcomes | null = null,
): Promise<EventPrediction> {
  const { model, saved } = await opened(modelPath, options);
  const table = outcomes === null ? null : await outcomesTable(outcomes, saved, options);
  const { events, warnings } = await knownEvents(input, saved, options, table);
  const rows = Array.from(events.ids.keys());
  const mixed = mixedProbabilities(await probabilitiesOf(model, events, saved.encoding, rows), saved.networkWeight, saved.classes.length);
  const predictions = itemsOf({ rows, mixed }, { ids: events.ids, labels: null, classes: saved.classes });
  return { task: "classify", count: rows.length, predictions, warnings };
}

/**
 * Scores a saved classifier on sequences whose outcomes are known.
 *
 * @throws UsageError `not_an_event_model`, `missing_cell`; DataError `unknown_class`, and those of `classifyEvents`
 * @example  const { evaluation } = await evaluateEvents("runs/classify-set-a-1/model", "stays.csv", "outcomes.csv");
 */
export async function evaluateEvents(
  modelPath: string,
  input: string | Events,
  outcomes: Outcomes,
  options: SavedEventsOptions = {},
): Promise<EventEvaluation> {
  const { model, saved } = await opened(modelPath, options);
  const table = await outcomesTable(outcomes, saved, options);
  const { events: known, warnings } = await knownEvents(input, saved, options, table);
  const given = { ...readAlike(saved.reading), outcome: saved.label, ...options, statics: [] };
  const { labels, warnings: unmatched } = labelled(known, table, given, saved.classes);
  const rows = Array.from(labels.keys()).filter((row) => labels[row]! >= 0);
  const probabilities: Probabilities = await probabilitiesOf(model, known, saved.encoding, rows);
  const mixed = mixedProbabilities(probabilities, saved.networkWeight, saved.classes.length);
  const { seed = 0 } = options;
  return {
    task: "classify",
    count: rows.length,
    data: { file: typeof input === "string" ? input : null, examples: rows.length, classes: saved.classes, label: saved.label },
    evaluation: evaluationOf([{ rows, probabilities, mixed }], { labels, classes: saved.classes, seed }),
    predictions: itemsOf({ rows, mixed }, { ids: known.ids, labels, classes: saved.classes }),
    warnings: [...warnings, ...unmatched],
  };
}

async function opened(modelPath: string, { cells }: SavedEventsOptions): Promise<{ model: Model<unknown>; saved: SavedClassifier }> {
  const model = await loadModel(modelPath, cells === undefined ? {} : { cells });
  const refused = (what: string): UsageError =>
    new UsageError({ code: "not_an_event_model", what, hint: "Give the model of a run of classify --events." });
  if (model.task !== "classify") throw refused(`${modelPath} does not classify events`);
  const parsed = schema.safeParse(model.preprocess);
  if (!parsed.success) throw refused(`${modelPath} holds no usable preprocess.json`);
  return { model, saved: parsed.data };
}

async function outcomesTable(outcomes: Outcomes, { missing: kept }: SavedClassifier, options: SavedEventsOptions): Promise<Table> {
  if (typeof outcomes !== "string") return outcomes;
  return readTable(outcomes, tableReading({ ...options, missing: [...kept, ...(options.missing ?? [])] }));
}

/** The events with the variables of the model, in its order, and with its static columns; what does not fit is said. */
async function knownEvents(
  input: string | Events,
  { encoding, outcomeStatics, missing, reading: kept }: SavedClassifier,
  { statics: _statics, ...options }: ClassifyOptions,
  table: Table | null,
): Promise<{ readonly events: EventColumns; readonly warnings: EventPrediction["warnings"] }> {
  const names = encoding.variables.map(({ name }) => name);
  const own = encoding.statics.map(({ name }) => name).filter((name) => !outcomeStatics.includes(name));
  const reading = { statics: own, ...readAlike(kept), ...options, missing: [...missing, ...(options.missing ?? [])] };
  const events = typeof input === "string" ? await readingEvents(() => readEvents(input, reading)) : input;
  if (!events.parameters.some((name) => names.includes(name))) {
    const message = `The events hold none of what the model reads (${listed(names)}).`;
    throw new DataError("no_known_variable", message, "Is it the right file?", typeof input === "string" ? { file: input } : {});
  }
  const columns = eventColumns(events, names);
  const there = [...events.parameters, ...events.statics.map(({ name }) => name)];
  const lacking = [...names, ...own].filter((name) => !there.includes(name)).concat(table === null ? outcomeStatics : []);
  const strange = [...there.filter((name) => !names.includes(name) && !own.includes(name)), ...events.strange];
  const warnings = [
    ...events.hints,
    ...(lacking.length > 0
      ? [{ code: "parameter_lacking", message: `${listed(lacking)} counts as never measured: not in the input` }]
      : []),
    ...(strange.length > 0 ? [{ code: "unknown_parameter", message: `${listed(strange)} is not read: the model does not know it` }] : []),
  ];
  if (table === null || outcomeStatics.length === 0) return { events: columns, warnings };
  const id = idColumn(columns, table, reading.id);
  const places = new Map(Array.from({ length: table.rows }, (_, row) => [id.cell(row), row]));
  const rows = columns.ids.map((each) => places.get(each) ?? -1);
  const statics = outcomeStatics.map((name) => staticOf(columnOf(table, name), rows));
  return { events: { ...columns, statics: [...columns.statics, ...statics] }, warnings };
}
