// Row of `affineScan`: recurrences that are affine in their state, all steps of a time domain in one op.

import { type Dim, equalShapes, showShape } from "../../base/dim.js";
import { domainTable, makeNode } from "./build.js";
import { add, gather, mul, reshape, scatterAdd, select, slice } from "./builders.js";
import { broadcastShape, inputAt, misfit, requireDtype, showType } from "./checks.js";
import type { AffineAttributes, AffineVarying, Node, ValueType } from "./node.js";
import type { PrimitiveTable } from "./primitive.js";
import { hasSteps, isFirstStep, lastStep, stepBefore } from "./steps.js";

/** Row of `affineScan`. */
export const affineOps: Pick<PrimitiveTable, "affineScan"> = {
  affineScan: {
    doc: "h = a·h + b over the steps of a time domain, elementwise, or the same for pairs of states with 2x2 blocks.",
    arity: -1,
    type: (inputs, attrs) => affineType(inputs, attrs),
    kernel: null,
    vjp: (node, d) => affineCotangents(node, d),
    vectorise: null,
    pointwise: false,
    test: null,
    special: "as products and sums at each step: 0 · ∞ → NaN, and a NaN stays in its row and feature until the row's last step",
  },
};

/** The inputs of an affine scan by their role; states and terms are 1 or 2, coefficients 1 or 4. */
export interface AffineInputs<V> {
  readonly initial: readonly V[];
  readonly coefficients: readonly V[];
  readonly terms: readonly V[];
}

/** 1 for a single state, 2 for a pair. */
export function affineWidth({ vary }: AffineAttributes): 1 | 2 {
  return vary.length === 1 ? 1 : 2;
}

/** Splits the list of inputs (or of anything that goes with them). */
export function affineInputs<V>(inputs: readonly V[], attrs: AffineAttributes): AffineInputs<V> {
  const width = affineWidth(attrs);
  const first = attrs.start ? width : 0;
  const terms = first + attrs.vary.length;
  return { initial: inputs.slice(0, first), coefficients: inputs.slice(first, terms), terms: inputs.slice(terms) };
}

/** The states of a result, each [N, ...]. */
export function affineStates(result: Node, attrs: AffineAttributes): Node[] {
  if (affineWidth(attrs) === 1) return [result];
  return [0, 1].map((index) => reshape(slice(result, 0, index, 1), result.shape.slice(1)));
}

function affineType(inputs: readonly ValueType[], attrs: AffineAttributes): ValueType {
  const { vary, start, lag, domain } = attrs;
  const width = affineWidth(attrs);
  if (vary.length !== width * width || (start && lag)) {
    throw misfit("affineScan", "affine_form", `${vary.length} coefficients${start && lag ? ", late ones from initial states" : ""}`);
  }
  const expected = (start ? width : 0) + vary.length + width;
  if (inputs.length !== expected) throw misfit("affineScan", "affine_inputs", `${inputs.length} inputs, not ${expected}`);
  for (const input of inputs) requireDtype("affineScan", input, ["float32"]);
  const { initial, coefficients, terms } = affineInputs(inputs, attrs);
  const features = inputAt("affineScan", terms, 0).shape.slice(1);
  const leading: Readonly<Record<AffineVarying, readonly Dim[]>> = { steps: [domain.steps], rows: [domain.batch], shared: [] };
  for (const term of terms) requireShape(term, [domain.steps, ...features]);
  for (const state of initial) requireShape(state, [domain.batch, ...features]);
  coefficients.forEach((coefficient, index) => {
    const lead = leading[vary[index]!];
    const own = coefficient.shape.slice(lead.length);
    const fits =
      own.length === features.length &&
      equalShapes(
        broadcastShape("affineScan", [
          { ...coefficient, shape: own },
          { ...coefficient, shape: features },
        ]),
        features,
      );
    if (!fits || !equalShapes(coefficient.shape.slice(0, lead.length), lead)) {
      throw misfit(
        "affineScan",
        "affine_shape",
        `a coefficient by ${vary[index]} is ${showType(coefficient)}, the states are ${showShape(features)}`,
      );
    }
  });
  const shape = [domain.steps, ...features];
  return { shape: width === 1 ? shape : [2, ...shape], dtype: "float32" };
}

function requireShape(value: ValueType, wanted: readonly Dim[]): void {
  if (equalShapes(value.shape, wanted)) return;
  throw misfit("affineScan", "affine_shape", `${showType(value)} where ${showShape(wanted)} is expected`);
}

/**
 * The cotangents of the states obey the same recurrence the other way: each is what enters at its step plus the transposed coefficients
 * of the step after it times the cotangents there. Everything else is pointwise in states and cotangents.
 */
function affineCotangents(node: Node<"affineScan">, d: Node): (Node | null)[] {
  const { domain, reverse, vary, start, lag } = node.attrs;
  const width = affineWidth(node.attrs);
  const { initial, coefficients } = affineInputs<Node>(node.inputs, node.attrs);
  const transposed = <V>(list: readonly V[]): V[] => (width === 1 ? [...list] : [list[0]!, list[2]!, list[1]!, list[3]!]);
  const attrs: AffineAttributes = { domain, reverse: !reverse, vary: transposed(vary), start: false, lag: !lag };
  const entering = affineStates(d, node.attrs);
  const arrived = affineStates(makeNode("affineScan", [...transposed(coefficients), ...entering], attrs), attrs);
  const states = affineStates(node, node.attrs);
  const rank = states[0]!.shape.length;

  // Products pair the cotangent of a step with the state before it; with late coefficients, the one after with the state of the step.
  const left = lag ? arrived.map((value) => stepBefore(domain, !reverse, value, null)) : arrived;
  const right = lag ? states : states.map((state, index) => stepBefore(domain, reverse, state, initial[index] ?? null));
  const none = start ? null : isFirstStep(domain, lag ? !reverse : reverse, rank);
  const ofCoefficients = coefficients.map((_, index) => {
    const product = mul(left[Math.floor(index / width)]!, right[index % width]!);
    const known = none === null ? product : select(none, 0, product);
    return vary[index] === "rows" ? scatterAdd(known, domainTable(domain, "row"), domain.batch) : known;
  });
  return [...(start ? ofInitialStates() : []), ...ofCoefficients, ...arrived];

  /** Initial states meet the coefficients of the first step of their row. */
  function ofInitialStates(): Node[] {
    const first = lastStep(domain, !reverse);
    const atFirst = arrived.map((value) => gather(value, first));
    const factors = coefficients.map((value, index) => (vary[index] === "steps" ? gather(value, first) : value));
    return initial.map((_, column) => {
      const products = atFirst.map((value, row) => mul(factors[row * width + column]!, value));
      return select(
        hasSteps(domain, rank),
        products.reduce((total, product) => add(total, product)),
        0,
      );
    });
  }
}
