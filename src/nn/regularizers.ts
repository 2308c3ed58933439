// What keeps weights small: penalties on their values, and limits on their norms. Plain data, so that they are saved with a layer.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { type Initializer, initializerOf } from "./initializers.js";
import { type OptionKinds, shown } from "./options.js";
import type { Weight } from "./weight.js";

/** A penalty on the values of one weight: l1·Σ|w| + l2·Σw². */
export interface Regularizer {
  readonly kind: "l1l2";
  readonly l1: number;
  readonly l2: number;
}

/** A limit that holds after every step of the optimiser: the weights into one unit have at most this Euclidean norm. */
export interface Constraint {
  readonly kind: "maxNorm";
  readonly limit: number;
}

/** factor·Σ|w|: many weights become exactly useless (Tibshirani 1996). @example dense({ units: 1, kernelRegularizer: l1(1e-4) }) */
export function l1(factor = 0.01): Regularizer {
  return l1l2({ l1: factor });
}

/** factor·Σw², without a half. @example lstm({ units: 64, recurrentRegularizer: l2(1e-4) }) */
export function l2(factor = 0.01): Regularizer {
  return l1l2({ l2: factor });
}

/**
 * l1·Σ|w| + l2·Σw² (Zou & Hastie 2005). What is not given is 0.
 *
 * @throws UsageError `bad_regularizer`
 * @example dense({ units: 1, kernelRegularizer: l1l2({ l1: 1e-5, l2: 1e-4 }) })
 */
export function l1l2(factors: { readonly l1?: number; readonly l2?: number }): Regularizer {
  const made = { kind: "l1l2", l1: factors.l1 ?? 0, l2: factors.l2 ?? 0 } as const;
  if (isRegularizer(made)) return made;
  throw new UsageError({ code: "bad_regularizer", what: `factors must be numbers of at least 0, got ${shown(factors)}` });
}

/**
 * The weights that lead into one unit (all axes but the last) are scaled down to at most this norm after every step (Srivastava et al. 2014).
 *
 * @throws UsageError `bad_regularizer`
 * @example dense({ units: 64, kernelConstraint: maxNorm(3) })
 */
export function maxNorm(limit = 2): Constraint {
  const made = { kind: "maxNorm", limit } as const;
  if (isConstraint(made)) return made;
  throw new UsageError({ code: "bad_regularizer", what: `the largest norm must be a number above 0, got ${shown(limit)}` });
}

/** Options of layers with weights. A matrix whose name begins with U is recurrent, other matrices and tables are kernels, a vector whose name begins with b is a bias. */
export interface WeightRules {
  /** Penalty on the kernel: l1(factor), l2(factor), l1l2({ l1, l2 }). It counts in the loss, in validation too. */
  readonly kernelRegularizer?: Regularizer;
  /** Penalty on the bias. */
  readonly biasRegularizer?: Regularizer;
  /** Limit on the kernel after every step: maxNorm(3). */
  readonly kernelConstraint?: Constraint;
  /** Start of the kernel, by name or as in heNormal(); each layer says its default. */
  readonly kernelInitializer?: Initializer;
  /** Start of the bias; default zeros. */
  readonly biasInitializer?: Initializer;
}

/** The same for recurrent layers. */
export interface RecurrentWeightRules extends WeightRules {
  /** Penalty on the recurrent matrix. */
  readonly recurrentRegularizer?: Regularizer;
  /** Limit on the recurrent matrix after every step. */
  readonly recurrentConstraint?: Constraint;
  /** Start of the recurrent matrix, each gate by itself; default orthogonal, the identity for relu. */
  readonly recurrentInitializer?: Initializer;
}

/** Kinds of these options, for `checkOptions`. */
export const weightRuleKinds: OptionKinds = {
  kernelRegularizer: "any",
  biasRegularizer: "any",
  kernelConstraint: "any",
  kernelInitializer: "any",
  biasInitializer: "any",
};
export const recurrentRuleKinds: OptionKinds = {
  ...weightRuleKinds,
  recurrentRegularizer: "any",
  recurrentConstraint: "any",
  recurrentInitializer: "any",
};

type Role = "kernel" | "recurrent" | "bias";

/** Refuses values of these options that are none; throws UsageError `bad_option`. */
export function checkWeightRules(owner: string, rules: RecurrentWeightRules): void {
  for (const [name, value] of givenRules(rules)) {
    if (name.endsWith("Initializer")) {
      initializerOf(owner, name, value);
      continue;
    }
    const isRight = name.endsWith("Regularizer") ? isRegularizer(value) : isConstraint(value);
    if (isRight) continue;
    const hint = name.endsWith("Regularizer") ? "Use l1(factor), l2(factor) or l1l2({ l1, l2 })." : "Use maxNorm(limit).";
    throw new UsageError({ code: "bad_option", what: `${owner}: option ${name} is ${shown(value)}`, hint });
  }
}

/** The weights of a layer with its rules on them; throws UsageError `bad_option` for a rule on a weight that the layer does not have. */
export function withWeightRules<W extends { readonly [name: string]: Weight }>(
  owner: string,
  weights: W,
  rules: RecurrentWeightRules,
): { readonly [name: string]: Weight } {
  const given = givenRules(rules);
  if (given.length === 0) return weights;
  const roles = new Set(Object.entries(weights).map(([name, spec]) => roleOf(name, spec)));
  for (const [name] of given) {
    const role = name.replace(/Regularizer$|Constraint$|Initializer$/, "") as Role;
    if (roles.has(role)) continue;
    const what = `${owner}: option ${name} is given, but the layer has no ${role === "recurrent" ? "recurrent matrix" : role}`;
    throw new UsageError({ code: "bad_option", what, hint: `Its weights are ${Object.keys(weights).join(", ")}.` });
  }
  return Object.fromEntries(
    Object.entries(weights).map(([name, spec]) => {
      const role = roleOf(name, spec);
      if (role === null) return [name, spec];
      const regularizer = rules[`${role}Regularizer`];
      const constraint = role === "bias" ? undefined : rules[`${role}Constraint`];
      const initializer = rules[`${role}Initializer`];
      return [
        name,
        {
          ...spec,
          ...(regularizer === undefined ? {} : { regularizer }),
          ...(constraint === undefined ? {} : { constraint }),
          ...(initializer === undefined ? {} : { init: initializerOf(owner, `${role}Initializer`, initializer) }),
        },
      ];
    }),
  );
}

/** True for the matrices that a step multiplies states by. */
export function isRecurrentMatrix(name: string, rank: number): boolean {
  return rank >= 2 && name.startsWith("U");
}

function roleOf(name: string, { shape }: Weight): Role | null {
  if (shape.length >= 2) return isRecurrentMatrix(name, shape.length) ? "recurrent" : "kernel";
  return name.startsWith("b") ? "bias" : null;
}

function givenRules(rules: RecurrentWeightRules): (readonly [name: string, value: unknown])[] {
  return Object.keys(recurrentRuleKinds).flatMap((name) => {
    const value: unknown = rules[name as keyof RecurrentWeightRules];
    return value === undefined ? [] : [[name, value] as const];
  });
}

function isRegularizer(value: unknown): value is Regularizer {
  return isRecord(value) && value.kind === "l1l2" && [value.l1, value.l2].every(isFactor);
}

function isConstraint(value: unknown): value is Constraint {
  return isRecord(value) && value.kind === "maxNorm" && isFactor(value.limit) && value.limit > 0;
}

function isFactor(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}
