// The lowered dialect: instructions over buffers with symbolic sizes and strides, as typed records.

import { addDims, bareSymbol, type Dim, mulDims, symbolDim } from "../../base/dim.js";
import type { DType } from "../../base/dtype.js";
import type { Domain, DomainTable } from "../core/node.js";
import type { MicroOpcode } from "./opcodes.js";
import type { Binding, ProgramSpec, VectorName } from "./section.js";

/** A number of rows: a size, or (inside a loop) the rows active at this step. */
export type Extent = Dim | "rows";

/** What holds a buffer's elements. */
export type BufferHome =
  /** Arena memory between its first and last use. */
  | { readonly kind: "temporary" }
  /** Host array number `input` of the section, copied in before the run. */
  | { readonly kind: "fed"; readonly input: number }
  /** Output number `output` of the section, copied out after the run. */
  | { readonly kind: "result"; readonly output: number }
  | { readonly kind: "resident"; readonly vector: VectorName; readonly offset: number }
  /** An index table of domain number `domain`; `rows` and `offsets` are those of each step. */
  | { readonly kind: "table"; readonly domain: number; readonly table: DomainTable | "rows" | "offsets" }
  /** One int32: the value of a size in this run. */
  | { readonly kind: "size"; readonly dim: Dim }
  /** Row-major bits of the elements. */
  | { readonly kind: "constant"; readonly bits: Int32Array }
  /** Written by the section's `prepare` instructions and kept between runs: column panels of operands, joined parameters. */
  | { readonly kind: "prepared" };

/** Memory for `size` elements of four bytes. */
export interface Buffer {
  readonly id: number;
  readonly name: string;
  readonly size: Dim;
  readonly dtype: DType;
  readonly home: BufferHome;
}

/**
 * Where an operand starts: element `offset` of a buffer, moved by `step` elements per stacked row before this loop step; `ahead`: per row
 * since the first of the steps whose products were made together, where the memory begins anew.
 */
export interface Place {
  readonly buffer: number;
  readonly offset: Dim;
  readonly step: Dim | null;
  readonly ahead?: boolean;
}

/** Element (r, c) lies at start + r·row + c·col. */
export interface MatrixOperand extends Place {
  readonly row: Dim;
  readonly col: Dim;
}

/**
 * C[b] (+)= A[b]·B[b]; `packed`: B is the result of a pack instruction; `ahead`, in a loop: needs nothing of the loop, so it may be done
 * for several steps at once, or all of them.
 */
export interface GemmInstruction {
  readonly op: "gemm";
  readonly m: Extent;
  readonly n: Dim;
  readonly k: Dim;
  readonly batch: Extent;
  readonly a: MatrixOperand;
  readonly b: MatrixOperand;
  readonly c: MatrixOperand;
  readonly aBatch: Dim;
  readonly bBatch: Dim;
  readonly cBatch: Dim;
  readonly accumulate: boolean;
  readonly packed: boolean;
  readonly ahead?: boolean;
}

/**
 * One step of a tile program: load and store name an operand in `a`, const holds bits in `a`, store reads register `b`. A reduction
 * is a store that keeps one number per row (column stride 0; `d` tells it from the program's others) or per column (row stride 0).
 */
export interface MicroInstruction {
  readonly op: MicroOpcode;
  readonly d: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A pointwise program for every element of rows × cols. */
export interface TileInstruction {
  readonly op: "tile";
  readonly rows: Extent;
  readonly cols: Dim;
  readonly operands: readonly MatrixOperand[];
  readonly micro: readonly MicroInstruction[];
}

export const reduceKinds = ["sum", "max", "argmax"] as const;

/** dst[o, i] = reduction of src[o, m, i] over m. */
export interface ReduceInstruction {
  readonly op: "reduce";
  readonly kind: (typeof reduceKinds)[number];
  readonly outer: Extent;
  readonly mid: Dim;
  readonly inner: Dim;
  readonly src: Place & { readonly outer: Dim; readonly mid: Dim; readonly inner: Dim };
  readonly dst: Place & { readonly outer: Dim; readonly inner: Dim };
  readonly accumulate: boolean;
}

export const copyRank = 6;

/** Strided copy of exactly `copyRank` axes. */
export interface CopyInstruction {
  readonly op: "copy";
  readonly dims: readonly Extent[];
  readonly src: Place & { readonly strides: readonly Dim[] };
  readonly dst: Place & { readonly strides: readonly Dim[] };
}

/** gather: out[r, :] = table[index[r], :]; scatter: table[index[r], :] += value[r, :]. */
export interface IndexInstruction {
  readonly op: "gather" | "scatter";
  readonly rows: Extent;
  readonly cols: Dim;
  readonly tableRows: Dim;
  /** Number of the site, for errors. */
  readonly site: number;
  readonly table: MatrixOperand;
  readonly index: MatrixOperand;
  readonly value: MatrixOperand;
}

/** Philox draws: key words at (r, 0) and (r, 1) of `key`, counter at (r, c). */
export interface RandomInstruction {
  readonly op: "random";
  readonly rows: Extent;
  readonly cols: Dim;
  readonly kind: "uniform" | "key";
  readonly key: MatrixOperand;
  readonly counter: MatrixOperand;
  readonly out: MatrixOperand;
}

/** The body once per step of a domain; serial: by one thread, because rows meet in it. */
export interface LoopInstruction {
  readonly op: "loop";
  readonly time: Dim;
  /** Buffers of the domain's rows and offsets tables. */
  readonly rows: number;
  readonly offsets: number;
  /** The symbol that stands for the active rows in the body's sizes, and the most it can be. */
  readonly batch: Dim;
  readonly reverse: boolean;
  readonly serial: boolean;
  readonly where: string;
  readonly body: readonly StraightInstruction[];
}

/**
 * h = a·h + b, elementwise over the columns, for all steps of each row; with two results, pairs with 2x2 blocks (coefficients by rows).
 * Operands with a step are read or written at the row of every step; no result shares memory with an operand.
 */
export interface AffineInstruction {
  readonly op: "affine";
  readonly time: Dim;
  /** Buffers of the domain's rows and offsets tables. */
  readonly rows: number;
  readonly offsets: number;
  readonly batch: Dim;
  readonly cols: Dim;
  readonly reverse: boolean;
  /** Each step reads the coefficients of the step done before it. */
  readonly lag: boolean;
  /** Empty: a row's first step gives its terms alone. */
  readonly initial: readonly MatrixOperand[];
  readonly coefficients: readonly MatrixOperand[];
  readonly terms: readonly MatrixOperand[];
  readonly results: readonly MatrixOperand[];
}

/** B [k, n] into column panels. */
export interface PackInstruction {
  readonly op: "pack";
  readonly k: Dim;
  readonly n: Dim;
  readonly b: MatrixOperand;
  readonly to: Place;
}

/** What may stand in a loop. */
export type StraightInstruction =
  | GemmInstruction
  | TileInstruction
  | ReduceInstruction
  | CopyInstruction
  | IndexInstruction
  | RandomInstruction
  | PackInstruction;

export type Instruction = StraightInstruction | LoopInstruction | AffineInstruction;

/** A time domain of a section: where its sizes and lengths come from. */
export interface LoweredDomain {
  readonly name: string;
  readonly batch: Dim;
  readonly time: Dim;
  /** The symbol bound to the number of stacked rows. */
  readonly steps: string;
  /** Number of the section's input that holds the lengths; null when every row has all steps. */
  readonly lengths: number | null;
  /** As in the core dialect: the steps are windows over those of another domain, whose time and lengths these are. */
  readonly over?: Domain["over"];
}

/** Where in the model an index is checked. */
export interface Site {
  readonly where: string;
  readonly op: "gather" | "scatterAdd";
  readonly rows: Dim;
  /** The index was moved to its row's own table, so the reported value is not the user's. */
  readonly shifted: boolean;
}

/** An input or output as the host sees it. */
export interface LoweredPort {
  readonly binding: Binding;
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: DType;
  /** Null for inputs that no instruction reads and for resident ports. */
  readonly buffer: number | null;
}

/** One section: `prepare` depends on resident vectors alone and is repeated when they have changed. */
export interface LoweredSection {
  readonly name: string;
  readonly buffers: readonly Buffer[];
  readonly prepare: readonly StraightInstruction[];
  /** Vectors that `prepare` reads. */
  readonly prepareFrom: readonly VectorName[];
  readonly instructions: readonly Instruction[];
  readonly domains: readonly LoweredDomain[];
  readonly inputs: readonly LoweredPort[];
  readonly outputs: readonly LoweredPort[];
  readonly sites: readonly Site[];
}

export interface LoweredProgram {
  readonly name: string;
  readonly sections: readonly LoweredSection[];
}

/** Facts of a machine that shape a program, and switches for tests. */
export interface LowerOptions {
  /** Columns in one panel of a packed operand. */
  readonly panelWidth: number;
}

/** Core graphs to a lowered program. */
export type Lower = (spec: ProgramSpec, options: LowerOptions) => LoweredProgram;

const activePrefix = "active.";

/** The symbol that stands for the active rows of loop number `loop` while its body is lowered. */
export function activeRowsDim(loop: number): Dim {
  return symbolDim(`${activePrefix}${loop}`);
}

/** True for the bare symbol of a loop's active rows. */
export function isActiveRows(dim: Dim): boolean {
  return bareSymbol(dim)?.startsWith(activePrefix) ?? false;
}

/** Elements of the panels of a [k, n] operand; an upper bound when n is known only at run time. */
export function packedSize(k: Dim, n: Dim, panelWidth: number): Dim {
  const columns = typeof n === "number" ? Math.ceil(n / panelWidth) * panelWidth : addDims(n, panelWidth - 1);
  return mulDims(k, columns);
}
