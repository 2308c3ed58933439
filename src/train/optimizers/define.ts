// What an optimiser is: a rule for one weight, lifted to trees for loops of one's own and to flat vectors for fit.

import { UsageError } from "../../base/errors.js";
import { hostTensor, type Tensor } from "../../base/tensor.js";
import { isRecord, orderedLike, type Tree, treeShape } from "../../base/tree.js";
import { checkOptions, type OptionKinds, shown } from "../../nn/options.js";
import { add, tensor, zeros } from "../../ops/index.js";
import { isTensor, tensorLeaves, tensorTree } from "../../trace/traced.js";
import { checkLimit } from "../trees.js";

/** The learning rate at a step: a float32 scalar that counts from 1. Made of ops, because it is traced. */
export type Schedule = (step: Tensor) => Tensor;

/** Options every optimiser has. */
export interface OptimizerOptions {
  readonly learningRate?: number | Schedule;
  /**
   * `fit` scales gradients down to this global norm; false switches it off. Default 1, or off when `clipValue` is given.
   * `update` never clips: use clipByGlobalNorm in a loop of your own.
   */
  readonly clipNorm?: number | false;
  /** `fit` cuts every gradient entry to [-clipValue, clipValue], before the norm is taken. */
  readonly clipValue?: number;
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
  /** True if the rule treats every element alike, so that it may see all weights as one vector. */
  readonly elementwise: boolean;
  /** What model.json stores; null for optimisers that cannot be made by name. */
  readonly saved: Readonly<Record<string, number | boolean>> | null;
  step(
    w: Tensor,
    g: Tensor,
    slots: Readonly<Record<string, Tensor>>,
    step: Tensor,
    learningRate: Tensor,
  ): { w: Tensor; slots: Record<string, Tensor> };
}

/** An optimiser; `slots` holds `step` and one tree per slot. */
export interface Optimizer {
  readonly name: string;
  readonly rule: OptimizerRule;
  /** Slots at the start: zeros. */
  init(weights: Tree): Tree;
  /** One step, in plain or traced tensors; gradients are used as they are. */
  update(args: { readonly weights: Tree; readonly grads: Tree; readonly slots: Tree }): { weights: Tree; slots: Tree };
}

/** Facts of a rule that `makeOptimizer` lifts. */
export interface RuleFacts<S extends string> {
  readonly name: string;
  readonly slots: readonly S[];
  readonly elementwise: boolean;
  readonly saved: Readonly<Record<string, number | boolean>> | null;
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
  checkOptions(name, options, { learningRate: "any", clipNorm: "any", clipValue: "any", ...own });
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
  const { learningRate, clipValue = null } = options;
  const isRate = typeof learningRate === "number" ? learningRate >= 0 && Number.isFinite(learningRate) : typeof learningRate === "function";
  if (!isRate) {
    throw new UsageError({
      code: "bad_learning_rate",
      op: facts.name,
      what: `the learning rate must be a number of at least 0 or a function of the step, got ${shown(learningRate)}`,
    });
  }
  const clipNorm = options.clipNorm === false ? null : (options.clipNorm ?? (clipValue === null ? 1 : null));
  for (const limit of [clipNorm, clipValue]) if (limit !== null) checkLimit(facts.name, limit);
  return {
    slots: facts.slots,
    learningRate,
    clipNorm,
    clipValue,
    elementwise: facts.elementwise,
    saved: facts.saved === null || typeof learningRate !== "number" ? null : savedOptions(facts.saved, learningRate, clipNorm, clipValue),
    step(w, g, slots, step, rate) {
      // The rule's argument is the record that its own slot names describe.
      const next = facts.update({ w, g, step, learningRate: rate, ...slots } as RuleArguments<S>);
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

function savedOptions(
  own: Readonly<Record<string, number | boolean>>,
  learningRate: number,
  clipNorm: number | null,
  clipValue: number | null,
): Readonly<Record<string, number | boolean>> {
  return { learningRate, clipNorm: clipNorm ?? false, ...(clipValue === null ? {} : { clipValue }), ...own };
}

function updateTrees(
  name: string,
  rule: OptimizerRule,
  args: { readonly weights: Tree; readonly grads: Tree; readonly slots: Tree },
): { weights: Tree; slots: Tree } {
  const { weights } = args;
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
    return rule.step(leaf, gradients[index]!, own, step, rate);
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
