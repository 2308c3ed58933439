// Stochastic gradient descent, with momentum and Nesterov's form of it.

import type { Tensor } from "../../base/tensor.js";
import { add, mul, sub } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";

/** Options of `sgd`. */
export interface SgdOptions extends OptimizerOptions {
  /** Share of the last movement that is kept: 0. */
  readonly momentum?: number;
  /** Looks one movement ahead: false. */
  readonly nesterov?: boolean;
}

/**
 * v = momentum·v + g;  w = w - learningRate·v, or with Nesterov w - learningRate·(g + momentum·v) (Sutskever et al. 2013).
 * Learning rate 0.01.
 *
 * @example sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptimizerOptions("sgd", options, { momentum: "rate", nesterov: "boolean" });
  const { momentum = 0, nesterov = false } = options;
  const settings = { learningRate: 0.01, ...options };
  const saved = { momentum, nesterov };
  if (momentum === 0) {
    return makeOptimizer(
      { name: "sgd", slots: [], elementwise: true, saved, update: ({ w, g, learningRate }) => ({ w: sub(w, mul(learningRate, g)) }) },
      settings,
    );
  }
  const facts = {
    name: "sgd",
    slots: ["m"] as const,
    elementwise: true,
    saved,
    update({ w, g, m, learningRate }: { w: Tensor; g: Tensor; m: Tensor; learningRate: Tensor }): { w: Tensor; m: Tensor } {
      const moved = add(mul(momentum, m), g);
      const direction = nesterov ? add(g, mul(momentum, moved)) : moved;
      return { w: sub(w, mul(learningRate, direction)), m: moved };
    },
  };
  return makeOptimizer(facts, settings);
}
