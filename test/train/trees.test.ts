// Trees of tensors belong together by name, whatever the order of the names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mapTree, sgd, sub, tensor } from "../../src/index.js";

test("trees are matched by name, not by the order of their names", () => {
  const weights = { a: tensor([1]), b: { c: tensor([10]), d: tensor([20]) } };
  const grads = { b: { d: tensor([5]), c: tensor([4]) }, a: tensor([3]) };
  const moved = mapTree((w, g) => sub(w, g), weights, grads as typeof weights);
  assert.deepEqual([moved.a.item(), moved.b.c.item(), moved.b.d.item()], [-2, 6, 15]);
  const optimizer = sgd({ learningRate: 1 });
  const step = optimizer.update({ weights, grads, slots: optimizer.init(weights) });
  assert.deepEqual(JSON.stringify(step.weights), JSON.stringify(moved));
});

test("trees with other names are refused", () => {
  const mine = { a: tensor([1]), b: tensor([2]) };
  assert.throws(() => mapTree((w, g) => sub(w, g), mine, { a: tensor([1]), c: tensor([2]) } as never), { code: "tree_structure" });
});
