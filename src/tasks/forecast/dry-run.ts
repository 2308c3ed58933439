// What a forecast would do: the table read, the network built, the windows counted; nothing trained, nothing written.

import type { Table } from "../../data/types.js";
import { layRun } from "./laid-run.js";
import { readTask } from "./read-task.js";
import { placesIn, planRun, shownWindows, type Warning } from "./run-plan.js";
import { shownSizes } from "./setup.js";
import { trainerFor } from "./strategies.js";
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
  /** What will be told once training begins. */
  readonly warnings: readonly Warning[];
}

/**
 * Decides all that `forecast` decides before training; throws what it throws until then.
 *
 * @example  const { network, plan } = await planForecast("sales.csv", { horizon: 12 });
 */
export async function planForecast(input: string | Table, options: ForecastOptions = {}): Promise<ForecastPlan> {
  const task = await readTask(input, options);
  const plan = planRun(layRun(task.table, task.options));
  const { first, data, notes, lines, warnings } = plan;
  return {
    data,
    network: trainerFor(options).describe(
      first.spec,
      placesIn(plan, ({ refit }) => refit),
    ),
    plan: { ...shownSizes(first), epochs: first.epochs, windows: shownWindows(plan) },
    ...{ notes, lines, warnings },
  };
}
