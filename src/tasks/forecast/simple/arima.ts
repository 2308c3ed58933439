// Seasonal ARIMA models: differences by two tests, orders by a stepwise search, the best few averaged (Hyndman & Khandakar 2008).

import { meanOf } from "../../../data/mean.js";
import { seasonStrength, strongSeason } from "../../../data/season.js";
import { type Arma, armaAhead, fitArma, type Orders } from "./arma.js";
import { changesOf, unitLevels } from "./levels.js";
import type { Past } from "./method.js";

/** Older rows say little about the orders, and every fit reads all of them. */
const mostRows = 600;
const leastRows = 12;
/** A longer season is not modelled: its one parameter would stand on a few repetitions. */
const longestSeason = 60;
/** 5 % point of the KPSS test of a constant level (Kwiatkowski et al. 1992). */
const kpssPoint = 0.463;
const most: Orders = { p: 3, q: 3, P: 1, Q: 1 };
const mostModels = 16;
/** Models this much worse by the information criterion have no say. */
const mostBehind = 6;

/** On logarithms if the task takes them; null with too few rows. */
export function arima(past: Past): Float64Array | null {
  const { season, horizon } = past;
  const { levels, toValue } = unitLevels(past, Math.max(mostRows, 5 * season));
  if (levels.length < leastRows) return null;
  const hasSeason = season > 1 && season <= longestSeason && levels.length >= 3 * season;
  const D = hasSeason && seasonStrength(levels, season) > strongSeason ? 1 : 0;
  const seasonal = D === 1 ? changesOf(levels, season) : levels;
  const steps = [seasonal];
  while (steps.length <= (D === 1 ? 1 : 2) && kpss(steps.at(-1)!) > kpssPoint) steps.push(changesOf(steps.at(-1)!, 1));
  const last = steps.at(-1)!;
  const scaled = standardised(last);
  const ahead =
    scaled === null
      ? new Float64Array(horizon).fill(meanOf(last))
      : searched(scaled, { season: hasSeason ? season : 0, horizon, D, d: steps.length - 1 });
  let forecast = ahead;
  for (let k = steps.length - 2; k >= 0; k--) forecast = summed(steps[k]!, forecast, 1);
  if (D === 1) forecast = summed(levels, forecast, season);
  return forecast.map(toValue);
}

interface Scaled {
  readonly values: Float64Array;
  readonly centre: number;
  readonly unit: number;
}

interface Candidate {
  readonly orders: Orders;
  readonly hasMean: boolean;
  readonly model: Arma;
  readonly criterion: number;
}

/** The forecast of the differenced values: a mean of models, weighted by their information criteria (Akaike 1979). */
function searched(
  { values, centre, unit }: Scaled,
  { season, horizon, D, d }: { readonly season: number; readonly horizon: number; readonly D: number; readonly d: number },
): Float64Array {
  // Values around their mean, and as they are: a mean of differences is a drift.
  const around = values.map((value) => (value - centre) / unit);
  const plain = values.map((value) => value / unit);
  const skipped = D === 0 && season > 0 && values.length >= 4 * season ? season : Math.min(3, values.length >> 3);
  const counted = values.length - skipped;
  const tried = new Map<string, Candidate>();
  const attempt = (orders: Orders, hasMean: boolean, from: Arma | null = null): Candidate | null => {
    const key = `${orders.p}${orders.q}${orders.P}${orders.Q}${hasMean}`;
    const parameters = orders.p + orders.q + orders.P + orders.Q + (hasMean ? 1 : 0) + 1;
    if (tried.has(key) || tried.size >= mostModels || counted < parameters + 3) return null;
    const model = fitArma(hasMean ? around : plain, { orders, season, skipped, from });
    const penalty = 2 * parameters + (2 * parameters * (parameters + 1)) / (counted - parameters - 1);
    const criterion = counted * Math.log(Math.max(model.squares, 1e-12) / counted) + penalty;
    const candidate = { orders, hasMean, model, criterion };
    tried.set(key, candidate);
    return candidate;
  };
  const means = D + d === 0 ? [true] : D + d === 1 ? [true, false] : [false];
  const seasonalOrder = season > 0 ? 1 : 0;
  const starts: Orders[] = [
    { p: 1, q: 1, P: 0, Q: seasonalOrder },
    { p: 0, q: 1, P: 0, Q: seasonalOrder },
    { p: 1, q: 0, P: seasonalOrder, Q: 0 },
    { p: 0, q: 0, P: 0, Q: 0 },
  ];
  let best = starts.map((orders) => attempt(orders, means[0]!)).reduce(better, null);
  for (let moved = best !== null; moved; ) {
    const { orders, hasMean, model } = best!;
    const next = neighbours(orders, season > 0).map((each) => attempt(each, hasMean, model));
    if (means.length > 1) next.push(attempt(orders, !hasMean, model));
    const found = next.reduce(better, best);
    moved = found !== best;
    best = found;
  }
  const lowest = best?.criterion ?? 0;
  const result = new Float64Array(horizon);
  let total = 0;
  for (const { hasMean, model, criterion } of tried.values()) {
    if (!(criterion - lowest <= mostBehind)) continue;
    const weight = Math.exp((lowest - criterion) / 2);
    const ahead = armaAhead(hasMean ? around : plain, model, horizon);
    total += weight;
    for (let h = 0; h < horizon; h++) result[h]! += weight * (ahead[h]! * unit + (hasMean ? centre : 0));
  }
  return result.map((value) => value / total);
}

function better(a: Candidate | null, b: Candidate | null): Candidate | null {
  return a === null || (b !== null && b.criterion < a.criterion) ? b : a;
}

/** Orders one away, and both short ones together. */
function neighbours(orders: Orders, hasSeason: boolean): Orders[] {
  const moves: Partial<Record<keyof Orders, number>>[] = [{ p: 1 }, { p: -1 }, { q: 1 }, { q: -1 }, { p: 1, q: 1 }, { p: -1, q: -1 }];
  if (hasSeason) moves.push({ P: 1 }, { P: -1 }, { Q: 1 }, { Q: -1 });
  return moves
    .map(({ p = 0, q = 0, P = 0, Q = 0 }) => ({ p: orders.p + p, q: orders.q + q, P: orders.P + P, Q: orders.Q + Q }))
    .filter((each) => (["p", "q", "P", "Q"] as const).every((name) => each[name] >= 0 && each[name] <= most[name]));
}

/** Statistic of Kwiatkowski et al. 1992 for a constant level, long-run variance with the Bartlett window of 4 (n / 100)^(1/4) lags. */
function kpss(values: Float64Array): number {
  const n = values.length;
  const centre = meanOf(values);
  const rest = values.map((value) => value - centre);
  const lags = Math.floor(4 * (n / 100) ** 0.25);
  let variance = 0;
  for (let lag = 0; lag <= lags; lag++) {
    let sum = 0;
    for (let t = lag; t < n; t++) sum += rest[t]! * rest[t - lag]!;
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * sum;
  }
  let [level, sums] = [0, 0];
  for (const value of rest) {
    level += value;
    sums += level * level;
  }
  return variance > 0 ? sums / (n * variance) : 0;
}

function standardised(values: Float64Array): Scaled | null {
  const centre = meanOf(values);
  const unit = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
  return unit > 1e-12 ? { values, centre, unit } : null;
}

/** Forecasts of levels from those of their differences. */
function summed(levels: Float64Array, changes: Float64Array, lag: number): Float64Array {
  const result = new Float64Array(changes.length);
  changes.forEach((change, h) => {
    result[h] = change + (h < lag ? levels[levels.length - lag + h]! : result[h - lag]!);
  });
  return result;
}
