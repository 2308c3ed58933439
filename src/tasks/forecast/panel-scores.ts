// Scores and choices of many series as those of one: means over the series, as the M4 competition takes them.

import type { Choice } from "./choice.js";
import type { Case } from "./correction.js";
import { type SimpleMethod, simpleMethodNames } from "./simple/index.js";
import type { BacktestOrigin, ForecastEvaluation, ForecastScores, IntervalScores, MethodScores } from "./types.js";
import { bestOf, verdictOf } from "./verdict.js";

/** The mean over the series of every score; OWA from the means, coverage by points. `intermittent` of the series have such demand. */
export function meanEvaluation(
  all: readonly ForecastEvaluation[],
  { isPure, intermittent }: { readonly isPure: boolean; readonly intermittent: number },
): ForecastEvaluation {
  const naive2 = meanScores(all.map(({ simple }) => simple.naive2));
  const mean = (pick: (evaluation: ForecastEvaluation) => ForecastScores): MethodScores => withOwa(meanScores(all.map(pick)), naive2);
  const of = (method: SimpleMethod): MethodScores => mean(({ simple }) => simple[method]);
  const simple = {
    ...{ naive: of("naive"), seasonalNaive: of("seasonalNaive"), drift: of("drift"), seasonalNaiveDrift: of("seasonalNaiveDrift") },
    ...{ naive2: of("naive2"), ses: of("ses"), holt: of("holt"), damped: of("damped"), comb: of("comb"), theta: of("theta") },
    ...{ holtWinters: of("holtWinters"), dampedHoltWinters: of("dampedHoltWinters") },
  };
  const model = { ...mean((each) => each.model), ...meanIntervals(all) };
  // Series differ in size: what is best over all is judged by scores without a unit.
  const isDemand = 2 * intermittent > all.length;
  const ranked = isDemand ? byRmse(all) : byMase({ model, ...simple });
  const by = isDemand ? "relative RMSE" : "MASE";
  const best = bestOf(ranked, by);
  const { naive, seasonalNaive, seasonalNaiveDrift } = simple;
  return {
    test: all[0]!.test,
    origins: all[0]!.origins,
    points: all.reduce((sum, { points }) => sum + points, 0),
    model,
    network: mean((each) => each.network),
    combination: isPure ? null : mean((each) => each.combination!),
    ...{ naive, seasonalNaive, seasonalNaiveDrift, simple },
    maseRatio: model.mase === null || !seasonalNaive.mase ? null : model.mase / seasonalNaive.mase,
    best,
    verdict: verdictOf(ranked, best, { test: all[0]!.test, isPure, by }).replace(/^On the last/, `Over ${all.length} series, on the last`),
    backtest: meanBacktest(all),
  };
}

/** Means by origin, counted from the start of the hold-out; the time is that of the first series. */
function meanBacktest(all: readonly ForecastEvaluation[]): BacktestOrigin[] {
  return all[0]!.backtest.map(({ time }, n) => {
    const own = all.flatMap(({ backtest }) => backtest.slice(n, n + 1));
    return { time, points: own.reduce((sum, { points }) => sum + points, 0), ...meanScores(own) };
  });
}

function meanScores(list: readonly ForecastScores[]): ForecastScores {
  return {
    smape: meanOf(list.map(({ smape }) => smape)),
    mase: meanOf(list.map(({ mase }) => mase)),
    rmse: meanOf(list.map(({ rmse }) => rmse)),
    mae: meanOf(list.map(({ mae }) => mae)),
  };
}

function meanIntervals(all: readonly ForecastEvaluation[]): IntervalScores {
  const scored = all.filter(({ model }) => model.coverage80 !== null);
  const points = scored.reduce((sum, each) => sum + each.points, 0);
  const share = (pick: (scores: IntervalScores) => number | null): number | null =>
    points === 0 ? null : scored.reduce((sum, each) => sum + (pick(each.model) ?? 0) * each.points, 0) / points;
  return {
    crps: meanOf(all.map(({ model }) => model.crps)),
    wql: meanOf(all.map(({ model }) => model.wql)),
    coverage80: share(({ coverage80 }) => coverage80),
    coverage95: share(({ coverage95 }) => coverage95),
  };
}

function withOwa(scores: ForecastScores, naive2: ForecastScores): MethodScores {
  const [a, b] = [scores.smape, scores.mase];
  if (a === null || b === null || !naive2.smape || !naive2.mase) return { ...scores, owa: null };
  return { ...scores, owa: (a / naive2.smape + b / naive2.mase) / 2 };
}

function byMase<T extends Readonly<Record<SimpleMethod | "model", ForecastScores>>>(
  scores: T,
): Record<SimpleMethod | "model", ForecastScores> {
  const ranked = (each: ForecastScores): ForecastScores => ({ ...each, mae: each.mase ?? each.mae });
  const result: Partial<Record<SimpleMethod | "model", ForecastScores>> = { model: ranked(scores.model) };
  for (const method of simpleMethodNames) result[method] = ranked(scores[method]);
  return { ...scores, ...result };
}

/** Root mean squared errors of each series over the mean of those of all methods there, and the means of these. */
function byRmse(all: readonly ForecastEvaluation[]): Record<SimpleMethod | "model", ForecastScores> {
  const relative = all.flatMap(({ model, simple }) => {
    const scores = { model, ...simple };
    const usual = meanOf(Object.values(scores).map(({ rmse }) => rmse));
    return usual ? [{ scores, usual }] : [];
  });
  const ranked = (method: SimpleMethod | "model"): ForecastScores => {
    const rmse = meanOf(relative.map(({ scores, usual }) => (scores[method].rmse === null ? null : scores[method].rmse / usual)));
    return { smape: null, mase: null, mae: null, rmse };
  };
  const result: Partial<Record<SimpleMethod, ForecastScores>> = {};
  for (const method of simpleMethodNames) result[method] = ranked(method);
  return { ...all[0]!.simple, ...result, model: ranked("model") };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** A case in the unit that scores the series, see `scaleOf`, so that large series do not drown small ones; none if that is 0. */
export function scaledCase({ actual, simple, network, ...rest }: Case, scale: number): Case[] {
  if (!(scale > 0)) return [];
  const unit = (values: Float64Array): Float64Array => values.map((value) => value / scale);
  return [{ ...rest, actual: unit(actual), simple: unit(simple), network: unit(network) }];
}

/** The mean of the weights over all series, as one choice to show; that of a single series is its own. */
export function sharedChoice(choices: readonly (Choice | null)[]): Choice | null {
  if (choices.length === 1) return choices[0]!;
  const weights = new Map<string, number>();
  let origins: readonly number[] = [];
  for (const choice of choices) {
    if (choice === null) return null;
    if (choice.origins.length > origins.length) origins = choice.origins;
    for (const [name, weight] of Object.entries(choice.weights)) weights.set(name, (weights.get(name) ?? 0) + weight / choices.length);
  }
  const isIntermittent = choices.every((choice) => choice?.isIntermittent === true);
  return { weights: Object.fromEntries([...weights].sort((a, b) => b[1] - a[1])), errors: {}, isIntermittent, origins };
}
