// What a saved model consists of: model.json, weights.safetensors, README.md and perhaps preprocess.json, as bytes by name.

import type { DType } from "../base/dtype.js";
import { DataError, UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { atFile } from "./at-file.js";
import { type CompileSchema, checkCompile } from "./compile-schema.js";
import { quoted, readJson } from "./json.js";
import { modelReadme } from "./model-readme.js";
import { readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.js";

export type { CompileSchema } from "./compile-schema.js";

export const modelFormat = "deep-rnn";
export const modelFormatVersion = 1;
/** Bytes of model.json and of preprocess.json that are read at most. */
const jsonLimit = 64_000_000;

/** An input or output of the model; `name` is null where there is a single unnamed one. Shapes are without the batch axis. */
export interface PortSchema {
  readonly name: string | null;
  readonly shape: readonly (number | "time")[];
  readonly dtype: DType;
}

/** Shape of one weight, and the order of the gates along its last axis if it has gates. */
export interface WeightSchema {
  readonly shape: readonly number[];
  readonly gates: readonly string[] | null;
}

/** The content of model.json. `network` holds wiring, layers and cells as the network room writes them. */
export interface ModelDocument {
  readonly format: typeof modelFormat;
  readonly formatVersion: typeof modelFormatVersion;
  readonly task: string | null;
  readonly network: unknown;
  readonly inputs: readonly PortSchema[];
  readonly outputs: readonly PortSchema[];
  readonly weights: Readonly<Record<string, WeightSchema>>;
  /** Null if the model was not compiled, or with a function of the user's own. */
  readonly compile: CompileSchema | null;
  /** Paths of the weights that training leaves as they are. */
  readonly frozen?: readonly string[];
}

/** A model taken apart. `preprocess` is handed through as it was given. */
export interface StoredModel {
  readonly document: ModelDocument;
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly preprocess: unknown;
}

/** The files of a model folder by name. */
export function encodeModel(model: StoredModel): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  files.set("model.json", jsonBytes(model.document));
  files.set("weights.safetensors", writeSafetensors(model.weights, { format: modelFormat }));
  if (model.preprocess !== undefined) files.set("preprocess.json", preprocessBytes(model.preprocess));
  files.set("README.md", new TextEncoder().encode(modelReadme(model.document)));
  return files;
}

function preprocessBytes(preprocess: unknown): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = jsonBytes(preprocess);
  } catch (error) {
    const what = `preprocess cannot be written as JSON: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
    throw new UsageError({ code: "bad_preprocess", op: "save", what });
  }
  // What could not be read back is not written.
  readJson(bytes, jsonLimit, (what) => new DataError("bad_preprocess", `save: preprocess as JSON cannot be read back: ${what}.`));
  return bytes;
}

/**
 * Reads and checks the files of a model folder. Nothing in them is executed.
 *
 * @param label  how messages call the model: its path
 * @throws DataError `not_a_model`, `model_*`, `safetensors_*`
 */
export function decodeModel(files: ReadonlyMap<string, Uint8Array>, label: string): StoredModel {
  const text = files.get("model.json");
  if (text === undefined) throw new DataError("not_a_model", `${label} is not a saved model: it has no model.json.`, "", atFile(label));
  const document = checkDocument(parseJson(text, `${label}/model.json`), `${label}/model.json`);
  const bytes = files.get("weights.safetensors");
  if (bytes === undefined)
    throw new DataError("model_incomplete", `${label} is incomplete: weights.safetensors is missing.`, "", atFile(label));
  const weights = readSafetensors(bytes, `${label}/weights.safetensors`).tensors;
  checkWeights(document, weights, label);
  const preprocess = files.get("preprocess.json");
  return { document, weights, preprocess: preprocess === undefined ? undefined : parseJson(preprocess, `${label}/preprocess.json`) };
}

function checkWeights(document: ModelDocument, weights: ReadonlyMap<string, StoredTensor>, label: string): void {
  for (const [path, { shape }] of Object.entries(document.weights)) {
    const stored = weights.get(path);
    if (stored === undefined)
      throw new DataError(
        "model_weights",
        `${label}: model.json names the weight ${quoted(path)}, weights.safetensors does not have it.`,
        "",
        atFile(label),
      );
    if (stored.dtype !== "float32" || stored.shape.join() !== shape.join()) {
      const what = `the weight ${quoted(path)} is [${stored.shape.join(", ")}] ${stored.dtype}, model.json says [${shape.join(", ")}] float32`;
      throw new DataError("model_weights", `${label}: ${what}.`, "", atFile(label));
    }
  }
  const extra = [...weights.keys()].find((path) => !Object.hasOwn(document.weights, path));
  if (extra !== undefined)
    throw new DataError(
      "model_weights",
      `${label}: weights.safetensors holds ${quoted(extra)}, which model.json does not name.`,
      "",
      atFile(label),
    );
}

function checkDocument(value: unknown, file: string): ModelDocument {
  if (!isRecord(value) || value.format !== modelFormat) {
    throw new DataError(
      "not_a_model",
      `${file} was not written by deep-rnn: its format is ${shown(isRecord(value) ? value.format : value)}.`,
      "",
      atFile(file),
    );
  }
  if (value.formatVersion !== modelFormatVersion) {
    const what = `${file} has format version ${shown(value.formatVersion)}; this version of deep-rnn reads ${modelFormatVersion}.`;
    throw new DataError("model_version", what, "Update deep-rnn, or save the model again.", atFile(file));
  }
  const { task, network, inputs, outputs, weights, compile, frozen } = value;
  if (task !== null && typeof task !== "string") throw edited(file, "task", "a text or null", task);
  if (!isRecord(network)) throw edited(file, "network", "an object", network);
  if (!isRecord(weights)) throw edited(file, "weights", "an object", weights);
  return {
    format: modelFormat,
    formatVersion: modelFormatVersion,
    task,
    network,
    inputs: list(inputs, file, "inputs").map((port, index) => checkPort(port, file, `inputs[${index}]`)),
    outputs: list(outputs, file, "outputs").map((port, index) => checkPort(port, file, `outputs[${index}]`)),
    weights: Object.fromEntries(Object.keys(weights).map((path) => [path, checkWeight(weights[path], file, `weights[${quoted(path)}]`)])),
    compile: compile === null ? null : checkCompile(compile, (at, expected, found) => edited(file, at, expected, found)),
    ...(frozen === undefined ? {} : { frozen: checkFrozen(frozen, weights, file) }),
  };
}

function checkPort(value: unknown, file: string, at: string): PortSchema {
  if (!isRecord(value)) throw edited(file, at, "an object", value);
  const { name, shape, dtype } = value;
  if (name !== null && typeof name !== "string") throw edited(file, `${at}.name`, "a text or null", name);
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw edited(file, `${at}.dtype`, "float32, int32 or bool", dtype);
  const sizes = list(shape, file, `${at}.shape`).map((size) => {
    if (size === "time" || isSize(size)) return size;
    throw edited(file, `${at}.shape`, 'whole numbers or "time"', shape);
  });
  return { name, shape: sizes, dtype };
}

function checkWeight(value: unknown, file: string, at: string): WeightSchema {
  if (!isRecord(value)) throw edited(file, at, "an object", value);
  const shape = list(value.shape, file, `${at}.shape`).map((size) => {
    if (isSize(size)) return size;
    throw edited(file, `${at}.shape`, "whole numbers", value.shape);
  });
  const gates = value.gates === null ? null : texts(value.gates, file, `${at}.gates`);
  return { shape, gates };
}

function checkFrozen(value: unknown, weights: object, file: string): readonly string[] {
  const paths = texts(value, file, "frozen");
  const unknown = paths.find((path) => !Object.hasOwn(weights, path));
  if (unknown === undefined) return paths;
  throw edited(file, "frozen", "a list of the model's weights", unknown);
}

function list(value: unknown, file: string, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw edited(file, at, "a list", value);
  return value;
}

function texts(value: unknown, file: string, at: string): readonly string[] {
  return list(value, file, at).map((text) => {
    if (typeof text !== "string") throw edited(file, at, "a list of texts", value);
    return text;
  });
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  return readJson(bytes, jsonLimit, (what) => new DataError("model_json", `${file} is damaged: ${what}.`, "", atFile(file)));
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

function edited(file: string, at: string, expected: string, found: unknown): DataError {
  return new DataError("model_field", `${file}: ${at} must be ${expected}, found ${shown(found)}.`, "", atFile(file));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
