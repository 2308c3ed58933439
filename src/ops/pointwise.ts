// Elementwise ops: arithmetic, comparison, choice and casts, with numpy broadcasting.

import type { DType } from "../base/dtype.js";
import type { Tensor } from "../base/tensor.js";
import { emit } from "../trace/emit.js";
import type { Value } from "../trace/traced.js";
import { align, castValue, checkOperand, type Operand, promote, toValues } from "./align.js";
import { checkType } from "./checks.js";

type Unary = "neg" | "abs" | "exp" | "log" | "log1p" | "sqrt" | "sin" | "cos" | "tanh" | "sigmoid" | "floor" | "stop";
type Binary = "add" | "sub" | "mul" | "div" | "min" | "max" | "lt" | "le" | "eq";

/**
 * Sum of two or more operands, left to right.
 *
 * @example add(tensor([1, 2]), 10, tensor([0.5, 0.5])) // → [11.5, 12.5]
 */
export function add(...operands: readonly [Operand, Operand, ...Operand[]]): Tensor {
  return fold("add", operands);
}

/**
 * Product of two or more operands, left to right.
 *
 * @example mul(tensor([[1, 2], [3, 4]]), tensor([10, 100])) // → [[10, 200], [30, 400]]
 */
export function mul(...operands: readonly [Operand, Operand, ...Operand[]]): Tensor {
  return fold("mul", operands);
}

/**
 * a - b, with broadcasting.
 *
 * @example sub(1, tensor([0.25, 1])) // → [0.75, 0]
 */
export function sub(a: Operand, b: Operand): Tensor {
  return binary("sub", a, b);
}

/**
 * Quotient as float32; 1/0 is Infinity, 0/0 NaN.
 *
 * @example div(tensor([1, 9]), tensor([2, 3])) // → [0.5, 3]
 */
export function div(a: Operand, b: Operand): Tensor {
  return binary("div", asFloat("div", a), asFloat("div", b));
}

/**
 * The smaller of each pair; NaN if either is. At ties the gradient goes to `b`.
 *
 * @example minimum(tensor([1, 5]), 3) // → [1, 3]
 */
export function minimum(a: Operand, b: Operand): Tensor {
  return binary("min", a, b);
}

/**
 * The larger of each pair; NaN if either is. At ties the gradient goes to `b`.
 *
 * @example maximum(tensor([1, 5]), 3) // → [3, 5]
 */
export function maximum(a: Operand, b: Operand): Tensor {
  return binary("max", a, b);
}

/**
 * a < b, as bool.
 *
 * @example less(tensor([1, 2, 3]), 2) // → [1, 0, 0]
 */
export function less(a: Operand, b: Operand): Tensor {
  return binary("lt", a, b);
}

/**
 * a <= b, as bool; false beside NaN.
 *
 * @example lessEqual(tensor([1, 2, 3]), 2) // → [1, 1, 0]
 */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return binary("le", a, b);
}

/**
 * a > b, as bool.
 *
 * @example greater(tensor([1, 2, 3]), 2) // → [0, 0, 1]
 */
export function greater(a: Operand, b: Operand): Tensor {
  return binary("lt", b, a);
}

/**
 * a >= b, as bool; false beside NaN.
 *
 * @example greaterEqual(tensor([1, 2, 3]), 2) // → [0, 1, 1]
 */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return binary("le", b, a);
}

/**
 * a = b, as bool; NaN equals nothing.
 *
 * @example equal(tensor([1, 2, NaN]), tensor([1, 3, NaN])) // → [1, 0, 0]
 */
export function equal(a: Operand, b: Operand): Tensor {
  return binary("eq", a, b);
}

/**
 * Not a = b, as bool; true beside NaN.
 *
 * @example notEqual(tensor([1, 2, NaN]), tensor([1, 3, NaN])) // → [0, 1, 1]
 */
export function notEqual(a: Operand, b: Operand): Tensor {
  return logicalNot(equal(a, b));
}

/**
 * Both true. Numbers count as true unless 0.
 *
 * @example logicalAnd(tensor([true, true]), tensor([true, false])) // → [1, 0]
 */
export function logicalAnd(a: Operand, b: Operand): Tensor {
  return where(asBool("logicalAnd", a), asBool("logicalAnd", b), constantFalse());
}

/**
 * At least one true.
 *
 * @example logicalOr(tensor([false, true]), tensor([false, false])) // → [0, 1]
 */
export function logicalOr(a: Operand, b: Operand): Tensor {
  return logicalNot(logicalAnd(logicalNot(a), logicalNot(b)));
}

/**
 * True where a is false, or 0.
 *
 * @example logicalNot(tensor([true, false])) // → [0, 1]
 */
export function logicalNot(a: Operand): Tensor {
  return binary("eq", cast(asBool("logicalNot", a), "int32"), 0);
}

/**
 * `a` where the condition holds, else `b`; the other side is ignored, even if it is NaN. Conditions that are numbers hold unless 0.
 *
 * @example where(tensor([true, false]), tensor([1, 2]), -1) // → [1, -1]
 */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  for (const operand of [condition, a, b]) checkOperand("where", operand);
  const [first] = toValues([condition]);
  const sides = promote(toValues([a, b]));
  const { values, domain } = align("select", [castValue(first!, "bool"), ...sides]);
  return emit("select", values, null, domain);
}

/**
 * Another dtype: float32 to int32 cuts off the fraction, anything to bool asks "not 0".
 *
 * @example cast(tensor([1.7, -1.7]), "int32") // → [1, -1]
 */
export function cast(a: Operand, dtype: DType): Tensor {
  checkOperand("cast", a);
  checkType("cast", dtype);
  return castValue(toValues([a])[0]!, dtype);
}

/**
 * The same value, through which no gradient flows.
 *
 * @example grad((x: Tensor) => sum(mul(stopGradient(x), x)))(tensor([3, 4])) // → [3, 4]
 */
export function stopGradient(a: Tensor): Tensor {
  return unary("stop", a);
}

/**
 * -a.
 *
 * @example neg(tensor([1, -2])) // → [-1, 2]
 */
export function neg(a: Operand): Tensor {
  return unary("neg", a);
}

/**
 * |a|; its derivative at 0 is that of the right side.
 *
 * @example abs(tensor([1, -2])) // → [1, 2]
 */
export function abs(a: Operand): Tensor {
  return unary("abs", a);
}

/**
 * e to the power of a.
 *
 * @example exp(tensor([0, 1])) // → [1, 2.7183]
 */
export function exp(a: Operand): Tensor {
  return unary("exp", a);
}

/**
 * Natural logarithm; -Infinity at 0, NaN below.
 *
 * @example log(tensor([1, 10])) // → [0, 2.3026]
 */
export function log(a: Operand): Tensor {
  return unary("log", a);
}

/**
 * ln(1 + a), accurate near 0.
 *
 * @example log1p(tensor([0, 1e-6])) // → [0, 0.000001]
 */
export function log1p(a: Operand): Tensor {
  return unary("log1p", a);
}

/**
 * Square root; NaN below 0.
 *
 * @example sqrt(tensor([4, 2])) // → [2, 1.4142]
 */
export function sqrt(a: Operand): Tensor {
  return unary("sqrt", a);
}

/**
 * Sine of an angle in radians.
 *
 * @example sin(tensor([0, Math.PI / 2])) // → [0, 1]
 */
export function sin(a: Operand): Tensor {
  return unary("sin", a);
}

/**
 * Cosine of an angle in radians.
 *
 * @example cos(tensor([0, Math.PI])) // → [1, -1]
 */
export function cos(a: Operand): Tensor {
  return unary("cos", a);
}

/**
 * Hyperbolic tangent, from -1 to 1.
 *
 * @example tanh(tensor([-100, 0, 0.5])) // → [-1, 0, 0.4621]
 */
export function tanh(a: Operand): Tensor {
  return unary("tanh", a);
}

/**
 * 1 / (1 + exp(-a)), with its negative tail.
 *
 * @example sigmoid(tensor([0, 2])) // → [0.5, 0.8808]
 */
export function sigmoid(a: Operand): Tensor {
  return unary("sigmoid", a);
}

/**
 * The largest whole number not above a; its gradient is 0.
 *
 * @example floor(tensor([1.7, -1.7])) // → [1, -2]
 */
export function floor(a: Operand): Tensor {
  return unary("floor", a);
}

const keepsInt: ReadonlySet<Unary> = new Set(["neg", "abs", "stop"]);

function unary(op: Unary, a: Operand): Tensor {
  checkOperand(op, a);
  const [first] = toValues([a]);
  const value: Value = keepsInt.has(op) && first!.dtype !== "bool" ? first! : op === "stop" ? first! : castValue(first!, "float32");
  const { values, domain } = align(op, [value]);
  return emit(op, values, null, domain);
}

function binary(op: Binary, a: Operand, b: Operand): Tensor {
  checkOperand(op, a);
  checkOperand(op, b);
  const promoted = promote(toValues([a, b])).map((value) => (value.dtype === "bool" ? castValue(value, "int32") : value));
  const { values, domain } = align(op, promoted);
  return emit(op, values, null, domain);
}

function fold(op: "add" | "mul", operands: readonly Operand[]): Tensor {
  const [first, ...rest] = operands;
  return rest.reduce<Operand>((sum, next) => binary(op, sum, next), first!) as Tensor;
}

function asFloat(op: string, a: Operand): Tensor {
  checkOperand(op, a);
  return castValue(toValues([a])[0]!, "float32");
}

function asBool(op: string, a: Operand): Tensor {
  checkOperand(op, a);
  return castValue(toValues([a])[0]!, "bool");
}

function constantFalse(): Tensor {
  return castValue(toValues([0])[0]!, "bool");
}
