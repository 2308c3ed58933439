// Rows of the broadcasting elementwise ops: arithmetic, minimum and maximum, comparisons, select.

import type { DType, ExactData } from "../../base/dtype.js";
import { div, lt, mul, neg, select, sumTo } from "./builders.js";
import { broadcastShape, inputAt, misfit, requireDtype, requireSameDtype, showType } from "./checks.js";
import type { ValueType } from "./node.js";
import type { ConcreteType, Kernel, Primitive, PrimitiveTable, TestDomain } from "./primitive.js";
import { planBroadcast } from "./strides.js";
import { vectorisePointwise } from "./vectorising.js";

type BinaryName = "add" | "sub" | "mul" | "div" | "min" | "max" | "lt" | "le" | "eq";

/** One run: n elements of `out` from `at` on, the operands from i and j on, advancing by their steps. */
type RunLoop = (
  out: ExactData,
  at: number,
  a: ExactData,
  i: number,
  iStep: number,
  b: ExactData,
  j: number,
  jStep: number,
  n: number,
) => void;

const loops: Readonly<Record<BinaryName, RunLoop>> = {
  add: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! + b[j]!;
  },
  sub: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! - b[j]!;
  },
  mul: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! * b[j]!;
  },
  div: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! / b[j]!;
  },
  // Math.min and Math.max: NaN wins, and -0 is below 0.
  min: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = Math.min(a[i]!, b[j]!);
  },
  max: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = Math.max(a[i]!, b[j]!);
  },
  lt: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! < b[j]! ? 1 : 0;
  },
  le: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! <= b[j]! ? 1 : 0;
  },
  eq: (out, at, a, i, iStep, b, j, jStep, n) => {
    for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = a[i]! === b[j]! ? 1 : 0;
  },
};

/** The product of two int32 can need 64 bits; float64 would round it before wrapping. */
const wrappingMultiply: RunLoop = (out, at, a, i, iStep, b, j, jStep, n) => {
  for (let k = 0; k < n; k++, i += iStep, j += jStep) out[at + k] = Math.imul(a[i]!, b[j]!);
};

const numbers: readonly DType[] = ["float32", "int32"];

/** Rows of the broadcasting ops. */
export const binaryOps: Pick<PrimitiveTable, BinaryName | "select"> = {
  add: {
    ...arithmetic("add", "a + b.", numbers, { draw: [-4, 4] }),
    vjp: (_, d) => [d, d],
    special: "NaN → NaN, ∞ + -∞ → NaN, -0 + -0 → -0; int32 wraps",
  },
  sub: {
    ...arithmetic("sub", "a - b.", numbers, { draw: [-4, 4] }),
    // Summed down before the sign changes: what is repeated (a mean, a bias) is smaller than its cotangent.
    vjp: ({ inputs: [, b] }, d) => [d, neg(sumTo(d, b!.shape))],
    special: "NaN → NaN, ∞ - ∞ → NaN, 0 - 0 → 0; int32 wraps",
  },
  mul: {
    ...arithmetic("mul", "a · b.", numbers, { draw: [-4, 4] }),
    vjp: ({ inputs: [a, b] }, d) => [mul(d, b!), mul(d, a!)],
    special: "NaN → NaN, 0 · ±∞ → NaN, signs multiply for ±0 and ±∞; int32 wraps",
  },
  div: {
    ...arithmetic("div", "a / b.", ["float32"], { draw: [0.4, 4] }),
    vjp: (out, d) => [div(d, out.inputs[1]!), neg(mul(d, div(out, out.inputs[1]!)))],
    special: "NaN → NaN, 0 / 0 → NaN, ∞ / ∞ → NaN, 1 / ±0 → ±∞",
  },
  min: {
    ...arithmetic("min", "The smaller of a and b; at ties the cotangent goes to b.", numbers, { draw: [-4, 4], kinks: "equal" }),
    vjp: ({ inputs: [a, b] }, d) => [select(lt(a!, b!), d, 0), select(lt(a!, b!), 0, d)],
    special: "NaN on either side → NaN, min(-0, 0) → -0",
  },
  max: {
    ...arithmetic("max", "The larger of a and b; at ties the cotangent goes to b.", numbers, { draw: [-4, 4], kinks: "equal" }),
    vjp: ({ inputs: [a, b] }, d) => [select(lt(b!, a!), d, 0), select(lt(b!, a!), 0, d)],
    special: "NaN on either side → NaN, max(-0, 0) → 0",
  },
  lt: { ...comparison("lt", "a < b.", numbers), special: "false if either is NaN; -0 < 0 is false" },
  le: { ...comparison("le", "a <= b.", numbers), special: "false if either is NaN; 0 <= -0 is true" },
  eq: { ...comparison("eq", "a equals b.", ["float32", "int32", "bool"]), special: "false if either is NaN; -0 equals 0" },
  select: {
    doc: "a where the condition holds, else b.",
    arity: 3,
    type: (inputs) => {
      const condition = inputAt("select", inputs, 0);
      if (condition.dtype !== "bool") {
        throw misfit("select", "condition_not_bool", `the condition is ${showType(condition)}`, "Compare with less or equal, or use cast.");
      }
      requireSameDtype("select", inputs.slice(1));
      return { shape: broadcastShape("select", inputs), dtype: inputAt("select", inputs, 1).dtype };
    },
    kernel: selectKernel,
    vjp: ({ inputs: [condition] }, d) => [null, select(condition!, d, 0), select(condition!, 0, d)],
    vectorise: vectorisePointwise,
    pointwise: true,
    test: { draw: [-4, 4] },
    special: "the side not taken is ignored, even NaN; ±0 keep their sign",
  },
};

type BinaryRow<K extends BinaryName> = Omit<Primitive<K>, "vjp" | "special">;

function arithmetic<K extends BinaryName>(op: K, doc: string, allowed: readonly DType[], test: TestDomain): BinaryRow<K> {
  return { ...row<K>(op, doc, (inputs) => ({ shape: broadcastShape(op, inputs), dtype: operandType(op, inputs, allowed) })), test };
}

function comparison<K extends BinaryName>(op: K, doc: string, allowed: readonly DType[]): BinaryRow<K> & { readonly vjp: null } {
  const type = (inputs: readonly ValueType[]): ValueType => {
    operandType(op, inputs, allowed);
    return { shape: broadcastShape(op, inputs), dtype: "bool" };
  };
  return { ...row<K>(op, doc, type), vjp: null, test: null };
}

function row<K extends BinaryName>(op: K, doc: string, type: Primitive<K>["type"]): Omit<BinaryRow<K>, "test"> {
  return {
    doc,
    arity: 2,
    type,
    kernel: ([a, b], _, { out }) => runKernel(a!, b!, out, op === "mul" && out.dtype === "int32" ? wrappingMultiply : loops[op]),
    vectorise: vectorisePointwise,
    pointwise: true,
  };
}

function operandType(op: BinaryName, inputs: readonly ValueType[], allowed: readonly DType[]): DType {
  const [a, b] = [inputAt(op, inputs, 0), inputAt(op, inputs, 1)];
  requireDtype(op, a, allowed);
  requireDtype(op, b, allowed);
  requireSameDtype(op, [a, b]);
  return a.dtype;
}

function runKernel(a: ConcreteType, b: ConcreteType, out: ConcreteType, loop: RunLoop): Kernel {
  const { outer, inner, offsets, steps } = planBroadcast(out.shape, [a.shape, b.shape]);
  const [starts, otherStarts] = [offsets[0]!, offsets[1]!];
  const [step, otherStep] = [steps[0]!, steps[1]!];
  return ([x, y], result) => {
    for (let run = 0; run < outer; run++) loop(result, run * inner, x!, starts[run]!, step, y!, otherStarts[run]!, otherStep, inner);
  };
}

function selectKernel(inputs: readonly ConcreteType[], _: null, { out }: { readonly out: ConcreteType }): Kernel {
  const { outer, inner, offsets, steps } = planBroadcast(
    out.shape,
    inputs.map(({ shape }) => shape),
  );
  return ([condition, a, b], result) => {
    let at = 0;
    for (let run = 0; run < outer; run++) {
      let [c, i, j] = [offsets[0]![run]!, offsets[1]![run]!, offsets[2]![run]!];
      for (let k = 0; k < inner; k++, c += steps[0]!, i += steps[1]!, j += steps[2]!) {
        result[at++] = condition![c] === 0 ? b![j]! : a![i]!;
      }
    }
  };
}
