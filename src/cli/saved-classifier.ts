// `predict` and `evaluate` for models that classify events.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { EventEvaluation, EventPrediction } from "../tasks/classify/saved.js";
import { modelCells } from "./cell-file.js";
import { classifiedCsv, scoreLines } from "./classify-words.js";
import type { Context } from "./context.js";
import { answerPlace, okEnvelope, startBackend, writeAnswer } from "./context.js";
import { cut } from "./cut.js";
import { toJson } from "./envelope.js";
import { exitCodes, usageError } from "./failure.js";
import { counted, shown } from "./numbers.js";
import type { ModelFlags, TableFlags } from "./options.js";

/** What these verbs take for a classifier beside the files. */
export interface ClassifierFlags extends ModelFlags, Pick<TableFlags, "missing" | "delimiter" | "encoding"> {
  readonly label?: string;
}

/** Whether a model folder holds a classifier of events. */
export function classifiesEvents(model: string): boolean {
  const file = join(model, "preprocess.json");
  if (!existsSync(model) || !statSync(model).isDirectory() || !existsSync(file)) return false;
  return /"format"\s*:\s*"deep-rnn-classify-events"/.test(readFileSync(file, "utf8"));
}

/** Classifies new sequences. */
export async function predictClasses(model: string, file: string, flags: ClassifierFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const place = answerPlace(context, file, flags);
  const backend = await startBackend(flags);
  const { predictEvents } = await import("../tasks/index.js");
  const made = await predictEvents(model, file, { ...readingOf(flags), ...(await modelCells(context)) }, flags.label ?? null);
  const result: EventPrediction = { ...made, ...cut({ predictions: made.predictions }) };
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, result });
  const classes = Object.keys(made.predictions[0]?.probabilities ?? {});
  await writeAnswer(context, place, envelope, { "predictions.csv": classifiedCsv(made.predictions, classes) });
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
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, result });
  await writeAnswer(context, place, envelope, { "predictions.csv": classifiedCsv(predictions, data.classes) });
  const head = terminal.paintOut("bold", `Scores on ${counted(data.examples, "sequence")}`);
  terminal.out(context.json ? toJson(envelope) : [head, ...scoreLines(evaluation, terminal)].join("\n"));
  terminal.say("Sequences that the model was trained on make it look better than it is.");
  return exitCodes.ok;
}

function readingOf({ missing, delimiter, encoding }: ClassifierFlags): Pick<ClassifierFlags, "missing" | "delimiter" | "encoding"> {
  return {
    ...(missing === undefined ? {} : { missing }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(encoding === undefined ? {} : { encoding }),
  };
}
