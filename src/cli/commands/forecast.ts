// `deep-rnn forecast FILE`: reads a table, trains, scores against simple methods, forecasts beyond the end, writes a run folder.
import type { Command } from "commander";
import { Option } from "commander";
import { forecastJson } from "../../tasks/forecast/json.js";
import type { ForecastEvent, ForecastOptions, ForecastResult } from "../../tasks/forecast/types.js";
import { forecast } from "../../tasks/index.js";
import type { Context } from "../context.js";
import { backendLine, startBackend } from "../context.js";
import type { BackendInfo, Ok } from "../envelope.js";
import { toJson } from "../envelope.js";
import { writeForecastRun } from "../forecast-files.js";
import { foundLines, plannedLines, reportLines } from "../forecast-words.js";
import type { GlobalFlags } from "../options.js";
import { globalOptions, inRange, tableOptions, whole, widths } from "../options.js";
import { progress } from "../progress.js";
import { planRun } from "../run-folder.js";

/** The flags of this verb as commander hands them over. */
export interface ForecastFlags extends GlobalFlags, Omit<ForecastOptions, "onEvent" | "signal"> {
  readonly out?: string;
  readonly force?: true;
}

const examples = `
Examples:
  $ deep-rnn forecast sales.csv
  $ deep-rnn forecast sales.csv --target Sales --horizon 12 --json > result.json
  $ deep-rnn forecast data/airline-passengers.csv --cell elman --layers 2 --units 128 --activation relu --test 24`;

/** Describes the verb to commander. */
export function describeForecast(command: Command, run: (file: string, flags: ForecastFlags, command: Command) => Promise<void>): void {
  command
    .description("Forecast a column of a table: train a recurrent network, compare it with simple methods, look ahead.")
    .argument("<file>", "table with a header row: CSV, semicolon or tab separated, also .gz");
  for (const option of [...dataOptions(), ...tableOptions(), ...networkOptions(), ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples).action(run);
}

function dataOptions(): Option[] {
  return [
    new Option("--target <column>", "column to forecast; found if there is only one numeric column"),
    new Option("--time <columns>", "time column, or several: Date,Time; found if not given"),
    new Option("--horizon <rows>", "how far to look ahead: one season, at most a fifth of the rows").argParser(whole(1)),
    new Option("--input <rows>", "rows the network reads before each forecast: two seasons").argParser(whole(1)),
    new Option("--frequency <name>", 'monthly, daily, hourly, "15 minutes"; found from the times'),
    new Option("--season <rows>", "rows in a season, 1 for none; found from the frequency and the data").argParser(whole(1)),
    new Option("--test <rows>", "rows held out at the end and scored: the horizon").argParser(whole(1)),
  ];
}

function networkOptions(): Option[] {
  return [
    new Option("--cell <name>", "gru, lstm, elman, min-gru, min-lstm, lru (default: gru)"),
    new Option("--layers <n>", "recurrent layers (default: 2)").argParser(whole(1)),
    new Option("--units <n>", "width of every layer, or one per layer: 128,64 (default: 64)").argParser(widths),
    new Option("--activation <name>", "of elman cells: tanh, relu, leakyRelu, sigmoid (default: tanh)"),
    new Option("--epochs <n>", "most passes over the data").argParser(whole(1)),
    new Option("--batch-size <n>", "windows per step").argParser(whole(1)),
    new Option("--learning-rate <x>", "step size of Adam").argParser(inRange(0, Infinity, "open-low")),
    new Option("--clip-norm <x>", "largest gradient norm, 0 for no clipping (default: 1)").argParser(inRange(0, Infinity)),
    new Option("--dropout <share>", "inputs dropped while training").argParser(inRange(0, 1, "half-open")),
    new Option("--max-seconds <s>", "stop training after this time; such a run cannot be repeated exactly").argParser(
      inRange(0, Infinity, "open-low"),
    ),
    new Option("--seed <n>", "same seed, same numbers (default: 0)").argParser(whole(0)),
    new Option("--out <folder>", "run folder (default: runs/forecast-<name>-<n>)"),
    new Option("--force", "write into a folder that is not empty"),
  ];
}

/** Runs the verb; results go to stdout, words to stderr. Throws what the task throws. */
export async function runForecast(file: string, flags: ForecastFlags, context: Context): Promise<void> {
  const started = performance.now();
  const { terminal } = context;
  const place = planRun("forecast", file, flags.out, flags.force === true);
  const backend = await startBackend(flags);
  const log: string[] = [];
  const epochs: Extract<ForecastEvent, { kind: "epoch" }>[] = [];
  const options = taskOptions(flags);
  const onEvent = listener(context, backend, log, epochs);
  const run = await forecast(file, { ...options, signal: context.interrupt.signal, onEvent });
  const envelope = (path: string): Ok<ForecastResult> => ({
    version: 1,
    command: "forecast",
    ok: true,
    seed: flags.seed ?? 0,
    seconds: Math.round(performance.now() - started) / 1000,
    backend,
    run: path,
    model: `${path}/model`,
    report: `${path}/report.html`,
    warnings: run.warnings,
    result: forecastJson(run),
  });
  const json = await writeForecastRun({ place, run, options, backend, log, epochs, envelope, interrupt: context.interrupt });
  const path = json.run ?? "";
  if (context.json) {
    terminal.out(toJson(json));
    terminal.say(`${run.evaluation.verdict} Report: ${path}/report.html`);
  } else {
    terminal.out(reportLines(run, path, file, terminal).join("\n"));
  }
}

// Only what was given: a field that is there but undefined would hide the task's default.
function taskOptions(flags: ForecastFlags): ForecastOptions {
  const { json: _json, quiet: _quiet, color: _color, backend: _backend, threads: _threads, out: _out, force: _force, ...options } = flags;
  return options;
}

function listener(
  context: Context,
  backend: BackendInfo,
  log: string[],
  epochs: Extract<ForecastEvent, { kind: "epoch" }>[],
): (event: ForecastEvent) => void {
  const { terminal } = context;
  const show = progress(terminal);
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
      terminal.alarm(`${terminal.paintErr("yellow", "Warning:")} ${event.message}`);
    }
    if (event.kind === "epoch") {
      epochs.push(event);
      show(event);
    }
    if (event.kind === "scored") log.push(event.verdict);
  };
}
