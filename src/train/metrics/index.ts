// Metrics by name: averages over the valid elements that are reported beside the loss.

import { UsageError } from "../../base/errors.js";
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
  /** True for outputs it makes sense for. */
  suits(loss: Loss): boolean;
  elements(actual: Tensor, predicted: Tensor, loss: Loss): Tensor;
  finish(mean: number): number;
}

const same = (mean: number): number => mean;
const isClassifying = (loss: Loss): boolean => loss.name === null || loss.name.endsWith("CrossEntropy");
const isNumeric = (loss: Loss): boolean => loss.targets !== "class";

const byName: ReadonlyMap<string, Metric> = new Map(
  [
    { name: "accuracy", suits: isClassifying, elements: accuracy, finish: same },
    { name: "mae", suits: isNumeric, elements: (actual: Tensor, predicted: Tensor) => mae(actual, predicted), finish: same },
    { name: "mse", suits: isNumeric, elements: (actual: Tensor, predicted: Tensor) => mse(actual, predicted), finish: same },
    { name: "rmse", suits: isNumeric, elements: (actual: Tensor, predicted: Tensor) => mse(actual, predicted), finish: Math.sqrt },
  ].map((metric): [string, Metric] => [metric.name, metric]),
);

/** The metric of that name; throws UsageError `unknown_metric`. */
export function resolveMetric(name: string): Metric {
  return lookUp(name, byName, { kind: "metric", code: "unknown_metric", op: "compile" });
}

/**
 * The metrics of each output: those that suit its loss. Accuracy is given to every output where it suits none.
 *
 * @throws UsageError `unsuited_metric`
 */
export function metricsByOutput(metrics: readonly Metric[], losses: ReadonlyMap<string, Loss>): ReadonlyMap<string, readonly Metric[]> {
  const all = [...losses.values()];
  const wrong = metrics.find((metric) => metric.name !== "accuracy" && !all.some((loss) => metric.suits(loss)));
  if (wrong !== undefined) {
    const what = `the metric "${wrong.name}" compares numbers, but the targets are class numbers`;
    throw new UsageError({ code: "unsuited_metric", op: "compile", what, hint: 'Use "accuracy".' });
  }
  const applies = (metric: Metric, loss: Loss): boolean => metric.suits(loss) || !all.some((each) => metric.suits(each));
  return new Map([...losses].map(([name, loss]) => [name, metrics.filter((metric) => applies(metric, loss))]));
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
