// Validation and hold-out over all series: the forecaster is asked for many of them at once, scores and errors belong to each.

import { makePause } from "../../train/pause.js";
import { type Correction, correctionOf } from "./correction.js";
import { alone, evaluationOf, type Holdout, holdoutOrigins, holdoutRows, scaleOf, scoreHoldout } from "./evaluate.js";
import { aheadBy, type Forecaster, placesOf } from "./forecaster.js";
import { intervalsOf } from "./intervals.js";
import { scaledCase } from "./panel-scores.js";
import { throwIfAborted } from "./progress.js";
import type { Member, RunPlan } from "./run-plan.js";
import type { ForecastEvaluation, ForecastOptions, ForecastRow, SavedSeries } from "./types.js";
import { type SimplePart, simplePart, triedOrigins, type Validated, validate } from "./validate.js";

/** What is known of all series before the hold-out. */
export interface ValidatedMembers {
  readonly parts: readonly { readonly part: SimplePart; readonly own: Validated }[];
  /** One share of the network for all series; null for a single one, whose share grows with what it sees. */
  readonly correction: Correction | null;
}

/** What is shown and saved of one series: of many, the forecasts of every method would fill the memory. */
export interface Scored extends Pick<Holdout["known"], "choice" | "correction">, Pick<Holdout, "isIntermittent"> {
  readonly evaluation: ForecastEvaluation;
  readonly holdout: readonly ForecastRow[];
  readonly saved: SavedSeries;
}

/** Origins tried over all series together: a large panel needs few from each. */
const mostTrials = 4000;
/** Of each; a single series has the time for more, and the share of its network hangs on them. */
const [sharedTrials, aloneTrials] = [16, 32];
/** Series whose outlooks are in memory at once. */
const mostMembers = 1024;

/** The simple part of every series, and the network's share. */
export async function validateMembers(
  forecaster: Forecaster,
  { members, panel }: RunPlan,
  options: ForecastOptions,
): Promise<ValidatedMembers> {
  const most = Math.max(2, Math.min(members.length === 1 ? aloneTrials : sharedTrials, Math.floor(mostTrials / members.length)));
  const parts: { part: SimplePart; own: Validated }[] = [];
  const turn = turns(options);
  await inGroups(members, async (group, from) => {
    const own = await eachOf(group, turn, ({ plan, phases }) => {
      const part = simplePart(plan, most);
      return { part, frame: phases.select.frame, plan, origins: triedOrigins(phases.select.frame, plan, part) };
    });
    const outlooks = await aheadBy(
      forecaster,
      own.map(({ frame, origins }, k) => placesOf(from + k, frame, origins)),
    );
    // Of many series the choice stays as it is: what every method said would only fill the memory.
    const kept = (part: SimplePart): SimplePart => (panel === null ? part : { ...part, trials: [] });
    parts.push(...own.map(({ part, frame, plan }, k) => ({ part: kept(part), own: validate(frame, plan, part, outlooks[k]!) })));
  });
  if (panel === null) return { parts, correction: null };
  if (options.pure === true) return { parts, correction: alone };
  const cases = parts.map(({ own }, n) => {
    const scale = scaleOf(members[n]!.plan);
    return own.cases.flatMap((each) => scaledCase(each, scale));
  });
  // Cases of one series are no more than one.
  return { parts, correction: correctionOf(cases.flat(), cases.filter(({ length }) => length > 0).length) };
}

/** The hold-out of every series, and what the simple methods forecast of the first one. */
export async function scoreMembers(
  forecaster: Forecaster,
  { members }: RunPlan,
  { parts, correction }: ValidatedMembers,
  options: ForecastOptions,
): Promise<{ readonly scored: readonly Scored[]; readonly simple: Holdout["simple"] }> {
  const scored: Scored[] = [];
  let simple: Holdout["simple"] | null = null;
  const turn = turns(options);
  await inGroups(members, async (group, from) => {
    const outlooks = await aheadBy(
      forecaster,
      group.map(({ plan, phases }, k) => placesOf(from + k, phases.evaluate.frame, holdoutOrigins(plan))),
    );
    const own = await eachOf(group, turn, (member, k): Scored => {
      const { plan, phases } = member;
      const { part, own: validated } = parts[from + k]!;
      const holdout = scoreHoldout({ frame: phases.evaluate.frame, plan, part, validated, outlooks: outlooks[k]!, correction });
      simple ??= holdout.simple;
      return scoredOf(member, part, holdout);
    });
    scored.push(...own);
  });
  return { scored, simple: simple! };
}

function scoredOf({ plan, phases }: Member, { data }: SimplePart, holdout: Holdout): Scored {
  const { choice, residuals, correction } = holdout.known;
  const saved = {
    transform: phases.refit.frame.transform,
    intervals: intervalsOf(residuals, plan.sizes.horizon),
    choice: choice && { weights: choice.weights, networkWeight: correction.weight, longSeason: data.longSeason },
    trainedTo: plan.series.timeLabel(plan.sizes.rows - 1),
  };
  const { isIntermittent } = holdout;
  return { evaluation: evaluationOf(holdout, plan), holdout: holdoutRows(holdout, plan), saved, choice, correction, isIntermittent };
}

async function inGroups(members: readonly Member[], f: (group: readonly Member[], from: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < members.length; from += mostMembers) await f(members.slice(from, from + mostMembers), from);
}

/** Simple methods of a long series take a second: whoever wants to stop is heard between two of them. */
function turns(options: ForecastOptions): () => Promise<void> {
  const pause = makePause();
  return async () => {
    await pause();
    throwIfAborted(options);
  };
}

async function eachOf<T>(group: readonly Member[], turn: () => Promise<void>, f: (member: Member, k: number) => T): Promise<T[]> {
  const results: T[] = [];
  for (const [k, member] of group.entries()) {
    await turn();
    results.push(f(member, k));
  }
  return results;
}
