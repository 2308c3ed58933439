// From a Keras file to a model: .keras, .weights.h5, and the whole-model .h5 of Keras 1 and 2.

import { DataError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import { atFile } from "../../io/at-file.js";
import { unpackZip } from "../../io/inflate.js";
import { readJson } from "../../io/json.js";
import { sequentialNetwork } from "../../nn/networks/sequential.js";
import { assemble, type Imported, type Probe, unusedArrays } from "../assemble.js";
import { chainOf, type LayerChoice, readChoices } from "../blocks.js";
import { readBytes } from "../bytes.js";
import type { ForeignLayer } from "../foreign-layer.js";
import type { ConversionReport } from "../report.js";
import { type KerasModel, readModelConfig } from "./config.js";
import { type H5Content, readH5 } from "./h5.js";
import { kerasNetwork } from "./network.js";
import type { Reading } from "./options.js";
import { type KerasStore, listedStore, numberedStore } from "./store.js";
import { isTrainingState, weightBlocks } from "./weights-only.js";

/** Options of `importKeras`. */
export interface KerasImportOptions {
  /** For files of weights alone: the layers in order, with what weights do not tell. */
  readonly layers?: readonly LayerChoice[];
  /** Inputs and the outputs Keras gave for them, to be compared. */
  readonly probe?: Probe;
}

const configLimit = 16_000_000;

/**
 * A model with the layers and weights of a Keras file: Sequential and functional models of Embedding, SimpleRNN, LSTM, GRU,
 * Bidirectional, Dense, Conv1D, pooling, LayerNormalization, activations and merges.
 *
 * @param from  bytes or path of a .keras, .weights.h5 or .h5 file
 * @throws DataError `keras_config`, `keras_unsupported`, `keras_weights`, `weights_do_not_fit`, `hdf5_damaged`, `zip_*`
 * @example const { model, report } = await importKeras("model.keras"); console.log(String(report));
 */
export async function importKeras(from: string | URL | Uint8Array, options: KerasImportOptions = {}): Promise<Imported> {
  const { bytes, label } = await readBytes(from, "the Keras file");
  const probe = options.probe ?? null;
  if (isZip(bytes)) {
    const { config, major, content } = await readArchive(bytes, label);
    return whole(readModelConfig(config, label), numberedStore(content), reader(label, major), probe);
  }
  if (!isHdf5(bytes)) throw new DataError("keras_config", `${label} is neither a .keras archive nor an HDF5 file.`, "", atFile(label));
  const content = await readH5(bytes, label);
  const text = content.texts.get("")?.model_config?.[0];
  if (text !== undefined) {
    const config = readJson(
      new TextEncoder().encode(text),
      configLimit,
      (what) => new DataError("keras_config", `${label}: in its configuration ${what}.`, "", atFile(label)),
    );
    return whole(readModelConfig(config, label), listedStore(content, "model_weights"), reader(label, 2), probe);
  }
  const isListed = (content.texts.get("")?.layer_names?.length ?? 0) > 0;
  return weightsOnly(isListed ? listedStore(content, "") : numberedStore(content), reader(label, isListed ? 2 : 3), options);
}

interface NotedReading extends Reading {
  readonly notes: string[];
}

function reader(file: string, kerasMajor: number): NotedReading {
  const notes: string[] = [];
  return { file, kerasMajor, notes, note: (text) => notes.push(text) };
}

function whole(config: KerasModel, store: KerasStore, reading: NotedReading, probe: Probe | null): Promise<Imported> {
  const network = kerasNetwork(config, store, reading);
  const leftOver = leftOvers(store, network.layers);
  return assemble({ format: "keras", ...network, leftOver, notes: reading.notes, file: reading.file, probe });
}

function weightsOnly(store: KerasStore, reading: NotedReading, { layers: given, probe }: KerasImportOptions): Promise<Imported> {
  const blocks = weightBlocks(store, reading);
  const { layers, inputShape, notes } = chainOf(blocks, given === undefined ? null : readChoices(given), reading.file);
  return assemble({
    format: "keras-weights",
    network: sequentialNetwork(layers.map(({ layer }) => layer)),
    layers,
    inputShapes: inputShape,
    leftOver: leftOvers(store, layers),
    notes: [...notes, ...reading.notes],
    file: reading.file,
    probe: probe ?? null,
  });
}

function leftOvers(store: KerasStore, layers: readonly ForeignLayer[]): ConversionReport["leftOver"] {
  return unusedArrays(store.all, layers).map(({ name, shape }) => {
    return { name, shape, reason: isTrainingState(name) ? "state of Keras's training" : "no layer needs it" };
  });
}

async function readArchive(bytes: Uint8Array, label: string): Promise<{ config: unknown; major: number; content: H5Content }> {
  const files = await unpackZip(bytes, label);
  const [configBytes, metadataBytes, weights] = ["config.json", "metadata.json", "model.weights.h5"].map((name) => files.get(name));
  if (files.has("data.pkl") || [...files.keys()].some((name) => name.endsWith("/data.pkl")))
    throw new DataError(
      "torch_pickle",
      `${label} is a pickle of PyTorch, which can run code when it is read.`,
      "Save its weights as safetensors.",
      atFile(label),
    );
  if (configBytes === undefined)
    throw new DataError("keras_config", `${label} is no Keras model: it has no config.json.`, "", atFile(label));
  if (weights === undefined) throw new DataError("keras_config", `${label} is incomplete: it has no model.weights.h5.`, "", atFile(label));
  const parse = (part: Uint8Array, name: string): unknown =>
    readJson(part, configLimit, (what) => new DataError("keras_config", `${label}/${name} is damaged: ${what}.`, "", atFile(label)));
  const metadata = metadataBytes === undefined ? {} : parse(metadataBytes, "metadata.json");
  const version =
    isRecord(metadata) && typeof metadata.keras_version === "string" ? Number.parseInt(metadata.keras_version, 10) : Number.NaN;
  return {
    config: parse(configBytes, "config.json"),
    major: Number.isNaN(version) ? 3 : version,
    content: await readH5(weights, `${label}/model.weights.h5`),
  };
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

function isHdf5(bytes: Uint8Array): boolean {
  return [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, index) => bytes[index] === byte);
}
