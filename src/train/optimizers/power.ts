// Powers of numbers just below 1, as bias corrections need them: without losing digits, and with their products over all steps.

import { hostTensor, type Tensor } from "../../base/tensor.js";
import { abs, add, div, exp, mul, sub, sum, tanh } from "../../ops/index.js";

/** 1 - βᵗ. With h = |tanh(t·ln β / 2)| it is 2h / (1 + h), which keeps all digits where the plain form cancels. */
export function oneMinusPower(beta: number, step: Tensor): Tensor {
  if (beta === 0) return div(step, step);
  return oneMinusExp(mul(step, Math.log(beta)));
}

/** 1 - eˣ for x up to 0. */
function oneMinusExp(x: Tensor): Tensor {
  const half = abs(tanh(mul(x, 0.5)));
  return div(mul(2, half), add(1, half));
}

/** 1 - ½·qᵗ. */
export function warming(q: number, step: Tensor): Tensor {
  return sub(1, mul(0.5, exp(mul(Math.log(q), step))));
}

const terms = Array.from({ length: 48 }, (_, index) => index + 1);

/**
 * Product of β·(1 - ½·qⁱ) over the steps i = 1 … t, in closed form: ln(1 - ½qⁱ) = -Σₖ qⁱᵏ / (k·2ᵏ), and the sum over i of each term is
 * geometric. No running product has to be kept.
 */
export function warmingProduct(beta: number, q: number, step: Tensor): Tensor {
  const fixed = mul(Math.log(beta), step);
  if (q === 1) return exp(mul(Math.log(beta / 2), step));
  const scales = terms.map((k) => q ** k / (-Math.expm1(k * Math.log(q)) * k * 2 ** k));
  const exponents = mul(step, exact(terms.map((k) => k * Math.log(q))));
  return exp(sub(fixed, sum(mul(exact(scales), oneMinusExp(exponents)))));
}

/** Numbers in float64, as every number inside an op is. */
function exact(values: readonly number[]): Tensor {
  return hostTensor(Float64Array.from(values), [values.length], "float32");
}
