// ZIP archives: a model folder as one file, written without compression because weights hardly compress.

import { DataError } from "../base/errors.js";
import { atFile } from "./at-file.js";

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const localSize = 30;
const centralSize = 46;
const endSize = 22;
const utf8Names = 0x0800;
const encrypted = 0x0001;
/** 1980-01-01, so that equal contents give equal bytes. */
const fixedDate = 0x0021;
const largest = 0xffffffff;
/** Upper bits of a Unix mode: the kind of file, and the kind that is a symbolic link. */
const [fileKind, symbolicLink] = [0xf000, 0xa000];

/** One file of an archive as its directory describes it; nothing is unpacked or verified yet. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflate. */
  readonly method: number;
  /** The bytes in the archive, a view. */
  readonly packed: Uint8Array;
  /** Bytes after unpacking, as announced. */
  readonly size: number;
  readonly crc: number;
}

/** One archive holding these files, in this order. Any ZIP program opens it; throws DataError `zip_too_large` from 4 GB on. */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].map(([name, data]) => ({ name: new TextEncoder().encode(name), data, crc: crc32(data) }));
  const body = entries.reduce((sum, { name, data }) => sum + localSize + name.length + data.length, 0);
  const directory = entries.reduce((sum, { name }) => sum + centralSize + name.length, 0);
  if (body + directory + endSize > largest)
    throw new DataError("zip_too_large", "The model does not fit one file of 4 GB; save it as a folder.");
  const bytes = new Uint8Array(body + directory + endSize);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let central = body;
  for (const { name, data, crc } of entries) {
    const facts = (place: number): void => {
      view.setUint16(place, 20, true); // version needed
      view.setUint16(place + 2, utf8Names, true);
      view.setUint16(place + 8, fixedDate, true);
      view.setUint32(place + 10, crc, true);
      view.setUint32(place + 14, data.length, true);
      view.setUint32(place + 18, data.length, true);
      view.setUint16(place + 22, name.length, true);
    };
    view.setUint32(at, localSignature, true);
    facts(at + 4);
    bytes.set(name, at + localSize);
    bytes.set(data, at + localSize + name.length);
    view.setUint32(central, centralSignature, true);
    view.setUint16(central + 4, 20, true);
    facts(central + 6);
    view.setUint32(central + 42, at, true);
    bytes.set(name, central + centralSize);
    at += localSize + name.length + data.length;
    central += centralSize + name.length;
  }
  view.setUint32(central, endSignature, true);
  view.setUint16(central + 8, entries.length, true);
  view.setUint16(central + 10, entries.length, true);
  view.setUint32(central + 12, directory, true);
  view.setUint32(central + 16, body, true);
  return bytes;
}

/**
 * The files of an archive. Only stored entries are read; names, sizes, offsets and checksums are verified.
 *
 * @param file  how messages call the archive
 * @throws DataError `zip_*`
 */
export function readZip(bytes: Uint8Array, file = "the archive"): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of listZip(bytes, file)) {
    if (entry.method !== 0) {
      const what = `${file}: "${entry.name}" is compressed; unpack it and load the folder, or zip it without compression (zip -0).`;
      throw new DataError("zip_compressed", what, "", atFile(file));
    }
    const data = new Uint8Array(entry.packed);
    checkContent(entry, data, file);
    files.set(entry.name, data);
  }
  return files;
}

/**
 * The directory of an archive. Refused: names that lead out of a folder, names that appear twice, links, encryption, entries that
 * share bytes (so that a small archive cannot stand for a large one), and a directory that is not the end of the file.
 *
 * @throws DataError `zip_*`
 */
export function listZip(bytes: Uint8Array, file: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end === null) throw damaged(file, "truncated", "it has no ZIP directory");
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  const entries: Placed[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + centralSize > end || view.getUint32(at, true) !== centralSignature)
      throw damaged(file, "directory", "its directory is broken");
    const entry = readEntry(view, bytes, at, file);
    entries.push(entry);
    at = entry.next;
  }
  if (at !== end) throw damaged(file, "directory", "its directory does not end where it should");
  checkPlaces(entries, start, file);
  return entries.filter(({ name }) => !name.endsWith("/"));
}

/** Throws unless the unpacked content has the announced size and checksum; DataError `zip_checksum`. */
export function checkContent({ name, size, crc }: ZipEntry, data: Uint8Array, file: string): void {
  if (data.length !== size || crc32(data) !== crc) throw damaged(file, "checksum", `the checksum of "${name}" does not match`);
}

interface Placed extends ZipEntry {
  /** Where the entry's own header starts, and where its bytes end. */
  readonly begin: number;
  readonly end: number;
  /** Where the directory goes on. */
  readonly next: number;
}

function readEntry(view: DataView, bytes: Uint8Array, at: number, file: string): Placed {
  const method = view.getUint16(at + 10, true);
  const packedSize = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const nameLength = view.getUint16(at + 28, true);
  const nameStart = at + centralSize;
  const next = nameStart + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  const begin = view.getUint32(at + 42, true);
  if (next > bytes.length) throw damaged(file, "directory", "its directory is broken");
  const name = entryName(bytes.subarray(nameStart, nameStart + nameLength), file);
  const mode = view.getUint16(at + 40, true);
  if ((mode & fileKind) === symbolicLink) throw refusedName(file, name, "is a symbolic link");
  if ((view.getUint16(at + 8, true) & encrypted) !== 0)
    throw new DataError("zip_encrypted", `${file}: "${name}" is encrypted.`, "", atFile(file));
  if (packedSize === largest || size === largest || begin === largest)
    throw new DataError("zip_too_large", `${file}: "${name}" is larger than 4 GB.`, "", atFile(file));
  if (method === 0 && packedSize !== size) throw damaged(file, "entry", `"${name}" is stored, yet has two sizes`);
  if (begin + localSize > bytes.length || view.getUint32(begin, true) !== localSignature)
    throw damaged(file, "entry", `"${name}" is not where the directory says`);
  const localName = view.getUint16(begin + 26, true);
  const start = begin + localSize + localName + view.getUint16(begin + 28, true);
  if (start + packedSize > bytes.length) throw damaged(file, "truncated", `"${name}" announces ${packedSize} bytes, fewer are present`);
  if (entryName(bytes.subarray(begin + localSize, begin + localSize + localName), file) !== name)
    throw damaged(file, "entry", `"${name}" has another name in its own header`);
  const end = start + packedSize;
  return { name, method, packed: bytes.subarray(start, end), size, crc: view.getUint32(at + 16, true), begin, end, next };
}

function entryName(bytes: Uint8Array, file: string): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw damaged(file, "directory", "a name is not UTF-8 text");
  }
  const parts = name.replace(/\/$/, "").split("/");
  const leadsOut = /^[A-Za-z]:|[\\\p{Cc}]/u.test(name);
  if (leadsOut || parts.some((part) => part === "" || part === "." || part === ".."))
    throw refusedName(file, name, "is not a plain path inside the archive");
  return name;
}

function checkPlaces(entries: readonly Placed[], directory: number, file: string): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw damaged(file, "directory", `"${name}" appears twice`);
    names.add(name);
  }
  let at = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin)) {
    if (begin < at || end > directory) throw damaged(file, "entry", `"${name}" overlaps something else`);
    at = end;
  }
}

/** The end record is last, before a comment of at most 65,535 bytes that reaches to the last byte. */
function findEnd(view: DataView): number | null {
  const first = Math.max(0, view.byteLength - endSize - 0xffff);
  for (let at = view.byteLength - endSize; at >= first; at--) {
    if (view.getUint32(at, true) === endSignature && at + endSize + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return null;
}

let crcTable: Uint32Array | null = null;

/** CRC-32 with the reflected polynomial 0xEDB88320 (ISO 3309). */
function crc32(data: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

function refusedName(file: string, name: string, what: string): DataError {
  return new DataError("zip_path", `${file} is refused: its entry ${JSON.stringify(name.slice(0, 80))} ${what}.`, "", atFile(file));
}

function damaged(file: string, kind: string, what: string): DataError {
  return new DataError(`zip_${kind}`, `${file} is damaged: ${what}.`, "", atFile(file));
}
