// The core graph: immutable nodes, scans with bodies traced for one row, and time domains.

import type { Dim } from "../../base/dim.js";
import type { DType, ExactData } from "../../base/dtype.js";

export interface ValueType {
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

/** Windows over the steps of a sequence: L steps have floor((L - size) / stride) + 1 of them, none if L < size. */
export interface Windows {
  readonly size: number;
  readonly stride: number;
}

/**
 * A time domain: B sequences of at most T steps, N valid steps in all, rows sorted by length (stable, descending).
 * Values stacked over it are [N, ...]: step t holds rows [0, rows[t]) at [offset[t], offset[t] + rows[t]).
 */
export interface Domain {
  /** Unique within a graph. */
  readonly name: string;
  readonly batch: Dim;
  readonly time: Dim;
  /** A bare symbol of its own; the batch where there is one step without lengths. */
  readonly steps: Dim;
  /** An `input` node, int32 [B]; null when every row has T steps. */
  readonly lengths: Node | null;
  /**
   * Where the steps are windows over the steps of another domain, or windows over such windows: the time of the first domain, and the
   * windows in order. `lengths` are those of the first domain then, and `time` is a number or a symbol of its own.
   */
  readonly over?: { readonly time: Dim; readonly windows: readonly Windows[] };
}

/**
 * Index tables of a domain, int32, computed on the host for each run.
 * `pack` [N]: b*T+t of each stacked step · `unpack` [B*T]: stacked step or -1 · `row` [N]: sorted row · `step` [N]: t ·
 * `origin` [N]: original row b · `order` [B]: original row of each sorted row · `inverse` [B]: sorted row of each original row ·
 * `previous` [N]: where the value before (t, row) lies in concat(initial [B], stacked [N]) in forward time, `following` the same in backward time ·
 * `lengths` [B]: number of steps of each sorted row.
 */
export const domainTables = ["pack", "unpack", "row", "step", "origin", "order", "inverse", "previous", "following", "lengths"] as const;
export type DomainTable = (typeof domainTables)[number];

/** Where an input's value comes from. */
export type InputSource = { readonly kind: "argument" } | { readonly kind: "table"; readonly domain: Domain; readonly table: DomainTable };

/**
 * A scan over a domain. Node inputs: initial carries [B, ...], xs [N, ...], row constants [B, ...] (all in sorted row order), shared values [...].
 * Body inputs: the same values for one row and one step, in the same order. Body outputs: next carries, ys, sums.
 * Results (read by `part`): final carries [B, ...], stacked ys [N, ...], sums [...] = the body's value added up over all rows and steps.
 */
export interface ScanAttributes {
  readonly domain: Domain;
  readonly reverse: boolean;
  readonly carries: number;
  readonly xs: number;
  readonly rows: number;
  readonly shared: number;
  readonly ys: number;
  readonly sums: number;
  readonly body: Graph;
}

/** How a coefficient varies: [N, ...] by step, [B, ...] by row (sorted), [...] not at all. */
export const affineVarying = ["steps", "rows", "shared"] as const;
export type AffineVarying = (typeof affineVarying)[number];

/**
 * A recurrence that is affine in its state, elementwise: h = a·h + b, or for a pair of states h1 = (a·h1 + b·h2) + e and h2 = (c·h1 + d·h2) + f.
 * Inputs: initial states [B, ...] (with `start`), coefficients (1, or 4 by rows of the matrix), terms [N, ...] (1 or 2); feature axes of
 * coefficients may be 1. Result: the state after every step, [N, ...], or [2, N, ...] for a pair.
 */
export interface AffineAttributes {
  readonly domain: Domain;
  readonly reverse: boolean;
  /** One entry per coefficient, so its length tells one state (1) from a pair (4). */
  readonly vary: readonly AffineVarying[];
  /** Without initial states the first step of a row gives its terms alone, and no coefficient is read. */
  readonly start: boolean;
  /** Each step takes the coefficients of the step that was done before it: the adjoint's form. Only without `start`. */
  readonly lag: boolean;
}

/** Attributes of each primitive. `input` and `part` are structural. */
export interface OpAttributes {
  readonly input: { readonly name: string; readonly source: InputSource };
  readonly part: { readonly index: number };
  /** Row-major values of a static shape. */
  readonly constant: { readonly data: ExactData; readonly shape: readonly number[]; readonly dtype: DType };
  /** int32 scalar: the run-time value of a size. */
  readonly sizeOf: { readonly dim: Dim };
  /** int32 [size]: 0, 1, 2 … */
  readonly iota: { readonly size: Dim };
  /** inputs key int32 [..., 2], counter int32 [...]; leading key axes broadcast against the counter's. uniform: float32 in [0, 1); key: int32 [..., 2]. */
  readonly random: { readonly kind: "uniform" | "key" };
  readonly neg: null;
  readonly abs: null;
  readonly exp: null;
  readonly log: null;
  readonly log1p: null;
  readonly sqrt: null;
  readonly sin: null;
  readonly cos: null;
  readonly tanh: null;
  readonly sigmoid: null;
  readonly floor: null;
  readonly add: null;
  readonly sub: null;
  readonly mul: null;
  /** float32 only. */
  readonly div: null;
  readonly min: null;
  readonly max: null;
  readonly lt: null;
  readonly le: null;
  readonly eq: null;
  /** inputs condition (bool), a, b; all three broadcast. */
  readonly select: null;
  readonly cast: { readonly dtype: DType };
  /** Identity without a gradient. */
  readonly stop: null;
  /** Identity whose value and cotangent a probing program exposes. */
  readonly tap: { readonly name: string };
  readonly reshape: { readonly shape: readonly Dim[] };
  readonly transpose: { readonly permutation: readonly number[] };
  /** numpy rules: right-aligned, sizes of 1 expand. */
  readonly broadcast: { readonly shape: readonly Dim[] };
  readonly slice: { readonly axis: number; readonly start: Dim; readonly size: Dim };
  /** Zeros (false) before and after along one axis. */
  readonly pad: { readonly axis: number; readonly before: Dim; readonly after: Dim };
  readonly concat: { readonly axis: number };
  /** The axes (ascending) disappear. */
  readonly sum: { readonly axes: readonly number[] };
  readonly maxOf: { readonly axis: number };
  /** int32; the first maximum. */
  readonly argmax: { readonly axis: number };
  /** Result axes: batch axes, then free axes of a, then free axes of b. */
  readonly dot: {
    readonly aBatch: readonly number[];
    readonly bBatch: readonly number[];
    readonly aContract: readonly number[];
    readonly bContract: readonly number[];
  };
  /** inputs table [R, ...], index int32 [...]: index.shape ++ table.shape[1..]; -1 gives zeros; other indices outside [0, R) are an error of the run. */
  readonly gather: null;
  /** inputs source index.shape ++ rest, index: [rows, ...rest], starting from zeros, in index order; -1 is dropped. */
  readonly scatterAdd: { readonly rows: Dim };
  readonly scan: ScanAttributes;
  readonly affineScan: AffineAttributes;
}

export type OpName = keyof OpAttributes;

/** One value (a `scan` has several, read through `part`; its own shape is []). Ids grow with creation, so id order is a topological order. */
export interface Node<K extends OpName = OpName> extends ValueType {
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Node[];
  readonly attrs: OpAttributes[K];
  /** Types of a scan's results; empty for all other ops. */
  readonly results: readonly ValueType[];
  /** Layer path at creation, for messages. */
  readonly where: string;
  /** The deepest body this node depends on: 0 is the outermost graph. Bodies have distinct positive numbers. */
  readonly scope: number;
}

/** A closed graph. In a body, outer values appear only as inputs. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Node<"input">[];
  readonly outputs: readonly Node[];
}

/** Narrows a node to one op. */
export function isOp<K extends OpName>(node: Node, op: K): node is Node<K> {
  return node.op === op;
}

/** All nodes the outputs need, in id (topological) order, including inputs that are used. */
export function reachable(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...outputs];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
    // A domain's lengths are read by the host when it makes the tables, so they stay inputs of the run.
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
