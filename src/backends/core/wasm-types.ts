// The part of the WebAssembly interface that the core uses; the compiler's libraries for Node declare none of it.

/** A linear memory; shared by threads or not. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(pages: number): number;
}

/** An opaque compiled module. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** What native/wasm.cpp exports, apart from the memory, which the module with threads imports. */
export interface CoreFunctions {
  readonly __heap_base: { readonly value: number };
  run(header: number): void;
  peak(rounds: number): number;
  panelWidth(): number;
  scratchBytes(): number;
  fused(): number;
}
export interface CoreExports extends CoreFunctions {
  readonly memory: WasmMemory;
}

/** What native/pool_wasm.h adds in the modules with threads. */
export interface ThreadFunctions {
  /** Top of the stack of this instance. */
  readonly __stack_pointer: { value: number };
  /** Whether the forking thread may sleep, and whether waiting threads may spin before they sleep. */
  prepareThreads(mayWait: number, spin: number): void;
  /** A worker's life. */
  serve(): void;
  /** Ends a part that a trap ended. */
  abandon(): void;
  /** Most threads that any work was divided for so far. */
  wanted(): number;
  /** Workers that take part. */
  arrived(): number;
  /** Parts that workers have done. */
  helped(): number;
  /** Workers that a trap has ended. */
  failed(): number;
}

/** The global object `WebAssembly`. */
export interface WasmEngine {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports?: WasmImports): Promise<{ readonly exports: CoreExports & ThreadFunctions }>;
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number; readonly shared: true }) => WasmMemory;
}

/** What the modules with threads are given. */
export interface WasmImports {
  readonly env: { readonly memory: WasmMemory };
}

declare const WebAssembly: WasmEngine | undefined;

/** The engine's WebAssembly, or undefined where it is switched off. */
export function wasmEngine(): WasmEngine | undefined {
  return typeof WebAssembly === "undefined" ? undefined : WebAssembly;
}
