// Networks: names, shapes, messages, and wirings that survive a file.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RunError } from "../../src/base/errors.js";
import type { Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import type { Tensors } from "../../src/nn/cell.js";
import { defineCell } from "../../src/nn/cell.js";
import { activation, dense, dropoutLayer, embedding, layerNormLayer } from "../../src/nn/layers/feedforward.js";
import { gru, lstm } from "../../src/nn/layers/named.js";
import { recurrent } from "../../src/nn/layers/recurrent.js";
import { logitsOf } from "../../src/nn/logits.js";
import type { Network } from "../../src/nn/network.js";
import { deepRnnNetwork } from "../../src/nn/networks/deep-rnn.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { weight } from "../../src/nn/weight.js";
import { concat, mul, sum, tensor } from "../../src/ops/index.js";
import { attentionCell, decayCell } from "./custom-cells.js";
import { drawer, exact, lengthsOf, randomWeights, sequence, vector } from "./runs.js";

const draw = drawer("networks");

describe("sequential", () => {
  const network = sequentialNetwork([
    lstm({ units: 4, returnSequences: true }),
    dropoutLayer({ rate: 0.5 }),
    lstm({ units: 3, name: "top" }),
    layerNormLayer(),
    dense({ units: 2, activation: "softmax" }),
  ]);
  const built = network.build(sequence(5), null);

  it("names weights after layers in call order", () => {
    assert.deepEqual(
      built.weights.map(({ path, shape }) => `${path} ${shape.join("x")}`),
      [
        "lstm-1/W 5x16",
        "lstm-1/U 4x16",
        "lstm-1/b 16",
        "top/W 4x12",
        "top/U 3x12",
        "top/b 12",
        "layer-norm-1/gain 3",
        "layer-norm-1/bias 3",
        "dense-1/W 3x2",
        "dense-1/b 2",
      ],
    );
  });

  it("lists output shapes and parameters for the summary", () => {
    assert.deepEqual(built.layers[0], {
      name: "lstm-1",
      kind: "lstm",
      maker: "lstm",
      cell: "lstm",
      inputShape: ["batch", "time", 5],
      outputShape: ["batch", "time", 4],
      parameters: 160,
    });
    assert.deepEqual(built.layers[4], {
      name: "dense-1",
      kind: "dense",
      maker: "dense",
      cell: null,
      inputShape: ["batch", 3],
      outputShape: ["batch", 2],
      parameters: 8,
    });
    assert.deepEqual(built.outputs, { sequence: false, shape: [2] });
  });

  it("keeps the same built network for the same inputs", () => {
    assert.equal(network.build(sequence(5), null), built);
  });

  it("remembers logits under a final activation", () => {
    const weights = randomWeights(built, "logits");
    let found: string | undefined;
    const loss = (w: Tensors): Tensor => {
      const output = built.call({ ...weights, "dense-1": w }, draw([2, 3, 5]), { training: false, key: null }) as Tensor;
      found = logitsOf(output)?.activation;
      return sum(output);
    };
    valueAndGrad(loss)(weights["dense-1"]!);
    assert.equal(found, "softmax");
  });

  it("says which layer lacks a time axis, and what to do", () => {
    const wrong = sequentialNetwork([gru({ units: 3 }), gru({ units: 2, name: "second" })]);
    assert.throws(
      () => wrong.build(sequence(4), null),
      /expected \[batch, time, feature\], found \[B, 3\] in layer "second".*returnSequences: true/,
    );
  });

  it("refuses two layers of one name", () => {
    assert.throws(() => sequentialNetwork([dense({ units: 1, name: "a" }), dense({ units: 1, name: "a" })]), /two layers are called "a"/);
  });
});

describe("options", () => {
  it("suggest the name that was meant", () => {
    const options = { units: 3, returnSequence: true };
    assert.throws(() => lstm(options), /lstm has no option "returnSequence".*Did you mean "returnSequences"/);
    assert.throws(() => dense({ units: 2, activation: "sigmiod" }), /dense has no activation "sigmiod".*Did you mean "sigmoid"/);
  });

  it("check values", () => {
    assert.throws(() => lstm({ units: 0 }), /option units must be a whole number above 0, got 0/);
    assert.throws(() => dropoutLayer({ rate: 1 }), /option rate must be at least 0 and below 1/);
    assert.throws(() => activation("tahn"), /Did you mean "tanh"/);
  });

  it("a layer called outside a network says where its weights are", () => {
    assert.throws(() => dense({ units: 1 })(tensor([[1]])), /outside a network/);
  });
});

describe("embedding", () => {
  const built = sequentialNetwork([embedding({ vocabularySize: 4, size: 3 }), gru({ units: 2 })]).build(
    { shape: ["time"], dtype: "float32" },
    null,
  );
  const weights = randomWeights(built, "tokens");

  it("reads token numbers over time and never those in the padding", () => {
    const tokens = tensor([
      [1, 3, 0],
      [2, 99, -7],
    ]);
    const out = built.call(weights, tokens, { training: false, key: null, lengths: lengthsOf(3, 1) }) as Tensor;
    assert.deepEqual(out.shape, [2, 2]);
  });

  it("names itself when a token is not in the vocabulary", () => {
    const run = (): unknown => built.call(weights, tensor([[1, 4]]), { training: false, key: null });
    assert.throws(
      run,
      (error: unknown) =>
        error instanceof RunError && error.code === "index_out_of_range" && error.where === "embedding-1" && error.message.includes("4"),
    );
  });
});

describe("deepRnn", () => {
  it("takes the width of its output from the targets", () => {
    const built = deepRnnNetwork({ units: [4, 3] }).build(sequence(2), 5);
    assert.deepEqual(built.outputs, { sequence: false, shape: [5] });
    assert.deepEqual(
      built.layers.map(({ name }) => name),
      ["rnn-1", "rnn-2", "output"],
    );
  });

  it("needs to know the width of its output", () => {
    assert.throws(() => deepRnnNetwork({ units: 4 }).build(sequence(2), null), /outputSize/);
  });

  it("starts a relu recurrence at the identity", () => {
    const built = deepRnnNetwork({ units: 3, layers: 1, outputSize: 1 }).build(sequence(2), null);
    const U = built.weights.find(({ path }) => path === "rnn-1/U")!;
    assert.deepEqual([...U.initial(0)], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
});

describe("functional", () => {
  it("refuses a layer that is never called", () => {
    const idle = functionalNetwork({ a: dense({ units: 1 }), b: dense({ units: 1 }) }, (l, { x }: { x: Tensor }) => l.a(x));
    assert.throws(() => idle.build({ x: vector(2) }, null), /layer "b" is never called/);
  });

  it("shares the weights of a layer called twice, and refuses two input sizes", () => {
    const twice = functionalNetwork({ d: dense({ units: 3 }) }, (l, { x }: { x: Tensor }) => l.d(l.d(x)));
    assert.equal(twice.build({ x: vector(3) }, null).weights.length, 2);
    assert.throws(() => twice.build({ x: vector(2) }, null), /"d\/W" is \[2, 3\] in one call of the layer and \[3, 3\] in another/);
  });

  it("names the extra that a cell needs, or does not use", () => {
    const lacking = functionalNetwork({ r: recurrent(attentionCell, { units: 3 }) }, (l, { x }: { x: Tensor }) => l.r(x));
    assert.throws(() => lacking.build({ x: sequence(2) }, null), /cell attention needs memory in layer "r"/);
    const needless = functionalNetwork({ r: gru({ units: 3 }) }, (l, { x }: { x: Tensor }) => l.r(x, { dt: x }));
    assert.throws(() => needless.build({ x: sequence(1) }, null), /cell gru does not use dt/);
  });

  it("checks initial states by name and size", () => {
    const wrong = (initialState: (x: Tensor) => Tensors): Network =>
      functionalNetwork({ r: lstm({ units: 3 }) }, (l, { x, h }: { x: Tensor; h: Tensor }) => l.r(x, { initialState: initialState(h) }));
    const types = { x: sequence(2), h: vector(3) };
    assert.throws(() => wrong((h) => ({ h })).build(types, null), /initialState has no "c"/);
    assert.throws(
      () => wrong((h) => ({ h, c: concat([h, h]) })).build(types, null),
      /initial c is \[B, 6\], the cell expects \[batch, 3\]/,
    );
    assert.throws(() => wrong((h) => ({ h, d: h })).build(types, null), /has no state "d"/);
  });

  it("takes dt with or without its feature axis", () => {
    const network = (): Network =>
      functionalNetwork({ r: recurrent(decayCell, { units: 3 }) }, (l, { x, dt, mask }: { x: Tensor; dt: Tensor; mask: Tensor }) =>
        l.r(x, { dt, mask }),
      );
    const [x, dt, mask] = [draw([2, 4, 2]), draw([2, 4, 1], 0, 1), tensor(new Float32Array(16).fill(1), { shape: [2, 4, 2] })];
    const flat = tensor(dt, { shape: [2, 4] });
    const wide = network().build({ x: sequence(2), dt: sequence(1), mask: sequence(2) }, null);
    const slim = network().build({ x: sequence(2), dt: { shape: ["time"], dtype: "float32" }, mask: sequence(2) }, null);
    const weights = randomWeights(wide, "dt");
    const options = { training: false, key: null, lengths: lengthsOf(3, 4) };
    assert.deepEqual(
      exact(slim.call(weights, { x, dt: flat, mask }, options) as Tensor),
      exact(wide.call(weights, { x, dt, mask }, options) as Tensor),
    );
  });

  it("takes lengths as an extra, where they are an input of their own", () => {
    const network = functionalNetwork({ r: gru({ units: 3 }) }, (l, { x, n }: { x: Tensor; n: Tensor }) => l.r(x, { lengths: n }));
    const built = network.build({ x: sequence(2), n: { shape: [], dtype: "int32" } }, null);
    const weights = randomWeights(built, "extra");
    const x = draw([2, 4, 2]);
    const plain = functionalNetwork({ r: gru({ units: 3 }) }, (l, { x: given }: { x: Tensor }) => l.r(given)).build(
      { x: sequence(2) },
      null,
    );
    const a = built.call(weights, { x, n: lengthsOf(4, 1) }, { training: false, key: null }) as Tensor;
    const b = plain.call(weights, { x }, { training: false, key: null, lengths: lengthsOf(4, 1) }) as Tensor;
    assert.deepEqual(exact(a), exact(b));
  });
});

describe("steps that return the wrong thing", () => {
  const cellWith = (step: (x: Tensor, h: Tensor) => unknown): Network => {
    const cell = defineCell({
      name: "odd",
      state: { h: "units", c: "units" },
      output: "h",
      params: ({ units }) => ({ b: weight([units]) }),
      step: (x, { h }) => step(x, h) as { h: Tensor; c: Tensor },
    });
    return sequentialNetwork([recurrent(cell, { units: 3 })]);
  };
  const build = (step: (x: Tensor, h: Tensor) => unknown) => () => cellWith(step).build(sequence(2), null);

  it("are named: a missing state", () => {
    assert.throws(
      build((_, h) => ({ h })),
      /cell odd: step did not return the state "c" in layer "odd-1"/,
    );
  });
  it("are named: a state of the wrong size, with both shapes", () => {
    assert.throws(
      build((x, h) => ({ h, c: x })),
      /state "c" is declared \[3\] and step returned it as \[2\] in layer "odd-1"/,
    );
  });
  it("are named: a state that was not declared", () => {
    assert.throws(
      build((_, h) => ({ h, c: h, d: h })),
      /step returned "d", which is not one of its states h, c/,
    );
  });
  it("are named: no record at all", () => {
    assert.throws(
      build((_, h) => h),
      /step did not return a record of states/,
    );
  });
});

describe("second derivatives", () => {
  it("flow through an LSTM layer", async () => {
    const { gradientCheck } = await import("../../src/inspect/gradient-check.js");
    const built = sequentialNetwork([lstm({ units: 2, returnSequences: true })]).build(sequence(2), null);
    const weights = randomWeights(built, "second");
    const x = drawer("second x")([2, 3, 2]);
    const slopes = (w: typeof weights): Tensor => {
      const [, gradient] = valueAndGrad((v: typeof weights) => {
        const y = built.call(v, x, { training: false, key: null, lengths: lengthsOf(3, 2) }) as Tensor;
        return sum(mul(y, y, y));
      })(w);
      return sum(mul(gradient["lstm-1"]!.U!, gradient["lstm-1"]!.U!));
    };
    const report = gradientCheck(slopes, weights);
    assert.ok(report.passed, JSON.stringify(report));
  });
});
