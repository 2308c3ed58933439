// Adam and its kin: steps from running means of the gradient and of its square.

import type { Tensor } from "../../base/tensor.js";
import { add, div, maximum, mul, sqrt, square, sub } from "../../ops/index.js";
import { checkOptimizerOptions, makeOptimizer, type Optimizer, type OptimizerOptions } from "./define.js";
import { oneMinusPower, warming, warmingProduct } from "./power.js";

/** Options of `adam` and `amsgrad`. */
export interface AdamOptions extends OptimizerOptions {
  /** Memory of the mean: 0.9. */
  readonly beta1?: number;
  /** Memory of the mean square: 0.999. */
  readonly beta2?: number;
  /** Added to the root: 1e-7. */
  readonly epsilon?: number;
}

/** Options of `adamw`: those of `adam`, with a weight decay of 0.01 unless given. */
export type AdamwOptions = AdamOptions;

/** Options of `nadam`. */
export interface NadamOptions extends AdamOptions {
  /** How fast the momentum grows to its full size: 0.004. */
  readonly momentumDecay?: number;
}

const kinds = { beta1: "rate", beta2: "rate", epsilon: "nonNegative" } as const;

interface AdamArguments {
  readonly w: Tensor;
  readonly g: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  readonly step: Tensor;
  readonly learningRate: Tensor;
}

/**
 * m = β₁·m + (1-β₁)·g;  v = β₂·v + (1-β₂)·g²;  w = w - learningRate · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)
 * (Kingma & Ba 2015, algorithm 1). Learning rate 0.001.
 *
 * @example adam({ learningRate: 3e-4 })
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamRule("adam", options);
}

/**
 * Adam with decoupled weight decay: the weight also loses learningRate·weightDecay·w (Loshchilov & Hutter 2019).
 *
 * @example adamw({ weightDecay: 0.1, weightDecayOn: "matrices" })
 */
export function adamw(options: AdamwOptions = {}): Optimizer {
  checkOptimizerOptions("adamw", options, kinds);
  return adamRule("adamw", { ...options, weightDecay: options.weightDecay ?? 0.01 });
}

function adamRule(name: "adam" | "adamw", options: AdamOptions): Optimizer {
  checkOptimizerOptions(name, options, kinds);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  const facts = {
    name,
    slots: ["m", "v"] as const,
    elementwise: true,
    saved: { beta1, beta2, epsilon },
    update({ w, g, m, v, step, learningRate }: AdamArguments): { w: Tensor; m: Tensor; v: Tensor } {
      const mean = add(mul(beta1, m), mul(1 - beta1, g));
      const meanSquare = add(mul(beta2, v), mul(1 - beta2, square(g)));
      const root = sqrt(div(meanSquare, oneMinusPower(beta2, step)));
      const rate = div(learningRate, oneMinusPower(beta1, step));
      return { w: sub(w, div(mul(rate, mean), add(root, epsilon))), m: mean, v: meanSquare };
    },
  };
  return makeOptimizer(facts, { learningRate: 1e-3, ...options });
}

/**
 * Adam that divides by the root of the largest mean square so far: steps never grow because gradients were forgotten
 * (Reddi, Kale & Kumar 2018). Learning rate 0.001.
 *
 * @example amsgrad({ learningRate: 1e-3 })
 */
export function amsgrad(options: AdamOptions = {}): Optimizer {
  checkOptimizerOptions("amsgrad", options, kinds);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  const facts = {
    name: "amsgrad",
    slots: ["m", "v", "most"] as const,
    elementwise: true,
    saved: { beta1, beta2, epsilon },
    update({ w, g, m, v, most, step, learningRate }: AdamArguments & { readonly most: Tensor }): Record<"w" | "m" | "v" | "most", Tensor> {
      const mean = add(mul(beta1, m), mul(1 - beta1, g));
      const meanSquare = add(mul(beta2, v), mul(1 - beta2, square(g)));
      const largest = maximum(most, meanSquare);
      const root = sqrt(div(largest, oneMinusPower(beta2, step)));
      const rate = div(learningRate, oneMinusPower(beta1, step));
      return { w: sub(w, div(mul(rate, mean), add(root, epsilon))), m: mean, v: meanSquare, most: largest };
    },
  };
  return makeOptimizer(facts, { learningRate: 1e-3, ...options });
}

/**
 * Adam with Nesterov's momentum, which warms up: μₜ = β₁·(1 - ½·0.96^(t·momentumDecay));
 * w = w - learningRate·((1-μₜ)/(1-Πμ)·g + μₜ₊₁/(1-Πμ·μₜ₊₁)·m) / (√(v/(1-β₂ᵗ)) + ε), Πμ the product up to t (Dozat 2016). Learning rate 0.002.
 *
 * @example nadam({ learningRate: 1e-3 })
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  checkOptimizerOptions("nadam", options, { ...kinds, momentumDecay: "nonNegative" });
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, momentumDecay = 0.004 } = options;
  const q = 0.96 ** momentumDecay;
  const facts = {
    name: "nadam",
    slots: ["m", "v"] as const,
    elementwise: true,
    saved: { beta1, beta2, epsilon, momentumDecay },
    update({ w, g, m, v, step, learningRate }: AdamArguments): { w: Tensor; m: Tensor; v: Tensor } {
      const mean = add(mul(beta1, m), mul(1 - beta1, g));
      const meanSquare = add(mul(beta2, v), mul(1 - beta2, square(g)));
      const root = add(sqrt(div(meanSquare, oneMinusPower(beta2, step))), epsilon);
      const now = mul(beta1, warming(q, step));
      const next = mul(beta1, warming(q, add(step, 1)));
      const product = beta1 === 0 ? mul(0, step) : warmingProduct(beta1, q, step);
      const ofGradient = mul(div(sub(1, now), sub(1, product)), g);
      const ofMean = mul(div(next, sub(1, mul(product, next))), mean);
      return { w: sub(w, mul(learningRate, div(add(ofGradient, ofMean), root))), m: mean, v: meanSquare };
    },
  };
  return makeOptimizer(facts, { learningRate: 2e-3, ...options });
}
