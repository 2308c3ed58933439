// What pictures of a forecast are made of.

import type { ForecastPhase, MethodScores } from "./types.js";

/** One observed point. */
export interface HistoryPoint {
  readonly time: string;
  readonly value: number | null;
}

/** Loss per epoch of one training phase. */
export interface LossCurve {
  readonly phase: ForecastPhase;
  readonly loss: readonly number[];
  readonly valLoss: readonly number[];
}

/** One of many series that is worth a picture. */
export interface PicturedSeries {
  readonly id: string | null;
  readonly target: string;
  /** Every observed row in time order, the hold-out included. */
  readonly history: readonly HistoryPoint[];
  readonly model: MethodScores;
  readonly seasonalNaive: MethodScores;
  /** Why it was chosen: one of the first in the table, or one of those with the largest MASE. */
  readonly why: "first" | "worst";
}
