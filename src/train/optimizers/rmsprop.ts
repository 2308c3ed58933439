// RMSProp: steps divided by a running root mean square of the gradient.

import type { Tensor } from "../../base/tensor.js";
import { add, div, mul, sqrt, square, sub } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";

/** Options of `rmsprop`. */
export interface RmspropOptions extends OptimizerOptions {
  /** Memory of the mean square: 0.9. */
  readonly rho?: number;
  /** Added to the root: 1e-7. */
  readonly epsilon?: number;
}

/**
 * v = ρ·v + (1-ρ)·g²;  w = w - learningRate·g / (√v + ε) (Tieleman & Hinton 2012). Learning rate 0.001.
 *
 * @example rmsprop({ learningRate: 1e-3 })
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptimizerOptions("rmsprop", options, { rho: "rate", epsilon: "nonNegative" });
  const { rho = 0.9, epsilon = 1e-7 } = options;
  const facts = {
    name: "rmsprop",
    slots: ["v"] as const,
    elementwise: true,
    saved: { rho, epsilon },
    update({ w, g, v, learningRate }: { w: Tensor; g: Tensor; v: Tensor; learningRate: Tensor }): { w: Tensor; v: Tensor } {
      const meanSquare = add(mul(rho, v), mul(1 - rho, square(g)));
      return { w: sub(w, mul(learningRate, div(g, add(sqrt(meanSquare), epsilon)))), v: meanSquare };
    },
  };
  return makeOptimizer(facts, { learningRate: 1e-3, ...options });
}
