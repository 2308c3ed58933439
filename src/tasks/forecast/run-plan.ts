// Everything decided before the first training step, for one series or for many: who takes part, plans, windows, and the words for it.

import { DataError } from "../../base/errors.js";
import { counted } from "../../base/words.js";
import { shortName } from "../../data/decode.js";
import { firstOrigin } from "../../data/frame.js";
import { meanBy } from "../../data/mean.js";
import { numbersOf } from "../../data/number-store.js";
import { placeOf } from "../../data/table.js";
import type { SharedSteps } from "../../data/transform.js";
import type { Panel, Series, SkippedSeries } from "../../data/types.js";
import { beginningWords } from "./beginning.js";
import { type Beside, type BesideMember, besideWords, channelsOf, measureBeside } from "./beside.js";
import { codeWarnings, constantWarnings, emptyFutureWarnings, holidayWarnings } from "./column-warnings.js";
import { type Place, placesOf } from "./forecaster.js";
import type { BesideSource, LaidRun } from "./laid-run.js";
import { lastRows } from "./last-rows.js";
import { leakWarnings } from "./leaks.js";
import type { NetworkSpec } from "./network/types.js";
import { networkWords } from "./network/words.js";
import { dropoutOf, effortOf, isDirect, sizesOf } from "./plan.js";
import { quotasOf, type WindowSource } from "./sampling.js";
import { dataOf, type Phase, type Phases, type Plan, planLines, planSeries, preparePhases, withChannels } from "./setup.js";
import type { ForecastData, ForecastOptions, SavedPreprocess, SavedTransform, TaskOptions } from "./types.js";

/** One series with all that is decided about it. */
export interface Member {
  readonly id: string;
  readonly plan: Plan;
  readonly phases: Phases;
}

/** A sentence that is told once training can begin. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** What a run is about. */
export interface RunPlan {
  /** At least one. */
  readonly members: readonly Member[];
  /** How many series are told apart; null for a table of one. */
  readonly panel: Omit<NonNullable<SavedPreprocess["panel"]>, "series"> | null;
  /** The plan whose sizes, network and epochs are those of all. */
  readonly first: Plan;
  /** Columns beside the target; null if there are none. */
  readonly beside: Beside | null;
  readonly data: ForecastData;
  /** What was found, and why the transform. */
  readonly notes: readonly string[];
  /** The split in sentences. */
  readonly lines: readonly string[];
  readonly warnings: readonly Warning[];
}

/**
 * Decides all about the series of a table.
 * @throws DataError those of `planSeries` and `measureBeside`; for many series `no_series` if none can be forecast
 */
export function planRun(laid: LaidRun): RunPlan {
  const { found, options } = laid;
  return "one" in found ? planOne(found.one, laid, options) : planPanel(found.many, laid, options);
}

/** The windows of all series; their places carry the index of the member. */
export function placesIn({ members }: RunPlan, pick: (phases: Phases) => Pick<Phase, "frame" | "origins">): Place[] {
  return members.flatMap(({ phases }, member) => {
    const { frame, origins } = pick(phases);
    return placesOf(member, frame, origins);
  });
}

/** Windows that choose the epoch: the network that is tried on them has seen no row of theirs. */
export function validationPlaces(plan: RunPlan): Place[] {
  return placesIn(plan, ({ select, validation }) => ({ frame: select.frame, origins: validation }));
}

/** How many windows there are, over all series. */
export function countWindows({ members }: Pick<RunPlan, "members">, pick: (phases: Phases) => readonly number[]): number {
  return members.reduce((sum, { phases }) => sum + pick(phases).length, 0);
}

/** Windows of the training that chooses the epoch. */
export function shownWindows(plan: Pick<RunPlan, "members">): { readonly train: number; readonly validation: number } {
  return { train: countWindows(plan, ({ select }) => select.origins), validation: countWindows(plan, ({ validation }) => validation) };
}

function planOne(found: Series, source: BesideSource, options: TaskOptions): RunPlan {
  const bare = planSeries(found, options);
  const beside = measureBeside(source, { statics: [] }, [besideMember(bare, 0)], { ...options, horizon: bare.sizes.horizon });
  const plan = withChannels(bare, channelsOf(beside?.facts ?? null));
  const phases = preparePhases(plan);
  return {
    members: [{ id: plan.series.name, plan, phases }],
    panel: null,
    first: plan,
    beside,
    data: dataOf(plan),
    notes: [
      ...plan.series.found,
      ...beginningWords([plan.series]),
      ...besideWords(beside),
      `transform: ${plan.transform.words}`,
      ...plan.transform.reasons,
    ],
    lines: planLines(plan, phases),
    warnings: [...codeWarnings([plan]), ...warningsOf(plan, phases), ...besideWarnings(beside, [plan])],
  };
}

function besideWarnings(beside: Beside | null, plans: readonly Plan[]): Warning[] {
  if (beside === null) return [];
  const { horizon } = plans[0]!.sizes;
  return [
    ...leakWarnings(plans.map(({ series }) => series)),
    ...constantWarnings(beside, plans),
    ...emptyFutureWarnings(plans, horizon),
    ...holidayWarnings(beside.facts, plans, horizon),
  ];
}

function besideMember({ series, sizes, validation }: Plan, place: number): BesideMember {
  return { series, place, until: sizes.rows - sizes.test - validation };
}

function warningsOf({ series }: Plan, { select, bridged }: Phases): Warning[] {
  const warnings: Warning[] = [];
  const windows = select.origins.length;
  if (series.frequency === "irregular") {
    const message = `the times of ${shortName(series.file)} follow no regular step: rows are taken in their order`;
    warnings.push({ code: "irregular_times", message });
  }
  if (windows < 20) {
    const message = `only ${counted(windows, "window")} to train on: expect little more than a simple method`;
    warnings.push({ code: "few_windows", message });
  }
  if (bridged > 0) {
    const message = `too few windows are complete: up to ${Math.round(100 * bridged)} % of the training targets are bridged gaps`;
    warnings.push({ code: "bridged_targets", message });
  }
  return warnings;
}

/** Mistakes in the options, which hold for every series. */
const ofAll: readonly string[] = ["bad_option", "unknown_cell", "unknown_activation"];

/** Sizes by the middle series, the same for all; a plan for each that has the rows. */
function planPanel(found: Panel, source: BesideSource, options: TaskOptions): RunPlan {
  const byLength = [...found.series].sort((a, b) => a.values.length - b.values.length);
  const sizes = sizesOf(byLength[byLength.length >> 1]!, options);
  const { backtest: _backtest, ...asked } = options;
  const { plans, skipped, attempt } = planEach(found, { ...asked, horizon: sizes.horizon, test: sizes.test }, sizes.input);
  const windows = plans.reduce((sum, { plan }) => sum + Math.max(1, plan.sizes.rows - plan.steps - plan.sizes.horizon), 0);
  const besideOf = (these: readonly { readonly plan: Plan; readonly place: number }[]): Beside | null =>
    measureBeside(
      source,
      found,
      these.map(({ plan, place }) => besideMember(plan, place)),
      { ...options, horizon: sizes.horizon },
    );
  const dropout = dropoutOf(windows, options);
  const planned = plans.length === 0 ? null : besideOf(plans);
  const error: NetworkSpec["error"] =
    2 * plans.filter(({ plan }) => plan.spec.error === "squared").length > plans.length ? "squared" : "absolute";
  const channels = channelsOf(planned?.facts ?? null);
  const effort = plans.map(({ plan }) => effortOf(windows, { ...plan.spec, channels }, options));
  const sources = plans.map(({ plan }) => sourceOf(plan));
  const quotas = quotasOf(sources, effort[0]?.mostWindows ?? 0, options.sampling ?? "series");
  const kept = plans.flatMap(({ id, place, plan }, n) =>
    attempt(id, () => {
      const own = { ...plan, ...effort[n]!, mostWindows: quotas[n]!, spec: { ...plan.spec, dropout, channels, error } };
      const phases = preparePhases(own);
      return { id, place, plan: own, phases: { ...phases, validation: phases.validation.slice(-quotas[n]!) } };
    }),
  );
  if (kept.length === 0) {
    const why = skipped[0]!;
    const what = `None of ${skipped.length} series can be forecast; ${shownId(why.id)}: ${why.message}`;
    throw new DataError("no_series", what, "Try a shorter --horizon and --input.", placeOf(source.file));
  }
  // A series without a single window takes its columns with it.
  const beside = kept.length === plans.length ? planned : besideOf(kept);
  const spec = { channels: channelsOf(beside?.facts ?? null) };
  const members = kept.map(({ id, plan, phases }): Member => ({ id, plan: { ...plan, spec: { ...plan.spec, ...spec } }, phases }));
  const first = members[0]!.plan;
  const used = shownWindows({ members });
  return {
    members,
    panel: { id: found.id, wide: options.wide === true, targets: found.targets },
    ...{ first, beside },
    data: { ...dataOf(first), ...totalsOf(found, members.length) },
    notes: [...found.found, ...beginningWords(members.map(({ plan }) => plan.series)), ...besideWords(beside)],
    lines: [
      `${members.length} series: one network over the windows of all, each on its own scale; held out: ${lastRows(first.sizes.test)} of each`,
      `${counted(used.train, "window")} to train on, ${used.validation} choose the best of ${first.epochs} epochs`,
      ...networkWords(first.spec),
      ...samplingWords(sources, quotas, options),
    ],
    warnings: [
      ...skipWords(skipped).map((message) => ({ code: "series_skipped", message })),
      ...codeWarnings(members.map(({ plan }) => plan)),
      ...besideWarnings(
        beside,
        members.map(({ plan }) => plan),
      ),
    ],
  };
}

interface SeriesPlans {
  readonly plans: readonly { readonly id: string; readonly place: number; readonly plan: Plan }[];
  readonly skipped: SkippedSeries[];
  /** Leaves out a series whose plan fails. */
  attempt<T>(id: string, f: () => T): T[];
}

/** Plans of the series that can be forecast; `longest` rows are read if all of them have that many. */
function planEach(found: Panel, options: ForecastOptions, longest: number): SeriesPlans {
  const planned = (input: number, shared: SharedSteps | null): SeriesPlans => {
    const skipped = [...found.skipped];
    const attempt = <T>(id: string, f: () => T): T[] => {
      try {
        return [f()];
      } catch (error) {
        if (!(error instanceof DataError) || ofAll.includes(error.code)) throw error;
        skipped.push({ id, code: error.code, message: error.message });
        return [];
      }
    };
    const plans = found.series.flatMap((series, place) => {
      const id = nameIn(found, series);
      return attempt(id, () => ({ id, place, plan: planSeries({ ...series, id }, { ...options, input }, shared) }));
    });
    return { plans, skipped, attempt };
  };
  const alone = planned(options.input ?? Math.max(1, Math.ceil(longest / 2)), null);
  if (!isDirect(options) || options.distribution === "negative-binomial" || alone.plans.length === 0) return alone;
  const { sizes, series } = alone.plans[0]!.plan;
  const most = (is: (transform: SavedTransform) => boolean): boolean =>
    2 * alone.plans.filter(({ plan }) => is(plan.transform)).length > alone.plans.length;
  const isSeasonal = most(({ seasonalLag }) => seasonalLag > 0);
  const shared = { isSeasonal, relative: most(({ relative }) => relative), own: ownRows(series.season) };
  const fits = alone.plans.every(({ plan }) => longest + 2 * sizes.horizon + sizes.test <= plan.sizes.rows);
  return planned(options.input === undefined && fits ? longest : sizes.input, shared);
}

/** Rows whose mean and spread are those of a window: whole seasons, unless that is a long time. */
function ownRows(season: number): number {
  return season > 1 && season <= 60 ? Math.max(12, season) : 24;
}

function samplingWords(sources: readonly WindowSource[], quotas: readonly number[], { sampling }: ForecastOptions): string[] {
  if (sources.every(({ windows }, n) => windows <= quotas[n]!))
    return sampling === undefined ? [] : ["all windows are used: --sampling has nothing to choose"];
  const how = { windows: "every window as likely", series: "every series as many", scale: "large series more (1 + mean absolute value)" };
  return [`not all windows are used, so that training takes about a minute: ${how[sampling ?? "series"]}, at least two of each series`];
}

/** What a series has to give, and how large it is before its hold-out. */
function sourceOf({ series, sizes, steps, transform }: Plan): WindowSource {
  const windows = Math.max(1, sizes.rows - sizes.horizon - firstOrigin({ transform }, steps) + 1);
  return { windows, size: meanBy(numbersOf(series.values.subarray(0, sizes.rows - sizes.test)), Math.abs) };
}

/** What is said of a panel as a whole; the rest is that of its first series. */
export function totalsOf(found: Panel, series: number): Partial<ForecastData> {
  const { rows, missing, gaps, duplicates, targets, id } = found;
  return { rows, missing, gaps, duplicates, targets, id, series };
}

/** What a series of a panel is called: several targets of one id are told apart by their columns. */
export function nameIn({ targets }: Pick<Panel, "targets">, { id, name }: Pick<Series, "id" | "name">): string {
  return targets.length > 1 ? `${id ?? ""} ${name}`.trim() : (id ?? name);
}

/** Rows whose id is missing are one series. */
export function shownId(id: string): string {
  return id === "" ? "the series without an id" : id;
}

const shownSkips = 5;

/** Why series are left out; the first few, and how many more. */
function skipWords(skipped: Panel["skipped"]): string[] {
  const words = skipped.slice(0, shownSkips).map(({ id, code, message }) => `${shownId(id)} is left out [${code}]: ${message}`);
  const more = skipped.length - shownSkips;
  return more > 0 ? [...words, `${counted(more, "more series is", "more series are")} left out`] : words;
}
