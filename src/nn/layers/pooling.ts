// Pooling over time: the largest or the mean value of windows or of whole rows, valid steps only.

import type { Tensor } from "../../base/tensor.js";
import { cast, div, greater, where } from "../../ops/pointwise.js";
import { max, mean, sum } from "../../ops/reduce.js";
import { lengthsOf, packSequence } from "../../ops/sequence.js";
import { expandDims } from "../../ops/shape.js";
import { timeWindows } from "../../ops/windows.js";
import type { Layer } from "../layer.js";
import { checkOptions } from "../options.js";
import { checkNames } from "../suggest.js";
import { plainLayer } from "./plain.js";
import { sequenceFeatures } from "./recurrent.js";
import { refuseStream, seesManySteps } from "./whole-sequence.js";

/** Options of `maxPool1d` and `averagePool1d`. */
export interface Pool1dOptions {
  /** Steps of a window; default 2. */
  readonly poolSize?: number;
  /** Steps from one window to the next; default `poolSize`. */
  readonly strides?: number;
  /** "valid" (default): windows lie inside the row. "same": ceil(L / strides) windows, those at the ends see fewer steps. */
  readonly padding?: "valid" | "same";
  readonly name?: string;
}

/**
 * The largest value of each feature in windows over time: [B, T, F] to [B, T', F].
 *
 * @throws ShapeError `not_a_sequence`; UsageError `bad_option`, `cannot_stream`
 * @example maxPool1d({ poolSize: 2 })
 */
export function maxPool1d(options: Pool1dOptions = {}): Layer {
  return poolLayer("maxPool1d", options, (values, inside) =>
    max(inside === null ? values : where(inside, values, Number.NEGATIVE_INFINITY), { axis: 2 }),
  );
}

/**
 * The mean of each feature in windows over time: [B, T, F] to [B, T', F]. With "same" padding windows at the ends average the steps they see.
 *
 * @throws ShapeError `not_a_sequence`; UsageError `bad_option`, `cannot_stream`
 * @example averagePool1d({ poolSize: 4, strides: 2 })
 */
export function averagePool1d(options: Pool1dOptions = {}): Layer {
  return poolLayer("averagePool1d", options, (values, inside) =>
    inside === null ? mean(values, { axis: 2 }) : div(sum(values, { axis: 2 }), sum(cast(inside, "float32"), { axis: 2 })),
  );
}

/**
 * The largest value of each feature over a row's steps: [B, T, F] to [B, F]; 0 for a row without steps.
 *
 * @throws ShapeError `not_a_sequence`; UsageError `cannot_stream`
 * @example globalMaxPool1d()
 */
export function globalMaxPool1d(options: { readonly name?: string } = {}): Layer {
  return globalLayer("globalMaxPool1d", options, (x) => {
    const steps = lengthsOf(x);
    const most = max(x, { axis: 1 });
    return steps === null ? most : where(expandDims(greater(steps, 0), 1), most, 0);
  });
}

/**
 * The mean of each feature over a row's steps: [B, T, F] to [B, F]; 0 for a row without steps.
 *
 * @throws ShapeError `not_a_sequence`; UsageError `cannot_stream`
 * @example globalAveragePool1d()
 */
export function globalAveragePool1d(options: { readonly name?: string } = {}): Layer {
  return globalLayer("globalAveragePool1d", options, (x) => mean(x, { axis: 1 }));
}

function poolLayer(kind: string, options: Pool1dOptions, pool: (values: Tensor, inside: Tensor | null) => Tensor): Layer {
  checkOptions(kind, options, { poolSize: "size", strides: "size", padding: "any", name: "text" });
  const { poolSize: size = 2, padding = "valid" } = options;
  const { strides: stride = size } = options;
  checkNames(kind, "padding", [padding], ["valid", "same"]);
  return wholeLayer(kind, options, (x) => {
    const { values, inside } = timeWindows(x, { size, stride, dilation: 1, padding });
    return pool(values, inside);
  });
}

function globalLayer(kind: string, options: { readonly name?: string }, pool: (x: Tensor) => Tensor): Layer {
  checkOptions(kind, options, { name: "text" });
  return wholeLayer(kind, options, (x) => pool(packSequence(x, null)));
}

/** A layer without weights that looks at several steps at once. */
function wholeLayer(kind: string, options: object & { readonly name?: string }, apply: (x: Tensor) => Tensor): Layer {
  return plainLayer(kind, options, {
    weights(shape) {
      sequenceFeatures(kind, shape);
      return {};
    },
    apply(x, context) {
      refuseStream(kind, context, seesManySteps);
      return apply(cast(x, "float32"));
    },
  });
}
