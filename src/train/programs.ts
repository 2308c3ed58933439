// The programs of a model: training (gradient, norm, update), evaluation and prediction, compiled once for all sizes.

import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import type { ArgumentSpec, SectionResult, SectionSource } from "../engine/program.js";
import type { BuiltNetwork } from "../nn/network.js";
import type { Penalty, PenaltySink } from "../nn/penalty.js";
import { mul, valueAndGrad } from "../ops/index.js";
import { Carrying, carriedSpecs } from "./carried.js";
import type { Ports } from "./dataset.js";
import { argumentOf, type FeedPlan, fromArguments } from "./feeds.js";
import { type Freezing, learntPlaces, splitWeights } from "./frozen.js";
import type { OptimizerRule } from "./optimizers/define.js";
import { entryOf, recordOf, tensorOf } from "./section-arguments.js";
import { type BatchTotals, combined, type Measures, measure, outputsByName, type Total, termsOf } from "./terms.js";
import { plainForm, scalarSpec, type TrainingForm, updateSections } from "./update-program.js";
import { hasWeightPenalty, weightPenalty } from "./weight-penalty.js";
import { type Placed, weightSpecs } from "./weights.js";

/** The network and how its flat vectors lie. */
export interface ProgramContext extends Freezing {
  readonly built: BuiltNetwork;
  readonly ports: Ports;
}

/** The same for batches of one kind. */
export interface BatchContext extends ProgramContext {
  /** Outputs whose targets have holes. */
  readonly missing: ReadonlySet<string>;
}

/** The network's context for the batches of a plan. */
export function batchContext(context: ProgramContext, { missing }: FeedPlan): BatchContext {
  return { ...context, missing };
}

/** The terms of a loss: one for each output, one for each penalty of a layer, one for the weights' penalties if there are any. */
export function termCount({ built }: ProgramContext, measures: Measures): number {
  return measures.losses.size + built.penalties + (hasWeightPenalty(built.weights) ? 1 : 0);
}

/**
 * Sections of a training. `gradient`: forward and backward of the summed loss, gradients stay resident; back come totals of losses and
 * metrics. `counts`, where several batches and several terms meet: the totals' counts alone. The others are those of `updateSections`.
 */
export function trainingSections(
  context: ProgramContext,
  plan: FeedPlan,
  measures: Measures,
  rule: OptimizerRule,
  form: TrainingForm = plainForm,
): SectionSource[] {
  if (learntPlaces(context).length === 0 && context.layout.places.length > 0) {
    throw new UsageError({
      code: "all_frozen",
      op: "fit",
      what: "every weight is frozen, there is nothing to learn",
      hint: "Call unfreeze.",
    });
  }
  const isShared = form.isAccumulating && termCount(context, measures) > 1;
  const gradient = gradientSection(context, plan, measures, isShared);
  return [gradient, ...(isShared ? [countSection(context, plan, measures)] : []), ...updateSections(context, rule, form)];
}

/** One section that returns totals of losses and metrics. */
export function evaluationSections(context: ProgramContext, plan: FeedPlan, measures: Measures): SectionSource[] {
  return [
    {
      name: "evaluate",
      arguments: batchArguments(context, plan),
      body(args) {
        const carrying = new Carrying(recordOf(args.states));
        const seen = totals(batchContext(context, plan), args, args.weights!, { training: false, key: null, carrying }, measures);
        return { fed: { ...fedTotals(seen), states: carrying.after } };
      },
    },
  ];
}

/** One section that returns the outputs, sequences dense with zeros in the padding. */
export function predictionSections(context: ProgramContext, plan: FeedPlan): SectionSource[] {
  return [
    {
      name: "predict",
      arguments: {
        weights: weightSpecs(context.layout, "weights"),
        x: plan.x,
        lengths: plan.lengths,
        states: carriedSpecs(context.built),
      },
      body(args) {
        const carrying = new Carrying(recordOf(args.states));
        const outputs = callNetwork(context, args, args.weights!, { training: false, key: null, carrying });
        return { fed: { outputs: Object.fromEntries(outputs), states: carrying.after } };
      },
    },
  ];
}

const keySpec: ArgumentSpec = { shape: [2], dtype: "int32" };

function batchArguments({ built, layout }: ProgramContext, plan: FeedPlan): SectionSource["arguments"] {
  const data = { x: plan.x, y: plan.y, lengths: plan.lengths, sampleWeights: plan.weights };
  return { weights: weightSpecs(layout, "weights"), ...data, states: carriedSpecs(built) };
}

/** With `isShared` the counts of all batches that a step adds up are fed, one for each term. */
function gradientSection(context: ProgramContext, plan: FeedPlan, measures: Measures, isShared: boolean): SectionSource {
  const terms = isShared ? termCount(context, measures) : 0;
  const counts = Object.fromEntries(Array.from({ length: terms }, (_, index) => [`term${index}`, scalarSpec]));
  return {
    name: "gradient",
    arguments: { ...batchArguments(context, plan), key: keySpec, counts },
    body(args): SectionResult {
      let seen: BatchTotals | null = null;
      const whole = isShared ? Object.values(recordOf(args.counts)) : null;
      const carrying = new Carrying(recordOf(args.states));
      const { learnt, withFrozen } = splitWeights(context, args.weights!);
      const summedLoss = (weights: Tree): Tensor => {
        seen = totals(
          batchContext(context, plan),
          args,
          withFrozen(weights),
          { training: true, key: tensorOf(args.key), carrying },
          measures,
        );
        return combined(termsOf(seen, measures), whole).sum;
      };
      const [, gradients] = valueAndGrad(summedLoss)(learnt);
      const fed = { ...fedTotals(seen!), states: carrying.after };
      return { fed, resident: intoVector(learntPlaces(context), "gradients", gradients) };
    },
  };
}

function countSection(context: ProgramContext, plan: FeedPlan, measures: Measures): SectionSource {
  return {
    name: "counts",
    arguments: { ...batchArguments(context, plan), key: keySpec },
    body(args): SectionResult {
      const seen = totals(batchContext(context, plan), args, args.weights!, { training: true, key: tensorOf(args.key) }, measures);
      return { fed: { counts: Object.fromEntries(termsOf(seen, measures).map(({ count }, index) => [`term${index}`, count])) } };
    },
  };
}

/** How a network is called. */
export interface Mode {
  readonly training: boolean;
  readonly key: Tensor | null;
  /** Sees the output of every layer call. */
  readonly onLayer?: (layer: string, output: Tensor) => void;
  readonly penalties?: PenaltySink;
  /** States of stateful layers; without it they begin at zero. */
  readonly carrying?: Carrying;
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
  const carried = mode.carrying?.memory();
  const options = { ...mode, ...given, ...(carried === undefined ? {} : { carried }) };
  return outputsByName(built.call(weights, fromArguments(recordOf(args.x)), options));
}

/** Totals of losses, penalties and metrics, from a section's arguments. Layers add penalties in training only. */
export function totals(
  context: BatchContext,
  args: Readonly<Record<string, Tree>>,
  weights: Tree,
  mode: Mode,
  measures: Measures,
): BatchTotals {
  const penalties: Total[] = [];
  const sink = ({ sum: total, count, factor }: Penalty): void => {
    penalties.push({ sum: mul(factor, total), count });
  };
  const outputs = callNetwork(context, args, weights, mode.training ? { ...mode, penalties: sink } : mode);
  const [y, given] = [recordOf(args.y), args.sampleWeights === undefined ? {} : recordOf(args.sampleWeights)];
  const [lengths = null] = Object.values(recordOf(args.lengths));
  const data = {
    targets: (name: string): Tensor => argumentOf(y, name),
    weights: (name: string): Tensor | null => argumentOf(given, name) ?? null,
    lengths,
    hasHoles: (name: string): boolean => context.missing.has(name),
    isSequence: (name: string): boolean => context.ports.outputs.get(name)!.sequence,
  };
  const ofWeights = weightPenalty(context.built.weights, (path) => weightAt(weights, path));
  return { ...measure(outputs, data, measures), penalties: ofWeights === null ? penalties : [...penalties, ofWeights] };
}

/** Totals as a section returns them. */
export function fedTotals({ losses, metrics, penalties, elements }: BatchTotals): Record<string, Tree> {
  const asTree = (entries: BatchTotals["losses"]): Tree =>
    Object.fromEntries(Object.entries(entries).map(([name, { sum: total, count }]) => [name, { sum: total, count }]));
  const numbered = Object.fromEntries(penalties.map((penalty, index) => [`penalty${index}`, penalty]));
  return { losses: asTree(losses), metrics: asTree(metrics), penalties: asTree(numbered), elements: elementTree(elements) };
}

function elementTree(elements: BatchTotals["elements"]): Tree {
  return Object.fromEntries(
    Object.entries(elements).map(([name, { actual, predicted, weights }]) => [
      name,
      weights === null ? { actual, predicted } : { actual, predicted, weights },
    ]),
  );
}

function intoVector(places: readonly Placed[], vector: string, tree: Tree): { vector: string; offset: number; value: Tensor }[] {
  return places.map(({ info, offset }) => {
    return { vector, offset, value: weightAt(tree, info.path) };
  });
}

function weightAt(tree: Tree, path: string): Tensor {
  const cut = path.indexOf("/");
  return tensorOf(entryOf(entryOf(tree, path.slice(0, cut)), path.slice(cut + 1)));
}
