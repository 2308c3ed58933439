// Node's part of the WebAssembly core's threads: starting a worker that keeps no process alive.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Helper } from "./wasm-threads.js";
import type { WorkerStart } from "./wasm-worker-serve.js";

/** Starts a worker on its own thread; it needs no turn of this thread's event loop. */
export function startNodeWorker(start: WorkerStart): Helper {
  // Options of the host program (loaders, test hooks) are not this worker's.
  const worker = new Worker(new URL("./wasm-worker-node.js", import.meta.url), { workerData: start, execArgv: [] });
  worker.unref();
  // A worker that does not start leaves its share of the work to the others; one that fails inside a part is reported by the core.
  worker.on("error", () => {});
  return { end: () => void worker.terminate() };
}

/** Processors this process may use. */
export function nodeProcessors(): number {
  return availableParallelism();
}
