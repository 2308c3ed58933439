// Logarithms of the gamma function, written so that what cancels between them never appears.

import type { Tensor } from "../../base/tensor.js";
import { add, div, log, log1p, mul, type Operand, sub } from "../../ops/index.js";

/** Arguments are moved up by so much first: the series below is then exact to 5e-10. */
const shift = 4;

/**
 * ln Γ(1/α + y) - ln Γ(1/α) - y·ln(1/α), which goes to 0 with α: likelihoods with a dispersion α stay exact where they become those of a
 * Poisson or normal distribution. Stirling's series after Γ(z) = Γ(z + 4) / (z (z+1) (z+2) (z+3)).
 *
 * @param alpha  above 0
 * @param y      at least 0, the same shape or one that broadcasts
 * @returns      to 1e-9 beside the rounding of the arithmetic
 */
export function logGammaGain(alpha: Tensor, y: Operand): Tensor {
  // 1 / (1/α + 4), and 1 over the same plus y.
  const base = div(alpha, add(1, mul(shift, alpha)));
  const next = div(base, add(1, mul(base, y)));
  const grown = mul(sub(add(div(1, base), y), 0.5), log1p(mul(base, y)));
  const stirling = sub(correction(next), correction(base));
  const moved = sub(mul(y, log1p(mul(shift, alpha))), log(rising(alpha, y)));
  return add(sub(grown, y), stirling, moved);
}

/** ln y! for y ≥ 0, to 1e-9 beside the rounding of the arithmetic. */
export function logFactorial(y: Tensor): Tensor {
  const z = add(y, shift + 1);
  const steps = mul(add(y, 1), add(y, 2), add(y, 3), add(y, 4));
  return sub(add(sub(mul(sub(z, 0.5), log(z)), z), 0.5 * Math.log(2 * Math.PI), correction(div(1, z))), log(steps));
}

/** Π (1/α + y + i) / (1/α + i) for i < 4. */
function rising(alpha: Tensor, y: Operand): Tensor {
  const factor = (i: number): Tensor => add(1, div(mul(alpha, y), add(1, mul(i, alpha))));
  return mul(factor(0), factor(1), factor(2), factor(3));
}

/** What Stirling's formula for ln Γ(z) leaves out, from w = 1/z: w/12 - w³/360 + w⁵/1260 - w⁷/1680 + w⁹/1188. */
function correction(w: Tensor): Tensor {
  const square = mul(w, w);
  const last = sub(mul(square, 1 / 1188), 1 / 1680);
  const inner = add(mul(square, sub(mul(square, add(mul(square, last), 1 / 1260)), 1 / 360)), 1 / 12);
  return mul(w, inner);
}
