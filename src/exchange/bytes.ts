// Bytes given or read from a path.

import { UsageError } from "../base/errors.js";

/** The bytes and how messages call them. Paths need Node. */
export async function readBytes(from: string | URL | Uint8Array, label: string): Promise<{ bytes: Uint8Array; label: string }> {
  if (from instanceof Uint8Array) return { bytes: from, label };
  if (!(typeof from === "string" && from !== "") && !(from instanceof URL))
    throw new UsageError({ code: "bad_path", what: "expected a path, a URL or bytes", hint: "Bytes are a Uint8Array." });
  const { readForeignFile } = await import("#node/io/folder");
  return { bytes: await readForeignFile(from), label: String(from) };
}
