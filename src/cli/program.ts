// The command tree: its verbs, its help, and the rule that every usage error is thrown, never printed here.
import { Command } from "commander";
import type { ExplainFlags } from "./commands/explain.js";
import { describeExplain } from "./commands/explain.js";
import type { ForecastFlags } from "./commands/forecast.js";
import { describeForecast } from "./commands/forecast.js";
import type { PredictFlags } from "./commands/predict.js";
import { describePredict } from "./commands/predict.js";

/** What the verbs do once their flags are read. */
export interface Verbs {
  forecast(file: string, flags: ForecastFlags): Promise<void>;
  predict(model: string, file: string, flags: PredictFlags): Promise<void>;
  explain(model: string, flags: ExplainFlags): Promise<void>;
}

/** The program; `parseAsync` throws `CommanderError` for help (exit code 0) and for usage errors. */
export function createProgram(verbs: Verbs, version: string): Command {
  const program = new Command("deep-rnn")
    .description("Deep recurrent networks on your own data, from one command.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  // Subcommands copy these settings when they are made, so they come after.
  describeForecast(program.command("forecast"), (file, flags) => verbs.forecast(file, flags));
  describePredict(program.command("predict"), (model, file, flags) => verbs.predict(model, file, flags));
  describeExplain(program.command("explain"), (model, flags) => verbs.explain(model, flags));
  return program;
}
