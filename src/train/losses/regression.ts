// Losses for numbers: squared, absolute and Huber's error. One value per element; the model averages the valid ones.

import type { Tensor } from "../../base/tensor.js";
import { abs, lessEqual, mul, square, sub, where } from "../../ops/index.js";

/**
 * Squared error.
 *
 * @param actual     any shape
 * @param predicted  the same shape
 */
export function mse(actual: Tensor, predicted: Tensor): Tensor {
  return square(sub(predicted, actual));
}

/** Absolute error; same shapes as `mse`. Its derivative at 0 is that of the right side. */
export function mae(actual: Tensor, predicted: Tensor): Tensor {
  return abs(sub(predicted, actual));
}

/** ½e² up to an error of 1, |e| - ½ beyond (Huber 1964); same shapes as `mse`. */
export function huber(actual: Tensor, predicted: Tensor): Tensor {
  const size = abs(sub(predicted, actual));
  return where(lessEqual(size, 1), mul(0.5, square(size)), sub(size, 0.5));
}
