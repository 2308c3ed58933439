// Any cell for values that are missing and times that are not even: its input and its memory fade with the time since a feature was seen.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { matmul } from "../../ops/linear.js";
import { add, mul, sub, where } from "../../ops/pointwise.js";
import { type AnyCell, type CellDefinition, type Sizes, stateSizes, type Tensors } from "../cell.js";
import { constant } from "../init.js";
import { type Weight, weight } from "../weight.js";
import { type BesideMask, besideMask, fade } from "./beside-mask.js";

/** What the name of a cell ends in once it fades. */
export const decaySuffix = "-with-decay";

/** States that every fading cell has beside those of the cell inside: the last value of each feature, and the time since then. */
const own = { last: "inputSize", since: "inputSize" } as const;

/**
 * The cell in the form that GRU-D gives the GRU (Che et al. 2018). With δ [I] the time since each feature was last seen:
 * x̂ = m·x + (1 - m)·(γx·last + (1 - γx)·mean), γx = exp(-max(0, w·δ + b)); the output and every state of size `units` are first multiplied by
 * γs = exp(-max(0, δ·W + b)); then the cell takes one step on [x̂, m].
 *
 * Weights beside the cell's own: inputDecay, inputDecayBias and inputMean [I] (the value that a feature falls back to; 0, the mean of
 * standardised inputs, at the start), and `hDecay` [I, H], `hDecayBias` [H] for each fading state. The layer takes `mask` (1 = seen)
 * and `dt`; without them NaN in x is missing and steps are 1 apart. Scale dt so that 1 is a typical gap.
 *
 * @throws UsageError `bad_cell` for a cell with a state of size "inputSize", or with states called last or since
 */
export function withDecayCell(inner: AnyCell): AnyCell {
  const { definition } = inner;
  const fading = fadingStates(definition);
  const inside = besideMask(definition);
  const params = (sizes: Sizes): { readonly [name: string]: Weight } => ({
    ...inside.params(sizes),
    ...decayWeights(
      sizes.inputSize,
      Object.entries(stateSizes(definition, { ...sizes })).filter(([state]) => fading.includes(state)),
    ),
  });
  const faded: CellDefinition = {
    ...definition,
    name: inner.name + decaySuffix,
    inputs: ["dt", "mask"],
    state: { ...definition.state, ...own },
    params,
    perSequence: inside.perSequence,
    step: (x, state, p, extra) => fadedStep(inside, fading, { x, state, p, extra }),
  };
  const source = `Che et al. 2018, around ${inner.source === "" ? inner.name : inner.source}`;
  return Object.freeze({ name: faded.name, source, options: inner.options, definition: faded });
}

function decayWeights(inputSize: number, fading: readonly (readonly [state: string, size: number])[]): { readonly [name: string]: Weight } {
  const ofStates = fading.flatMap(([state, size]): [string, Weight][] => [
    [`${state}Decay`, weight([inputSize, size])],
    [`${state}DecayBias`, weight([size])],
  ]);
  return {
    // Above 0, where the rate has a gradient.
    inputDecay: weight([inputSize], { init: constant(0.1) }),
    inputDecayBias: weight([inputSize]),
    inputMean: weight([inputSize]),
    ...Object.fromEntries(ofStates),
  };
}

interface StepArguments {
  readonly x: Tensor;
  readonly state: Tensors;
  readonly p: Tensors;
  readonly extra: Tensors;
}

function fadedStep(inside: BesideMask, fading: readonly string[], { x, state, p, extra }: StepArguments): Tensors {
  const mask = extra.mask!;
  const since = add(extra.dt!, state.since!);
  const keepX = fade(add(mul(p.inputDecay!, since), p.inputDecayBias!));
  const guess = add(mul(keepX, state.last!), mul(sub(1, keepX), p.inputMean!));
  const filled = where(mask, x, guess);
  const faded = Object.fromEntries(
    fading.map((name) => [name, mul(fade(add(matmul(since, p[`${name}Decay`]!), p[`${name}DecayBias`]!)), state[name]!)]),
  );
  const next = inside.step(filled, { ...state, ...faded }, p, extra);
  return { ...next, last: where(mask, x, state.last!), since: where(mask, 0, since) };
}

/** The output and the states of the layer's size; others (counters, small summaries) mean something that must not fade. */
function fadingStates({ name, state, output }: CellDefinition): string[] {
  const bad = (what: string): UsageError => new UsageError({ code: "bad_cell", op: "withDecay", what: `cell ${name} ${what}` });
  for (const [stateName, size] of Object.entries(state)) {
    if (stateName in own) throw bad(`has a state "${stateName}", a name that the fading form needs itself`);
    if (size === "inputSize") throw bad(`keeps inputs in its state "${stateName}", but its fading form also feeds it the mask`);
  }
  return Object.keys(state).filter((stateName) => stateName === output || state[stateName] === "units");
}

/** The cell that fades, by its name; null for any other name. */
export function insideOf(name: string): string | null {
  return name.endsWith(decaySuffix) ? name.slice(0, -decaySuffix.length) : null;
}
