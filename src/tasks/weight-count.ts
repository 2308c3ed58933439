// How many numbers a tree of weights holds.

import type { Model } from "../train/index.js";

/** The number of trained and frozen numbers. */
export function weightCount(weights: Model["weights"]): number {
  if ("dtype" in weights && "data" in weights) return (weights.shape as readonly number[]).reduce((product, size) => product * size, 1);
  return Object.values(weights).reduce<number>((sum, child) => sum + weightCount(child), 0);
}
