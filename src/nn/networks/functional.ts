// Layers wired by a function: several inputs, several outputs, extras for recurrent layers.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord, type Tree, treeFromPaths, treeLeaves } from "../../base/tree.js";
import { isTensor } from "../../trace/traced.js";
import { definitionOf, type Layer, type StatefulLayer, type WeighingLayer } from "../layer.js";
import type { Named, Network } from "../network.js";
import type { NetworkPlan, PlannedLayer } from "./plan.js";
import { type PlannedParts, plannedNetwork } from "./planned-network.js";
import { replayWiring } from "./replay.js";
import { recordWiring } from "./wiring.js";
import { readWiring } from "./wiring-file.js";

/** Any layers by name. */
export interface LayerRecord {
  readonly [name: string]: Layer | StatefulLayer<Tree> | WeighingLayer;
}

/**
 * A network whose function `f(layers, inputs)` calls the layers. The record's keys name the weights: "encode/W".
 * `f` runs whenever the network is traced, so it must be pure.
 *
 * @throws UsageError `no_layers`, `bad_outputs`, `unused_layer`
 */
export function functionalNetwork<L extends LayerRecord>(layers: L, f: (layers: L, inputs: never) => Tree): Network {
  if (!isRecord(layers) || Object.keys(layers).length === 0 || typeof f !== "function") {
    throw new UsageError({
      code: "no_layers",
      op: "functional",
      what: "it needs a record of layers and a function",
      hint: "functional({ encode: lstm({ units: 8 }) }, (l, { x }) => l.encode(x))",
    });
  }
  const planned = Object.entries(layers).map(([name, layer]): PlannedLayer => {
    if (name.includes("/"))
      throw new UsageError({ code: "bad_name", op: "functional", what: `a layer is called "${name}"`, hint: 'Leave out the "/".' });
    return { name, definition: definitionOf(layer, "functional") };
  });
  const plan: NetworkPlan = {
    layers: planned,
    // The bound layers have the same names and call forms; the inputs are what the caller's own type says.
    run: (bound, inputs) => {
      const given = isTensor(inputs) ? inputs : treeFromPaths(Object.entries(inputs));
      return byPath(f(bound as unknown as L, given as never));
    },
  };
  return plannedNetwork(plan, { wiring: (inputs) => recordWiring(plan, inputs) });
}

/** Outputs by path, as in "head/x"; what is no tensor is told later. */
function byPath(outputs: unknown): Named<Tensor> {
  if (isTensor(outputs) || !isRecord(outputs)) return outputs as Named<Tensor>;
  const isLeaf = (part: unknown): part is Tensor => isTensor(part) || !isRecord(part);
  return Object.fromEntries(treeLeaves<Tensor>(outputs as Tree, isLeaf).map(({ path, leaf }) => [path, leaf]));
}

/** A functional network from a file: its recorded wiring is replayed, no code is run. */
export function wiredNetwork(layers: readonly PlannedLayer[], saved: unknown, onCells: PlannedParts["onCells"]): Network {
  const wiring = readWiring(saved);
  const plan: NetworkPlan = { layers, run: (bound, inputs) => replayWiring(wiring, bound, inputs) };
  return plannedNetwork(plan, { wiring: () => wiring, ...(onCells === undefined ? {} : { onCells }) });
}
