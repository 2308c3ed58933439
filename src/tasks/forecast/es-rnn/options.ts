// What the task's options mean for ES-RNN, and which of them it has no use for.

import { DataError } from "../../../base/errors.js";
import { taskCell } from "../../cells.js";
import { type NetworkSpec, plainNetwork } from "../network/types.js";
import { checkNetworkSize } from "../plan.js";
import type { ForecastOptions, TaskOptions } from "../types.js";

/** One width for all layers; how many there are, and their dilations, follow from the season. Errors: `bad_option`. */
export function esRnnNetworkSpec(
  options: ForecastOptions,
  { steps, horizon }: { readonly steps: number; readonly horizon: number },
): NetworkSpec {
  for (const name of ["cell", "layers", "activation", "dropout", "stack", "distribution", "ensemble"] as const) {
    if (options[name] === undefined) continue;
    const what = `--strategy es-rnn brings its own layers: --${name} cannot be part of it.`;
    throw new DataError("bad_option", what, "Leave it out; --units sets their width.");
  }
  const [width = 40, ...others] = [options.units ?? []].flat();
  if (others.length > 0) throw new DataError("bad_option", "--strategy es-rnn has layers of one width: --units takes one number.");
  const seed = options.seed ?? 0;
  const spec: NetworkSpec = {
    ...{ ...plainNetwork, cell: taskCell("lstm"), units: [width], steps, horizon, dropout: 0, seed },
    strategy: "es-rnn",
  };
  checkNetworkSize(spec);
  return spec;
}

/** The options with columns beside the target left out. Errors: `bad_option` for those that were asked for. */
export function withoutColumns(options: TaskOptions): TaskOptions {
  for (const [name, flag] of flags) {
    const given = options[name];
    if (given === undefined || given === false || (Array.isArray(given) && given.length === 0)) continue;
    const what = `--strategy es-rnn reads the target alone: --${flag} cannot be part of it.`;
    throw new DataError("bad_option", what, "Leave it out, or take another strategy.");
  }
  return { ...options, statics: [] };
}

const flags = [
  ["past", "past"],
  ["future", "future"],
  ["statics", "static"],
  ["calendar", "calendar"],
  ["holidays", "holidays"],
] as const;
