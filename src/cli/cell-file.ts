// `--cell ./mine.js`: the one place that runs a file of the user, and only one that the command line or the environment names.

import { spawnSync } from "node:child_process";
import { Console } from "node:console";
import { readFileSync, statSync } from "node:fs";
import { register } from "node:module";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError, DeepRnnError, UsageError } from "../base/errors.js";
import { shellWord } from "../base/shell-word.js";
import { isRecord } from "../base/tree.js";
import { nearestName } from "../data/table.js";
import { currentPlace } from "../ir/core/build.js";
import type { OwnCell } from "../nn/cell.js";
import type { CellChoice } from "../tasks/cells.js";
import type { Context } from "./context.js";
import { usageError } from "./failure.js";

/** Whether `--cell` names a file rather than a built-in cell. */
export function namesCellFile(given: string): boolean {
  return /[/\\]|\.[cm]?[jt]s(#.*)?$/.test(given);
}

/**
 * The cell of a training, for a task's options: a built-in name as it is, the cell of a file; nothing if none was named, because a
 * strategy that brings its own refuses any that was.
 *
 * @throws DataError `cell_file_*`; UsageError of the cell itself
 */
export async function trainingCell({ settings }: Context): Promise<{ readonly cell?: CellChoice }> {
  const { value = null, origin, from } = settings.values.cell ?? {};
  if (typeof value !== "string" || origin === "default") return {};
  if (!namesCellFile(value)) return { cell: value };
  if (origin === "config")
    throw usageError(
      "cell_file_unasked",
      `${from} names the cell file ${value}, which is run only if the command line names it.`,
      `Add --cell ${value}.`,
    );
  return { cell: await cellFromFile(value) };
}

/**
 * The cells for a saved model, for the options of what loads it.
 *
 * @throws DataError `cell_file_*`; UsageError of the cell itself
 */
export async function modelCells(context: Context): Promise<{ readonly cells?: readonly OwnCell[] }> {
  const file = givenCellFile(context);
  return file === null ? {} : { cells: [await cellFromFile(file)] };
}

/**
 * The file of `--cell` where a model or a run is there already; null if none is named. The environment and config files are shared with
 * commands that train, so a built-in name there means nothing here.
 *
 * @throws DataError `cell_file_missing`
 */
export function givenCellFile({ settings }: Context): string | null {
  const { value = null, origin } = settings.values.cell ?? {};
  if (typeof value !== "string" || origin === "config") return null;
  if (namesCellFile(value)) return value;
  if (origin !== "flag") return null;
  throw usageError("cell_file_missing", `--cell ${value} is no file.`, "Give the file with the model's own cell, as in --cell ./mine.js.");
}

/** What commands that use the run of this one must be given beside it: `--cell` if its cell is in a file. */
export function cellWords({ settings }: Context): string {
  const value = settings.values.cell?.value;
  return typeof value === "string" && namesCellFile(value) ? ` --cell ${shellWord(value)}` : "";
}

/** Runs the file and gives its cell. */
async function cellFromFile(given: string): Promise<OwnCell> {
  const { file, wanted } = splitName(given);
  const path = resolve(file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw fileError(file, "cell_file_missing", `${file} does not exist.`, "Check --cell.");
  if (!found.isFile()) throw fileError(file, "cell_file_missing", `${file} is no file.`, "Check --cell.");
  const url = pathToFileURL(path).href;
  register(new URL("./own-package.js", import.meta.url), { data: url });
  // What a step says while it is tried out must not get between the results on stdout.
  globalThis.console = new Console(process.stderr);
  let exported: unknown;
  try {
    exported = await import(url);
  } catch (error) {
    throw loadError(error, file, url);
  }
  return speaking(chosen(Object.entries({ ...(exported as object) }), wanted, file), file, url);
}

/** `./mine.js#name` is the export `name` of ./mine.js, unless there is a file of that name. */
function splitName(given: string): { readonly file: string; readonly wanted: string | null } {
  const [, file = given, wanted = null] = /^(.+)#([^#/\\]+)$/.exec(given) ?? [];
  return wanted === null || statSync(given, { throwIfNoEntry: false }) !== undefined ? { file: given, wanted: null } : { file, wanted };
}

/** The export that is wanted; otherwise the default one if it is a cell, otherwise the only cell. */
function chosen(exported: readonly (readonly [string, unknown])[], wanted: string | null, file: string): OwnCell {
  const cells = exported.flatMap(([name, value]): [string, OwnCell][] => (isCell(value) ? [[name, value]] : []));
  const names = cells.map(([name]) => name);
  const named = cells.find(([name]) => name === (wanted ?? "default"))?.[1];
  if (named !== undefined) return named;
  if (wanted !== null && names.length > 0) {
    const near = nearestName(wanted, names);
    const hint = near === null ? `Its cells are ${names.join(", ")}.` : `Did you mean ${file}#${near}?`;
    throw fileError(file, "cell_file_export", `${file} exports no cell "${wanted}".`, hint);
  }
  const [only, second] = [...new Set(cells.map(([, cell]) => cell))];
  if (only === undefined)
    throw fileError(file, "cell_file_export", `${file} exports no cell.`, "Export one, as in export default defineCell({ ... }).");
  if (second === undefined) return only;
  throw fileError(
    file,
    "cell_file_export",
    `${file} exports ${names.length} cells (${names.join(", ")}).`,
    `Choose one, as in --cell ${file}#${names[0]}.`,
  );
}

function isCell(value: unknown): value is OwnCell {
  return isRecord(value) && typeof value.name === "string" && isRecord(value.definition) && typeof value.definition.step === "function";
}

/** The cell whose functions answer a mistake with a sentence: what a user's file throws is no defect of this program. */
function speaking(cell: OwnCell, file: string, url: string): OwnCell {
  const { definition } = cell;
  const told = <A extends readonly unknown[], R>(part: string, work: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      try {
        return work(...args);
      } catch (error) {
        if (error instanceof DeepRnnError) throw error;
        const { reason, line } = reasonOf(error, url);
        const what = `its ${part} fails: ${reason} (${file}${line === null ? "" : `, line ${line}`})`;
        throw new UsageError({ code: "cell_failed", op: `cell ${cell.name}`, what, where: currentPlace() });
      }
    };
  };
  const { params, perSequence, step } = definition;
  return {
    ...cell,
    definition: {
      ...definition,
      params: told("params", (sizes) => params(sizes)),
      perSequence: perSequence === null ? null : told("perSequence", (of) => perSequence(of)),
      step: told("step", (...args) => step(...args)),
    },
  };
}

function loadError(error: unknown, file: string, url: string): DataError {
  const { reason, line: found } = reasonOf(error, url);
  const line = found ?? (error instanceof SyntaxError ? syntaxLine(url) : null);
  if (error instanceof DeepRnnError) return fileError(file, error.code, `${file}: ${reason}.`, error.hint, line);
  if (error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION") {
    const what = `${basename(file)} is TypeScript, which Node ${process.versions.node} does not run.`;
    return fileError(file, "cell_file_syntax", what, "Compile it to JavaScript, or use Node 22.18 or later.");
  }
  const at = line === null ? file : `${file} (line ${line})`;
  if (error instanceof SyntaxError) return fileError(file, "cell_file_syntax", `${at} is no valid module: ${reason}.`, "", line);
  return fileError(file, "cell_file_failed", `${at} fails while it is loaded: ${reason}.`, "", line);
}

/** Errors of parsing carry no place, but Node can be asked for it. */
function syntaxLine(url: string): number | null {
  const { stderr } = spawnSync(process.execPath, ["--check", "--input-type=module", "-"], { input: readFileSync(new URL(url)) });
  const line = /^\[stdin\]:(\d+)/m.exec(String(stderr))?.[1];
  return line === undefined ? null : Number(line);
}

/** What an error says in one line, and the line of the file it came from. */
function reasonOf(error: unknown, url: string): { readonly reason: string; readonly line: number | null } {
  const text = error instanceof DeepRnnError ? error.what : error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const after = stack.split(url)[1];
  const line = after === undefined ? null : Number(/^:(\d+)/.exec(after)?.[1] ?? Number.NaN);
  const reason = text.replace(/\s+/g, " ").replace(/\.$/, "");
  return { reason: reason === "" ? "an error without words" : reason, line: line === null || Number.isNaN(line) ? null : line };
}

function fileError(file: string, code: string, message: string, hint: string, line: number | null = null): DataError {
  return new DataError(code, message, hint, { file, ...(line === null ? {} : { line }) });
}
