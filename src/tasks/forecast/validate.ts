// What earlier origins say: the weights of the simple methods, the network's share, and the errors that intervals are made of.

import type { Frame } from "../../data/frame.js";
import { firstOrigin } from "../../data/frame.js";
import { apartOf } from "./apart.js";
import { blended, type Parts, partsOf } from "./blend.js";
import { type Choice, type ChoiceData, choose, combine, type Trial, trialOrigins, trialsAt } from "./choice.js";
import { type Case, correctionOf } from "./correction.js";
import type { Outlook } from "./forecaster.js";
import { isIntermittent } from "./intermittent.js";
import type { Residual } from "./intervals.js";
import { longSeasonOf } from "./members.js";
import { errorsOf } from "./outputs.js";
import type { Plan } from "./setup.js";

/** What trying needs to know of a plan. */
export interface Tried extends Pick<Plan, "series" | "sizes" | "transform" | "steps" | "validation"> {
  readonly options: { readonly pure?: boolean };
}

/** The simple part of a forecast, found before the hold-out. */
export interface SimplePart {
  readonly data: ChoiceData;
  readonly trials: readonly Trial[];
  /** null if the network alone was asked for. */
  readonly choice: Choice | null;
}

/** Tries every member from earlier origins (`most` of them) and weighs them; nothing of it for the network alone. */
export function simplePart(plan: Tried, most?: number): SimplePart {
  const { series, sizes, transform } = plan;
  const longSeason = longSeasonOf(series.frequency, series.season);
  const data = { values: series.values, season: series.season, longSeason, horizon: sizes.horizon, log: transform.log };
  if (plan.options.pure === true) return { data, trials: [], choice: null };
  const end = sizes.rows - sizes.test;
  const trials = trialsAt(data, trialOrigins(data, { validation: end - plan.validation, end, ...(most === undefined ? {} : { most }) }));
  return { data, trials, choice: choose(data, trials) };
}

/** Origins of further trials inside the hold-out, as far apart as those before it, each with a whole horizon; without those in `taken`. */
export function laterOrigins(
  { trials, data }: SimplePart,
  { from, end }: { readonly from: number; readonly end: number },
  taken: readonly number[],
): number[] {
  const [first, last] = [trials[0]?.origin ?? 0, trials.at(-1)?.origin ?? 0];
  const stride = Math.max(1, Math.round((last - first) / Math.max(1, trials.length - 1)));
  const later: number[] = [];
  for (let origin = last + stride; origin + data.horizon <= end; origin += stride) if (!taken.includes(origin)) later.push(origin);
  return last === 0 || from <= last ? [] : later;
}

/** What is known before the hold-out, beside the simple part. */
export interface Validated {
  /** Forecasts of a network that has not seen the validation part, beside the combination's; empty for the network alone. */
  readonly cases: readonly Case[];
  /** Errors that intervals are made of. */
  readonly residuals: readonly Residual[];
}

/** Where a network that has not seen the validation part is tried: the trials in it, or its rows for the network alone. */
export function triedOrigins(frame: Frame, plan: Tried, { trials, choice }: SimplePart): number[] {
  const end = plan.sizes.rows - plan.sizes.test;
  const start = end - plan.validation;
  const least = firstOrigin(frame, plan.steps);
  if (choice !== null) return trials.map(({ origin }) => origin).filter((origin) => origin >= Math.max(start, least));
  const rows = Array.from({ length: plan.validation }, (_, i) => start + i);
  return thinned(rows).filter((origin) => origin >= least);
}

/** What the outlooks from `triedOrigins` say: what came beside them, and the errors of the blend. */
export function validate(frame: Frame, plan: Tried, part: SimplePart, outlooks: readonly Outlook[]): Validated {
  const { data, trials, choice } = part;
  const origins = triedOrigins(frame, plan, part);
  const end = plan.sizes.rows - plan.sizes.test;
  if (choice === null) {
    return { cases: [], residuals: origins.flatMap((origin, n) => errorsOf(frame, origin, outlooks[n]!.levels, end)) };
  }
  const tried = trials.filter(({ origin }) => origins.includes(origin));
  const fair = new Map(trials.map((trial) => [trial.origin, weightsWithout(part, trial)]));
  const parts = partsOf(frame, tried, outlooks, (n) => fair.get(tried[n]!.origin)!);
  // Trials that share rows with one know what came there: the network must not be compared with a combination that does.
  const strangers = partsOf(frame, tried, outlooks, (n) => weightsWithout(part, tried[n]!, data.horizon));
  const cases = strangers.map((each) => caseOf(each, data));
  const { weight } = correctionOf(cases);
  const late = parts.flatMap((each, n) => errorsOf(frame, each.origin, blended(each, weight, frame), end, distanceOf(part, tried[n]!)));
  return { cases, residuals: [...earlyErrors(frame, part, { start: end - plan.validation, fair }), ...late] };
}

/** How far the chosen members are apart at a trial, by the weights of all trials: those without it differ from trial to trial. */
function distanceOf({ data, choice }: SimplePart, trial: Trial): number | null {
  return choice === null ? null : apartOf(choice.weights, trial, data.log);
}

/** What came beside what was forecast. */
export function caseOf({ origin, simple, network }: Parts, { values, season, horizon }: ChoiceData): Case {
  const isDemand = isIntermittent(values.subarray(0, origin), season);
  return { origin, actual: values.subarray(origin, origin + horizon), simple: simple!, network, isIntermittent: isDemand };
}

/** Errors of the combination from origins before the validation part, where the network has seen what came. */
function earlyErrors(
  frame: Frame,
  part: SimplePart,
  { start, fair }: { readonly start: number; readonly fair: ReadonlyMap<number, Choice["weights"]> },
): Residual[] {
  const { data, trials } = part;
  const early = trials.filter(({ origin }) => origin < start);
  return early.flatMap((trial) => {
    const { origin } = trial;
    const simple = combine(fair.get(origin)!, trial, data.horizon);
    return errorsOf(frame, origin, blended({ origin, simple, network: simple }, 0, frame), origin + data.horizon, distanceOf(part, trial));
  });
}

/** Weights that one trial has no part in, nor those less than so many rows from it: errors there, of weights found there too, would be too small. */
export function weightsWithout({ data, trials, choice }: SimplePart, trial: Trial, apart = 1): Choice["weights"] {
  const others = trials.filter(({ origin }) => Math.abs(origin - trial.origin) >= apart);
  return others.length < leastOthers ? choice!.weights : choose(data, others).weights;
}

const leastOthers = 2;

const mostResidualOrigins = 200;

function thinned(origins: readonly number[]): readonly number[] {
  const every = Math.ceil(origins.length / mostResidualOrigins);
  return origins.filter((_, i) => (origins.length - 1 - i) % every === 0);
}
