// Data for the tests of training: deterministic numbers, ragged sequences, and comparing weights to the bit.
import assert from "node:assert/strict";
import { HostTensor } from "../../src/base/tensor.js";
import type { Tensor, Tree } from "../../src/index.js";
import { tensor } from "../../src/index.js";
import { tensorLeaves } from "../../src/trace/traced.js";

/** Numbers in [-1, 1) from a linear congruential generator (Numerical Recipes). */
export function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function random(seed: number, shape: readonly number[]): Tensor {
  const next = draws(seed);
  const length = shape.reduce((product, size) => product * size, 1);
  return tensor(Float32Array.from({ length }, next), { shape });
}

/** The same values with `filler` in everything behind each row's last step. */
export function withPadding(x: Tensor, lengths: readonly number[], filler: number): Tensor {
  const [rows = 0, time = 0, ...rest] = x.shape;
  const step = rest.reduce((product, size) => product * size, 1);
  const data = Float32Array.from(x.data);
  for (let row = 0; row < rows; row++) data.fill(filler, (row * time + lengths[row]!) * step, (row + 1) * time * step);
  return tensor(data, { shape: x.shape });
}

/** All weights as numbers, by path. */
export function numbers(tree: Tree): Record<string, readonly number[]> {
  return Object.fromEntries(
    tensorLeaves(tree).map(({ path, leaf }) => {
      assert.ok(leaf instanceof HostTensor);
      return [path, [...leaf.exact]];
    }),
  );
}

/** Largest difference of two trees of weights. */
export function distance(a: Tree, b: Tree): number {
  const [left, right] = [numbers(a), numbers(b)];
  assert.deepEqual(Object.keys(left), Object.keys(right));
  return Math.max(
    ...Object.entries(left).flatMap(([path, values]) => values.map((value, index) => Math.abs(value - right[path]![index]!))),
  );
}
