// Layers one after another.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isTensor } from "../../trace/traced.js";
import { definitionOf, type Layer, type LayerDefinition } from "../layer.js";
import { isStateful } from "../layers/recurrent.js";
import type { Network } from "../network.js";
import type { NetworkPlan, PlannedLayer } from "./plan.js";
import { plannedNetwork } from "./planned-network.js";

/**
 * A chain of layers. A layer without a name is called after its kind: "lstm-1", "dense-1".
 *
 * @throws UsageError `no_layers`, `repeated_name`
 */
export function sequentialNetwork(layers: readonly Layer[]): Network {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new UsageError({ code: "no_layers", op: "sequential", what: "it needs a list of at least one layer" });
  }
  const planned = nameLayers(layers.map((layer) => definitionOf(layer, "sequential")));
  return plannedNetwork(chainPlan(planned), {});
}

/** The plan that passes each layer's output to the next. */
export function chainPlan(layers: readonly PlannedLayer[]): NetworkPlan {
  return {
    layers,
    run(bound, inputs) {
      if (!isTensor(inputs)) {
        throw new UsageError({
          code: "input_names",
          op: "sequential",
          what: "it takes one input, named ones were given",
          hint: "Use functional for several inputs.",
        });
      }
      return layers.reduce<Tensor>((x, { name }) => {
        const result = bound[name]!(x);
        if (isTensor(result)) return result;
        throw new UsageError({
          code: "state_in_chain",
          op: "sequential",
          what: `layer "${name}" returns its ${isStateful(result) ? "state" : "weights"}, which a chain cannot pass on`,
          hint: "Use functional.",
        });
      }, inputs);
    },
  };
}

function nameLayers(definitions: readonly LayerDefinition[]): PlannedLayer[] {
  const counts = new Map<string, number>();
  const taken = new Set<string>();
  return definitions.map((definition) => {
    const base = kebab(definition.config.cell ?? definition.config.kind);
    const number = (counts.get(base) ?? 0) + 1;
    counts.set(base, number);
    const name = definition.givenName ?? `${base}-${number}`;
    if (taken.has(name))
      throw new UsageError({
        code: "repeated_name",
        op: "sequential",
        what: `two layers are called "${name}"`,
        hint: "Give each its own name option.",
      });
    taken.add(name);
    return { name, definition };
  });
}

function kebab(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
