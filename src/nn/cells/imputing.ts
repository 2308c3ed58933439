// Any cell as one direction of an imputation: it guesses what is missing from its own past and from the other features of the step.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { iota } from "../../ops/create.js";
import { matmul } from "../../ops/linear.js";
import { abs, add, equal, mul, sigmoid, sub, where } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { concat, expandDims } from "../../ops/shape.js";
import { dimsOf } from "../../trace/traced.js";
import type { AnyCell, CellDefinition, Sizes, Tensors } from "../cell.js";
import { constant } from "../init.js";
import { type Weight, weight } from "../weight.js";
import { type BesideMask, besideMask, fade } from "./beside-mask.js";

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
  const inside = besideMask(definition);
  const imputing: CellDefinition = {
    ...definition,
    name: `${inner.name}-imputing`,
    inputs: ["dt", "mask"],
    state: { ...own, ...definition.state },
    output: "imputed",
    params: (sizes: Sizes) => ({
      ...inside.params(sizes),
      ...guessWeights(definition, { ...sizes }),
    }),
    perSequence: inside.perSequence,
    step: (x, state, p, extra) => imputingStep(inside, definition.output, { x, state, p, extra }),
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

function imputingStep(inside: BesideMask, output: string, { x, state, p, extra }: StepArguments): Tensors {
  const mask = extra.mask!;
  const since = add(extra.dt!, state.since!);
  const kept = fade(add(matmul(since, p.stateDecay!), p.stateDecayBias!));
  const hidden = mul(kept, state[output]!);
  const fromPast = add(matmul(hidden, p.history!), p.historyBias!);
  const filled = where(mask, x, fromPast);
  const fromOthers = add(matmul(filled, withoutDiagonal(p.features!)), p.featuresBias!);
  const share = sigmoid(add(matmul(concat([fade(add(mul(p.inputDecay!, since), p.inputDecayBias!)), mask]), p.mix!), p.mixBias!));
  const guess = add(mul(share, fromOthers), mul(sub(1, share), fromPast));
  const imputed = where(mask, x, guess);
  const misses = add(abs(sub(x, fromPast)), abs(sub(x, fromOthers)), abs(sub(x, guess)));
  return {
    ...inside.step(imputed, { ...state, [output]: hidden }, p, extra),
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
