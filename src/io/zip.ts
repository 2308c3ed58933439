// ZIP archives with stored (uncompressed) entries: a model folder as one file. Weights hardly compress, so nothing does.

import { DataError } from "../base/errors.js";

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const localSize = 30;
const centralSize = 46;
const endSize = 22;
const utf8Names = 0x0800;
/** 1980-01-01, so that equal contents give equal bytes. */
const fixedDate = 0x0021;
const largest = 0xffffffff;

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
 * The files of an archive. Only stored entries are read; sizes, offsets and checksums are verified.
 *
 * @param file  how messages call the archive
 * @throws DataError `zip_*`
 */
export function readZip(bytes: Uint8Array, file = "the archive"): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end === null) throw damaged(file, "truncated", "it has no ZIP directory");
  const count = view.getUint16(end + 10, true);
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (at + centralSize > end || view.getUint32(at, true) !== centralSignature)
      throw damaged(file, "directory", "its directory is broken");
    const { name, data, next } = readEntry(view, bytes, at, file);
    if (files.has(name)) throw damaged(file, "directory", `"${name}" appears twice`);
    files.set(name, data);
    at = next;
  }
  return files;
}

function readEntry(view: DataView, bytes: Uint8Array, at: number, file: string): { name: string; data: Uint8Array; next: number } {
  const method = view.getUint16(at + 10, true);
  const crc = view.getUint32(at + 16, true);
  const packedSize = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const nameLength = view.getUint16(at + 28, true);
  const nameEnd = at + centralSize + nameLength;
  const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  const local = view.getUint32(at + 42, true);
  if (next > bytes.length) throw damaged(file, "directory", "its directory is broken");
  const name = new TextDecoder().decode(bytes.subarray(at + centralSize, nameEnd));
  if (method !== 0 || packedSize !== size) {
    throw new DataError(
      "zip_compressed",
      `${file}: "${name}" is compressed; unpack it and load the folder, or zip it without compression (zip -0).`,
    );
  }
  if (local + localSize > bytes.length || view.getUint32(local, true) !== localSignature)
    throw damaged(file, "entry", `"${name}" is not where the directory says`);
  const start = local + localSize + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + size > bytes.length) throw damaged(file, "truncated", `"${name}" announces ${size} bytes, fewer are present`);
  const data = new Uint8Array(bytes.subarray(start, start + size));
  if (crc32(data) !== crc) throw damaged(file, "checksum", `the checksum of "${name}" does not match`);
  return { name, data, next };
}

/** The end record is last, before a comment of at most 65,535 bytes. */
function findEnd(view: DataView): number | null {
  const first = Math.max(0, view.byteLength - endSize - 0xffff);
  for (let at = view.byteLength - endSize; at >= first; at--) {
    if (view.getUint32(at, true) === endSignature) return at;
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

function damaged(file: string, kind: string, what: string): DataError {
  return new DataError(`zip_${kind}`, `${file} is damaged: ${what}.`);
}
