// Archives of other programs, whose entries may be compressed: unpacked by the platform, never beyond the announced size.

import { DataError } from "../base/errors.js";
import { atFile } from "./at-file.js";
import { checkContent, listZip, type ZipEntry } from "./zip.js";

/** Weights hardly compress and configurations by ten; what grows more is a bomb. */
const growthLimit = 200;

/**
 * The files of an archive, stored or deflated.
 *
 * @param file  how messages call the archive
 * @throws DataError `zip_*`
 */
export async function unpackZip(bytes: Uint8Array, file: string): Promise<Map<string, Uint8Array>> {
  const entries = listZip(bytes, file);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > growthLimit * bytes.length)
    throw new DataError(
      "zip_bomb",
      `${file} is refused: its ${bytes.length} bytes claim to hold ${total}, more than ${growthLimit} times as many.`,
      "",
      atFile(file),
    );
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    const data = entry.method === 0 ? new Uint8Array(entry.packed) : await inflated(entry, file);
    checkContent(entry, data, file);
    files.set(entry.name, data);
  }
  return files;
}

async function inflated({ name, method, packed, size }: ZipEntry, file: string): Promise<Uint8Array> {
  if (method !== 8)
    throw new DataError(
      "zip_compressed",
      `${file}: "${name}" is compressed by a method that is not read (number ${method}).`,
      "",
      atFile(file),
    );
  const data = new Uint8Array(size);
  let at = 0;
  try {
    const reader = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length > size) {
        await reader.cancel();
        break;
      }
      data.set(part.value, at);
      at += part.value.length;
    }
  } catch {
    throw new DataError("zip_entry", `${file} is damaged: "${name}" cannot be decompressed.`, "", atFile(file));
  }
  if (at === size) return data;
  throw new DataError("zip_entry", `${file} is damaged: "${name}" does not have the ${size} bytes it announces.`, "", atFile(file));
}
