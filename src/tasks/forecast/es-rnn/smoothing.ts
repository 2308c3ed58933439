// Exponential smoothing as a differentiable recurrence: level and seasons of many series at once, each with its own weights.

import type { Tensor } from "../../../base/tensor.js";
import { add, concat, div, expandDims, greater, logicalAnd, mul, scan, slice, squeeze, sub, where } from "../../../ops/index.js";

/** Whether a season multiplies the level, as where all values are positive, or is added to it. */
export type Form = "multiplicative" | "additive";

/** One season of the rows of a batch. */
export interface SeasonWeights {
  /** Share of the newest season in each update [B, 1], between 0 and 1. */
  readonly gamma: Tensor;
  /** The season before the first step [B, m], first step first: factors, or summands. */
  readonly start: Tensor;
}

/** What smoothing knows of every row: its weights, not its values. */
export interface SmoothingWeights {
  /** Share of the newest value in the level [B, 1], between 0 and 1. */
  readonly alpha: Tensor;
  readonly seasons: readonly SeasonWeights[];
}

/** The states after each step. */
export interface Smoothed {
  /** [B, T]; before the first observed step 1, or 0 if additive. */
  readonly level: Tensor;
  /** [B, T], 1 from the first observed step on. */
  readonly started: Tensor;
  /** Of every season the value of each step and of the m steps after the last, [B, T + m]. */
  readonly seasons: readonly Tensor[];
}

/**
 * Holt-Winters without a trend, as in Smyl 2020: with y the value and s the seasons of the step,
 *
 *     level = α y / Π s + (1 - α) level before        season m steps on = γ y / (level Π other s) + (1 - γ) s
 *
 * and differences in place of quotients where the form is additive. A missing step changes nothing; the first observed one sets the level.
 *
 * @param values  [B, T]; anything finite (and positive, if multiplicative) where missing
 * @param seen    [B, T], 1 where observed, 0 where missing
 */
export function smoothed(values: Tensor, seen: Tensor, weights: SmoothingWeights, form: Form): Smoothed {
  const { alpha, seasons } = weights;
  const isRatio = form === "multiplicative";
  const join = (a: Tensor, b: Tensor): Tensor => (isRatio ? mul(a, b) : add(a, b));
  const without = (a: Tensor, b: Tensor): Tensor => (isRatio ? div(a, b) : sub(a, b));
  const zero = mul(0, alpha);
  const neutral = isRatio ? add(zero, 1) : zero;
  const initial = { level: neutral, started: zero, seasons: seasons.map(({ start }) => start) };
  const row = { alpha, gammas: seasons.map(({ gamma }) => gamma) };
  const xs = { value: expandDims(values, 2), seen: expandDims(seen, 2) };
  const [, steps] = scan(
    (carry: States, x: Step, given) => {
      const own = given as unknown as { alpha: Tensor; gammas: readonly Tensor[] };
      const isSeen = greater(x.seen, 0.5);
      const isLater = logicalAnd(isSeen, greater(carry.started, 0.5));
      const now = carry.seasons.map((season) => slice(season, { axis: 0, start: 0, size: 1 }));
      const bare = now.reduce(without, x.value);
      const level = where(isSeen, where(isLater, mixed(own.alpha, bare, carry.level), bare), carry.level);
      const next = now.map((season, k) => {
        const others = now.filter((_, other) => other !== k).reduce(join, level);
        return where(isLater, mixed(own.gammas[k]!, without(x.value, others), season), season);
      });
      const moved = carry.seasons.map((season, k) => concat([laterOf(season), next[k]!]));
      const started = where(isSeen, add(mul(0, carry.started), 1), carry.started);
      return [
        { level, started, seasons: moved },
        { level, started, next },
      ];
    },
    initial,
    xs,
    { row },
  );
  const flat = (x: Tensor): Tensor => squeeze(x, 2);
  return {
    level: flat(steps.level),
    started: flat(steps.started),
    seasons: seasons.map(({ start }, k) => concat([start, flat(steps.next[k]!)])),
  };
}

type States = { readonly level: Tensor; readonly started: Tensor; readonly seasons: readonly Tensor[] };
type Step = { readonly value: Tensor; readonly seen: Tensor };

function mixed(share: Tensor, a: Tensor, b: Tensor): Tensor {
  return add(mul(share, a), mul(sub(1, share), b));
}

function laterOf(season: Tensor): Tensor {
  return slice(season, { axis: 0, start: 1, size: season.shape[0]! - 1 });
}
