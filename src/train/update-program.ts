// What follows the gradient: adding up batches, the norm, the optimiser's step with clipping and constraints, and averages of weights.

import type { Tensor } from "../base/tensor.js";
import type { ArgumentSpec, ResidentResult, SectionResult, SectionSource } from "../engine/program.js";
import type { WeightInfo } from "../nn/network.js";
import { add, div, maximum, minimum, mul, sqrt, square, sub, sum } from "../ops/index.js";
import { type Freezing, learntPlaces, learntStretches } from "./frozen.js";
import { learningRateAt, type OptimizerRule } from "./optimizers/define.js";
import { entryOf, listOf, tensorOf } from "./section-arguments.js";
import { constrained } from "./weight-penalty.js";

export const scalarSpec: ArgumentSpec = { shape: [], dtype: "float32" };
const keySpec: ArgumentSpec = { shape: [2], dtype: "int32" };

/** What a training does beside the plain step. */
export interface TrainingForm {
  /** Gradients of several batches are added before a step. */
  readonly isAccumulating: boolean;
  /** A running average of the weights is kept. */
  readonly isAveraging: boolean;
}

export const plainForm: TrainingForm = { isAccumulating: false, isAveraging: false };

/** Name of the vector that holds one slot of the optimiser. */
export function slotVector(slot: string): string {
  return `slot:${slot}`;
}

/** The vectors of a training beside the weights. */
export function trainingVectors(rule: OptimizerRule, form: TrainingForm): string[] {
  const own = [...(form.isAccumulating ? ["accumulated"] : []), ...(form.isAveraging ? ["average"] : [])];
  return ["gradients", ...rule.slots.map(slotVector), ...own];
}

/** A piece of the flat vectors that one instruction of the optimiser treats. */
interface Part {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly info: WeightInfo | null;
}

/**
 * `norm`: squared norm of the mean gradient. `update`: one step of the optimiser with the scale that the host chose. When batches are
 * added up, `keep` and `add` put a gradient into their sum; when weights are averaged, `swap` exchanges them with their average.
 */
export function updateSections(of: Freezing, rule: OptimizerRule, form: TrainingForm): SectionSource[] {
  const summed = form.isAccumulating ? "accumulated" : "gradients";
  return [
    normSection(of, rule, summed),
    updateSection(of, rule, { summed, isAveraging: form.isAveraging }),
    ...(form.isAccumulating ? [addSection(of, false), addSection(of, true)] : []),
    ...(form.isAveraging ? [swapSection(of)] : []),
  ];
}

/** An elementwise rule sees all learnt weights as one vector, or as few as there are; any other sees them one by one. */
function partsOf(of: Freezing, isElementwise: boolean): readonly Part[] {
  if (isElementwise) return learntStretches(of).map(({ offset, length }) => ({ offset, shape: [length], info: null }));
  return learntPlaces(of).map(({ offset, info }) => ({ offset, shape: info.shape, info }));
}

function specsIn(vector: string, parts: readonly Part[]): ArgumentSpec[] {
  return parts.map(({ offset, shape }) => ({ shape, dtype: "float32", resident: { vector, offset } }));
}

/** Gradients arrive summed; dividing by the count makes them the mean's, then entries and each weight's norm are cut if asked. */
function meanGradient(gradient: Tensor, inverseCount: Tensor, { clipValue, clipWeightNorm }: OptimizerRule): Tensor {
  const mean = mul(gradient, inverseCount);
  const cut = clipValue === null ? mean : minimum(maximum(mean, -clipValue), clipValue);
  if (clipWeightNorm === null) return cut;
  return mul(cut, div(clipWeightNorm, maximum(sqrt(sum(square(cut))), clipWeightNorm)));
}

function normSection(of: Freezing, rule: OptimizerRule, summed: string): SectionSource {
  const parts = partsOf(of, rule.clipWeightNorm === null);
  return {
    name: "norm",
    arguments: { gradients: specsIn(summed, parts), inverseCount: scalarSpec },
    body(args): SectionResult {
      const squares = listOf(args.gradients).map((part) => sum(square(meanGradient(part, tensorOf(args.inverseCount), rule))));
      return { fed: { squaredNorm: squares.reduce((total, each) => add(total, each)) } };
    },
  };
}

function updateSection(
  of: Freezing,
  rule: OptimizerRule,
  { summed, isAveraging }: { readonly summed: string; readonly isAveraging: boolean },
): SectionSource {
  const parts = partsOf(of, rule.elementwise && of.layout.places.every(({ info }) => info.constraint === null));
  const hasFixedRate = typeof rule.learningRate === "number";
  return {
    name: "update",
    arguments: {
      weights: specsIn("weights", parts),
      gradients: specsIn(summed, parts),
      slots: Object.fromEntries(rule.slots.map((slot) => [slot, specsIn(slotVector(slot), parts)])),
      inverseCount: scalarSpec,
      scale: scalarSpec,
      step: scalarSpec,
      learningRate: scalarSpec,
      ...(rule.isNoisy ? { noiseKey: keySpec } : {}),
      ...(isAveraging ? { averages: specsIn("average", parts), averageShare: scalarSpec } : {}),
    },
    body(args): SectionResult {
      const step = tensorOf(args.step);
      // Beside a schedule the scalar is a factor: 1, unless a callback sets the rate.
      const given = tensorOf(args.learningRate);
      const learningRate = hasFixedRate ? given : mul(learningRateAt(rule, step), given);
      const [weights, gradients] = [listOf(args.weights), listOf(args.gradients)];
      const key = rule.isNoisy ? tensorOf(args.noiseKey) : step;
      const resident = parts.flatMap(({ offset, info }, index): ResidentResult[] => {
        const slots = Object.fromEntries(rule.slots.map((slot) => [slot, listOf(entryOf(args.slots, slot))[index]!]));
        const mean = mul(meanGradient(gradients[index]!, tensorOf(args.inverseCount), rule), tensorOf(args.scale));
        const moved = rule.step(weights[index]!, mean, slots, { step, learningRate, key, index });
        const w = info === null ? moved.w : constrained(moved.w, info);
        const ofSlots = rule.slots.map((slot) => ({ vector: slotVector(slot), offset, value: moved.slots[slot]! }));
        const results = [{ vector: "weights", offset, value: w }, ...ofSlots];
        if (!isAveraging) return results;
        const old = listOf(args.averages)[index]!;
        return [...results, { vector: "average", offset, value: add(old, mul(tensorOf(args.averageShare), sub(w, old))) }];
      });
      return { resident };
    },
  };
}

/** Starts the sum of several batches' gradients, or adds one more. */
function addSection(of: Freezing, isMore: boolean): SectionSource {
  const parts = partsOf(of, true);
  return {
    name: isMore ? "add" : "keep",
    arguments: { gradients: specsIn("gradients", parts), ...(isMore ? { accumulated: specsIn("accumulated", parts) } : {}) },
    body(args): SectionResult {
      const gradients = listOf(args.gradients);
      const resident = parts.map(({ offset }, index): ResidentResult => {
        const value = isMore ? add(listOf(args.accumulated)[index]!, gradients[index]!) : mul(gradients[index]!, 1);
        return { vector: "accumulated", offset, value };
      });
      return { resident };
    },
  };
}

function swapSection(of: Freezing): SectionSource {
  const parts = partsOf(of, true);
  return {
    name: "swap",
    arguments: { weights: specsIn("weights", parts), average: specsIn("average", parts) },
    body(args): SectionResult {
      const [weights, average] = [listOf(args.weights), listOf(args.average)];
      const resident = parts.flatMap(({ offset }, index): ResidentResult[] => [
        { vector: "weights", offset, value: average[index]! },
        { vector: "average", offset, value: weights[index]! },
      ]);
      return { resident };
    },
  };
}
