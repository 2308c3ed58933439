// grad and jit: closures, state, named errors, and programs that are reused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/base/tensor.js";
import { compiledPrograms } from "../../src/engine/program.js";
import {
  add,
  grad,
  jit,
  less,
  matmul,
  mean,
  mul,
  sizeOf,
  square,
  sub,
  sum,
  tanh,
  tensor,
  valueAndGrad,
  where,
} from "../../src/ops/index.js";

const x = tensor([
  [1, 2],
  [3, 4],
]);

describe("grad", () => {
  it("is the slope of a polynomial", () => {
    assert.deepEqual(grad((t: Tensor) => sum(mul(t, t, t)))(x).toArray(), [
      [3, 12],
      [27, 48],
    ]);
  });

  it("treats values computed before it as constants", () => {
    const outer = (t: Tensor): Tensor => {
      const fixed = square(t);
      return sum(grad((w: Tensor) => sum(mul(w, fixed)))(t));
    };
    assert.equal(outer(x).item(), 1 + 4 + 9 + 16);
    assert.deepEqual(grad(outer)(x).toArray(), [
      [2, 4],
      [6, 8],
    ]);
  });

  it("follows trees and gives zeros where nothing depends", () => {
    const [value, slopes] = valueAndGrad((w: { a: Tensor; b: Tensor }) => sum(square(w.a)))({ a: x, b: tensor([5]) });
    assert.equal(value.item(), 30);
    assert.deepEqual(slopes.a.toArray(), [
      [2, 4],
      [6, 8],
    ]);
    assert.deepEqual(slopes.b.toArray(), [0]);
  });

  it("sums over broadcast axes", () => {
    assert.deepEqual(grad((b: Tensor) => sum(add(x, b)))(tensor([0, 0])).toArray(), [2, 2]);
    assert.deepEqual(grad((b: Tensor) => sum(mul(x, b)))(tensor(3)).toArray(), 10);
  });

  it("asks for one number", () => {
    assert.throws(() => grad((t: Tensor) => square(t))(x), /\[2, 2\].*not_a_scalar_loss/);
  });

  it("ignores the side not chosen, even if it is NaN", () => {
    const f = (t: Tensor): Tensor => sum(where(less(t, 2.5), t, Number.NaN));
    assert.deepEqual(grad((t: Tensor) => f(t))(tensor([1, 2])).toArray(), [1, 1]);
  });
});

describe("jit", () => {
  it("gives what the function gives", async () => {
    const f = (a: Tensor, b: Tensor): Tensor => tanh(matmul(a, b));
    const eager = f(x, x).toArray() as number[][];
    const jitted = (await jit(f)(x, x)).toArray() as number[][];
    eager.flat().forEach((value, index) => {
      assert.ok(Math.abs(value - jitted.flat()[index]!) < 1e-6);
    });
  });

  it("keeps its program for other batch sizes", async () => {
    const f = jit((w: Tensor, t: Tensor) => mean(matmul(t, w)));
    await f(
      tensor([[1], [2], [3]]),
      tensor([
        [1, 1, 1],
        [2, 2, 2],
        [3, 3, 3],
        [4, 4, 4],
      ]),
    );
    const before = compiledPrograms();
    assert.equal(
      (
        await f(
          tensor([[1], [2], [3]]),
          tensor([
            [1, 1, 1],
            [2, 2, 2],
          ]),
        )
      ).item(),
      9,
    );
    assert.equal((await f(tensor([[1], [2], [3]]), tensor([[1, 1, 1]]))).item(), 6);
    assert.equal(compiledPrograms(), before);
  });

  it("keeps state between calls, in order", async () => {
    const counter = jit(
      ({ total }: { total: Tensor }, t: Tensor): [{ total: Tensor }, Tensor] => [{ total: add(total, t) }, mul(total, 10)],
      { state: { total: tensor(1) } },
    );
    const results = await Promise.all([counter(tensor(2)), counter(tensor(3))]);
    assert.deepEqual(
      results.map((result) => result.item()),
      [10, 30],
    );
    assert.equal((await counter.state()).total.item(), 6);
    counter.setState({ total: tensor(100) });
    assert.equal((await counter(tensor(1))).item(), 1000);
  });

  it("names what cannot be read while tracing", async () => {
    await assert.rejects(jit((t: Tensor) => tensor([t.item()]))(x), /value_in_trace/);
    await assert.rejects(jit((t: Tensor) => mul(t, t.shape[0]!))(x), /dynamic_dim/);
    assert.equal((await jit((t: Tensor) => mul(sum(t), sizeOf(t, 0)))(x)).item(), 20);
  });

  it("refuses arithmetic on tensors", () => {
    // @ts-expect-error a tensor is not a number
    assert.throws(() => x * 2, /tensor_in_arithmetic/);
    assert.throws(() => (x as unknown as number) > 0, /tensor_in_arithmetic/);
  });

  it("names both shapes of a product that does not fit", async () => {
    await assert.rejects(jit((a: Tensor, b: Tensor) => matmul(a, b))(x, tensor([[1, 2]])), /\[2, 2\].*\[1, 2\].*matmul_inner_size/);
    assert.throws(() => sub(tensor([1, 2, 3]), tensor([1, 2])), /\[3\].*\[2\]/);
  });
});

describe("jit with state", () => {
  it("takes a state of one row for what it is, whatever the size of the first batch", async () => {
    const total = jit((s: { n: Tensor }, by: Tensor) => [{ n: add(s.n, by) }, s.n], { state: { n: tensor([0]) } });
    const seen = await Promise.all([total(tensor([1])), total(tensor([2])), total(tensor([3]))]);
    assert.deepEqual(
      seen.map((each) => each.toArray()),
      [[0], [1], [3]],
    );
    await assert.rejects(total(tensor([1, 2])), { code: "state_changes_shape" });
    assert.deepEqual((await total.state()).n.toArray(), [6]);
  });

  it("refuses a state of other names, shapes or types, and goes on", async () => {
    const total = jit((s: { n: Tensor }, by: Tensor) => [{ n: add(s.n, by) }, s.n], { state: { n: tensor([0]) } });
    assert.throws(() => total.setState({ n: tensor([1, 2]) }), { code: "state_changes_shape" });
    assert.throws(() => total.setState({ n: tensor(Int32Array.of(1)) }), { code: "state_changes_shape" });
    assert.throws(() => total.setState({ m: tensor([1]) } as never), { code: "state_form" });
    await total(tensor([5]));
    assert.deepEqual((await total.state()).n.toArray(), [5]);
  });

  it("knows its parts by name, not by their order", async () => {
    const count = jit((s: { a: Tensor; b: Tensor }) => [{ b: s.b, a: add(s.a, 1) }, s.a], { state: { a: tensor([1]), b: tensor([20]) } });
    await count();
    await count();
    count.setState({ b: tensor([30]), a: (await count.state()).a });
    await count();
    const { a, b } = await count.state();
    assert.deepEqual([a.item(), b.item()], [4, 30]);
  });

  it("refuses what is no function", () => {
    assert.throws(() => jit(3 as never), { code: "not_a_function" });
  });
});
