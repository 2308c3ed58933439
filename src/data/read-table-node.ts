// Tables from disk: plain or gzip, with a sentence for every way in which a file can be unreadable.

import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "../base/errors.js";
import { decodeText, isSpreadsheetName, shortName } from "./decode.js";

/**
 * The text of a file, decompressed if it begins like gzip.
 * @throws DataError `file_not_found`, `is_a_directory`, `unreadable`, `empty_file`, `bad_gzip`, `spreadsheet`, `binary_file`, `not_utf8`
 */
export async function readText(path: string, encoding: "utf-8" | "latin1" | "utf-16le" = "utf-8"): Promise<string> {
  return textOf(await readBytes(path), path, encoding);
}

/**
 * The text of bytes that came from a file or a pipe; `path` is how messages call them.
 * @throws DataError `empty_file`, `bad_gzip`, `spreadsheet`, `binary_file`, `not_utf8`
 */
export async function textOf(bytes: Uint8Array, path: string, encoding: "utf-8" | "latin1" | "utf-16le" = "utf-8"): Promise<string> {
  const unpacked = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unzip(bytes, path) : bytes;
  if (unpacked.length === 0) throw new DataError("empty_file", `${shortName(path)} is empty.`, "", { file: path });
  return decodeText(unpacked, { file: path, encoding });
}

async function readBytes(path: string): Promise<Uint8Array> {
  const name = shortName(path);
  const place = { file: path };
  try {
    if ((await stat(path)).isDirectory()) {
      throw new DataError("is_a_directory", `${path} is a folder;`, "name one file in it.", place);
    }
    if (isSpreadsheetName(name)) throw new DataError("spreadsheet", `${name} is a spreadsheet;`, "export it as CSV.", place);
    return await readFile(path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new DataError("file_not_found", `There is no file ${path === "" ? '""' : path}.`, "Check the path.", place);
    throw new DataError("unreadable", `${path} cannot be read (${code}).`, "Check its permissions.", place);
  }
}

async function unzip(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const what = code === "Z_BUF_ERROR" ? "is truncated (its gzip data ends early)" : "is damaged (its gzip data is invalid)";
    throw new DataError("bad_gzip", `${shortName(path)} ${what}.`, "Copy or download it again.", { file: path });
  }
}
