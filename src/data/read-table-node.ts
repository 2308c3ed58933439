// Tables from disk or a pipe: plain or gzip, block by block, with a sentence for every way in which a file can be unreadable.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "../base/errors.js";
import { isSpreadsheetName, joined, shortName, spreadsheet, TextGate } from "./decode.js";
import { TextSink } from "./text-sink.js";
import type { ReadTableOptions, Table } from "./types.js";

const blockSize = 1 << 20;
/** Bytes that tell what a file is. */
const markSize = 4;

type Blocks = AsyncIterable<Uint8Array>;

/**
 * Reads a table of text from blocks of bytes, decompressed if they begin like gzip; the text is never held as a whole.
 * `options.file` is how messages call it.
 * @throws DataError `empty_file`, `bad_gzip`, `spreadsheet`, `zip_archive`, `binary_file`, `not_utf8` and those of `parseTable`
 */
export async function readTextTable(blocks: Blocks, options: ReadTableOptions & { readonly file: string }): Promise<Table> {
  const { encoding, ...rest } = options;
  const { file } = options;
  const gate = new TextGate({ file, ...(encoding === undefined ? {} : { encoding }) });
  const sink = new TextSink(rest);
  let isEmpty = true;
  for await (const block of unpacked(blocks, file)) {
    isEmpty = false;
    sink.push(gate.push(block));
  }
  if (isEmpty) throw new DataError("empty_file", `${shortName(file)} is empty.`, "", { file });
  sink.push(gate.end());
  return sink.end();
}

/**
 * Reads a table from a file of any kind, told by its first bytes.
 * @throws DataError those of `bytesOf`, `readTextTable` and `readWithDuckDb`
 */
export async function readTableFile(path: string, options: ReadTableOptions): Promise<Table> {
  const blocks = bytesOf(path);
  const first = await blocks.next();
  const isParquet = first.done !== true && marks(first.value, "PAR1");
  if (!isParquet && options.sql === undefined && !/\.sql$/i.test(path)) {
    const all = first.done === true ? blocks : chain(first.value, blocks);
    return readTextTable(all, { ...options, file: options.file ?? path });
  }
  await blocks.return(undefined);
  const { readWithDuckDb } = await import("#node/data/duckdb");
  return readWithDuckDb(path, isParquet, options);
}

function marks(bytes: Uint8Array, mark: string): boolean {
  return [...mark].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/**
 * The bytes of a file as they lie on the disk.
 * @throws DataError `file_not_found`, `is_a_directory`, `unreadable`, `spreadsheet`
 */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    if ((await stat(path)).isDirectory()) {
      throw new DataError("is_a_directory", `${path} is a folder;`, "name one file in it.", { file: path });
    }
    if (isSpreadsheetName(path)) throw spreadsheet(path);
    yield* blocksOf(createReadStream(path, { highWaterMark: blockSize }));
  } catch (error) {
    throw asDataError(error, path);
  }
}

/** Decompresses what begins like gzip. The first block holds at least the bytes that tell what a file is. */
export async function* unpacked(blocks: Blocks, file: string): AsyncGenerator<Uint8Array> {
  const whole = withMark(blocks);
  const first = await whole.next();
  if (first.done === true) return;
  const again = chain(first.value, whole);
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) yield* again;
  else yield* withMark(gunzipped(again, file));
}

async function* gunzipped(blocks: Blocks, file: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(blocks, { objectMode: true });
  const gunzip = createGunzip({ chunkSize: blockSize });
  source.on("error", (error) => gunzip.destroy(error));
  try {
    yield* blocksOf(source.pipe(gunzip));
  } catch (error) {
    const code = codeOf(error);
    if (!code.startsWith("Z_")) throw error;
    const what = code === "Z_BUF_ERROR" ? "is truncated (its gzip data ends early)" : "is damaged (its gzip data is invalid)";
    throw new DataError("bad_gzip", `${shortName(file)} ${what}.`, "Copy or download it again.", { file });
  } finally {
    source.destroy();
  }
}

async function* blocksOf(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const block of stream) if (block instanceof Uint8Array) yield block;
}

async function* chain(first: Uint8Array, rest: Blocks): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** A pipe may bring the first bytes one by one. */
async function* withMark(blocks: Blocks): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0);
  for await (const block of blocks) {
    if (head === null) yield block;
    else {
      head = joined(head, block);
      if (head.length < markSize) continue;
      yield head;
      head = null;
    }
  }
  if (head !== null && head.length > 0) yield head;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function asDataError(error: unknown, path: string): unknown {
  if (error instanceof DataError || !(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  const code = codeOf(error);
  const place = { file: path };
  if (code === "ENOENT" || code === "ENOTDIR")
    return new DataError("file_not_found", `There is no file ${path === "" ? '""' : path}.`, "Check the path.", place);
  return new DataError("unreadable", `${path} cannot be read (${code}).`, "Check its permissions.", place);
}
