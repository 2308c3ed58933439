// Helpers of the tests of cells and layers: random tensors, layers as functions, values in full precision.

import assert from "node:assert/strict";
import { elementCount } from "../../src/base/dtype.js";
import { HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import type { AnyCell, Tensors } from "../../src/nn/cell.js";
import * as cells from "../../src/nn/cells/index.js";
import { weightStream } from "../../src/nn/init.js";
import type { Extras, Layer, StatefulLayer } from "../../src/nn/layer.js";
import { asAnyCell } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork, NetworkInput } from "../../src/nn/network.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";

/** All built-in cells. */
export const allCells: readonly AnyCell[] = Object.values(cells).map((cell) => asAnyCell(cell));

/** Draws tensors of numbers in [low, high), rounded to float32 so that every backend is given the same ones. */
export function drawer(label: string): (shape: readonly number[], low?: number, high?: number) => HostTensor {
  const next = weightStream(3, label);
  return (shape, low = -1, high = 1) =>
    hostTensor(
      Float64Array.from({ length: elementCount(shape) }, () => Math.fround(low + (high - low) * next())),
      shape,
      "float32",
    );
}

/** Int32 lengths. */
export function lengthsOf(...lengths: readonly number[]): Tensor {
  return hostTensor(Int32Array.from(lengths), [lengths.length], "int32");
}

/** Unrounded values of a host tensor. */
export function exact(tensor: Tensor): number[] {
  assert.ok(tensor instanceof HostTensor);
  return Array.from(tensor.exact);
}

/** Random weights for a built network, non-zero everywhere, as { layer: { weight } }. */
export function randomWeights(built: BuiltNetwork, label: string, size = 0.6): Readonly<Record<string, Tensors>> {
  const draw = drawer(label);
  const tree: Record<string, Record<string, Tensor>> = {};
  for (const { path, shape } of built.weights) {
    const [layer, weight] = path.split("/");
    tree[layer!] = { ...tree[layer!], [weight!]: draw(shape, -size, size) };
  }
  return tree;
}

/** One recurrent layer as a network with inputs x, initial states `initial.*` and dt/mask/row values; outputs `output` and `state.*`. */
export function layerNetwork(layer: Layer | StatefulLayer, inputs: Readonly<Record<string, NetworkInput>>): BuiltNetwork {
  const network = functionalNetwork({ layer }, (l, given: Tensors) => {
    const initial = pick(given, "initial.");
    const row = pick(given, "row.");
    const { dt, mask } = given;
    const extras: Extras = {
      ...(dt === undefined ? {} : { dt }),
      ...(mask === undefined ? {} : { mask }),
      ...(Object.keys(row).length === 0 ? {} : { row }),
      ...(Object.keys(initial).length === 0 ? {} : { initialState: initial }),
    };
    const result: unknown = l.layer(given.x!, extras);
    return flat(result);
  });
  return network.build(inputs, null);
}

/** Type of a sequence input with this many features. */
export function sequence(features: number): NetworkInput {
  return { shape: ["time", features], dtype: "float32" };
}

/** Type of a vector input. */
export function vector(size: number): NetworkInput {
  return { shape: [size], dtype: "float32" };
}

/** Largest difference divided by the largest magnitude (at least 1). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let worst = 0;
  let size = 1;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    assert.ok(!Number.isNaN(difference), `entry ${i}: ${actual[i]} and ${expected[i]}`);
    worst = Math.max(worst, difference);
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return worst / size;
}

function pick(given: Tensors, prefix: string): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function flat(result: unknown): Record<string, Tensor> {
  const isStateful = typeof result === "object" && result !== null && "output" in result && "state" in result;
  if (!isStateful) return { output: result as Tensor };
  const { output, state } = result as { readonly output: Tensor; readonly state: Tensors };
  return { output, ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`state.${name}`, value])) };
}
