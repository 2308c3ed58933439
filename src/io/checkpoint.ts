// The files of a checkpoint beside those of its model: training.json says where training stands, training.safetensors holds its vectors.

import { DataError } from "../base/errors.js";
import type { StoredArray } from "../base/stored.js";
import { isRecord } from "../base/tree.js";
import { atFile } from "./at-file.js";
import { readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.js";

export const checkpointFormat = "deep-rnn-checkpoint";
export const checkpointFormatVersion = 1;

/** Names of the two files. */
export const checkpointFiles = ["training.json", "training.safetensors"] as const;

/** A training taken apart: plain JSON, and arrays by the names that the JSON uses. */
export interface CheckpointParts {
  readonly training: { readonly [name: string]: unknown };
  readonly arrays: ReadonlyMap<string, StoredArray>;
}

/** The two files by name. */
export function encodeCheckpoint({ training, arrays }: CheckpointParts): Map<string, Uint8Array> {
  // float64 arrays, of the reference backend, travel as pairs of words: every bit counts.
  const wide = [...arrays].filter(([, { data }]) => data instanceof Float64Array).map(([name]) => name);
  const document = { format: checkpointFormat, formatVersion: checkpointFormatVersion, wide, ...training };
  const shapes = Object.fromEntries([...arrays].map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
  const tensors = [...arrays].map(([name, array]): [string, StoredTensor] => [name, flat(array)]);
  return new Map([
    ["training.json", new TextEncoder().encode(`${JSON.stringify({ ...document, arrays: shapes }, null, 1)}\n`)],
    ["training.safetensors", writeSafetensors(new Map(tensors), { format: checkpointFormat })],
  ]);
}

/**
 * Reads and checks the two files.
 *
 * @param label  how messages call the checkpoint: its path
 * @throws DataError `not_a_checkpoint`, `checkpoint_version`, `checkpoint_damaged`, `safetensors_*`
 */
export function decodeCheckpoint(files: ReadonlyMap<string, Uint8Array>, label: string): CheckpointParts {
  const [text, bytes] = checkpointFiles.map((name) => files.get(name));
  if (text === undefined || bytes === undefined)
    throw new DataError(
      "not_a_checkpoint",
      `${label} is no checkpoint: it has no ${text === undefined ? "training.json" : "training.safetensors"}.`,
      "",
      atFile(label),
    );
  const training = parse(text, label);
  if (training.formatVersion !== checkpointFormatVersion) {
    const what = `${label} has checkpoint version ${JSON.stringify(training.formatVersion) ?? "none"}; this version of deep-rnn reads ${checkpointFormatVersion}.`;
    throw new DataError(
      "checkpoint_version",
      what,
      "Go on with the version that wrote it, or load its model and train anew.",
      atFile(label),
    );
  }
  const { tensors } = readSafetensors(bytes, `${label}/training.safetensors`);
  const wide: readonly unknown[] = Array.isArray(training.wide) ? training.wide : [];
  const shapes = isRecord(training.arrays) ? training.arrays : {};
  const arrays = Object.entries(shapes).map(([name, shape]): [string, StoredArray] => {
    const stored = tensors.get(name);
    const array = stored === undefined ? null : shaped(stored, shape, wide.includes(name));
    if (array === null) throw damaged(label, `training.json names the array "${name}" otherwise than training.safetensors holds it`);
    return [name, array];
  });
  return { training, arrays: new Map(arrays) };
}

/** The error for a training.json whose fields are not those that this library writes. */
export function damaged(label: string, what: string): DataError {
  return new DataError("checkpoint_damaged", `${label} is damaged: ${what}.`, "", atFile(label));
}

function parse(bytes: Uint8Array, label: string): { readonly [name: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged(label, "training.json is not valid JSON");
  }
  if (isRecord(value) && value.format === checkpointFormat) return value;
  throw new DataError("not_a_checkpoint", `${label}/training.json was not written by deep-rnn.`, "", atFile(`${label}/training.json`));
}

function flat({ data }: StoredArray): StoredTensor {
  if (data instanceof Float64Array) {
    const words = new Int32Array(data.slice().buffer);
    return { dtype: "int32", shape: [words.length], data: words };
  }
  if (data instanceof Uint8Array) return { dtype: "bool", shape: [data.length], data };
  return { dtype: data instanceof Int32Array ? "int32" : "float32", shape: [data.length], data };
}

function shaped(stored: StoredTensor, described: unknown, isWide: boolean): StoredArray | null {
  if (!isRecord(described) || !Array.isArray(described.shape)) return null;
  const shape = described.shape.filter((size): size is number => Number.isSafeInteger(size) && size >= 0);
  const data = isWide
    ? stored.dtype === "int32" && stored.data.length % 2 === 0
      ? new Float64Array(stored.data.slice().buffer)
      : null
    : stored.data;
  const { dtype } = described;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") return null;
  if (data === null || shape.length !== described.shape.length || (!isWide && stored.dtype !== dtype)) return null;
  return shape.reduce((product, size) => product * size, 1) === data.length ? { shape, dtype, data } : null;
}
