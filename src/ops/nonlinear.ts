// Composites of primitives: activations, softmax and its logarithm, layer norm.

import type { Tensor } from "../base/tensor.js";
import type { Operand } from "./align.js";
import { checkAxisOptions } from "./checks.js";
import {
  abs,
  add,
  div,
  exp,
  less,
  log,
  log1p,
  maximum,
  minimum,
  mul,
  neg,
  sigmoid,
  sqrt,
  stopGradient,
  sub,
  tanh,
  where,
} from "./pointwise.js";
import { max, mean, sum } from "./reduce.js";

/**
 * a·a.
 *
 * @example square(tensor([3, -2])) // → [9, 4]
 */
export function square(a: Operand): Tensor {
  return mul(a, a);
}

/**
 * max(0, x); its derivative at 0 is 0.
 *
 * @example relu(tensor([-1, 2])) // → [0, 2]
 */
export function relu(a: Operand): Tensor {
  return maximum(a, 0);
}

/**
 * x above 0, `slope`·x below (Maas et al. 2013).
 *
 * @example leakyRelu(tensor([-1, 2]), 0.1) // → [-0.1, 2]
 */
export function leakyRelu(a: Operand, slope = 0.01): Tensor {
  return where(less(0, a), a, mul(slope, a));
}

/**
 * x above 0, e^x - 1 below (Clevert et al. 2016).
 *
 * @example elu(tensor([-1, 2])) // → [-0.6321, 2]
 */
export function elu(a: Operand): Tensor {
  // The other side must not overflow: its gradient would be 0 · Infinity.
  return where(less(0, a), a, sub(exp(minimum(a, 0)), 1));
}

/**
 * Scaled so that layers keep mean 0 and variance 1 by themselves: λ·x above 0, λ·α·(e^x - 1) below (Klambauer et al. 2017). Start weights with lecunNormal.
 *
 * @example selu(tensor([-1, 2])) // → [-1.1113, 2.1014]
 */
export function selu(a: Operand): Tensor {
  const [alpha, scale] = [1.6732632423543772, 1.0507009873554805];
  return mul(scale, where(less(0, a), a, mul(alpha, sub(exp(minimum(a, 0)), 1))));
}

/**
 * x / (1 + |x|): tanh's shape with heavier tails.
 *
 * @example softsign(tensor([-1, 3])) // → [-0.5, 0.75]
 */
export function softsign(a: Operand): Tensor {
  return div(a, add(1, abs(a)));
}

/**
 * x·sigmoid(x) (Elfwing et al. 2018).
 *
 * @example silu(tensor([-1, 2])) // → [-0.2689, 1.7616]
 */
export function silu(a: Operand): Tensor {
  return mul(a, sigmoid(a));
}

/**
 * Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016).
 *
 * @example gelu(tensor([-1, 2])) // → [-0.1588, 1.9546]
 */
export function gelu(a: Operand): Tensor {
  const inner = mul(Math.sqrt(2 / Math.PI), add(a, mul(0.044715, mul(a, a, a))));
  return mul(0.5, a, add(1, tanh(inner)));
}

/**
 * ln(1 + e^x), without overflow.
 *
 * @example softplus(tensor([0, 100])) // → [0.6931, 100]
 */
export function softplus(a: Operand): Tensor {
  // max(a, -a) is |a| with the slope -1 at 0, where that of max(a, 0) is 0: together they give softplus'(0) = 1/2.
  return add(maximum(a, 0), log1p(exp(neg(maximum(a, neg(a))))));
}

/**
 * Piecewise linear sigmoid: 0 below -2.5, 1 above 2.5, 0.2x + 0.5 between.
 *
 * @example hardSigmoid(tensor([-3, 0, 1])) // → [0, 0.5, 0.7]
 */
export function hardSigmoid(a: Operand): Tensor {
  return minimum(maximum(add(mul(0.2, a), 0.5), 0), 1);
}

/**
 * Natural logarithm of the sum of exponentials along an axis (the last by default), without overflow.
 *
 * @example logSumExp(tensor([[0, 0], [1000, 1000]])) // → [0.6931, 1000.6931]
 */
export function logSumExp(a: Tensor, options: { readonly axis?: number; readonly keepDims?: boolean } = {}): Tensor {
  checkAxisOptions("logSumExp", options, "keepDims");
  const axis = options.axis ?? -1;
  // The shift cancels in the value and in the gradient. An infinite maximum would turn x - max into NaN.
  const top = stopGradient(max(a, { axis, keepDims: true }));
  const shift = where(less(abs(top), Infinity), top, 0);
  const total = log(sum(exp(sub(a, shift)), { axis, keepDims: true }));
  const result = add(total, shift);
  return options.keepDims === true ? result : sum(result, { axis });
}

/**
 * Probabilities along an axis (the last by default).
 *
 * @example softmax(tensor([0, Math.log(3)])) // → [0.25, 0.75]
 */
export function softmax(a: Tensor, options: { readonly axis?: number } = {}): Tensor {
  checkAxisOptions("softmax", options);
  const axis = options.axis ?? -1;
  const top = stopGradient(max(a, { axis, keepDims: true }));
  const raised = exp(sub(a, top));
  return div(raised, sum(raised, { axis, keepDims: true }));
}

/**
 * Logarithms of the softmax, accurate for small probabilities.
 *
 * @example logSoftmax(tensor([0, -1000])) // → [0, -1000]
 */
export function logSoftmax(a: Tensor, options: { readonly axis?: number } = {}): Tensor {
  checkAxisOptions("logSoftmax", options);
  return sub(a, logSumExp(a, { axis: options.axis ?? -1, keepDims: true }));
}

/**
 * Layer normalisation over the last axis: zero mean, unit variance (`epsilon` is added to it), then gain and bias [H] (Ba, Kiros & Hinton 2016).
 *
 * @example layerNorm(matmul(x, p.W), p.gain, p.bias)
 */
export function layerNorm(a: Tensor, gain?: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  const ofRow = { axis: -1, keepDims: true } as const;
  const middle = mean(a, ofRow);
  // The variance is mean((a - c)²) - (mean(a) - c)² for any c. With a constant c at the mean, the gradient needs two sums over a row
  // that do not wait for each other; any derivative of the last term is right although it is 0.
  const c = stopGradient(middle);
  const spread = sub(mean(square(sub(a, c)), ofRow), square(sub(middle, c)));
  // Whatever is one number per row (the mean's sign, the division) is computed once per row, in the gradient too.
  const normed = mul(add(a, neg(middle)), div(1, sqrt(add(spread, epsilon))));
  const scaled = gain === undefined ? normed : mul(normed, gain);
  return bias === undefined ? scaled : add(scaled, bias);
}
