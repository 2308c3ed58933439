// From a PyTorch state dict in a safetensors file to a model.

import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import { readSafetensors } from "../../io/safetensors.js";
import { sequentialNetwork } from "../../nn/networks/sequential.js";
import type { ForeignArray } from "../arrays.js";
import { assemble, type Imported, type Probe, unusedArrays } from "../assemble.js";
import { chainOf, type LayerChoice, readChoices } from "../blocks.js";
import { readBytes } from "../bytes.js";
import { modulesOf, unknownModule } from "./modules.js";
import { savedChoices } from "./remembered.js";

/** Options of `importTorch`. */
export interface TorchOptions {
  /** The modules in order, with what weights do not tell. Default: the order that names and shapes leave. */
  readonly layers?: readonly LayerChoice[];
  /** Inputs and the outputs PyTorch gave for them, to be compared. */
  readonly probe?: Probe;
}

/**
 * A model with the weights of a PyTorch state dict: RNN, LSTM (also with projection) and GRU, stacked and in both directions, Linear,
 * Embedding, Conv1d and LayerNorm in a chain. Tensors are matched by their state-dict names (`lstm.weight_ih_l0`).
 *
 * @param from  bytes or path of a .safetensors file (safetensors.torch.save_file(model.state_dict(), path))
 * @throws DataError `torch_pickle`, `torch_module`, `layers_unknown_order`, `safetensors_*`; UsageError `unknown_layer`, `bad_layers`
 * @example const { model, report } = await importTorch("model.safetensors", { layers: ["lstm", { name: "fc", activation: "sigmoid" }] });
 */
export async function importTorch(from: string | URL | Uint8Array, options: TorchOptions = {}): Promise<Imported> {
  const { bytes, label } = await readBytes(from, "the safetensors file");
  refusePickle(bytes, label);
  const { tensors, metadata } = readSafetensors(bytes, label, { convert: true });
  const arrays = [...tensors].map(([name, { shape, data, dtype }]): ForeignArray => {
    // Counters and other whole numbers never match a weight, but they are shown.
    return { name, shape, data: dtype === "float32" && data instanceof Float32Array ? data : Float32Array.from(data) };
  });
  const choices = options.layers === undefined ? savedChoices(metadata) : readChoices(options.layers);
  const { blocks, unknown } = modulesOf(arrays, choices ?? [], label);
  if (choices === null && unknown.length > 0) throw unknownModule(unknown, label);
  const { layers, inputShape, notes } = chainOf(blocks, choices, label);
  return assemble({
    format: "torch",
    network: sequentialNetwork(layers.map(({ layer }) => layer)),
    layers,
    inputShapes: inputShape,
    leftOver: unusedArrays(arrays, layers).map(({ name, shape }) => ({ name, shape, reason: "not among the layers that were asked for" })),
    notes,
    file: label,
    probe: options.probe ?? null,
  });
}

/** What torch.save writes runs code when it is read, so it is not read. */
function refusePickle(bytes: Uint8Array, label: string): void {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const isPickle = bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5 && bytes[7] !== 0;
  if (!isZip && !isPickle) return;
  const hint = "Save its weights so: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors').";
  throw new DataError("torch_pickle", `${label} is a pickle of PyTorch, which can run code when it is read.`, hint, atFile(label));
}
