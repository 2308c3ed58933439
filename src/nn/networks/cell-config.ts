// What a file says about the cells of a network.

import { paramsOf } from "../cell.js";
import type { CellConfig } from "../network.js";
import type { PlannedLayer } from "./plan.js";

/** Names, state sizes and gate orders of all cells, each once. */
export function cellConfigs(layers: readonly PlannedLayer[]): CellConfig[] {
  const found = new Map<string, CellConfig>();
  for (const { cell, options, units } of layers.flatMap(({ definition }) => definition.cells)) {
    const { definition, name, source } = cell;
    // Gate orders do not depend on sizes; the input's size is not known before a build, so a much divisible one stands in for it.
    const weights = Object.entries(paramsOf(definition, { ...options, inputSize: 5040, units }));
    const gates = Object.fromEntries(weights.map(([weight, spec]) => [weight, spec.gates]));
    found.set(name, { name, source, options: cell.options, state: definition.state, output: definition.output, gates });
  }
  return [...found.values()];
}
