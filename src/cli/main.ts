// Entry of the `deep-rnn` command: parses, runs one verb, and turns every outcome into streams and an exit code.
import type { Command } from "commander";
import { CommanderError } from "commander";
import type { Context } from "./context.js";
import { okEnvelope, packageVersion } from "./context.js";
import { toJson } from "./envelope.js";
import { describeFailure, exitCodes, usageError } from "./failure.js";
import type { Interrupt } from "./interrupt.js";
import { listenForInterrupt } from "./interrupt.js";
import { globalsBehindVerb, isWithoutCommand } from "./options.js";
import { createProgram } from "./program.js";
import type { Settings } from "./settings/resolve.js";
import { earlySwitch, resolveSettings } from "./settings/resolve.js";
import type { Terminal } from "./terminal.js";
import { openTerminal } from "./terminal.js";

/** One run of the command line: what it said so far, and how it ends. */
class Session {
  readonly #args: readonly string[];
  readonly #interrupt: Interrupt;
  #terminal: Terminal;
  #json: boolean;
  #command = "deep-rnn";
  #settings: Settings = { values: {}, warnings: [] };
  #started: number = performance.now();
  #help = "";
  #hasAnswered = false;

  constructor(given: readonly string[]) {
    this.#args = globalsBehindVerb(given);
    // Known before parsing, because a failure to parse must obey them too.
    this.#json = earlySwitch("json", this.#args, process.env);
    this.#terminal = this.#open(earlySwitch("quiet", this.#args, process.env), !this.#args.includes("--no-color"));
    this.#interrupt = listenForInterrupt(
      (sentence) => this.#terminal.alarm(sentence),
      () => leave(this.failed(new Error("stopped by a signal"))),
    );
  }

  /** Runs the command line and returns the exit code. */
  async run(): Promise<number> {
    const args = this.#args;
    let outcome: number = exitCodes.ok;
    const program = createProgram({
      start: async (work) => {
        outcome = args.includes("--print-config") ? this.#printSettings() : await work(this.#context());
      },
      version: packageVersion(),
      write: (text) => {
        this.#help += text;
      },
    });
    const names = program.commands.map((command) => command.name());
    this.#command = names.find((name) => name === args.find((arg) => !arg.startsWith("-"))) ?? this.#command;
    program.hook("preAction", (_program, command) => this.#resolve(program, command));
    // Settings can be looked at without the data they are for.
    if (args.includes("--print-config"))
      for (const { registeredArguments } of program.commands) for (const argument of registeredArguments) argument.required = false;
    try {
      if (isWithoutCommand(args)) return this.#withoutCommand(program.helpInformation(), names);
      refuseUnknownHelp(args, names);
      await program.parseAsync(args, { from: "user" });
      return outcome;
    } catch (error) {
      if (error instanceof CommanderError && error.exitCode === 0) return this.#printHelp();
      return this.failed(error);
    } finally {
      this.#interrupt.close();
    }
  }

  /** Reports an error that ended the command and returns its exit code. */
  failed(error: unknown): number {
    const signalled = this.#interrupt.exitCode();
    const failure = describeFailure(error, this.#command);
    const stopped = stoppedWords(this.#interrupt.resumeCommand());
    const bad = signalled === null ? failure.bad : { ...failure.bad, error: { ...failure.bad.error, ...stopped } };
    if (this.#json && !this.#hasAnswered) this.#terminal.out(toJson(bad));
    this.#terminal.alarm(this.#terminal.paintErr("red", bad.error.message));
    if ((process.env.DEBUG ?? "") !== "") this.#terminal.alarm(failure.stack);
    return signalled ?? failure.exitCode;
  }

  // Exactly one JSON value: whatever goes wrong after the answer is told on stderr.
  #open(quiet: boolean, color: boolean): Terminal {
    return openTerminal({
      quiet,
      color,
      onOut: () => {
        this.#hasAnswered = true;
      },
    });
  }

  #resolve(program: Command, command: Command): void {
    this.#command = command.name();
    this.#settings = resolveSettings(command, program.commands, process.env);
    const { json, quiet, color } = this.#settings.values;
    this.#json = json?.value === true;
    this.#terminal = this.#open(quiet?.value === true, color?.value !== false);
    for (const { message } of this.#settings.warnings) this.#terminal.warn(message);
  }

  #context(): Context {
    const { seed } = this.#settings.values;
    return {
      command: this.#command,
      terminal: this.#terminal,
      interrupt: this.#interrupt,
      json: this.#json,
      settings: this.#settings,
      seed: typeof seed?.value === "number" ? seed.value : 0,
      started: this.#started,
    };
  }

  // Without --json the settings alone, so that they can be kept as a file for --config.
  #printSettings(): number {
    const { values } = this.#settings;
    const shown = Object.fromEntries(
      Object.entries(values).map(([name, { value, origin, from }]) => [name, { value, origin, ...(from === null ? {} : { from }) }]),
    );
    const json = okEnvelope(this.#context(), { backend: null, result: { settings: shown } });
    this.#terminal.out(this.#json ? toJson(json) : settingLines(shown));
    return exitCodes.ok;
  }

  #printHelp(): number {
    const text = this.#help.trimEnd();
    const result = this.#args.includes("--version") ? { version: text } : { help: text };
    this.#terminal.out(this.#json ? toJson(okEnvelope(this.#context(), { backend: null, result })) : text);
    return exitCodes.ok;
  }

  #withoutCommand(help: string, names: readonly string[]): number {
    if (this.#json) return this.failed(usageError("usage_no_command", "A command is needed.", `Choose from ${names.join(", ")}.`));
    this.#terminal.alarm(help.trimEnd());
    return exitCodes.usage;
  }
}

/** What is said about a run that a signal ended. */
function stoppedWords(resume: string | null): { code: string; message: string; hint: string } {
  if (resume === null) return { code: "interrupted", message: "Stopped; nothing was written.", hint: "" };
  return { code: "interrupted", message: `Stopped; a checkpoint is saved. To go on: ${resume}`, hint: resume };
}

// JSON with one setting per line.
function settingLines(settings: Readonly<Record<string, unknown>>): string {
  return `{\n${Object.entries(settings)
    .map(([name, entry]) => `  ${JSON.stringify(name)}: ${toJson(entry)}`)
    .join(",\n")}\n}`;
}

// `help bogus` would print nothing at all.
function refuseUnknownHelp([first, second]: readonly string[], verbs: readonly string[]): void {
  if (first !== "help" || second === undefined || second.startsWith("-") || [...verbs, "help"].includes(second)) return;
  throw usageError("usage_unknown_command", `Unknown command '${second}'.`, `The commands are ${verbs.join(", ")}.`);
}

// Leaves even if a backend's threads still wait for work, but not before the last byte is out or known to be lost.
function leave(code: number): void {
  process.stdout.write("", () =>
    setImmediate(() => {
      if (lost !== null) process.stderr.write(`${lost}\n`);
      process.exit(lost === null ? code : exitCodes.failed);
    }),
  );
}

let lost: string | null = null;
// A reader that closes the pipe early (`| head`) has seen enough: not an error. Words that nobody reads are no loss either.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  lost ??= describeFailure(error, "deep-rnn").bad.error.message.replace("a file", "the standard output");
});
process.stderr.on("error", () => {});
const session = new Session(process.argv.slice(2));
// An error outside of what is awaited, as in a worker or a timer, ends the command like any other.
const leaveWith = (error: unknown): void => leave(session.failed(error));
process.once("uncaughtException", leaveWith).once("unhandledRejection", leaveWith);
leave(await session.run());
