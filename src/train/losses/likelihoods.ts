// Losses for networks that say a distribution: minus the logarithm of the density or probability of what came.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { add, div, log, log1p, mul, slice, softplus, square, squeeze, sub } from "../../ops/index.js";
import { dimsOf } from "../../trace/traced.js";
import { type LossWithOptions, lossWithOptions } from "./configured.js";
import { logFactorial, logGammaGain } from "./log-gamma.js";

/** Options of the likelihoods. */
export interface LikelihoodOptions {
  /** The output's columns are the parameters themselves: false. Otherwise softplus, plus 1e-6, makes those positive that have to be. */
  readonly positive?: boolean;
}

const kinds = { positive: "boolean" } as const;
const least = 1e-6;

/** Parameters [...] of a distribution by the columns [..., n] of an output. */
type Likelihood = (actual: Tensor, parameters: readonly Tensor[]) => Tensor;

/** A loss from the output's columns; `above` says over which bound softplus lifts each of them, null: any number. */
function likelihood(name: string, above: readonly (number | null)[], elements: Likelihood): LossWithOptions<LikelihoodOptions> {
  return lossWithOptions(name, kinds, (actual, predicted, { positive = false }) => {
    const columns = columnsOf(name, predicted, above.length);
    const lifted = columns.map((column, index) => {
      const bound = above[index] ?? null;
      return positive || bound === null ? column : add(softplus(column), bound);
    });
    const target = dimsOf(actual).length === dimsOf(predicted).length ? squeeze(actual, -1) : actual;
    return elements(target, lifted);
  });
}

/**
 * Normal distribution: ln σ + ½((y - μ)/σ)² + ½ ln 2π, from two columns μ and σ.
 *
 * @param actual     [...] or [..., 1]
 * @param predicted  [..., 2]
 * @returns          [...]
 * @throws UsageError `target_shape` for another number of columns
 * @example model.compile({ optimizer: "adam", loss: "gaussianNll" })  // behind dense({ units: 2 }): σ = softplus(second column) + 1e-6
 */
export const gaussianNll: LossWithOptions<LikelihoodOptions> = likelihood("gaussianNll", [null, least], (y, [mean, deviation]) => {
  const error = div(sub(y, mean!), deviation!);
  return add(log(deviation!), mul(0.5, square(error)), 0.5 * Math.log(2 * Math.PI));
});

/**
 * Student's t distribution with location μ, scale σ and ν degrees of freedom, in this order of the three columns: errors far out cost
 * their logarithm only. Softplus puts ν above 2, where there is a variance.
 *
 * @param actual     [...] or [..., 1]
 * @param predicted  [..., 3]
 * @returns          [...]
 * @throws UsageError `target_shape` for another number of columns
 * @example model.compile({ optimizer: "adam", loss: "studentTNll" })  // behind dense({ units: 3 })
 */
export const studentTNll: LossWithOptions<LikelihoodOptions> = likelihood(
  "studentTNll",
  [null, least, 2],
  (y, [location, scale, freedom]) => {
    const error = div(sub(y, location!), scale!);
    // Γ((ν+1)/2) / Γ(ν/2) over √(ν/2), which goes to 1.
    const gain = logGammaGain(div(2, freedom!), 0.5);
    const tails = mul(mul(0.5, add(freedom!, 1)), log1p(div(square(error), freedom!)));
    return add(sub(add(log(scale!), tails), gain), 0.5 * Math.log(2 * Math.PI));
  },
);

/**
 * Negative binomial distribution of counts 0, 1, 2 … with mean μ and dispersion α, in this order of the two columns: variance μ + α·μ²,
 * Poisson as α goes to 0 (parameters as in DeepAR, Salinas et al. 2020). In float32 for counts up to about a million.
 *
 * @param actual     [...] or [..., 1], at least 0
 * @param predicted  [..., 2]
 * @returns          [...]
 * @throws UsageError `target_shape` for another number of columns
 * @example model.compile({ optimizer: "adam", loss: "negativeBinomialNll" })  // behind dense({ units: 2 })
 */
export const negativeBinomialNll: LossWithOptions<LikelihoodOptions> = likelihood(
  "negativeBinomialNll",
  [least, least],
  (y, [mean, dispersion]) => {
    const ways = sub(logFactorial(y), logGammaGain(dispersion!, y));
    const rest = mul(add(div(1, dispersion!), y), log1p(mul(dispersion!, mean!)));
    return sub(add(ways, rest), mul(y, log(mean!)));
  },
);

function columnsOf(name: string, predicted: Tensor, count: number): Tensor[] {
  const dims = dimsOf(predicted);
  if (dims.at(-1) === count)
    return Array.from({ length: count }, (_, start) => squeeze(slice(predicted, { axis: -1, start, size: 1 }), -1));
  const what = `its distribution has ${count} parameters, so the output needs ${count} columns; it has ${String(dims.at(-1))}`;
  throw new UsageError({ code: "target_shape", op: name, what, hint: `As behind dense({ units: ${count} }).` });
}
