// Runs the command line as its users do: in a child process and in a folder of its own.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { WarmTask } from "./warm.js";

const here = dirname(fileURLToPath(import.meta.url));
const bin = resolve(here, "../../../bin/deep-rnn.js");

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that lasts as long as one test, with a way to run commands in it. */
export interface Desk {
  readonly path: string;
  write(name: string, content: string | Uint8Array): void;
  read(name: string): string;
  /** Names in the folder, hidden ones included, sorted. */
  names(): string[];
  /**
   * Runs a command. With options, even none of them, it has a process of its own; without, the commands of a file follow each other in
   * one process: none waits for the modules to be loaded, and what one would leave behind for the next is seen.
   */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Comes in by a pipe; without it standard input is empty. */
  readonly stdin?: string | Uint8Array;
  /** Sends a signal once this text has appeared on stderr. */
  readonly signalAfter?: {
    readonly text: string;
    readonly signal: "SIGINT" | "SIGTERM" | "SIGKILL";
    readonly delayMs?: number;
    /** A signal again as soon as the first one was seen: 1. */
    readonly times?: 1 | 2;
  };
}

/** Opens an empty folder. */
export function openDesk(t: TestContext): Desk {
  const path = mkdtempSync(join(tmpdir(), "deep-rnn-cli-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write: (name, content) => writeFileSync(join(path, name), content),
    read: (name) => readFileSync(join(path, name), "utf8"),
    names: () => readdirSync(path).sort(),
    run: (args, options) => (options === undefined && !isBusy ? runWarm({ cwd: path, args }) : start(path, args, options ?? {})),
  };
}

/** Monthly rows `YYYY-MM,value` with growth and a yearly wave; a stand-in for real sales. */
export function monthlyCsv(rows: number, header = "Month,Sales"): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const time = `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`;
    return `${time},${Math.round(100 + 2 * i + (20 + 0.3 * i) * Math.sin((i * Math.PI) / 6))}`;
  });
  return `${[header, ...lines].join("\n")}\n`;
}

// Ours, without what means something else to the command line.
function ownEnv(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  // A test run of its own would be seen by the child as a reporter to talk to.
  delete env.NODE_TEST_CONTEXT;
  // It names the seed of random tests there, that of the command here.
  delete env.DEEP_RNN_SEED;
  return env;
}

let warm: ChildProcess | null = null;
// Commands that are to run at the same time are processes of their own.
let isBusy = false;

function runWarm(task: WarmTask): Promise<Outcome> {
  warm ??= fork(join(here, "warm.js"), { env: ownEnv(), execArgv: [] });
  isBusy = true;
  const child = warm;
  child.ref();
  child.channel?.ref();
  return new Promise((done, failed) => {
    const onExit = (code: number | null): void => failed(new Error(`${task.args.join(" ")} ended its process, code ${code}`));
    child.once("exit", onExit).once("message", (outcome: Outcome) => {
      isBusy = false;
      child.off("exit", onExit);
      // It does not hold up the end of the tests, and ends with them.
      child.unref();
      child.channel?.unref();
      done(outcome);
    });
    child.send(task);
  });
}

function start(cwd: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...ownEnv(), ...options.env }, stdio: "pipe" });
    child.stdin.on("error", () => {}).end(options.stdin ?? "");
    let stdout = "";
    let stderr = "";
    let signalled = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const wanted = options.signalAfter;
      if (wanted === undefined) return;
      const isAgain = wanted.times === 2 && signalled === 1 && stderr.includes("once more to leave at once");
      if (!isAgain && (signalled > 0 || !stderr.includes(wanted.text))) return;
      signalled += 1;
      setTimeout(() => child.kill(wanted.signal), wanted.delayMs ?? 0);
    });
    child.on("error", failed);
    child.on("close", (code) => done({ code, stdout, stderr }));
  });
}
