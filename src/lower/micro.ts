// The micro instruction of each pointwise op, by the type of its operands.

import type { DType } from "../base/dtype.js";
import { isOp, type Node, type OpName } from "../ir/core/node.js";
import type { MicroOpcode } from "../ir/lowered/opcodes.js";
import type { MicroInstruction } from "../ir/lowered/program.js";

/** Axes of a space that are rows and columns. */
interface Axes {
  readonly rowAxes: readonly number[];
  readonly colAxes: readonly number[];
}

export type Micro = Omit<MicroInstruction, "d">;

const floatOps: Partial<Record<OpName, MicroOpcode>> = {
  neg: "neg",
  abs: "abs",
  exp: "exp",
  log: "log",
  log1p: "log1p",
  sqrt: "sqrt",
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  sigmoid: "sigmoid",
  floor: "floor",
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  min: "min",
  max: "max",
  lt: "lt",
  le: "le",
  eq: "eq",
  select: "select",
};

/** For int32 operands, and for bools, which are 0 and 1. */
const integerOps: Partial<Record<OpName, MicroOpcode>> = {
  neg: "negI",
  abs: "absI",
  add: "addI",
  sub: "subI",
  mul: "mulI",
  min: "minI",
  max: "maxI",
  lt: "ltI",
  le: "leI",
  eq: "eqI",
  select: "select",
};

/** The micro instructions of a pointwise node on these registers. */
export function microOf(node: Node, [a = 0, b = 0, c = 0]: readonly number[], split: Axes): Micro[] {
  if (isOp(node, "iota")) {
    if (split.rowAxes.length === 0 && split.colAxes.length === 0) return [{ op: "const", a: 0, b: 0, c: 0 }];
    return [{ op: split.rowAxes.length > 0 ? "iotaRow" : "iotaCol", a: 0, b: 0, c: 0 }];
  }
  if (isOp(node, "cast")) return [castMicro(node.inputs[0]!.dtype, node.attrs.dtype, a)];
  // select's operands may be anything; its result's type decides nothing.
  const operand = node.inputs[0]!.dtype;
  const op = (operand === "float32" ? floatOps : integerOps)[node.op];
  if (op === undefined) throw new Error(`${node.op} on ${operand} has no micro instruction`);
  return [{ op, a, b, c }];
}

function castMicro(from: DType, to: DType, a: number): Micro {
  const unary = (op: MicroOpcode): Micro => ({ op, a, b: 0, c: 0 });
  if (to === "float32" && from !== "float32") return unary("toFloat");
  if (to === "int32" && from === "float32") return unary("toInt");
  if (to === "bool" && from === "float32") return unary("toBool");
  if (to === "bool" && from === "int32") return unary("toBoolI");
  // Same bits: a select of one value with itself passes it on.
  return { op: "select", a, b: a, c: a };
}
