// `deep-rnn resume RUN`: goes on with a run that was stopped, from its last checkpoint, as if it had never stopped.

import { existsSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Command } from "commander";
import { DataError } from "../../base/errors.js";
import { shellWord } from "../../base/shell-word.js";
import { isRecord } from "../../base/tree.js";
import { givenCellFile, namesCellFile } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { usageError } from "../failure.js";
import type { ModelFlags } from "../options.js";
import { globalOptions, modelCellOption } from "../options.js";
import { mustGoOnIn } from "../run-folder.js";
import { whole } from "../settings/kinds.js";
import type { Resolved } from "../settings/resolve.js";
import { Setting } from "../settings/setting.js";
import { runClassify } from "./classify.js";
import { runForecast } from "./forecast.js";
import { runImpute } from "./impute.js";

/** The flags of this verb as commander hands them over. */
export interface ResumeFlags extends ModelFlags {
  readonly epochs?: number;
}

const examples = `
Examples:
  $ deep-rnn resume runs/forecast-sales-1
  $ deep-rnn resume runs/forecast-sales-1 --epochs 100
  $ deep-rnn resume runs/forecast-sales-1 --json --quiet`;

/** Describes the verb to commander. */
export function describeResume(command: Command, start: Start): void {
  command
    .description("Go on with a stopped run of forecast, impute or classify, from its last checkpoint.")
    .argument("<run>", "run folder, as in runs/forecast-sales-1")
    .addOption(
      new Setting("--epochs <n>", "most passes over the data, instead of what the run was started with", whole(1), { found: true }),
    );
  for (const option of [modelCellOption(), ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((run: string, flags: ResumeFlags) => start((context) => runResume(run, flags, context)));
}

/** Runs the verb with the settings that the run was started with; those given now win. */
export async function runResume(path: string, flags: ResumeFlags, context: Context): Promise<number> {
  if (flags.out !== undefined) throw usageError("resume_elsewhere", `A run goes on in its own folder, ${path}.`, "Leave out --out.");
  const { task, file, settings, plannedEpochs } = readRun(path);
  mustGoOnIn(path);
  const cell = givenCellFile(context);
  if (cell === null) refuseUnnamedCell(path, settings.cell?.value);
  const now = Object.entries(context.settings.values).filter(
    ([name, { origin }]) => origin !== "data" && origin !== "default" && (name !== "cell" || cell !== null),
  );
  const values = { ...settings, ...Object.fromEntries(now) };
  // Written down too, for the next time that the run goes on: how many windows make a pass of a forecast depends on it.
  if (task === "forecast" && plannedEpochs !== (values.epochs?.value ?? null))
    values.plannedEpochs = { value: plannedEpochs, origin: "argument", from: null };
  const given = Object.entries(values).map(([name, { value }]) => [name, value] as const);
  const seed = values.seed?.value;
  const own = { ...context, settings: { ...context.settings, values }, seed: typeof seed === "number" ? seed : 0 };
  // Values from the file are checked where those of the library's callers are: in the task.
  const all = { ...Object.fromEntries(given), color: flags.color };
  const folder = path.replace(/[/\\]+$/, "");
  if (task === "classify") return runClassify(all, own, folder);
  return task === "impute" ? runImpute(file, all, own, folder) : runForecast(file, all, own, folder);
}

/** The settings of a run may come from somebody else, and a cell file runs. */
function refuseUnnamedCell(path: string, cell: unknown): void {
  if (typeof cell !== "string" || !namesCellFile(cell)) return;
  const what = `${path} was started with --cell ${cell}, a file that runs only if this command line names it.`;
  throw usageError("cell_file_unasked", what, `deep-rnn resume ${shellWord(path)} --cell ${shellWord(cell)}`);
}

interface StoppedRun {
  readonly task: string;
  /** Empty where settings name the files. */
  readonly file: string;
  readonly settings: Readonly<Record<string, Resolved>>;
  readonly plannedEpochs: number | null;
}

const tasks: readonly string[] = ["forecast", "impute", "classify"];
/** Settings of a run that name files. */
const fileSettings: readonly string[] = ["events", "label", "holidays"];

/** What a run was started with; throws DataError `not_a_run`. */
function readRun(path: string): StoppedRun {
  const place = join(path, "config.json");
  if (!existsSync(path)) throw notARun(path, `${path} does not exist.`);
  if (!statSync(path).isDirectory() || !existsSync(place)) throw notARun(path, `${path} is no run folder: it has no config.json.`);
  const config = parse(readFileSync(place, "utf8"), place);
  const {
    task = "forecast",
    file,
    folder,
  } = Object.fromEntries(Object.entries(config).map(([name, entry]) => [name, isRecord(entry) ? entry.value : null]));
  if (typeof task !== "string" || !tasks.includes(task))
    throw new DataError("not_a_run", `${place} names no task that can go on.`, "", { file: place });
  if (task !== "classify" && typeof file !== "string")
    throw new DataError("not_a_run", `${place} does not name the table of the run.`, "", { file: place });
  // Resumed from another folder, the name of a file still means the same one.
  const found = (name: string): string => {
    const moved = typeof folder === "string" && !isAbsolute(name) ? join(folder, name) : name;
    return !existsSync(name) && existsSync(moved) ? moved : name;
  };
  const settings = { ...settingsIn(config) };
  for (const name of fileSettings) {
    const given = settings[name];
    if (given !== undefined && typeof given.value === "string") settings[name] = { ...given, value: found(given.value) };
  }
  const planned = isRecord(config.plannedEpochs) ? config.plannedEpochs.value : settings.epochs?.value;
  const plannedEpochs = typeof planned === "number" ? planned : null;
  return { task, file: typeof file === "string" ? found(file) : "", settings, plannedEpochs };
}

/** Settings that somebody gave. */
function settingsIn(config: Readonly<Record<string, unknown>>): Record<string, Resolved> {
  const entries = Object.entries(config).flatMap(([name, entry]): [string, Resolved][] => {
    if (!isRecord(entry)) return [];
    const { value, origin, from } = entry;
    if (origin !== "flag" && origin !== "environment" && origin !== "config") return [];
    return [[name, { value, origin, from: typeof from === "string" ? from : null }]];
  });
  return Object.fromEntries(entries.filter(([name, { value }]) => value !== null && name !== "out"));
}

function notARun(path: string, message: string): DataError {
  return usageError("not_a_run", message, "Give a run folder, as in runs/forecast-sales-1.", path);
}

function parse(text: string, place: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Told below, as for JSON that is no record.
  }
  throw new DataError("not_a_run", `${place} is damaged: it is not a JSON record.`, "", { file: place });
}
