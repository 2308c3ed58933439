// What layers without states, cells and extras have in common.

import type { Dim } from "../../base/dim.js";
import type { DType } from "../../base/dtype.js";
import type { Tensor } from "../../base/tensor.js";
import { checkExtras, type Layer, type LayerContext, type LayerDefinition, makeLayer } from "../layer.js";
import type { Weight } from "../weight.js";
import { plainOptions } from "./recurrent.js";

/** What is particular to a layer: its weights and what it makes of its input. */
export interface PlainLayer {
  readonly isRandom?: boolean;
  weights(shape: readonly Dim[], dtype: DType): { readonly [name: string]: Weight };
  apply(x: Tensor, context: LayerContext): Tensor;
}

/** A layer of one input and one output. */
export function plainLayer(kind: string, options: object & { readonly name?: string }, parts: PlainLayer): Layer {
  const definition: LayerDefinition = {
    config: { kind, options: plainOptions(options) },
    givenName: options.name ?? null,
    cells: [],
    isRandom: parts.isRandom ?? false,
    weights: parts.weights,
    apply(x, extras, context) {
      checkExtras(kind, extras, []);
      return parts.apply(x, context);
    },
    turned: null,
  };
  return makeLayer(definition);
}
