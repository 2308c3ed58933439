// Lion: steps of one size, in the direction of the sign of an interpolated momentum.

import type { Tensor } from "../../base/tensor.js";
import { add, cast, greater, less, mul, sub } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";

/** Options of `lion`. */
export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the direction: 0.9. */
  readonly beta1?: number;
  /** Memory of the momentum: 0.99. */
  readonly beta2?: number;
}

/**
 * w = w - learningRate·sign(β₁·m + (1-β₁)·g);  m = β₂·m + (1-β₂)·g (Chen et al. 2023). Learning rate 0.0001: a third to a tenth of Adam's,
 * with a weight decay that is larger by as much.
 *
 * @example lion({ learningRate: 1e-4, weightDecay: 0.1 })
 */
export function lion(options: LionOptions = {}): Optimizer {
  checkOptimizerOptions("lion", options, { beta1: "rate", beta2: "rate" });
  const { beta1 = 0.9, beta2 = 0.99 } = options;
  const facts = {
    name: "lion",
    slots: ["m"] as const,
    elementwise: true,
    saved: { beta1, beta2 },
    update({ w, g, m, learningRate }: { w: Tensor; g: Tensor; m: Tensor; learningRate: Tensor }): { w: Tensor; m: Tensor } {
      const direction = add(mul(beta1, m), mul(1 - beta1, g));
      const sign = sub(cast(greater(direction, 0), "float32"), cast(less(direction, 0), "float32"));
      return { w: sub(w, mul(learningRate, sign)), m: add(mul(beta2, m), mul(1 - beta2, g)) };
    },
  };
  return makeOptimizer(facts, { learningRate: 1e-4, ...options });
}
