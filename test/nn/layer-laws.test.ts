// Laws that every layer over sequences obeys, in the exact interpreter: padding, lengths, rows, gradients, files, streams.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { gradientCheck } from "../../src/inspect/gradient-check.js";
import type { Tensors } from "../../src/nn/cell.js";
import type { BuiltNetwork, Named, Network } from "../../src/nn/network.js";
import { networkFromConfig } from "../../src/nn/networks/config.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { mul, sum } from "../../src/ops/index.js";
import { inputTypes, type LayerSubject, layerSubjects } from "./layer-subjects.js";
import { drawer, exact, lengthsOf, randomWeights } from "./runs.js";

const [B, T] = [3, 7];
const ragged = [7, 0, 4];

function networkOf(subject: LayerSubject): Network {
  const call = subject.call ?? ((layer, inputs) => layer(inputs.x!));
  return functionalNetwork({ layer: subject.layer() }, (l, inputs: Tensors) => ({ output: call(l.layer!, inputs) }));
}

function feedOf(subject: LayerSubject, lengths: readonly number[], filler: number): Tensors {
  const draw = drawer(`laws of ${subject.title}`);
  return Object.fromEntries(
    Object.entries(inputTypes(subject)).map(([name, { shape }]): [string, Tensor] => {
      const isSequence = shape[0] === "time";
      const given = draw([B, ...shape.map((size) => (size === "time" ? T : size))]);
      return [name, isSequence ? filled(given, lengths, filler) : given];
    }),
  );
}

function run(
  built: BuiltNetwork,
  weights: Named<Tensor> | Readonly<Record<string, Tensors>>,
  inputs: Tensors,
  lengths: readonly number[],
): HostTensor {
  const { output } = built.call(weights, inputs, { training: false, key: null, lengths: lengthsOf(...lengths) }) as Tensors;
  assert.ok(output instanceof HostTensor);
  return output;
}

for (const subject of layerSubjects) {
  describe(`laws of ${subject.title}`, () => {
    const types = inputTypes(subject);
    const network = networkOf(subject);
    const built = network.build(types, null);
    const weights = randomWeights(built, subject.title);
    const stepsOf = subject.steps === undefined ? (length: number): number => length : subject.steps;

    it("padding is never read: NaN there gives identical outputs and gradients", () => {
      const shape = run(built, weights, feedOf(subject, ragged, 0), ragged).shape;
      const factor = drawer("factors")(shape);
      const once = (filler: number): unknown => {
        const inputs = feedOf(subject, ragged, filler);
        const loss = (w: typeof weights, x: Tensors): Tensor => {
          const { output } = built.call(w, x, { training: false, key: null, lengths: lengthsOf(...ragged) }) as Tensors;
          return sum(mul(output!, factor));
        };
        const [, byInput] = valueAndGrad((x: Tensors, w: typeof weights) => loss(w, x))(inputs, weights);
        const [value, byWeights] = valueAndGrad(loss)(weights, inputs);
        const values = [...Object.values(byInput), ...Object.values(byWeights).flatMap((layer) => Object.values(layer))];
        return [exact(run(built, weights, inputs, ragged)), exact(value), values.map(exact)];
      };
      const clean = once(0);
      assert.deepEqual(once(Number.NaN), clean);
      assert.ok((clean as number[][][]).flat(3).every(Number.isFinite));
    });

    it("a row gives the same alone, without padding, as among longer ones", () => {
      const whole = run(built, weights, feedOf(subject, ragged, 0), ragged);
      const row = whole.exact.length / B;
      const alone = run(built, weights, oneRow(feedOf(subject, ragged, 0), 2, 4), [4]);
      assert.deepEqual(exact(alone), exact(whole).slice(2 * row, 2 * row + alone.exact.length));
      assert.ok(
        exact(whole)
          .slice(2 * row + alone.exact.length)
          .every((value) => value === 0),
      );
    });

    it("its output has the steps that the next layer and targets count on", () => {
      const { outputs } = built;
      const output = (outputs as Readonly<Record<string, { sequence: boolean; windows?: readonly { size: number; stride: number }[] }>>)
        .output!;
      assert.equal(output.sequence, stepsOf !== null);
      if (stepsOf === null) return;
      for (const length of [1, 2, 3, 5, 7]) {
        const left = (output.windows ?? []).reduce((n, { size, stride }) => (n < size ? 0 : Math.floor((n - size) / stride) + 1), length);
        assert.equal(left, stepsOf(length));
        const inputs = oneRow(feedOf(subject, [7, 7, 7], 0), 0, length);
        assert.equal(run(built, weights, inputs, [length]).shape[1], stepsOf(length));
      }
    });

    it("gradients agree with finite differences", () => {
      const inputs = feedOf(subject, ragged, 0);
      const factor = drawer("factors")(run(built, weights, inputs, ragged).shape);
      const report = gradientCheck(
        (w: typeof weights, x: Tensors): Tensor => {
          const { output } = built.call(w, x, { training: false, key: null, lengths: lengthsOf(...ragged) }) as Tensors;
          return sum(mul(output!, factor));
        },
        weights,
        inputs,
      );
      assert.ok(report.passed, JSON.stringify(report));
    });

    it("is the same after a round trip through its configuration", () => {
      const loaded = networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), []).build(types, null);
      const inputs = feedOf(subject, ragged, 0);
      assert.deepEqual(exact(run(loaded, weights, inputs, ragged)), exact(run(built, weights, inputs, ragged)));
      assert.deepEqual(loaded.layers, built.layers);
    });
  });
}

/** Values beyond each row's length replaced. */
function filled(tensor: Tensor, lengths: readonly number[], filler: number): Tensor {
  const [, time] = tensor.shape;
  const size = exact(tensor).length / (B * time!);
  const data = exact(tensor).map((value, index) =>
    Math.floor(index / size) % time! < lengths[Math.floor(index / (time! * size))]! ? value : filler,
  );
  return hostTensor(Float64Array.from(data), tensor.shape, "float32");
}

/** One row of every input, sequences cut to `length` steps. */
function oneRow(inputs: Tensors, row: number, length: number): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => {
      const size = exact(tensor).length / B;
      const own = exact(tensor).slice(row * size, (row + 1) * size);
      if (tensor.shape.length < 3 || tensor.shape[1] !== T)
        return [name, hostTensor(Float64Array.from(own), [1, ...tensor.shape.slice(1)], "float32")];
      const width = size / T;
      return [name, hostTensor(Float64Array.from(own.slice(0, length * width)), [1, length, width], "float32")];
    }),
  );
}
