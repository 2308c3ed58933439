// What every training run writes beside its result: settings with their origins, the environment, a line for each epoch, and the
// command that makes the same numbers again.
import { appendFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { shellWord } from "../base/shell-word.js";
import type { Context } from "./context.js";
import { packageVersion } from "./context.js";
import type { BackendInfo } from "./envelope.js";
import { toJson } from "./envelope.js";
import type { LiveRun } from "./run-folder.js";
import type { Origin } from "./settings/resolve.js";

/** A setting with where its value came from. */
export interface Entry {
  readonly value: unknown;
  readonly origin: Origin;
  readonly from?: string;
}

/** What was found in the data, and what holds because nobody said otherwise. */
export interface KnownSettings {
  readonly found?: Readonly<Record<string, unknown>>;
  readonly inForce?: Readonly<Record<string, unknown>>;
}

/** What is run on what. */
export interface RunSubject {
  readonly task: "forecast" | "impute" | "classify";
  /** null where settings name the files. */
  readonly file: string | null;
}

/** What config.json holds from the first moment: enough to go on with the run from any folder. */
export function firstConfig(subject: RunSubject, context: Context): string {
  return pretty(configOf(subject, context));
}

/** Every setting with where it came from, so that a run can be repeated and questioned; as a file it can be given back with --config. */
export function configOf(
  { task, file }: RunSubject,
  { settings }: Pick<Context, "settings">,
  known: KnownSettings = {},
): Record<string, Entry> {
  const argument = (value: unknown): Entry => ({ value, origin: "argument" });
  const entries: Record<string, Entry> = {
    task: argument(task),
    ...(file === null ? {} : { file: argument(file) }),
    folder: argument(process.cwd()),
  };
  for (const [name, value] of Object.entries(known.found ?? {})) entries[name] = { value, origin: "data" };
  for (const [name, value] of Object.entries(known.inForce ?? {})) entries[name] = { value, origin: "default" };
  for (const [name, { value, origin, from }] of Object.entries(settings.values)) {
    const isFound = origin === "data" || origin === "default";
    // Settings that nobody set may be known better already; how the command talks is no setting of the run.
    if (aboutOutput.has(name) || (isFound && name in entries)) continue;
    entries[name] = { value, origin, ...(from === null ? {} : { from }) };
  }
  return entries;
}

const aboutOutput = new Set(["json", "quiet", "color", "force", "dryRun", "require"]);

/** The machine and the versions. */
export function environment(backend: BackendInfo): Record<string, unknown> {
  return {
    deepRnn: packageVersion(),
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    processor: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    memoryBytes: totalmem(),
    written: new Date().toISOString(),
    backend,
  };
}

/** What every task reports of a pass. */
export interface EpochFacts {
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly valLoss: number | null;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly clippedShare: number;
  readonly seconds: number;
  /** Which of several trainings. */
  readonly phase?: string;
}

/** One line of metrics.jsonl: the same keys in every task. */
export function metricsLine({ phase, epoch, step, loss, valLoss, learningRate, gradientNorm, clippedShare, seconds }: EpochFacts): string {
  const record = {
    ...(phase === undefined ? {} : { phase }),
    ...{ epoch, step, loss, val_loss: valLoss, lr: learningRate, grad_norm: gradientNorm, clipped: clippedShare, seconds },
  };
  return `${toJson(record)}\n`;
}

/** Adds each epoch to metrics.jsonl while it is trained; the first line begins the file anew, for a resumed run tells its epochs again. */
export function metricsWriter(folder: () => LiveRun | null): (epoch: EpochFacts) => void {
  let isBegun = false;
  return (epoch) => {
    const run = folder();
    if (run === null) return;
    const path = join(run.path, "metrics.jsonl");
    if (isBegun) appendFileSync(path, metricsLine(epoch));
    else writeFileSync(path, metricsLine(epoch));
    isBegun = true;
  };
}

/** The command with every setting that somebody gave, wherever it came from. */
export function repeatCommand({ task, file }: RunSubject, { settings, seed }: Pick<Context, "settings" | "seed">): string {
  const flags = Object.entries(settings.values).flatMap(([name, { value, origin }]) => {
    const isGiven = origin === "flag" || origin === "environment" || origin === "config";
    const isOneWord = task === "forecast" && columnLists.has(name);
    return isGiven && !aboutOutput.has(name) && !leftOut.has(name) ? flagsOf(name, value, isOneWord) : [];
  });
  const words = [task, ...(file === null ? [] : [file]), ...flags, "--seed", String(seed)];
  return `deep-rnn ${words.map(shellWord).join(" ")}`;
}

/** Settings of a forecast that take columns or parts of the calendar in one word. */
const columnLists = new Set(["past", "future", "static", "calendar"]);
const leftOut = new Set(["out", "seed", "printConfig"]);

function flagsOf(name: string, value: unknown, isOneWord: boolean): string[] {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === true) return name === "calendar" ? [flag, "on"] : [flag];
  if (value === false || value === null || value === undefined) return [];
  if (!Array.isArray(value)) return [flag, String(value)];
  // Lists of numbers are one word, lists of words are repeated.
  return isOneWord || value.every((each) => typeof each === "number")
    ? [flag, value.join(",")]
    : value.flatMap((each) => [flag, String(each)]);
}

/** JSON as people read it. */
export function pretty(value: unknown): string {
  return `${toJson(value, 2)}\n`;
}
