// Tells `fit(x, y, options)` from `fit(dataset, options)`.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { shown } from "../nn/options.js";
import { checkNames } from "../nn/suggest.js";
import { isTensor } from "../trace/traced.js";
import { type BatchesLike, BatchStream } from "./batch-stream.js";
import type { DataLike } from "./columns.js";
import type { Callback, Dataset, FitOptions, Named, RunOptions } from "./types.js";

/** The arguments in one form; lengths given as an option win over those of the data set. */
export interface FitArguments<T> {
  readonly data: Dataset;
  readonly options: T;
}

type Given = Named<DataLike> | Dataset;

const optionNames: ReadonlySet<string> = new Set<keyof FitOptions | keyof RunOptions>([
  "epochs",
  "batchSize",
  "validationSplit",
  "validationData",
  "lengths",
  "seed",
  "shuffle",
  "bucketByLength",
  "callbacks",
  "verbose",
  "log",
  "signal",
  "resumeFrom",
  "stepsPerEpoch",
  "sampleWeights",
  "classWeights",
  "accumulate",
  "ema",
]);

/** Reads the arguments of `fit` and `evaluate`; throws UsageError `no_targets`, `unknown_option`. */
export function readFitArguments<T extends RunOptions | FitOptions>(
  first: Given,
  second: Named<DataLike> | T | undefined,
  third: T | undefined,
): FitArguments<T> {
  if (isDataset(first, true) && (second === undefined || isOptions(second))) {
    const options = (second ?? {}) as T;
    checkFitOptions(options);
    return withLengths(first, options);
  }
  if (second === undefined || second === null) {
    throw new UsageError({ code: "no_targets", what: "there is no y", hint: "Pass (x, y, options), or a data set { x, y }." });
  }
  const options = third ?? ({} as T);
  checkFitOptions(options);
  return withLengths({ x: first as Named<DataLike>, y: second as Named<DataLike> }, options);
}

/** The arguments of `fit(stream, options)`; throws UsageError `stream_option` for options that need all rows at hand. */
export async function openStreamArguments(
  given: BatchesLike,
  options: unknown = {},
): Promise<FitArguments<FitOptions> & { readonly stream: BatchStream }> {
  if (!isOptions(options)) throw badOption("a stream of batches has its targets inside: pass (stream, options)");
  const known = options as FitOptions;
  checkFitOptions(known);
  const wrong = (["batchSize", "shuffle", "validationSplit", "bucketByLength", "lengths", "sampleWeights"] as const).find(
    (name) => known[name] !== undefined,
  );
  if (wrong !== undefined)
    throw new UsageError({
      code: "stream_option",
      op: "fit",
      what: `${wrong} is for data that is at hand`,
      hint: "A stream of batches decides that itself.",
    });
  const { stepsPerEpoch } = known;
  if (stepsPerEpoch !== undefined && !(Number.isInteger(stepsPerEpoch) && stepsPerEpoch >= 1))
    throw badOption(`stepsPerEpoch must be a whole number of at least 1, got ${shown(stepsPerEpoch)}`);
  const { stream, first } = await BatchStream.open(given, stepsPerEpoch ?? null);
  return { data: first, options: known, stream };
}

/** True for { x, y, lengths? }. With `isSingle` a record with x alone is one too: the model's own input has no name. */
export function isDataset(given: unknown, isSingle: boolean): given is Dataset {
  return isRecord(given) && !isTensor(given) && !ArrayBuffer.isView(given) && "x" in given && (isSingle || "y" in given);
}

/** Names and kinds; numbers are checked where they are used. */
function checkFitOptions(options: FitOptions): void {
  const given: unknown = options;
  if (!isRecord(given)) throw badOption("the options must be a record, as in { epochs: 20 }");
  const unknown = Object.keys(options).find((name) => !optionNames.has(name));
  if (unknown !== undefined)
    throw new UsageError({
      code: "unknown_option",
      what: `there is no option "${unknown}"`,
      hint: `Options are ${[...optionNames].join(", ")}.`,
    });
  const { shuffle, verbose, log, signal, callbacks, validationData, resumeFrom } = options;
  if (shuffle !== undefined && typeof shuffle !== "boolean") throw badOption(`shuffle must be true or false, got ${shown(shuffle)}`);
  if (options.bucketByLength !== undefined && typeof options.bucketByLength !== "boolean")
    throw badOption(`bucketByLength must be true or false, got ${shown(options.bucketByLength)}`);
  if (verbose !== undefined && !["auto", "silent", "lines"].includes(verbose))
    throw badOption(`verbose must be "auto", "silent" or "lines", got ${shown(verbose)}`);
  if (log !== undefined && typeof log !== "function") throw badOption("log must be a function of a line");
  if (signal !== undefined && typeof signal?.aborted !== "boolean") throw badOption("signal must be an AbortSignal");
  if (resumeFrom !== undefined && resumeFrom !== null && (typeof resumeFrom !== "string" || resumeFrom === ""))
    throw badOption(`resumeFrom must be the path of a checkpoint, got ${shown(resumeFrom)}`);
  if (validationData !== undefined && !isRecord(validationData) && !(Array.isArray(validationData) && validationData.length === 2))
    throw badOption("validationData must be a data set { x, y } or a pair [x, y]");
  if (callbacks !== undefined) checkCallbacks(callbacks);
}

/** A misspelt hook would never be called, so names that look like one must be one. */
function checkCallbacks(callbacks: readonly Callback[]): void {
  if (!Array.isArray(callbacks)) throw badOption("callbacks must be a list");
  for (const callback of callbacks as readonly unknown[]) {
    if (!isRecord(callback)) throw badOption(`a callback is a record of functions, found ${shown(callback)}`);
    for (const [name, value] of Object.entries(callback)) {
      const isHook = /^on[A-Z]/.test(name);
      if (isHook) checkNames(`callback ${String(callback.name ?? "")}`.trim(), "hook", [name], hooks);
      if (!isHook && name !== "state" && name !== "restore") continue;
      if (value !== undefined && typeof value !== "function")
        throw badOption(`callback ${String(callback.name)}: ${name} is not a function`);
    }
  }
}

const hooks: readonly string[] = ["onTrainStart", "onEpochStart", "onBatchEnd", "onEpochEnd", "onNonFinite", "onSafePoint", "onTrainEnd"];

function badOption(what: string): UsageError {
  return new UsageError({ code: "bad_option", op: "fit", what });
}

function isOptions(given: unknown): boolean {
  return isRecord(given) && !isTensor(given) && !ArrayBuffer.isView(given) && Object.keys(given).every((name) => optionNames.has(name));
}

function withLengths<T extends RunOptions | FitOptions>(data: Dataset, options: T): FitArguments<T> {
  const lengths = options.lengths ?? data.lengths;
  const sampleWeights = options.sampleWeights ?? data.sampleWeights;
  const beside = { ...(lengths === undefined ? {} : { lengths }), ...(sampleWeights === undefined ? {} : { sampleWeights }) };
  return { data: { x: data.x, y: data.y, ...beside }, options };
}
