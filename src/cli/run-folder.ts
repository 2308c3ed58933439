// The run folder: files are written beside their final place under a temporary name and moved there, so nothing half-written remains.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { usageError } from "./failure.js";

/** Where a run will write, chosen before the work starts. */
export interface RunPlace {
  /** The folder as the user will see it; `null` while the number of `runs/<task>-<stem>-<n>` is still open. */
  readonly given: string | null;
  readonly task: string;
  readonly stem: string;
  /** Whether files that are in the folder by then may be replaced. */
  readonly force: boolean;
}

/** What goes into a file: whole, or in pieces that are made as they are written. */
export type FileText = string | Iterable<string>;

/** A folder being filled; `finish` moves it to its place and returns the path. */
export interface OpenRun {
  /** Its final path, used in texts written before it is moved. */
  readonly path: string;
  /** Where files are to be written now. */
  readonly working: string;
  write(name: string, text: FileText): Promise<void>;
  finish(): string;
  /** Removes everything written so far. Synchronous: also called when the process leaves at once. */
  abandon(): void;
}

/** Checks `--out` before the work starts; a folder with files in it needs `--force`. Writes nothing. */
export function planRun(task: string, input: string, out: string | undefined, force: boolean): RunPlace {
  const stem =
    basename(input)
      .replace(/(\.[A-Za-z0-9]{1,5}){1,2}$/, "")
      .replace(/[^\p{L}\p{N}_.-]+/gu, "-")
      .replace(/^[-.]+|[-.]+$/g, "") || "data";
  if (out === undefined) {
    mustBeWritable("runs");
    return { given: null, task, stem, force };
  }
  if (out.trim() === "") throw usageError("out_empty", "--out needs the name of a folder.");
  if (existsSync(out)) {
    if (!statSync(out).isDirectory()) throw usageError("out_is_file", `--out ${out} is a file, not a folder.`, "", out);
    if (!force) mustBeEmpty(out);
  }
  mustBeWritable(out);
  return { given: out, task, stem, force };
}

/** Opens the folder under a temporary name next to its final place. */
export function openRun(place: RunPlace): OpenRun {
  const made = makeParents(place.given === null ? "runs" : dirname(place.given));
  const { path, working } = place.given === null ? reserve(`${place.task}-${place.stem}-`) : beside(place.given);
  const abandon = (): void => {
    rmSync(working, { recursive: true, force: true });
    for (const folder of made) removeIfEmpty(folder);
  };
  const finish = (): string => {
    // Another run may have filled it in the meantime.
    if (!place.force && existsSync(path)) mustBeEmpty(path);
    move(working, path);
    return path;
  };
  return { path, working, write: (name, text) => writeDurably(join(working, name), text), finish, abandon };
}

/** A run folder that exists while the work goes on, with what is needed to go on after a stop. */
export interface LiveRun extends OpenRun {
  /** Removes what is half written and keeps the rest, for `deep-rnn resume`. Synchronous. */
  leave(): void;
}

/**
 * Makes the run folder with its first file, in one step. A folder with files in it (`--force`) keeps those that are not a run's own;
 * an earlier result is removed, because it does not belong to these settings.
 */
export function startRun(place: RunPlace, name: string, text: string): LiveRun {
  const made = makeParents(place.given === null ? "runs" : dirname(place.given));
  for (;;) {
    const { path, working } = place.given === null ? reserve(`${place.task}-${place.stem}-`) : beside(place.given);
    writeNow(join(working, name), text);
    const isShared = existsSync(path) && readdirSync(path).length > 0;
    if (isShared && place.given === null) {
      rmSync(working, { recursive: true, force: true });
      continue;
    }
    if (isShared && !place.force) {
      rmSync(working, { recursive: true, force: true });
      mustBeEmpty(path);
    }
    if (isShared) for (const old of ["result.json", "checkpoints"]) rmSync(join(path, old), { recursive: true, force: true });
    move(working, path);
    return liveRun(path, () => {
      for (const own of isShared ? [name, "checkpoints", "metrics.jsonl"] : [""]) rmSync(join(path, own), { recursive: true, force: true });
      for (const folder of made) removeIfEmpty(folder);
    });
  }
}

/** A run folder that a stopped run left, with its first file as it is now; nothing of it is removed if going on fails. */
export function reopenRun(path: string, name: string, text: string): LiveRun {
  const run = liveRun(path, () => {});
  mkdirSync(run.working);
  writeNow(join(run.working, name), text);
  run.finish();
  return run;
}

function liveRun(path: string, undo: () => void): LiveRun {
  const working = join(dirname(path), `.${basename(path)}.partial`);
  rmSync(working, { recursive: true, force: true });
  const leave = (): void => rmSync(working, { recursive: true, force: true });
  return {
    path,
    working,
    async write(name, text) {
      mkdirSync(working, { recursive: true });
      await writeDurably(join(working, name), text);
    },
    finish() {
      move(working, path);
      return path;
    },
    leave,
    abandon() {
      leave();
      undo();
    },
  };
}

function writeNow(path: string, text: string): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

interface Reserved {
  readonly path: string;
  readonly working: string;
}

// Making the temporary folder reserves the number: of two runs that start to write at once, one takes the next.
function reserve(prefix: string): Reserved {
  for (let number = highest(prefix) + 1; ; number++) {
    const path = join("runs", `${prefix}${number}`);
    const working = join("runs", `.${prefix}${number}.partial`);
    if (existsSync(working)) continue;
    try {
      mkdirSync(working);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      throw error;
    }
    if (!existsSync(path)) return { path, working };
    rmdirSync(working);
  }
}

function highest(prefix: string): number {
  const names = readdirSync("runs").filter((name) => name.startsWith(prefix));
  return Math.max(0, ...names.map((name) => Number(name.slice(prefix.length))).filter(Number.isSafeInteger));
}

function beside(path: string): Reserved {
  const working = join(dirname(path), `.${basename(path)}.partial-${process.pid}`);
  rmSync(working, { recursive: true, force: true });
  mkdirSync(working);
  return { path, working };
}

/** Writes and flushes a file, so that the rename that follows never shows an empty one after a power cut. */
async function writeDurably(path: string, text: FileText): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const piece of typeof text === "string" ? [text] : text) await file.appendFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

// Somebody else's files in a folder given with --force stay: only what this run writes is replaced, result.json last.
function move(working: string, path: string): void {
  if (!existsSync(path) || readdirSync(path).length === 0) {
    if (existsSync(path)) rmdirSync(path);
    renameSync(working, path);
    return;
  }
  const names = readdirSync(working).sort((a, b) => Number(a === "result.json") - Number(b === "result.json"));
  for (const name of names) {
    const target = join(path, name);
    const old = `${target}.old-${process.pid}`;
    if (existsSync(target)) renameSync(target, old);
    renameSync(join(working, name), target);
    rmSync(old, { recursive: true, force: true });
  }
  rmSync(working, { recursive: true, force: true });
}

function mustBeEmpty(folder: string): void {
  if (readdirSync(folder).length > 0)
    throw usageError("out_not_empty", `${folder} is not empty.`, "Choose another folder, or add --force.", folder);
}

/** Checks a run that is to go on in its folder, which is filled through one beside it. */
export function mustGoOnIn(path: string): void {
  for (const folder of [path, dirname(path)]) mustBeWritable(folder, "A run goes on in its own folder.");
}

function mustBeWritable(path: string, hint = "Choose another folder with --out."): void {
  const nearest = nearestExisting(path);
  try {
    accessSync(nearest, constants.W_OK);
  } catch {
    throw usageError("out_not_writable", `${nearest === "." ? "This folder" : nearest} cannot be written to.`, hint, nearest);
  }
  if (!statSync(nearest).isDirectory()) throw usageError("out_is_file", `${nearest} is a file, not a folder.`, "", nearest);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

// Returns the folders it made, innermost first, so that they can be removed again.
function makeParents(path: string): string[] {
  if (existsSync(path)) return [];
  const above = makeParents(dirname(path));
  mkdirSync(path);
  return [path, ...above];
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
