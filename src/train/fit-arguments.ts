// Tells `fit(x, y, options)` from `fit(dataset, options)`.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import type { TensorLike } from "../ops/index.js";
import { isTensor } from "../trace/traced.js";
import type { Dataset, FitOptions, Named, RunOptions } from "./types.js";

/** The arguments in one form; lengths given as an option win over those of the data set. */
export interface FitArguments<T> {
  readonly data: Dataset;
  readonly options: T;
}

type Given = Named<TensorLike> | Dataset;

const optionNames: ReadonlySet<string> = new Set<keyof FitOptions | keyof RunOptions>([
  "epochs",
  "batchSize",
  "validationSplit",
  "validationData",
  "lengths",
  "seed",
  "shuffle",
  "callbacks",
  "verbose",
  "log",
  "signal",
]);

/** Reads the arguments of `fit` and `evaluate`; throws UsageError `no_targets`, `unknown_option`. */
export function readFitArguments<T extends RunOptions | FitOptions>(
  first: Given,
  second: Named<TensorLike> | T | undefined,
  third: T | undefined,
): FitArguments<T> {
  if (isDataset(first, true) && (second === undefined || isOptions(second))) {
    return withLengths(first, (second ?? {}) as T);
  }
  if (second === undefined || second === null) {
    throw new UsageError({ code: "no_targets", what: "there is no y", hint: "Pass (x, y, options), or a data set { x, y }." });
  }
  const options = third ?? ({} as T);
  const unknown = Object.keys(options).find((name) => !optionNames.has(name));
  if (unknown !== undefined)
    throw new UsageError({
      code: "unknown_option",
      what: `there is no option "${unknown}"`,
      hint: `Options are ${[...optionNames].join(", ")}.`,
    });
  return withLengths({ x: first as Named<TensorLike>, y: second as Named<TensorLike> }, options);
}

/** True for { x, y, lengths? }. With `isSingle` a record with x alone is one too: the model's own input has no name. */
export function isDataset(given: unknown, isSingle: boolean): given is Dataset {
  return isRecord(given) && !isTensor(given) && !ArrayBuffer.isView(given) && "x" in given && (isSingle || "y" in given);
}

function isOptions(given: unknown): boolean {
  return isRecord(given) && !isTensor(given) && !ArrayBuffer.isView(given) && Object.keys(given).every((name) => optionNames.has(name));
}

function withLengths<T extends RunOptions | FitOptions>(data: Dataset, options: T): FitArguments<T> {
  const lengths = options.lengths ?? data.lengths;
  return { data: { x: data.x, y: data.y, ...(lengths === undefined ? {} : { lengths }) }, options };
}
