// `predict` and `evaluate` for models that classify events.
import { defined } from "../base/defined.js";
import { counted } from "../base/words.js";
import type { EventOptions } from "../data/event-types.js";
import type { EventEvaluation, EventPrediction } from "../tasks/classify/saved.js";
import { modelCells } from "./cell-file.js";
import { classifiedCsv, scoreLines } from "./classify-words.js";
import type { Context } from "./context.js";
import { answerPlace, okEnvelope, startBackend, writeAnswer } from "./context.js";
import { cut } from "./cut.js";
import { toJson } from "./envelope.js";
import { exitCodes, usageError } from "./failure.js";
import { shown } from "./numbers.js";
import type { ModelFlags, TableFlags } from "./options.js";
import { classifyMeasures, refuseOthers, unmet } from "./requirement.js";

/** Events may be a folder or an archive; none of these comes by a pipe. */
function refuseStandardInput(file: string, verb: "predict" | "evaluate"): void {
  if (file !== "-") return;
  throw usageError("no_stdin", "A classifier reads events from a file or folder, not from standard input.", `See deep-rnn ${verb} --help.`);
}

/** What these verbs take for a classifier beside the files. */
export interface ClassifierFlags extends ModelFlags, Pick<TableFlags, "missing" | "dateOrder" | "delimiter" | "encoding"> {
  readonly label?: string;
  readonly require?: readonly string[];
}

/** Classifies new sequences. */
export async function predictClasses(model: string, file: string, flags: ClassifierFlags, context: Context): Promise<number> {
  const { terminal } = context;
  refuseStandardInput(file, "predict");
  const place = answerPlace(context, file, flags);
  const backend = await startBackend(flags);
  const { predictEvents } = await import("../tasks/index.js");
  const made = await predictEvents(model, file, { ...readingOf(flags), ...(await modelCells(context)) }, flags.label ?? null);
  const { task, count, warnings } = made;
  const result: Pick<EventPrediction, "task" | "count" | "predictions"> = { task, count, ...cut({ predictions: made.predictions }) };
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, warnings, result });
  const classes = Object.keys(made.predictions[0]?.probabilities ?? {});
  await writeAnswer(context, place, envelope, { "predictions.csv": classifiedCsv(made.predictions, classes) });
  for (const { message } of warnings) terminal.warn(message);
  const width = Math.max(2, ...result.predictions.map(({ input }) => input.length));
  const lines = result.predictions.map(({ input, label, probability }) => `${input.padEnd(width)}  ${label}  ${shown(probability, 3)}`);
  terminal.out(
    context.json ? toJson(envelope) : [terminal.paintOut("dim", `${"id".padEnd(width)}  class  probability`), ...lines].join("\n"),
  );
  return exitCodes.ok;
}

/** Scores a classifier on sequences with outcomes. */
export async function evaluateClasses(model: string, file: string, flags: ClassifierFlags, context: Context): Promise<number> {
  const { terminal } = context;
  if (flags.label === undefined)
    throw usageError("label_missing", "--label is needed: the table with an outcome for each id.", "See deep-rnn evaluate --help.");
  refuseOthers(flags.require, classifyMeasures, "a classifier");
  refuseStandardInput(file, "evaluate");
  const place = answerPlace(context, file, flags);
  const backend = await startBackend(flags);
  const { evaluateEvents } = await import("../tasks/index.js");
  const { predictions, ...made } = await evaluateEvents(model, file, flags.label, {
    ...readingOf(flags),
    ...(await modelCells(context)),
    seed: context.seed,
  });
  const { task, data, evaluation } = made;
  const result: Pick<EventEvaluation, "task" | "data" | "evaluation"> = { task, data, evaluation };
  const failed = unmet(flags.require ?? [], { ...evaluation });
  const warnings = [...made.warnings, ...failed];
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, warnings, result });
  for (const { message } of made.warnings) terminal.warn(message);
  await writeAnswer(context, place, envelope, { "predictions.csv": classifiedCsv(predictions, data.classes) });
  const head = terminal.paintOut("bold", `Scores on ${counted(data.examples, "sequence")}`);
  terminal.out(context.json ? toJson(envelope) : [head, ...scoreLines(evaluation, terminal)].join("\n"));
  terminal.say("Sequences that the model was trained on make it look better than it is.");
  for (const { message } of failed) terminal.alarm(terminal.paintErr("red", message));
  return failed.length === 0 ? exitCodes.ok : exitCodes.notMet;
}

function readingOf({
  missing,
  dateOrder,
  delimiter,
  encoding,
}: ClassifierFlags): Pick<EventOptions, "missing" | "dateOrder" | "delimiter" | "encoding"> {
  return defined({ missing, dateOrder, delimiter, encoding });
}
