// The door `deep-rnn/io`: file formats as pure functions on bytes, and models of Keras and PyTorch in and out.

export { DataError } from "../base/errors.js";
export { type ReadOptions, readSafetensors, type SafetensorsFile, type StoredTensor, writeSafetensors } from "../io/safetensors.js";
export type { Imported, Probe } from "./assemble.js";
export type { LayerChoice } from "./blocks.js";
export { exportKeras, type KerasExportOptions } from "./keras/export.js";
export { importKeras, type KerasImportOptions } from "./keras/import.js";
export type { ConversionReport, ProbeResult, TensorMatch } from "./report.js";
export { type Exported, exportTorch } from "./torch/export.js";
export { importTorch, type TorchOptions } from "./torch/import.js";
