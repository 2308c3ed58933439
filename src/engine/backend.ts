// Chooses what runs the programs, once, and says why.

import type { Backend, BackendInfo } from "../backends/contract.js";
import { coreBackend } from "../backends/core/backend.js";
import type { Machine, Unavailable } from "../backends/core/machine.js";
import { loadWasm } from "../backends/core/wasm.js";
import { referenceBackend } from "../backends/reference/backend.js";
import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { lowerProgram } from "../lower/lower.js";

export const backendNames = ["auto", "native", "wasm", "reference"] as const;
/** What computes: `auto` takes the native core, else WebAssembly; `reference` is the slow float64 interpreter. */
export type BackendName = (typeof backendNames)[number];

/** Choices of `init`. */
export interface InitOptions {
  /** `auto` takes the native core, else WebAssembly. */
  readonly backend?: BackendName;
  /**
   * Threads of the core; results are the same bits for any number. By default one per processor natively and one in WebAssembly,
   * where more need Node or a cross-origin isolated page; elsewhere it runs on one, and the reason says so.
   */
  readonly threads?: number;
}

interface Settings {
  readonly backend: BackendName;
  readonly threads: number | null;
}

let chosen: { readonly key: string; readonly backend: Promise<Backend> } | null = null;
let settings: Settings | null = null;
let loaded: Backend | null = null;

/**
 * Chooses the backend for everything that runs from now on. Never required: the first use chooses by itself.
 * Without options it reads `DEEP_RNN_BACKEND` and `DEEP_RNN_THREADS`.
 *
 * @throws UsageError `backend_unavailable` naming the reason; there is no silent change to another backend
 * @example const { backend, threads, reason } = await init({ backend: "wasm", threads: 2 });
 */
export async function init(options: InitOptions = {}): Promise<BackendInfo> {
  settings = resolve(options);
  return (await currentBackend()).info;
}

/** The chosen backend, loaded at first use. */
export async function currentBackend(): Promise<Backend> {
  settings ??= resolve({});
  const key = JSON.stringify(settings);
  if (chosen?.key !== key) {
    const backend = load(settings);
    chosen = { key, backend };
    loaded = null;
    backend.then(
      (ready) => {
        if (chosen?.backend === backend) loaded = ready;
      },
      () => {},
    );
    backend.catch(() => {
      chosen = null;
      settings = null;
    });
  }
  return chosen.backend;
}

/** The chosen backend if it is loaded by now; null before the first use. */
export function loadedBackend(): Backend | null {
  return loaded;
}

function resolve(options: InitOptions): Settings {
  checkOptions(options);
  const backend = options.backend ?? environment("DEEP_RNN_BACKEND") ?? "auto";
  const known = backendNames.find((name) => name === backend);
  if (known === undefined) {
    throw new UsageError({
      code: "unknown_backend",
      what: `there is no backend "${backend}"`,
      hint: `Choose from ${backendNames.join(", ")}.`,
    });
  }
  const fromEnvironment = environment("DEEP_RNN_THREADS");
  const threads = options.threads ?? (fromEnvironment === null ? null : Number(fromEnvironment));
  if (threads !== null && !(Number.isInteger(threads) && threads >= 1 && threads <= 256)) {
    throw new UsageError({
      code: "bad_threads",
      what: `threads must be a whole number from 1 to 256, got ${options.threads ?? fromEnvironment}`,
    });
  }
  return { backend: known, threads };
}

function checkOptions(options: unknown): void {
  if (!isRecord(options)) throw new UsageError({ code: "bad_option", op: "init", what: "the options must be a record" });
  const unknown = Object.keys(options).find((name) => name !== "backend" && name !== "threads");
  if (unknown === undefined) return;
  throw new UsageError({
    code: "unknown_option",
    op: "init",
    what: `there is no option "${unknown}"`,
    hint: "Options are backend, threads.",
  });
}

async function load({ backend, threads }: Settings): Promise<Backend> {
  if (backend === "reference") return referenceBackend("asked for");
  if (backend === "wasm") return onMachine(required("wasm", await loadWasm({ threads: threads ?? 1 })), threads, "asked for");
  const native = await nativeMachine();
  if (backend === "native") return onMachine(required("native", native), threads, "asked for");
  if (!isUnavailable(native)) return onMachine(native, threads, "the native core is built and this processor runs it");
  const wasm = required("wasm", await loadWasm({ threads: threads ?? 1 }));
  return onMachine(wasm, threads, `no native core: ${native.unavailable}`);
}

function onMachine(machine: Machine, threads: number | null, why: string): Backend {
  const wanted = threads ?? defaultThreads();
  const used = Math.max(1, Math.min(wanted, machine.maxThreads));
  const limited =
    threads !== null && used < threads
      ? `; ${machine.name} runs on ${used === 1 ? "one thread" : `at most ${used} threads`}${machine.threadLimit === undefined ? "" : `: ${machine.threadLimit}`}`
      : "";
  return coreBackend(machine, { lower: lowerProgram, threads: used, reason: why + limited });
}

async function nativeMachine(): Promise<Machine | Unavailable> {
  if (!isNode()) return { unavailable: "it needs Node" };
  const { loadNative } = await import("#node/backends/core/native");
  return loadNative({});
}

function required(name: string, machine: Machine | Unavailable): Machine {
  if (!isUnavailable(machine)) return machine;
  throw new UsageError({
    code: "backend_unavailable",
    what: `the ${name} backend cannot run here: ${machine.unavailable}`,
    hint: 'Use backend "auto".',
  });
}

function isUnavailable(machine: Machine | Unavailable): machine is Unavailable {
  return "unavailable" in machine;
}

/** One thread per core, up to 8: small work stays on one thread anyway. */
function defaultThreads(): number {
  return Math.min(8, nodeProcess()?.getBuiltinModule?.("node:os").availableParallelism() ?? 1);
}

function environment(name: string): string | null {
  const value = nodeProcess()?.env?.[name];
  return value === undefined || value === "" ? null : value;
}

interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly versions?: { readonly node?: string };
  readonly getBuiltinModule?: (name: "node:os") => { availableParallelism(): number };
}

function nodeProcess(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}

function isNode(): boolean {
  return nodeProcess()?.versions?.node !== undefined;
}
