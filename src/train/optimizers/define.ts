// What an optimiser is: a rule for one weight, lifted to trees for loops of one's own and to flat vectors for fit.

import { UsageError } from "../../base/errors.js";
import { hostTensor, type Tensor } from "../../base/tensor.js";
import { isRecord, orderedLike, type Tree, treeShape } from "../../base/tree.js";
import type { Json } from "../../nn/layer.js";
import { checkOptions, type OptionKinds, shown } from "../../nn/options.js";
import { add, exp, foldIn, log1p, mul, normal, randomKey, sub, tensor, zeros } from "../../ops/index.js";
import { dimsOf, isTensor, tensorLeaves, tensorTree } from "../../trace/traced.js";
import { isScheduleRecord, type Schedule, scheduleFromRecord, scheduleRecord } from "../schedules/index.js";
import { checkLimit } from "../trees.js";

/** Options every optimiser has. */
export interface OptimizerOptions {
  /** A number, or a schedule: cosineSchedule({ ... }), or a function of the step made of ops. */
  readonly learningRate?: number | Schedule;
  /**
   * `fit` scales gradients down to this global norm; false switches it off. Default 1, or off when `clipValue` is given.
   * `update` never clips: use clipByGlobalNorm in a loop of your own.
   */
  readonly clipNorm?: number | false;
  /** `fit` cuts every gradient entry to [-clipValue, clipValue], before the norm is taken. */
  readonly clipValue?: number;
  /** `fit` scales each weight's gradient down to this norm, before the global norm is taken. */
  readonly clipWeightNorm?: number;
  /** Share of each weight that a step of rate 1 takes away, beside the gradient (Loshchilov & Hutter 2019): 0. */
  readonly weightDecay?: number;
  /** "matrices" leaves out biases, gains and all other vectors: "all". */
  readonly weightDecayOn?: "all" | "matrices";
  /**
   * η: adds normal noise of variance η / (1 + step)^γ to the clipped gradient (Neelakantan et al. 2015). It depends on the seed of `fit`
   * (or the key that `update` is given), the step and the weight only: 0.
   */
  readonly gradientNoise?: number;
  /** γ: 0.55. */
  readonly gradientNoiseDecay?: number;
}

/** What a file keeps of an optimiser's options. */
export type SavedOptions = Readonly<Record<string, Json>>;

/** What a step of a rule knows beside weight, gradient and slots. */
export interface StepScalars {
  /** From 1. */
  readonly step: Tensor;
  readonly learningRate: Tensor;
  /** Of the noise; the same at every step. */
  readonly key: Tensor;
  /** Number of the weight among all. */
  readonly index: number;
}

/** What `update` of a rule sees: one weight, its gradient, its slots by name, and two scalars. */
export type RuleArguments<S extends string> = {
  readonly w: Tensor;
  readonly g: Tensor;
  readonly step: Tensor;
  readonly learningRate: Tensor;
} & {
  readonly [K in S]: Tensor;
};
/** The next weight and the next slots. */
export type RuleResult<S extends string> = { readonly w: Tensor } & { readonly [K in S]: Tensor };

/** How `fit` uses an optimiser. */
export interface OptimizerRule {
  readonly slots: readonly string[];
  readonly learningRate: number | Schedule;
  readonly clipNorm: number | null;
  readonly clipValue: number | null;
  readonly clipWeightNorm: number | null;
  /** True if steps draw noise from the key. */
  readonly isNoisy: boolean;
  /** True if the rule treats every element alike, so that it may see all weights as one vector. */
  readonly elementwise: boolean;
  /** What model.json stores; null for optimisers that cannot be made by name. */
  readonly saved: SavedOptions | null;
  step(w: Tensor, g: Tensor, slots: Readonly<Record<string, Tensor>>, scalars: StepScalars): { w: Tensor; slots: Record<string, Tensor> };
}

/** An optimiser; `slots` holds `step` and one tree per slot. */
export interface Optimizer {
  readonly name: string;
  readonly rule: OptimizerRule;
  /** Slots at the start: zeros. */
  init(weights: Tree): Tree;
  /**
   * One step, in plain or traced tensors; gradients are used as they are. The key is that of gradient noise, the same at every step:
   * randomKey(seed) gives the noise of `fit` with that seed; randomKey(0) unless given.
   */
  update(args: UpdateArguments): { weights: Tree; slots: Tree };
}

/** What `update` takes. */
export interface UpdateArguments {
  readonly weights: Tree;
  readonly grads: Tree;
  readonly slots: Tree;
  readonly key?: Tensor;
}

/** Facts of a rule that `makeOptimizer` lifts. */
export interface RuleFacts<S extends string> {
  readonly name: string;
  readonly slots: readonly S[];
  readonly elementwise: boolean;
  readonly saved: SavedOptions | null;
  update(args: RuleArguments<S>): RuleResult<S>;
}

/**
 * An optimiser of one's own. `update` sees one weight at a time.
 *
 * @throws UsageError `slot_missing` when `update` leaves out a slot
 * @example defineOptimizer({ name: "heavy-ball", slots: ["m"], learningRate: 0.01,
 *   update({ w, g, m, learningRate }) { const v = add(mul(0.9, m), g); return { w: sub(w, mul(learningRate, v)), m: v }; } })
 */
export function defineOptimizer<const S extends readonly string[]>(spec: {
  readonly name: string;
  readonly slots: S;
  readonly learningRate: number;
  update(args: RuleArguments<S[number]>): RuleResult<S[number]>;
}): (options?: OptimizerOptions) => Optimizer {
  const facts: RuleFacts<S[number]> = { name: spec.name, slots: spec.slots, elementwise: false, saved: null, update: spec.update };
  return (options = {}) => {
    checkOptimizerOptions(spec.name, options, {});
    return makeOptimizer(facts, { learningRate: spec.learningRate, ...options });
  };
}

/** An optimiser from a rule and checked options. */
export function makeOptimizer<S extends string>(
  facts: RuleFacts<S>,
  options: OptimizerOptions & { readonly learningRate: number | Schedule },
): Optimizer {
  const rule = makeRule(facts, options);
  return {
    name: facts.name,
    rule,
    init(weights) {
      const leaves = tensorLeaves(weights);
      const zeroLeaves = (): Tree =>
        tensorTree(
          weights,
          leaves.map(({ leaf }) => zeros(leaf.shape)),
        );
      return { step: tensor(0), ...Object.fromEntries(rule.slots.map((slot) => [slot, zeroLeaves()])) };
    },
    update: (args) => updateTrees(facts.name, rule, args),
  };
}

/** Checks options by name and kind, those that every optimiser has among them; throws UsageError `unknown_option`, `bad_option`. */
export function checkOptimizerOptions(name: string, options: OptimizerOptions, own: OptionKinds): void {
  checkOptions(name, options, {
    learningRate: "any",
    clipNorm: "any",
    clipValue: "any",
    clipWeightNorm: "any",
    weightDecay: "nonNegative",
    weightDecayOn: "any",
    gradientNoise: "nonNegative",
    gradientNoiseDecay: "nonNegative",
    ...own,
  });
  const { weightDecayOn = "all" } = options;
  if (weightDecayOn === "all" || weightDecayOn === "matrices") return;
  const what = `weightDecayOn must be "all" or "matrices", got ${shown(weightDecayOn)}`;
  throw new UsageError({ code: "bad_option", op: name, what });
}

/** The learning rate as a traced or plain scalar. */
export function learningRateAt(rule: OptimizerRule, step: Tensor): Tensor {
  if (typeof rule.learningRate !== "number") return rule.learningRate(step);
  // Kept in float64, as every number inside an op is.
  return hostTensor(Float64Array.of(rule.learningRate), [], "float32");
}

function makeRule<S extends string>(
  facts: RuleFacts<S>,
  options: OptimizerOptions & { readonly learningRate: number | Schedule },
): OptimizerRule {
  const { learningRate, clipValue = null, clipWeightNorm = null, weightDecay = 0, weightDecayOn = "all" } = options;
  checkLearningRate(facts.name, learningRate);
  const clipNorm = options.clipNorm === false ? null : (options.clipNorm ?? (clipValue === null ? 1 : null));
  for (const limit of [clipNorm, clipValue, clipWeightNorm]) if (limit !== null) checkLimit(facts.name, limit);
  const noise = noiseOf(options);
  const isDecayed = (w: Tensor): boolean => weightDecay > 0 && (weightDecayOn === "all" || dimsOf(w).length >= 2);
  return {
    slots: facts.slots,
    learningRate,
    clipNorm,
    clipValue,
    clipWeightNorm,
    isNoisy: noise !== null,
    elementwise: facts.elementwise && clipWeightNorm === null && noise === null && (weightDecay === 0 || weightDecayOn === "all"),
    saved: savedOptions(facts.saved, options, clipNorm),
    step(w, g, slots, scalars) {
      const { step, learningRate: rate } = scalars;
      const given = { w: isDecayed(w) ? mul(w, sub(1, mul(rate, weightDecay))) : w, g: noise === null ? g : noise(g, scalars) };
      // The rule's argument is the record that its own slot names describe.
      const next = facts.update({ ...given, step, learningRate: rate, ...slots } as RuleArguments<S>);
      const kept = facts.slots.map((slot): [string, Tensor] => {
        const value = (next as Readonly<Record<string, Tensor | undefined>>)[slot];
        if (value === undefined)
          throw new UsageError({ code: "slot_missing", op: facts.name, what: `update did not return the slot "${slot}"` });
        return [slot, value];
      });
      return { w: next.w, slots: Object.fromEntries(kept) };
    },
  };
}

function checkLearningRate(name: string, learningRate: unknown): void {
  const isRate = typeof learningRate === "number" ? learningRate >= 0 && Number.isFinite(learningRate) : typeof learningRate === "function";
  if (isRate) return;
  throw new UsageError({
    code: "bad_learning_rate",
    op: name,
    what: `the learning rate must be a number of at least 0 or a function of the step, got ${shown(learningRate)}`,
  });
}

/** Keeps the noise's keys away from those that training draws its masks from. */
const noiseSalt = 0x6e6f6973;

/** What adds noise to a gradient; null if nothing does. */
function noiseOf({ gradientNoise = 0, gradientNoiseDecay = 0.55 }: OptimizerOptions): ((g: Tensor, of: StepScalars) => Tensor) | null {
  if (gradientNoise === 0) return null;
  return (g, { step, key, index }) => {
    const own = foldIn(foldIn(foldIn(key, noiseSalt), step), index);
    const deviation = mul(Math.sqrt(gradientNoise), exp(mul(-gradientNoiseDecay / 2, log1p(step))));
    return add(g, mul(deviation, normal(own, dimsOf(g).map(Number))));
  };
}

/** Options as a file keeps them; null for rules or schedules of the user's own. */
function savedOptions(own: SavedOptions | null, options: OptimizerOptions, clipNorm: number | null): SavedOptions | null {
  const { learningRate, clipValue, clipWeightNorm, weightDecay, weightDecayOn, gradientNoise, gradientNoiseDecay } = options;
  const rate = typeof learningRate === "function" ? scheduleRecord(learningRate) : (learningRate ?? null);
  if (own === null || rate === null) return null;
  const common = { clipValue, clipWeightNorm, weightDecay, weightDecayOn, gradientNoise, gradientNoiseDecay };
  const given = Object.entries(common).flatMap(([name, value]): [string, Json][] => (value === undefined ? [] : [[name, value]]));
  return { learningRate: rate, clipNorm: clipNorm ?? false, ...Object.fromEntries(given), ...own };
}

/** Options of a file with its schedule made again; the maker checks the rest. */
export function optionsFromFile(saved: SavedOptions): OptimizerOptions {
  const { learningRate, ...rest } = saved;
  const rate = isScheduleRecord(learningRate) ? scheduleFromRecord(learningRate) : learningRate;
  return (rate === undefined ? rest : { ...rest, learningRate: rate }) as OptimizerOptions;
}

function updateTrees(name: string, rule: OptimizerRule, args: UpdateArguments): { weights: Tree; slots: Tree } {
  const { weights, key = randomKey(0) } = args;
  const alike = (tree: Tree): Tree => orderedLike<Tensor, Tree>(weights, tree, isTensor);
  const grads = alike(args.grads);
  const { slots } = args;
  if (treeShape(weights, isTensor) !== treeShape(grads, isTensor)) {
    throw new UsageError({ code: "tree_structure", op: name, what: "weights and grads have different names" });
  }
  const step = add(leafOf(slots, "step", name), 1);
  const rate = learningRateAt(rule, step);
  const gradients = tensorLeaves(grads).map(({ leaf }) => leaf);
  const slotLeaves = rule.slots.map((slot) => tensorLeaves(alike(treeAt(slots, slot, name))).map(({ leaf }) => leaf));
  const moved = tensorLeaves(weights).map(({ leaf }, index) => {
    const own = Object.fromEntries(rule.slots.map((slot, which) => [slot, slotLeaves[which]![index]!]));
    return rule.step(leaf, gradients[index]!, own, { step, learningRate: rate, key, index });
  });
  const asTree = (leaves: readonly Tensor[]): Tree => tensorTree(weights, leaves);
  const nextSlots = rule.slots.map((slot): [string, Tree] => [slot, asTree(moved.map((each) => each.slots[slot]!))]);
  return { weights: asTree(moved.map(({ w }) => w)), slots: { step, ...Object.fromEntries(nextSlots) } };
}

function treeAt(slots: Tree, name: string, op: string): Tree {
  const found = isRecord(slots) && !isTensor(slots) ? (slots as Readonly<Record<string, Tree>>)[name] : undefined;
  if (found === undefined)
    throw new UsageError({
      code: "slot_missing",
      op,
      what: `the slots have no "${name}"`,
      hint: "Make them with optimizer.init(weights).",
    });
  return found;
}

function leafOf(slots: Tree, name: string, op: string): Tensor {
  const found = treeAt(slots, name, op);
  if (!isTensor(found)) throw new UsageError({ code: "slot_missing", op, what: `the slot "${name}" is not a tensor` });
  return found;
}
