// The choice of a default forecast: every member forecasts from several earlier origins, and weighs what its errors there say.

import { beginningOf } from "./beginning.js";
import { isIntermittent } from "./intermittent.js";
import { isLastOutlier } from "./last-outlier.js";
import { type MemberPast, mayTakePart, members, triedNames } from "./members.js";
import { independentOrigins } from "./origins.js";

/** A combination of members, found before a row. */
export interface Choice {
  /** Weights by member name, largest first; they sum to 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** Mean absolute error of each member over the origins, in the unit of the target; of intermittent demand the root mean squared one. */
  readonly errors: Readonly<Record<string, number>>;
  readonly isIntermittent: boolean;
  readonly origins: readonly number[];
}

/** The rows a choice reads, and what is asked of them. */
export interface ChoiceData {
  readonly values: Float64Array;
  readonly season: number;
  readonly longSeason: number;
  readonly horizon: number;
  readonly log: boolean;
}

/** Forecasts of every member from one origin. */
export interface Trial {
  readonly origin: number;
  readonly forecasts: Readonly<Record<string, Float64Array>>;
  /** What they forecast of the same rows without the last one before the origin, if that is an outlier; null if not. */
  readonly withoutLast: Readonly<Record<string, Float64Array>> | null;
}

const mostOrigins = 16;
/** As many say which members are good; further ones lie where the network can be tried too. */
const mostEarly = 10;
const earlyShare = 0.625;
/** Rows before a trial origin that its members read: enough for their weights, and old rows say little about the coming ones. */
const trialRows = 1000;
/** Rows that members read for a forecast: older ones say nothing more, and the test for a long season takes rows times season. */
export const mostPast = 100_000;
/** Members with less change nothing that anyone could see. */
const leastWeight = 0.02;

/**
 * Origins of the trials before row `end`: evenly before `validation`, and evenly after it, where the network can be tried
 * too; each with a whole horizon before `end` and enough rows before it for the seasons.
 */
export function trialOrigins(
  data: ChoiceData,
  { validation, end, most = mostOrigins }: { readonly validation: number; readonly end: number; readonly most?: number },
): number[] {
  const last = end - data.horizon;
  const begin = beginningOf(data.values.subarray(0, end));
  const first = firstTrial(data, { begin, end });
  if (first > last) return last >= begin + leastRows ? [last] : [];
  const middle = Math.max(first, Math.min(validation, last));
  const early = spread(first, middle - 1, Math.min(mostEarly, Math.floor(earlyShare * most)));
  return [...early, ...spread(middle, last, most - early.length)];
}

/** The first origin that still says something about the rows from `end` on: behind the rows for its seasons, and not in the first third. */
function firstTrial(
  { season, longSeason, horizon }: Omit<ChoiceData, "values">,
  { begin, end }: { readonly begin: number; readonly end: number },
): number {
  const rows = end - begin;
  const last = rows - horizon;
  const wanted = longSeason > 1 && last - 3 * longSeason >= horizon ? 3 * longSeason : 3 * season;
  return begin + Math.max(Math.min(wanted, last - 2 * horizon), Math.floor(rows / 3), leastRows);
}

/** The trials whose rows are all known before row `end`, without those that say nothing about it any more. */
export function trialsKnownAt(data: ChoiceData, trials: readonly Trial[], end: number): readonly Trial[] {
  const begin = beginningOf(data.values.subarray(0, end));
  const known = trials.filter(({ origin }) => origin >= begin + leastRows && origin + data.horizon <= end);
  const recent = known.filter(({ origin }) => origin >= firstTrial(data, { begin, end }));
  return recent.length === 0 ? known : recent;
}

const leastRows = 4;

function spread(from: number, to: number, most: number): number[] {
  const count = Math.min(most, to - from + 1);
  if (count < 1) return [];
  if (count === 1) return [to];
  return Array.from({ length: count }, (_, i) => Math.round(from + ((to - from) * i) / (count - 1)));
}

/** What the named members forecast from each origin; members that cannot are left out. Reads at most so many rows of each past. */
export function trialsAt(
  data: ChoiceData,
  origins: readonly number[],
  names: readonly string[] = triedNames,
  rows: number = trialRows,
): Trial[] {
  const { values, season, longSeason } = data;
  const read = Math.max(rows, 5 * season, longSeason > 1 ? 4 * longSeason : 0);
  return origins.map((origin) => {
    const begin = beginningOf(values.subarray(0, origin));
    const past = { ...data, values: values.slice(Math.max(begin, origin - read), origin) };
    const withoutLast = isLastOutlier(past.values, season) ? forecastsWithoutLast(past, names) : null;
    return { origin, forecasts: forecastsOf(past, names), withoutLast };
  });
}

function forecastsWithoutLast(past: MemberPast, names: readonly string[]): Record<string, Float64Array> {
  const shorter = { ...past, values: past.values.slice(0, -1), horizon: past.horizon + 1 };
  return Object.fromEntries(Object.entries(forecastsOf(shorter, names)).map(([name, ahead]) => [name, ahead.subarray(1)]));
}

function forecastsOf(past: MemberPast, names: readonly string[]): Record<string, Float64Array> {
  const result: Record<string, Float64Array> = {};
  if (past.values.every(Number.isNaN)) return result;
  for (const name of names) {
    const forecast = members[name]?.forecast(past) ?? null;
    if (forecast?.every(Number.isFinite)) result[name] = forecast;
  }
  return result;
}

/**
 * Weighs the members by their mean absolute errors e over the origins: prior x e^-p up to 2.1 times the smallest e, nothing beyond; the
 * first origins count a quarter of the last ones. Combinations with weights near to equal beat the single best in every M competition:
 * what a few origins say about neighbours in a ranking is mostly chance, so p grows with the number of whole horizons they span.
 *
 * Of intermittent demand the median is often zero, and the least absolute error belongs to who forecasts nothing: there the errors are
 * mean squared ones, which a mean makes least, of the members that can say one, all with the same prior.
 *
 * A member that could not forecast from some early origins is compared where it could: its error relative to that of the
 * members that were always there.
 */
export function choose(data: ChoiceData, trials: readonly Trial[]): Choice {
  const usable = trials
    .map(({ origin, forecasts }) => ({ origin, forecasts, actual: data.values.subarray(origin, origin + data.horizon) }))
    .filter(({ actual }) => !actual.every(Number.isNaN));
  const origins = usable.map(({ origin }) => origin);
  const ages = recency(origins);
  const isDemand = isIntermittent(data.values.subarray(0, Math.max(0, ...origins) + data.horizon), data.season);
  const sizeOf = isDemand ? (error: number): number => error * error : Math.abs;
  const table = triedNames.flatMap((name) => {
    if (!mayTakePart(name, isDemand)) return [];
    const errorOf = ({ forecasts, actual }: (typeof usable)[number]): number =>
      forecasts[name] === undefined ? Number.NaN : meanError(actual, forecasts[name], sizeOf);
    return [{ name, errors: usable.map(errorOf) }];
  });
  const complete = table.filter(({ errors }) => errors.length > 0 && !errors.some(Number.isNaN));
  if (complete.length === 0) return { weights: { [fallback]: 1 }, errors: {}, isIntermittent: isDemand, origins };
  const usual = usable.map((_, n) => complete.reduce((sum, { errors }) => sum + errors[n]!, 0) / complete.length);
  const level = weightedMean(usual, ages);
  const errors = table.flatMap(({ name, errors }): [string, number][] => {
    const tried = ages.map((age, n) => (Number.isNaN(errors[n]) ? 0 : age));
    // The newest half must be there: what could not be tried lately is not known.
    if (errors.slice(errors.length >> 1).some(Number.isNaN)) return [];
    const own = weightedMean(errors, tried);
    return [[name, level === 0 ? own : (own / weightedMean(usual, tried)) * level]];
  });
  const least = errors.reduce((least, [, error]) => Math.min(least, error), Number.POSITIVE_INFINITY);
  const power = powerOf(origins, data.horizon);
  const found = Object.fromEntries(errors);
  const isNaive = !isDemand && standsStill(usable) && (found[naive] ?? Number.POSITIVE_INFINITY) <= least * (1 + rounding);
  return {
    weights: isNaive
      ? { [naive]: 1 }
      : normalised(errors.map(([name, error]) => [name, weightOf(error, least, power) * (isDemand ? 1 : (priors[name] ?? 1))])),
    errors: isDemand ? Object.fromEntries(errors.map(([name, error]) => [name, Math.sqrt(error)])) : found,
    isIntermittent: isDemand,
    origins,
  };
}

/** The member for series that stand still, if it is as good as any: a mean of members that all missed one change is no value of the series. */
const naive = "naive";
/** It is right to the digit at nearly all points, of at least so many. */
const [rightShare, leastPoints] = [0.95, 19];
/** Errors that differ by less were rounded differently. */
const rounding = 1e-9;

function standsStill(usable: readonly (Pick<Trial, "forecasts"> & { readonly actual: Float64Array })[]): boolean {
  let [right, count] = [0, 0];
  for (const { forecasts, actual } of usable) {
    actual.forEach((value, h) => {
      if (Number.isNaN(value)) return;
      count++;
      if (value === forecasts[naive]?.[h]) right++;
    });
  }
  return count >= leastPoints && right >= rightShare * count;
}

/** What a forecast is if nothing could be tried. */
const fallback = "seasonalNaive";

/**
 * What a member is worth before anything is tried, 1 if not said: chosen on the training parts of competitions and on generated series.
 */
const priors: Readonly<Record<string, number>> = {
  pretrained: 2,
  dampedHoltWintersLog: 3,
  arima: 2,
  shrunkDamped: 2,
  sesLong: 0.5,
  naive2Long: 0.5,
  seasonalMean: 0.5,
  mean: 0.25,
};

function weightOf(error: number, least: number, power: number): number {
  if (!(error <= mostBehind * least)) return 0;
  return error === 0 ? 1 : (least / error) ** power;
}

const mostBehind = 2.1;

/** From nearly equal weights for one horizon to nearly the best alone for many. */
function powerOf(origins: readonly number[], horizon: number): number {
  return Math.min(12, 0.5 + 0.75 * independentOrigins(origins, horizon));
}

/** Weights that halve twice from the last origin to the first. */
function recency(origins: readonly number[]): number[] {
  const [first, last] = [Math.min(...origins), Math.max(...origins)];
  return origins.map((origin) => 4 ** ((origin - last) / Math.max(1, last - first)));
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  let [sum, total] = [0, 0];
  values.forEach((value, n) => {
    if (weights[n] === 0) return;
    sum += weights[n]! * value;
    total += weights[n]!;
  });
  return sum / total;
}

function normalised(raw: readonly (readonly [string, number])[]): Record<string, number> {
  const total = raw.reduce((sum, [, weight]) => sum + weight, 0);
  const kept = raw.filter(([, weight]) => weight >= leastWeight * total).sort((a, b) => b[1] - a[1]);
  const sum = kept.reduce((sum, [, weight]) => sum + weight, 0);
  return Object.fromEntries(kept.map(([name, weight]) => [name, weight / sum]));
}

/**
 * The combination's forecast from one origin; members that cannot forecast there leave their weight to the others. Where the last value
 * is an outlier, it is as likely to stay as it is to be taken back: the mean of both forecasts.
 */
export function combine(
  weights: Readonly<Record<string, number>>,
  { forecasts, withoutLast }: Pick<Trial, "forecasts" | "withoutLast">,
  horizon: number,
): Float64Array {
  const own = weighted(weights, forecasts, horizon);
  if (withoutLast === null) return own;
  const other = weighted(weights, withoutLast, horizon);
  return other.every(Number.isFinite) ? own.map((value, h) => (value + other[h]!) / 2) : own;
}

function weighted(
  weights: Readonly<Record<string, number>>,
  forecasts: Readonly<Record<string, Float64Array>>,
  horizon: number,
): Float64Array {
  const result = new Float64Array(horizon);
  let total = 0;
  for (const [name, weight] of Object.entries(weights)) {
    const forecast = forecasts[name];
    if (forecast === undefined) continue;
    total += weight;
    for (let h = 0; h < horizon; h++) result[h]! += weight * forecast[h]!;
  }
  return total === 0 ? result.fill(Number.NaN) : result.map((value) => value / total);
}

/** The combination's forecast of the rows after the last one. */
export function combinedAhead(data: ChoiceData, weights: Readonly<Record<string, number>>): Float64Array {
  return combinedFrom(trialAhead(data, weights), weights, data.horizon);
}

/** What the members of a combination forecast of the rows after the last one. */
export function trialAhead(data: ChoiceData, weights: Readonly<Record<string, number>>): Trial {
  return trialsAt(data, [data.values.length], [...Object.keys(weights), fallback], mostPast)[0]!;
}

/** Their combination; where no member can forecast what stands in for them. */
export function combinedFrom(trial: Trial, weights: Readonly<Record<string, number>>, horizon: number): Float64Array {
  const own = combine(weights, trial, horizon);
  return own.every(Number.isFinite) ? own : trial.forecasts[fallback]!;
}

function meanError(actual: Float64Array, forecast: Float64Array, sizeOf: (error: number) => number): number {
  let [sum, count] = [0, 0];
  for (let h = 0; h < actual.length; h++) {
    if (Number.isNaN(actual[h])) continue;
    sum += sizeOf(actual[h]! - forecast[h]!);
    count++;
  }
  return sum / count;
}
