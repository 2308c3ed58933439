// From what `fit` was given to a checked plan: data, rows to validate with, and options with their defaults.

import { UsageError } from "../base/errors.js";
import type { BatchStream } from "./batch-stream.js";
import { wholeBatchSize } from "./batches.js";
import type { ReadCheckpoint } from "./checkpoint.js";
import { type Columns, type DataLike, toColumns } from "./columns.js";
import { type Prepared, prepareData } from "./dataset.js";
import { checkWhole, type FitPlan } from "./fit.js";
import { progressCallback } from "./progress.js";
import type { Pass } from "./run.js";
import { trainingData } from "./sample-weights.js";
import type { SavedModel } from "./save.js";
import type { Session } from "./session.js";
import { measuresFor, type Setup } from "./setup.js";
import { orderedRows } from "./shuffle.js";
import type { Dataset, FitOptions, Model, Named } from "./types.js";

/** Rows at once where nobody says how many. */
export const defaultBatchSize = 32;

/** What a model asks of a plan. */
export interface FitRequest {
  readonly model: Model<unknown>;
  readonly saved: SavedModel;
  readonly session: Session;
  readonly setup: Setup;
  readonly data: Omit<Dataset, "x" | "y"> & { readonly x: Columns; readonly y: Columns };
  readonly options: FitOptions;
  readonly resume: ReadCheckpoint | null;
  /** Where the batches come from; the data is then the first of them. */
  readonly stream: BatchStream | null;
}

/**
 * The plan.
 *
 * @throws UsageError `bad_option`, `bad_split`, `stateful_shuffle` and those of `prepareData`
 */
export function planFit({ model, saved, session, setup, data, options, resume, stream }: FitRequest): FitPlan {
  const epochs = checkWhole("epochs", options.epochs ?? 10, 0);
  const measures = measuresFor(setup, session.ports);
  const prepared = prepareData({ ...data, lengths: data.lengths }, session.ports, measures.losses, stream === null);
  const isReordered = stream === null && (options.shuffle !== false || options.bucketByLength === true);
  if (session.carried.isUsed && isReordered) throw shuffledStates();
  if (options.bucketByLength === true && prepared.lengths.size === 0) throw nothingToBucket();
  const trainRows = prepared.rows - splitRows(prepared.rows, options);
  const progress = progressCallback(options, epochs);
  return {
    model,
    saved,
    session,
    measures,
    optimizer: setup.optimizer.name,
    rule: setup.optimizer.rule,
    data: trainingData(prepared, options, { ports: session.ports, losses: measures.losses }),
    options,
    stream,
    trainRows,
    validation: validationPass({ session, losses: measures.losses, prepared, trainRows }, options),
    epochs,
    batchSize: wholeBatchSize(options.batchSize ?? defaultBatchSize, trainRows),
    seed: options.seed ?? 0,
    shuffle: options.shuffle ?? true,
    callbacks: [...(options.callbacks ?? []), ...(progress === null ? [] : [progress])],
    bucketByLength: options.bucketByLength ?? false,
    accumulate: checkWhole("accumulate", options.accumulate ?? 1, 1),
    ema: checkMemory(options.ema),
    signal: options.signal ?? null,
    resume,
    warn: (sentence) => {
      if (options.verbose !== "silent" || options.log !== undefined) (options.log ?? console.error)(sentence);
    },
  };
}

interface Split {
  readonly session: Session;
  readonly losses: Parameters<typeof prepareData>[2];
  readonly prepared: Prepared;
  readonly trainRows: number;
}

function validationPass({ session, losses, prepared, trainRows }: Split, options: FitOptions): Pass | null {
  const { validationData } = options;
  const sizeOf = (rows: number): number => wholeBatchSize(options.batchSize ?? defaultBatchSize, rows);
  if (validationData === undefined) {
    if (trainRows === prepared.rows) return null;
    return { data: prepared, rows: orderedRows(trainRows, prepared.rows), batchSize: sizeOf(prepared.rows - trainRows) };
  }
  const given: Dataset = isPair(validationData) ? { x: validationData[0], y: validationData[1] } : validationData;
  const columns = {
    x: toColumns(given.x, "validation x"),
    y: toColumns(given.y, "validation y"),
    lengths: given.lengths,
    sampleWeights: given.sampleWeights,
  };
  const data = prepareData(columns, session.ports, losses);
  return { data, rows: orderedRows(0, data.rows), batchSize: sizeOf(data.rows) };
}

/** Rows that `validationSplit` keeps back; throws UsageError `bad_split`. */
function splitRows(rows: number, { validationSplit = 0, validationData }: FitOptions): number {
  if (validationSplit === 0) return 0;
  const kept = rows - Math.floor(rows * (1 - validationSplit) + 1e-9);
  const isShare = validationSplit > 0 && validationSplit < 1;
  if (isShare && kept > 0 && kept < rows && validationData === undefined) return kept;
  const what =
    validationData !== undefined
      ? "both validationSplit and validationData are given"
      : isShare
        ? `validationSplit ${validationSplit} of ${rows} rows leaves ${rows - kept} to train on and ${kept} to validate with`
        : `validationSplit must lie between 0 and 1, got ${validationSplit}`;
  throw new UsageError({ code: "bad_split", op: "fit", what });
}

function checkMemory(ema: number | undefined): number | null {
  if (ema === undefined) return null;
  if (ema >= 0 && ema < 1) return ema;
  throw new UsageError({ code: "bad_option", op: "fit", what: `ema must be at least 0 and below 1, got ${String(ema)}` });
}

function nothingToBucket(): UsageError {
  const what = "bucketByLength sorts rows by length, but all rows have all steps";
  return new UsageError({ code: "bad_option", op: "fit", what, hint: "Pass lengths, or ragged nested arrays." });
}

function shuffledStates(): UsageError {
  return new UsageError({
    code: "stateful_shuffle",
    op: "fit",
    what: "a layer is stateful, so that row i of a batch goes on where row i of the batch before ended, but rows are put in another order",
    hint: "Pass shuffle: false, and no bucketByLength.",
  });
}

function isPair(data: NonNullable<FitOptions["validationData"]>): data is readonly [Named<DataLike>, Named<DataLike>] {
  return Array.isArray(data);
}
