// What every backend offers: programs made of sections, and flat vectors that stay between runs.

import type { HostArray } from "../base/dtype.js";
import type { ProgramSpec, VectorName } from "../ir/lowered/section.js";

export type { Binding, ProgramSpec, SectionSpec, VectorName } from "../ir/lowered/section.js";

/** What runs the programs, and why it was chosen. */
export interface BackendInfo {
  readonly backend: string;
  readonly variant: string;
  readonly class: "fma" | "plain";
  readonly threads: number;
  readonly reason: string;
}

/** Flat vectors in the backend's memory. Writing one makes a new version of it: what was packed from it is packed again. */
export interface Residents {
  readonly sizes: Readonly<Record<VectorName, number>>;
  /** A copy of float32 elements, exact (float64) on the reference backend. */
  read(vector: VectorName, offset?: number, length?: number): Float32Array | Float64Array;
  write(vector: VectorName, data: ArrayLike<number>, offset?: number): void;
  /** int32 elements lie in the same vectors as their bits. */
  readInt(vector: VectorName, offset?: number, length?: number): Int32Array;
  writeInt(vector: VectorName, data: ArrayLike<number>, offset?: number): void;
  version(vector: VectorName): number;
}

/** A compiled program. */
export interface Executable {
  /** Runs one section; synchronous. Throws RunError `index_out_of_range` naming the layer. */
  run(section: string, residents: Residents, feeds: Readonly<Record<string, HostArray>>): Readonly<Record<string, HostArray>>;
  readonly arenaBytes: number;
  readonly instructionCount: number;
}

export interface Backend {
  readonly info: BackendInfo;
  compile(spec: ProgramSpec): Executable;
  residents(sizes: Readonly<Record<VectorName, number>>): Residents;
}
