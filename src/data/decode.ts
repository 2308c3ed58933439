// From the bytes of a file to UTF-8, block by block: byte order marks, the check that names the line, and files that are no text.

import { DataError } from "../base/errors.js";
import type { Encoding } from "./types.js";

/** The name in a sentence: without folders. */
export function shortName(file: string | null | undefined): string {
  if (file === null || file === undefined || file === "") return "the table";
  return file.split(/[\\/]/).at(-1) || file;
}

/** By file name alone, so that a spreadsheet is refused before it is read. */
export function isSpreadsheetName(name: string): boolean {
  return /\.(xlsx|xlsm|xlsb|xls|ods|numbers)$/i.test(name);
}

/** The error for a spreadsheet. */
export function spreadsheet(file: string): DataError {
  return new DataError("spreadsheet", `${shortName(file)} is a spreadsheet;`, "export it as CSV.", { file });
}

/** Turns blocks of bytes into blocks of checked UTF-8 without a byte order mark. */
export class TextGate {
  readonly #name: string;
  readonly #place: { readonly file?: string };
  readonly #encoding: Encoding;
  /** null for UTF-8, which passes as it is. */
  #decoder: InstanceType<typeof TextDecoder> | null = null;
  #hasBegun = false;
  #tail: Uint8Array = new Uint8Array(0);
  #line = 1;
  #passed = 0;

  constructor({ file, encoding }: { readonly file?: string; readonly encoding?: Encoding }) {
    this.#name = shortName(file);
    this.#place = file === undefined ? {} : { file };
    this.#encoding = encoding ?? "utf-8";
  }

  /** @throws DataError `spreadsheet`, `zip_archive`, `packed_parquet`, `binary_file`, `not_utf8`, `broken_text` */
  push(block: Uint8Array): Uint8Array {
    const bytes = this.#hasBegun ? block : this.#begin(block);
    if (this.#decoder !== null) return this.#decoded(this.#decoder, bytes);
    const nul = bytes.indexOf(0);
    if (nul >= 0) {
      const message = `${this.#name} looks binary (NUL at ${this.#passed + nul}).`;
      // Letters of UTF-16 have a NUL after each; a mark at the beginning would have said so.
      const isWide = this.#passed === 0 && nul === 1 && bytes[3] === 0;
      const hint = isWide ? "If it is UTF-16, add --encoding utf-16le." : "A text file with separated columns is needed.";
      throw new DataError("binary_file", message, hint, this.#place);
    }
    this.#passed += bytes.length;
    const whole = this.#tail.length === 0 ? bytes : joined(this.#tail, bytes);
    const { valid, bad } = checkUtf8(whole);
    if (bad) throw this.#notUtf8(whole, valid);
    this.#line += countLines(whole, valid);
    this.#tail = whole.slice(valid);
    return whole.subarray(0, valid);
  }

  /** @throws DataError `not_utf8`, `broken_text` if a character is cut off at the end of the file */
  end(): Uint8Array {
    if (this.#decoder !== null) return this.#decoded(this.#decoder, null);
    if (this.#tail.length > 0) throw this.#notUtf8(this.#tail, 0);
    return this.#tail;
  }

  /** The text of a block, or what is left at the end. */
  #decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array | null): Uint8Array {
    try {
      return new TextEncoder().encode(bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true }));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const encoding = decoder.encoding.toUpperCase();
      const message = `${this.#name} is no whole ${encoding}: a letter is broken or cut off.`;
      throw new DataError("broken_text", message, "Copy it again, or give another --encoding.", this.#place);
    }
  }

  #begin(block: Uint8Array): Uint8Array {
    this.#hasBegun = true;
    this.#refuseArchives(block);
    const marked = block[0] === 0xff && block[1] === 0xfe ? "utf-16le" : block[0] === 0xfe && block[1] === 0xff ? "utf-16be" : null;
    if (marked !== null || this.#encoding !== "utf-8") this.#decoder = new TextDecoder(marked ?? this.#encoding, { fatal: true });
    const hasMark = block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf;
    if (!hasMark) return block;
    this.#decoder = null;
    return block.subarray(3);
  }

  /** Zip archives (xlsx, ods) and OLE files (xls) are told by their first bytes as well as by name. */
  #refuseArchives(bytes: Uint8Array): void {
    const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
    const isOle = bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0;
    if (isZip && /\.zip$/i.test(this.#name))
      throw new DataError("zip_archive", `${this.#name} is a zip archive;`, "unpack it, or compress the table with gzip.", this.#place);
    if (isZip || isOle) throw spreadsheet(this.#place.file ?? "");
    const isParquet = bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && bytes[3] === 0x31;
    if (isParquet)
      throw new DataError(
        "packed_parquet",
        `${this.#name} is Parquet in gzip or from a pipe;`,
        "give the path of the Parquet file itself.",
        this.#place,
      );
  }

  #notUtf8(bytes: Uint8Array, at: number): DataError {
    const line = this.#line + countLines(bytes, at);
    const byte = `0x${bytes[at]!.toString(16).toUpperCase().padStart(2, "0")}`;
    return new DataError("not_utf8", `${this.#name} line ${line} is not UTF-8 (${byte});`, "try --encoding latin1.", {
      ...this.#place,
      line,
    });
  }
}

/** How many bytes are whole characters, and whether what follows breaks UTF-8 or only waits for more. */
function checkUtf8(bytes: Uint8Array): { valid: number; bad: boolean } {
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at]! < 0x80) {
      at++;
      continue;
    }
    const size = sequenceLength(bytes, at);
    if (size === 0) return { valid: at, bad: true };
    if (at + size > bytes.length) return { valid: at, bad: false };
    at += size;
  }
  return { valid: at, bad: false };
}

/** Bytes of the character at `at` (RFC 3629: no overlong forms, no surrogates), 0 if those present are none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const size = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  for (let i = 1; i < size && at + i < bytes.length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1];
  if (second === undefined) return size;
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
  if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
  return size;
}

function countLines(bytes: Uint8Array, end: number): number {
  let found = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0 && at < end; at = bytes.indexOf(0x0a, at + 1)) found++;
  return found;
}

/** Two blocks as one. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
