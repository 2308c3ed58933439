// What `compile` was given, resolved: optimiser, losses by output, metrics, and what of it a file can keep.

import { UsageError } from "../base/errors.js";
import type { CompileSchema } from "../io/model-file.js";
import { checkOptions } from "../nn/options.js";
import { isNamed } from "./columns.js";
import type { Ports } from "./dataset.js";
import { type Loss, type LossFunction, resolveLoss } from "./losses/index.js";
import { type Metric, metricsByOutput, resolveMetric } from "./metrics/index.js";
import type { Optimizer } from "./optimizers/define.js";
import { resolveOptimizer } from "./optimizers/index.js";
import type { Measures } from "./terms.js";
import type { CompileOptions, Named } from "./types.js";

/** Resolved settings; losses are matched to outputs once the network is built. */
export interface Setup {
  readonly optimizer: Optimizer;
  /** By output name, or "" for every output. */
  readonly losses: ReadonlyMap<string, Loss>;
  readonly metrics: readonly Metric[];
}

/** Checks the options of `compile`. */
export function makeSetup(options: CompileOptions): Setup {
  checkOptions("compile", options, { optimizer: "any", loss: "any", metrics: "any" });
  const { optimizer, loss, metrics = [] } = options;
  if (!Array.isArray(metrics))
    throw new UsageError({ code: "bad_option", op: "compile", what: "metrics must be a list of names", hint: 'As in metrics: ["mae"].' });
  if (loss === undefined)
    throw new UsageError({ code: "unknown_loss", op: "compile", what: "no loss is given", hint: 'Use loss: "mse" or the like.' });
  return { optimizer: resolveOptimizer(optimizer), losses: resolveLosses(loss), metrics: metrics.map(resolveMetric) };
}

/** Losses for the outputs of the built network; throws UsageError `loss_names`. */
export function measuresFor(setup: Setup, ports: Ports): Measures {
  const outputs = [...ports.outputs.keys()];
  const common = setup.losses.get("");
  if (common !== undefined) return withMetrics(new Map(outputs.map((name) => [name, common])), setup);
  const missing = outputs.find((name) => !setup.losses.has(name));
  const extra = [...setup.losses.keys()].find((name) => !outputs.includes(name));
  if (missing !== undefined || extra !== undefined) {
    const names = outputs.length === 1 && outputs[0] === "" ? "one output without a name" : `the outputs ${outputs.join(", ")}`;
    throw new UsageError({
      code: "loss_names",
      op: "compile",
      what: `losses are given for ${[...setup.losses.keys()].join(", ")}, the model has ${names}`,
    });
  }
  return withMetrics(new Map(outputs.map((name) => [name, setup.losses.get(name)!])), setup);
}

/** What model.json keeps of the settings; null if an optimiser, schedule or loss of the user's own is part of them. */
export function setupSchema(setup: Setup): CompileSchema | null {
  const { saved } = setup.optimizer.rule;
  const names = [...setup.losses].map(([output, { name }]) => [output, name] as const);
  const known = names.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  if (saved === null || known.length < names.length) return null;
  const common = setup.losses.get("")?.name;
  return {
    optimizer: { name: setup.optimizer.name, options: saved },
    loss: common ?? Object.fromEntries(known),
    metrics: setup.metrics.map(({ name }) => name),
  };
}

/** Settings from model.json; throws as `compile` does for unknown names. */
export function setupFromSchema({ optimizer, loss, metrics }: CompileSchema): Setup {
  return {
    optimizer: resolveOptimizer(optimizer.name, optimizer.options),
    losses: resolveLosses(loss),
    metrics: metrics.map(resolveMetric),
  };
}

function withMetrics(losses: ReadonlyMap<string, Loss>, { metrics }: Setup): Measures {
  return { losses, metrics: metricsByOutput(metrics, losses) };
}

function resolveLosses(loss: Named<string | LossFunction>): ReadonlyMap<string, Loss> {
  if (typeof loss === "string" || typeof loss === "function" || !isNamed(loss)) return new Map([["", resolveLoss(loss)]]);
  return new Map(Object.entries(loss).map(([name, each]) => [name, resolveLoss(each)]));
}
