// What every backend offers: compiling sections, vectors that stay in its memory, and running.

import type { DType, HostArray } from "../base/dtype.js";
import type { ProgramSpec, VectorName } from "../ir/lowered/section.js";

export type { Binding, ProgramSpec, SectionSpec, VectorName } from "../ir/lowered/section.js";

/** Which backend runs, chosen once and told to the user. */
export interface BackendInfo {
  readonly backend: "reference" | "native" | "wasm";
  /** Instruction set: "avx512", "avx2", "neon", "baseline", "relaxed", "simd"; "float64" for the reference. */
  readonly variant: string;
  /** Equal classes give equal bits. */
  readonly class: "fma" | "plain" | "float64";
  readonly threads: number;
  /** Why this one, in words. */
  readonly reason: string;
}

/** Flat vectors of four-byte elements. int32 and bool elements are stored as they are, not converted to floats. */
export interface Residents {
  /** Elements of each vector. */
  readonly sizes: Readonly<Record<VectorName, number>>;
  /** A copy of a range, the whole vector by default; float64 where the backend computes in it. */
  read(vector: VectorName, offset?: number, length?: number): Float32Array | Float64Array;
  readInt(vector: VectorName, offset?: number, length?: number): Int32Array;
  write(vector: VectorName, data: ArrayLike<number>, offset?: number): void;
  writeInt(vector: VectorName, data: ArrayLike<number>, offset?: number): void;
  /** Grows with every change, by the host or by a program. */
  version(vector: VectorName): number;
}

/** A fed input or output of a bound section. */
export interface BoundPort {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A section for many small runs: what one costs beside its arithmetic is a copy in, a call and a copy out, without allocating. */
export interface BoundSection {
  /** Fed inputs and outputs in the order of their bindings. */
  readonly inputs: readonly BoundPort[];
  readonly outputs: readonly BoundPort[];
  /** Puts an input's elements, before each run. */
  put(input: number, data: ArrayLike<number>): void;
  /**
   * Runs the section on what was put. After an error the vectors that it writes are as they were.
   *
   * @throws RunError `index_out_of_range`
   */
  run(): void;
  /** Copies an output's elements to the start of `to`. */
  get(output: number, to: Float32Array | Float64Array | Int32Array | Uint8Array): void;
  /** A copy of an output; float64 where the backend computes in it. */
  result(output: number): HostArray;
}

/** A compiled program. */
export interface Executable {
  /**
   * Runs one section; synchronous. Feeds and results go by the names of their bindings; result arrays belong to the caller.
   *
   * @throws RunError `index_out_of_range`, ShapeError `feed_shape`, UsageError `missing_feed`, `unknown_section`
   */
  run(section: string, residents: Residents, feeds: Readonly<Record<string, HostArray>>): Readonly<Record<string, HostArray>>;
  /** Plans memory for a run on these feeds, without running: later runs of at most these sizes find it ready. */
  reserve(section: string, feeds: Readonly<Record<string, HostArray>>): void;
  /**
   * One section tied to its vectors, with memory of its own; only for sections whose sizes are all constants.
   *
   * @throws UsageError `unknown_section`, `unbound_symbol`, `vector_range`
   */
  bind(section: string, residents: Residents): BoundSection;
  /** Working memory at its largest so far. */
  readonly arenaBytes: number;
  /** Lowered instructions of all sections; 0 for the reference. */
  readonly instructionCount: number;
}

/** One way of computing. */
export interface Backend {
  readonly info: BackendInfo;
  compile(spec: ProgramSpec): Executable;
  /** Zeroed vectors, beside those of `shared`, which stay the same vectors: no copies. */
  residents(sizes: Readonly<Record<VectorName, number>>, shared?: readonly Residents[]): Residents;
}
