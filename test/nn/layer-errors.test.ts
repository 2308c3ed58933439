// What layers over sequences refuse: options that do not fit together, and shapes, named with both sizes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensors } from "../../src/nn/cell.js";
import type { Layer } from "../../src/nn/layer.js";
import { attention } from "../../src/nn/layers/attention.js";
import { conv1d } from "../../src/nn/layers/conv.js";
import { dense } from "../../src/nn/layers/feedforward.js";
import { gru, lstm } from "../../src/nn/layers/named.js";
import { globalMaxPool1d, maxPool1d } from "../../src/nn/layers/pooling.js";
import { flatten, repeat } from "../../src/nn/layers/reshaping.js";
import { highway, residual } from "../../src/nn/layers/skip.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { sequence, vector } from "./runs.js";

const build = (layer: Layer, input = sequence(3)): unknown => sequentialNetwork([layer]).build(input, null);

describe("layers refuse", () => {
  it("options that do not exist or do not fit together, when they are made", () => {
    assert.throws(() => conv1d({ filters: 2 } as never), /needs the option "kernelSize"/);
    assert.throws(() => conv1d({ filters: 4, kernelSize: 2, kernel: 3 } as never), { code: "unknown_option" });
    assert.throws(() => conv1d({ filters: 4, kernelSize: 2, padding: "full" as never }), /has no padding "full"/);
    assert.throws(() => conv1d({ filters: 4, kernelSize: 2, groups: 3 }), /4 filters do not divide into 3 groups/);
    assert.throws(() => maxPool1d({ padding: "causal" as never }), { code: "unknown_padding" });
    assert.throws(() => attention({ score: "additive" }), /score "additive" needs units/);
    assert.throws(() => attention({ units: 4 }), /score "scaledDot" has no units/);
    assert.throws(() => attention({ score: "multiHead", units: 6 }), /6 units do not divide into 4 heads/);
    assert.throws(() => attention({ score: "dot", heads: 2 }), /has no heads/);
    assert.throws(() => attention({ score: "cosine" as never }), { code: "unknown_score" });
    assert.throws(() => repeat(0), { code: "bad_option" });
    assert.throws(() => residual("lstm" as never), { code: "not_a_layer" });
  });

  it("what is no sequence, naming the layer", () => {
    for (const layer of [conv1d({ filters: 2, kernelSize: 2 }), maxPool1d(), globalMaxPool1d()]) {
      assert.throws(() => build(layer, vector(3)), { code: "not_a_sequence", message: /found \[B, 3\].*in layer "/ });
    }
    assert.throws(() => build(repeat(3)), { code: "repeat_rank", message: /found \[B, T, 3\]/ });
    assert.throws(() => build(flatten()), { code: "flatten_time", message: /model.build\(\[36, 3\]\)/ });
  });

  it("features that do not divide into groups", () => {
    assert.throws(() => build(conv1d({ filters: 4, kernelSize: 2, groups: 2 })), {
      code: "uneven_groups",
      message: /3 features of \[B, T, 3\]/,
    });
  });

  it("a way around that has another shape, with both shapes and the remedy", () => {
    assert.throws(() => build(residual(lstm({ units: 5, returnSequences: true }))), {
      code: "skip_shapes",
      message: /\[B, T, 3\], the layer's output \[B, T, 5\].*projection: true/,
    });
    assert.throws(() => build(residual(lstm({ units: 3 }))), { code: "skip_shapes", message: /\[B, 3\].*returnSequences: true/ });
    assert.throws(() => build(residual(conv1d({ filters: 3, kernelSize: 2 }), { projection: true })), { code: "skip_shapes" });
    assert.throws(() => build(highway(dense({ units: 4 }))), { code: "skip_shapes", message: /as many units/ });
    assert.throws(() => build(residual(gru({ units: 3, returnSequences: true, returnState: true })) as unknown as Layer), {
      code: "state_in_chain",
    });
  });

  it("attention without a product, without a memory that is a sequence, or with a past that is another's", () => {
    const over = (layer: Layer, memory = sequence(2)): unknown =>
      functionalNetwork({ layer }, (l, { x, memory: given }: Tensors) => l.layer(x!, { memory: given! })).build(
        { x: sequence(3), memory },
        null,
      );
    assert.throws(() => over(attention()), { code: "attention_sizes", message: /3 features and the memory 2/ });
    assert.throws(() => over(attention({ score: "multiHead", units: 4 }), vector(2)), { code: "attention_memory", message: /\[B, 2\]/ });
    assert.throws(() => over(attention({ score: "additive", units: 4, causal: true })), { code: "causal_memory" });
    assert.throws(() => build(attention({ returnWeights: true }) as unknown as Layer), /returns its weights/);
  });
});
