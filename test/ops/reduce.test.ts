// Reductions of every dtype, along every axis, dense and over the valid steps of a sequence.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/base/tensor.js";
import { argmax, jit, max, mean, min, packSequence, sum, tensor, variance } from "../../src/ops/index.js";

const x = tensor([
  [1, 5, 3],
  [4, -2, 6],
]);

describe("reductions", () => {
  it("reduce one axis, counted from either end, or all", () => {
    assert.equal(sum(x).item(), 17);
    assert.deepEqual(sum(x, { axis: 0 }).toArray(), [5, 3, 9]);
    assert.deepEqual(mean(x, { axis: -1, keepDims: true }).toArray(), [[3], [Math.fround(8 / 3)]]);
    assert.deepEqual(max(x, { axis: 1 }).toArray(), [5, 6]);
    assert.equal(min(x).item(), -2);
    assert.deepEqual(argmax(x, { axis: 0 }).toArray(), [1, 0, 1]);
    assert.equal(variance(tensor([1, 3])).item(), 1);
  });

  it("keep whole numbers and truth values whole", () => {
    const counts = tensor(Int32Array.of(3, 1, 2));
    assert.equal(sum(counts).dtype, "int32");
    assert.equal(sum(counts).item(), 6);
    assert.equal(max(counts).item(), 3);
    assert.equal(min(counts).item(), 1);
    assert.equal(argmax(counts).item(), 0);
    assert.equal(sum(tensor([true, false, true])).item(), 2);
    assert.equal(mean(tensor([true, false, true, true])).item(), 0.75);
  });

  it("see the valid steps of a sequence only", async () => {
    const padded = tensor([
      [[1], [2], [Number.NaN]],
      [[Number.NaN], [Number.NaN], [Number.NaN]],
      [[-4], [-5], [-9]],
    ]);
    const lengths = tensor(Int32Array.of(2, 0, 3));
    const every = (xs: Tensor, steps: Tensor): Record<string, Tensor> => {
      const packed = packSequence(xs, steps);
      return {
        sums: sum(packed, { axis: 1 }),
        means: mean(packed, { axis: 1 }),
        largest: max(packed, { axis: 1 }),
        all: sum(packed),
        mean: mean(packed),
      };
    };
    const found = await jit(every)(padded, lengths);
    assert.deepEqual(found.sums?.toArray(), [[3], [0], [-18]]);
    assert.deepEqual(found.means?.toArray(), [[1.5], [0], [-6]]);
    assert.deepEqual(found.largest?.toArray(), [[2], [-Infinity], [-4]]);
    assert.equal(found.all?.item(), -15);
    assert.equal(found.mean?.item(), -3);
  });

  it("name the axis that does not exist", () => {
    assert.throws(() => sum(x, { axis: 2 }), /axis 2 .*rank 2/);
  });
});
