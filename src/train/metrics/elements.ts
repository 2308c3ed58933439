// Metrics that are means over elements: accuracies, perplexity, percentage and scaled errors.

import type { Tensor } from "../../base/tensor.js";
import {
  abs,
  add,
  argmax,
  cast,
  div,
  equal,
  expandDims,
  greater,
  iota,
  less,
  logicalAnd,
  logicalOr,
  mul,
  sub,
  sum,
  where,
} from "../../ops/index.js";
import { dimsOf } from "../../trace/traced.js";
import { categoricalCrossEntropy, sparseCategoricalCrossEntropy } from "../losses/cross-entropy.js";
import type { Loss } from "../losses/index.js";
import { isLogits } from "../losses/probabilities.js";

/**
 * 1 where the likeliest class is the true one. Class numbers: argmax of [..., V]. Rows of [..., V]: argmax of both.
 * One output: above ½ means yes; for binary cross-entropy without a final sigmoid the output is a logit, above 0 means yes.
 */
export function accuracy(actual: Tensor, predicted: Tensor, loss: Loss): Tensor {
  if (loss.targets === "class") return hits(equal(argmax(predicted), cast(actual, "int32")));
  const isBinary = loss.name === "binaryCrossEntropy";
  if (!isBinary && dimsOf(predicted).at(-1) !== 1) return hits(equal(argmax(predicted), argmax(actual)));
  const threshold = isBinary && isLogits(loss, predicted) ? 0 : 0.5;
  return hits(equal(cast(greater(predicted, threshold), "int32"), cast(greater(actual, 0.5), "int32")));
}

/** 1 where fewer than k classes stand before the true one; of equal scores the higher class number stands first. */
export function topKHits(actual: Tensor, predicted: Tensor, loss: Loss, k: number): Tensor {
  const classes = iota(Number(dimsOf(predicted).at(-1)));
  const truth = expandDims(loss.targets === "class" ? cast(actual, "int32") : argmax(actual), -1);
  const own = sum(where(equal(truth, classes), predicted, 0), { axis: -1, keepDims: true });
  const isBefore = logicalOr(greater(predicted, own), logicalAnd(equal(predicted, own), greater(classes, truth)));
  return hits(less(sum(cast(isBefore, "float32"), { axis: -1 }), k));
}

/** The loss that perplexity is the exponential of: cross-entropy without smoothing. */
export function nats(actual: Tensor, predicted: Tensor, loss: Loss): Tensor {
  const { fromLogits } = loss.options;
  const plain = loss.targets === "class" ? sparseCategoricalCrossEntropy : categoricalCrossEntropy;
  return plain(actual, predicted, typeof fromLogits === "boolean" ? { fromLogits } : {});
}

/**
 * 200·|y - ŷ| / (|y| + |ŷ|), from 0 to 200; 0 where both are 0 (Makridakis 1993).
 *
 * @param actual     any shape
 * @param predicted  the same shape
 * @example model.compile({ optimizer: "adam", loss: "mae", metrics: ["smape"] })
 */
export function smape(actual: Tensor, predicted: Tensor): Tensor {
  const size = add(abs(actual), abs(predicted));
  const isNothing = equal(size, 0);
  return where(isNothing, 0, mul(200, div(abs(sub(predicted, actual)), where(isNothing, 1, size))));
}

function hits(correct: Tensor): Tensor {
  return cast(correct, "float32");
}
