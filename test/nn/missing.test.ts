// Missing values and uneven times: what a cell that fades sees, and that nothing else changes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import { gradientCheck } from "../../src/inspect/gradient-check.js";
import { defineCell, type Tensors } from "../../src/nn/cell.js";
import { brits } from "../../src/nn/layers/brits.js";
import { dense } from "../../src/nn/layers/feedforward.js";
import { antisymmetricRnn, gru, indRnn, lru, lstm, minGru, minLstm, simpleRnn } from "../../src/nn/layers/named.js";
import { recurrent } from "../../src/nn/layers/recurrent.js";
import { withDecay } from "../../src/nn/layers/with-decay.js";
import type { BuiltNetwork, NetworkInput } from "../../src/nn/network.js";
import { networkFromConfig } from "../../src/nn/networks/config.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { weight } from "../../src/nn/weight.js";
import { matmul } from "../../src/ops/linear.js";
import { add, div, mul, tanh } from "../../src/ops/pointwise.js";
import { randomKey } from "../../src/ops/random.js";
import { sum } from "../../src/ops/reduce.js";
import { layerNormLstm } from "./custom-cells.js";
import { drawer, exact, layerNetwork, lengthsOf, randomWeights, relativeError, sequence } from "./runs.js";

const [B, T, I, H] = [3, 6, 4, 5];
const draw = drawer("missing values");
const x = draw([B, T, I]);
const mask = map(draw([B, T, I], 0, 1), (value) => (value < 0.6 ? 1 : 0));
const lengths = lengthsOf(6, 2, 5);

function map(tensor: HostTensor, f: (value: number, index: number) => number): HostTensor {
  return hostTensor(tensor.exact.map(f), tensor.shape, "float32");
}

function hidden(value: number): HostTensor {
  return map(x, (seen, index) => (mask.exact[index] === 1 ? seen : value));
}

function layerOver(types: Readonly<Record<string, NetworkInput>>): BuiltNetwork {
  return layerNetwork(recurrent(withDecay(gru), { units: H, returnSequences: true }), types);
}

function outputs(built: BuiltNetwork, inputs: Tensors): number[] {
  const weights = randomWeights(built, "weights").layer!;
  return exact((built.call({ layer: weights }, inputs, { training: false, key: null, lengths }) as Tensors).output!);
}

describe("missing values", () => {
  it("NaN in x means the same as 0 in the mask, and what lies there is never read", () => {
    const byNaN = outputs(layerOver({ x: sequence(I) }), { x: hidden(Number.NaN) });
    const masked = layerOver({ x: sequence(I), mask: sequence(I) });
    assert.ok(byNaN.every(Number.isFinite));
    for (const filler of [0, 17, Number.NaN]) assert.deepEqual(outputs(masked, { x: hidden(filler), mask }), byNaN);
  });

  it("without dt steps are 1 apart, and a longer gap fades more", () => {
    const timed = layerOver({ x: sequence(I), dt: sequence(1) });
    const regular = outputs(layerOver({ x: sequence(I) }), { x: hidden(Number.NaN) });
    const at = (gap: number): number[] => outputs(timed, { x: hidden(Number.NaN), dt: map(draw([B, T, 1]), () => gap) });
    assert.deepEqual(at(1), regular);
    assert.ok(relativeError(at(2), regular) > 1e-3);
  });

  it("time adds up until a feature is seen again", () => {
    const layer = recurrent(withDecay(gru), { units: H, returnState: true });
    const built = layerNetwork(layer, { x: sequence(2), dt: sequence(1) });
    const series = hostTensor(Float64Array.of(7, 8, Number.NaN, 9, Number.NaN, Number.NaN), [1, 3, 2], "float32");
    const dt = hostTensor(Float64Array.of(1, 0.5, 2), [1, 3, 1], "float32");
    const weights = randomWeights(built, "weights").layer!;
    const out = built.call({ layer: weights }, { x: series, dt }, { training: false, key: null }) as Tensors;
    assert.deepEqual(exact(out["state.since"]!), [2.5, 2]);
    assert.deepEqual(exact(out["state.last"]!), [7, 9]);
  });

  it("every fading cell trains on its own weights beside those of the cell inside", () => {
    const names = (layer: Parameters<typeof layerNetwork>[0]): string[] =>
      layerNetwork(layer, { x: sequence(I) }).weights.map(({ path, shape }) => `${path.slice(6)} ${shape.join("x")}`);
    assert.deepEqual(names(recurrent(withDecay(lstm), { units: H })), [
      "W 8x20",
      "U 5x20",
      "b 20",
      "inputDecay 4",
      "inputDecayBias 4",
      "inputMean 4",
      "hDecay 4x5",
      "hDecayBias 5",
      "cDecay 4x5",
      "cDecayBias 5",
    ]);
  });

  it("a network with a fading cell is saved and made again, the user's own cell by its name", () => {
    const network = sequentialNetwork([
      recurrent(withDecay(layerNormLstm), { units: H, returnSequences: true }),
      recurrent(withDecay(gru), { units: 3 }),
      dense({ units: 1 }),
    ]);
    const built = network.build(sequence(I), null);
    const again = networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), [layerNormLstm as never]).build(sequence(I), null);
    assert.deepEqual(
      again.weights.map(({ path, shape }) => ({ path, shape })),
      built.weights.map(({ path, shape }) => ({ path, shape })),
    );
    const weights = randomWeights(built, "weights");
    const run = (of: BuiltNetwork): number[] =>
      exact(of.call(weights, hidden(Number.NaN), { training: false, key: null, lengths }) as Tensor);
    assert.deepEqual(run(again), run(built));
    assert.ok(run(built).every(Number.isFinite));
  });
});

describe("every cell of the library", () => {
  for (const make of [simpleRnn, lstm, gru, minGru, minLstm, lru, indRnn, antisymmetricRnn])
    for (const [name, layer] of [
      ["fades", recurrent(withDecay(make), { units: 3, returnSequences: true, goBackwards: true })],
      ["imputes", brits(make, { units: 3 })],
    ] as const)
      it(`${name} with gradients that central differences find: ${make.name}`, () => {
        const built = layerNetwork(layer, { x: sequence(I), dt: sequence(1) });
        const dt = draw([B, T, 1], 0, 2);
        const factor = draw([B, T, name === "fades" ? 3 : I]);
        const report = gradientCheck(
          (w: Tensors) => {
            const out = built.call({ layer: w }, { x: hidden(Number.NaN), dt }, { training: false, key: null, lengths }) as Tensors;
            return sum(mul(out.output!, factor));
          },
          randomWeights(built, make.name, 0.4).layer!,
        );
        assert.ok(report.passed, `${report.where}: ${report.error}`);
      });
});

describe("cells that read the mask themselves", () => {
  const reader = defineCell({
    name: "mask-reader",
    inputs: ["mask"],
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units]) }),
    step: (x, { h }, p, { mask }) => ({ h: tanh(add(matmul(mul(x, mask), p.W), matmul(h, p.U))) }),
  });

  for (const [name, layer] of [
    ["withDecay", recurrent(withDecay(reader), { units: H, returnSequences: true })],
    ["brits", brits(reader, { units: H })],
  ] as const) {
    it(`are given one for [x, mask], of which only x can be missing: ${name}`, () => {
      const filled = outputs(layerNetwork(layer, { x: sequence(I) }), { x: hidden(Number.NaN) });
      assert.ok(filled.every(Number.isFinite));
      assert.ok(filled.some((value) => value !== 0));
    });
  }
});

describe("brits", () => {
  const built = layerNetwork(brits(lstm, { units: H }), { x: sequence(I), dt: sequence(1) });
  const weights = randomWeights(built, "brits", 0.4).layer!;
  const dt = draw([B, T, 1], 0.5, 2);
  const imputed = (inputs: Tensors, w: Tensors = weights): Tensor =>
    (built.call({ layer: w }, inputs, { training: false, key: null, lengths }) as Tensors).output!;

  it("keeps what was seen and fills the rest, never with NaN", () => {
    const filled = exact(imputed({ x: hidden(Number.NaN), dt }));
    const valid = (index: number): boolean => Math.floor(index / I) % T < [6, 2, 5][Math.floor(index / (T * I))]!;
    filled.forEach((value, index) => {
      assert.ok(Number.isFinite(value));
      if (valid(index) && mask.exact[index] === 1) assert.ok(Math.abs(value - x.exact[index]!) < 1e-12);
    });
  });

  it("is the same for a sequence turned around with the directions exchanged", () => {
    const exchanged = Object.fromEntries(
      Object.entries(weights).map(([name, value]) => [
        name.startsWith("forward.") ? name.replace("forward.", "backward.") : name.replace("backward.", "forward."),
        value,
      ]),
    );
    const alone = (given: HostTensor, gaps: HostTensor, w: Tensors): number[] =>
      exact((built.call({ layer: w }, { x: given, dt: gaps }, { training: false, key: null }) as Tensors).output!);
    const turned = (given: HostTensor): HostTensor => {
      const size = given.shape[2]!;
      return map(given, (_, index) => {
        const [row, step, feature] = [Math.floor(index / (T * size)), Math.floor(index / size) % T, index % size];
        return given.exact[(row * T + T - 1 - step) * size + feature]!;
      });
    };
    const ones = map(dt, (_, index) => (index % T === 0 ? 0 : 1));
    const there = hostTensor(Float64Array.from(alone(hidden(Number.NaN), ones, weights)), [B, T, I], "float32");
    assert.ok(relativeError(alone(turned(hidden(Number.NaN)), ones, exchanged), exact(turned(there))) < 1e-12);
  });

  it("its loss of training has the gradient that central differences find", () => {
    const factor = draw([B, T, I]);
    const loss = (w: Tensors, given: Tensor): Tensor => {
      const penalties: Tensor[] = [];
      const out = built.call(
        { layer: w },
        { x: given, dt },
        {
          training: true,
          key: randomKey(1),
          lengths,
          penalties: (penalty) => penalties.push(mul(div(penalty.sum, penalty.count), penalty.factor)),
        },
      ) as Tensors;
      assert.equal(penalties.length, 3);
      return penalties.reduce((a, b) => add(a, b), sum(mul(out.output!, factor)));
    };
    const report = gradientCheck((w: Tensors) => loss(w, hidden(Number.NaN)), weights);
    assert.ok(report.passed, `${report.where}: ${report.error}`);
  });

  it("is saved with its cell and made again", () => {
    const network = sequentialNetwork([brits(gru, { units: 3, consistency: 0.2 })]);
    const first = network.build(sequence(I), null);
    const again = networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), []).build(sequence(I), null);
    const own = randomWeights(first, "saved");
    const run = (of: BuiltNetwork): number[] => exact(of.call(own, hidden(Number.NaN), { training: false, key: null, lengths }) as Tensor);
    assert.deepEqual(run(again), run(first));
  });
});
