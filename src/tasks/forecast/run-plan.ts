// Everything decided before the first training step, for one series or for many: who takes part, plans, windows, and the words for it.

import { DataError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import { panel } from "../../data/panel.js";
import { placeOf } from "../../data/table.js";
import type { Panel, Series, Table } from "../../data/types.js";
import { type Place, placesOf } from "./forecaster.js";
import { effortOf, operationsOf, sizesOf } from "./plan.js";
import { dataOf, makePlan, type Phase, type Phases, type Plan, planLines, planSeries, preparePhases } from "./setup.js";
import type { ForecastData, ForecastNetwork, ForecastOptions, SavedPreprocess } from "./types.js";

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
  readonly panel: Pick<NonNullable<SavedPreprocess["panel"]>, "id" | "wide"> | null;
  /** The plan whose sizes, network and epochs are those of all. */
  readonly first: Plan;
  readonly data: ForecastData;
  /** What was found, and why the transform. */
  readonly notes: readonly string[];
  /** The split in sentences. */
  readonly lines: readonly string[];
  readonly warnings: readonly Warning[];
}

/** Whether a table is read as many series: by option, or by the column names of Nixtla's libraries. */
export function isPanel(table: Table, { id, wide, target }: ForecastOptions): boolean {
  const has = (name: string): boolean => Object.hasOwn(table.columns, name);
  return id !== undefined || wide === true || (target === undefined && has("unique_id") && has("ds") && has("y"));
}

/**
 * Decides all about a table.
 * @throws DataError those of `makePlan`; for many series `no_series` if none can be forecast, and those of `panel`
 */
export function planRun(table: Table, options: ForecastOptions): RunPlan {
  return isPanel(table, options) ? planPanel(table, options) : planOne(table, options);
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

/** The network without its count of parameters. */
export function networkOf({ spec }: Plan): Omit<ForecastNetwork, "parameters"> {
  return { cell: spec.cell.name, activation: spec.cell.activation, layers: spec.units.length, units: spec.units };
}

function planOne(table: Table, options: ForecastOptions): RunPlan {
  const plan = makePlan(table, options);
  const phases = preparePhases(plan);
  const { series, transform } = plan;
  return {
    members: [{ id: series.name, plan, phases }],
    panel: null,
    first: plan,
    data: dataOf(plan),
    notes: [...series.found, `transform: ${transform.words}`, ...transform.reasons],
    lines: planLines(plan, phases),
    warnings: warningsOf(plan, phases),
  };
}

function warningsOf({ series }: Plan, { select, bridged }: Phases): Warning[] {
  const warnings: Warning[] = [];
  const windows = select.origins.length;
  if (series.frequency === "irregular") {
    const message = `the times of ${shortName(series.file)} follow no regular step: rows are taken in their order`;
    warnings.push({ code: "irregular_times", message });
  }
  if (windows < 20) {
    const message = `only ${windows} ${windows === 1 ? "window" : "windows"} to train on: expect little more than a simple method`;
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
function planPanel(table: Table, options: ForecastOptions): RunPlan {
  const found = panel(table, options);
  const byLength = [...found.series].sort((a, b) => a.values.length - b.values.length);
  const sizes = sizesOf(byLength[byLength.length >> 1]!, options);
  const { backtest: _backtest, ...asked } = options;
  const shared = { ...asked, horizon: sizes.horizon, test: sizes.test, input: options.input ?? Math.max(1, Math.ceil(sizes.input / 2)) };
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
  const plans = found.series.flatMap((series) => {
    const id = nameIn(found, series);
    return attempt(id, () => ({ id, plan: planSeries({ ...series, id }, shared) }));
  });
  const windows = plans.reduce((sum, { plan }) => sum + Math.max(1, plan.sizes.rows - plan.steps - plan.sizes.horizon), 0);
  const members = plans.flatMap(({ id, plan }) =>
    attempt(id, (): Member => {
      const effort = effortOf(windows, operationsOf(plan.spec), options);
      const mostWindows = Math.max(2, Math.floor(effort.mostWindows / plans.length));
      const dropout = options.dropout ?? (windows < 1000 ? 0.3 : 0.1);
      const own = { ...plan, ...effort, mostWindows, spec: { ...plan.spec, dropout } };
      const phases = preparePhases(own);
      return { id, plan: own, phases: { ...phases, validation: phases.validation.slice(-mostWindows) } };
    }),
  );
  if (members.length === 0) {
    const why = skipped[0]!;
    const what = `None of ${skipped.length} series can be forecast; ${why.id}: ${why.message}`;
    throw new DataError("no_series", what, "Try a shorter --horizon and --input.", placeOf(table.file));
  }
  const first = members[0]!.plan;
  const used = shownWindows({ members });
  return {
    members,
    panel: { id: found.id, wide: options.wide === true },
    first,
    data: { ...dataOf(first), ...totalsOf(found, members.length) },
    notes: found.found,
    lines: [
      `${members.length} series: one network over the windows of all, each on its own scale; the last ${first.sizes.test} rows of each are held out`,
      `${used.train} windows to train on, ${used.validation} choose the best of ${first.epochs} epochs`,
    ],
    warnings: skipWords(skipped).map((message) => ({ code: "series_skipped", message })),
  };
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

const shownSkips = 5;

/** Why series are left out; the first few, and how many more. */
function skipWords(skipped: Panel["skipped"]): string[] {
  const words = skipped.slice(0, shownSkips).map(({ id, code, message }) => `${id} is left out [${code}]: ${message}`);
  return skipped.length > shownSkips ? [...words, `${skipped.length - shownSkips} more series are left out`] : words;
}
