// The command tree: its verbs, its help, and the rule that every usage error is thrown, never printed here.
import { Command } from "commander";
import { describeClassify } from "./commands/classify.js";
import { describeCompletion } from "./commands/completion.js";
import { describeConvert } from "./commands/convert.js";
import { describeDoctor } from "./commands/doctor.js";
import { describeEvaluate } from "./commands/evaluate.js";
import { describeExplain } from "./commands/explain.js";
import { describeForecast } from "./commands/forecast.js";
import { describeImpute } from "./commands/impute.js";
import { describeInspect } from "./commands/inspect.js";
import { describePredict } from "./commands/predict.js";
import { describeResume } from "./commands/resume.js";
import type { Start } from "./context.js";

/** What the tree needs from outside. */
export interface Surroundings {
  readonly start: Start;
  readonly version: string;
  /** Takes help and version. */
  readonly write: (text: string) => void;
}

/** The program; `parseAsync` throws `CommanderError` for help (exit code 0) and for usage errors. */
export function createProgram({ start, version, write }: Surroundings): Command {
  const program = new Command("deep-rnn")
    .description("Deep recurrent networks on your own data, from one command.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureOutput({ writeErr: () => {}, writeOut: write })
    .exitOverride();
  // Subcommands copy these settings when they are made, so they come after.
  describeForecast(program.command("forecast"), start);
  describeClassify(program.command("classify"), start);
  describeImpute(program.command("impute"), start);
  describePredict(program.command("predict"), start);
  describeEvaluate(program.command("evaluate"), start);
  describeResume(program.command("resume"), start);
  describeExplain(program.command("explain"), start);
  describeConvert(program.command("convert"), start);
  describeInspect(program.command("inspect"), start);
  describeDoctor(program.command("doctor"), start);
  describeCompletion(program.command("completion"), start, program);
  program.addHelpText("after", programExamples);
  for (const command of program.commands) command.addHelpText("after", everyCommand);
  return program;
}

const programExamples = `
Examples:
  $ deep-rnn forecast sales.csv
  $ deep-rnn predict runs/forecast-sales-1 newer.csv --json
  $ deep-rnn doctor

Exit codes: 0 done, 1 failed while running, 2 wrong input or usage,
3 --require does not hold, 130 Ctrl-C, 143 SIGTERM.`;

const everyCommand = `
Every option can also be DEEP_RNN_<NAME> in the environment or a key in the JSON
file of --config: --batch-size is DEEP_RNN_BATCH_SIZE and "batchSize". A flag
counts more than the environment, the environment more than the file.`;
