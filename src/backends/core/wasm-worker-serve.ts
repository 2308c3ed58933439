// What every worker of the WebAssembly core does, in Node and in browsers: the same module in the same memory, on a stack of its own.
import { type WasmMemory, type WasmModule, wasmEngine } from "./wasm-types.js";

/** What a worker is sent when it starts. */
export interface WorkerStart {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  /** First address above the worker's stack. */
  readonly stackTop: number;
}

/** Takes parts of the core's work until the worker is ended from outside. */
export async function serve({ module, memory, stackTop }: WorkerStart): Promise<void> {
  const engine = wasmEngine();
  if (engine === undefined) return;
  const { exports: core } = await engine.instantiate(module, { env: { memory } });
  core.__stack_pointer.value = stackTop;
  try {
    core.serve();
  } catch (error) {
    // Whoever waits for this part must hear that it will not come.
    core.__stack_pointer.value = stackTop;
    core.abandon();
    throw error;
  }
}
