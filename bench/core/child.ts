// A system under measurement as a child process: started, pinned to a core, asked for bursts, ended.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Burst } from "./serve.js";
import type { Task } from "./task.js";

/** How a system is started; `env` comes on top of the bench's own environment. */
export interface System {
  readonly name: string;
  readonly command: string;
  readonly args: (task: string) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Cores that it may use. */
  readonly cores: string;
}

/** What a child says when it is ready. */
export type Facts = Readonly<Record<string, unknown>>;

export const canPin: boolean = spawnSync("taskset", ["--version"]).status === 0;

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #cores: string;
  #errors = "";
  #end = "";

  constructor(system: System, task: Task) {
    const env = { ...process.env, ...system.env };
    this.#cores = system.cores;
    this.#process = spawn(system.command, system.args(JSON.stringify(task)), { env, stdio: ["pipe", "pipe", "pipe"] });
    const { stdin, stdout, stderr } = this.#process;
    stderr?.on("data", (data: Buffer) => {
      this.#errors = `${this.#errors}${data.toString()}`.slice(-2000);
    });
    stdin?.on("error", () => {});
    this.#process.on("error", (error) => {
      this.#errors = error.message;
    });
    this.#process.on("exit", (code, signal) => {
      this.#end = signal ?? `code ${code}`;
    });
    if (stdout === null) throw new Error("a child without output");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Facts, or why there is nothing to measure. */
  async ready(limitMs: number): Promise<Facts | { readonly missing: string }> {
    const facts = await this.#next(limitMs);
    if (!("missing" in facts)) this.#pin();
    return facts;
  }

  async burst(ms: number, limitMs: number): Promise<Burst | { readonly missing: string }> {
    this.#process.stdin?.write(`${JSON.stringify({ ms })}\n`);
    return (await this.#next(limitMs)) as unknown as Burst | { readonly missing: string };
  }

  /** Ends the child, at once if it is busy. */
  stop(): void {
    this.#process.kill("SIGKILL");
  }

  async #next(limitMs: number): Promise<Facts> {
    const timer = new AbortController();
    const late = setTimeout(limitMs, "late" as const, { signal: timer.signal });
    // Whoever is first, the loser's abortion is no news.
    late.catch(() => {});
    const line = await Promise.race([this.#lines.next(), late]);
    timer.abort();
    if (line === "late") {
      this.stop();
      return { missing: `no answer within ${Math.round(limitMs / 1000)} s` };
    }
    if (line.done === true) return { missing: await this.#ended() };
    return JSON.parse(line.value) as Facts;
  }

  /** The output may close before the exit is known. */
  async #ended(): Promise<string> {
    if (this.#end === "") await Promise.race([once(this.#process, "exit"), setTimeout(1000)]);
    return `it ended (${this.#end || "no code"}): ${lastLine(this.#errors) || "without a word"}`;
  }

  /** After the start, so that several children can start at once. */
  #pin(): void {
    if (canPin) spawnSync("taskset", ["-a", "-p", "-c", this.#cores, String(this.#process.pid)]);
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** The bench's core; the other ones are left to the rest of the machine. */
const ownCore = process.env.DEEP_RNN_BENCH_CORE ?? "0";
const worker = fileURLToPath(new URL("./worker.js", import.meta.url));
const peers = new URL("../../../bench/peers/", import.meta.url);
const peerFile = (name: string): string => fileURLToPath(new URL(name, peers));

/** This library with a backend, an instruction set ("" = the best) and threads. */
export function ownSystem(name: string, backend: "native" | "wasm", variant: string, threads = 1): System {
  const env = { DEEP_RNN_BACKEND: backend, DEEP_RNN_VARIANT: variant, DEEP_RNN_THREADS: String(threads) };
  const cores = threads === 1 ? ownCore : Array.from({ length: threads }, (_, core) => core).join(",");
  return { name, command: process.execPath, args: (task) => [worker, task], env, cores };
}

const oneThread = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };

function nodePeer(name: string, file: string, ...more: string[]): System {
  return { name, command: process.execPath, args: (task) => [peerFile(file), task, ...more], env: oneThread, cores: ownCore };
}

export const pytorch: System = {
  name: "pytorch",
  command: process.env.DEEP_RNN_BENCH_PYTHON ?? "/usr/bin/python3",
  args: (task) => [peerFile("pytorch.py"), task],
  env: oneThread,
  cores: ownCore,
};
export const onnxNode: System = nodePeer("onnxruntime-node", "onnxruntime.mjs", "node");
export const onnxWeb: System = nodePeer("onnxruntime-web", "onnxruntime.mjs", "web");
export const jax: System = nodePeer("jax-js", "jax.mjs");
