// Cross-entropies from logits, in nats. A final sigmoid or softmax is recognised while traced and its input used instead.

import type { Tensor } from "../../base/tensor.js";
import { cast, equal, expandDims, iota, logSoftmax, mul, neg, softplus, sub, sum, where } from "../../ops/index.js";
import { dimsOf } from "../../trace/traced.js";
import { sigmoidLogits, softmaxLogits } from "./logits.js";

/**
 * -y·ln p - (1-y)·ln(1-p) with p = sigmoid(logit), without overflow.
 *
 * @param actual     0 or 1 (or between), any shape
 * @param predicted  logits of the same shape, or the sigmoid of logits inside a traced function
 */
export function binaryCrossEntropy(actual: Tensor, predicted: Tensor): Tensor {
  const logits = sigmoidLogits(predicted) ?? predicted;
  return sub(softplus(logits), mul(actual, logits));
}

/**
 * -Σ y·ln softmax(logits) over the last axis.
 *
 * @param actual     probabilities or one-hot rows [..., V]
 * @param predicted  logits [..., V], or their softmax inside a traced function
 * @returns          [...]
 */
export function categoricalCrossEntropy(actual: Tensor, predicted: Tensor): Tensor {
  const logits = softmaxLogits(predicted) ?? predicted;
  return neg(sum(mul(actual, logSoftmax(logits)), { axis: -1 }));
}

/**
 * -ln softmax(logits)[class].
 *
 * @param actual     class numbers [...], 0 to V-1
 * @param predicted  logits [..., V], or their softmax inside a traced function
 * @returns          [...]
 */
export function sparseCategoricalCrossEntropy(actual: Tensor, predicted: Tensor): Tensor {
  const logits = softmaxLogits(predicted) ?? predicted;
  const numClasses = dimsOf(logits).at(-1);
  const classes = iota(typeof numClasses === "number" ? numClasses : logits.shape.at(-1)!);
  const isClass = equal(expandDims(cast(actual, "int32"), -1), classes);
  // where, not a product: a class that cannot occur may have the logit -Infinity.
  return neg(sum(where(isClass, logSoftmax(logits), 0), { axis: -1 }));
}
