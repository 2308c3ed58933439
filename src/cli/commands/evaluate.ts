// `deep-rnn evaluate MODEL DATA`: scores a saved model on the last rows of a table, beside the simple methods.

import type { Command } from "commander";
import { counted } from "../../base/words.js";
import type { ForecastEvaluationRun } from "../../tasks/index.js";
import { modelCells } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { answerPlace, backendLine, okEnvelope, startBackend, writeAnswer } from "../context.js";
import { forecastCsv } from "../csv.js";
import { toJson } from "../envelope.js";
import { exitCodes, usageError } from "../failure.js";
import { modelFolder } from "../model-path.js";
import type { ModelFlags, TableFlags } from "../options.js";
import { globalOptions, holidaysOption, modelCellOption, moreHolidays, tableOptions, taskFlags } from "../options.js";
import { anyRequirement, forecastMeasures, refuseOthers, unmetBy } from "../requirement.js";
import { evaluateClasses } from "../saved-classifier.js";
import { refuseUnused, savedTask } from "../saved-task.js";
import { scoreRows, scoreTable } from "../scores.js";
import { path, whole } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";
import { readInput } from "../table-input.js";

/** The flags of this verb as commander hands them over. */
export interface EvaluateFlags extends ModelFlags, TableFlags {
  readonly test?: number;
  readonly label?: string;
  readonly holidays?: string;
  readonly require?: readonly string[];
}

type Evaluation = Pick<ForecastEvaluationRun, "task" | "data" | "evaluation">;

const examples = `
Examples:
  $ deep-rnn evaluate runs/forecast-sales-1 newer-sales.csv
  $ deep-rnn evaluate runs/forecast-sales-1 newer-sales.csv --test 24 --json
  $ deep-rnn evaluate runs/forecast-sales-1/model newer-sales.csv --out scores    also writes every scored row`;

/** Describes the verb to commander. */
export function describeEvaluate(command: Command, start: Start): void {
  command
    .description("Score a saved model on data: forecast rows that are there, compare with them and with simple methods.")
    .argument("<model>", "model folder or file, or the run folder that holds it")
    .argument("<data>", "table with the columns the model was trained on; - reads standard input");
  const test = new Setting("--test <rows>", "rows at the end that are scored: one horizon of the model", whole(1), { found: true });
  const label = new Setting("--label <file>", "of a model that classifies events: the table of outcomes", path("file"));
  for (const option of [
    test,
    label,
    holidaysOption(moreHolidays),
    modelCellOption(),
    anyRequirement(),
    ...tableOptions(),
    ...globalOptions(),
  ])
    command.addOption(option);
  command.addHelpText("after", examples);
  command.action((model: string, data: string, flags: EvaluateFlags) => start((context) => runEvaluate(model, data, flags, context)));
}

/** Runs the verb; scores go to stdout, words to stderr. */
export async function runEvaluate(given: string, data: string, flags: EvaluateFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const model = modelFolder(given);
  const kind = savedTask(model);
  refuseUnused(given, kind, context);
  if (kind === "classify") return evaluateClasses(model, data, flags, context);
  if (kind === "impute") {
    const what = `${given} fills tables, and what it fills is not known better.`;
    throw usageError("nothing_to_score", what, "The errors at hidden values stand in the result.json of its run.");
  }
  refuseOthers(flags.require, forecastMeasures, "a forecast");
  const place = answerPlace(context, data, flags);
  const backend = await startBackend(flags);
  const { seed: _seed, require, label: _label, cell: _cell, ...reading } = taskFlags(flags);
  const options = { ...reading, ...(await modelCells(context)) };
  const { evaluateForecast } = await import("../../tasks/index.js");
  const made = await evaluateForecast(model, (reading) => readInput(data, { ...flags, ...reading }, reading.missing), options);
  terminal.say(backendLine(backend));
  for (const { message } of made.warnings) terminal.warn(message);
  const { task, evaluation } = made;
  const result: Evaluation = { task, data: made.data, evaluation };
  const unmet = unmetBy(evaluation, require);
  const warnings = [...made.warnings, ...unmet];
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, warnings, result });
  await writeAnswer(context, place, envelope, { "predictions.csv": forecastCsv({ holdout: made.rows }) });
  const { test, points } = evaluation;
  const paint = terminal.paintOut;
  const lines = [
    paint("bold", `Scores on the last ${counted(test, "row")}${points === test ? "" : ` (${counted(points, "value")} scored)`}`),
    ...scoreTable(scoreRows(evaluation), paint),
    "",
    evaluation.verdict,
  ];
  terminal.out(context.json ? toJson(envelope) : lines.join("\n"));
  terminal.say("Rows that the model was trained on make it look better than it is.");
  for (const { message } of unmet) terminal.alarm(terminal.paintErr("red", message));
  return unmet.length === 0 ? exitCodes.ok : exitCodes.notMet;
}
