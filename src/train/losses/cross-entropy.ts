// Cross-entropies and their like, in nats. A final sigmoid or softmax is recognised while traced and its input used instead.

import type { Tensor } from "../../base/tensor.js";
import {
  add,
  cast,
  div,
  equal,
  expandDims,
  greater,
  iota,
  log,
  logSoftmax,
  maximum,
  minimum,
  mul,
  neg,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  where,
} from "../../ops/index.js";
import { dimsOf } from "../../trace/traced.js";
import { type LossWithOptions, lossWithOptions } from "./configured.js";
import { sigmoidLogits, softmaxLogits } from "./logits.js";

/** Options of the cross-entropies. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes (Szegedy et al. 2016): 0. */
  readonly labelSmoothing?: number;
  /**
   * True: the output holds logits. False: probabilities, cut to [1e-7, 1 - 1e-7]. Left out: a final sigmoid or softmax is undone, any
   * other output holds logits.
   */
  readonly fromLogits?: boolean;
}

const kinds = { labelSmoothing: "rate", fromLogits: "boolean" } as const;
const smallest = 1e-7;

/**
 * -y·ln p - (1-y)·ln(1-p) with p = sigmoid(logit), without overflow.
 *
 * @param actual     0 or 1 (or between), any shape
 * @param predicted  logits of the same shape, or the sigmoid of logits inside a traced function
 * @example model.compile({ optimizer: "adam", loss: binaryCrossEntropy({ labelSmoothing: 0.1 }) })
 */
export const binaryCrossEntropy: LossWithOptions<CrossEntropyOptions> = lossWithOptions(
  "binaryCrossEntropy",
  kinds,
  (actual, predicted, { labelSmoothing = 0, fromLogits }) => {
    const target = labelSmoothing === 0 ? actual : add(mul(1 - labelSmoothing, actual), labelSmoothing / 2);
    if (fromLogits === false && sigmoidLogits(predicted) === null) {
      const p = inside(predicted);
      return neg(add(mul(target, log(p)), mul(sub(1, target), log(sub(1, p)))));
    }
    const logits = fromLogits === true ? predicted : (sigmoidLogits(predicted) ?? predicted);
    return sub(softplus(logits), mul(target, logits));
  },
);

/**
 * -Σ y·ln softmax(logits) over the last axis.
 *
 * @param actual     probabilities or one-hot rows [..., V]
 * @param predicted  logits [..., V], or their softmax inside a traced function
 * @returns          [...]
 * @example model.compile({ optimizer: "adam", loss: categoricalCrossEntropy({ labelSmoothing: 0.1 }) })
 */
export const categoricalCrossEntropy: LossWithOptions<CrossEntropyOptions> = lossWithOptions(
  "categoricalCrossEntropy",
  kinds,
  (actual, predicted, { labelSmoothing = 0, fromLogits }) => {
    const target = labelSmoothing === 0 ? actual : add(mul(1 - labelSmoothing, actual), labelSmoothing / widthOf(predicted));
    return neg(sum(mul(target, logShares(predicted, fromLogits)), { axis: -1 }));
  },
);

/**
 * -ln softmax(logits)[class].
 *
 * @param actual     class numbers [...], 0 to V-1
 * @param predicted  logits [..., V], or their softmax inside a traced function
 * @returns          [...]
 * @example model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy"] })
 */
export const sparseCategoricalCrossEntropy: LossWithOptions<CrossEntropyOptions> = lossWithOptions(
  "sparseCategoricalCrossEntropy",
  kinds,
  (actual, predicted, { labelSmoothing = 0, fromLogits }) => {
    const shares = logShares(predicted, fromLogits);
    const isClass = equal(expandDims(cast(actual, "int32"), -1), iota(widthOf(predicted)));
    // where, not a product: a class that cannot occur may have the logit -Infinity.
    const hit = neg(sum(where(isClass, shares, 0), { axis: -1 }));
    if (labelSmoothing === 0) return hit;
    return sub(mul(1 - labelSmoothing, hit), mul(labelSmoothing / widthOf(predicted), sum(shares, { axis: -1 })));
  },
);

/** Options of `klDivergence`. */
export interface DivergenceOptions {
  /** The output holds logits: false. A final softmax is undone anyway. */
  readonly fromLogits?: boolean;
}

/**
 * Σ y·ln(y / p) over the last axis (Kullback & Leibler 1951).
 *
 * @param actual     probabilities [..., V]
 * @param predicted  probabilities [..., V], cut below at 1e-7; or logits
 * @returns          [...]
 * @example model.compile({ optimizer: "adam", loss: "klDivergence" })  // behind dense({ units: 5, activation: "softmax" })
 */
export const klDivergence: LossWithOptions<DivergenceOptions> = lossWithOptions(
  "klDivergence",
  { fromLogits: "boolean" },
  (actual, predicted, { fromLogits = false }) => {
    const isPossible = greater(actual, 0);
    const known = where(isPossible, log(where(isPossible, actual, 1)), 0);
    return sum(mul(actual, sub(known, logShares(predicted, fromLogits))), { axis: -1 });
  },
);

/**
 * Minus the cosine of the angle between two vectors along the last axis: -1 where they point the same way. A vector of zeros gives 0.
 *
 * @param actual     [..., V]
 * @param predicted  [..., V]
 * @returns          [...]
 * @example model.compile({ optimizer: "adam", loss: "cosineSimilarity" })
 */
export function cosineSimilarity(actual: Tensor, predicted: Tensor): Tensor {
  const unit = (a: Tensor): Tensor => div(a, sqrt(maximum(sum(square(a), { axis: -1, keepDims: true }), 1e-12)));
  return neg(sum(mul(unit(actual), unit(predicted)), { axis: -1 }));
}

/** Logarithms of the classes' probabilities. */
function logShares(predicted: Tensor, fromLogits: boolean | undefined): Tensor {
  const behind = fromLogits === true ? null : softmaxLogits(predicted);
  if (fromLogits === false && behind === null) return log(maximum(predicted, smallest));
  return logSoftmax(behind ?? predicted);
}

function inside(p: Tensor): Tensor {
  return minimum(maximum(p, smallest), 1 - smallest);
}

function widthOf(predicted: Tensor): number {
  return Number(dimsOf(predicted).at(-1));
}
