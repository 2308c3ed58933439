// A saved filling network on other tables: the same columns, scales and mixtures, without training.

import { z } from "zod";
import { UsageError } from "../../base/errors.js";
import { counted } from "../../base/words.js";
import { stepTable } from "../../data/event-steps.js";
import { isIdOf } from "../../data/panel.js";
import { readEvents } from "../../data/read-events.js";
import { readTable } from "../../data/read-table.js";
import { splitNames } from "../../data/time-column.js";
import type { Table } from "../../data/types.js";
import type { OwnCell } from "../../nn/cell.js";
import { loadModel, type Model } from "../../train/index.js";
import { eventReadingSchema, readAlike } from "../event-reading.js";
import { readColumns, readingEvents } from "../other-input.js";
import { gridOf, rowText } from "./grid.js";
import type { FillModel } from "./network.js";
import { columnsOf, fillWith } from "./run.js";
import type { FilledValue, ImputeOptions, SavedFill } from "./types.js";
import { filledCsv, refuseTooLong } from "./write.js";

const schema = z.object({
  format: z.literal("deep-rnn-impute"),
  formatVersion: z.literal(1),
  task: z.literal("impute"),
  id: z.string().nullable(),
  time: z.string().nullable(),
  dateOrder: z.enum(["dmy", "mdy"]).nullable(),
  missing: z.array(z.string()),
  gap: z.number().positive(),
  clock: z.object({ start: z.number(), step: z.number().positive() }).nullable(),
  reading: eventReadingSchema.nullable().default(null),
  columns: z
    .array(
      z.object({
        name: z.string(),
        mean: z.number(),
        deviation: z.number().positive(),
        average: z.number(),
        observed: z.int().min(0),
        method: z.enum(["mean", "last", "linear"]),
        networkWeight: z.number().min(0).max(1),
      }),
    )
    .min(1),
});

/** Options of `predictFill`: how the table is read, where that differs from the one trained on. */
export interface PredictFillOptions extends Pick<ImputeOptions, "missing" | "dateOrder" | "delimiter" | "encoding"> {
  /** The cells of one's own that the model uses. */
  readonly cells?: readonly OwnCell[];
}

/** Reads a table with these further words for missing cells; for input that is no file. */
export type FillSource = (missing: readonly string[]) => Promise<Table>;

/** A table filled by a saved model. */
export interface FillPrediction {
  readonly task: "impute";
  /** Holes that were filled. */
  readonly count: number;
  readonly predictions: readonly FilledValue[];
  /** The table as text, with its columns and rows in their order. */
  readonly csv: string;
  /** The filled columns, row by row; NaN where nothing could be known. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** Columns whose holes stay, because training saw no value of them. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/**
 * Fills the holes of a table with a model that `deep-rnn impute` saved. Nothing is trained and nothing measured: the columns must be those
 * of the training. A model of events reads event files.
 *
 * @throws UsageError `not_an_impute_model`; DataError `unknown_column`, `nothing_missing`, and those of `impute`
 * @example  const { csv } = await predictFill("runs/impute-stations-1/model", "new-stations.csv");
 */
export async function predictFill(
  modelPath: string,
  input: string | Table | FillSource,
  options: PredictFillOptions = {},
): Promise<FillPrediction> {
  const { model, saved } = await opened(modelPath, options);
  const missing = [...saved.missing, ...(options.missing ?? [])];
  const table = await tableOfInput(input, saved, { ...options, missing });
  const { id, time, columns, gap } = saved;
  const dateOrder = options.dateOrder ?? saved.dateOrder;
  const names = columns.map(({ name }) => name);
  const roles = { ...(id === null ? {} : { id }), ...(time === null ? {} : { time }), ...(dateOrder === null ? {} : { dateOrder }) };
  const read = [...[id, time].flatMap((list) => (list === null ? [] : splitNames(table, list))), ...names];
  refuseTooLong(table);
  const { grid } = readColumns(table, read, () => gridOf(table, { columns: names, ...roles }, gap));
  const filled = await fillWith(model, grid, saved);
  const [idOf, timeOf] = [rowText(table, id), rowText(table, time)];
  const predictions = Array.from(filled).flatMap((value, cell): FilledValue[] => {
    if (!Number.isNaN(grid.values[cell]!) || Number.isNaN(value)) return [];
    const index = Math.floor(cell / grid.names.length);
    return [{ index, id: idOf(index), time: timeOf(index), column: grid.names[cell % grid.names.length]!, value }];
  });
  const csv = filledCsv(table, grid, filled);
  const values = columnsOf(grid, filled);
  const warnings = columns.flatMap(({ name, observed }) => {
    const open = observed > 0 ? 0 : values[name]!.filter(Number.isNaN).length;
    const message = `${name} had no value in training: ${counted(open, "hole stays", "holes stay")}`;
    return open === 0 ? [] : [{ code: "empty_column", message }];
  });
  return { task: "impute", count: predictions.length, predictions, csv, values, warnings };
}

async function tableOfInput(
  input: string | Table | FillSource,
  { id, clock, reading: kept }: SavedFill,
  options: PredictFillOptions & { readonly missing: readonly string[] },
): Promise<Table> {
  if (typeof input === "function") return input(options.missing);
  if (typeof input !== "string") return input;
  if (clock === null) return readTable(input, { ...options, names: isIdOf({ id }) });
  const { cells: _cells, ...reading } = options;
  return stepTable(await readingEvents(() => readEvents(input, { ...(kept === null ? {} : readAlike(kept)), ...reading })), clock);
}

async function opened(modelPath: string, { cells }: PredictFillOptions): Promise<{ model: FillModel; saved: SavedFill }> {
  const model: Model = await loadModel(modelPath, cells === undefined ? {} : { cells });
  const parsed = schema.safeParse(model.preprocess);
  if (parsed.success) return { model, saved: parsed.data };
  const isOther = model.task !== "impute";
  const what = isOther ? `${modelPath} does not fill tables` : `${modelPath} holds no usable preprocess.json`;
  throw new UsageError({ code: "not_an_impute_model", what, hint: "Give the model of a run of impute." });
}
