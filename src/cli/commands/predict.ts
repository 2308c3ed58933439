// `deep-rnn predict MODEL [INPUT|-]`: loads a saved model and forecasts what follows the rows of a table.
import type { Command } from "commander";
import type { AnomalyOptions, ForecastPredictionRun } from "../../tasks/forecast/predict.js";
import type { ForecastPrediction } from "../../tasks/forecast/types.js";
import { anomaliesCsv, anomalyLines, anomalyOptions } from "../anomaly-words.js";
import { drawForecast } from "../braille.js";
import { modelCells } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { answerPlace, backendLine, okEnvelope, startBackend, writeAnswer } from "../context.js";
import { forecastCsv } from "../csv.js";
import { cut } from "../cut.js";
import { toJson } from "../envelope.js";
import { exitCodes, usageError } from "../failure.js";
import { modelFolder } from "../model-path.js";
import { shown } from "../numbers.js";
import type { ModelFlags, TableFlags } from "../options.js";
import { globalOptions, holidaysOption, modelCellOption, moreHolidays, tableOptions, taskFlags } from "../options.js";
import { pictureOf } from "../picture.js";
import { predictClasses } from "../saved-classifier.js";
import { predictFilled } from "../saved-fill.js";
import { doing, refuseUnused, savedTask } from "../saved-task.js";
import { path } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";
import { readInput } from "../table-input.js";
import type { Terminal } from "../terminal.js";

/** The flags of this verb as commander hands them over. */
export interface PredictFlags extends AnomalyOptions, ModelFlags, TableFlags {
  readonly label?: string;
  readonly holidays?: string;
}

const examples = `
Examples:
  $ deep-rnn predict runs/forecast-sales-1 newer-sales.csv
  $ zcat sales.csv.gz | deep-rnn predict runs/forecast-sales-1 - --out predictions
  $ deep-rnn predict runs/impute-stations-1 new-stations.csv > filled.csv`;

/** Describes the verb to commander. */
export function describePredict(command: Command, start: Start): void {
  command
    .description("Use a saved model: forecast what follows the last row of a table, fill its holes, or classify sequences of events.")
    .argument("<model>", "model folder or file, or the run folder that holds it")
    .argument("[input]", "table with the columns the model was trained on; - reads standard input");
  const label = new Setting(
    "--label <file>",
    "of a classifier that reads columns of its outcomes: the table that holds them",
    path("file"),
  );
  for (const option of [label, holidaysOption(moreHolidays), modelCellOption(), ...anomalyOptions(), ...tableOptions(), ...globalOptions()])
    command.addOption(option);
  command.addHelpText("after", examples);
  command.action((model: string, file: string | undefined, flags: PredictFlags) =>
    start((context) => runPredict(model, file, flags, context)),
  );
}

/** Runs the verb; results go to stdout, words to stderr. */
export async function runPredict(given: string, file: string | undefined, flags: PredictFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const model = modelFolder(given);
  const task = savedTask(model);
  if (file === undefined) {
    const hint = task === "classify" ? "" : "- reads standard input.";
    throw usageError("input_missing", `${given} ${doing[task]}; name the file.`, hint);
  }
  refuseUnused(given, task, context);
  if (task === "classify") return predictClasses(model, file, flags, context);
  if (task === "impute") return predictFilled(model, file, flags, context);
  const place = answerPlace(context, file, flags);
  const backend = await startBackend(flags);
  const { seed: _seed, label: _label, cell: _cell, ...reading } = taskFlags(flags);
  const options = { ...reading, ...(await modelCells(context)) };
  const { predictForecast } = await import("../../tasks/index.js");
  const made = await predictForecast(model, (reading) => readInput(file, { ...flags, ...reading }, reading.missing), options);
  terminal.say(backendLine(backend));
  for (const { message } of made.warnings) terminal.warn(message);
  const rows = cut({ predictions: made.predictions, ...(made.anomalies === undefined ? {} : { anomalies: made.anomalies }) });
  const strange = made.anomalySummary === undefined ? {} : { anomalySummary: made.anomalySummary };
  const envelope = okEnvelope<ForecastPrediction>(context, {
    backend,
    run: place?.given ?? null,
    model,
    warnings: made.warnings,
    result: { task: made.task, count: made.count, ...rows, ...strange },
  });
  await writeAnswer(context, place, envelope, {
    "predictions.csv": forecastCsv({ forecast: made.predictions }),
    ...(made.rowScores === null ? {} : { "anomalies.csv": anomaliesCsv(made.rowScores) }),
  });
  if (context.json) terminal.out(toJson(envelope));
  else terminal.out(predictionLines(envelope.result, made.history, place?.given ?? null, terminal).join("\n"));
  return exitCodes.ok;
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
  // Several series are told apart by their ids.
  const isMany = rows.some((row) => row.id !== null);
  const cells = [
    [...(isMany ? ["id"] : []), "time", target, ...(banded ? ["80 % from", "to"] : [])],
    ...rows.map((row) => [
      ...(isMany ? [row.id ?? ""] : []),
      ...[row.time, shown(row.value), ...(banded ? [shown(row.lower80), shown(row.upper80)] : [])],
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) =>
    row.map((cell, i) => (i <= (isMany ? 1 : 0) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
  const [head = "", ...body] = lines;
  const picture =
    history.length === 0
      ? []
      : [
          "",
          ...drawForecast(
            pictureOf({ target, history, holdout: [], forecast: rows, strange: result.anomalies ?? [] }),
            { columns: terminal.columns, rows: 14 },
            paint,
          ),
        ];
  const anomalies = anomalyLines(result, paint);
  const files = out === null ? [] : ["", `${paint("bold", "Files:")} ${out}/predictions.csv, ${out}/result.json`];
  return [paint("dim", head), ...body, ...picture, ...(anomalies.length === 0 ? [] : ["", ...anomalies]), ...files];
}
