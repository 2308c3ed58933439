// Options of Keras layers by their meaning here; what has no counterpart is named in one sentence.

import { DataError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import { atFile } from "../../io/at-file.js";
import { ownActivations } from "./activations.js";
import type { KerasLayer } from "./config.js";

/** How a file is read: its name in messages, the version that wrote it, and where notes go. */
export interface Reading {
  readonly file: string;
  /** 3 where the file does not say. */
  readonly kerasMajor: number;
  note(text: string): void;
}

/** The name of an activation here; throws DataError `keras_unsupported`. */
export function activationOf(layer: KerasLayer, option: string, reading: Reading): string {
  const word = activationWord(layer.options[option]);
  if (word === "gelu") reading.note(`"${layer.name}" uses gelu, which is computed by its tanh form here: values differ by up to 5e-4.`);
  if (word === "hard_sigmoid" && reading.kerasMajor < 3) return "hardSigmoid";
  const known = Object.hasOwn(ownActivations, word) ? ownActivations[word] : undefined;
  if (known !== undefined) return known;
  throw unsupported(layer, `the ${option.replace("_", " ")} ${JSON.stringify(word)}`, reading);
}

function activationWord(value: unknown): string {
  if (value === null || value === undefined) return "linear";
  if (typeof value === "string") return value;
  if (!isRecord(value)) return String(value);
  return typeof value.config === "string" ? value.config : String(value.class_name);
}

/** A whole number above 0; throws DataError `keras_config`. */
export function sizeOption(layer: KerasLayer, option: string, { file }: Reading): number {
  const value = layer.options[option];
  // Some options are lists of one.
  const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof single === "number" && Number.isSafeInteger(single) && single > 0) return single;
  throw new DataError(
    "keras_config",
    `${file}: ${option} of "${layer.name}" must be a whole number above 0, found ${JSON.stringify(value) ?? "nothing"}.`,
    "",
    atFile(file),
  );
}

/** A rate in [0, 1); 0 where none is given. */
export function rateOption(layer: KerasLayer, option: string): number {
  const value = layer.options[option];
  return typeof value === "number" && value > 0 && value < 1 ? value : 0;
}

/** A layer or option without a counterpart. */
export function unsupported({ className, name }: Pick<KerasLayer, "className" | "name">, what: string, { file }: Reading): DataError {
  const hint = "docs/from-keras.md lists what can be read.";
  return new DataError(
    "keras_unsupported",
    `${file}: layer "${name}" (${className}) has ${what}, which has no counterpart here.`,
    hint,
    atFile(file),
  );
}

/** Throws unless an option has the only value that can be read. */
export function requireOption(layer: KerasLayer, option: string, allowed: readonly unknown[], reading: Reading): void {
  const value = layer.options[option];
  if (value === undefined || allowed.includes(value)) return;
  throw unsupported(layer, `${option} ${JSON.stringify(value)}`, reading);
}
