// Turns anything thrown into one sentence, an exit code, and the JSON of a failure.
import { inspect } from "node:util";
import { CommanderError } from "commander";
import { DataError, DeepRnnError, RunError } from "../base/errors.js";
import { nearestName } from "../data/table.js";
import type { Bad } from "./envelope.js";

/** Exit codes; `notMet` is a `--require` that does not hold, 130 and 143 are 128 + the number of the signal, as shells report it. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, notMet: 3, interrupted: 130, terminated: 143 } as const;

/** A mistake in how the command was typed, found by the command line itself; `file` is what the mistake is about. */
export function usageError(code: string, message: string, hint = "", file: string | null = null): DataError {
  return new DataError(code, message, hint, file === null ? {} : { file });
}

/** What a failure looks like from outside. */
export interface Failure {
  readonly exitCode: number;
  readonly bad: Bad;
  /** The stack, for those who set DEBUG. */
  readonly stack: string;
}

/** Describes an error for the user: wrong input and usage exit with 2, everything else with 1. */
export function describeFailure(error: unknown, command: string): Failure {
  const facts = factsOf(error, command);
  const place =
    error instanceof DataError ? { file: error.file, line: error.line, column: error.column } : { file: null, line: null, column: null };
  return {
    exitCode: facts.exitCode,
    bad: {
      version: 1,
      command,
      ok: false,
      error: { code: facts.code, message: withFinalNames(oneLine(facts.message)), hint: facts.hint, ...place },
    },
    stack: error instanceof Error ? (error.stack ?? error.message) : inspect(error),
  };
}

/** Hints of the library that speak of its functions, as they are typed here. */
const typedHints: Readonly<Record<string, string>> = { missing_cell: "On the command line: --cell ./mine.js" };

interface Facts {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

function factsOf(error: unknown, command: string): Facts {
  if (error instanceof CommanderError) return fromCommander(error, command);
  if (error instanceof DeepRnnError) {
    const usage = !(error instanceof RunError);
    // The code has a field of its own; a sentence reads better without.
    const hint = typedHints[error.code];
    const message = hint === undefined ? error.message.replace(` [${error.code}]`, "") : `${error.what}. ${hint}`;
    return { exitCode: usage ? exitCodes.usage : exitCodes.failed, code: error.code, message, hint: hint ?? error.hint };
  }
  const system = systemSentence(error);
  if (system !== null) return { exitCode: exitCodes.failed, code: "system", message: system, hint: "" };
  const hint = "This is a defect; DEBUG=1 shows where.";
  const message = error instanceof Error ? error.message : inspect(error);
  return { exitCode: exitCodes.failed, code: "internal", message: `${message.replace(/\.$/, "")}. ${hint}`, hint };
}

// commander writes `error: unknown option '--x'` and a second line `(Did you mean --y?)`; ours is one sentence.
function fromCommander(error: CommanderError, command: string): Facts {
  const [first = "", second = ""] = error.message.replace(/^error: /, "").split("\n");
  const guess = /Did you mean (.*)\?/.exec(second)?.[1] ?? nearChoice(first);
  const help = command === "deep-rnn" ? command : `deep-rnn ${command}`;
  const hint = guess === null ? `See ${help} --help.` : `Did you mean ${guess}?`;
  const sentence = first.charAt(0).toUpperCase() + first.slice(1).replace(/\.$/, "");
  return {
    exitCode: exitCodes.usage,
    code: error.code.replace(/^commander\./, "usage_").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    message: `${sentence}. ${hint}`,
    hint,
  };
}

// "--backend wsm" deserves the same help as "--bakend".
function nearChoice(sentence: string): string | null {
  const [, given = "", choices = ""] = /'([^']*)' is invalid(?: for argument '\w+')?\. Allowed choices are (.*)\.$/.exec(sentence) ?? [];
  return choices === "" ? null : nearestName(given, choices.split(", "));
}

const systemReasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
  ENOENT: "no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EMFILE: "too many open files",
};

function systemSentence(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  const reason = systemReasons[error.code];
  if (reason === undefined) return null;
  const path = "path" in error && typeof error.path === "string" ? error.path : "a file";
  return `Cannot use ${path}: ${reason}.`;
}

/** Names the run folder as it will be called where an error speaks of the one it is built in. */
function withFinalNames(text: string): string {
  return text.replace(/\.([^/\\\s]+)\.partial(?:-\d+)?(?=[/\\]|: )/g, "$1");
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
