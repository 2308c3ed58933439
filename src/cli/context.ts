// What every command gets: the terminal, the interrupt, and how to start the library on a backend.
import { readFileSync } from "node:fs";
import { init } from "../index.js";
import type { BackendInfo } from "./envelope.js";
import type { Interrupt } from "./interrupt.js";
import type { GlobalFlags } from "./options.js";
import type { Terminal } from "./terminal.js";

/** The surroundings of one command. */
export interface Context {
  readonly terminal: Terminal;
  readonly interrupt: Interrupt;
  readonly json: boolean;
}

/** Chooses the backend before the first step; the choice and its reason go into every report. */
export async function startBackend(flags: GlobalFlags): Promise<BackendInfo> {
  const chosen = await init({ backend: flags.backend, ...(flags.threads === undefined ? {} : { threads: flags.threads }) });
  return { name: chosen.backend, variant: chosen.variant, class: chosen.class, threads: chosen.threads, reason: chosen.reason };
}

/** The one line about the backend. */
export function backendLine(backend: BackendInfo): string {
  const variant = backend.variant === "" || backend.variant === backend.name ? "" : ` (${backend.variant})`;
  return `backend: ${backend.name}${variant}, ${backend.threads} thread${backend.threads === 1 ? "" : "s"}: ${backend.reason}`;
}

/** Version of this package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const found: unknown = JSON.parse(text);
  return typeof found === "object" && found !== null && "version" in found ? String(found.version) : "unknown";
}
