// Scores of the predictive distribution: CRPS, weighted quantile loss, and how often the intervals held.

import type { Frame } from "../../data/frame.js";
import { type Outlook, quantileAt } from "./forecaster.js";
import { isIntermittent } from "./intermittent.js";
import { coverage, crpsOf, halfWidth, membersAt, noIntervalScores, pinball, quantileLevels, type Spread } from "./intervals.js";
import { quantileBetween } from "./network/distributions/index.js";
import type { IntervalScores } from "./types.js";

/** Forecasts to score, in levels. */
export interface Scored {
  readonly frame: Frame;
  readonly origins: readonly number[];
  readonly levels: readonly Float64Array[];
  readonly spreads: readonly (Spread | null)[];
  readonly quantiles: readonly Outlook["quantiles"][];
}

/** What one forecast says of one step, in levels. */
interface Said {
  quantile(share: number): number;
  /** Equally likely values. */
  members(): readonly number[];
}

/** Scores over all observed rows of the forecasts that say a distribution, in the unit of the target; all null without any. */
export function scoreSpread({ frame, origins, levels, spreads, quantiles }: Scored): IntervalScores {
  const { transform, values } = frame;
  const toUnit = (level: number): number => (transform.log ? Math.exp(level) : level);
  const inside = { half80: [] as Point[], half95: [] as Point[] };
  let [crps, loss, size, points] = [0, 0, 0, 0];
  origins.forEach((origin, n) => {
    const isDemand = quantiles[n] == null && isIntermittent(values.subarray(0, origin), frame.season);
    levels[n]!.forEach((level, step) => {
      const said = saidAt(spreads[n] ?? null, quantiles[n] ?? null, { level, step, isDemand });
      const actual = values[origin + step]!;
      if (said === null || Number.isNaN(actual)) return;
      for (const [name, share] of [
        ["half80", 0.1],
        ["half95", 0.025],
      ] as const) {
        const [lower, upper] = isDemand
          ? [0, Math.max(level, said.quantile(1 - 2 * share))]
          : [said.quantile(share), said.quantile(1 - share)];
        inside[name].push({ actual, lower: toUnit(lower), upper: toUnit(upper) });
      }
      points++;
      size += Math.abs(actual);
      crps += crpsOf(said.members().map(toUnit), actual);
      for (const at of quantileLevels) loss += 2 * pinball(actual, toUnit(said.quantile(at)), at);
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

/** The quantiles that a forecaster gave, or those of the spread around its level; null without either. */
function saidAt(
  spread: Spread | null,
  quantiles: Outlook["quantiles"],
  { level, step, isDemand }: { readonly level: number; readonly step: number; readonly isDemand: boolean },
): Said | null {
  if (quantiles !== null) {
    const at = quantiles.values.map((values) => values[step]!);
    return {
      quantile: (share) => quantileAt(quantiles, share)[step]!,
      members: () => memberShares.map((share) => quantileBetween(at, share)),
    };
  }
  if (spread === null) return null;
  if (isDemand) {
    // Errors are those above the forecast; of what lies below it most is zero.
    const quantile = (share: number): number => {
      const above = halfWidth(spread, step, share);
      return above > 0 ? level + above : 0;
    };
    return { quantile, members: () => memberShares.map(quantile) };
  }
  return {
    // The distribution is symmetric in levels: the quantile at 0.9 is the end of the 80 % interval.
    quantile: (share) => (share === 0.5 ? level : level + Math.sign(share - 0.5) * halfWidth(spread, step, Math.abs(2 * share - 1))),
    members: () => membersAt(spread, step).map((error) => level + error),
  };
}

const mostMembers = 100;
/** Evenly spread, so that quantiles at them stand for equally likely values. */
const memberShares = Array.from({ length: mostMembers }, (_, index) => (index + 0.5) / mostMembers);

interface Point {
  readonly actual: number;
  readonly lower: number;
  readonly upper: number;
}
