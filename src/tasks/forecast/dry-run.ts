// What a forecast would do: the table read, the network built, the windows counted; nothing trained, nothing written.

import { readTable } from "../../data/read-table.js";
import type { Table } from "../../data/types.js";
import { libraryTrainer } from "./network/train.js";
import { isPanel, networkOf, panelData, planPanel, skipWords } from "./panel-plan.js";
import { dataOf, makePlan, planLines, preparePhases, shownSizes } from "./setup.js";
import type { ForecastData, ForecastNetwork, ForecastOptions } from "./types.js";

/** The decisions of a forecast before its first step. */
export interface ForecastPlan {
  readonly data: ForecastData;
  readonly network: ForecastNetwork;
  readonly plan: {
    readonly input: number;
    readonly horizon: number;
    readonly test: number;
    /** Most epochs of the phase that chooses their number. */
    readonly epochs: number;
    readonly windows: { readonly train: number; readonly validation: number };
  };
  /** What was found, and why the transform. */
  readonly notes: readonly string[];
  /** The split in sentences. */
  readonly lines: readonly string[];
}

/**
 * Decides all that `forecast` decides before training; throws what it throws until then.
 *
 * @example  const { network, plan } = await planForecast("sales.csv", { horizon: 12 });
 */
export async function planForecast(input: string | Table, options: ForecastOptions = {}): Promise<ForecastPlan> {
  const table = typeof input === "string" ? await readTable(input, options) : input;
  if (isPanel(table, options)) return explainPanel(table, options);
  const plan = makePlan(table, options);
  const phases = preparePhases(plan);
  const { cell, activation, units } = plan.spec;
  return {
    data: dataOf(plan),
    network: { cell, activation, layers: units.length, units, parameters: libraryTrainer.countParameters(plan.spec) },
    plan: {
      ...shownSizes(plan),
      epochs: plan.epochs,
      windows: { train: phases.select.origins.length, validation: phases.validation.length },
    },
    notes: [...plan.series.found, `transform: ${plan.transform.words}`, ...plan.transform.reasons],
    lines: planLines(plan, phases),
  };
}

function explainPanel(table: Table, options: ForecastOptions): ForecastPlan {
  const plan = planPanel(table, options);
  const { first, windows, found, lines } = plan;
  return {
    data: panelData(plan),
    network: { ...networkOf(first), parameters: libraryTrainer.countParameters(first.spec) },
    plan: { ...shownSizes(first), epochs: first.epochs, windows },
    notes: [...found.found, ...skipWords(plan)],
    lines: [...lines],
  };
}
