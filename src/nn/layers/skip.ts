// Ways around a layer: residual adds the input to the output, highway lets a gate choose between them.

import { type Dim, equalShapes, showShape } from "../../base/dim.js";
import type { DType } from "../../base/dtype.js";
import { ShapeError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { currentPlace, inputNode } from "../../ir/core/build.js";
import { matmul } from "../../ops/linear.js";
import { add, cast, mul, sigmoid, sub } from "../../ops/pointwise.js";
import { tap } from "../../ops/tap.js";
import { traceFunction } from "../../trace/function.js";
import { dimsOf, TracedTensor } from "../../trace/traced.js";
import { constant } from "../init.js";
import {
  definitionOf,
  type Extras,
  featureSize,
  type Layer,
  type LayerDefinition,
  makeLayer,
  type StatefulLayer,
  type WeighingLayer,
} from "../layer.js";
import { checkOptions } from "../options.js";
import { storedShape, weight } from "../weight.js";
import { outputOf } from "./recurrent.js";
import { wrappedDefinition } from "./wrapped.js";

/** Options of `residual`. */
export interface ResidualOptions {
  /** Multiplies the input with a matrix P first, for a layer whose output has another width. Default false. */
  readonly projection?: boolean;
  readonly name?: string;
}

/** Options of `highway`. */
export interface HighwayOptions {
  /** Start of the gate's bias; default -1: at first more of the input than of the layer's output passes. */
  readonly transformBias?: number;
  readonly name?: string;
}

/**
 * x + layer(x), or x·P + layer(x) with a projection: gradients reach the layers before it undiminished (He et al. 2016). The weights of
 * the layer inside are called "inner.W" and so on; it may be any layer that keeps the steps, and takes its extras.
 *
 * @throws ShapeError `skip_shapes` with both shapes
 * @example residual(lstm({ units: 64, returnSequences: true }))
 */
export function residual<S extends StatefulLayer | WeighingLayer>(layer: S, options?: ResidualOptions): S;
export function residual(layer: Layer, options?: ResidualOptions): Layer;
export function residual(layer: Layer | StatefulLayer | WeighingLayer, options: ResidualOptions = {}): unknown {
  checkOptions("residual", options, { projection: "boolean", name: "text" });
  const inner = definitionOf(layer, "residual");
  const { projection = false } = options;
  return makeLayer(
    wrappedDefinition(inner, {
      kind: "residual",
      options,
      weights: ([shape, dtype, extras]) =>
        projection ? { P: weight([featureSize("residual", shape), outputSize(inner, shape, dtype, extras)]) } : {},
      join(x, output, weights) {
        const passed = projection ? matmul(cast(x, "float32"), weights.P!) : x;
        const hint = projection ? "The layer must give one output per step." : "Use projection: true for another width.";
        checkShapes("residual", passed, output, hint);
        return add(passed, output);
      },
    }),
  );
}

/**
 * g·layer(x) + (1 - g)·x with a gate g = σ(x·WT + bT) (Srivastava, Greff & Schmidhuber 2015). The layer must keep the shape; its weights are
 * called "inner.W" and so on.
 *
 * @throws ShapeError `skip_shapes` with both shapes
 * @example highway(dense({ units: 64, activation: "relu" }))
 */
export function highway<S extends StatefulLayer | WeighingLayer>(layer: S, options?: HighwayOptions): S;
export function highway(layer: Layer, options?: HighwayOptions): Layer;
export function highway(layer: Layer | StatefulLayer | WeighingLayer, options: HighwayOptions = {}): unknown {
  checkOptions("highway", options, { transformBias: "number", name: "text" });
  const { transformBias = -1 } = options;
  return makeLayer(
    wrappedDefinition(definitionOf(layer, "highway"), {
      kind: "highway",
      options,
      weights([shape]) {
        const size = featureSize("highway", shape);
        return { WT: weight([size, size]), bT: weight([size], { init: constant(transformBias) }) };
      },
      join(x, output, weights) {
        checkShapes("highway", x, output, "The layer inside must have as many units as the input has features.");
        const gate = tap("transform", sigmoid(add(matmul(cast(x, "float32"), weights.WT!), weights.bT!)));
        return add(mul(gate, output), mul(sub(1, gate), x));
      },
    }),
  );
}

function checkShapes(kind: string, x: Tensor, output: Tensor, hint: string): void {
  const [before, after] = [dimsOf(x), dimsOf(output)];
  if (equalShapes(before, after)) return;
  throw new ShapeError({
    code: "skip_shapes",
    op: kind,
    what: `the way around the layer has ${showShape(before)}, the layer's output ${showShape(after)}`,
    where: currentPlace(),
    hint: before.length > after.length ? "Give the recurrent layer inside returnSequences: true." : hint,
  });
}

/** The width of what the layer makes of such an input, found by tracing it once beside the network. */
function outputSize(layer: LayerDefinition, shape: readonly Dim[], dtype: DType, extras: Extras): number {
  const specs = Object.entries(layer.weights(shape, dtype, extras));
  return traceFunction("size", [], () => {
    const weights = Object.fromEntries(
      specs.map(([name, spec]) => [name, new TracedTensor(inputNode(name, { shape: storedShape(spec), dtype: "float32" }))]),
    );
    const x = new TracedTensor(inputNode("x", { shape, dtype }));
    const context = { weights, training: false, key: null, memory: null, carried: null, penalties: null };
    const output = outputOf(layer.apply(x, extras, context));
    return { outputs: [], extra: featureSize("residual", dimsOf(output)) };
  }).extra;
}
