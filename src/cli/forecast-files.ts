// Fills the run folder of a forecast: settings, environment, metrics, result, report, numbers, model.
import { appendFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { ForecastEvent, ForecastResult, ForecastRun } from "../tasks/forecast/types.js";
import type { Context } from "./context.js";
import { packageVersion } from "./context.js";
import { forecastCsv } from "./csv.js";
import type { BackendInfo, Ok } from "./envelope.js";
import { toJson } from "./envelope.js";
import { nextCommands } from "./forecast-words.js";
import { reportPage } from "./report/page.js";
import type { LiveRun } from "./run-folder.js";
import type { Origin } from "./settings/resolve.js";

/** All that a run folder is made of. */
export interface RunParts {
  readonly folder: LiveRun;
  readonly run: ForecastRun;
  readonly context: Context;
  readonly backend: BackendInfo;
  readonly log: readonly string[];
  readonly epochs: readonly Extract<ForecastEvent, { kind: "epoch" }>[];
  /** Makes the JSON result once the folder's path is known. */
  readonly envelope: (path: string) => Ok<ForecastResult>;
}

/** What config.json holds from the first moment: enough to go on with the run from any folder. */
export function firstConfig(file: string, { settings }: Context): string {
  return pretty({ ...whereFrom(file), ...givenSettings(settings, {}) });
}

/** Adds each epoch to metrics.jsonl while it is trained; the first line begins the file anew, for a resumed run tells its epochs again. */
export function metricsWriter(folder: () => LiveRun | null): (event: Extract<ForecastEvent, { kind: "epoch" }>) => void {
  let isBegun = false;
  return (event) => {
    const run = folder();
    if (run === null) return;
    const path = join(run.path, "metrics.jsonl");
    const line = `${toJson(metrics(event))}\n`;
    if (isBegun) appendFileSync(path, line);
    else writeFileSync(path, line);
    isBegun = true;
  };
}

/** Writes the rest of the folder and returns the JSON result it holds. Settings and checkpoints remain if writing fails. */
export async function writeForecastRun(parts: RunParts): Promise<Ok<ForecastResult>> {
  const { run, context, backend, folder } = parts;
  try {
    const result = parts.envelope(folder.path);
    await saveForecast(run, join(folder.working, "model"), folder.write);
    await folder.write("config.json", pretty(config(run, context)));
    await folder.write("env.json", pretty(environment(backend)));
    await folder.write("log.txt", `${parts.log.join("\n")}\n`);
    await folder.write("metrics.jsonl", parts.epochs.map((event) => `${toJson(metrics(event))}\n`).join(""));
    await folder.write("forecast.csv", forecastCsv({ holdout: run.holdout, forecast: run.forecast }));
    await folder.write("report.html", report(parts, folder.path));
    await folder.write("result.json", `${toJson(result)}\n`);
    folder.finish();
    return result;
  } catch (error) {
    folder.leave();
    throw error;
  }
}

/** Saves the network with all that turns a table into its inputs, so that `predict` needs nothing else. */
async function saveForecast(run: ForecastRun, folder: string, write: (name: string, text: string) => Promise<void>): Promise<void> {
  await run.model.save(folder);
  await write("model/preprocess.json", pretty(run.preprocess));
}

/** A setting with where its value came from. */
interface Entry {
  readonly value: unknown;
  readonly origin: Origin;
  readonly from?: string;
}

// Every setting with where it came from, so that a run can be repeated and questioned; the file can be given back with --config.
function config(run: ForecastRun, { settings }: Context): Record<string, Entry> {
  const { data, network, training, preprocess, evaluation } = run;
  const found: Record<string, unknown> = {
    target: data.targets[0],
    time: data.time,
    frequency: data.frequency,
    season: data.season,
    horizon: preprocess.horizon,
    input: preprocess.input,
    test: evaluation.test,
    dateOrder: preprocess.dateOrder,
    transform: data.transform,
  };
  const inForce: Record<string, unknown> = {
    cell: network.cell,
    activation: network.activation,
    layers: network.layers,
    units: network.units,
    learningRate: training.learningRate,
  };
  const entries: Record<string, Entry> = whereFrom(data.file);
  for (const [name, value] of Object.entries(found)) entries[name] = { value, origin: "data" };
  for (const [name, value] of Object.entries(inForce)) entries[name] = { value, origin: "default" };
  return { ...entries, ...givenSettings(settings, entries) };
}

/** The table, and the folder that its name is relative to. */
function whereFrom(file: string | null): Record<string, Entry> {
  return { file: { value: file, origin: "argument" }, folder: { value: process.cwd(), origin: "argument" } };
}

/** Settings of the run, without those that nobody set and that are known better already. */
function givenSettings(settings: Context["settings"], known: Readonly<Record<string, Entry>>): Record<string, Entry> {
  const entries = Object.entries(settings.values).flatMap(([name, { value, origin, from }]): [string, Entry][] => {
    const isFound = origin === "data" || origin === "default";
    if (aboutOutput.has(name) || (isFound && name in known)) return [];
    return [[name, { value, origin, ...(from === null ? {} : { from }) }]];
  });
  return Object.fromEntries(entries);
}

// How the command talks is no setting of the run.
const aboutOutput = new Set(["json", "quiet", "color", "force", "dryRun", "require"]);

function environment(backend: BackendInfo): Record<string, unknown> {
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

// The same keys in every task's metrics.
function metrics({
  phase,
  epoch,
  step,
  loss,
  valLoss,
  learningRate,
  gradientNorm,
  clippedShare,
  seconds,
}: Extract<ForecastEvent, { kind: "epoch" }>): Record<string, unknown> {
  return {
    phase,
    epoch,
    step,
    loss,
    val_loss: valLoss,
    lr: learningRate,
    grad_norm: gradientNorm,
    clipped: clippedShare,
    seconds,
  };
}

function report({ run, context, backend }: RunParts, path: string): string {
  const settings = Object.entries(config(run, context))
    .filter(([name, { value }]) => settingNames.has(name) && value !== null)
    .map(([name, { value, origin }]): [string, string] => [name, `${Array.isArray(value) ? value.join(", ") : String(value)} (${origin})`]);
  return reportPage({
    run,
    backend,
    seed: context.seed,
    version: packageVersion(),
    settings,
    next: nextCommands(path, run.data.file ?? "FILE"),
  });
}

// The data's own facts stand in the report already.
const settingNames = new Set([
  "input",
  "horizon",
  "test",
  "cell",
  "activation",
  "layers",
  "units",
  "epochs",
  "batchSize",
  "learningRate",
  "clipNorm",
  "dropout",
  "weightDecay",
  "maxSeconds",
]);

function pretty(value: unknown): string {
  return `${toJson(value, 2)}\n`;
}
