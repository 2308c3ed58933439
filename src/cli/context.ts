// What every command gets: the terminal, the interrupt, its settings, and how to start the library and to answer.

import { readFileSync } from "node:fs";
import { counted } from "../base/words.js";
import type { BackendInfo, Ok, Warning } from "./envelope.js";
import { toJson } from "./envelope.js";
import type { Interrupt } from "./interrupt.js";
import type { GlobalFlags } from "./options.js";
import type { FileText, RunPlace } from "./run-folder.js";
import { openRun, planRun } from "./run-folder.js";
import type { Settings } from "./settings/resolve.js";
import type { Terminal } from "./terminal.js";

/** The surroundings of one command. */
export interface Context {
  readonly command: string;
  readonly terminal: Terminal;
  readonly interrupt: Interrupt;
  readonly json: boolean;
  readonly settings: Settings;
  readonly seed: number;
  /** `performance.now()` when the command began. */
  readonly started: number;
}

/** Hands a parsed command to its work, which gives the exit code. */
export type Start = (work: (context: Context) => Promise<number>) => Promise<void>;

/** What a command adds to the envelope. */
export interface Answer<R> {
  readonly backend: BackendInfo | null;
  readonly result: R;
  readonly run?: string | null;
  readonly model?: string | null;
  readonly report?: string | null;
  readonly warnings?: readonly Warning[];
}

/** The JSON value of a command that worked. */
export function okEnvelope<R>(context: Context, answer: Answer<R>): Ok<R> {
  return {
    version: 1,
    command: context.command,
    ok: true,
    seed: context.seed,
    seconds: Math.round(performance.now() - context.started) / 1000,
    backend: answer.backend,
    run: answer.run ?? null,
    model: answer.model ?? null,
    report: answer.report ?? null,
    warnings: [...context.settings.warnings, ...(answer.warnings ?? [])],
    result: answer.result,
  };
}

/** Where a command that only answers writes, if `--out` is given. */
export function answerPlace(context: Context, input: string, flags: GlobalFlags): RunPlace | null {
  return flags.out === undefined ? null : planRun(context.command, input, flags.out, flags.force === true);
}

/** Writes result.json, and files besides, into the folder of `--out`. Nothing remains if writing fails. */
export async function writeAnswer<R>(
  context: Context,
  place: RunPlace | null,
  envelope: Ok<R>,
  files: Readonly<Record<string, FileText>> = {},
): Promise<void> {
  if (place === null) return;
  const folder = openRun(place);
  context.interrupt.onLeave(folder.abandon);
  try {
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    await folder.write("result.json", `${toJson(envelope)}\n`);
    folder.finish();
  } catch (error) {
    folder.abandon();
    throw error;
  }
}

/**
 * Chooses the backend before the first step; the choice and its reason go into every report. The library is loaded only here and in
 * what a command does: help and mistakes in typing are answered without it.
 */
export async function startBackend(flags: GlobalFlags): Promise<BackendInfo> {
  const { init } = await import("../index.js");
  const chosen = await init({ backend: flags.backend ?? "auto", ...(flags.threads === undefined ? {} : { threads: flags.threads }) });
  return { name: chosen.backend, variant: chosen.variant, class: chosen.class, threads: chosen.threads, reason: chosen.reason };
}

/** The one line about the backend. */
export function backendLine(backend: BackendInfo): string {
  const variant = backend.variant === "" || backend.variant === backend.name ? "" : ` (${backend.variant})`;
  return `backend: ${backend.name}${variant}, ${counted(backend.threads, "thread")}: ${backend.reason}`;
}

/** Version of this package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const found: unknown = JSON.parse(text);
  return typeof found === "object" && found !== null && "version" in found ? String(found.version) : "unknown";
}
