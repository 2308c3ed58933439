// What a forecast leaves in its run folder: settings, report, numbers, network.
import type { ForecastResult, ForecastRun } from "../tasks/forecast/types.js";
import { anomaliesCsv } from "./anomaly-words.js";
import type { RunRecord } from "./begun-run.js";
import { cellWords } from "./cell-file.js";
import type { Context } from "./context.js";
import { packageVersion } from "./context.js";
import { forecastCsv } from "./csv.js";
import type { BackendInfo, Ok } from "./envelope.js";
import { nextCommands } from "./forecast-words.js";
import { reportPage } from "./report/page.js";
import type { Entry } from "./run-record.js";
import { configOf, pretty, repeatCommand } from "./run-record.js";

/** All that a run folder is made of. */
export interface RunParts extends Pick<RunRecord, "log" | "epochs"> {
  readonly path: string;
  readonly run: ForecastRun;
  readonly context: Context;
  readonly backend: BackendInfo;
  readonly result: Ok<ForecastResult>;
}

/** The files of a finished forecast. */
export function forecastRecord({ path, run, context, backend, log, epochs, result }: RunParts): RunRecord {
  const config = settingsOf(run, context);
  return {
    ...{ config, backend, log, epochs, result },
    files: {
      "forecast.csv": forecastCsv({ holdout: run.holdout, forecast: run.forecast }),
      ...(run.rowScores === null ? {} : { "anomalies.csv": anomaliesCsv(run.rowScores) }),
      "report.html": reportPage({
        ...{ run, backend, seed: context.seed, version: packageVersion(), settings: shownSettings(config) },
        repeat: repeatCommand({ task: "forecast", file: run.data.file ?? "FILE" }, context),
        next: nextCommands(path, run.data.file ?? "FILE", cellWords(context)),
      }),
    },
    // With all that turns a table into inputs, so that `predict` needs nothing else.
    async saveModel(folder, write) {
      await run.model.save(folder);
      await write("model/preprocess.json", pretty(run.preprocess));
    },
  };
}

function settingsOf(run: ForecastRun, context: Context): Record<string, Entry> {
  const { data, network, training, preprocess, evaluation } = run;
  const found = {
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
  const inForce = {
    cell: network.cell,
    activation: network.activation,
    layers: network.layers,
    units: network.units,
    learningRate: training.learningRate,
  };
  return configOf({ task: "forecast", file: data.file }, context, { found, inForce });
}

function shownSettings(config: Readonly<Record<string, Entry>>): (readonly [string, string])[] {
  return Object.entries(config)
    .filter(([name, { value, origin }]) => settingNames.has(name) && value !== null && (name !== "sampling" || origin !== "default"))
    .map(([name, { value, origin }]) => [name, `${Array.isArray(value) ? value.join(", ") : String(value)} (${origin})`]);
}

// The data's own facts stand in the report already.
const settingNames = new Set([
  "past",
  "future",
  "static",
  "calendar",
  "holidays",
  "sampling",
  "strategy",
  "distribution",
  "stack",
  "ensemble",
  "input",
  "horizon",
  "test",
  "backtest",
  "pure",
  "paths",
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
