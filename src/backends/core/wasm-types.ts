// The part of the WebAssembly interface that the core uses; the compiler's libraries for Node declare none of it.

/** A linear memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** An opaque compiled module. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** What native/wasm.cpp exports. */
export interface CoreExports {
  readonly memory: WasmMemory;
  readonly __heap_base: { readonly value: number };
  run(header: number): void;
  peak(rounds: number): number;
  panelWidth(): number;
  scratchBytes(): number;
  fused(): number;
}

/** The global object `WebAssembly`. */
export interface WasmEngine {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule): Promise<{ readonly exports: CoreExports }>;
}

declare const WebAssembly: WasmEngine | undefined;

/** The engine's WebAssembly, or undefined where it is switched off. */
export function wasmEngine(): WasmEngine | undefined {
  return typeof WebAssembly === "undefined" ? undefined : WebAssembly;
}
