// Losses against plain formulas, their stability, and what the model makes of a final sigmoid or softmax.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  clipByGlobalNorm,
  clipByValue,
  dense,
  globalNorm,
  grad,
  huber,
  mae,
  mapTree,
  mse,
  mul,
  sequential,
  sparseCategoricalCrossEntropy,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.js";

function close(actual: Tensor, expected: readonly number[], tolerance = 1e-6): void {
  assert.equal(actual.data.length, expected.length);
  expected.forEach((value, index) => {
    assert.ok(Math.abs(actual.data[index]! - value) <= tolerance * Math.max(1, Math.abs(value)), `${[...actual.data]} against ${expected}`);
  });
}

test("regression losses are one number per element", () => {
  const actual = tensor([1, 2, 3]);
  const predicted = tensor([1.5, 2, -1]);
  close(mse(actual, predicted), [0.25, 0, 16]);
  close(mae(actual, predicted), [0.5, 0, 4]);
  close(huber(actual, predicted), [0.125, 0, 3.5]);
});

test("binary cross-entropy from logits is exact where probabilities round to 0 or 1", () => {
  close(binaryCrossEntropy(tensor([1, 0, 1, 0, 1]), tensor([0, 0, 100, 100, -100])), [Math.LN2, Math.LN2, 0, 100, 100]);
});

test("cross-entropies over classes agree with each other and stay finite", () => {
  const logits = tensor([
    [1, 2, 3],
    [1000, 0, -1000],
  ]);
  const total = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3));
  close(sparseCategoricalCrossEntropy(tensor([0, 2]), logits), [total - 1, 2000]);
  const rows = tensor([
    [1, 0, 0],
    [0, 0, 1],
  ]);
  close(categoricalCrossEntropy(rows, logits), [total - 1, 2000]);
});

test("the gradient of binary cross-entropy is probability minus truth", () => {
  const slope = grad((logits: Tensor) => sum(binaryCrossEntropy(tensor([1, 0]), logits)));
  close(slope(tensor([0, 2])), [-0.5, 1 / (1 + Math.exp(-2))]);
});

for (const [activation, loss, y] of [
  ["sigmoid", "binaryCrossEntropy", [[1], [0], [1]]],
  ["softmax", "sparseCategoricalCrossEntropy", [0, 2, 1]],
  [
    "softmax",
    "categoricalCrossEntropy",
    [
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ],
  ],
] as const) {
  test(`${loss} after a final ${activation} is the one of its logits, however large they are`, async () => {
    const units = activation === "sigmoid" ? 1 : 3;
    const x = [[3], [-2], [50]];
    const losses = await Promise.all(
      [activation, "linear"].map(async (last) => {
        const model = sequential([dense({ units, activation: last })]);
        model.compile({ optimizer: "sgd", loss, metrics: ["accuracy"] });
        model.build([1]);
        model.weights = mapTree((w) => mul(w, 40), model.weights);
        return model.evaluate(x, y);
      }),
    );
    assert.deepEqual(losses[0], losses[1]);
    assert.ok(Number.isFinite(losses[0]!.loss));
  });
}

test("clipping by norm keeps directions and small gradients, clipping by value cuts entries", () => {
  const tree = { a: tensor([3, 0]), b: [tensor([4])] };
  close(globalNorm(tree), [5]);
  const clipped = clipByGlobalNorm(tree, 1);
  close(clipped.a, [0.6, 0]);
  close(clipped.b[0]!, [0.8]);
  close(clipByGlobalNorm(tree, 10).a, [3, 0]);
  close(clipByValue(tree, 3.5).b[0]!, [3.5]);
  close(globalNorm(clipByGlobalNorm({ a: tensor([0, 0]) }, 1)), [0]);
});
