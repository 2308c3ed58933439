// The forecasters that a default forecast may be made of: the simple methods, their forms on logarithms and on a longer
// season, means, linear autoregressions and ARIMA. Each is a pure function of the rows before an origin.

import { pretrained } from "./prior/member.js";
import { arima } from "./simple/arima.js";
import { autoregression } from "./simple/autoregression.js";
import { sba, tsb } from "./simple/croston.js";
import { harmonicArima } from "./simple/harmonic.js";
import { type Past, type SimpleMethod, simpleMethodNames, simpleMethods } from "./simple/index.js";
import { mean, seasonalMean } from "./simple/mean.js";
import { shrunkDamped } from "./simple/shrunk-season.js";

/** What members are told beside the past itself. */
export interface MemberPast extends Past {
  /** A longer season that holds several of the first, as weeks hold days; 0 for none. */
  readonly longSeason: number;
}

/** A forecaster with the words of tables and sentences. */
export interface Member {
  readonly title: string;
  /** null where the past is too short, or has values that it cannot take. */
  forecast(past: MemberPast): Float64Array | null;
}

/** Titles of the simple methods. */
export const methodTitles: Readonly<Record<SimpleMethod, string>> = {
  naive: "naive",
  seasonalNaive: "seasonal naive",
  drift: "drift",
  seasonalNaiveDrift: "seasonal naive with drift",
  naive2: "Naive2",
  ses: "SES",
  holt: "Holt",
  damped: "damped Holt",
  comb: "Comb",
  theta: "Theta",
  holtWinters: "Holt-Winters",
  dampedHoltWinters: "damped Holt-Winters",
};

const onLogarithms: readonly SimpleMethod[] = ["theta", "damped", "seasonalNaiveDrift", "dampedHoltWinters"];
const onLongSeason: readonly SimpleMethod[] = ["seasonalNaive", "seasonalNaiveDrift", "naive2", "ses", "damped", "theta"];

/** All members by the names under which a choice is stored. */
export const members: Readonly<Record<string, Member>> = {
  ...Object.fromEntries(simpleMethodNames.map((name) => [name, { title: methodTitles[name], forecast: simpleMethods[name] }])),
  ...Object.fromEntries(onLogarithms.map((name) => [`${name}Log`, logarithmic(name)])),
  ...Object.fromEntries(onLongSeason.map((name) => [`${name}Long`, longSeasonal(name)])),
  mean: { title: "mean", forecast: mean },
  seasonalMean: { title: "seasonal mean", forecast: (past) => (past.season > 1 ? seasonalMean(past) : null) },
  autoregression: { title: "autoregression", forecast: (past) => autoregression(past, { lags: lagsOf(past), ridge: 0.03, difference: 0 }) },
  stiffAutoregression: {
    title: "stiff autoregression",
    forecast: (past) => autoregression(past, { lags: lagsOf(past), ridge: 1, difference: 0 }),
  },
  arima: { title: "ARIMA", forecast: arima },
  sba: { title: "Croston's method (SBA)", forecast: sba },
  tsb: { title: "TSB", forecast: tsb },
  shrunkDamped: { title: "damped Holt with a shrunk season", forecast: shrunkDamped },
  pretrained: { title: "pretrained network", forecast: pretrained },
  harmonicArima: {
    title: "ARIMA with yearly harmonics",
    forecast: (past) => {
      const year = yearOf(past);
      return year > 0 ? harmonicArima(past, year) : null;
    },
  },
  seasonalAutoregression: {
    title: "autoregression of seasonal differences",
    forecast: (past) =>
      past.season > 1 ? autoregression(past, { lags: Math.min(past.season, lagsOf(past)), ridge: 0.03, difference: past.season }) : null,
  },
};

/**
 * Members that a combination gains nothing from, which were near copies of others or let trends run on, on the training parts of
 * competitions and on generated series. They are known to models saved before.
 */
const retired: readonly string[] = [
  "holt",
  "damped",
  "comb",
  "holtWinters",
  "dampedLog",
  "seasonalNaiveDriftLog",
  "dampedLong",
  "thetaLong",
];

/** Every member's name. */
export const memberNames: readonly string[] = Object.keys(members);

/** The members that are tried for a combination. */
export const triedNames: readonly string[] = memberNames.filter((name) => !retired.includes(name));

/** Members for intermittent demand alone. */
const forDemand: readonly string[] = ["sba", "tsb"];
/** Those that can say a mean of many zeros and a few demands: what repeats single values cannot. */
const ofDemand: readonly string[] = [
  ...forDemand,
  "ses",
  "sesLong",
  "theta",
  "mean",
  "seasonalMean",
  "autoregression",
  "stiffAutoregression",
  "arima",
  "shrunkDamped",
];

/** Whether a member may take part in the combination of a series. */
export function mayTakePart(name: string, isIntermittent: boolean): boolean {
  return isIntermittent ? ofDemand.includes(name) : !forDemand.includes(name);
}

/** Two short seasons, or a tenth more than a long one; the long season if three of it are there. */
function lagsOf({ values, season, longSeason }: MemberPast): number {
  const longest = longSeason > 1 && longSeason < mostLags && values.length >= 3 * longSeason ? longSeason : season;
  const wanted = longest === 1 ? 12 : Math.max(12, longest > 30 ? Math.ceil(1.1 * longest) : 2 * longest);
  return Math.max(1, Math.min(wanted, values.length >> 2, mostLags));
}

/** Rows in a year of days or weeks, which no whole season holds; 0 if rows are neither. */
function yearOf({ season, longSeason }: MemberPast): number {
  return longSeason === 364 ? 365.25 : season === 52 ? 365.25 / 7 : 0;
}

/** The normal equations of more lags would take longer than all else. */
const mostLags = 200;

function logarithmic(name: SimpleMethod): Member {
  return {
    title: `${methodTitles[name]} on logarithms`,
    forecast(past) {
      if (past.log && name === "seasonalNaiveDrift") return null; // the same as the method itself
      const levels = logarithms(past.values);
      return levels && simpleMethods[name]({ ...past, values: levels, log: false }).map(Math.exp);
    },
  };
}

const known = new WeakMap<Float64Array, Float64Array>();

/** One array per past, so that what is fitted to it is fitted once; null if a value has no logarithm. */
function logarithms(values: Float64Array): Float64Array | null {
  if (values.some((value) => value <= 0)) return null;
  const levels = known.get(values) ?? values.map(Math.log);
  known.set(values, levels);
  return levels;
}

function longSeasonal(name: SimpleMethod): Member {
  return {
    title: `${methodTitles[name]} of the long season`,
    forecast: (past) =>
      past.longSeason > 1 && past.values.length >= 3 * past.longSeason ? simpleMethods[name]({ ...past, season: past.longSeason }) : null,
  };
}

/** Days of a week for seasons of a day, days of a year for seasons of a week: the season that holds this one; 0 for none. */
export function longSeasonOf(frequency: string, season: number): number {
  const perDay = perDayOf(frequency);
  if (perDay > 1 && season === perDay) return 7 * perDay;
  return frequency === "daily" && season === 7 ? 364 : 0;
}

function perDayOf(frequency: string): number {
  if (frequency === "hourly") return 24;
  const parts = /^(\d+) (minute|hour)s?$/.exec(frequency);
  if (parts === null) return 0;
  const rows = (parts[2] === "minute" ? 1440 : 24) / Number(parts[1]);
  return Number.isInteger(rows) ? rows : 0;
}
