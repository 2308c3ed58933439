// Scores of the predictive distribution: CRPS, weighted quantile loss, and how often the intervals held.

import type { Frame } from "../../data/frame.js";
import { coverage, crpsOf, halfWidth, membersAt, noIntervalScores, pinball, quantileLevels, type Spread } from "./intervals.js";
import type { IntervalScores } from "./types.js";

/** Forecasts to score, in levels. */
export interface Scored {
  readonly frame: Frame;
  readonly origins: readonly number[];
  readonly levels: readonly Float64Array[];
  readonly spreads: readonly (Spread | null)[];
}

/** Scores over all observed rows of the forecasts that have a spread, in the unit of the target; all null without any. */
export function scoreSpread({ frame, origins, levels, spreads }: Scored): IntervalScores {
  const { transform, values } = frame;
  const toUnit = (level: number): number => (transform.log ? Math.exp(level) : level);
  const inside = { half80: [] as Point[], half95: [] as Point[] };
  let [crps, loss, size, points] = [0, 0, 0, 0];
  origins.forEach((origin, n) => {
    const spread = spreads[n] ?? null;
    if (spread === null) return;
    levels[n]!.forEach((level, step) => {
      const actual = values[origin + step]!;
      if (Number.isNaN(actual)) return;
      for (const [name, share] of [
        ["half80", 0.8],
        ["half95", 0.95],
      ] as const) {
        const half = halfWidth(spread, step, share);
        inside[name].push({ actual, lower: toUnit(level - half), upper: toUnit(level + half) });
      }
      points++;
      size += Math.abs(actual);
      crps += crpsOf(
        membersAt(spread, step).map((error) => toUnit(level + error)),
        actual,
      );
      for (const at of quantileLevels) {
        // The distribution is symmetric in levels: the quantile at 0.9 is the end of the 80 % interval.
        const half = at === 0.5 ? 0 : halfWidth(spread, step, Math.abs(2 * at - 1));
        loss += 2 * pinball(actual, toUnit(level + Math.sign(at - 0.5) * half), at);
      }
    });
  });
  if (points === 0) return noIntervalScores;
  return {
    crps: crps / points,
    wql: size === 0 ? null : loss / quantileLevels.length / size,
    coverage80: coverage(inside.half80),
    coverage95: coverage(inside.half95),
  };
}

interface Point {
  readonly actual: number;
  readonly lower: number;
  readonly upper: number;
}
