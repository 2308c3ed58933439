// The files of a tar archive one by one, without holding the archive (POSIX.1-1988 ustar, with long names of GNU and pax).

import { DataError } from "../base/errors.js";
import { joined } from "./decode.js";

const recordSize = 512;
const decoder = new TextDecoder();

/** A file in an archive. */
export interface ArchivedFile {
  /** Path inside the archive. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the regular files of an archive in their order.
 * @throws DataError `bad_archive` if it is no tar archive, or ends early
 */
export async function* readTar(blocks: AsyncIterable<Uint8Array>, archive: string): AsyncGenerator<ArchivedFile> {
  const source = new ByteSource(blocks);
  let longName: string | null = null;
  for (;;) {
    const header = await source.take(recordSize);
    // Two empty records end an archive; some writers leave them out.
    if (header === null || header.every((byte) => byte === 0)) return;
    const size = octal(header, 124, 12);
    if (Number.isNaN(size) || !hasSum(header)) throw new DataError("bad_archive", `${archive} is no tar archive.`, "", { file: archive });
    const bytes = size === 0 ? new Uint8Array(0) : await source.take(size);
    const padding = (recordSize - (size % recordSize)) % recordSize;
    if (bytes === null) throw new DataError("bad_archive", `${archive} is truncated.`, "Copy or download it again.", { file: archive });
    if (padding > 0) await source.take(padding);
    const kind = String.fromCharCode(header[156]!);
    if (kind === "L") longName = text(bytes, 0, bytes.length);
    else if (kind === "x") longName = /(?:^|\n)\d+ path=(.*)\n/.exec(decoder.decode(bytes))?.[1] ?? longName;
    else {
      const prefix = text(header, 345, 155);
      const name = longName ?? (prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
      longName = null;
      if (kind === "0" || kind === "\u0000") yield { name, bytes };
    }
  }
}

/** Bytes in pieces of asked sizes. */
class ByteSource {
  readonly #blocks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(blocks: AsyncIterable<Uint8Array>) {
    this.#blocks = blocks[Symbol.asyncIterator]();
  }

  /** null if fewer bytes are left. */
  async take(count: number): Promise<Uint8Array | null> {
    while (this.#rest.length < count) {
      const next = await this.#blocks.next();
      if (next.done === true) return null;
      this.#rest = this.#rest.length === 0 ? next.value : joined(this.#rest, next.value);
    }
    const taken = this.#rest.slice(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end)).trim();
}

function octal(bytes: Uint8Array, start: number, length: number): number {
  const digits = text(bytes, start, length);
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** The header's sum of bytes, its own field counted as blanks. */
function hasSum(header: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < recordSize; i++) sum += i >= 148 && i < 156 ? 0x20 : header[i]!;
  return sum === octal(header, 148, 8);
}
