// The safetensors format: named arrays behind a JSON header. Files are refused unless every byte is accounted for.

import type { DType } from "../base/dtype.js";
import { elementCount } from "../base/dtype.js";
import { DataError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { atFile } from "./at-file.js";
import { type ElementType, foreignTypes, ownTypes } from "./element-types.js";
import { quoted, readJson } from "./json.js";

/** One named array of a file. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Float32Array, Int32Array, or Uint8Array (0 or 1) for bool. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** What a file holds: arrays in file order and the free text pairs of its header. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format allows 100 MB; a thousand layers need less than one. */
const headerLimit = 16_000_000;
const lengthBytes = 8;
const fileNames = { float32: "F32", int32: "I32", bool: "BOOL" } as const satisfies Record<DType, string>;
const elementBytes = { float32: 4, int32: 4, bool: 1 } as const satisfies Record<DType, number>;

/**
 * The bytes of a safetensors file. Arrays follow in the given order; the header is padded with spaces so that they start at a
 * multiple of 8 bytes.
 *
 * @throws DataError `safetensors_name` for the reserved name `__metadata__`
 * @example writeSafetensors(new Map([["w", { dtype: "float32", shape: [2], data: new Float32Array([1, 2]) }]]))
 */
export function writeSafetensors(tensors: ReadonlyMap<string, StoredTensor>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [["__metadata__", metadata]];
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === "__metadata__") throw new DataError("safetensors_name", 'No tensor may be called "__metadata__".');
    const start = end;
    end += data.length * elementBytes[dtype];
    header.push([name, { dtype: fileNames[dtype], shape, data_offsets: [start, end] }]);
  }
  const text = JSON.stringify(Object.fromEntries(header));
  const json = new TextEncoder().encode(text);
  const headerSize = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(lengthBytes + headerSize + end).fill(0x20, lengthBytes, lengthBytes + headerSize);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerSize), true);
  bytes.set(json, lengthBytes);
  let at = lengthBytes + headerSize;
  for (const { data } of tensors.values()) {
    // Every machine JavaScript runs on is little-endian, as the format is.
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Options of `readSafetensors`. */
export interface ReadOptions {
  /** Also read F64, F16 and BF16, which become float32, and I64, I16, I8 and U8, which become int32. Default false. */
  readonly convert?: boolean;
}

/**
 * Reads a safetensors file; arrays are copies. Sizes, names and offsets are checked before anything is used: offsets must be
 * contiguous, in file order, and end where the file ends.
 *
 * @param file  how messages call the file
 * @throws DataError `safetensors_*`
 * @example readSafetensors(await readFile("model.safetensors"), "model.safetensors", { convert: true }).tensors.get("fc.weight")
 */
export function readSafetensors(bytes: Uint8Array, file = "the safetensors file", { convert = false }: ReadOptions = {}): SafetensorsFile {
  const { header, start } = readHeader(bytes, file);
  const metadata = readMetadata(header.__metadata__, file);
  const entries = Object.keys(header)
    .filter((name) => name !== "__metadata__")
    .map((name) => readEntry(name, header[name], file, convert));
  const size = bytes.length - start;
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  const end = sorted.reduce((at, entry) => {
    if (entry.begin !== at)
      throw damaged(file, "offsets", `${quoted(entry.name)} starts at byte ${entry.begin}, not ${at}: offsets overlap or leave a gap`);
    return entry.end;
  }, 0);
  if (end !== size) throw damaged(file, "truncated", `its header announces ${end} bytes of data, ${size} are present`);
  return { metadata, tensors: new Map(sorted.map((entry) => [entry.name, load(entry, bytes, start)])) };
}

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array, file: string): { header: { readonly [name: string]: unknown }; start: number } {
  if (bytes.length < lengthBytes) throw damaged(file, "truncated", `it has ${bytes.length} bytes, fewer than the 8 of its length field`);
  const announced = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (announced > BigInt(headerLimit))
    throw damaged(file, "header_size", `its header claims ${announced} bytes, at most ${headerLimit} are allowed`);
  const start = lengthBytes + Number(announced);
  if (start > bytes.length) {
    throw damaged(file, "truncated", `its header claims ${announced} bytes, ${bytes.length - lengthBytes} are present`);
  }
  const json = bytes.subarray(lengthBytes, start);
  const header = readJson(json, headerLimit, (what) => damaged(file, "header", `in its header ${what}`));
  if (!isRecord(header)) throw damaged(file, "header", "its header is not a JSON object");
  return { header, start };
}

function readMetadata(value: unknown, file: string): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw damaged(file, "metadata", "its __metadata__ is not an object of texts");
  const pairs = Object.keys(value).map((key): [string, string] => {
    const text = value[key];
    if (typeof text !== "string") throw damaged(file, "metadata", `its metadata ${quoted(key)} is not a text`);
    return [key, text];
  });
  return Object.fromEntries(pairs);
}

function readEntry(name: string, value: unknown, file: string, convert: boolean): Entry {
  if (!isRecord(value)) throw damaged(file, "entry", `${quoted(name)} has no description`);
  const word = typeof value.dtype === "string" ? value.dtype : "";
  const type = ownTypes.get(word) ?? (convert ? foreignTypes.get(word) : undefined);
  if (type === undefined) {
    const known = [...ownTypes.keys(), ...(convert ? foreignTypes.keys() : [])].join(", ");
    throw damaged(
      file,
      "dtype",
      `${quoted(name)} has ${word === "" ? "no element type" : `the element type ${quoted(word)}`}; ${known} can be read`,
    );
  }
  const shape = wholeNumbers(value.shape);
  if (shape === null) throw damaged(file, "shape", `${quoted(name)} has no valid shape`);
  const offsets = wholeNumbers(value.data_offsets);
  const [begin, end] = offsets ?? [];
  if (begin === undefined || end === undefined || offsets?.length !== 2 || end < begin) {
    throw damaged(file, "offsets", `${quoted(name)} has no valid data_offsets`);
  }
  const bytes = elementCount(shape) * type.bytes;
  if (!Number.isSafeInteger(bytes) || bytes !== end - begin) {
    throw damaged(
      file,
      "size",
      `${quoted(name)} [${shape.slice(0, 9).join(", ")}] ${word} needs ${bytes} bytes, its offsets give ${end - begin}`,
    );
  }
  return { name, type, shape, begin, end };
}

function wholeNumbers(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const list: readonly unknown[] = value;
  const numbers = list.filter((each): each is number => typeof each === "number" && Number.isSafeInteger(each) && each >= 0);
  return numbers.length === list.length ? numbers : null;
}

function load({ type, shape, begin, end }: Entry, bytes: Uint8Array, start: number): StoredTensor {
  // A copy, because the view must start at a multiple of the element size; slice would share memory where bytes is a Buffer.
  const own = new Uint8Array(bytes.subarray(start + begin, start + end));
  return { dtype: type.dtype, shape, data: type.read(own.buffer) };
}

function damaged(file: string, kind: string, what: string): DataError {
  return new DataError(`safetensors_${kind}`, `${file} is damaged: ${what}.`, "", atFile(file));
}
