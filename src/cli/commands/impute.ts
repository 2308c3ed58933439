// `deep-rnn impute FILE`: fills the holes of a table, and says how well on values hidden from it.

import type { Command } from "commander";
import { defined } from "../../base/defined.js";
import { shellWord } from "../../base/shell-word.js";
import { counted } from "../../base/words.js";
import { eventClock, stepTable } from "../../data/event-steps.js";
import type { EventOptions } from "../../data/event-types.js";
import { isIdOf } from "../../data/panel.js";
import { readEvents } from "../../data/read-events.js";
import { readTable } from "../../data/read-table.js";
import type { ImputeOptions, ImputeResult, ImputeRun } from "../../tasks/impute/types.js";
import { BegunRun } from "../begun-run.js";
import { cellWords, trainingCell } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { okEnvelope, packageVersion, startBackend } from "../context.js";
import { toJson } from "../envelope.js";
import { exitCodes, usageError } from "../failure.js";
import { usedWords } from "../fill-words.js";
import { duration, shown } from "../numbers.js";
import type { GlobalFlags, TableFlags } from "../options.js";
import { cellOption, globalOptions, tableOptions, taskFlags } from "../options.js";
import { fillPage } from "../report/fill-page.js";
import { requirements, unmet } from "../requirement.js";
import { planRun } from "../run-folder.js";
import type { EpochFacts } from "../run-record.js";
import { configOf, firstConfig, repeatCommand } from "../run-record.js";
import { inRange, texts, whole, words } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";
import { listen } from "../task-listener.js";
import type { Terminal } from "../terminal.js";

/** The flags of this verb as commander hands them over. */
export interface ImputeFlags
  extends GlobalFlags,
    Omit<TableFlags, "duplicates">,
    Omit<ImputeOptions, "onEvent" | "signal" | "columns" | "checkpoints" | "clock" | "reading" | "cell"> {
  readonly cell?: string;
  readonly column?: readonly string[];
  readonly events?: true;
  readonly parameter?: string;
  readonly value?: string;
  readonly require?: readonly string[];
}

const examples = `
Examples:
  $ deep-rnn impute stations.csv --id station
  $ deep-rnn impute sensors.csv --column temperature --column pressure --out filled
  $ deep-rnn impute stays.tar.gz --events --json > result.json`;

/** Conditions of `--require`. */
const measures = ["mae", "rmse", "maeRatio"] as const;

/** Describes the verb to commander. */
export function describeImpute(command: Command, start: Start): void {
  command
    .description("Fill the missing values of a table, and measure the error on values hidden from it.")
    .argument("<file>", "table with a header row; with --events a file, folder or tar of events");
  const own = [
    new Setting("--id <columns>", "columns that say to which series a row belongs", words),
    new Setting("--time <columns>", "time column, or several: Date,Time; found if not given", words, { found: true }),
    new Setting("--column <name>", "column to read and fill (repeatable): all columns of numbers", texts, { found: true }),
    new Setting("--events", "the input holds events: id, time, parameter, value"),
    new Setting("--parameter <column>", "of events: column that says what was measured; found if not given", words, { found: true }),
    new Setting("--value <column>", "of events: column of the values; found if not given", words, { found: true }),
    new Setting("--hide <share>", "share of the values hidden to measure the error", inRange(0, 0.4, "open-low"), { standard: 0.1 }),
    cellOption("cell of both directions"),
    new Setting("--units <n>", "width of the network", whole(1), { standard: 64 }),
    new Setting("--epochs <n>", "most passes over the rows; fewer if there are many", whole(1), { found: true }),
    new Setting("--batch-size <n>", "windows per step", whole(1), { found: true }),
    new Setting("--learning-rate <x>", "step size of Adam", inRange(0, Infinity, "open-low"), { standard: 0.002 }),
    new Setting("--require <condition>", 'exit with 3 unless "maeRatio<1" or the like holds (repeatable)', requirements(measures)),
  ];
  const reading = tableOptions().filter(({ long }) => long !== "--duplicates");
  for (const option of [...own, ...reading, ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((file: string, flags: ImputeFlags) => start((context) => runImpute(file, flags, context)));
}

/**
 * Runs the verb; results go to stdout, words to stderr.
 *
 * @param resumed  the folder of a stopped run to go on with; null for a new one
 */
export async function runImpute(file: string, flags: ImputeFlags, context: Context, resumed: string | null = null): Promise<number> {
  const { terminal } = context;
  const { require, column, events, parameter, value, cell: _cell, ...options } = taskFlags(flags);
  if (events !== true && (parameter ?? value) !== undefined)
    throw usageError("bad_option", "--parameter and --value are for tables of events.", "Add --events, or name columns with --column.");
  const chosenCell = await trainingCell(context);
  const place = resumed ?? planRun("impute", file, flags.out, flags.force === true);
  const backend = await startBackend(flags);
  const subject = { task: "impute", file } as const;
  const begun = new BegunRun(context, place, () => firstConfig(subject, context));
  const words = ({ loss, valLoss }: EpochFacts): string => `loss ${shown(loss, 3)}  error at hidden values ${shown(valLoss, 3)}`;
  const { log, epochs, onEvent } = listen(context, { begun, backend, words });
  const read = events === true ? await readEvents(file, eventReading(flags)) : null;
  // Numbers that may mean "missing" are looked for in the table that is filled.
  const hints = (read?.hints ?? []).filter(({ code }) => code === "mixed_units");
  for (const { message } of hints) terminal.warn(message);
  const clock = read === null ? null : eventClock(read);
  const table = read === null ? await readTable(file, { ...options, names: isIdOf(options) }) : stepTable(read, clock ?? undefined);
  const [{ impute }, { keptReading }] = await Promise.all([import("../../tasks/index.js"), import("../../tasks/event-reading.js")]);
  const run = await impute(table, {
    ...options,
    ...chosenCell,
    ...defined({ columns: column }),
    ...(read === null || clock === null ? {} : { id: "id", time: "time", clock, reading: keptReading(flags, read) }),
    signal: context.interrupt.signal,
    checkpoints: begun.checkpoints,
    onEvent,
  }).catch(begun.fail);
  const failed = unmet(require ?? [], { ...run.evaluation.model, maeRatio: run.evaluation.maeRatio });
  const { path } = begun.start();
  const facts = { run: path, model: `${path}/model`, report: `${path}/report.html`, warnings: [...hints, ...run.warnings, ...failed] };
  const json = okEnvelope<ImputeResult>(context, { backend, ...facts, result: resultOf(run, file) });
  await begun.write({
    config: configOf(subject, context, {
      found: { id: run.data.id, time: run.data.time, column: run.data.columns },
      inForce: { learningRate: run.training.learningRate },
    }),
    ...{ backend, log, epochs, result: json },
    files: {
      "filled.csv": run.csv,
      "report.html": fillPage({
        ...{ result: json.result, seed: context.seed, notes: run.notes, warnings: run.warnings, backend, version: packageVersion() },
        repeat: repeatCommand(subject, context),
        ...{ epochs, examples: run.examples },
      }),
    },
    saveModel: (folder) => run.model.save(folder, { task: "impute", preprocess: run.preprocess }),
  });
  terminal.out(
    context.json ? toJson(json) : reportLines(json.result, { path, seconds: run.seconds, cell: cellWords(context) }, terminal).join("\n"),
  );
  for (const { message } of failed) terminal.alarm(terminal.paintErr("red", message));
  return failed.length === 0 ? exitCodes.ok : exitCodes.notMet;
}

function eventReading({ id, time, parameter, value, dateOrder, missing, delimiter, encoding }: ImputeFlags): EventOptions {
  return defined({ id, time, parameter, value, dateOrder, missing, delimiter, encoding });
}

function resultOf({ data, network, training, evaluation }: ImputeRun, file: string): ImputeResult {
  return { data: { ...data, file }, network, training, evaluation };
}

/** Columns of the text table; all of them are in the report. */
const shownColumns = 40;

function reportLines(
  { data, evaluation }: ImputeResult,
  { path, seconds, cell }: { readonly path: string; readonly seconds: number; readonly cell: string },
  { paintOut: paint }: Terminal,
): string[] {
  const ways = ["model", "network", "mean", "last", "linear"] as const;
  const head = ["column", "missing", "filled", "network", "mean", "last", "linear", "used"];
  const rows = evaluation.columns
    .slice(0, shownColumns)
    .map((column) => [
      column.name,
      String(column.missing),
      ...ways.map((way) => shown(column[way].rawMae, 3)),
      column.observed === 0 ? "nothing" : usedWords(column),
    ]);
  const overall = ["all, in deviations", String(data.missing), ...ways.map((way) => shown(evaluation[way].mae, 3)), ""];
  const cells = [head, ...rows, overall];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i === 0 || i === 7 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const more = evaluation.columns.length - shownColumns;
  return [
    paint("bold", `Mean absolute errors at ${counted(evaluation.hidden, "hidden value")}`),
    paint("dim", lines[0] ?? ""),
    ...lines.slice(1, -1),
    ...(more > 0 ? [`... ${counted(more, "more column")} in the report`] : []),
    paint("bold", lines.at(-1) ?? ""),
    "",
    evaluation.verdict,
    "",
    `${paint("bold", "Files")}, after ${duration(seconds)}:`,
    `  ${path}/filled.csv     the table, ${counted(data.filled, "hole")} filled`,
    `  ${path}/report.html    all columns: open it in a browser`,
    `  ${path}/model          the trained network`,
    "",
    paint("bold", "Next:"),
    `  deep-rnn predict ${shellWord(path)} NEW-TABLE${cell} > filled.csv`,
  ];
}
