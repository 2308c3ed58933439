// What `compile` was given, resolved: optimiser, losses by output, metrics, and what of it a file can keep.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { type CompileSchema, isNamedSchema, type NamedSchema } from "../io/compile-schema.js";
import { checkOptions, shown } from "../nn/options.js";
import { byPath, isNamed } from "./columns.js";
import type { Ports } from "./dataset.js";
import { type Loss, type LossFunction, resolveLoss, type SavedLoss, savedLossOf } from "./losses/index.js";
import { type Metric, metricsByOutput, resolveMetric, savedMetricOf } from "./metrics/index.js";
import type { Optimizer } from "./optimizers/define.js";
import { resolveOptimizer } from "./optimizers/index.js";
import type { Measures } from "./terms.js";
import type { CompileOptions, Named } from "./types.js";

/** Resolved settings; losses are matched to outputs once the network is built. */
export interface Setup {
  readonly optimizer: Optimizer;
  /** By output name, or "" for every output. */
  readonly losses: ReadonlyMap<string, Loss>;
  /** By output name; outputs that are not named count once. */
  readonly lossWeights: ReadonlyMap<string, number>;
  /** By output name, or "" for every output that they suit. */
  readonly metrics: ReadonlyMap<string, readonly Metric[]>;
}

/** Checks the options of `compile`. */
export function makeSetup(options: CompileOptions): Setup {
  checkOptions("compile", options, { optimizer: "any", loss: "any", lossWeights: "any", metrics: "any" });
  const { optimizer, loss, lossWeights = {}, metrics = [] } = options;
  if (loss === undefined)
    throw new UsageError({ code: "unknown_loss", op: "compile", what: "no loss is given", hint: 'Use loss: "mse" or the like.' });
  return {
    optimizer: resolveOptimizer(optimizer),
    losses: resolveLosses(loss),
    lossWeights: checkLossWeights(lossWeights),
    metrics: resolveMetrics(metrics),
  };
}

/** Losses for the outputs of the built network; throws UsageError `loss_names`, `metric_names`. */
export function measuresFor(setup: Setup, ports: Ports): Measures {
  const outputs = [...ports.outputs.keys()];
  const names = outputs.length === 1 && outputs[0] === "" ? "one output without a name" : `the outputs ${outputs.join(", ")}`;
  const refuseNames = (what: string, given: Iterable<string>): UsageError =>
    new UsageError({ code: "loss_names", op: "compile", what: `${what} are given for ${[...given].join(", ")}, the model has ${names}` });
  if ([...setup.lossWeights.keys()].some((name) => !outputs.includes(name))) throw refuseNames("loss weights", setup.lossWeights.keys());
  const common = setup.losses.get("");
  if (common !== undefined) return measuresOf(new Map(outputs.map((name) => [name, common])), setup);
  const isComplete = outputs.every((name) => setup.losses.has(name)) && setup.losses.size === outputs.length;
  if (!isComplete) throw refuseNames("losses", setup.losses.keys());
  return measuresOf(new Map(outputs.map((name) => [name, setup.losses.get(name)!])), setup);
}

/** What model.json keeps of the settings; null if an optimiser, schedule, loss or metric of the user's own is part of them. */
export function setupSchema(setup: Setup): CompileSchema | null {
  const { saved } = setup.optimizer.rule;
  const losses = [...setup.losses].map(([output, loss]): [string, SavedLoss | null] => [output, savedLossOf(loss)]);
  const metrics = [...setup.metrics].map(([output, list]) => [output, list.map(savedMetricOf)] as const);
  const known = losses.filter((pair): pair is [string, SavedLoss] => pair[1] !== null);
  const knownMetrics = metrics.map(([output, list]) => [output, list.filter((metric) => metric !== null)] as const);
  const isWhole = known.length === losses.length && metrics.every(([, list]) => !list.includes(null));
  if (saved === null || !isWhole) return null;
  const common = known.find(([output]) => output === "")?.[1];
  const commonMetrics = knownMetrics.find(([output]) => output === "")?.[1];
  return {
    optimizer: { name: setup.optimizer.name, options: saved },
    loss: common ?? byOutput(known),
    metrics: commonMetrics ?? Object.fromEntries(knownMetrics),
    ...(setup.lossWeights.size === 0 ? {} : { lossWeights: Object.fromEntries(setup.lossWeights) }),
  };
}

/** Settings from model.json; throws as `compile` does for unknown names. */
export function setupFromSchema({ optimizer, loss, lossWeights = {}, metrics }: CompileSchema): Setup {
  const losses: readonly (readonly [string, NamedSchema])[] = isNamedSchema(loss)
    ? [["", loss as NamedSchema]]
    : Object.entries(loss as Readonly<Record<string, NamedSchema>>);
  return {
    optimizer: resolveOptimizer(optimizer.name, optimizer.options),
    losses: new Map(losses.map(([name, each]) => [name, resolveLoss(each)])),
    lossWeights: checkLossWeights(lossWeights),
    metrics: resolveMetrics(metrics as CompileOptions["metrics"]),
  };
}

/** Losses by output name. Where a plain text could be taken for a loss's name, all are written with their options. */
function byOutput(losses: readonly [string, SavedLoss][]): Record<string, NamedSchema> {
  const plain = Object.fromEntries(losses);
  if (!isNamedSchema(plain)) return plain;
  return Object.fromEntries(losses.map(([name, loss]) => [name, typeof loss === "string" ? { name: loss, options: {} } : loss]));
}

function measuresOf(losses: ReadonlyMap<string, Loss>, { metrics, lossWeights }: Setup): Measures {
  return { losses, lossWeights, metrics: metricsByOutput(metrics, losses) };
}

function resolveLosses(loss: Named<string | LossFunction>): ReadonlyMap<string, Loss> {
  if (typeof loss === "string" || typeof loss === "function" || !isNamed(loss)) return new Map([["", resolveLoss(loss)]]);
  return new Map(byPath(loss).map(([path, each]) => [path, resolveLoss(each)]));
}

function resolveMetrics(metrics: CompileOptions["metrics"] = []): ReadonlyMap<string, readonly Metric[]> {
  const listOf = (list: unknown, where: string): readonly Metric[] => {
    if (Array.isArray(list)) return list.map(resolveMetric);
    const hint = 'As in metrics: ["mae"], or by output: metrics: { sales: ["mae"] }.';
    throw new UsageError({ code: "bad_option", op: "compile", what: `${where} must be a list of metrics, got ${shown(list)}`, hint });
  };
  if (!isRecord(metrics)) return new Map([["", listOf(metrics, "metrics")]]);
  return new Map(byPath<unknown>(metrics).map(([path, list]) => [path, listOf(list, `metrics.${path}`)]));
}

function checkLossWeights(weights: unknown): ReadonlyMap<string, number> {
  const hint = "As in lossWeights: { sales: 1, open: 0.3 }.";
  if (!isRecord(weights))
    throw new UsageError({ code: "bad_option", op: "compile", what: `lossWeights must be a record, got ${shown(weights)}`, hint });
  const entries = byPath<unknown>(weights).map(([name, weight]): [string, number] => {
    if (typeof weight === "number" && weight >= 0 && Number.isFinite(weight)) return [name, weight];
    const what = `the loss weight of "${name}" must be a number of at least 0, got ${shown(weight)}`;
    throw new UsageError({ code: "bad_option", op: "compile", what, hint });
  });
  return new Map(entries);
}
