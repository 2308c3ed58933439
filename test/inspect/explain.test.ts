// explain says what became of every layer, counts what a step costs, and gives a reason for everything that stays per step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeepRnnError } from "../../src/base/errors.js";
import {
  add,
  argmax,
  bidirectional,
  concat,
  defineCell,
  dense,
  embedding,
  functional,
  grad,
  greater,
  gru,
  init,
  jit,
  type Layer,
  lstm,
  matmul,
  max,
  mean,
  minGru,
  minLstm,
  mul,
  recurrent,
  scan,
  sequential,
  simpleRnn,
  softmax,
  square,
  type Tensor,
  take,
  tanh,
  weight,
  where,
} from "../../src/index.js";
import { factsOfLoop } from "../../src/inspect/explain-slow.js";
import { type ExplainedProgram, modelSubject } from "../../src/inspect/explain-subject.js";
import { explain } from "../../src/inspect/index.js";
import { layerNorm, zeros as zeroTensor } from "../../src/ops/index.js";
import { requiredInside } from "../../src/train/inside.js";
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
  // Sums of what a step computes are part of the program that computes it; the sum of a product is not.
  assert.equal(normed!.slow.length, 1);
  assert.deepEqual(plain!.slow, []);
});

/** A step with everything that a tile cannot do: softmax over per-row values, a lookup by the state, a maximum, joined values. */
const odd = defineCell({
  name: "odd",
  row: ["memory"],
  state: { h: "units", last: "inputSize" },
  output: "h",
  params: ({ inputSize, units }) => ({ W: weight([inputSize + units, units]), T: weight([units, units]), Q: weight([units, units]) }),
  step(x, { h, last }, p, { memory }) {
    const seen = where(greater(x, 0), x, last);
    const context = matmul(softmax(matmul(memory, matmul(h, p.Q))), memory);
    const looked = take(p.T, argmax(h, { axis: 0 }));
    return { h: tanh(add(layerNorm(matmul(concat([seen, h]), p.W)), context, mul(looked, max(h)))), last: seen };
  },
});

test("every instruction of every loop is a product, a fused program, or has its sentence", () => {
  const attending = functional(
    { encode: lstm({ units: 4, returnSequences: true }), decode: recurrent(odd, { units: 4 }), head: dense({ units: 1 }) },
    (l, { a, b }: { a: Tensor; b: Tensor }) => l.head(l.decode(b, { row: { memory: l.encode(a) } })),
  );
  attending.compile({ optimizer: "adam", loss: "mse" });
  attending.build({ a: [5, 2], b: ["time", 3] });
  for (const model of [twoLayers("layer-norm"), attending]) {
    const { programs } = modelSubject(requiredInside(model, "test"), 4, 6);
    const loops = programs.flatMap(({ sections }) =>
      sections.flatMap(({ instructions }) => instructions.filter(({ op }) => op === "loop")),
    );
    assert.ok(loops.length >= 4);
    for (const loop of loops) {
      if (loop.op !== "loop") continue;
      const { slow } = factsOfLoop(loop);
      const told = slow
        .filter((text) => !/: a product (in which|stays)/.test(text))
        .reduce((count, text) => count + Number(/\((\d+) times\)$/.exec(text)?.[1] ?? 1), 0);
      assert.equal(told, loop.body.filter(({ op }) => op !== "gemm" && op !== "tile").length, slow.join("\n"));
      for (const text of slow) assert.match(text, /^(forward|backward): .*(because|cheaper)/);
    }
  }
  const { slow } = explain(attending, { measure: false }).layers.find(({ name }) => name === "decode")!;
  for (const part of ["every row has a matrix of its own", "a maximum, as in softmax", "a table lookup", "the place of a maximum"]) {
    assert.ok(
      slow.some((text) => text.includes(part)),
      part,
    );
  }
});

test("an affine recurrence has no loop, with zoneout none in training", () => {
  const modes: string[] = [];
  for (const recurrence of [minGru({ units: 4 }), minGru({ units: 4, zoneout: 0.1 }), minLstm({ units: 4, zoneout: 0.1 })]) {
    const model = sequential([recurrence, dense({ units: 1 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    model.build(["time", 3]);
    const [layer] = explain(model, { measure: false }).layers;
    assert.deepEqual([layer!.slow, layer!.fusedTiles], [[], 0]);
    assert.ok(layer!.hoisted.some((text) => text.startsWith("the recurrence of a state")));
    modes.push(layer!.mode);
  }
  // Between draws zoneout is a mean of the old state and the new one, which has the state twice.
  assert.deepEqual(modes, ["scan", "step", "step"]);
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
  assert.throws(() => explain(twoLayers(), { batchSize: 8 } as never), code("unknown_option"));
});

test("an embedding's products are made once per row of a small table, for predictions once per change of the weights, and read in the step", () => {
  const model = sequential([embedding({ vocabularySize: 9, size: 16 }), lstm({ units: 8, returnSequences: true }), dense({ units: 2 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time"]);
  const layer = explain(model, { measure: false }).layers[1]!;
  assert.deepEqual(layer.slow, []);
  assert.ok(layer.hoisted.some((text) => text.startsWith("a product once for each of 9 rows of a table: ")));
  assert.ok(layer.hoisted.some((text) => text.startsWith("a table lookup in the step: ")));
  assert.ok(layer.sunk.some((text) => text.startsWith("a product of the gradient once for each of 9 rows of a table: ")));
  const [{ sections: training }, { sections: predicting }] = modelSubject(requiredInside(model, "test"), 32, 50).programs as [
    ExplainedProgram,
    ExplainedProgram,
  ];
  assert.deepEqual(
    predicting[0]!.prepare.filter(({ op }) => op === "gemm").map((one) => one.op === "gemm" && [one.m, one.n, one.k]),
    [[9, 32, 16]],
  );
  for (const { instructions } of [training[0]!, predicting[0]!]) {
    const loop = instructions.find(({ op }) => op === "loop");
    assert.ok(loop?.op === "loop" && loop.body.some(({ op }) => op === "gather"));
    // No product of the embedding's size runs over the tokens.
    assert.ok(instructions.every((one) => one.op !== "gemm" || one.k !== 16 || typeof one.m === "number"));
  }
});

test("a state that is written without being computed: zeros are part of a fused program, a weight is copied and said to be one", () => {
  const slowOf = (next: (old: Tensor, kept: Tensor) => Tensor): readonly string[] => {
    const cell = defineCell({
      name: "rewritten",
      state: { h: "units", k: "units" },
      output: "h",
      params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), v: weight([units]) }),
      step: (x, { h, k }, p) => ({ h: tanh(add(matmul(x, p.W), mul(h, k))), k: next(k, p.v) }),
    });
    const model = sequential([recurrent(cell, { units: 4 }), dense({ units: 1 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    model.build(["time", 3]);
    return explain(model, { measure: false }).layers[0]!.slow;
  };
  assert.deepEqual(
    slowOf(() => zeroTensor([4])),
    [],
  );
  assert.deepEqual(
    slowOf((_, v) => v),
    ["forward: a copy writes what is the same at every step into the state"],
  );
});
