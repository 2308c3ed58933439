// The run folder: built beside its final place under a temporary name, moved there in one step, so nothing half-written remains.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { usageError } from "./failure.js";

/** Where a run will write, chosen before the work starts. */
export interface RunPlace {
  /** The folder as the user will see it; `null` while the number of `runs/<task>-<stem>-<n>` is still open. */
  readonly given: string | null;
  readonly task: string;
  readonly stem: string;
}

/** A folder being filled; `finish` moves it to its place and returns the path. */
export interface OpenRun {
  /** Its final path, used in texts written before it is moved. */
  readonly path: string;
  /** Where files are to be written now. */
  readonly working: string;
  write(name: string, text: string): Promise<void>;
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
    return { given: null, task, stem };
  }
  if (out.trim() === "") throw usageError("out_empty", "--out needs the name of a folder.");
  if (existsSync(out)) {
    if (!statSync(out).isDirectory()) throw usageError("out_is_file", `--out ${out} is a file, not a folder.`);
    if (!force && readdirSync(out).length > 0)
      throw usageError("out_not_empty", `${out} is not empty.`, "Choose another folder, or add --force.");
  }
  mustBeWritable(out);
  return { given: out, task, stem };
}

/** Opens the folder under a temporary name next to its final place. */
export function openRun(place: RunPlace): OpenRun {
  const path = place.given ?? freePath(place);
  const parent = dirname(path);
  const made = makeParents(parent);
  const working = join(parent, `.${basename(path)}.partial-${process.pid}`);
  rmSync(working, { recursive: true, force: true });
  mkdirSync(working);
  const abandon = (): void => {
    rmSync(working, { recursive: true, force: true });
    for (const folder of made) removeIfEmpty(folder);
  };
  return {
    path,
    working,
    write: (name, text) => writeDurably(join(working, name), text),
    finish: () => move(working, path, place),
    abandon,
  };
}

/** Writes and flushes a file, so that the rename that follows never shows an empty one after a power cut. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

// Somebody else's files in a folder given with --force stay: only what this run writes is replaced, result.json last.
function move(working: string, path: string, place: RunPlace): string {
  if (place.given === null) return moveToFreePath(working, path, place);
  if (!existsSync(path) || readdirSync(path).length === 0) {
    if (existsSync(path)) rmdirSync(path);
    renameSync(working, path);
    return path;
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
  return path;
}

// Texts inside the run name its path, so a number taken in the meantime by another run is an error and not a new number.
function moveToFreePath(working: string, path: string, place: RunPlace): string {
  if (existsSync(path))
    throw usageError(
      "run_taken",
      `${path} was taken by another run meanwhile.`,
      `Use --out runs/${place.task}-${place.stem}-<name> for runs in parallel.`,
    );
  renameSync(working, path);
  return path;
}

// The number is reserved by the temporary folder's name: two runs that start to write at once see each other's.
function freePath(place: RunPlace): string {
  const prefix = `${place.task}-${place.stem}-`;
  const taken = existsSync("runs") ? readdirSync("runs").map((name) => name.replace(/^\./, "").replace(/\.partial-\d+$/, "")) : [];
  const numbers = taken.filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)));
  const highest = Math.max(0, ...numbers.filter(Number.isSafeInteger));
  return join("runs", `${prefix}${highest + 1}`);
}

function mustBeWritable(path: string): void {
  const nearest = nearestExisting(path);
  try {
    accessSync(nearest, constants.W_OK);
  } catch {
    throw usageError(
      "out_not_writable",
      `${nearest === "." ? "This folder" : nearest} cannot be written to.`,
      "Choose another folder with --out.",
    );
  }
  if (!statSync(nearest).isDirectory()) throw usageError("out_is_file", `${nearest} is a file, not a folder.`);
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
