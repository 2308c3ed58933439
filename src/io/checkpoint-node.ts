// Checkpoints on disk: where the newest complete one of a folder is, and its files.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DataError } from "../base/errors.js";
import { checkpointFiles } from "./checkpoint.js";
import { cannotWrite, previousOf, reason, writeFolder } from "./folder-node.js";

export { encodeCheckpoint } from "./checkpoint.js";

/** Writes one checkpoint atomically; the one that is there stays until the new one is complete. Throws RunError `write_failed`. */
export async function writeCheckpoint(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await writeFolder(path, files);
}

/**
 * Makes the folder that checkpoints go into, so that one that cannot be written shows before the first step. What a killed run left half
 * written there is removed.
 */
export async function openCheckpoints(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    const probe = join(path, `.probe-${process.pid}`);
    await mkdir(probe, { recursive: true });
    await rm(probe, { recursive: true, force: true });
    const left = (await readdir(path)).filter((name) => /^\.(last|best|step-\d+)\.[0-9a-f]+\.tmp$/.test(name));
    for (const name of left) await rm(join(path, name), { recursive: true, force: true });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The newest checkpoint at a path: itself, its `last`, or its highest `step-n`; null if there is none. */
export async function newestCheckpoint(path: string): Promise<string | null> {
  if (isCheckpoint(path)) return path;
  const last = join(path, "last");
  if (isCheckpoint(last)) return last;
  const [newest] = await numbered(path);
  return newest === undefined ? null : join(path, newest);
}

/**
 * The files of the newest checkpoint at a path.
 *
 * @throws DataError `no_checkpoint`, `cannot_read`
 */
export async function readCheckpoint(path: string): Promise<{ readonly path: string; readonly files: Map<string, Uint8Array> }> {
  if (!existsSync(path) && !existsSync(previousOf(resolve(path))))
    throw new DataError("no_checkpoint", `${path} does not exist.`, "There is no checkpoint to go on from.", { file: path });
  const found = await newestCheckpoint(path);
  if (found === null)
    throw new DataError("no_checkpoint", `${path} holds no checkpoint.`, "Give the folder that checkpoint({ path }) wrote to.", {
      file: path,
    });
  const place = placeOf(found);
  try {
    const files = new Map<string, Uint8Array>();
    for (const name of checkpointFiles) files.set(name, await readFile(join(place, name)));
    return { path: found, files };
  } catch (error) {
    throw new DataError("cannot_read", `${found} cannot be read: ${reason(error)}.`, "", { file: found });
  }
}

/** Removes all numbered checkpoints but the newest. */
export async function pruneCheckpoints(path: string, keep: number): Promise<void> {
  for (const name of (await numbered(path)).slice(keep)) await rm(join(path, name), { recursive: true, force: true });
}

// Moving a new folder into place takes two renames; after a kill between them the old one waits under its other name.
function placeOf(path: string): string {
  return existsSync(join(path, checkpointFiles[0])) ? path : previousOf(resolve(path));
}

function isCheckpoint(path: string): boolean {
  return existsSync(join(placeOf(path), checkpointFiles[0]));
}

/** Names of numbered checkpoints, newest first. */
async function numbered(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  const stepOf = (name: string): number => Number(/^step-(\d+)$/.exec(name)?.[1] ?? -1);
  const names = await readdir(path).catch(() => []);
  return names.filter((name) => stepOf(name) >= 0 && isCheckpoint(join(path, name))).sort((a, b) => stepOf(b) - stepOf(a));
}
