// What layers around another layer share: its weights under "inner.", its call, and its direction.

import type { Tensor } from "../../base/tensor.js";
import type { Tensors } from "../cell.js";
import type { Extras, LayerConfig, LayerContext, LayerDefinition, LayerResult } from "../layer.js";
import type { Weight } from "../weight.js";
import { prefixed, sideContext } from "./bidirectional.js";
import { plainOptions } from "./recurrent.js";

/** What a wrapper adds. */
export interface Wrapper {
  readonly kind: string;
  readonly options: object & { readonly name?: string };
  /** Weights beside those of the inner layer. */
  weights(x: Parameters<LayerDefinition["weights"]>): { readonly [name: string]: Weight };
  /** The output from the input, the inner layer's output and the wrapper's weights. */
  join(x: Tensor, inner: Tensor, weights: Tensors): Tensor;
}

const prefix = "inner.";

/** The inner layer's definition with the wrapper around it; state and weights that it returns are passed on. */
export function wrappedDefinition(inner: LayerDefinition, wrapper: Wrapper): LayerDefinition {
  const { kind, options } = wrapper;
  const config: LayerConfig = { kind, options: plainOptions(options), inner: inner.config };
  const { turned } = inner;
  return {
    config,
    givenName: options.name ?? null,
    cells: inner.cells,
    isRandom: inner.isRandom,
    weights: (...of) => ({ ...prefixed(prefix, inner.weights(...of)), ...wrapper.weights(of) }),
    apply(x: Tensor, extras: Extras, context: LayerContext): LayerResult {
      const result = inner.apply(x, extras, sideContext(context, prefix, 0));
      if (!("output" in result)) return wrapper.join(x, result, context.weights);
      return { ...result, output: wrapper.join(x, result.output, context.weights) };
    },
    turned: turned === null ? null : () => wrappedDefinition(turned(), wrapper),
  };
}
