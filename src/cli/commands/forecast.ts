// `deep-rnn forecast FILE`: reads a table, trains, scores against simple methods, forecasts beyond the end, writes a run folder.
import type { Command } from "commander";
import { forecastJson } from "../../tasks/forecast/json.js";
import { distributionNames, stackNames, strategies } from "../../tasks/forecast/network/types.js";
import { samplings } from "../../tasks/forecast/sampling.js";
import type { ForecastEvent, ForecastOptions, ForecastResult, ForecastRun } from "../../tasks/forecast/types.js";
import { anomalyOptions } from "../anomaly-words.js";
import { BegunRun } from "../begun-run.js";
import { cellWords, trainingCell } from "../cell-file.js";
import type { Context, Start } from "../context.js";
import { backendLine, okEnvelope, startBackend } from "../context.js";
import type { BackendInfo, Ok } from "../envelope.js";
import { toJson } from "../envelope.js";
import { exitCodes } from "../failure.js";
import { forecastRecord } from "../forecast-files.js";
import { foundLines, nextCommands, plannedLines, reportLines } from "../forecast-words.js";
import type { GlobalFlags, TableFlags } from "../options.js";
import { cellOption, globalOptions, holidaysOption, tableOptions, taskFlags, toEsRnn } from "../options.js";
import { progress } from "../progress.js";
import { forecastRequirement, unmetBy } from "../requirement.js";
import { planRun } from "../run-folder.js";
import { firstConfig, metricsWriter } from "../run-record.js";
import { calendar, columnNames, inRange, oneOf, whole, widths, words } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";

/** The flags of this verb as commander hands them over. */
export interface ForecastFlags
  extends GlobalFlags,
    TableFlags,
    Omit<ForecastOptions, "onEvent" | "signal" | "checkpoints" | "cell" | "statics"> {
  readonly cell?: string;
  readonly static?: readonly string[];
  readonly dryRun?: true;
  readonly require?: readonly string[];
}

const examples = `
Examples:
  $ deep-rnn forecast sales.csv
  $ deep-rnn forecast sales.csv --target Sales --horizon 12 --json > result.json
  $ deep-rnn forecast data/airline-passengers.csv --cell elman --layers 2 --units 128 --activation relu --test 24 --require "mase<1.5"`;

/** Describes the verb to commander. */
export function describeForecast(command: Command, start: Start): void {
  command
    .description("Forecast a column of a table: train a recurrent network, compare it with simple methods, look ahead.")
    .argument("<file>", "table with a header row: CSV, semicolon or tab separated, also .gz");
  for (const option of [...dataOptions(), ...besideOptions(), ...tableOptions(), ...networkOptions(), ...globalOptions()])
    command.addOption(option);
  command
    .addHelpText("after", examples)
    .action((file: string, flags: ForecastFlags) => start((context) => runForecast(file, flags, context)));
}

function dataOptions(): Setting[] {
  return [
    new Setting("--target <column>", "column to forecast; found if there is only one numeric column", words, { found: true }),
    new Setting("--time <columns>", "time column, or several: Date,Time; found if not given", words, { found: true }),
    new Setting("--id <column>", "column that says to which series a row belongs, for tables of many", words, { found: true }),
    new Setting("--wide", "many series: one per row (its id, then its values), or one per column beside the time"),
    new Setting("--horizon <rows>", "how far to look ahead: one season, at most a fifth of the rows", whole(1), { found: true }),
    new Setting("--input <rows>", "rows the network reads before each forecast: two seasons", whole(1), { found: true }),
    new Setting("--frequency <name>", 'monthly, daily, hourly, "15 minutes"; found from the times', words, { found: true }),
    new Setting("--season <rows>", "rows in a season, 1 for none; found from the frequency and the data", whole(1), { found: true }),
    new Setting("--test <rows>", "rows held out at the end and scored: the horizon", whole(1), { found: true }),
    new Setting("--backtest <origins>", "score forecasts from that many origins, one horizon apart; instead of --test", whole(1)),
    new Setting("--pure", "the network alone, without the simple methods it corrects"),
    ...anomalyOptions(),
  ];
}

/** Columns that the network reads beside the target. */
function besideOptions(): Setting[] {
  return [
    new Setting("--past <columns>", "columns that the network also reads, known up to the last row: A,B", columnNames),
    new Setting("--future <columns>", "columns known beyond the end; rows after the last target hold them: C,D", columnNames),
    new Setting("--static <columns>", "of many series: columns that are the same in all rows of each; none for none", columnNames, {
      found: true,
    }),
    new Setting("--calendar <parts>", "on, off, or what the network is told of each time: weekday,month", calendar, { standard: "off" }),
    new Setting(
      "--sampling <how>",
      "of many series: windows used where all take too long, as many of each series or by number or size",
      oneOf(samplings),
      {
        standard: "series",
      },
    ),
    holidaysOption("table with a column of dates that are holidays"),
  ];
}

function networkOptions(): Setting[] {
  return [
    cellOption(),
    new Setting("--layers <n>", "recurrent layers", whole(1), {
      ...{ standard: 2, givesWay: [{ to: "units", where: Array.isArray }, toEsRnn] },
    }),
    new Setting("--units <n>", "width of every layer, or one per layer: 128,64", widths, { standard: 64 }),
    new Setting("--activation <name>", "of elman cells: tanh, relu, leakyRelu, sigmoid", oneOf(["tanh", "relu", "leakyRelu", "sigmoid"]), {
      ...{ standard: "tanh", givesWay: [{ to: "cell", where: (cell) => cell !== "elman" }, toEsRnn] },
    }),
    new Setting("--strategy <name>", "how the network reaches beyond the next row; es-rnn smooths each series too", oneOf(strategies), {
      standard: "direct",
    }),
    new Setting("--distribution <name>", "what the network says of each row ahead; none for a value alone", oneOf(distributionNames), {
      ...{ standard: "none", givesWay: [toEsRnn] },
    }),
    new Setting("--stack <name>", "how its layers stand on each other", oneOf(stackNames), { standard: "plain", givesWay: [toEsRnn] }),
    new Setting("--ensemble <n>", "networks that are trained from seeds of their own and averaged", whole(1), {
      standard: 1,
      givesWay: [toEsRnn],
    }),
    new Setting("--paths <n>", "sample paths of a recursive network with a distribution: 100", whole(1)),
    new Setting("--epochs <n>", "most passes over the data: 40, fewer if there is much of it", whole(1), { found: true }),
    new Setting("--batch-size <n>", "windows per step", whole(1), { standard: 32 }),
    new Setting("--learning-rate <x>", "step size of Adam", inRange(0, Infinity, "open-low"), { standard: 0.002 }),
    new Setting("--clip-norm <x>", "largest gradient norm, 0 for no clipping", inRange(0, Infinity), { standard: 1 }),
    new Setting("--dropout <share>", "inputs dropped while training: 0.3 for short series, else 0.1", inRange(0, 1, "half-open"), {
      ...{ found: true, givesWay: [toEsRnn] },
    }),
    new Setting(
      "--max-seconds <s>",
      "stop training after this time; such a run cannot be repeated exactly",
      inRange(0, Infinity, "open-low"),
    ),
    new Setting("--dry-run", "say what would be done; train nothing, write nothing"),
    forecastRequirement(),
  ];
}

/**
 * Runs the verb; results go to stdout, words to stderr. Throws what the task throws.
 *
 * @param resumed  the folder of a stopped run to go on with; null for a new one
 */
export async function runForecast(file: string, flags: ForecastFlags, context: Context, resumed: string | null = null): Promise<number> {
  const { dryRun, require, cell: _cell, static: named, ...others } = taskFlags(flags);
  const statics = named === undefined ? {} : { statics: named.join() === "none" ? [] : named };
  const options = { ...others, ...statics, ...(await trainingCell(context)) };
  if (dryRun === true) return explainPlan(file, options, flags, context);
  const place = resumed ?? planRun("forecast", file, flags.out, flags.force === true);
  const backend = await startBackend(flags);
  const log: string[] = [];
  const epochs: Extract<ForecastEvent, { kind: "epoch" }>[] = [];
  const begun = new BegunRun(context, place, () => firstConfig({ task: "forecast", file }, context));
  const onEvent = listener(context, begun, backend, { log, epochs });
  const { forecast } = await import("../../tasks/index.js");
  const { checkpoints } = begun;
  const run = await forecast(file, { ...options, signal: context.interrupt.signal, onEvent, checkpoints }).catch(begun.fail);
  const failed = unmetBy(run.evaluation, require);
  const { path } = begun.start();
  const json = okEnvelope<ForecastResult>(context, {
    backend,
    run: path,
    model: `${path}/model`,
    report: `${path}/report.html`,
    warnings: [...run.warnings, ...failed],
    result: forecastJson(run),
  });
  await begun.write(forecastRecord({ path, run, context, backend, log, epochs, result: json }));
  report(run, json, file, context);
  for (const { message } of failed) context.terminal.alarm(context.terminal.paintErr("red", message));
  return failed.length === 0 ? exitCodes.ok : exitCodes.notMet;
}

function report(run: ForecastRun, json: Ok<ForecastResult>, file: string, context: Context): void {
  const { terminal, json: asJson } = context;
  const path = json.run ?? "";
  terminal.out(asJson ? toJson(json) : reportLines(run, path, nextCommands(path, file, cellWords(context)), terminal).join("\n"));
  if (asJson) terminal.say(`${run.evaluation.verdict} Report: ${path}/report.html`);
}

async function explainPlan(file: string, options: ForecastOptions, flags: GlobalFlags, context: Context): Promise<number> {
  const backend = await startBackend(flags);
  const { planForecast } = await import("../../tasks/index.js");
  const { data, network, plan, notes, lines, warnings } = await planForecast(file, options);
  const words = [...foundLines({ data, lines: notes }), backendLine(backend), ...plannedLines({ network, lines })];
  const result = { dryRun: true, data, network, plan, training: null, evaluation: null, holdout: [], forecast: [] };
  context.terminal.out(context.json ? toJson(okEnvelope(context, { backend, warnings, result })) : words.join("\n"));
  for (const { message } of warnings) context.terminal.warn(message);
  context.terminal.say("Nothing was trained and nothing written: --dry-run.");
  return exitCodes.ok;
}

function listener(
  context: Context,
  begun: BegunRun,
  backend: BackendInfo,
  { log, epochs }: { readonly log: string[]; readonly epochs: Extract<ForecastEvent, { kind: "epoch" }>[] },
): (event: ForecastEvent) => void {
  const { terminal } = context;
  const show = progress(terminal);
  const write = metricsWriter(() => begun.run);
  const say = (lines: readonly string[]): void => {
    for (const line of lines) {
      log.push(line);
      terminal.say(line);
    }
  };
  return (event) => {
    if (event.kind === "found") say([...foundLines(event), backendLine(backend)]);
    if (event.kind === "planned") say(plannedLines(event));
    if (event.kind === "warning") {
      log.push(`Warning: ${event.message}`);
      terminal.warn(event.message);
    }
    if (event.kind === "epoch") {
      epochs.push(event);
      write(event);
      show(event);
    }
    if (event.kind === "scored") log.push(event.verdict);
  };
}
