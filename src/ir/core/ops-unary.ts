// Rows of the elementwise ops of one input, and the conversions.

import type { DType, ExactData } from "../../base/dtype.js";
import { add, cos, div, lt, mul, neg, select, sin, stop, sub } from "./builders.js";
import { inputAt, requireDtype } from "./checks.js";
import type { Node, OpAttributes, OpName, ValueType } from "./node.js";
import type { Primitive, PrimitiveTable, TestDomain } from "./primitive.js";
import { vectorisePointwise } from "./vectorising.js";

type UnaryName = "neg" | "abs" | "exp" | "log" | "log1p" | "sqrt" | "sin" | "cos" | "tanh" | "sigmoid" | "floor";
type Loop = (x: ExactData, out: ExactData) => void;

// One loop per op, so that each stays a tight loop instead of a call per element.
const loops: Readonly<Record<UnaryName, Loop>> = {
  neg: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = -x[i]!;
  },
  abs: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.abs(x[i]!);
  },
  exp: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.exp(x[i]!);
  },
  log: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.log(x[i]!);
  },
  log1p: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.log1p(x[i]!);
  },
  sqrt: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(x[i]!);
  },
  sin: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.sin(x[i]!);
  },
  cos: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.cos(x[i]!);
  },
  tanh: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.tanh(x[i]!);
  },
  // By exp of a negative number: never overflows, and the lower tail keeps its relative accuracy, which a form by tanh loses.
  sigmoid: (x, out) => {
    for (let i = 0; i < out.length; i++) {
      const small = Math.exp(-Math.abs(x[i]!));
      out[i] = (x[i]! < 0 ? small : 1) / (1 + small);
    }
  },
  floor: (x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.floor(x[i]!);
  },
};

/** Rows of the elementwise functions of one value, `cast`, `stop` and `tap`. */
export const unaryOps: Pick<PrimitiveTable, UnaryName | "cast" | "stop" | "tap"> = {
  neg: {
    ...row("neg", "-x, elementwise.", { draw: [-4, 4] }, ["float32", "int32"]),
    vjp: (_, d) => [neg(d)],
    special: "NaN → NaN, 0 → -0, ±∞ → ∓∞; int32 wraps",
  },
  abs: {
    ...row("abs", "|x|, elementwise; slope 0 at 0.", { draw: [-4, 4], kinks: [0] }, ["float32", "int32"]),
    vjp: ({ inputs: [x] }, d) => [mul(d, signOf(x!))],
    special: "NaN → NaN, -0 → 0, ±∞ → ∞; int32 wraps",
  },
  exp: {
    ...row("exp", "e to the power x, elementwise.", { draw: [-4, 4] }),
    vjp: (out, d) => [mul(d, out)],
    special: "NaN → NaN, ∞ → ∞, -∞ → 0, ±0 → 1",
  },
  log: {
    ...row("log", "Natural logarithm, elementwise.", { draw: [0.2, 4] }),
    vjp: ({ inputs: [x] }, d) => [div(d, x!)],
    special: "NaN → NaN, ∞ → ∞, ±0 → -∞, negative → NaN",
  },
  log1p: {
    ...row("log1p", "log(1 + x), accurate near 0.", { draw: [-0.7, 4] }),
    vjp: ({ inputs: [x] }, d) => [div(d, add(1, x!))],
    special: "NaN → NaN, ∞ → ∞, -1 → -∞, below -1 → NaN, ±0 → ±0",
  },
  sqrt: {
    ...row("sqrt", "Square root, elementwise.", { draw: [0.2, 4] }),
    vjp: (out, d) => [mul(d, div(0.5, out))],
    special: "NaN → NaN, ∞ → ∞, negative → NaN, ±0 → ±0",
  },
  sin: {
    ...row("sin", "Sine of radians, elementwise.", { draw: [-4, 4] }),
    vjp: ({ inputs: [x] }, d) => [mul(d, cos(x!))],
    special: "NaN → NaN, ±∞ → NaN, ±0 → ±0",
  },
  cos: {
    ...row("cos", "Cosine of radians, elementwise.", { draw: [-4, 4] }),
    vjp: ({ inputs: [x] }, d) => [neg(mul(d, sin(x!)))],
    special: "NaN → NaN, ±∞ → NaN, ±0 → 1",
  },
  tanh: {
    ...row("tanh", "Hyperbolic tangent, elementwise.", { draw: [-4, 4] }),
    vjp: (out, d) => [mul(d, sub(1, mul(out, out)))],
    special: "NaN → NaN, ±∞ → ±1, ±0 → ±0",
  },
  sigmoid: {
    ...row("sigmoid", "1 / (1 + exp(-x)), elementwise.", { draw: [-4, 4] }),
    vjp: (out, d) => [mul(d, mul(out, sub(1, out)))],
    special: "NaN → NaN, ∞ → 1, -∞ → 0, ±0 → 1/2",
  },
  floor: {
    ...row("floor", "Largest integer not above x, elementwise; no gradient.", null),
    vjp: null,
    special: "NaN → NaN, ±∞ → ±∞, ±0 → ±0",
  },
  cast: {
    doc: "Another element type: to int32 truncates and saturates, to bool asks x ≠ 0.",
    arity: 1,
    type: (inputs, { dtype }) => ({ shape: inputAt("cast", inputs, 0).shape, dtype }),
    kernel:
      (_, { dtype }) =>
      ([x], out) =>
        convert(x!, out, dtype),
    vjp: ({ inputs: [x], dtype }, d) => [x!.dtype === "float32" && dtype === "float32" ? d : null],
    vectorise: vectorisePointwise,
    pointwise: true,
    test: null,
    special: "to int32: NaN → 0, ±∞ → the largest and smallest int32; to bool: NaN → true, ±0 → false",
  },
  stop: {
    ...row("stop", "The value itself; no gradient flows.", null, ["float32", "int32", "bool"]),
    kernel: () => copyAll,
    vjp: null,
    special: "passes every value on",
  },
  tap: {
    doc: "The value itself; a probing program shows it and its cotangent under a name.",
    arity: 1,
    type: (inputs) => typeOf("tap", inputs, ["float32", "int32", "bool"]),
    kernel: () => copyAll,
    vjp: (_, d) => [d],
    vectorise: vectorisePointwise,
    pointwise: true,
    test: { draw: [-4, 4] },
    special: "passes every value on",
  },
};

type UnaryRow<K extends UnaryName | "stop"> = Omit<Primitive<K>, "vjp" | "special">;

function row<K extends UnaryName | "stop">(
  op: K,
  doc: string,
  test: TestDomain | null,
  allowed: readonly DType[] = ["float32"],
): UnaryRow<K> {
  const name: UnaryName | "stop" = op;
  const loop: Loop = name === "stop" ? (x, out) => out.set(x) : loops[name];
  return {
    doc,
    arity: 1,
    type: (inputs: readonly ValueType[]) => typeOf(op, inputs, allowed),
    kernel:
      () =>
      ([x], out) =>
        loop(x!, out),
    vectorise: vectorisePointwise,
    pointwise: true,
    test,
  };
}

function typeOf(op: OpName, inputs: readonly ValueType[], allowed: readonly DType[]): ValueType {
  const x = inputAt(op, inputs, 0);
  requireDtype(op, x, allowed);
  return { shape: x.shape, dtype: x.dtype };
}

function copyAll([x]: readonly ExactData[], out: ExactData): void {
  out.set(x!);
}

/** -1, 0 or 1, and NaN for NaN; a constant for gradients. */
function signOf(x: Node): Node {
  return select(lt(x, 0), -1, select(lt(0, x), 1, stop(x)));
}

/** NaN becomes 0 (int32) or true (bool). */
function convert(x: ExactData, out: ExactData, dtype: OpAttributes["cast"]["dtype"]): void {
  if (dtype === "bool") for (let i = 0; i < out.length; i++) out[i] = x[i] === 0 ? 0 : 1;
  else if (dtype === "int32" && x instanceof Float64Array) {
    for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(x[i]!, -2147483648), 2147483647);
  } else out.set(x);
}
