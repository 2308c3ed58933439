// Laws of scan: one row at a time, lengths, direction, gradients, and what it refuses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/base/tensor.js";
import { add, grad, jit, matmul, mean, mul, scan, square, sum, tanh, tensor, zeros } from "../../src/ops/index.js";

const U = tensor([
  [0.5, -0.3, 0.2],
  [0.1, 0.4, -0.6],
  [-0.2, 0.3, 0.7],
]);

function sequences(batch: number, time: number, width: number): Tensor {
  const values = Array.from({ length: batch * time * width }, (_, i) => Math.sin(1 + 1.7 * i));
  return tensor(Float64Array.from(values), { shape: [batch, time, width] });
}

const step =
  (weights: Tensor) =>
  (h: Tensor, x: Tensor): [Tensor, Tensor] => {
    const next = tanh(add(x, matmul(h, weights)));
    return [next, next];
  };

/** The same recurrence in plain loops. */
function plain(xs: Tensor, lengths: readonly number[], reverse = false): { last: number[][]; ys: number[][][] } {
  const x = xs.toArray() as number[][][];
  const u = U.toArray() as number[][];
  const ys = x.map((row) => row.map((values) => values.map(() => 0)));
  const last = x.map((row, b) => {
    let h = [0, 0, 0];
    for (let index = 0; index < lengths[b]!; index++) {
      const t = reverse ? lengths[b]! - 1 - index : index;
      h = h.map((_, j) => Math.tanh(row[t]![j]! + h.reduce((total, value, k) => total + value * u[k]![j]!, 0)));
      ys[b]![t] = h;
    }
    return h;
  });
  return { last, ys };
}

function close(actual: unknown, expected: unknown, tolerance = 1e-6): void {
  const a = [actual].flat(5) as number[];
  const b = [expected].flat(5) as number[];
  assert.equal(a.length, b.length);
  a.forEach((value, index) => {
    assert.ok(Math.abs(value - b[index]!) <= tolerance, `entry ${index}: ${value} against ${b[index]}`);
  });
}

describe("scan", () => {
  it("is the plain loop over time, forwards and backwards", () => {
    for (const reverse of [false, true]) {
      const xs = sequences(4, 5, 3);
      const [last, ys] = scan(step(U), zeros([4, 3]), xs, { reverse });
      const expected = plain(xs, [5, 5, 5, 5], reverse);
      close(last.toArray(), expected.last);
      close(ys.toArray(), expected.ys);
    }
  });

  it("stops each row at its length and leaves zeros behind", () => {
    for (const reverse of [false, true]) {
      const xs = sequences(4, 5, 3);
      const lengths = [3, 0, 5, 1];
      const [last, ys] = scan(step(U), zeros([4, 3]), xs, { lengths: tensor(Int32Array.from(lengths)), reverse });
      const expected = plain(xs, lengths, reverse);
      close(last.toArray(), expected.last);
      close(ys.toArray(), expected.ys);
    }
  });

  it("never reads padding, not even for gradients", () => {
    const lengths = tensor(Int32Array.of(3, 0, 5, 1));
    const clean = sequences(4, 5, 3);
    const dirty = tensor(Float64Array.from(clean.data), { shape: [4, 5, 3] });
    const values = dirty.data as Float32Array;
    [3, 0, 5, 1].forEach((length, row) => {
      values.fill(Number.NaN, (row * 5 + length) * 3, (row + 1) * 15);
    });
    const loss = (weights: Tensor, xs: Tensor): Tensor => mean(square(scan(step(weights), zeros([4, 3]), xs, { lengths })[1]));
    assert.deepEqual(grad(loss)(U, dirty).toArray(), grad(loss)(U, clean).toArray());
    assert.equal(loss(U, dirty).item(), loss(U, clean).item());
  });

  it("gives row constants to every step of their row", () => {
    const xs = sequences(3, 4, 2);
    const bias = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const [last] = scan((h: Tensor, x: Tensor, row) => [add(h, mul(x, row as Tensor)), []], zeros([3, 2]), xs, { row: bias });
    const expected = (xs.toArray() as number[][][]).map((rows, b) =>
      [0, 1].map((j) => rows.reduce((total, x) => total + x[j]! * (bias.toArray() as number[][])[b]![j]!, 0)),
    );
    close(last.toArray(), expected);
  });

  it("runs jitted with the same values, for any batch and time without a second program", async () => {
    const run = jit((weights: Tensor, xs: Tensor) => sum(square(scan(step(weights), mul(0, xs0(xs)), xs)[1])));
    for (const [batch, time] of [
      [4, 5],
      [2, 7],
      [1, 3],
    ] as const) {
      const xs = sequences(batch, time, 3);
      const ys = plain(xs, Array(batch).fill(time)).ys.flat(2);
      close(
        (await run(U, xs)).item(),
        ys.reduce((total, y) => total + y * y, 0),
        1e-4,
      );
    }
  });

  it("differentiates twice", () => {
    const xs = sequences(2, 3, 3);
    const energy = (weights: Tensor): Tensor => mean(square(scan(step(weights), zeros([2, 3]), xs)[1]));
    const slope = (weights: Tensor): Tensor => mean(square(grad(energy)(weights)));
    const analytic = (grad(slope)(U).toArray() as number[][]).flat();
    const base = Array.from(U.data);
    analytic.forEach((value, index) => {
      const at = (delta: number): number => {
        const moved = base.slice();
        moved[index]! += delta;
        return slope(tensor(Float64Array.from(moved), { shape: [3, 3] })).item();
      };
      assert.ok(Math.abs((at(1e-2) - at(-1e-2)) / 2e-2 - value) < 1e-3 * Math.max(1, Math.abs(value)), `entry ${index}`);
    });
  });

  it("names both shapes when the state changes its size", () => {
    const xs = sequences(2, 3, 3);
    assert.throws(
      () => scan((h: Tensor, x: Tensor) => [matmul(add(h, x), zeros([3, 2])), x], zeros([2, 3]), xs),
      /carry0.*\[3\].*\[2\].*carry_changes_shape/s,
    );
  });

  it("refuses a step that returns other names than its state's", () => {
    const xs = sequences(2, 3, 3);
    const bad = (state: { h: Tensor }, x: Tensor): [{ h: Tensor }, Tensor] => [{ g: state.h } as unknown as { h: Tensor }, x];
    assert.throws(() => scan(bad, { h: zeros([2, 3]) }, xs), /carry_changes_form/);
  });
});

function xs0(xs: Tensor): Tensor {
  return sum(xs, { axis: 1 });
}
