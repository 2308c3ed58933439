// Initialisers and activations by name: Keras's names, the spread they promise, and PyTorch's values.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostTensor } from "../../src/base/tensor.js";
import { activations } from "../../src/nn/activations.js";
import { constant, heNormal, type Init, lecunUniform, orthogonal, truncatedNormal } from "../../src/nn/init.js";
import type { Initializer } from "../../src/nn/initializers.js";
import type { Layer } from "../../src/nn/layer.js";
import { conv1d } from "../../src/nn/layers/conv.js";
import { dense } from "../../src/nn/layers/feedforward.js";
import { gru, lstm, simpleRnn } from "../../src/nn/layers/named.js";
import { networkFromConfig } from "../../src/nn/networks/config.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { exact, sequence } from "./runs.js";

/** Initial values of a layer's weights by name. */
function start(layer: Layer, features = 64): Record<string, number[]> {
  const network = sequentialNetwork([layer]);
  network.build(sequence(features), null);
  const saved = networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), []);
  const [one, again] = [network, saved].map((from) => from.build(sequence(features), null));
  const values = one!.weights.map(({ path, initial }) => [path.slice(path.indexOf("/") + 1), Array.from(initial(3))] as const);
  // A layer from a file starts as the one it was made from.
  assert.deepEqual(
    again!.weights.map(({ initial }) => Array.from(initial(3))),
    values.map(([, numbers]) => numbers),
  );
  return Object.fromEntries(values);
}

const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const deviation = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe("initialisers", () => {
  const [fanIn, fanOut] = [64, 100];
  const kernel = (kernelInitializer: Initializer): number[] => start(dense({ units: fanOut, kernelInitializer })).W!;

  for (const [name, limit] of [
    ["randomUniform", 0.05],
    ["glorotUniform", Math.sqrt(6 / (fanIn + fanOut))],
    ["heUniform", Math.sqrt(6 / fanIn)],
    ["lecunUniform", Math.sqrt(3 / fanIn)],
  ] as const) {
    it(`${name} fills its range evenly`, () => {
      const values = kernel(name);
      assert.ok(largest(values) <= limit && largest(values) > 0.99 * limit);
      assert.ok(Math.abs(deviation(values) / (limit / Math.sqrt(3)) - 1) < 0.03);
    });
  }

  for (const [name, expected] of [
    ["randomNormal", 0.05],
    ["glorotNormal", Math.sqrt(2 / (fanIn + fanOut))],
    ["heNormal", Math.sqrt(2 / fanIn)],
    ["lecunNormal", Math.sqrt(1 / fanIn)],
  ] as const) {
    it(`${name} has its deviation`, () => assert.ok(Math.abs(deviation(kernel(name)) / expected - 1) < 0.03));
  }

  it("truncatedNormal has no value beyond two deviations", () => {
    const values = kernel(truncatedNormal(0.1));
    assert.ok(largest(values) <= 0.2 && largest(values) > 0.19);
    assert.ok(largest(kernel("truncatedNormal")) <= 0.1);
  });

  it("reach kernels, recurrent matrices and biases of every layer, each gate by itself", () => {
    const options = { kernelInitializer: constant(0.5), recurrentInitializer: orthogonal(2), biasInitializer: "ones" } as const;
    for (const layer of [lstm({ units: 4, ...options }), gru({ units: 4, ...options }), simpleRnn({ units: 4, ...options })]) {
      const { W, U, b } = start(layer, 3);
      assert.ok(W!.every((value) => value === 0.5) && b!.every((value) => value === 1));
      const [gates, size] = [U!.length / 16, 4];
      for (let column = 0; column < size; column++) {
        const norm = Math.sqrt([0, 1, 2, 3].reduce((sum, row) => sum + U![row * gates * size + column]! ** 2, 0));
        assert.ok(Math.abs(norm - 2) < 1e-5);
      }
    }
    assert.ok(start(conv1d({ filters: 2, kernelSize: 3, kernelInitializer: "zeros" }), 3).W!.every((value) => value === 0));
  });

  it("take the receptive field of a convolution as inputs", () => {
    const values = start(conv1d({ filters: 50, kernelSize: 5, kernelInitializer: lecunUniform() }), 20).W!;
    assert.ok(largest(values) <= Math.sqrt(3 / 100) && largest(values) > 0.99 * Math.sqrt(3 / 100));
  });

  it("refuse what is none, with the nearest name", () => {
    assert.throws(() => dense({ units: 2, kernelInitializer: "heNormale" as never }), /Did you mean "heNormal"/);
    assert.throws(() => dense({ units: 2, kernelInitializer: { kind: "constant" } as never }), { code: "bad_option" });
    assert.throws(() => lstm({ units: 2, recurrentInitializer: 3 as never }), { code: "bad_option" });
    assert.throws(() => dense({ units: 2, recurrentInitializer: heNormal() } as never), { code: "unknown_option" });
    assert.throws(() => start(dense({ units: 2, useBias: false, biasInitializer: "ones" })), /has no bias/);
    assert.throws(() => dense({ units: 2, kernelInitializer: { kind: "normal", deviation: Number.NaN } satisfies Init }), {
      code: "bad_option",
    });
  });
});

describe("activations", () => {
  // Computed with torch 1.13 (selu, softsign, silu, elu, gelu with approximate="tanh", softplus, leaky_relu) in float64.
  const x = [-3, -1.25, -0.1, 0.4, 2.75];
  const expected = {
    selu: [-1.6705687287671118, -1.2543954463378648, -0.16730527262431402, 0.4202803949421922, 2.8894277152275714],
    softsign: [-0.75, -0.5555555555555556, -0.09090909090909091, 0.28571428571428575, 0.7333333333333333],
    swish: [-0.14227761953270035, -0.27837517353163604, -0.047502081252106004, 0.2394750640449808, 2.584761712021479],
    elu: [-0.950212931632136, -0.7134952031398099, -0.09516258196404048, 0.4, 2.75],
    gelu: [-0.0036373920817729943, -0.13228579703028542, -0.04601724895456484, 0.2621611694273562, 2.742276855926382],
    softplus: [0.04858735157374206, 0.2519290813453729, 0.6443966600735709, 0.9130152523999526, 2.8119675890031988],
    leakyRelu: [-0.03, -0.0125, -0.001, 0.4, 2.75],
    identity: [-3.0, -1.25, -0.1, 0.4, 2.75],
  } as const;
  for (const [name, values] of Object.entries(expected)) {
    it(`${name} has PyTorch's values`, () => {
      const given = exact(activations[name as keyof typeof activations](hostTensor(Float64Array.from(x), [5], "float32")));
      given.forEach((value, index) => {
        assert.ok(Math.abs(value - values[index]!) < 1e-12, `${value} and ${values[index]}`);
      });
    });
  }

  it("make simpleRnn cells of them all, saved under the activation's name", () => {
    for (const activation of Object.keys(activations)) {
      const values = start(simpleRnn({ units: 4, activation }), 3);
      assert.deepEqual(Object.keys(values), ["W", "U", "b"]);
    }
  });
});
