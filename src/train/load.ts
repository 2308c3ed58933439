// From a model's files back to a model. Files are checked by hand; nothing in them is executed.

import { DataError, DeepRnnError, UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { isRecord } from "../base/tree.js";
import { atFile } from "../io/at-file.js";
import { decodeModel, type ModelDocument, type PortSchema, type StoredModel } from "../io/model-file.js";
import { readZip } from "../io/zip.js";
import type { AnyCell, OwnCell } from "../nn/cell.js";
import type { BuiltNetwork, Named, Network, NetworkInput, NetworkOutput } from "../nn/network.js";
import { networkFromConfig } from "../nn/networks/config.js";
import { checkOptions } from "../nn/options.js";
import { NetworkModel } from "./model.js";
import { setupFromSchema } from "./setup.js";
import type { Model } from "./types.js";
import type { Layout } from "./weights.js";

/** Options of `loadModel`. */
export interface LoadOptions {
  /** The cells of one's own that the model uses. */
  readonly cells?: readonly OwnCell[];
}

/**
 * Loads what `save` or `toBytes` wrote: a folder, a .drnn file, a URL, or bytes.
 *
 * @throws DataError `not_a_model`, `model_*`, `safetensors_*`, `zip_*`, `no_such_model`; UsageError `missing_cell`
 * @example const model = await loadModel("models/a", { cells: [layerNormLstm] });
 */
export async function loadModel<O = Tensor>(from: string | URL | Uint8Array, options: LoadOptions = {}): Promise<Model<O>> {
  checkArguments(from, options);
  const label = from instanceof Uint8Array ? "the model" : String(from);
  const files = await readFiles(from, label);
  const stored = decodeModel(files, label);
  const cells = (options.cells ?? []).map(
    ({ name, source, definition }): AnyCell => ({ name, source, definition, options: definition.options }),
  );
  const network = inFile(label, () => networkFromConfig(checkedConfig(stored.document, label), cells));
  return restore<O>(network, stored, label);
}

/** Refuses what plain JavaScript may pass; throws UsageError `bad_path`, `unknown_option`, `bad_option`, `not_a_cell`. */
function checkArguments(from: unknown, options: LoadOptions): void {
  if (!(typeof from === "string" && from !== "") && !(from instanceof URL) && !(from instanceof Uint8Array)) {
    const what = "the model is neither a path, a URL nor bytes";
    throw new UsageError({ code: "bad_path", op: "loadModel", what, hint: "Bytes are a Uint8Array: new Uint8Array(buffer)." });
  }
  checkOptions("loadModel", options, { cells: "any" });
  const { cells = [] } = options;
  if (!Array.isArray(cells))
    throw new UsageError({ code: "bad_option", op: "loadModel", what: "cells must be a list", hint: "As in { cells: [cell] }." });
  if (cells.some((cell) => !isRecord(cell) || !isRecord(cell.definition)))
    throw new UsageError({ code: "not_a_cell", op: "loadModel", what: "cells holds something that defineCell did not make" });
}

function restore<O>(network: Network, stored: StoredModel, label: string): Model<O> {
  const { document } = stored;
  const inputs = inputTypes(document.inputs, label);
  const outputSize = document.outputs[0]?.shape.at(-1);
  const size = typeof outputSize === "number" ? outputSize : null;
  // Built once before anything of the announced size is allocated.
  const built = inFile(label, () => network.build(inputs, size));
  checkSameWeights(built, document, label);
  checkSameOutputs(built, document, label);
  return inFile(
    label,
    () =>
      new NetworkModel<O>(network, {
        inputs,
        outputSize: size,
        flat: (layout) => storedFlat(layout, stored),
        frozen: document.frozen ?? [],
        setup: document.compile === null ? null : setupFromSchema(document.compile),
        task: document.task,
        preprocess: stored.preprocess,
      }),
  );
}

async function readFiles(from: string | URL | Uint8Array, label: string): Promise<ReadonlyMap<string, Uint8Array>> {
  if (from instanceof Uint8Array) return readZip(from, label);
  if (/^https?:/.test(String(from))) return readZip(await download(String(from)), label);
  const { readModelPath } = await import("#node/io/folder");
  const found = await readModelPath(from);
  return found instanceof Uint8Array ? readZip(found, label) : found;
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url).catch((error: unknown) => {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new DataError("no_such_model", `${url} cannot be loaded: ${reason}.`, "", atFile(url));
  });
  if (!response.ok) throw new DataError("no_such_model", `${url} cannot be loaded: HTTP status ${response.status}.`, "", atFile(url));
  return new Uint8Array(await response.arrayBuffer());
}

/** Every layer has its lines in the file, so a count beyond the file's weights is a lie that would cost memory. */
function checkedConfig(document: ModelDocument, label: string): unknown {
  const { network } = document;
  const options = isRecord(network) ? network.options : undefined;
  const layers = isRecord(options) ? options.layers : undefined;
  if (typeof layers === "number" && layers > Object.keys(document.weights).length) {
    throw new DataError(
      "model_network",
      `${label}/model.json: it announces ${layers} layers, but has ${Object.keys(document.weights).length} weights.`,
      "",
      atFile(`${label}/model.json`),
    );
  }
  return network;
}

function inputTypes(ports: readonly PortSchema[], label: string): Named<NetworkInput> {
  const [first] = ports;
  if (first === undefined)
    throw new DataError("model_field", `${label}/model.json: inputs must not be empty.`, "", atFile(`${label}/model.json`));
  const names = new Set(ports.map(({ name }) => name));
  if (names.size < ports.length || (ports.length > 1 && names.has(null)))
    throw new DataError("model_field", `${label}/model.json: several inputs need names of their own.`, "", atFile(`${label}/model.json`));
  if (first.name === null) return { shape: first.shape, dtype: first.dtype };
  return Object.fromEntries(ports.map(({ name, shape, dtype }) => [name ?? "", { shape, dtype }]));
}

function checkSameWeights(built: BuiltNetwork, document: ModelDocument, label: string): void {
  const announced = Object.entries(document.weights).map(
    ([path, { shape, gates }]) => `${path} [${shape.join(", ")}] ${gates?.join() ?? ""}`,
  );
  const needed = built.weights.map(({ path, shape, gates }) => `${path} [${shape.join(", ")}] ${gates?.join() ?? ""}`);
  const wrong = needed.find((line) => !announced.includes(line)) ?? announced.find((line) => !needed.includes(line));
  if (wrong !== undefined)
    throw new DataError(
      "model_weights",
      `${label}: layers and weights of model.json do not belong together (${shortened(wrong.trim())}).`,
      "",
      atFile(label),
    );
}

function checkSameOutputs({ outputs }: BuiltNetwork, document: ModelDocument, label: string): void {
  const made = isSingleOutput(outputs) ? [[null, outputs] as const] : Object.entries(outputs);
  const lines = made.map(([name, { shape }]) => `${name ?? "the output"} [${shape.join(", ")}] float32`).sort();
  const announced = document.outputs.map(({ name, shape, dtype }) => `${name ?? "the output"} [${shape.join(", ")}] ${dtype}`).sort();
  const at = Array.from({ length: Math.max(lines.length, announced.length) }, (_, index) => index).find(
    (index) => lines[index] !== announced[index],
  );
  if (at === undefined) return;
  const what = `its outputs are ${shortened(announced.join(", ") || "none")}, its layers give ${shortened(lines.join(", "))}`;
  throw new DataError("model_network", `${label}/model.json: ${what}.`, "", atFile(`${label}/model.json`));
}

function isSingleOutput(outputs: BuiltNetwork["outputs"]): outputs is NetworkOutput {
  return Array.isArray(outputs.shape);
}

function storedFlat(layout: Layout, { weights }: StoredModel): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { info, offset } of layout.places) flat.set(weights.get(info.path)!.data, offset);
  return flat;
}

/** Turns what a wrong file makes the network say into a sentence about the file; a missing or changed cell is the caller's matter. */
function inFile<R>(label: string, inside: () => R): R {
  try {
    return inside();
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (error instanceof UsageError && (error.code === "missing_cell" || error.code === "cell_changed")) throw error;
    const reason = error instanceof DeepRnnError ? error.what : error instanceof Error ? error.message : String(error);
    throw new DataError("model_network", `${label}/model.json cannot be used: ${shortened(reason)}.`, "", atFile(`${label}/model.json`));
  }
}

/** Names from a file can be of any length and hold anything. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 400 ? `${line.slice(0, 400)}...` : line;
}
