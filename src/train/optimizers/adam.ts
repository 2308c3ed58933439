// Adam and AdamW: steps from bias-corrected running means of the gradient and of its square.

import type { Tensor } from "../../base/tensor.js";
import { checkOptions, optionRecord } from "../../nn/options.js";
import { abs, add, div, mul, sqrt, square, sub, tanh } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";

/** Options of `adam`. */
export interface AdamOptions extends OptimizerOptions {
  /** Memory of the mean: 0.9. */
  readonly beta1?: number;
  /** Memory of the mean square: 0.999. */
  readonly beta2?: number;
  /** Added to the root: 1e-7. */
  readonly epsilon?: number;
}

/** Options of `adamw`. */
export interface AdamwOptions extends AdamOptions {
  /** Share of each weight that a step of rate 1 takes away: 0.01. */
  readonly weightDecay?: number;
}

/**
 * m = β₁·m + (1-β₁)·g;  v = β₂·v + (1-β₂)·g²;  w = w - learningRate · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)
 * (Kingma & Ba 2015, algorithm 1). Learning rate 0.001.
 *
 * @example adam({ learningRate: 3e-4 })
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamRule("adam", options, 0, {});
}

/**
 * Adam with decoupled weight decay: the weight also loses learningRate·weightDecay·w (Loshchilov & Hutter 2019).
 *
 * @example adamw({ weightDecay: 0.1 })
 */
export function adamw(options: AdamwOptions = {}): Optimizer {
  checkOptions("adamw", { weightDecay: optionRecord("adamw", options).weightDecay }, { weightDecay: "nonNegative" });
  const { weightDecay = 0.01, ...rest } = options;
  return adamRule("adamw", rest, weightDecay, { weightDecay });
}

function adamRule(name: string, options: AdamOptions, weightDecay: number, own: Readonly<Record<string, number>>): Optimizer {
  checkOptimizerOptions(name, options, { beta1: "rate", beta2: "rate", epsilon: "nonNegative" });
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  const facts = {
    name,
    slots: ["m", "v"] as const,
    elementwise: true,
    saved: { beta1, beta2, epsilon, ...own },
    update({ w, g, m, v, step, learningRate }: AdamArguments): { w: Tensor; m: Tensor; v: Tensor } {
      const mean = add(mul(beta1, m), mul(1 - beta1, g));
      const meanSquare = add(mul(beta2, v), mul(1 - beta2, square(g)));
      const root = sqrt(div(meanSquare, oneMinusPower(beta2, step)));
      const rate = div(learningRate, oneMinusPower(beta1, step));
      const kept = weightDecay === 0 ? w : mul(w, sub(1, mul(learningRate, weightDecay)));
      return { w: sub(kept, div(mul(rate, mean), add(root, epsilon))), m: mean, v: meanSquare };
    },
  };
  return makeOptimizer(facts, { learningRate: 1e-3, ...options });
}

interface AdamArguments {
  readonly w: Tensor;
  readonly g: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  readonly step: Tensor;
  readonly learningRate: Tensor;
}

/** 1 - βᵗ. With h = |tanh(t·ln β / 2)| it is 2h / (1 + h), which keeps all digits where the plain form cancels. */
function oneMinusPower(beta: number, step: Tensor): Tensor {
  if (beta === 0) return div(step, step);
  const half = abs(tanh(mul(step, Math.log(beta) / 2)));
  return div(mul(2, half), add(1, half));
}
