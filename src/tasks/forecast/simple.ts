// The simple methods every network has to face: naive, seasonal naive, and seasonal naive with drift.

import { type Frame, fromLevels, makeFrame, outputLevels } from "../../data/frame.js";
import { meanOf, seasonalDifference } from "../../data/transform.js";
import type { ForecastEvaluation } from "./types.js";

export type SimpleMethod = "naive" | "seasonalNaive" | "seasonalNaiveDrift";

export const simpleMethods: readonly SimpleMethod[] = ["naive", "seasonalNaive", "seasonalNaiveDrift"];

/** As they are called in tables and sentences. */
export const methodNames: Readonly<Record<NonNullable<ForecastEvaluation["best"]>, string>> = {
  model: "the network",
  naive: "naive",
  seasonalNaive: "seasonal naive",
  seasonalNaiveDrift: "seasonal naive with drift",
};

/**
 * Forecasts `horizon` rows from `origin` on, reading only rows before it.
 *
 * - naive: the last value;
 * - seasonal naive: the value one season before (the last value without a season);
 * - with drift: the same plus the mean seasonal change of the training part per season, on logarithms if `log`.
 *
 * @param options.drift  from `meanDrift` of the training part
 */
export function simpleForecast(
  method: SimpleMethod,
  options: { values: Float64Array; origin: number; horizon: number; season: number; log: boolean; drift: number },
): Float64Array {
  const { values, origin, horizon, season, log, drift } = options;
  const lag = method === "naive" || origin <= season ? 1 : season;
  const isDrifting = method === "seasonalNaiveDrift";
  // A scale of 1 turns the outputs of the shared inverse into plain changes: all of them the drift, or none.
  const transform = { log: log && isDrifting, seasonalLag: lag, relative: false, mean: 0, scale: 1, words: "", reasons: [] };
  const frame: Frame = makeFrame(values.slice(0, origin), transform, season);
  const changes = new Float64Array(horizon).fill(isDrifting ? drift : 0);
  return fromLevels(outputLevels(frame, origin, changes), transform);
}

/** Mean change over one season inside the training part, in logarithms if `log`; 0 if there are no two such rows. */
export function meanDrift(training: Float64Array, season: number, log: boolean): number {
  const lag = training.length > season ? season : 1;
  const drift = meanOf(seasonalDifference(log ? training.map(Math.log) : training, lag));
  return Number.isNaN(drift) ? 0 : drift;
}
