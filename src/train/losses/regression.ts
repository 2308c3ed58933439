// Losses for numbers. One value per element; the model averages the valid ones.

import { UsageError } from "../../base/errors.js";
import { hostTensor, type Tensor } from "../../base/tensor.js";
import { shown } from "../../nn/options.js";
import { abs, add, exp, less, lessEqual, log, log1p, maximum, mul, neg, softplus, square, sub, tanh, where } from "../../ops/index.js";
import { dimsOf } from "../../trace/traced.js";
import { type LossWithOptions, lossWithOptions } from "./configured.js";

/**
 * Squared error.
 *
 * @param actual     any shape
 * @param predicted  the same shape
 * @example model.compile({ optimizer: "adam", loss: "mse" })
 */
export function mse(actual: Tensor, predicted: Tensor): Tensor {
  return square(sub(predicted, actual));
}

/** Absolute error; same shapes as `mse`. Its derivative at 0 is that of the right side. @example model.compile({ optimizer: "adam", loss: "mae" }) */
export function mae(actual: Tensor, predicted: Tensor): Tensor {
  return abs(sub(predicted, actual));
}

/** Options of `huber`. */
export interface HuberOptions {
  /** Size of the error at which the parabola ends: 1. */
  readonly delta?: number;
}

/**
 * ½e² up to an error of δ, δ·(|e| - ½δ) beyond (Huber 1964); same shapes as `mse`.
 *
 * @throws UsageError `bad_option` unless δ > 0
 * @example model.compile({ optimizer: "adam", loss: huber({ delta: 2 }) })
 */
export const huber: LossWithOptions<HuberOptions> = lossWithOptions(
  "huber",
  { delta: "nonNegative" },
  (actual, predicted, { delta = 1 }) => {
    const size = abs(sub(predicted, actual));
    return where(lessEqual(size, delta), mul(0.5, square(size)), mul(delta, sub(size, 0.5 * delta)));
  },
  ({ delta = 1 }) => {
    if (delta === 0) throw badOption("huber", "delta must be above 0");
  },
);

/** ln cosh(e): ½e² for small errors, |e| - ln 2 for large ones, without overflow; same shapes as `mse`. @example model.compile({ optimizer: "adam", loss: "logCosh" }) */
export function logCosh(actual: Tensor, predicted: Tensor): Tensor {
  const error = sub(predicted, actual);
  const size = abs(error);
  const isSmall = less(size, 1);
  // Near 0 the difference of two large terms would have no digits left: cosh² = 1 / (1 - tanh²) there.
  const near = mul(-0.5, log1p(neg(square(tanh(where(isSmall, error, 0))))));
  const far = sub(add(size, softplus(mul(-2, size))), Math.LN2);
  return where(isSmall, near, far);
}

/** Options of `quantile`. */
export interface QuantileOptions {
  /** Shares between 0 and 1: [0.5]. Several need an output with one column for each; the targets have one column. */
  readonly quantiles?: readonly number[];
}

/**
 * Pinball loss: q·e for e = actual - predicted above 0, (q - 1)·e below (Koenker & Bassett 1978). Its minimum is the q-quantile.
 *
 * @param actual     the shape of predicted, or 1 in the last axis
 * @param predicted  [..., number of quantiles]; any shape for a single one
 * @throws UsageError `bad_option` unless each quantile lies between 0 and 1
 * @example model.compile({ optimizer: "adam", loss: quantile({ quantiles: [0.1, 0.5, 0.9] }) })  // behind dense({ units: 3 })
 */
export const quantile: LossWithOptions<QuantileOptions> = lossWithOptions(
  "quantile",
  { quantiles: "any" },
  (actual, predicted, { quantiles = [0.5] }) => {
    const error = sub(actual, predicted);
    const [only = 0.5, ...more] = quantiles;
    if (more.length === 0) return maximum(mul(only, error), mul(only - 1, error));
    if (dimsOf(predicted).at(-1) !== quantiles.length) {
      const what = `${quantiles.length} quantiles need an output of ${quantiles.length} columns, it has ${String(dimsOf(predicted).at(-1))}`;
      throw new UsageError({ code: "target_shape", op: "quantile", what });
    }
    const shares = hostTensor(Float64Array.from(quantiles), [quantiles.length], "float32");
    return maximum(mul(shares, error), mul(sub(shares, 1), error));
  },
  ({ quantiles = [0.5] }) => {
    const isList = Array.isArray(quantiles) && quantiles.length > 0;
    if (!isList || quantiles.some((share) => !(share > 0 && share < 1)))
      throw badOption("quantile", `quantiles must be a list of numbers between 0 and 1, got ${shown(quantiles)}`);
  },
);

/** Options of `poisson`. */
export interface PoissonOptions {
  /** The output is the logarithm of the rate, which has no limits: false. */
  readonly fromLogits?: boolean;
}

/**
 * Negative log-likelihood of counts without its constant: p - y·ln(p + 1e-7), or eˡ - y·l from logarithms; same shapes as `mse`.
 *
 * @example model.compile({ optimizer: "adam", loss: poisson({ fromLogits: true }) })
 */
export const poisson: LossWithOptions<PoissonOptions> = lossWithOptions(
  "poisson",
  { fromLogits: "boolean" },
  (actual, predicted, { fromLogits = false }) =>
    fromLogits ? sub(exp(predicted), mul(actual, predicted)) : sub(predicted, mul(actual, log(add(predicted, 1e-7)))),
);

function badOption(op: string, what: string): UsageError {
  return new UsageError({ code: "bad_option", op, what });
}
