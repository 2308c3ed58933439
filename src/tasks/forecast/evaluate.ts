// The hold-out: the forecast and the simple methods from the same origins, scored alike.

import { type Frame, fromLevels } from "../../data/frame.js";
import { apartOf, spreadAt, withDistances } from "./apart.js";
import { beginningOf } from "./beginning.js";
import { blended, type Parts, partsOf } from "./blend.js";
import { type Choice, choose, mostPast, trialsAt, trialsKnownAt } from "./choice.js";
import { type Correction, correctionOf } from "./correction.js";
import type { Outlook } from "./forecaster.js";
import { isIntermittent } from "./intermittent.js";
import { scoreSpread } from "./interval-scores.js";
import { intervalsFrom, type Residual, type Spread, spreadOf } from "./intervals.js";
import { triedNames } from "./members.js";
import { errorsOf, shownRowsAt } from "./outputs.js";
import { naiveError, scorePairs } from "./scores.js";
import type { Plan } from "./setup.js";
import { type SimpleMethod, simpleMethodNames } from "./simple/index.js";
import { errorsKnownAt } from "./standstill.js";
import type { BacktestOrigin, ForecastEvaluation, ForecastRow, ForecastScores, MethodScores } from "./types.js";
import { caseOf, laterOrigins, type SimplePart, type Validated } from "./validate.js";
import { bestOf, verdictOf } from "./verdict.js";

/** What scoring needs to know of a plan. */
export type ScoredPlan = Pick<Plan, "series" | "sizes">;

export interface Holdout {
  readonly frame: Frame;
  readonly origins: readonly number[];
  /** Levels forecast from each origin, cut at the last row. */
  readonly levels: readonly Float64Array[];
  readonly parts: readonly Parts[];
  readonly simple: Readonly<Record<SimpleMethod, readonly number[]>>;
  /** From the errors before each origin. */
  readonly spreads: readonly (Spread | null)[];
  /** Of a forecaster that gives them and stands alone; they are used in place of the spreads. */
  readonly quantiles: readonly Outlook["quantiles"][];
  /** Whether demand was intermittent before the hold-out. */
  readonly isIntermittent: boolean;
  /** All that is known at the end of the hold-out, for the forecast beyond it. */
  readonly known: Known;
}

/** What an origin may know: it grows from origin to origin, as it would for someone who forecasts again after each horizon. */
export interface Known {
  /** null for the network alone. */
  readonly choice: Choice | null;
  readonly correction: Correction;
  readonly residuals: readonly Residual[];
}

export interface HoldoutJob {
  readonly frame: Frame;
  readonly plan: ScoredPlan;
  readonly part: SimplePart;
  readonly validated: Validated;
  /** From `holdoutOrigins`, made by a network that has not seen the hold-out. */
  readonly outlooks: readonly Outlook[];
  /** The network's share if it was found before and stays as it is, with the choice: over many series, or with a saved model. */
  readonly correction: Correction | null;
  /** Whether the intervals stay those of the errors before: a saved model has its own. */
  readonly keepsSpread?: boolean;
}

/** From how many origins every member forecasts all it can; more would take minutes, and only the chosen ones do. */
const fewOrigins = 16;

/** The first held-out row, and one after each horizon. */
export function holdoutOrigins({ sizes: { rows, test, horizon } }: Pick<Plan, "sizes">): number[] {
  return Array.from({ length: Math.ceil(test / horizon) }, (_, i) => rows - test + i * horizon);
}

/** Forecasts from the first held-out row, and again after each horizon, with what was observed until then. */
export function scoreHoldout({ frame, plan, part, validated, outlooks, correction: given, keepsSpread = false }: HoldoutJob): Holdout {
  const { rows, test, horizon } = plan.sizes;
  const { data, choice } = part;
  const origins = holdoutOrigins(plan);
  const isFew = origins.length <= fewOrigins;
  const isFixed = !isFew || given !== null;
  const names = [...new Set<string>([...simpleMethodNames, ...(isFixed ? Object.keys(choice?.weights ?? {}) : triedNames)])];
  const trials = trialsAt(data, origins, names, Math.floor(mostPast / (isFew ? 1 : origins.length)));
  const between = !isFixed && choice !== null ? trialsAt(data, laterOrigins(part, { from: rows - test, end: rows }, origins)) : [];
  const all = [...part.trials, ...between, ...trials].sort((a, b) => a.origin - b.origin);
  const choiceAt = (origin: number): Choice | null => {
    if (choice === null || isFixed) return choice;
    // As if all had been found anew at this origin.
    return choose(data, trialsKnownAt(data, all, origin));
  };
  const choices = origins.map(choiceAt);
  const parts = partsOf(frame, trials, outlooks, (n) => choices[n]?.weights ?? null);
  const errorsFor = (end: number, found: Choice | null): readonly Residual[] => {
    const known = errorsKnownAt(frame, end, residuals, horizon);
    return found === null ? known : withDistances(known, all, { weights: found.weights, log: data.log });
  };
  const cut = (n: number): number => Math.min(horizon, rows - origins[n]!);
  const cases = [...validated.cases];
  const residuals = [...validated.residuals];
  const spreads: (Spread | null)[] = [];
  const levels: Float64Array[] = [];
  let correction = given ?? (choice === null ? alone : correctionOf(cases));
  parts.forEach((each, n) => {
    const own = blended(each, correction.weight, frame).subarray(0, cut(n));
    levels.push(own);
    const weights = choices[n]?.weights;
    const apart = weights === undefined ? null : apartOf(weights, trials[n]!, data.log);
    spreads.push(spreadAt(spreadOf(keepsSpread ? validated.residuals : errorsFor(each.origin, choices[n]!), horizon), apart));
    residuals.push(...errorsOf(frame, each.origin, own, rows, apart));
    if (choice === null || given !== null || cut(n) < horizon) return;
    cases.push(caseOf(each, data));
    correction = correctionOf(cases);
  });
  const over = (method: SimpleMethod): number[] => trials.flatMap(({ forecasts }, n) => [...(forecasts[method] ?? []).slice(0, cut(n))]);
  const simple = complete(Object.fromEntries(simpleMethodNames.map((method) => [method, over(method)])));
  const last = choiceAt(rows);
  const known = { choice: last, correction, residuals: errorsFor(rows, last) };
  const quantiles = outlooks.map((outlook) => (choice === null ? outlook.quantiles : null));
  const isDemand = isIntermittent(data.values.subarray(0, rows - test), data.season);
  return { frame, origins, levels, parts, simple, spreads, quantiles, isIntermittent: isDemand, known };
}

/** The network without simple methods. */
export const alone: Correction = { weight: 1, gain: null, standardError: null, origins: 0 };

function complete<T>(found: Readonly<Record<string, T>>): Record<SimpleMethod, T> {
  const of = (method: SimpleMethod): T => found[method]!;
  return {
    naive: of("naive"),
    seasonalNaive: of("seasonalNaive"),
    drift: of("drift"),
    seasonalNaiveDrift: of("seasonalNaiveDrift"),
    naive2: of("naive2"),
    ses: of("ses"),
    holt: of("holt"),
    damped: of("damped"),
    comb: of("comb"),
    theta: of("theta"),
    holtWinters: of("holtWinters"),
    dampedHoltWinters: of("dampedHoltWinters"),
  };
}

/** The held-out rows of the result. */
export function holdoutRows({ frame, origins, levels, spreads, quantiles }: Holdout, { series }: Pick<Plan, "series">): ForecastRow[] {
  return origins.flatMap((origin, n) => {
    const spread = spreads[n]!;
    const intervals = spread && intervalsFrom(spread);
    return shownRowsAt(levels[n]!, { series, transform: frame.transform, origin, intervals, quantiles: quantiles[n]! });
  });
}

/** The unit of MASE: what repeating the last season was wrong by before the hold-out. */
export function scaleOf({ series: { season, values }, sizes: { rows, test } }: ScoredPlan): number {
  const before = values.subarray(0, rows - test);
  return naiveError(before.subarray(beginningOf(before)), season);
}

/** Scores of all methods over the same observed values. */
export function evaluationOf(holdout: Holdout, plan: ScoredPlan): ForecastEvaluation {
  const { rows, test, horizon } = plan.sizes;
  const { values } = plan.series;
  const actual = values.slice(rows - test);
  const scale = scaleOf(plan);
  const scoresOf = (predicted: ArrayLike<number>): ForecastScores & { points: number } => scorePairs(actual, predicted, scale);
  const naive2 = scoresOf(holdout.simple.naive2);
  const scored = (predicted: ArrayLike<number>): MethodScores => {
    const { points: _points, ...scores } = scoresOf(predicted);
    return { ...scores, owa: owaOf(scores, naive2) };
  };
  const joined = (pick: (parts: Parts) => Float64Array): number[] =>
    holdout.parts.flatMap((parts) => [...pick(parts).subarray(0, Math.min(horizon, rows - parts.origin))]);
  const own = Float64Array.from(holdout.levels.flatMap((levels) => [...fromLevels(levels, holdout.frame.transform)]));
  const model = { ...scored(own), ...scoreSpread(holdout) };
  const simple = complete(Object.fromEntries(simpleMethodNames.map((method) => [method, scored(holdout.simple[method])])));
  const isPure = holdout.parts.every((parts) => parts.simple === null);
  const by = holdout.isIntermittent ? "RMSE" : "MASE";
  const best = bestOf({ model, ...simple }, by);
  const { naive, seasonalNaive, seasonalNaiveDrift } = simple;
  return {
    test,
    origins: holdout.origins.length,
    points: naive2.points,
    model,
    network: scored(joined((parts) => parts.network)),
    combination: isPure ? null : scored(joined((parts) => parts.simple!)),
    naive,
    seasonalNaive,
    seasonalNaiveDrift,
    simple,
    maseRatio: ratio(model.mae, seasonalNaive.mae),
    best,
    verdict: verdictOf({ model, ...simple }, best, { test, isPure, by }),
    backtest: holdout.origins.map((origin, n) => backtestAt(holdout, plan, { origin, n, scale })),
  };
}

function backtestAt(
  { levels, frame }: Holdout,
  { series }: ScoredPlan,
  { origin, n, scale }: { readonly origin: number; readonly n: number; readonly scale: number },
): BacktestOrigin {
  const predicted = fromLevels(levels[n]!, frame.transform);
  return { time: series.timeLabel(origin), ...scorePairs(series.values.subarray(origin, origin + predicted.length), predicted, scale) };
}

/** Mean of the ratios of sMAPE and MASE to those of Naive2 (M4 competition). */
function owaOf(own: ForecastScores, naive2: ForecastScores): number | null {
  const [a, b] = [ratio(own.smape, naive2.smape), ratio(own.mase, naive2.mase)];
  return a === null || b === null ? null : (a + b) / 2;
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}
