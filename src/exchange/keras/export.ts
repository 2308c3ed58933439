// From a model to a Keras file: a whole .keras archive, or the weights alone.

import { UsageError } from "../../base/errors.js";
import { writeZip } from "../../io/zip.js";
import type { Model } from "../../train/types.js";
import type { ForeignArray } from "../arrays.js";
import { type OwnModel, ownModel } from "../own-layers.js";
import { type ConversionReport, makeReport } from "../report.js";
import type { Exported } from "../torch/export.js";
import { snakeCase } from "./config.js";
import { type KerasPart, kerasObject, kerasPart } from "./export-layers.js";
import { writeH5 } from "./h5.js";

/** Options of `exportKeras`. */
export interface KerasExportOptions {
  /** Only the weights, as in a .weights.h5 file. Default false: a .keras archive with the architecture. */
  readonly weightsOnly?: boolean;
}

/** The version whose layout is written. */
const kerasVersion = "3.0.0";

/**
 * A chain of layers as a Keras 3 file. Dropout and Embedding, SimpleRNN, LSTM, GRU, Bidirectional, Dense, Conv1D, pooling,
 * LayerNormalization and Activation are written as their namesakes.
 *
 * @throws UsageError `not_built`, `cannot_export` naming the layer
 * @example await writeFile("model.keras", (await exportKeras(model)).bytes);
 */
export async function exportKeras(model: Model<unknown>, { weightsOnly = false }: KerasExportOptions = {}): Promise<Exported> {
  const own = ownModel(model);
  if (!own.isChain) {
    const what = "a functional network is no chain of layers, which is what can be written for Keras";
    throw new UsageError({ code: "cannot_export", what, hint: "exportTorch writes the weights of any network." });
  }
  const counts = new Map<string, number>();
  const placed = own.layers.map((layer) => {
    const part = kerasPart(layer);
    const word = snakeCase(part.className);
    const count = counts.get(word) ?? 0;
    counts.set(word, count + 1);
    return { layer, part, group: `layers/${count === 0 ? word : `${word}_${count}`}` };
  });
  const arrays = placed.flatMap(({ part, group }) =>
    part.arrays.map((array): ForeignArray => ({ ...array, name: `${group}/${array.name}` })),
  );
  // Keras looks for the model's own group first, also where it holds nothing.
  const weights = await writeH5(arrays, ["vars", ...placed.map(({ group }) => `${group}/vars`)]);
  const report = makeReport({
    format: weightsOnly ? "keras-weights" : "keras",
    direction: "export",
    layers: placed.map(({ layer: { name, kind }, part }) => ({ name, kind, foreign: `Keras ${part.className}` })),
    parameters: arrays.reduce((sum, { data }) => sum + data.length, 0),
    tensors: placed.flatMap(({ part, group }) =>
      part.matches.map((each) => ({ ...each, foreign: each.foreign.map((name) => `${group}/${name}`) })),
    ),
    leftOver: [],
    notes: notesFor(own),
    probe: null,
  });
  return { bytes: weightsOnly ? weights : archive(own, placed, weights), report };
}

function archive({ inputs }: OwnModel, placed: readonly { readonly part: KerasPart }[], weights: Uint8Array): Uint8Array {
  const [input] = inputs;
  const shape = [null, ...(input?.shape ?? []).map((size) => (size === "time" ? null : size))];
  const isTokens = placed[0]?.part.className === "Embedding";
  const first = kerasObject("InputLayer", { batch_shape: shape, dtype: isTokens ? "int32" : "float32", sparse: false, name: "input" });
  const layers = [first, ...placed.map(({ part }) => kerasObject(part.className, { dtype: "float32", ...part.options }))];
  const config = {
    module: "keras",
    class_name: "Sequential",
    config: { name: "sequential", trainable: true, dtype: "float32", layers },
    registered_name: "Sequential",
    build_config: { input_shape: shape },
  };
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return writeZip(
    new Map([
      ["metadata.json", text({ keras_version: kerasVersion, date_saved: "1980-01-01@00:00:00" })],
      ["config.json", text(config)],
      ["model.weights.h5", weights],
    ]),
  );
}

/** Options that act while training and have no counterpart. */
function notesFor({ layers }: OwnModel): ConversionReport["notes"] {
  return layers.flatMap(({ name, options, inner }) => {
    const lost = Object.keys({ ...options, ...inner?.options }).filter((option) =>
      /zoneout|regularizer|weightDrop|maxNorm|activity/i.test(option),
    );
    return lost.length === 0 ? [] : [`"${name}": ${lost.join(", ")} act while training only and are left out.`];
  });
}
