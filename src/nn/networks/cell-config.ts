// What a file says about the cells of a network.

import { paramsOf } from "../cell.js";
import type { BuiltNetwork, CellConfig } from "../network.js";
import type { PlannedLayer } from "./plan.js";

/** Names, state sizes and gate orders of all cells, each once. */
export function cellConfigs(layers: readonly PlannedLayer[], built: BuiltNetwork): CellConfig[] {
  const found = new Map<string, CellConfig>();
  for (const { name: layer, definition: of } of layers) {
    const inputSize = Number(built.layers.find(({ name }) => name === layer)!.inputShape.at(-1));
    for (const { cell, options, units } of of.cells) {
      const { definition, name, source } = cell;
      const weights = Object.entries(paramsOf(definition, { ...options, inputSize, units }));
      const gates = Object.fromEntries(weights.map(([weight, spec]) => [weight, spec.gates]));
      found.set(name, { name, source, options: cell.options, state: definition.state, output: definition.output, gates });
    }
  }
  return [...found.values()];
}
