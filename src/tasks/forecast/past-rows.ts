// Forecasts of rows that are there already, each made from the rows before it: what anomalies are measured against.

import { type Frame, firstOrigin } from "../../data/frame.js";
import type { Series } from "../../data/types.js";
import { scoreRows, usualLevel } from "./anomalies.js";
import type { RowScore } from "./anomaly-types.js";
import { apartOf, intervalsAt } from "./apart.js";
import { blended, partsOf } from "./blend.js";
import { trialsAt } from "./choice.js";
import { correctionOf } from "./correction.js";
import { aheadBy, type Forecaster, type Outlook, placesOf } from "./forecaster.js";
import { type Intervals, intervalsOf } from "./intervals.js";
import { errorsOf, rowsAt } from "./outputs.js";
import type { RunPlan } from "./run-plan.js";
import type { SavedMember } from "./saved-members.js";
import type { ValidatedMembers } from "./score-members.js";
import { errorsKnownAt } from "./standstill.js";
import type { ForecastOptions, SavedSeries } from "./types.js";

/** One series whose rows are to be forecast again. */
interface PastMember {
  readonly series: Series;
  readonly frame: Frame;
  readonly choice: SavedSeries["choice"];
  /** Rows that are read. */
  readonly steps: number;
  readonly horizon: number;
  /** The first row that the forecaster was not trained on. */
  readonly unseen: number;
  /** Of errors made on rows that were not trained on; null if there were too few. */
  readonly intervals: Intervals | null;
  /** Whether rows that were trained on have intervals of their own, from their own errors. */
  readonly hasOwnIntervals: boolean;
}

/** Origins of one series, and of all together: simple methods forecast anew from each. */
const mostOrigins = 250;
const mostOfAll = 4000;
const leastOrigins = 8;
/** Series whose outlooks are in memory at once. */
const mostMembers = 256;

/**
 * Scores of all rows of a run that were observed and could be forecast; those of the hold-out were seen by nothing that forecasts them.
 */
export function scorePast(
  forecaster: Forecaster,
  { members }: RunPlan,
  { parts, correction }: ValidatedMembers,
  options: ForecastOptions,
): Promise<RowScore[]> {
  const past = members.map(({ plan, phases }, n): PastMember => {
    const { part, own } = parts[n]!;
    const { weight } = correction ?? correctionOf(own.cases);
    const { horizon, rows, test } = plan.sizes;
    const { frame } = phases.evaluate;
    const unseen = rows - test;
    return {
      ...{ series: plan.series, frame, steps: plan.steps, horizon, unseen },
      choice: part.choice && { weights: part.choice.weights, networkWeight: weight, longSeason: part.data.longSeason },
      intervals: intervalsOf(errorsKnownAt(frame, unseen, own.residuals, horizon), horizon),
      hasOwnIntervals: true,
    };
  });
  return scoreMembersPast(forecaster, past, options.anomalyLevel ?? usualLevel);
}

/** Scores of the rows of a new table with what was stored with a model; rows up to the last one trained on are in its sample. */
export function scoreNew(
  forecaster: Forecaster,
  members: readonly SavedMember[],
  { steps, horizon, level = usualLevel }: { readonly steps: number; readonly horizon: number; readonly level?: number | undefined },
): Promise<RowScore[]> {
  const past = members.map(({ series, frame, saved }): PastMember => {
    const { choice, intervals } = saved;
    return { series, frame, choice, steps, horizon, unseen: unseenRow(series, saved.trainedTo), intervals, hasOwnIntervals: false };
  });
  return scoreMembersPast(forecaster, past, level);
}

/** The row after the last one that was trained on; 0 if that is not among the rows. */
function unseenRow({ values, timeLabel }: Series, trainedTo: string | null): number {
  for (let row = values.length - 1; row >= 0; row--) if (timeLabel(row) === trainedTo) return row + 1;
  return 0;
}

async function scoreMembersPast(forecaster: Forecaster, members: readonly PastMember[], level: number): Promise<RowScore[]> {
  const most = Math.max(leastOrigins, Math.min(mostOrigins, Math.floor(mostOfAll / members.length)));
  const scores: RowScore[] = [];
  for (let from = 0; from < members.length; from += mostMembers) {
    const group = members.slice(from, from + mostMembers).map((member) => ({ member, ...originsOf(member, most) }));
    const outlooks = await aheadBy(
      forecaster,
      group.map(({ member, origins }, k) => placesOf(from + k, member.frame, origins)),
    );
    for (const [k, { member, origins, stride }] of group.entries())
      scores.push(...scoresOf(member, levelsOf(member, origins, outlooks[k]!), { stride, level }));
  }
  return scores;
}

/** From every row where that is cheap, else as few rows apart as there may be origins, at most one horizon; the first unseen row is one. */
function originsOf({ series, frame, steps, horizon, unseen }: PastMember, most: number): { origins: number[]; stride: number } {
  const rows = series.values.length;
  const stride = Math.max(1, Math.min(horizon, Math.ceil(rows / most)));
  const least = firstOrigin(frame, steps);
  const origins: number[] = [];
  for (let origin = unseen - stride * Math.floor(unseen / stride); origin < rows; origin += stride)
    if (origin >= least) origins.push(origin);
  return { origins, stride };
}

interface PastForecast {
  readonly origin: number;
  readonly levels: Float64Array;
  /** How far the members of the combination are apart. */
  readonly apart: number | null;
  /** Those of a network that stands alone and gives some. */
  readonly quantiles: Outlook["quantiles"];
}

function levelsOf({ frame, choice, horizon }: PastMember, origins: readonly number[], outlooks: readonly Outlook[]): PastForecast[] {
  if (choice === null) return origins.map((origin, n) => ({ origin, ...outlooks[n]!, apart: null }));
  const { values, season, transform } = frame;
  const data = { values, season, longSeason: choice.longSeason, horizon, log: transform.log };
  const trials = trialsAt(data, origins, Object.keys(choice.weights));
  return partsOf(frame, trials, outlooks, () => choice.weights).map((parts, n) => ({
    origin: parts.origin,
    apart: apartOf(choice.weights, trials[n]!, transform.log),
    levels: blended(parts, choice.networkWeight, frame),
    quantiles: null,
  }));
}

function scoresOf(
  member: PastMember,
  forecasts: readonly PastForecast[],
  { stride, level }: { readonly stride: number; readonly level: number },
): RowScore[] {
  const { series, frame, unseen, horizon, hasOwnIntervals } = member;
  const { transform } = frame;
  const rows = series.values.length;
  const near = forecasts
    .map(({ levels, ...each }) => ({ ...each, levels: levels.subarray(0, Math.min(stride, rows - each.origin)) }))
    .filter(({ levels }) => levels.every(Number.isFinite));
  const seen = near.filter(({ origin }) => origin < unseen);
  const own = hasOwnIntervals
    ? intervalsOf(
        // These intervals are about the same errors again: nothing is uncertain, and none is newer.
        seen
          .flatMap(({ origin, levels, apart }) => errorsOf(frame, origin, levels, unseen, apart))
          .map((each) => ({ ...each, origin: null })),
        horizon,
      )
    : null;
  return near.flatMap(({ origin, levels, apart, quantiles }) => {
    const inSample = origin < unseen;
    const intervals = intervalsAt(inSample ? (own ?? member.intervals) : (member.intervals ?? own), apart);
    return scoreRows(rowsAt(levels, { series, transform, origin, intervals, quantiles }), { log: transform.log, level, inSample });
  });
}
