// Entry of the `deep-rnn` command: parses, runs one verb, and turns every outcome into streams and an exit code.
import { CommanderError } from "commander";
import { runExplain } from "./commands/explain.js";
import { runForecast } from "./commands/forecast.js";
import { runPredict } from "./commands/predict.js";
import { packageVersion } from "./context.js";
import { toJson } from "./envelope.js";
import { describeFailure, exitCodes, usageError } from "./failure.js";
import { listenForInterrupt } from "./interrupt.js";
import type { GlobalFlags } from "./options.js";
import { globalsBehindVerb } from "./options.js";
import { createProgram } from "./program.js";
import { openTerminal } from "./terminal.js";

/** Runs one command line (without `node` and the script) and returns the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  const args = globalsBehindVerb(given);
  // Known before parsing, because a failure to parse must obey them too.
  const json = args.includes("--json");
  const terminal = openTerminal({ quiet: args.includes("--quiet"), color: !args.includes("--no-color") });
  const interrupt = listenForInterrupt((sentence) => terminal.alarm(sentence));
  const context = (flags: GlobalFlags) => ({ terminal, interrupt, json: flags.json === true });
  let verb = "deep-rnn";
  let outcome: number = exitCodes.ok;
  const program = createProgram(
    {
      forecast: (file, flags) => runForecast(file, flags, context(flags)),
      predict: (model, file, flags) => runPredict(model, file, flags, context(flags)),
      explain: async (model, flags) => {
        outcome = await runExplain(model, flags, context(flags));
      },
    },
    packageVersion(),
  );
  verb = program.commands.find((command) => command.name() === args.find((arg) => !arg.startsWith("-")))?.name() ?? verb;
  try {
    if (args.length === 0) {
      terminal.alarm(program.helpInformation());
      return exitCodes.usage;
    }
    refuseUnknownHelp(
      args,
      program.commands.map((command) => command.name()),
    );
    await program.parseAsync(args, { from: "user" });
    return outcome;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    return failed(error, verb, json, interrupt.exitCode());
  } finally {
    interrupt.close();
  }

  function failed(error: unknown, command: string, asJson: boolean, signalled: number | null): number {
    const failure = describeFailure(error, command);
    const bad =
      signalled === null
        ? failure.bad
        : { ...failure.bad, error: { ...failure.bad.error, code: "interrupted", message: "Stopped; nothing was written.", hint: "" } };
    if (asJson) terminal.out(toJson(bad));
    terminal.alarm(terminal.paintErr("red", bad.error.message));
    if ((process.env.DEBUG ?? "") !== "") terminal.alarm(failure.stack);
    return signalled ?? failure.exitCode;
  }
}

// `help bogus` would print nothing at all.
function refuseUnknownHelp([first, second]: readonly string[], verbs: readonly string[]): void {
  if (first !== "help" || second === undefined || second.startsWith("-") || [...verbs, "help"].includes(second)) return;
  throw usageError("usage_unknown_command", `Unknown command '${second}'.`, `The commands are ${verbs.join(", ")}.`);
}

let lost: string | null = null;
// A reader that closes the pipe early (`| head`) has seen enough: not an error. Words that nobody reads are no loss either.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  lost ??= describeFailure(error, "deep-rnn").bad.error.message.replace("a file", "the standard output");
});
process.stderr.on("error", () => {});
const code = await main(process.argv.slice(2));
// Leaves even if a backend's threads still wait for work, but not before the last byte is out or known to be lost.
process.stdout.write("", () =>
  setImmediate(() => {
    if (lost !== null) process.stderr.write(`${lost}\n`);
    process.exit(lost === null ? code : exitCodes.failed);
  }),
);
