// The file that an error is about, as a field beside its sentence.

import type { DataPlace } from "../base/errors.js";

/** Readers call bytes without a path "the model" or the like: then there is no file to name. */
export function atFile(label: string): DataPlace {
  return /^the /.test(label) ? {} : { file: label };
}
