// Model folders on disk: written beside their place and renamed into it, so that a reader sees the old one or the new one.

import { randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError, RunError } from "../base/errors.js";

/** What loading reads; README.md is for people. */
const fileNames = ["model.json", "weights.safetensors", "preprocess.json"] as const;

/**
 * Writes a model folder atomically: temporary sibling, fsync, rename. A model that is already there steps aside under a hidden
 * name until the new one is in place; a crash in between leaves it there, and `readFolder` finds it.
 *
 * @throws DataError `not_a_model_folder` if something else lies at the path, RunError `write_failed`
 */
export async function writeFolder(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const target = resolve(path);
  await refuseForeign(target, path);
  const parent = dirname(target);
  const temporary = join(parent, `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(temporary, { recursive: true });
    for (const [name, bytes] of files) await writeSynced(join(temporary, name), bytes);
    await syncFolder(temporary);
    await replaceFolder(temporary, target);
    await syncFolder(parent);
  } catch (error) {
    await forget(temporary);
    throw cannotWrite(path, error);
  }
  await rm(previousOf(target), { recursive: true, force: true });
}

/** Writes one file atomically: temporary sibling, fsync, rename; throws RunError `write_failed`. */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeSynced(temporary, bytes);
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await forget(temporary);
    throw cannotWrite(path, error);
  }
}

/**
 * The files of a model folder, or the bytes of a single-file model. Inside the folder only plain files are read: a link could lead to
 * anything, a pipe would never end.
 *
 * @throws DataError `no_such_model`, `cannot_read`
 */
export async function readModelPath(from: string | URL): Promise<Map<string, Uint8Array> | Uint8Array> {
  const path = typeof from === "string" ? from : fileURLToPath(from);
  const place = modelPlace(path);
  if (place === null) throw new DataError("no_such_model", `${path} does not exist.`, "", { file: path });
  try {
    if (!(await stat(place)).isDirectory()) return await readPlainFile(place, 0);
    const present = new Set(await readdir(place));
    const files = new Map<string, Uint8Array>();
    for (const name of fileNames) {
      if (present.has(name)) files.set(name, await readPlainFile(join(place, name), constants.O_NOFOLLOW ?? 0));
    }
    return files;
  } catch (error) {
    throw new DataError("cannot_read", `${path} cannot be read: ${reason(error)}.`, "", { file: path });
  }
}

/** The bytes of one file of another program; throws DataError `no_such_file`, `cannot_read`. */
export async function readForeignFile(from: string | URL): Promise<Uint8Array> {
  const path = typeof from === "string" ? from : fileURLToPath(from);
  if (!existsSync(path)) throw new DataError("no_such_file", `${path} does not exist.`, "", { file: path });
  try {
    return await readPlainFile(path, 0);
  } catch (error) {
    throw new DataError("cannot_read", `${path} cannot be read: ${reason(error)}.`, "", { file: path });
  }
}

/** Where the model of this path lies: there, or beside it if a crash came between the two renames of a save; null if nowhere. */
export function modelPlace(path: string): string | null {
  const target = resolve(path);
  return [target, previousOf(target)].find((place) => existsSync(place)) ?? null;
}

async function readPlainFile(path: string, flags: number): Promise<Uint8Array> {
  // Without O_NONBLOCK opening a pipe waits for its other end.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${basename(path)} is not a plain file`);
    return await file.readFile();
  } catch (error) {
    throw isCode(error, "ERR_FS_FILE_TOO_LARGE") ? new Error(`${basename(path)} is larger than 2 GiB`) : error;
  } finally {
    await file.close();
  }
}

/** Where a model waits while its successor is moved into place. */
export function previousOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.previous`);
}

async function replaceFolder(temporary: string, target: string): Promise<void> {
  if (!existsSync(target)) {
    await rename(temporary, target);
    return;
  }
  const previous = previousOf(target);
  // The model at its place is the newer one: what an earlier crash left aside is no longer needed.
  await rm(previous, { recursive: true, force: true });
  await rename(target, previous);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rename(previous, target);
    throw error;
  }
}

async function refuseForeign(target: string, path: string): Promise<void> {
  if (!existsSync(target)) return;
  if (!(await stat(target)).isDirectory()) {
    throw new DataError("not_a_model_folder", `${path} is a file; a model is saved as a folder (or as one file ending in .drnn).`, "", {
      file: path,
    });
  }
  const names = await readdir(target);
  if (names.length > 0 && !names.includes("model.json")) {
    throw new DataError("not_a_model_folder", `${path} holds other files (${names.slice(0, 3).join(", ")}); choose another folder.`, "", {
      file: path,
    });
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes what a failed writing left. Where nothing could be written nothing can be removed: the first failure is the one to tell. */
async function forget(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/** Makes renames durable. Windows cannot open folders; there the rename itself has to do. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  let folder: FileHandle | null = null;
  try {
    folder = await open(path, "r");
    await folder.sync();
  } finally {
    await folder?.close();
  }
}

/** The error for a path that cannot be written; an error that already says it in a sentence stays. */
export function cannotWrite(path: string, error: unknown): RunError | DataError {
  if (error instanceof DataError) return error;
  return new RunError({ code: "write_failed", what: `${path} cannot be written: ${reason(error)}`, hint: "Nothing was changed." });
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  ELOOP: "it holds a symbolic link where a file belongs",
};

/** Why the system refused, in words. */
export function reason(error: unknown): string {
  const known = Object.entries(reasons).find(([code]) => isCode(error, code));
  return known?.[1] ?? (error instanceof Error ? error.message : String(error));
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
