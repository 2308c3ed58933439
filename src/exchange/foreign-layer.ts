// A layer of another framework, ready to become one of ours: the layer itself and where each of its weights comes from.

import type { Layer } from "../nn/layer.js";
import { type ForeignArray, gatesOf, sumOf, transposed } from "./arrays.js";
import type { TensorMatch } from "./report.js";

/** One weight of a layer with its values. */
export interface WeightSource {
  /** As the layer calls it: "W", "forward.W". */
  readonly to: string;
  readonly value: ForeignArray;
  /** What it was made of. */
  readonly from: readonly ForeignArray[];
  readonly transposed: boolean;
  readonly gates: TensorMatch["gates"];
}

/** A layer with its weights, named as in the other framework. */
export interface ForeignLayer {
  readonly name: string;
  readonly kind: string;
  /** Words for the report: "Keras LSTM, 8 units". */
  readonly foreign: string;
  /** Made by the library's own maker, which checks every option. */
  readonly layer: Layer;
  readonly weights: readonly WeightSource[];
}

/** A weight that is taken over as it is. */
export function plainWeight(to: string, array: ForeignArray): WeightSource {
  return { to, value: array, from: [array], transposed: false, gates: null };
}

/** A weight stored [out, in] where ours are [in, out]. */
export function turnedWeight(to: string, array: ForeignArray): WeightSource {
  return { to, value: transposed(array), from: [array], transposed: true, gates: null };
}

/** Gate orders on both sides. */
export interface GateOrder {
  readonly foreign: readonly string[];
  /** May name fewer gates, where a weight of ours holds some of them. */
  readonly ours: readonly string[];
}

/** A weight with gates in its last axis; `isTurned` if it is stored [gates·out, in]. */
export function gatedWeight(to: string, array: ForeignArray, order: GateOrder, isTurned: boolean): WeightSource {
  const value = gatesOf(isTurned ? transposed(array) : array, order.foreign, order.ours);
  return { to, value, from: [array], transposed: isTurned, gates: shownGates(order) };
}

/** One bias made of two that are only ever added. */
export function summedBias(to: string, a: ForeignArray, b: ForeignArray, order: GateOrder): WeightSource {
  return { to, value: gatesOf(sumOf(a, b), order.foreign, order.ours), from: [a, b], transposed: false, gates: shownGates(order) };
}

/** Weights of one direction of a bidirectional layer: "W" becomes "forward.W". */
export function prefixedWeights(prefix: string, weights: readonly WeightSource[]): WeightSource[] {
  return weights.map((weight) => ({ ...weight, to: prefix + weight.to }));
}

/** A weight that the other framework does not have, because it was told to do without. */
export function zeroWeight(to: string, shape: readonly number[]): WeightSource {
  const size = shape.reduce((product, each) => product * each, 1);
  return { to, value: { name: "", shape, data: new Float32Array(size) }, from: [], transposed: false, gates: null };
}

function shownGates({ foreign, ours }: GateOrder): TensorMatch["gates"] {
  return foreign.length === 1 ? null : { foreign, ours };
}
