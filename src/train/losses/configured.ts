// Losses with options: one name that is a loss, and that makes one.

import type { Tensor } from "../../base/tensor.js";
import type { Json } from "../../nn/layer.js";
import { checkOptions, type OptionKinds } from "../../nn/options.js";
import { isTensor } from "../../trace/traced.js";
import type { LossFunction } from "./index.js";

/** A loss that has options. `huber(actual, predicted)` gives values, `huber({ delta: 2 })` a loss for `compile`. */
export interface LossWithOptions<O extends object> {
  (options: O): LossFunction;
  (actual: Tensor, predicted: Tensor, options?: O): Tensor;
}

/** What a loss was made with, so that it can be saved. */
export type LossOptions = Readonly<Record<string, Json>>;

const madeWith = new WeakMap<LossFunction, { readonly base: LossFunction; readonly options: LossOptions }>();

/** The loss that options were given to, and the options; null for other functions. */
export function optionsBehind(loss: LossFunction): { readonly base: LossFunction; readonly options: LossOptions } | null {
  return madeWith.get(loss) ?? null;
}

/** A loss with options from its formula; `check` refuses values that its kinds do not. */
export function lossWithOptions<O extends object>(
  name: string,
  kinds: OptionKinds,
  elements: (actual: Tensor, predicted: Tensor, options: O) => Tensor,
  check: (options: O) => void = () => undefined,
): LossWithOptions<O> {
  const checked = (options: O): O => {
    checkOptions(name, options, kinds);
    check(options);
    return options;
  };
  function loss(options: O): LossFunction;
  function loss(actual: Tensor, predicted: Tensor, options?: O): Tensor;
  function loss(first: Tensor | O, predicted?: Tensor, given?: O): Tensor | LossFunction {
    if (isTensor(first) && predicted !== undefined) return elements(first, predicted, given === undefined ? ({} as O) : checked(given));
    const options = checked(first as O);
    const made: LossFunction = (actual, output) => elements(actual, output, options);
    madeWith.set(made, { base: loss, options: plain(options) });
    return made;
  }
  Object.defineProperty(loss, "name", { value: name });
  return loss;
}

/** Options as JSON; checked options hold nothing else. */
function plain(options: object): LossOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LossOptions;
}
