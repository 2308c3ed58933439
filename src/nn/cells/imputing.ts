// Any cell as one direction of an imputation: it guesses what is missing from its own past and from the other features of the step.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { iota } from "../../ops/create.js";
import { matmul } from "../../ops/linear.js";
import { relu } from "../../ops/nonlinear.js";
import { abs, add, equal, exp, mul, neg, sigmoid, sub, where } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { concat, expandDims } from "../../ops/shape.js";
import { dimsOf } from "../../trace/traced.js";
import type { AnyCell, CellDefinition, Sizes, Tensors } from "../cell.js";
import { constant } from "../init.js";
import { type Weight, weight } from "../weight.js";

/** States beside the cell's own: the completed input, the time since each feature was seen, and sums of the errors of the guesses. */
const own = { imputed: "inputSize", since: "inputSize", error: 1, seen: 1 } as const;

/**
 * One direction of BRITS (Cao et al. 2018, equations 1 to 9). With δ the time since each feature was last seen, the state faded by
 * γh = exp(-max(0, δ·Wγ + bγ)):
 * x̂ = h·Wx + bx (from the past);  xc = m·x + (1 - m)·x̂;  z = xc·Wz + bz with a zero diagonal (from the other features);
 * β = σ([γx, m]·Wβ + bβ);  ĉ = β·z + (1 - β)·x̂;  c = m·x + (1 - m)·ĉ;  then the cell takes one step on [c, m].
 * The output is c; `error` adds up m·(|x - x̂| + |x - z| + |x - ĉ|) over features and steps, `seen` the number of seen values.
 */
export function imputingCell(inner: AnyCell): AnyCell {
  const { definition } = inner;
  for (const [state, size] of Object.entries(definition.state)) {
    if (!(state in own) && size !== "inputSize") continue;
    throw new UsageError({
      code: "bad_cell",
      op: "brits",
      what: `cell ${inner.name} has a state "${state}" that imputing cannot carry`,
      hint: `Its states must not be called ${Object.keys(own).join(", ")} nor have the size "inputSize".`,
    });
  }
  const imputing: CellDefinition = {
    ...definition,
    name: `${inner.name}-imputing`,
    inputs: ["dt", "mask"],
    state: { ...own, ...definition.state },
    output: "imputed",
    params: (sizes: Sizes) => ({
      ...definition.params({ ...sizes, inputSize: 2 * sizes.inputSize }),
      ...guessWeights(definition, { ...sizes }),
    }),
    perSequence: definition.perSequence === null ? null : (of) => definition.perSequence!({ ...of, inputSize: 2 * of.inputSize }),
    step: (x, state, p, extra) => imputingStep(definition, { x, state, p, extra }),
  };
  return Object.freeze({ name: imputing.name, source: "Cao et al. 2018", options: inner.options, definition: imputing });
}

function guessWeights(
  { state, output }: CellDefinition,
  sizes: Sizes & { readonly [size: string]: number },
): { readonly [name: string]: Weight } {
  const { inputSize } = sizes;
  const size = state[output]!;
  const width = typeof size === "number" ? size : sizes[size]!;
  return {
    stateDecay: weight([inputSize, width]),
    stateDecayBias: weight([width]),
    history: weight([width, inputSize]),
    historyBias: weight([inputSize]),
    features: weight([inputSize, inputSize]),
    featuresBias: weight([inputSize]),
    // Above 0, where the rate has a gradient.
    inputDecay: weight([inputSize], { init: constant(0.1) }),
    inputDecayBias: weight([inputSize]),
    mix: weight([2 * inputSize, inputSize]),
    mixBias: weight([inputSize]),
  };
}

interface StepArguments {
  readonly x: Tensor;
  readonly state: Tensors;
  readonly p: Tensors;
  readonly extra: Tensors;
}

function imputingStep(inner: CellDefinition, { x, state, p, extra }: StepArguments): Tensors {
  const mask = extra.mask!;
  const since = add(extra.dt!, state.since!);
  const fade = (rate: Tensor): Tensor => exp(neg(relu(rate)));
  const kept = fade(add(matmul(since, p.stateDecay!), p.stateDecayBias!));
  const before = { ...state, [inner.output]: mul(kept, state[inner.output]!) };
  const fromPast = add(matmul(before[inner.output]!, p.history!), p.historyBias!);
  const filled = where(mask, x, fromPast);
  const fromOthers = add(matmul(filled, withoutDiagonal(p.features!)), p.featuresBias!);
  const share = sigmoid(add(matmul(concat([fade(add(mul(p.inputDecay!, since), p.inputDecayBias!)), mask]), p.mix!), p.mixBias!));
  const guess = add(mul(share, fromOthers), mul(sub(1, share), fromPast));
  const imputed = where(mask, x, guess);
  const misses = add(abs(sub(x, fromPast)), abs(sub(x, fromOthers)), abs(sub(x, guess)));
  return {
    ...inner.step(concat([imputed, mask]), before, p, extra),
    imputed,
    since: where(mask, 0, since),
    error: add(state.error!, expandDims(sum(where(mask, misses, 0)), 0)),
    seen: add(state.seen!, expandDims(sum(mask), 0)),
  };
}

/** No feature is guessed from itself. */
function withoutDiagonal(matrix: Tensor): Tensor {
  const index = iota(Number(dimsOf(matrix)[0]));
  return where(equal(expandDims(index, 0), expandDims(index, 1)), 0, matrix);
}
