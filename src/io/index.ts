// The door `deep-rnn/io`: file formats as pure functions on bytes.

export { DataError } from "../base/errors.js";
export { readSafetensors, type SafetensorsFile, type StoredTensor, writeSafetensors } from "./safetensors.js";
