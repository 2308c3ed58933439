// What the execution core looks like from TypeScript: memory, one run call, and facts about its arithmetic.

/** A piece of machine memory. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** One loaded core: the native addon or a WebAssembly module, in one of its instruction-set variants. */
export interface Machine {
  readonly name: "native" | "wasm";
  /** "avx512" "avx2" "neon" "baseline" natively, "relaxed" "simd" in WebAssembly. */
  readonly variant: string;
  /** `fma` cores agree with each other to the bit; `plain` ones multiply and add separately. */
  readonly arithmetic: "fma" | "plain";
  /** Columns in one panel of a packed right-hand matrix. */
  readonly panelWidth: number;
  /** Most threads that a run may ask for. */
  readonly maxThreads: number;
  /** Why there are fewer threads than asked for when the machine was loaded. */
  readonly threadLimit?: string;
  /** The workers of a WebAssembly machine with threads: how many take part by now, and how many parts of instructions they have done. */
  readonly threads?: { readonly arrived: number; readonly helped: number };
  readonly scratchBytesPerThread: number;
  /** 64-byte aligned and zeroed; throws `out_of_memory`. */
  allocate(bytes: number): Block;
  free(block: Block): void;
  /** Views are made anew at every call: growing memory detaches old ones. */
  f32(block: Block): Float32Array;
  i32(block: Block): Int32Array;
  f64(block: Block): Float64Array;
  /** Runs the instructions described by the header at this address; synchronous. */
  run(header: number): void;
  /** Multiply-adds in registers alone, `rounds` times over; returns the floating operations done. The yardstick of benches. */
  peak(rounds: number): number;
}

/** Why a core cannot be used here. */
export interface Unavailable {
  readonly unavailable: string;
}

export interface MachineOptions {
  readonly variant?: string;
  /** Threads that runs will ask for, 1 by default. Only WebAssembly needs to know before. */
  readonly threads?: number;
}
