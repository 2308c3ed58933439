// Rows of a .npy file through its handle, with the blocks that were read last kept in memory.

import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "../base/errors.js";
import { reason } from "./folder-node.js";
import { longestNpyHeader, type NpyArray, type NpyHeader, npyBytes, npyDtype, npyValues, readNpyHeader } from "./npy.js";

/** Opens the file and checks its header; see `openNpy`. */
export async function openNpyFile(path: string): Promise<NpyArray> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, "r");
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, longestNpyHeader + 12));
    await readFully(file, head, 0, path);
    return new NpyFile(file, path, readNpyHeader(head, size, path));
  } catch (error) {
    await file?.close();
    if (error instanceof DataError) throw error;
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isMissing) throw new DataError("file_not_found", `${path} does not exist.`, "", { file: path });
    throw new DataError("cannot_read", `${path} cannot be read: ${reason(error)}.`, "", { file: path });
  }
}

/** Small rows share blocks; 128 of them are 8 MB. */
const blockBytes = 65_536;
const mostBlocks = 128;

class NpyFile implements NpyArray {
  readonly shape: readonly number[];
  readonly dtype: NpyArray["dtype"];
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #header: NpyHeader;
  readonly #rowSize: number;
  /** Blocks by number, the one used last at the end. */
  readonly #blocks = new Map<number, Uint8Array>();

  constructor(file: FileHandle, path: string, header: NpyHeader) {
    this.#file = file;
    this.#path = path;
    this.#header = header;
    this.shape = header.shape;
    this.dtype = npyDtype(header.element);
    this.#rowSize = header.shape.slice(1).reduce((product, side) => product * side, 1);
  }

  async read(rows: Int32Array, into: Float32Array | Int32Array): Promise<void> {
    const { element, start } = this.#header;
    const size = this.#rowSize * npyBytes(element);
    // Rows that follow each other are read in one go.
    for (let first = 0; first < rows.length; ) {
      let end = first + 1;
      while (end < rows.length && rows[end] === rows[end - 1]! + 1) end += 1;
      const bytes = await this.#bytes(start + rows[first]! * size, (end - first) * size);
      if (!npyValues(element, bytes, into, first * this.#rowSize))
        throw new DataError(
          "npy_range",
          `${this.#path} holds whole numbers beyond 32 bits in rows ${rows[first]} to ${rows[end - 1]}.`,
          "",
          { file: this.#path },
        );
      first = end;
    }
  }

  async close(): Promise<void> {
    this.#blocks.clear();
    await this.#file.close();
  }

  async #bytes(at: number, length: number): Promise<Uint8Array> {
    const whole = Buffer.alloc(length);
    if (length >= blockBytes) {
      await readFully(this.#file, whole, at, this.#path);
      return whole;
    }
    for (let block = Math.floor(at / blockBytes); block * blockBytes < at + length; block++) {
      const from = block * blockBytes;
      const bytes = await this.#block(block);
      whole.set(bytes.subarray(Math.max(at - from, 0), Math.min(at + length - from, bytes.length)), Math.max(from - at, 0));
    }
    return whole;
  }

  async #block(number: number): Promise<Uint8Array> {
    const known = this.#blocks.get(number);
    if (known !== undefined) {
      this.#blocks.delete(number);
      this.#blocks.set(number, known);
      return known;
    }
    const block = Buffer.alloc(blockBytes);
    const { bytesRead } = await this.#file.read(block, 0, blockBytes, number * blockBytes);
    if (this.#blocks.size >= mostBlocks) for (const oldest of [...this.#blocks.keys()].slice(0, 1)) this.#blocks.delete(oldest);
    const bytes = block.subarray(0, bytesRead);
    this.#blocks.set(number, bytes);
    return bytes;
  }
}

async function readFully(file: FileHandle, into: Buffer, at: number, path: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, at + done);
    // The size was checked when it was opened: somebody has cut it since.
    if (bytesRead === 0) throw new DataError("cannot_read", `${path} ended while it was read.`, "", { file: path });
    done += bytesRead;
  }
}
