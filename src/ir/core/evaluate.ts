// Exact evaluation of single ops: for eager tensors, constant folding and the interpreter.

import { evaluateShape, type SymbolSizes } from "../../base/dim.js";
import { type ExactData, elementCount, exactArray, type HostArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import { isOp, type Node, type OpAttributes, type OpName, type ValueType } from "./node.js";
import type { ConcreteType, ExactValue, Kernel, KernelContext } from "./primitive.js";
import { primitives } from "./table.js";

/** One op on exact values. `where` names the layer in errors. */
export function evaluateOp<K extends OpName>(
  op: K,
  attrs: OpAttributes[K],
  inputs: readonly ExactValue[],
  where = "",
  sizes: SymbolSizes = new Map(),
): ExactValue {
  const out = concrete(primitives[op].type(inputs, attrs), sizes);
  const data = exactArray(out.dtype, elementCount(out.shape));
  const arrays = inputs.map((input) => input.data);
  prepare(op, inputs, attrs, { out, sizes, where })(arrays, data);
  return { ...out, data };
}

/** The same value with float64 data for float32, 0/1 bytes for bool. Arrays that are exact already are shared. */
export function exactValue({ dtype, shape, data }: HostArray): ExactValue {
  if (dtype === "float32") return { dtype, shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
  if (dtype === "int32") return { dtype, shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
  return { dtype, shape, data: data instanceof Uint8Array ? data : Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)) };
}

/** A type with the sizes of a run. */
export function concrete(type: ValueType, sizes: SymbolSizes): ConcreteType {
  return { shape: evaluateShape(type.shape, sizes), dtype: type.dtype };
}

/** The prepared evaluation of a node other than `input`, `part` and `scan`. */
export function kernelOf<K extends OpName>(node: Node<K>, sizes: SymbolSizes): Kernel {
  const inputs = node.inputs.map((input) => concrete(input, sizes));
  return prepare(node.op, inputs, node.attrs, { out: concrete(node, sizes), sizes, where: node.where });
}

/** A zeroed array for the value of a node. */
export function arrayFor(node: ValueType, sizes: SymbolSizes): ExactData {
  return exactArray(node.dtype, elementCount(evaluateShape(node.shape, sizes)));
}

/** The value of a node over the values of its inputs. Constants and ops that change nothing share an array. */
export function nodeValue(node: Node, values: ReadonlyMap<Node, ExactData>, sizes: SymbolSizes): ExactData {
  if (isOp(node, "constant")) return node.attrs.data;
  if (isIdentity(node)) return values.get(node.inputs[0]!)!;
  const out = arrayFor(node, sizes);
  const inputs = node.inputs.map((input) => values.get(input)!);
  kernelOf(node, sizes)(inputs, out);
  return out;
}

/** Ops that pass on the elements as they lie in memory. */
export function isIdentity(node: Node): boolean {
  return node.op === "reshape" || node.op === "stop" || node.op === "tap";
}

function prepare<K extends OpName>(op: K, inputs: readonly ConcreteType[], attrs: OpAttributes[K], context: KernelContext): Kernel {
  const row = primitives[op].kernel;
  if (row === null) throw new UsageError({ code: "structural_node", op, what: "nodes of this kind have no value of their own" });
  return row(inputs, attrs, context);
}
