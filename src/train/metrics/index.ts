// Metrics by name: what is reported beside the loss, exact over all valid elements of a pass.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord } from "../../base/tree.js";
import { checkOptions, shown } from "../../nn/options.js";
import { div, type TensorLike } from "../../ops/index.js";
import { toColumns } from "../columns.js";
import type { LossOptions } from "../losses/configured.js";
import type { Loss, LossFunction } from "../losses/index.js";
import { mae, mse } from "../losses/regression.js";
import { lookUp } from "../names.js";
import { auprc, auroc, type Collected, f1Macro, f1Micro, r2 } from "./collected.js";
import { accuracy, nats, smape, topKHits } from "./elements.js";

/** What a metric does with the elements of a pass: their weighted mean, finished on the host, or all of them at once. */
export type Measured =
  | { readonly kind: "mean"; elements(actual: Tensor, predicted: Tensor, loss: Loss): Tensor; finish(mean: number): number }
  | { readonly kind: "whole"; finish(data: Collected): number };

/** A metric, by name or made with options. */
export interface Metric {
  readonly name: string;
  /** What a file keeps; null for functions of the user's own. */
  readonly options: LossOptions | null;
  /** True for outputs it makes sense for. */
  suits(loss: Loss): boolean;
  readonly measured: Measured;
}

const same = (mean: number): number => mean;
const isClassifying = (loss: Loss): boolean => loss.name === null || loss.name.endsWith("CrossEntropy");
const isOfClasses = (loss: Loss): boolean => loss.name === "sparseCategoricalCrossEntropy" || loss.name === "categoricalCrossEntropy";
const isNumeric = (loss: Loss): boolean => loss.targets !== "class" && loss.targets !== "column";

function mean(name: string, suits: Metric["suits"], elements: (a: Tensor, p: Tensor, loss: Loss) => Tensor, finish = same): Metric {
  return { name, options: {}, suits, measured: { kind: "mean", elements, finish } };
}

function whole(name: string, suits: Metric["suits"], finish: (data: Collected) => number): Metric {
  return { name, options: {}, suits, measured: { kind: "whole", finish } };
}

/** Options of `topKAccuracy`. */
export interface TopKOptions {
  /** How many guesses count: 5. */
  readonly k?: number;
}

/**
 * Share of elements whose class is among the k likeliest. Of equal scores the higher class number counts as likelier.
 *
 * @throws UsageError `bad_option`
 * @example model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy", topKAccuracy({ k: 3 })] })
 */
export function topKAccuracy(options: TopKOptions = {}): Metric {
  checkOptions("topKAccuracy", options, { k: "size" });
  const { k = 5 } = options;
  const made = mean("topKAccuracy", isOfClasses, (actual, predicted, loss) => topKHits(actual, predicted, loss, k));
  return options.k === undefined ? made : { ...made, options: { k } };
}

/** Options of `mase`: the series that was trained on with its season, or the scale itself. */
export interface MaseOptions {
  /** The series in time order. */
  readonly history?: TensorLike;
  /** Steps after which the naive forecast looks back: 1. */
  readonly season?: number;
  /** Mean absolute error of the seasonal naive forecast on the history. */
  readonly scale?: number;
}

/**
 * Mean absolute error divided by that of the seasonal naive forecast within the history (Hyndman & Koehler 2006).
 *
 * @throws UsageError `bad_option` if the scale would be 0 or unknown
 * @example model.compile({ optimizer: "adam", loss: "mae", metrics: [mase({ history: trainingSeries, season: 12 })] })
 */
export function mase(options: MaseOptions): Metric {
  checkOptions("mase", options, { history: "any", season: "size", scale: "nonNegative" });
  const scale = options.scale ?? naiveError(options);
  if (!(scale > 0)) {
    const what = `mase: the naive forecast is never wrong on the history, so there is no scale`;
    throw new UsageError({ code: "bad_option", what, hint: "Use mae, or a history that changes." });
  }
  return { ...mean("mase", isNumeric, (actual, predicted) => div(mae(actual, predicted), scale)), options: { scale } };
}

function naiveError({ history, season = 1 }: MaseOptions): number {
  const [column] = history === undefined ? [] : toColumns(history, "mase: history").values();
  if (column === undefined || column.data.length <= season) {
    const what = `mase needs a history of more than ${season} values, or a scale`;
    throw new UsageError({ code: "bad_option", what, hint: "As in mase({ history: trainingSeries, season: 12 })." });
  }
  let sum = 0;
  for (let at = season; at < column.data.length; at++) sum += Math.abs(column.data[at]! - column.data[at - season]!);
  return sum / (column.data.length - season);
}

const plain: ReadonlyMap<string, Metric> = new Map(
  [
    mean("accuracy", isClassifying, accuracy),
    topKAccuracy(),
    mean("perplexity", isOfClasses, nats, Math.exp),
    mean("mae", isNumeric, (actual, predicted) => mae(actual, predicted)),
    mean("mse", isNumeric, (actual, predicted) => mse(actual, predicted)),
    mean("rmse", isNumeric, (actual, predicted) => mse(actual, predicted), Math.sqrt),
    mean("smape", isNumeric, (actual, predicted) => smape(actual, predicted)),
    whole("auroc", isClassifying, auroc),
    whole("auprc", isClassifying, auprc),
    whole("f1Macro", isClassifying, f1Macro),
    whole("f1Micro", isClassifying, f1Micro),
    whole("r2", isNumeric, r2),
  ].map((metric): [string, Metric] => [metric.name, metric]),
);

const makers: ReadonlyMap<string, (options: LossOptions) => Metric> = new Map([
  ["topKAccuracy", (options: LossOptions): Metric => topKAccuracy(options)],
  ["mase", (options: LossOptions): Metric => mase(options)],
]);

const byFunction: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [mae, "mae"],
  [mse, "mse"],
  [smape, "smape"],
  [topKAccuracy, "topKAccuracy"],
  [mase, "mase"],
]);

/** How files name a metric. */
export type SavedMetric = string | { readonly name: string; readonly options: LossOptions };

/**
 * A metric by name, made with options, from a file, or from a function (actual, predicted) => one number per element.
 *
 * @throws UsageError `unknown_metric`
 */
export function resolveMetric(given: SavedMetric | Metric | LossFunction): Metric {
  if (typeof given === "function") {
    const name = byFunction.get(given);
    return name === undefined ? ownMetric(given) : resolveMetric(name);
  }
  if (isMetric(given)) return given;
  const name: unknown = isRecord(given) ? given.name : given;
  const options = isRecord(given) && isRecord(given.options) ? (given.options as LossOptions) : {};
  if (typeof name !== "string") throw new UsageError({ code: "unknown_metric", op: "compile", what: `${shown(given)} is not a metric` });
  const maker = makers.get(name);
  if (maker !== undefined && (name === "mase" || Object.keys(options).length > 0)) return maker(options);
  return lookUp(name, plain, { kind: "metric", code: "unknown_metric", op: "compile" });
}

/** How a file names this metric; null for a function of the user's own. */
export function savedMetricOf({ name, options }: Metric): SavedMetric | null {
  if (options === null) return null;
  return Object.keys(options).length === 0 ? name : { name, options };
}

function ownMetric(elements: LossFunction): Metric {
  if (elements.name === "")
    throw new UsageError({
      code: "unknown_metric",
      op: "compile",
      what: "a metric's function has no name",
      hint: "Name it: const bias = (a, p) => ...",
    });
  return {
    ...mean(
      elements.name,
      () => true,
      (actual, predicted) => elements(actual, predicted),
    ),
    options: null,
  };
}

function isMetric(given: unknown): given is Metric {
  return isRecord(given) && isRecord(given.measured);
}

/**
 * The metrics of each output: by its name, or those that suit its loss. Accuracy is given to every output where it suits none.
 *
 * @throws UsageError `unsuited_metric`, `metric_names`
 */
export function metricsByOutput(
  metrics: ReadonlyMap<string, readonly Metric[]>,
  losses: ReadonlyMap<string, Loss>,
): ReadonlyMap<string, readonly Metric[]> {
  const unknown = [...metrics.keys()].find((name) => name !== "" && !losses.has(name));
  if (unknown !== undefined) {
    const what = `metrics are given for "${unknown}", the outputs are ${[...losses.keys()].filter((name) => name !== "").join(", ") || "one without a name"}`;
    throw new UsageError({ code: "metric_names", op: "compile", what });
  }
  const common = metrics.get("");
  if (common !== undefined) return spread(common, losses);
  return new Map([...losses].map(([name, loss]) => [name, (metrics.get(name) ?? []).map((metric) => suited(metric, [loss]))]));
}

function spread(metrics: readonly Metric[], losses: ReadonlyMap<string, Loss>): ReadonlyMap<string, readonly Metric[]> {
  const all = [...losses.values()];
  for (const metric of metrics) suited(metric, all);
  const applies = (metric: Metric, loss: Loss): boolean => metric.suits(loss) || !all.some((each) => metric.suits(each));
  return new Map([...losses].map(([name, loss]) => [name, metrics.filter((metric) => applies(metric, loss))]));
}

function suited(metric: Metric, losses: readonly Loss[]): Metric {
  if (metric.name === "accuracy" || losses.some((loss) => metric.suits(loss))) return metric;
  const isForClasses = losses.every((loss) => loss.targets === "class");
  const what = isForClasses
    ? `the metric "${metric.name}" compares numbers, but the targets are class numbers`
    : `the metric "${metric.name}" does not suit the loss${losses.length === 1 ? ` "${losses[0]?.name ?? ""}"` : "es"}`;
  throw new UsageError({ code: "unsuited_metric", op: "compile", what, hint: isForClasses ? 'Use "accuracy".' : "" });
}
