// The programs of a model: training (gradient, norm, update), evaluation and prediction, compiled once for all sizes.

import type { Tensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import type { ArgumentSpec, SectionResult, SectionSource } from "../engine/program.js";
import type { BuiltNetwork } from "../nn/network.js";
import { maximum, minimum, mul, square, sum, valueAndGrad } from "../ops/index.js";
import { isTensor } from "../trace/traced.js";
import type { Ports } from "./dataset.js";
import { argumentOf, type FeedPlan, fromArguments } from "./feeds.js";
import { learningRateAt, type OptimizerRule } from "./optimizers/define.js";
import { type BatchTotals, combined, type Measures, measure, outputsByName } from "./terms.js";
import { type Layout, weightSpecs } from "./weights.js";

/** The network and how its flat vectors lie. */
export interface ProgramContext {
  readonly built: BuiltNetwork;
  readonly ports: Ports;
  readonly layout: Layout;
}

/** Name of the vector that holds one slot of the optimiser. */
export function slotVector(slot: string): string {
  return `slot:${slot}`;
}

const scalarSpec: ArgumentSpec = { shape: [], dtype: "float32" };

/**
 * Three sections. `gradient`: forward and backward of the summed loss, gradients stay resident; back come totals of losses and
 * metrics. `norm`: squared norm of the mean gradient. `update`: one step of the optimiser with the scale that the host chose.
 */
export function trainingSections(context: ProgramContext, plan: FeedPlan, measures: Measures, rule: OptimizerRule): SectionSource[] {
  return [gradientSection(context, plan, measures), normSection(context, rule), updateSection(context, rule)];
}

/** One section that returns totals of losses and metrics. */
export function evaluationSections(context: ProgramContext, plan: FeedPlan, measures: Measures): SectionSource[] {
  return [
    {
      name: "evaluate",
      arguments: { weights: weightSpecs(context.layout, "weights"), x: plan.x, y: plan.y, lengths: plan.lengths },
      body: (args) => ({ fed: fedTotals(totals(context, args, args.weights!, { training: false, key: null }, measures)) }),
    },
  ];
}

/** One section that returns the outputs, sequences dense with zeros in the padding. */
export function predictionSections(context: ProgramContext, plan: FeedPlan): SectionSource[] {
  return [
    {
      name: "predict",
      arguments: { weights: weightSpecs(context.layout, "weights"), x: plan.x, lengths: plan.lengths },
      body: (args) => ({
        fed: { outputs: Object.fromEntries(callNetwork(context, args, args.weights!, { training: false, key: null })) },
      }),
    },
  ];
}

function gradientSection(context: ProgramContext, plan: FeedPlan, measures: Measures): SectionSource {
  const key: ArgumentSpec = { shape: [2], dtype: "int32" };
  return {
    name: "gradient",
    arguments: { weights: weightSpecs(context.layout, "weights"), x: plan.x, y: plan.y, lengths: plan.lengths, key },
    body(args): SectionResult {
      let seen: BatchTotals | null = null;
      const summedLoss = (weights: Tree): Tensor => {
        seen = totals(context, args, weights, { training: true, key: tensorOf(args.key) }, measures);
        return combined(seen.losses).sum;
      };
      const [, gradients] = valueAndGrad(summedLoss)(args.weights!);
      return { fed: fedTotals(seen!), resident: intoVector(context.layout, "gradients", gradients) };
    },
  };
}

/** Gradients arrive summed; dividing by the count makes them the mean's, then entries are cut if asked. */
function meanGradient(gradient: Tensor, inverseCount: Tensor, clipValue: number | null): Tensor {
  const mean = mul(gradient, inverseCount);
  return clipValue === null ? mean : minimum(maximum(mean, -clipValue), clipValue);
}

function normSection({ layout }: ProgramContext, rule: OptimizerRule): SectionSource {
  return {
    name: "norm",
    arguments: { gradients: whole(layout, "gradients"), inverseCount: scalarSpec },
    body: (args) => ({
      fed: { squaredNorm: sum(square(meanGradient(tensorOf(args.gradients), tensorOf(args.inverseCount), rule.clipValue))) },
    }),
  };
}

function updateSection({ layout }: ProgramContext, rule: OptimizerRule): SectionSource {
  // An elementwise rule sees every weight as one vector; any other sees them one by one.
  const parts = rule.elementwise
    ? [{ offset: 0, shape: [layout.size] }]
    : layout.places.map(({ offset, info }) => ({ offset, shape: info.shape }));
  const specsIn = (vector: string): ArgumentSpec[] =>
    parts.map(({ offset, shape }) => ({ shape, dtype: "float32", resident: { vector, offset } }));
  const hasFixedRate = typeof rule.learningRate === "number";
  const scalars = { inverseCount: scalarSpec, scale: scalarSpec, step: scalarSpec, learningRate: scalarSpec };
  return {
    name: "update",
    arguments: {
      weights: specsIn("weights"),
      gradients: specsIn("gradients"),
      slots: Object.fromEntries(rule.slots.map((slot) => [slot, specsIn(slotVector(slot))])),
      ...scalars,
    },
    body(args): SectionResult {
      const step = tensorOf(args.step);
      // Beside a schedule the scalar is a factor: 1, unless a callback sets the rate.
      const given = tensorOf(args.learningRate);
      const rate = hasFixedRate ? given : mul(learningRateAt(rule, step), given);
      const weights = listOf(args.weights);
      const gradients = listOf(args.gradients);
      const resident = parts.flatMap(({ offset }, index) => {
        const slots = Object.fromEntries(rule.slots.map((slot) => [slot, listOf(entryOf(args.slots, slot))[index]!]));
        const mean = meanGradient(gradients[index]!, tensorOf(args.inverseCount), rule.clipValue);
        const moved = rule.step(weights[index]!, mul(mean, tensorOf(args.scale)), slots, step, rate);
        const slotResults = rule.slots.map((slot) => ({ vector: slotVector(slot), offset, value: moved.slots[slot]! }));
        return [{ vector: "weights", offset, value: moved.w }, ...slotResults];
      });
      return { resident };
    },
  };
}

/** How a network is called. */
export interface Mode {
  readonly training: boolean;
  readonly key: Tensor | null;
  /** Sees the output of every layer call. */
  readonly onLayer?: (layer: string, output: Tensor) => void;
}

/** The network's outputs by name, from a section's arguments. */
export function callNetwork(
  { built }: ProgramContext,
  args: Readonly<Record<string, Tree>>,
  weights: Tree,
  mode: Mode,
): ReadonlyMap<string, Tensor> {
  const lengths = recordOf(args.lengths);
  const given = Object.keys(lengths).length === 0 ? {} : { lengths: fromArguments(lengths) };
  return outputsByName(built.call(weights, fromArguments(recordOf(args.x)), { ...mode, ...given }));
}

/** Totals of losses and metrics, from a section's arguments. */
export function totals(
  context: ProgramContext,
  args: Readonly<Record<string, Tree>>,
  weights: Tree,
  mode: Mode,
  measures: Measures,
): BatchTotals {
  const outputs = callNetwork(context, args, weights, mode);
  const y = recordOf(args.y);
  const [lengths = null] = Object.values(recordOf(args.lengths));
  return measure(
    outputs,
    (name) => argumentOf(y, name),
    lengths,
    measures,
    (name) => context.ports.outputs.get(name)!.sequence,
  );
}

/** Totals as a section returns them. */
export function fedTotals({ losses, metrics }: BatchTotals): Record<string, Tree> {
  const asTree = (entries: BatchTotals["losses"]): Tree =>
    Object.fromEntries(Object.entries(entries).map(([name, { sum: total, count }]) => [name, { sum: total, count }]));
  return { losses: asTree(losses), metrics: asTree(metrics) };
}

function intoVector(layout: Layout, vector: string, tree: Tree): { vector: string; offset: number; value: Tensor }[] {
  return layout.places.map(({ info, offset }) => {
    const cut = info.path.indexOf("/");
    return { vector, offset, value: tensorOf(entryOf(entryOf(tree, info.path.slice(0, cut)), info.path.slice(cut + 1))) };
  });
}

function whole(layout: Layout, vector: string): ArgumentSpec {
  return { shape: [layout.size], dtype: "float32", resident: { vector, offset: 0 } };
}

// Arguments arrive in the form of their specs; these four only tell the compiler so.
function tensorOf(tree: Tree | undefined): Tensor {
  if (isTensor(tree)) return tree;
  throw new TypeError("expected a tensor");
}

function listOf(tree: Tree | undefined): readonly Tensor[] {
  if (!Array.isArray(tree)) throw new TypeError("expected a list");
  return tree.map((entry: Tree) => tensorOf(entry));
}

function recordOf(tree: Tree | undefined): Readonly<Record<string, Tensor>> {
  if (!isRecord(tree) || isTensor(tree)) throw new TypeError("expected a record");
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, tensorOf(value as Tree)]));
}

function entryOf(tree: Tree | undefined, name: string): Tree {
  if (!isRecord(tree) || isTensor(tree)) throw new TypeError("expected a record");
  return (tree as Readonly<Record<string, Tree>>)[name]!;
}
