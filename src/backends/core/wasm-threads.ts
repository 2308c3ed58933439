// Threads of the WebAssembly core: whether they are possible here, the shared memory, and workers that start at the first large work.
import { RunError } from "../../base/errors.js";
import type { Heap } from "./wasm-heap.js";
import type { CoreExports, ThreadFunctions, WasmEngine, WasmMemory, WasmModule } from "./wasm-types.js";
import type { WorkerStart } from "./wasm-worker-serve.js";

/** Most threads that a machine uses; each costs a worker with an engine of its own. */
export const mostThreads = 16;
/** As in scripts/build-wasm.mjs. */
const initialPages = 32;
const stackBytes = 262144;

/** A started worker. */
export interface Helper {
  end(): void;
}

/** How this host starts workers. */
export interface Starter {
  start(work: WorkerStart): Helper;
  readonly processors: number;
}

interface BrowserWorker {
  postMessage(message: WorkerStart): void;
  terminate(): void;
}

interface Host {
  readonly process?: { readonly versions?: { readonly node?: string } };
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}
declare const Worker: (new (url: URL, options: { readonly type: "module" }) => BrowserWorker) | undefined;

const host: Host = globalThis;

/** Why this engine cannot run threads, or undefined if it can. */
export function whyNoThreads(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") {
    return host.crossOriginIsolated === false ? notIsolated : "this engine has no SharedArrayBuffer";
  }
  if (host.process?.versions?.node !== undefined) return undefined;
  if (host.crossOriginIsolated !== true) return notIsolated;
  return typeof Worker === "undefined" ? "this scope cannot start workers" : undefined;
}

const notIsolated = "this page is not cross-origin isolated";

/** The way to start workers here. */
export async function starter(): Promise<Starter> {
  if (host.process?.versions?.node !== undefined) {
    const { startNodeWorker, nodeProcessors } = await import("#node/backends/core/wasm-threads");
    return { start: startNodeWorker, processors: nodeProcessors() };
  }
  return { start: startBrowserWorker, processors: host.navigator?.hardwareConcurrency ?? 1 };
}

function startBrowserWorker(start: WorkerStart): Helper {
  if (typeof Worker === "undefined") throw new Error("no workers");
  // Bundlers find the worker's file by this very expression.
  const worker = new Worker(new URL("./wasm-worker.js", import.meta.url), { type: "module" });
  worker.postMessage(start);
  return { end: () => worker.terminate() };
}

/** A memory that threads share: its largest size is an address range reserved now, so smaller ones are tried too. */
export function sharedMemory(engine: WasmEngine): WasmMemory | undefined {
  for (const maximum of [65536, 32768, 16384]) {
    try {
      return new engine.Memory({ initial: initialPages, maximum, shared: true });
    } catch {}
  }
  return undefined;
}

/** True where this thread may sleep on a word of memory; a page's main thread may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** The workers of one machine. */
export class WasmThreads {
  readonly #core: CoreExports & ThreadFunctions;
  readonly #module: WasmModule;
  readonly #heap: Heap;
  readonly #starter: Starter;
  readonly #most: number;
  readonly #started: Helper[] = [];

  constructor(core: CoreExports & ThreadFunctions, module: WasmModule, heap: Heap, start: Starter, most: number) {
    this.#core = core;
    this.#module = module;
    this.#heap = heap;
    this.#starter = start;
    this.#most = most;
    core.prepareThreads(maySleep() ? 1 : 0, most <= start.processors ? 1 : 0);
  }

  /** Workers started; ended when their machine is collected. */
  get started(): readonly Helper[] {
    return this.#started;
  }

  /** Workers that take part by now. */
  get arrived(): number {
    return this.#core.arrived();
  }

  /** Parts of instructions that workers have done. */
  get helped(): number {
    return this.#core.helped();
  }

  /** Runs, then starts the workers that this run could have used: the next one has them. */
  run(header: number): void {
    const core = this.#core;
    core.run(header);
    if (core.failed() > 0) throw new RunError({ code: "core_error", what: "a thread of the WebAssembly core stopped", phase: "run" });
    const wanted = Math.min(core.wanted(), this.#most) - 1;
    while (this.#started.length < wanted && this.#startOne());
  }

  /** False if there is no memory for a stack; a worker that cannot start is not tried again. */
  #startOne(): boolean {
    const stack = this.#heap.take(stackBytes);
    if (stack === undefined) return false;
    const start = { module: this.#module, memory: this.#core.memory, stackTop: stack.address + stack.bytes };
    let helper: Helper = { end: () => {} };
    try {
      helper = this.#starter.start(start);
    } catch {
      // The host allows no workers after all: the bits are the same without.
    }
    this.#started.push(helper);
    return true;
  }
}
