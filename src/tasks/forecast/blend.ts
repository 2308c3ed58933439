// The default forecast: the chosen combination of simple methods, moved towards the network by the weight it earned.

import { type Frame, fromLevels } from "../../data/frame.js";
import { type Choice, combine, type Trial } from "./choice.js";
import type { Outlook } from "./forecaster.js";

/** What one origin was forecast to bring, in the unit of the target. */
export interface Parts {
  readonly origin: number;
  /** null if the network alone was asked for. */
  readonly simple: Float64Array | null;
  readonly network: Float64Array;
}

/** The network's outlooks at the trials beside the combination of what was tried there; `weightsAt` gives its weights, null for none. */
export function partsOf(
  frame: Frame,
  trials: readonly Trial[],
  outlooks: readonly Outlook[],
  weightsAt: (trial: number) => Choice["weights"] | null,
): Parts[] {
  return trials.map((trial, n) => {
    const weights = weightsAt(n);
    const { levels } = outlooks[n]!;
    const simple = weights === null ? null : combine(weights, trial, levels.length);
    return { origin: trial.origin, simple, network: fromLevels(levels, frame.transform) };
  });
}

/**
 * The blend in levels (logarithms if the transform takes them). A series that was never below zero is not forecast below
 * it, and one on logarithms not below a tenth of its smallest value.
 */
export function blended({ origin, simple, network }: Parts, weight: number, frame: Frame): Float64Array {
  const least = floorOf(frame, origin);
  const values = simple === null ? network : network.map((value, h) => simple[h]! + weight * (value - simple[h]!));
  const kept = values.map((value) => Math.max(value, least));
  return frame.transform.log ? kept.map(Math.log) : kept;
}

function floorOf({ values, transform }: Frame, origin: number): number {
  const past = values.subarray(0, origin);
  const smallest = past.reduce((least, value) => (Number.isNaN(value) ? least : Math.min(least, value)), Number.POSITIVE_INFINITY);
  return transform.log ? smallest / 10 : smallest >= 0 ? 0 : Number.NEGATIVE_INFINITY;
}
