// The hold-out: the network and the simple methods from the same origins, scored alike, and one honest sentence.

import { type Frame, fromLevels } from "../../data/frame.js";
import { coverage, crpsOf, type Intervals, intervalsOf, noIntervalScores, poolOf, type Residual } from "./intervals.js";
import { errorsOf, predictMany, rowsAt } from "./outputs.js";
import { naiveError, scorePairs } from "./scores.js";
import type { Plan } from "./setup.js";
import { meanDrift, methodNames, type SimpleMethod, simpleForecast, simpleMethods } from "./simple.js";
import type { ForecastEvaluation, ForecastModel, ForecastRow, ForecastScores, IntervalScores } from "./types.js";

/** What scoring needs to know of a plan. */
export type ScoredPlan = Pick<Plan, "series" | "sizes" | "transform" | "steps">;

export interface Holdout {
  readonly frame: Frame;
  readonly origins: readonly number[];
  /** Levels forecast from each origin, cut at the last row. */
  readonly levels: readonly Float64Array[];
  readonly simple: Readonly<Record<SimpleMethod, readonly number[]>>;
  readonly intervals: Intervals | null;
  /** Errors of the validation part, which made the intervals. */
  readonly earlier: readonly Residual[];
  /** Errors inside the hold-out. */
  readonly residuals: readonly Residual[];
}

/** Forecasts from the first held-out row, and again after each horizon, with what was observed until then. */
export async function scoreHoldout(model: ForecastModel, frame: Frame, plan: ScoredPlan, earlier: readonly Residual[]): Promise<Holdout> {
  const { rows, test, horizon } = plan.sizes;
  const origins = Array.from({ length: Math.ceil(test / horizon) }, (_, i) => rows - test + i * horizon);
  const forecasts = await predictMany(model, frame, plan, origins);
  const levels = forecasts.map((levels, n) => levels.subarray(0, Math.min(horizon, rows - origins[n]!)));
  const residuals = origins.flatMap((origin, n) => errorsOf(frame, origin, levels[n]!, rows));
  return { frame, origins, levels, simple: simpleOver(origins, plan), intervals: intervalsOf(earlier, horizon), earlier, residuals };
}

/** The held-out rows of the result. */
export function holdoutRows({ frame, origins, levels, intervals }: Holdout, { series }: Pick<Plan, "series">): ForecastRow[] {
  return origins.flatMap((origin, n) => rowsAt(levels[n]!, { series, transform: frame.transform, origin, intervals }));
}

/** Scores of all methods over the same observed values. */
export function evaluationOf(holdout: Holdout, plan: ScoredPlan): ForecastEvaluation {
  const { rows, test } = plan.sizes;
  const { season, values } = plan.series;
  const actual = values.slice(rows - test);
  const scale = naiveError(values.subarray(0, rows - test), season);
  const own = Float64Array.from(holdout.levels.flatMap((levels) => [...fromLevels(levels, holdout.frame.transform)]));
  const { points, ...model } = scorePairs(actual, own, scale);
  const scored = (method: SimpleMethod): ForecastScores => {
    const { points: _points, ...scores } = scorePairs(actual, holdout.simple[method], scale);
    return scores;
  };
  const [naive, seasonalNaive, seasonalNaiveDrift] = [scored("naive"), scored("seasonalNaive"), scored("seasonalNaiveDrift")];
  const all = { model, naive, seasonalNaive, seasonalNaiveDrift };
  const best = bestOf(all);
  return {
    test,
    origins: holdout.origins.length,
    points,
    model: { ...model, ...intervalScores(holdout) },
    naive,
    seasonalNaive,
    seasonalNaiveDrift,
    maseRatio: ratio(model.mae, seasonalNaive.mae),
    best,
    verdict: verdictOf(all, best, test),
  };
}

function simpleOver(origins: readonly number[], plan: ScoredPlan): Record<SimpleMethod, readonly number[]> {
  const { values, season } = plan.series;
  const { rows, test, horizon } = plan.sizes;
  const { log } = plan.transform;
  const drift = meanDrift(values.slice(0, rows - test), season, log);
  const over = (method: SimpleMethod): number[] =>
    origins.flatMap((origin) => [
      ...simpleForecast(method, { values, origin, horizon: Math.min(horizon, rows - origin), season, log, drift }),
    ]);
  return { naive: over("naive"), seasonalNaive: over("seasonalNaive"), seasonalNaiveDrift: over("seasonalNaiveDrift") };
}

/** CRPS of the ensemble "forecast plus and minus every pooled error", and how often the intervals held. */
function intervalScores({ frame, origins, levels, intervals, earlier }: Holdout): IntervalScores {
  if (intervals === null) return noIntervalScores;
  const { transform, values } = frame;
  const toUnit = (level: number): number => (transform.log ? Math.exp(level) : level);
  const inside = { half80: [] as Point[], half95: [] as Point[] };
  const crps: number[] = [];
  const pools = new Map<number, number[]>();
  origins.forEach((origin, n) => {
    levels[n]!.forEach((level, step) => {
      const actual = values[origin + step]!;
      if (Number.isNaN(actual)) return;
      for (const name of ["half80", "half95"] as const) {
        const half = intervals[name][step]!;
        inside[name].push({ actual, lower: toUnit(level - half), upper: toUnit(level + half) });
      }
      if (!pools.has(step)) pools.set(step, poolOf(earlier, step));
      const members = pools.get(step)!.flatMap((error) => [toUnit(level + error), toUnit(level - error)]);
      crps.push(crpsOf(members, actual));
    });
  });
  const meanCrps = crps.length === 0 ? null : crps.reduce((sum, value) => sum + value, 0) / crps.length;
  return { crps: meanCrps, coverage80: coverage(inside.half80), coverage95: coverage(inside.half95) };
}

interface Point {
  readonly actual: number;
  readonly lower: number;
  readonly upper: number;
}

type Method = keyof typeof methodNames;
type AllScores = Readonly<Record<Method, ForecastScores>>;

/** By mean absolute error: the order is that of MASE, and it exists without a scale. A tie goes to the simpler method. */
function bestOf(all: AllScores): Method | null {
  let best: Method | null = null;
  for (const method of [...simpleMethods, "model"] as const) {
    const mae = all[method].mae;
    if (mae !== null && (best === null || mae < all[best].mae!)) best = method;
  }
  return best;
}

function verdictOf(all: AllScores, best: Method | null, test: number): string {
  if (best === null) return "No held-out value was observed, so nothing can be said about the network.";
  const shown = (method: Method): string => {
    const { mase, mae } = all[method];
    return mase === null ? `MAE ${mae!.toPrecision(3)}` : `MASE ${mase.toFixed(2)}`;
  };
  const others = simpleMethods.filter((method) => method !== best).sort((a, b) => all[a].mae! - all[b].mae!);
  const where = `On the last ${test} rows`;
  if (best === "model") {
    return `${where} the network is best (${shown("model")}), ahead of ${others.map((method) => `${methodNames[method]} (${shown(method)})`).join(", ")}.`;
  }
  const beaten = others.filter((method) => all[method].mae! > all.model.mae!).map((method) => `${methodNames[method]} (${shown(method)})`);
  const rest = beaten.length > 0 ? `better than ${beaten.join(" and ")}` : "behind every simple method";
  return `${where} ${methodNames[best]} is best (${shown(best)}), not the network (${shown("model")}), which is ${rest}.`;
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}
