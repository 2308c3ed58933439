// What the weights' own options add to a loss, and what they forbid after a step.

import type { Tensor } from "../base/tensor.js";
import type { WeightInfo } from "../nn/network.js";
import { abs, add, div, full, maximum, mul, reshape, sqrt, square, sum } from "../ops/index.js";
import { dimsOf } from "../trace/traced.js";
import type { Total } from "./terms.js";

/** True if a penalty on any weight counts in the loss. */
export function hasWeightPenalty(weights: readonly WeightInfo[]): boolean {
  return weights.some(({ regularizer }) => regularizer !== null && (regularizer.l1 > 0 || regularizer.l2 > 0));
}

/** Σ l1·|w| + l2·w² over all weights with a penalty, as a term with count 1; null if there are none. */
export function weightPenalty(weights: readonly WeightInfo[], weightAt: (path: string) => Tensor): Total | null {
  const parts = weights.flatMap(({ path, regularizer }): Tensor[] => {
    if (regularizer === null) return [];
    const { l1, l2 } = regularizer;
    const value = weightAt(path);
    return [...(l1 > 0 ? [mul(l1, sum(abs(value)))] : []), ...(l2 > 0 ? [mul(l2, sum(square(value)))] : [])];
  });
  const [first, ...rest] = parts;
  if (first === undefined) return null;
  return { sum: rest.reduce((total, part) => add(total, part), first), count: full([], 1) };
}

/** The weight as its constraint allows it: the weights into one unit, all axes but the last, have at most the norm `limit`. */
export function constrained(value: Tensor, { constraint }: WeightInfo): Tensor {
  if (constraint === null) return value;
  const shape = dimsOf(value).map(Number);
  const last = shape.at(-1) ?? 1;
  const columns =
    shape.length === 1 ? reshape(value, [1, last]) : reshape(value, [shape.reduce((size, each) => size * each, 1) / last, last]);
  const norms = sqrt(sum(square(columns), { axis: 0, keepDims: true }));
  return reshape(mul(columns, div(constraint.limit, maximum(norms, constraint.limit))), shape);
}
