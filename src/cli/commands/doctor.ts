// `deep-rnn doctor`: what this machine offers, and whether every backend on it computes rightly.
import type { Command } from "commander";
import type { Context, Start } from "../context.js";
import { answerPlace, backendLine, okEnvelope, packageVersion, startBackend, writeAnswer } from "../context.js";
import type { Check } from "../doctor/checks.js";
import { toJson } from "../envelope.js";
import { exitCodes } from "../failure.js";
import type { GlobalFlags } from "../options.js";
import { globalOptions } from "../options.js";
import { oneOf } from "../settings/kinds.js";
import { Setting } from "../settings/setting.js";
import type { Terminal } from "../terminal.js";

/** Flags of `doctor` as commander hands them over. */
export interface DoctorFlags extends GlobalFlags {
  readonly require?: "healthy";
}

/** What the doctor says of the environment; findings, memory and gradient belong to networks. */
interface Diagnosis {
  readonly target: null;
  readonly verdict: "healthy" | "warning" | "fault";
  readonly checks: readonly Check[];
  readonly findings: readonly [];
  readonly memory: readonly [];
  readonly gradient: readonly [];
}

const examples = `
Examples:
  $ deep-rnn doctor
  $ deep-rnn doctor --require healthy    exit code 3 if a check fails: for CI and images
  $ deep-rnn doctor --json > machine.json`;

/** Describes the verb to commander. */
export function describeDoctor(command: Command, start: Start): void {
  command.description("Check this machine: Node, cores, threads, memory, permissions, and the numbers of every backend.");
  const required = new Setting("--require <what>", "exit with 3 unless this holds", oneOf(["healthy"]));
  for (const option of [required, ...globalOptions()]) command.addOption(option);
  command.addHelpText("after", examples);
  command.action((flags: DoctorFlags) => start((context) => runDoctor(flags, context)));
}

/** Runs the verb and gives its exit code. */
export async function runDoctor(flags: DoctorFlags, context: Context): Promise<number> {
  const { terminal, json } = context;
  const place = answerPlace(context, "doctor", flags);
  terminal.say(`deep-rnn ${packageVersion()}`);
  const { examine } = await import("../doctor/checks.js");
  const examined = await examine();
  const failed = examined.filter(({ ok }) => !ok);
  const verdict = failed.length === 0 ? "healthy" : failed.some(({ severity }) => severity === "fault") ? "fault" : "warning";
  const checks = examined.map(({ name, ok, detail, fix }): Check => ({ name, ok, detail, fix }));
  // After the checks, which try all backends in turn.
  const backend = await startBackend(flags);
  const missed = flags.require === "healthy" && verdict !== "healthy";
  const warnings = missed ? [{ code: "not_healthy", message: `Not healthy: ${failed.map(({ name }) => name).join(", ")}.` }] : [];
  const result: Diagnosis = { target: null, verdict, checks, findings: [], memory: [], gradient: [] };
  const envelope = okEnvelope(context, { backend, run: place?.given ?? null, warnings, result });
  await writeAnswer(context, place, envelope);
  terminal.out(json ? toJson(envelope) : [...lines(checks, terminal), backendLine(backend), "", verdictLine(verdict, terminal)].join("\n"));
  for (const { message } of warnings) terminal.alarm(terminal.paintErr("red", message));
  return missed ? exitCodes.notMet : exitCodes.ok;
}

function lines(checks: readonly Check[], { paintOut: paint }: Terminal): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, ok, detail, fix }) => [
    `${ok ? paint("green", "ok  ") : paint("red", "BAD ")} ${name.padEnd(width)}  ${detail}`,
    ...(fix === "" ? [] : [`     ${"".padEnd(width)}  ${paint("dim", fix)}`]),
  ]);
}

function verdictLine(verdict: Diagnosis["verdict"], { paintOut: paint }: Terminal): string {
  if (verdict === "healthy") return paint("green", "healthy");
  return verdict === "warning"
    ? paint("yellow", "usable, with limits: see BAD above")
    : paint("red", "fault: results cannot be trusted until it is gone");
}
