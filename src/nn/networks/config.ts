// Between networks and what a model file keeps of them.

import { UsageError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import type { AnyCell } from "../cell.js";
import { definitionOf } from "../layer.js";
import { badConfig, layerFromConfig, readLayerConfig } from "../layers/from-config.js";
import type { CellConfig, Network } from "../network.js";
import { type DeepRnnOptions, deepRnnNetwork } from "./deep-rnn.js";
import { wiredNetwork } from "./functional.js";
import type { PlannedLayer } from "./plan.js";
import { plannedNetwork } from "./planned-network.js";
import { chainPlan } from "./sequential.js";

/**
 * A network from what `toConfig` wrote. Everything is checked by hand; nothing in a file is run.
 *
 * @param cells  the caller's own cells, found by name
 * @throws UsageError `bad_network_file`, `missing_cell`, `cell_changed`
 */
export function networkFromConfig(config: unknown, cells: readonly AnyCell[]): Network {
  if (!isRecord(config)) throw badConfig("it is not a record");
  if (config.kind === "deep-rnn") return deepRnnNetwork(readOptions(config.options));
  const layers = readLayers(config.layers, cells);
  // With the sizes of their inputs, for a cell's weights may depend on them.
  const onCells = (cells: readonly CellConfig[]): void => checkCells(config.cells, cells);
  if (config.kind === "functional") return wiredNetwork(layers, config.wiring, onCells);
  if (config.kind !== "sequential") throw badConfig(`network kind ${JSON.stringify(config.kind) ?? "none"} is not known`);
  return plannedNetwork(chainPlan(layers), { onCells });
}

function readOptions(options: unknown): DeepRnnOptions {
  if (!isRecord(options)) throw badConfig("the network has no options");
  const { units } = options;
  if (typeof units === "number" || Array.isArray(units)) return { ...options, units: units as DeepRnnOptions["units"] };
  throw badConfig("the network has no units");
}

function readLayers(layers: unknown, cells: readonly AnyCell[]): PlannedLayer[] {
  if (!Array.isArray(layers) || layers.length === 0) throw badConfig("it has no layers");
  const names = new Set<string>();
  return layers.map((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.name !== "string") throw badConfig("a layer has no name");
    const { name } = entry;
    if (name === "" || name === "__proto__" || name.includes("/")) throw badConfig(`a layer is called ${JSON.stringify(name)}`);
    if (names.has(name)) throw badConfig(`two layers are called "${name}"`);
    names.add(name);
    const layer = layerFromConfig(readLayerConfig(entry.layer), cells);
    return { name, definition: definitionOf(layer, "the saved network") };
  });
}

/** A cell that has changed since the file was written would read the file's weights wrongly. */
function checkCells(saved: unknown, cells: readonly CellConfig[]): void {
  if (!Array.isArray(saved)) throw badConfig("it does not say which cells it uses");
  const current = new Map(cells.map((cell) => [cell.name, cell]));
  const names = saved.map((entry: unknown) => (isRecord(entry) ? entry.name : null));
  const untold = [...current.keys()].find((name) => !names.includes(name));
  if (untold !== undefined) throw badConfig(`it does not list cell "${untold}"`);
  for (const entry of saved) {
    if (!isRecord(entry) || typeof entry.name !== "string") throw badConfig("a cell has no name");
    const now = current.get(entry.name);
    if (now === undefined) throw badConfig(`it lists cell "${entry.name}", which no layer uses`);
    for (const part of ["state", "output", "gates"] as const satisfies readonly (keyof CellConfig)[]) {
      const [before, after] = [JSON.stringify(entry[part]), JSON.stringify(now[part])];
      if (before === after) continue;
      throw new UsageError({
        code: "cell_changed",
        what: `cell ${now.name} has ${part} ${after}, the saved model was made with ${(before ?? "none").slice(0, 200)}`,
        hint: "Load it with the cell it was saved with, or train again.",
      });
    }
  }
}
