// From a model to its files, as a folder, one file or bytes.

import { UsageError } from "../base/errors.js";
import type { PortSchema, StoredModel } from "../io/model-file.js";
import { encodeModel, modelFormat, modelFormatVersion } from "../io/model-file.js";
import type { StoredTensor } from "../io/safetensors.js";
import { writeZip } from "../io/zip.js";
import type { Network } from "../nn/network.js";
import type { Session } from "./session.js";
import { type Setup, setupSchema } from "./setup.js";
import type { Vector } from "./weights.js";

/** What is saved. */
export interface SavedModel {
  readonly network: Network;
  readonly session: Session;
  readonly setup: Setup | null;
  readonly preprocess: unknown;
  readonly task: string | null;
}

/** Writes the model atomically: a folder, or one file if the path ends in .drnn. Needs Node. */
export async function saveModel(path: string, model: SavedModel): Promise<void> {
  if (typeof path !== "string" || path === "")
    throw new UsageError({
      code: "bad_path",
      op: "save",
      what: "the path must be a text that is not empty",
      hint: 'As in save("models/a").',
    });
  const { writeFileAtomically, writeFolder } = await import("#node/io/folder");
  if (path.endsWith(".drnn")) await writeFileAtomically(path, modelBytes(model));
  else await writeFolder(path, encodeModel(storedModel(model)));
}

/** The model folder as one ZIP archive. */
export function modelBytes(model: SavedModel): Uint8Array {
  return writeZip(encodeModel(storedModel(model)));
}

/** The files of a model folder with these weights. */
export function modelFiles(model: SavedModel, flat: Vector): Map<string, Uint8Array> {
  return encodeModel(storedModel(model, flat));
}

function storedModel({ network, session, setup, preprocess, task }: SavedModel, flat: Vector = session.store.flat()): StoredModel {
  const { layout } = session.context;
  const weights = layout.places.map(({ info, offset, size }): [string, StoredTensor] => {
    return [info.path, { dtype: "float32", shape: info.shape, data: Float32Array.from(flat.subarray(offset, offset + size)) }];
  });
  const inputs = [...session.ports.inputs].map(
    ([name, { shape, dtype }]): PortSchema => ({ name: name === "" ? null : name, shape, dtype }),
  );
  const outputs = [...session.ports.outputs].map(
    ([name, { shape }]): PortSchema => ({ name: name === "" ? null : name, shape, dtype: "float32" }),
  );
  return {
    document: {
      format: modelFormat,
      formatVersion: modelFormatVersion,
      task,
      network: network.toConfig(),
      inputs,
      outputs,
      weights: Object.fromEntries(layout.places.map(({ info }) => [info.path, { shape: info.shape, gates: info.gates }])),
      compile: setup === null ? null : setupSchema(setup),
      ...(session.frozen.length === 0 ? {} : { frozen: session.frozen }),
    },
    weights: new Map(weights),
    preprocess,
  };
}
