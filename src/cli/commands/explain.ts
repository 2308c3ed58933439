// `deep-rnn explain MODEL`: what became of a saved model's layers, what a step costs, and what stays slow for which reason.
import type { Command } from "commander";
import type { Explanation } from "../../inspect/index.js";
import { modelCells } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { answerPlace, backendLine, okEnvelope, startBackend, writeAnswer } from "../context.js";
import type { Warning } from "../envelope.js";
import { toJson } from "../envelope.js";
import { exitCodes } from "../failure.js";
import { modelFolder } from "../model-path.js";
import type { ModelFlags } from "../options.js";
import { globalOptions, modelCellOption } from "../options.js";
import { oneOf } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";

/** Flags of `explain` as commander hands them over. */
export interface ExplainFlags extends ModelFlags {
  readonly require?: "fused";
}

const examples = `
Examples:
  $ deep-rnn explain runs/forecast-sales-1
  $ deep-rnn explain models/a --require fused    exit code 3 if anything stays per step beside products and fused programs
  $ deep-rnn explain models/a --json --backend wasm`;

/** Describes the verb to commander. */
export function describeExplain(command: Command, start: Start): void {
  command
    .description("Say what the compiler made of a saved model: per layer what left the loop, what stays and why; work, memory, time.")
    .argument("<model>", "model folder or file, or the run folder that holds it");
  const required = new Setting("--require <what>", "exit with 3 unless this holds", oneOf(["fused"]));
  for (const option of [required, modelCellOption(), ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((model: string, flags: ExplainFlags) => start((context) => runExplain(model, flags, context)));
}

/** Runs the verb and gives its exit code; the explanation goes to stdout, words about it to stderr. */
export async function runExplain(given: string, flags: ExplainFlags, context: Context): Promise<number> {
  const { terminal } = context;
  const folder = modelFolder(given);
  const place = answerPlace(context, given, flags);
  const backend = await startBackend(flags);
  const [{ loadModel }, { explain }] = await Promise.all([import("../../index.js"), import("../../inspect/index.js")]);
  const model = await loadModel(folder, await modelCells(context));
  terminal.say(backendLine(backend));
  const steps = stepsOf(model.preprocess);
  const plan = explain(model, steps === null ? {} : { steps });
  const warnings = flags.require === "fused" ? slowWarnings(plan) : [];
  const run = place?.given ?? (folder === given ? null : given);
  const envelope = okEnvelope(context, { backend, run, model: folder, warnings, result: plan });
  await writeAnswer(context, place, envelope, { "explanation.txt": `${String(plan)}\n` });
  terminal.out(context.json ? toJson(envelope) : String(plan));
  for (const { message } of warnings) terminal.alarm(terminal.paintErr("red", message));
  return warnings.length === 0 ? exitCodes.ok : exitCodes.notMet;
}

/** Steps that a saved task reads; null where the model does not say. */
function stepsOf(preprocess: unknown): number | null {
  if (typeof preprocess !== "object" || preprocess === null || !("input" in preprocess)) return null;
  return typeof preprocess.input === "number" ? preprocess.input : null;
}

function slowWarnings({ layers }: Explanation): Warning[] {
  return layers.flatMap(({ name, slow }) => slow.map((text): Warning => ({ code: "not_fused", message: `Not fused: ${name}, ${text}.` })));
}
