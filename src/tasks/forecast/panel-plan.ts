// Everything decided about a panel before the first training step: which series take part, their sizes, plans and windows.

import { DataError } from "../../base/errors.js";
import { panel } from "../../data/panel.js";
import { placeOf } from "../../data/table.js";
import type { Panel, Table } from "../../data/types.js";
import { effortOf, operationsOf, sizesOf } from "./plan.js";
import { dataOf, type Phases, type Plan, planSeries, preparePhases } from "./setup.js";
import type { ForecastData, ForecastOptions, ForecastRun } from "./types.js";

/** One series with all that is decided about it. */
export interface Member {
  readonly id: string;
  readonly plan: Plan;
  readonly phases: Phases;
}

/** Whether a table is read as many series: by option, or by the column names of Nixtla's libraries. */
export function isPanel(table: Table, { id, wide, target }: ForecastOptions): boolean {
  const has = (name: string): boolean => Object.hasOwn(table.columns, name);
  return id !== undefined || wide === true || (target === undefined && has("unique_id") && has("ds") && has("y"));
}

/** All series of a table and what is shared. */
export interface PanelPlan {
  readonly found: Panel;
  readonly members: readonly Member[];
  readonly skipped: readonly Panel["skipped"][number][];
  /** The plan whose sizes, network and epochs are those of all. */
  readonly first: Plan;
  readonly windows: { readonly train: number; readonly validation: number };
  readonly lines: readonly string[];
  /** Windows over all series. */
  count(pick: (phases: Phases) => readonly number[]): number;
}

/**
 * Sizes by the middle series, the same for all; a plan for each that has the rows.
 * @throws DataError `no_series` if none has, `bad_option`, and those of `panel`
 */
export function planPanel(table: Table, options: ForecastOptions): PanelPlan {
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
      if (!(error instanceof DataError) || error.code === "bad_option") throw error;
      skipped.push({ id, code: error.code, message: error.message });
      return [];
    }
  };
  const several = found.targets.length > 1;
  const nameOf = (series: Panel["series"][number]): string =>
    several ? `${series.id ?? ""} ${series.name}`.trim() : (series.id ?? series.name);
  const plans = found.series.flatMap((series) =>
    attempt(nameOf(series), () => ({ id: nameOf(series), plan: planSeries({ ...series, id: nameOf(series) }, shared) })),
  );
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
  const count: PanelPlan["count"] = (pick) => members.reduce((sum, { phases }) => sum + pick(phases).length, 0);
  const used = { train: count(({ select }) => select.origins), validation: count(({ validation }) => validation) };
  const lines = [
    `${members.length} series: one network over the windows of all, each on its own scale; the last ${first.sizes.test} rows of each are held out`,
    `${used.train} windows to train on, ${used.validation} choose the best of ${first.epochs} epochs`,
  ];
  return { found, members, skipped, first, windows: used, lines, count };
}

const shownSkips = 5;

/** Why series are left out; the first few, and how many more. */
export function skipWords({ skipped }: PanelPlan): string[] {
  const words = skipped.slice(0, shownSkips).map(({ id, code, message }) => `${id} is left out [${code}]: ${message}`);
  return skipped.length > shownSkips ? [...words, `${skipped.length - shownSkips} more series are left out`] : words;
}

/** What was found, over all series. */
export function panelData({ found, members, first }: PanelPlan): ForecastData {
  const { rows, missing, gaps, duplicates, targets, id } = found;
  return { ...dataOf(first), ...{ rows, missing, gaps, duplicates, targets, id }, series: members.length };
}

/** The network without its count of parameters. */
export function networkOf({ spec }: Plan): Omit<ForecastRun["network"], "parameters"> {
  return { cell: spec.cell, activation: spec.activation, layers: spec.units.length, units: spec.units };
}
