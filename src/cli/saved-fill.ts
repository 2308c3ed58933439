// `predict` for models that fill tables: the filled table on stdout, or each filled hole as JSON.
import { defined } from "../base/defined.js";
import { counted } from "../base/words.js";
import type { FillPrediction } from "../tasks/impute/saved.js";
import { modelCells } from "./cell-file.js";
import type { Context } from "./context.js";
import { answerPlace, backendLine, okEnvelope, startBackend, writeAnswer } from "./context.js";
import { cut } from "./cut.js";
import { toJson } from "./envelope.js";
import { exitCodes } from "./failure.js";
import type { ModelFlags, TableFlags } from "./options.js";
import { readInput } from "./table-input.js";

/** Fills the holes of a new table; with `--out` into filled.csv. */
export async function predictFilled(model: string, file: string, flags: ModelFlags & TableFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const place = answerPlace(context, file, flags);
  const backend = await startBackend(flags);
  const { predictFill } = await import("../tasks/index.js");
  const { dateOrder, delimiter, encoding, missing } = flags;
  const options = { ...defined({ dateOrder, delimiter, encoding, missing }), ...(await modelCells(context)) };
  // A model of events reads files and folders of them; only tables come by a pipe.
  const made = await predictFill(model, file === "-" ? (words) => readInput(file, flags, words) : file, options);
  const { task, count, predictions } = made;
  const result: Pick<FillPrediction, "task" | "count" | "predictions"> = { task, count, ...cut({ predictions }) };
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, model, warnings: made.warnings, result });
  await writeAnswer(context, place, envelope, { "filled.csv": made.csv });
  terminal.say(backendLine(backend));
  for (const { message } of made.warnings) terminal.warn(message);
  const files = place === null ? "" : ` in ${place.given}/filled.csv`;
  terminal.say(`${counted(count, "hole")} filled${files}.`);
  if (context.json) terminal.out(toJson(envelope));
  else if (place === null) terminal.out(made.csv.trimEnd());
  return exitCodes.ok;
}
