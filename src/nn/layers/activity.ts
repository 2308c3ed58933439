// Activation and temporal activation regularisation of a recurrent layer (Merity, McCann & Socher 2017), and weight drop.

import type { Tensor } from "../../base/tensor.js";
import { square } from "../../ops/nonlinear.js";
import { cast, greater, less, mul, sub } from "../../ops/pointwise.js";
import { dropoutMask, foldIn, type Key } from "../../ops/random.js";
import { entryCount, sum } from "../../ops/reduce.js";
import { lengthsOf, sequenceLike } from "../../ops/sequence.js";
import { expandDims } from "../../ops/shape.js";
import { emit } from "../../trace/emit.js";
import { domainOf, overRows } from "../../trace/packed.js";
import { asValue, dimsOf } from "../../trace/traced.js";
import type { Tensors } from "../cell.js";
import type { PenaltySink } from "../penalty.js";
import { isRecurrentMatrix } from "../regularizers.js";

/** Options of recurrent layers that act on their outputs and recurrent matrices while training. */
export interface ActivityOptions {
  /** Adds this times the mean square of the outputs, over valid steps and units, to the loss of training: AR (Merity et al. 2017). */
  readonly activationRegularization?: number;
  /** The same of each output's difference from the step before: TAR (Merity et al. 2017). A row's first step has none. */
  readonly temporalRegularization?: number;
  /** Share of the entries of the recurrent matrices dropped while training: one mask for all rows and steps of a batch (Merity et al. 2018). */
  readonly weightDrop?: number;
}

/** What a step leaves behind for the penalties; nothing when there are none. */
export function activityOutputs(options: ActivityOptions, sink: PenaltySink | null, before: Tensor, after: Tensor): Tensors {
  if (sink === null) return {};
  return {
    ...(isOn(options.activationRegularization) ? { level: after } : {}),
    ...(isOn(options.temporalRegularization) ? { moved: sub(after, before) } : {}),
  };
}

/** Hands the penalties of one run to the trainer. `ys` holds what `activityOutputs` left, packed as `x` is. */
export function notePenalties(options: ActivityOptions, sink: PenaltySink | null, ys: Tensors, x: Tensor, isReversed: boolean): void {
  if (sink === null) return;
  const { level, moved } = ys;
  if (level !== undefined) {
    sink({ sum: sum(square(level)), count: entryCount(level), factor: options.activationRegularization ?? 0 });
  }
  if (moved !== undefined) {
    const hasBefore = cast(expandDims(laterSteps(x, isReversed), 2), "float32");
    const count = mul(sum(hasBefore), Number(dimsOf(moved).at(-1)));
    sink({ sum: sum(mul(hasBefore, square(moved))), count, factor: options.temporalRegularization ?? 0 });
  }
}

/** True for the steps of [B, T] that are not the first one a row visits. */
function laterSteps(x: Tensor, isReversed: boolean): Tensor {
  const domain = domainOf(asValue(x));
  if (domain === null) throw new TypeError("expected a packed sequence");
  const steps = overRows(emit("iota", [], { size: domain.time }), domain);
  return isReversed ? less(steps, sequenceLike(x, sub(lengthsOf(x)!, 1))) : greater(steps, 0);
}

/** The weights with entries of the recurrent matrices dropped; as they are without a key (not training). */
export function droppedWeights(weights: Tensors, rate: number, key: Key | null): Tensors {
  if (rate === 0 || key === null) return weights;
  return Object.fromEntries(
    Object.entries(weights).map(([name, value], index) => {
      const shape = dimsOf(value).map(Number);
      return [name, isRecurrentMatrix(name, shape.length) ? mul(value, dropoutMask(foldIn(key, index), shape, rate)) : value];
    }),
  );
}

function isOn(factor: number | undefined): boolean {
  return (factor ?? 0) > 0;
}
