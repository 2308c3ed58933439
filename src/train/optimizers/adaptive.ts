// Steps scaled by what gradients were before: Adagrad's sum, Adadelta's two running means.

import type { Tensor } from "../../base/tensor.js";
import { add, div, mul, sqrt, square, sub } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";

/** Options of `adagrad`. */
export interface AdagradOptions extends OptimizerOptions {
  /** Where the sum of squares begins: 0. */
  readonly initialAccumulator?: number;
  /** Added to the root: 1e-7. */
  readonly epsilon?: number;
}

/**
 * v = v + g²;  w = w - learningRate·g / (√(initialAccumulator + v) + ε) (Duchi, Hazan & Singer 2011). Learning rate 0.01.
 *
 * @example adagrad({ learningRate: 0.05 })
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkOptimizerOptions("adagrad", options, { initialAccumulator: "nonNegative", epsilon: "nonNegative" });
  const { initialAccumulator = 0, epsilon = 1e-7 } = options;
  const facts = {
    name: "adagrad",
    slots: ["v"] as const,
    elementwise: true,
    saved: { initialAccumulator, epsilon },
    update({ w, g, v, learningRate }: { w: Tensor; g: Tensor; v: Tensor; learningRate: Tensor }): { w: Tensor; v: Tensor } {
      const total = add(v, square(g));
      const root = add(sqrt(add(total, initialAccumulator)), epsilon);
      return { w: sub(w, mul(learningRate, div(g, root))), v: total };
    },
  };
  return makeOptimizer(facts, { learningRate: 0.01, ...options });
}

/** Options of `adadelta`. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Memory of both means: 0.95. */
  readonly rho?: number;
  /** Added inside both roots: 1e-6. */
  readonly epsilon?: number;
}

/**
 * v = ρ·v + (1-ρ)·g²;  d = √(u+ε) / √(v+ε) · g;  u = ρ·u + (1-ρ)·d²;  w = w - learningRate·d (Zeiler 2012). Learning rate 1.
 *
 * @example adadelta({ rho: 0.9 })
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  checkOptimizerOptions("adadelta", options, { rho: "rate", epsilon: "nonNegative" });
  const { rho = 0.95, epsilon = 1e-6 } = options;
  const facts = {
    name: "adadelta",
    slots: ["v", "u"] as const,
    elementwise: true,
    saved: { rho, epsilon },
    update({ w, g, v, u, learningRate }: Record<"w" | "g" | "v" | "u" | "learningRate", Tensor>): Record<"w" | "v" | "u", Tensor> {
      const meanSquare = add(mul(rho, v), mul(1 - rho, square(g)));
      const moved = mul(div(sqrt(add(u, epsilon)), sqrt(add(meanSquare, epsilon))), g);
      return { w: sub(w, mul(learningRate, moved)), v: meanSquare, u: add(mul(rho, u), mul(1 - rho, square(moved))) };
    },
  };
  return makeOptimizer(facts, { learningRate: 1, ...options });
}
