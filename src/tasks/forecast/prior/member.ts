// A network trained beforehand on generated series, as a member of the combination.

import type { Past } from "../simple/index.js";
import { priorLevels } from "./network.js";
import { storedWeights } from "./stored-weights.js";
import { decodeWeights, type PriorWeights } from "./weights.js";
import { priorWindow } from "./window.js";

let weights: PriorWeights | null = null;

/** Decoded when the first forecast is asked for. Null where the past is too short, stands still, or has no logarithm though it should. */
export function pretrained(past: Past): Float64Array | null {
  const window = priorWindow(past);
  if (window === null) return null;
  weights ??= decodeWeights(storedWeights);
  const levels = priorLevels(weights, window);
  return past.log ? levels.map(Math.exp) : levels;
}
