// explain says what became of every layer, counts what a step costs, and gives a reason for everything that stays per step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeepRnnError } from "../../src/base/errors.js";
import {
  add,
  bidirectional,
  dense,
  embedding,
  grad,
  gru,
  init,
  jit,
  type Layer,
  lstm,
  matmul,
  mean,
  scan,
  sequential,
  simpleRnn,
  square,
  type Tensor,
  tanh,
} from "../../src/index.js";
import { explain } from "../../src/inspect/index.js";
import { zeros as zeroTensor } from "../../src/ops/index.js";
import { numbers, random } from "../train/support.js";
import { twoLayers } from "./cells.js";

test("every recurrent layer of the library is nothing but products with the state and fused programs", () => {
  const layers: Readonly<Record<string, Layer>> = {
    tanh: simpleRnn({ units: 8 }),
    relu: simpleRnn({ units: 8, activation: "relu" }),
    lstm: lstm({ units: 8 }),
    sequences: lstm({ units: 8, returnSequences: true }),
    peephole: lstm({ units: 8, peephole: true }),
    gru: gru({ units: 8 }),
    resetBefore: gru({ units: 8, resetAfter: false }),
    dropout: gru({ units: 8, dropout: 0.2, recurrentDropout: 0.2 }),
    both: bidirectional(lstm({ units: 8 })),
  };
  for (const [name, layer] of Object.entries(layers)) {
    const model = sequential([layer, dense({ units: 2 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    model.build(["time", 3]);
    const [first, head] = explain(model, { measure: false }).layers;
    assert.deepEqual(first!.slow, [], name);
    assert.equal(first!.mode, "step");
    assert.ok(first!.fusedTiles > 0 && first!.hoisted.length > 0 && first!.sunk.length > 0, name);
    assert.equal(head!.mode, "scan");
  }
});

test("what stays per step is listed with the reason, for each layer by itself", () => {
  const [normed, plain] = explain(twoLayers("layer-norm"), { measure: false }).layers;
  assert.equal(normed!.kind, "recurrent");
  assert.equal(normed!.cell, "layer-norm-lstm");
  assert.ok(normed!.slow.some((text) => /^forward: a reduction over the features .* stays per step because it reads the state/.test(text)));
  assert.ok(normed!.slow.some((text) => /^backward: .*because it reads the gradient of the state/.test(text)));
  assert.deepEqual(plain!.slow, []);
});

test("shapes, parameters and totals are those of the model, for the sizes that are said", () => {
  const plan = explain(twoLayers(), { batch: 8, steps: 10, measure: false });
  assert.deepEqual(
    plan.layers.map(({ name, kind, inputShape, outputShape, parameters }) => [name, kind, inputShape, outputShape, parameters]),
    [
      ["lstm-1", "lstm", ["batch", "time", 3], ["batch", "time", 6], 4 * 6 * (3 + 6 + 1)],
      ["lstm-2", "lstm", ["batch", "time", 6], ["batch", 4], 4 * 4 * (6 + 4 + 1)],
      ["dense-1", "dense", ["batch", 4], ["batch", 2], 10],
    ],
  );
  assert.equal(plan.totals.parameters, 240 + 176 + 10);
  assert.equal(plan.sizes, "8 sequences of 10 steps");
  const [training, prediction] = plan.programs;
  assert.deepEqual([training!.name, prediction!.name], ["training step", "prediction"]);
  // Products of a prediction: x·W and h·U of both layers for 80 steps, the head for 8 rows; a multiply-add counts as two.
  const products = 2 * (80 * (24 * 9 + 16 * 10) + 8 * 8);
  assert.ok(prediction!.flopsPerStep > products && prediction!.flopsPerStep < 1.6 * products);
  assert.ok(training!.flopsPerStep > 2.5 * products && plan.totals.arenaBytes > 0 && plan.totals.estimatedStepMs > 0);
});

test("operations grow with batch and steps, and nothing is measured unless a core is loaded and it is asked for", () => {
  const model = twoLayers();
  const small = explain(model, { batch: 4, steps: 5, measure: false }).totals;
  const large = explain(model, { batch: 8, steps: 10, measure: false }).totals;
  assert.ok(large.flopsPerStep > 3 * small.flopsPerStep && large.bytesPerStep > small.bytesPerStep);
  assert.equal(large.measuredStepMs, null);
  assert.equal(large.peakShare, null);
});

test("a loaded core is measured, on vectors of its own: weights and state of the training stay to the bit", async () => {
  await init({ backend: "wasm" });
  const model = twoLayers();
  await model.fit(random(1, [6, 7, 3]), random(2, [6, 2]), { epochs: 1, verbose: "silent" });
  const before = numbers(model.weights);
  const plan = explain(model, { batch: 4 });
  assert.ok(plan.totals.measuredStepMs! > 0 && plan.totals.peakShare! > 0);
  assert.equal(plan.sizes, "4 sequences of 7 steps (as trained)");
  assert.deepEqual(numbers(model.weights), before);
  await init({ backend: "reference" });
  assert.equal(explain(model).totals.measuredStepMs, null);
  await init({});
});

test("a model that is not compiled is explained by its prediction", () => {
  const model = sequential([embedding({ vocabularySize: 5, size: 3 }), gru({ units: 4 }), dense({ units: 1 })]);
  model.build(["time"]);
  const plan = explain(model, { measure: false });
  assert.deepEqual(
    plan.programs.map(({ name }) => name),
    ["prediction"],
  );
  assert.deepEqual(plan.layers[1]!.sunk, []);
});

function energy(U: Tensor, xs: Tensor): Tensor {
  const [, hs] = scan(
    (h: Tensor, x: Tensor) => {
      const next = tanh(add(x, matmul(h, U)));
      return [next, next];
    },
    zeroTensor([4, 8]),
    xs,
  );
  return mean(square(hs));
}

test("plain and jitted functions are explained for example arguments", () => {
  const [U, xs] = [random(1, [8, 8]), random(2, [4, 6, 8])];
  const plain = explain(energy, U, xs);
  assert.deepEqual(
    plain.layers.map(({ name, kind, mode, slow }) => [name, kind, mode, slow]),
    [["energy", "function", "step", []]],
  );
  const slope = explain(jit(grad(energy)), U, xs);
  assert.equal(slope.layers.length, 1);
  assert.ok(slope.layers[0]!.sunk.length > 0 && slope.totals.flopsPerStep > 2 * plain.totals.flopsPerStep);
  assert.equal(explain((a: Tensor) => square(a), U).layers[0]!.mode, "scan");
});

test("the words hold every layer, every sentence and the measured numbers; the JSON holds the fields alone", () => {
  const plan = explain(twoLayers("layer-norm"), { measure: false });
  const words = String(plan);
  for (const { name, hoisted, sunk, merged, slow } of plan.layers) {
    for (const text of [name, ...hoisted, ...sunk, ...merged, ...slow]) assert.ok(words.includes(text), text);
  }
  assert.match(words, /training step, 32 sequences of 50 steps \(assumed\)\n {2}weights/);
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(plan)) as object), ["layers", "totals", "programs", "sizes"]);
});

test("explaining what is not built, not given or not explainable says so", () => {
  const code = (wanted: string) => (error: unknown) => error instanceof DeepRnnError && error.code === wanted;
  assert.throws(() => explain(sequential([dense({ units: 1 })])), code("not_built"));
  assert.throws(() => explain(energy as () => unknown), code("no_example"));
  assert.throws(() => explain({} as never), code("not_explainable"));
  assert.throws(() => explain(twoLayers(), { batch: 0 }), code("bad_option"));
});
