// Metrics by name: averages over the valid elements that are reported beside the loss.

import type { Tensor } from "../../base/tensor.js";
import { argmax, cast, equal, greater } from "../../ops/index.js";
import { dimsOf } from "../../trace/traced.js";
import type { Loss } from "../losses/index.js";
import { sigmoidLogits } from "../losses/logits.js";
import { mae, mse } from "../losses/regression.js";
import { lookUp } from "../names.js";

/** A metric: one number per element; their mean, finished on the host, is reported. */
export interface Metric {
  readonly name: string;
  elements(actual: Tensor, predicted: Tensor, loss: Loss): Tensor;
  finish(mean: number): number;
}

const same = (mean: number): number => mean;

const byName: ReadonlyMap<string, Metric> = new Map(
  [
    { name: "accuracy", elements: accuracy, finish: same },
    { name: "mae", elements: (actual: Tensor, predicted: Tensor) => mae(actual, predicted), finish: same },
    { name: "mse", elements: (actual: Tensor, predicted: Tensor) => mse(actual, predicted), finish: same },
    { name: "rmse", elements: (actual: Tensor, predicted: Tensor) => mse(actual, predicted), finish: Math.sqrt },
  ].map((metric): [string, Metric] => [metric.name, metric]),
);

/** The metric of that name; throws UsageError `unknown_metric`. */
export function resolveMetric(name: string): Metric {
  return lookUp(name, byName, { kind: "metric", code: "unknown_metric", op: "compile" });
}

/**
 * 1 where the likeliest class is the true one. Class numbers: argmax of [..., V]. Rows of [..., V]: argmax of both.
 * One output: above ½ means yes; for binary cross-entropy without a final sigmoid the output is a logit, above 0 means yes.
 */
function accuracy(actual: Tensor, predicted: Tensor, loss: Loss): Tensor {
  if (loss.targets === "class") return hits(equal(argmax(predicted), cast(actual, "int32")));
  const isBinary = loss.name === "binaryCrossEntropy";
  if (!isBinary && dimsOf(predicted).at(-1) !== 1) return hits(equal(argmax(predicted), argmax(actual)));
  const threshold = isBinary && sigmoidLogits(predicted) === null ? 0 : 0.5;
  return hits(equal(cast(greater(predicted, threshold), "int32"), cast(greater(actual, 0.5), "int32")));
}

function hits(correct: Tensor): Tensor {
  return cast(correct, "float32");
}
