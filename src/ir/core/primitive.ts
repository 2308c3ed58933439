// What one row of the op table says about a primitive.

import type { SymbolSizes } from "../../base/dim.js";
import type { DType, ExactData } from "../../base/dtype.js";
import type { Node, OpAttributes, OpName, ValueType } from "./node.js";

/** A type whose sizes are known. */
export interface ConcreteType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A fully evaluated value in the reference interpreter: exact data and a concrete shape. */
export interface ExactValue extends ConcreteType {
  readonly data: ExactData;
}

/** Computes one value: writes every element of `out`, which none of the inputs share. */
export type Kernel = (inputs: readonly ExactData[], out: ExactData) => void;

/** What preparing a kernel may ask of the run. */
export interface KernelContext {
  readonly out: ConcreteType;
  readonly sizes: SymbolSizes;
  /** Layer path, for errors of the run. */
  readonly where: string;
}

/** An input of `vectorise`: a value, and whether it has the new leading axis. */
export interface MaybeVarying {
  readonly node: Node;
  readonly varies: boolean;
}

/** How property tests draw inputs for an op. */
export interface TestDomain {
  /** Interval for float inputs, away from kinks by `kinks`. */
  readonly draw: readonly [number, number];
  /** Points where the op is not differentiable; draws keep 0.05 away from them (for two inputs: from equality). */
  readonly kinks?: readonly number[] | "equal";
}

/** One row of the table. The row is the whole definition: every generator and every law reads it. */
export interface Primitive<K extends OpName> {
  readonly doc: string;
  /** Number of inputs; -1 for any. */
  readonly arity: number;
  /** Checks inputs and gives the result's type; throws ShapeError naming both shapes. */
  readonly type: (inputs: readonly ValueType[], attrs: OpAttributes[K]) => ValueType;
  /**
   * Prepares the exact evaluation in float64 / int32 / bool for concrete types, once for many calls (see `evaluateOp` in interpret.ts);
   * `input`, `part`, `scan` and `affineScan` are evaluated by the interpreter itself (null).
   */
  readonly kernel: ((inputs: readonly ConcreteType[], attrs: OpAttributes[K], context: KernelContext) => Kernel) | null;
  /**
   * Cotangents of the inputs (null = none flows), given the node and its cotangent.
   * Results of broadcasting ops may have the broadcast shape: the walk sums them down. `part` and `scan` are handled by the walk (null). Non-differentiable ops: null.
   */
  readonly vjp: ((node: Node<K>, dOut: Node) => readonly (Node | null)[]) | null;
  /** The same op over one more leading axis, of which at least one input has it; the result has it. Null where vectorising is done elsewhere. */
  readonly vectorise: ((inputs: readonly MaybeVarying[], node: Node<K>) => Node) | null;
  /** True for elementwise ops: equal result for every element whatever the layout. */
  readonly pointwise: boolean;
  readonly test: TestDomain | null;
  /** In words: what NaN, infinities and signed zeros give. */
  readonly special: string;
}

/** Every op has a row, or it does not compile. */
export type PrimitiveTable = { readonly [K in OpName]: Primitive<K> };
