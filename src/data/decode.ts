// From bytes to text: byte order marks, the UTF-8 check that names the line, and files that are no text at all.

import { DataError } from "../base/errors.js";
import type { Encoding } from "./types.js";

/** The name in a sentence: without folders. */
export function shortName(file: string | null | undefined): string {
  if (file === null || file === undefined || file === "") return "the table";
  return file.split(/[\\/]/).at(-1) || file;
}

/**
 * Decodes the bytes of a table.
 * @throws DataError `spreadsheet`, `binary_file`, `not_utf8`
 */
export function decodeText(bytes: Uint8Array, options: { readonly file?: string; readonly encoding?: Encoding } = {}): string {
  const name = shortName(options.file);
  const place = options.file === undefined ? {} : { file: options.file };
  refuseSpreadsheet(bytes, name, place);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (options.encoding === "utf-16le") return new TextDecoder("utf-16le").decode(bytes);
  const nul = bytes.indexOf(0);
  if (nul >= 0)
    throw new DataError("binary_file", `${name} looks binary (NUL at ${nul}).`, "A text file with separated columns is needed.", place);
  if (options.encoding === "latin1") return new TextDecoder("latin1").decode(bytes);
  const bad = firstInvalidUtf8(bytes);
  if (bad >= 0) {
    const line = 1 + count(bytes, 0x0a, bad);
    const byte = `0x${bytes[bad]!.toString(16).toUpperCase().padStart(2, "0")}`;
    throw new DataError("not_utf8", `${name} line ${line} is not UTF-8 (${byte});`, "try --encoding latin1.", { ...place, line });
  }
  return new TextDecoder("utf-8").decode(bytes);
}

/** Zip archives (xlsx, ods) and OLE files (xls) are told by their first bytes as well as by name. */
function refuseSpreadsheet(bytes: Uint8Array, name: string, place: { file?: string }): void {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
  const isOle = bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0;
  if (isZip || isOle || isSpreadsheetName(name)) {
    throw new DataError("spreadsheet", `${name} is a spreadsheet;`, "export it as CSV.", place);
  }
}

/** By file name alone, so that a spreadsheet is refused before it is read. */
export function isSpreadsheetName(name: string): boolean {
  return /\.(xlsx|xlsm|xlsb|xls|ods|numbers)$/i.test(name);
}

/** Offset of the first byte that breaks UTF-8 (RFC 3629: no overlong forms, no surrogates), or -1. */
function firstInvalidUtf8(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const size = sequenceLength(bytes, at);
    if (size === 0) return at;
    at += size;
  }
  return -1;
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const size = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  for (let i = 1; i < size; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
  if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
  return size;
}

function count(bytes: Uint8Array, value: number, end: number): number {
  let found = 0;
  for (let i = 0; i < end; i++) if (bytes[i] === value) found++;
  return found;
}
