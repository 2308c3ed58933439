// RMSProp: steps divided by a running root mean square of the gradient.

import type { Tensor } from "../../base/tensor.js";
import { add, div, maximum, mul, sqrt, square, sub } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";

/** Options of `rmsprop`. */
export interface RmspropOptions extends OptimizerOptions {
  /** Memory of the mean square: 0.9. */
  readonly rho?: number;
  /** Added to the root: 1e-7. */
  readonly epsilon?: number;
  /** Share of the last movement that is kept: 0. */
  readonly momentum?: number;
  /** Divides by the deviation around the running mean instead (Graves 2013): false. */
  readonly centered?: boolean;
}

type Slot = "v" | "mean" | "m";
type Arguments = Readonly<Record<"w" | "g" | "learningRate", Tensor>> & Readonly<Partial<Record<Slot, Tensor>>>;

/**
 * v = ρ·v + (1-ρ)·g²;  w = w - learningRate·g / (√v + ε) (Tieleman & Hinton 2012). Learning rate 0.001.
 *
 * @example rmsprop({ learningRate: 1e-3, momentum: 0.9 })
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptimizerOptions("rmsprop", options, { rho: "rate", epsilon: "nonNegative", momentum: "rate", centered: "boolean" });
  const { rho = 0.9, epsilon = 1e-7, momentum = 0, centered = false } = options;
  const slots: readonly Slot[] = ["v", ...(centered ? (["mean"] as const) : []), ...(momentum > 0 ? (["m"] as const) : [])];
  const facts = {
    name: "rmsprop",
    slots,
    elementwise: true,
    saved: { rho, epsilon, momentum, centered },
    update(args: Arguments): { w: Tensor } & Record<Slot, Tensor> {
      const { w, g, learningRate } = args;
      const meanSquare = add(mul(rho, args.v!), mul(1 - rho, square(g)));
      const mean = centered ? add(mul(rho, args.mean!), mul(1 - rho, g)) : g;
      // Rounding may put a variance below 0.
      const spread = centered ? maximum(sub(meanSquare, square(mean)), 0) : meanSquare;
      const scaled = div(g, add(sqrt(spread), epsilon));
      const moved = momentum > 0 ? add(mul(momentum, args.m!), scaled) : scaled;
      return { w: sub(w, mul(learningRate, moved)), v: meanSquare, mean, m: moved };
    },
  };
  return makeOptimizer<Slot>(facts, { learningRate: 1e-3, ...options });
}
