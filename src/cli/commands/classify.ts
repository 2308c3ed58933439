// `deep-rnn classify --events FILE`: classifies whole sequences of events, scores them on sequences held out, writes a run folder.
import type { Command } from "commander";
import type { ClassifyOptions, ClassifyResult, ClassifyRun } from "../../tasks/classify/types.js";
import { BegunRun } from "../begun-run.js";
import { cellWords, trainingCell } from "../cell-file.js";
import { classifiedCsv, classifyLines } from "../classify-words.js";
import type { Context, Start } from "../context.js";
import { okEnvelope, packageVersion, startBackend } from "../context.js";
import { cut } from "../cut.js";
import { toJson } from "../envelope.js";
import { exitCodes, usageError } from "../failure.js";
import { shown } from "../numbers.js";
import type { GlobalFlags, TableFlags } from "../options.js";
import { cellOption, globalOptions, tableOptions, taskFlags } from "../options.js";
import { classifyPage } from "../report/classify-page.js";
import { classifyMeasures, requirements, unmet } from "../requirement.js";
import { planRun } from "../run-folder.js";
import type { EpochFacts } from "../run-record.js";
import { configOf, firstConfig, repeatCommand } from "../run-record.js";
import { inRange, oneOf, path, texts, whole, words } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";
import { listen } from "../task-listener.js";

/** The flags of this verb as commander hands them over. */
export interface ClassifyFlags
  extends GlobalFlags,
    Omit<TableFlags, "duplicates">,
    Omit<ClassifyOptions, "onEvent" | "signal" | "statics" | "known" | "checkpoints" | "cell"> {
  readonly cell?: string;
  readonly events?: string;
  readonly label?: string;
  readonly static?: readonly string[];
  readonly require?: readonly string[];
}

const examples = `
Examples:
  $ deep-rnn classify --events events.csv --label outcomes.csv
  $ deep-rnn classify --events set-a.tar.gz --label Outcomes-a.txt --outcome In-hospital_death --folds 5
  $ deep-rnn classify --events stays/ --label outcomes.csv --static sex --require "auroc>0.8" --json > result.json`;

/** Describes the verb to commander. */
export function describeClassify(command: Command, start: Start): void {
  command.description("Classify sequences of events, such as hospital stays, by an outcome of each.");
  for (const option of [...dataSettings(), ...networkSettings()]) command.addOption(option);
  for (const option of [...tableOptions().filter(({ long }) => long !== "--duplicates"), ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((flags: ClassifyFlags) => start((context) => runClassify(flags, context)));
}

function dataSettings(): Setting[] {
  return [
    new Setting("--events <path>", "table id, time, parameter, value; or a folder or tar of such files, one per id", path("file")),
    new Setting("--label <file>", "table of outcomes: a row with an id and a label for each sequence", path("file")),
    new Setting("--outcome <column>", "column of that table to predict; found if only one can be it", words, { found: true }),
    new Setting("--static <column>", "column of that table that is known from the start (repeatable)", texts),
    ...eventColumnSettings(),
    new Setting("--test <share>", "share of the sequences held out and scored", inRange(0, 0.9, "open-low"), { standard: 0.1 }),
    new Setting("--folds <n>", "cross-validation in so many parts, instead of --test", whole(2)),
  ];
}

/** Where id, time, parameter and value are. */
function eventColumnSettings(): Setting[] {
  return [
    new Setting("--id <column>", "column of the ids; found if not given", words, { found: true }),
    new Setting("--time <column>", "column of the times: clock, date or number; found if not given", words, { found: true }),
    new Setting("--parameter <column>", "column that says what was measured; found if not given", words, { found: true }),
    new Setting("--value <column>", "column of the values; found if not given", words, { found: true }),
  ];
}

function networkSettings(): Setting[] {
  return [
    cellOption("cell inside the fading form"),
    new Setting("--units <n>", "width of each network", whole(1), { standard: 32 }),
    new Setting("--members <n>", "networks whose probabilities are averaged", whole(1), { standard: 5 }),
    new Setting("--epochs <n>", "most passes over the sequences", whole(1), { found: true }),
    new Setting("--batch-size <n>", "sequences per step", whole(1), { found: true }),
    new Setting("--learning-rate <x>", "step size of Adam", inRange(0, Infinity, "open-low"), { standard: 0.002 }),
    new Setting("--dropout <share>", "what is read, dropped while training", inRange(0, 1, "half-open"), { standard: 0.4 }),
    new Setting("--class-weights <how>", "balanced: rare classes count more", oneOf(["none", "balanced"]), { standard: "none" }),
    new Setting("--require <condition>", 'exit with 3 unless "auroc>0.8" or the like holds (repeatable)', requirements(classifyMeasures)),
  ];
}

/**
 * Runs the verb; results go to stdout, words to stderr.
 *
 * @param resumed  the folder of a stopped run to go on with; null for a new one
 */
export async function runClassify(flags: ClassifyFlags, context: Context, resumed: string | null = null): Promise<number> {
  const { terminal } = context;
  const { require, events, label, static: statics, cell: _cell, ...options } = taskFlags(flags);
  if (events === undefined)
    throw usageError("events_missing", "--events is needed: the file or folder with the events.", "See deep-rnn classify --help.");
  if (label === undefined)
    throw usageError("label_missing", "--label is needed: the table with an outcome for each id.", "See deep-rnn classify --help.");
  const chosenCell = await trainingCell(context);
  const place = resumed ?? planRun("classify", events, flags.out, flags.force === true);
  const backend = await startBackend(flags);
  const subject = { task: "classify", file: null } as const;
  const begun = new BegunRun(context, place, () => firstConfig(subject, context));
  const words = ({ loss, valLoss, phase = "" }: EpochFacts): string =>
    `loss ${shown(loss, 3)}  validation ${shown(valLoss, 3)}${phase.startsWith("fold") ? `  ${phase}` : ""}`;
  const { log, epochs, onEvent } = listen(context, { begun, backend, words });
  const { classifyEvents } = await import("../../tasks/index.js");
  const run = await classifyEvents(events, label, {
    ...options,
    ...chosenCell,
    ...(statics === undefined ? {} : { statics }),
    signal: context.interrupt.signal,
    checkpoints: begun.checkpoints,
    onEvent: (event) => onEvent(event.kind === "epoch" ? { ...event, phase: phaseOf(event.fold) } : event),
  }).catch(begun.fail);
  const failed = unmet(require ?? [], { ...run.evaluation });
  const { path } = begun.start();
  const json = okEnvelope<ClassifyResult>(context, {
    backend,
    run: path,
    model: `${path}/model`,
    report: `${path}/report.html`,
    warnings: [...run.warnings, ...failed],
    result: resultOf(run),
  });
  await begun.write({
    config: configOf(subject, context, {
      found: { outcome: run.data.label },
      inForce: { learningRate: run.training.learningRate },
    }),
    ...{ backend, log, epochs, result: json },
    files: {
      "predictions.csv": classifiedCsv(run.predictions, run.data.classes),
      "report.html": classifyPage({
        ...{ result: json.result, seed: context.seed, notes: run.notes, warnings: run.warnings, backend, version: packageVersion() },
        ...{ predictions: run.predictions, epochs, repeat: repeatCommand(subject, context) },
      }),
    },
    saveModel: (folder) => run.model.save(folder, { task: "classify", preprocess: run.preprocess }),
  });
  terminal.out(
    context.json ? toJson(json) : classifyLines(json.result, { path, seconds: run.seconds, cell: cellWords(context) }, terminal).join("\n"),
  );
  for (const { message } of failed) terminal.alarm(terminal.paintErr("red", message));
  return failed.length === 0 ? exitCodes.ok : exitCodes.notMet;
}

/** How metrics.jsonl names a training. */
function phaseOf(fold: number): string {
  return fold === 0 ? "model" : `fold-${fold}`;
}

function resultOf({ data, network, training, evaluation, predictions }: ClassifyRun): ClassifyResult {
  return { data, network, training, evaluation, ...cut({ predictions }) };
}
