// Tensors that leave the function they belong to, and other things that a traced function may get wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { add, grad, jit, mul, scan, sum, type Tensor, tanh, tensor, zeros } from "../../src/index.js";

test("a traced tensor that outlives its trace is refused wherever it turns up", async () => {
  let kept: Tensor = zeros([]);
  await jit((a: Tensor) => {
    kept = tanh(a);
    return a;
  })(tensor([1]));
  const escaped = { code: "escaped_tensor" };
  assert.throws(() => add(kept, 1), escaped);
  assert.throws(() => grad((a: Tensor) => sum(mul(a, kept)))(tensor([1])), escaped);
  await assert.rejects(jit((a: Tensor) => add(a, kept))(tensor([1])), escaped);
  assert.deepEqual([...(await jit((a: Tensor) => add(a, 1))(tensor([1]))).data], [2]);
});

test("what is no function, or returns no pair, is named", () => {
  assert.throws(() => grad(3 as never), { code: "not_a_function" });
  assert.throws(() => scan(undefined as never, zeros([1, 1]), zeros([1, 2, 1])), { code: "not_a_function" });
  assert.throws(() => scan(((h: Tensor) => h) as never, zeros([1, 1]), zeros([1, 2, 1])), { code: "not_a_pair" });
});

test("names of a carry may come back in another order", () => {
  const start = { a: zeros([2, 1]), b: tensor([[10], [20]]) };
  const [last] = scan((s: { a: Tensor; b: Tensor }, x: Tensor) => [{ b: s.b, a: add(s.a, 1) }, x], start, zeros([2, 3, 1]));
  assert.deepEqual(last.a.toArray(), [[3], [3]]);
  assert.deepEqual(last.b.toArray(), [[10], [20]]);
});

test("promises, dates and maps are no trees", async () => {
  await assert.rejects(jit((async (a: Tensor) => a) as never)(tensor([1])), { code: "not_a_tree", message: /Promise.*must not be async/ });
  for (const value of [new Date(0), new Map()]) await assert.rejects(jit((a: Tensor) => a)(value as never), { code: "not_a_tree" });
});
