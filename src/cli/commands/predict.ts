// `deep-rnn predict MODEL FILE`: loads a saved model and forecasts what follows the rows of a table.
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { modelPlace } from "../../io/folder-node.js";
import type { ForecastPredictionRun } from "../../tasks/forecast/predict.js";
import type { ForecastPrediction } from "../../tasks/forecast/types.js";
import { predictForecast } from "../../tasks/index.js";
import { drawForecast } from "../braille.js";
import type { Context } from "../context.js";
import { backendLine, startBackend } from "../context.js";
import { forecastCsv } from "../csv.js";
import type { Ok } from "../envelope.js";
import { toJson } from "../envelope.js";
import { usageError } from "../failure.js";
import { shown } from "../numbers.js";
import type { GlobalFlags } from "../options.js";
import { globalOptions, tableOptions } from "../options.js";
import { pictureOf } from "../picture.js";
import { openRun, planRun } from "../run-folder.js";
import type { Terminal } from "../terminal.js";

/** The flags of this verb as commander hands them over. */
export interface PredictFlags extends GlobalFlags {
  readonly missing?: readonly string[];
  readonly duplicates?: "mean" | "first" | "last" | "sum";
  readonly dateOrder?: "dmy" | "mdy";
  readonly delimiter?: "," | ";" | "\t";
  readonly encoding?: "utf-8" | "latin1" | "utf-16le";
  readonly out?: string;
  readonly force?: true;
}

const examples = `
Examples:
  $ deep-rnn predict runs/forecast-sales-1/model sales.csv
  $ deep-rnn predict runs/forecast-sales-1 newer-sales.csv --json`;

/** Describes the verb to commander. */
export function describePredict(
  command: Command,
  run: (model: string, file: string, flags: PredictFlags, command: Command) => Promise<void>,
): void {
  command
    .description("Use a saved model: forecast what follows the last row of a table.")
    .argument("<model>", "model folder, or the run folder that holds it")
    .argument("<file>", "table with the columns the model was trained on");
  const files = [
    new Option("--out <folder>", "also write predictions.csv and result.json there"),
    new Option("--force", "write into a folder that is not empty"),
  ];
  for (const option of [...tableOptions(), ...files, ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples).action(run);
}

/** Runs the verb; results go to stdout, words to stderr. */
export async function runPredict(given: string, file: string, flags: PredictFlags, context: Context): Promise<void> {
  const started = performance.now();
  const { terminal, interrupt } = context;
  const model = modelFolder(given);
  const place = flags.out === undefined ? null : planRun("predict", file, flags.out, flags.force === true);
  const backend = await startBackend(flags);
  terminal.say(backendLine(backend));
  const { json: _json, quiet: _quiet, color: _color, backend: _backend, threads: _threads, out: _out, force: _force, ...options } = flags;
  const made = await predictForecast(model, file, options);
  const result: ForecastPrediction = { task: made.task, count: made.count, predictions: made.predictions };
  const envelope: Ok<ForecastPrediction> = {
    version: 1,
    command: "predict",
    ok: true,
    seed: 0,
    seconds: Math.round(performance.now() - started) / 1000,
    backend,
    run: place?.given ?? null,
    model,
    report: null,
    warnings: made.warnings,
    result,
  };
  if (place !== null) {
    const folder = openRun(place);
    interrupt.onLeave(folder.abandon);
    try {
      await folder.write("predictions.csv", forecastCsv({ forecast: result.predictions }));
      await folder.write("result.json", `${toJson(envelope)}\n`);
      folder.finish();
    } catch (error) {
      folder.abandon();
      throw error;
    }
  }
  if (context.json) terminal.out(toJson(envelope));
  else terminal.out(predictionLines(result, made.history, place?.given ?? null, terminal).join("\n"));
}

/** Accepts a run folder for the model inside it. */
export function modelFolder(given: string): string {
  const found = [join(given, "model"), given].find(holdsModel);
  if (found !== undefined) return found;
  if (!existsSync(given)) throw usageError("model_missing", `${given} does not exist.`, "Train one first: deep-rnn forecast FILE.");
  if (statSync(given).isDirectory()) {
    throw usageError("model_missing", `${given} holds no model (no model.json).`, "Give the run folder, or the model folder inside it.");
  }
  if (statSync(given).isFile() && !isZip(given))
    throw usageError("model_missing", `${given} is no model.`, "Give the run folder, or the model folder inside it.");
  return given;
}

/** Also true while a model waits beside its place because a save was cut off; loadModel finds it there. */
function holdsModel(path: string): boolean {
  const place = modelPlace(path);
  return place !== null && existsSync(join(place, "model.json"));
}

// A model in one file is a ZIP archive.
function isZip(path: string): boolean {
  const file = openSync(path, "r");
  const start = Buffer.alloc(2);
  readSync(file, start, 0, 2, 0);
  closeSync(file);
  return start.toString("latin1") === "PK";
}

function predictionLines(
  result: ForecastPrediction,
  history: ForecastPredictionRun["history"],
  out: string | null,
  terminal: Terminal,
): string[] {
  const paint = terminal.paintOut;
  const rows = result.predictions;
  const target = rows[0]?.target ?? "forecast";
  const banded = rows.some((row) => row.lower80 !== null);
  const cells = [
    ["time", target, ...(banded ? ["80 % from", "to"] : [])],
    ...rows.map((row) => [row.time, shown(row.value), ...(banded ? [shown(row.lower80), shown(row.upper80)] : [])]),
  ];
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
  const [head = "", ...body] = lines;
  const picture =
    history.length === 0
      ? []
      : ["", ...drawForecast(pictureOf({ target, history, holdout: [], forecast: rows }), { columns: terminal.columns, rows: 14 }, paint)];
  const files = out === null ? [] : ["", `${paint("bold", "Files:")} ${out}/predictions.csv, ${out}/result.json`];
  return [paint("dim", head), ...body, ...picture, ...files];
}
