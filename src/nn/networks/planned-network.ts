// What sequential and functional networks share: they remember what was built, and describe it for files.

import { UsageError } from "../../base/errors.js";
import { type BuiltNetwork, type CellConfig, isSingleInput, type Named, type Network, type NetworkInput } from "../network.js";
import { buildPlan } from "./build.js";
import { cellConfigs } from "./cell-config.js";
import { onceBuilt } from "./once-built.js";
import type { NetworkPlan } from "./plan.js";
import type { Wiring } from "./wiring.js";
import { writeWiring } from "./wiring-file.js";

/** What a network has beside its plan. */
export interface PlannedParts {
  /** Only `functional`: what its function does between the layers, for these inputs. */
  readonly wiring?: (inputs: Named<NetworkInput>) => Wiring;
  /** Sees the cells once the sizes of their inputs are known. */
  readonly onCells?: (cells: readonly CellConfig[]) => void;
}

/** The network of a plan; with a wiring it is functional, without one sequential. */
export function plannedNetwork(plan: NetworkPlan, { wiring, onCells }: PlannedParts): Network {
  const { layers } = plan;
  const kind = wiring === undefined ? "sequential" : "functional";
  let last: BuiltNetwork | null = null;
  const build = onceBuilt((inputs) => {
    const built = buildPlan(plan, inputs);
    onCells?.(cellConfigs(layers, built));
    return built;
  });
  return {
    kind,
    get inputNames() {
      return last === null || isSingleInput(last.inputs) ? null : Object.keys(last.inputs);
    },
    firstKind: wiring === undefined ? (layers[0]?.definition.config.kind ?? null) : null,
    build(inputs, outputSizes) {
      last = build(inputs, outputSizes);
      return last;
    },
    toConfig() {
      if (last === null) {
        const what = "what a file says of it is known once it is built";
        throw new UsageError({ code: "not_built", op: kind, what, hint: "Call build or fit first." });
      }
      return {
        kind,
        layers: layers.map(({ name, definition }) => ({ name, layer: definition.config })),
        cells: cellConfigs(layers, last),
        ...(wiring === undefined ? {} : { wiring: writeWiring(wiring(last.inputs)) }),
      };
    },
  };
}
