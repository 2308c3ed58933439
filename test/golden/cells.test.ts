// Built-in cells against their plain twins: outputs, final states and gradients in float64.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import { grad } from "../../src/engine/grad.js";
import { stateSizes, type Tensors } from "../../src/nn/cell.js";
import { asAnyCell, recurrent } from "../../src/nn/layers/recurrent.js";
import { add, mul } from "../../src/ops/pointwise.js";
import { sum } from "../../src/ops/reduce.js";
import { allCells, drawer, exact, layerNetwork, lengthsOf, randomWeights, relativeError, sequence, vector } from "../nn/runs.js";
import { type PlainState, type PlainWeights, plainCells, runPlain } from "./plain-cells.js";

const [B, T, I, H, P] = [3, 5, 4, 6, 2];

for (const cell of allCells) {
  describe(`golden ${cell.name}`, () => {
    const plain = plainCells[cell.name];
    assert.ok(plain, `${cell.name} has no plain twin in plain-cells.ts`);
    const options = "projection" in cell.options ? { projection: P } : {};
    const states = stateSizes(cell.definition, { ...cell.options, ...options, inputSize: I, units: H });
    for (const goBackwards of [false, true]) {
      for (const lengths of [
        [5, 5, 5],
        [4, 0, 5],
      ]) {
        const layer = recurrent(asAnyCell(cell), { ...options, units: H, goBackwards, returnSequences: true, returnState: true } as never);
        const types = Object.fromEntries(Object.entries(states).map(([name, size]) => [`initial.${name}`, vector(size)]));
        const built = layerNetwork(layer, { x: sequence(I), ...types });
        const { layer: weights } = randomWeights(built, cell.name);
        const draw = drawer(`inputs of ${cell.name}`);
        const x = cell.definition.inputs.includes("mask") ? withHoles(draw([B, T, I])) : draw([B, T, I]);
        const initial = Object.fromEntries(Object.entries(states).map(([name, size]) => [`initial.${name}`, draw([B, size])]));
        const factors: Tensors = {
          output: draw([B, T, states.h!]),
          ...Object.fromEntries(Object.entries(states).map(([name, size]) => [`state.${name}`, draw([B, size])])),
        };
        const call = (w: Tensors): Tensors =>
          built.call({ layer: w }, { x, ...initial }, { training: false, key: null, lengths: lengthsOf(...lengths) }) as Tensors;

        const plainRun = (w: PlainWeights): Record<string, number[]> => {
          const { steps, final } = runPlain(plain, w, H, {
            x: rows(x, B, T, I),
            lengths,
            initial: plainStates(initial),
            backwards: goBackwards,
          });
          const output = steps.flat().flatMap((state) => state?.[cell.definition.output] ?? new Array<number>(states.h!).fill(0));
          return {
            output,
            ...Object.fromEntries(Object.keys(states).map((name) => [`state.${name}`, final.flatMap((state) => [...state[name]!])])),
          };
        };
        const plainLoss = (w: PlainWeights): number => {
          let total = 0;
          for (const [name, values] of Object.entries(plainRun(w)))
            values.forEach((value, index) => {
              total += value * exact(factors[name]!)[index]!;
            });
          return total;
        };
        const title = `${goBackwards ? "backwards" : "forwards"}, lengths ${lengths.join(" ")}`;

        it(`outputs and final states equal the formulas: ${title}`, () => {
          const expected = plainRun(plainWeights(weights!));
          const actual = call(weights!);
          for (const [name, values] of Object.entries(expected)) assert.ok(relativeError(exact(actual[name]!), values) < 1e-12, name);
        });

        it(`gradients equal central differences of the formulas: ${title}`, () => {
          const loss = (w: Tensors): Tensor =>
            Object.entries(factors)
              .map(([name, factor]) => sum(mul(call(w)[name]!, factor)))
              .reduce((a, b) => add(a, b));
          const gradient = grad(loss)(weights!);
          const largest = Math.max(...Object.values(gradient).flatMap(exact).map(Math.abs));
          for (const name of Object.keys(weights!)) {
            const found = centralDifferences(plainWeights(weights!), name, plainLoss);
            const error = Math.max(...found.map((value, index) => Math.abs(value - exact(gradient[name]!)[index]!)));
            assert.ok(error <= 1e-7 * Math.max(1, largest), `${name}: error ${error}`);
          }
        });
      }
    }
  });
}

/** Every third value is missing. */
function withHoles(x: HostTensor): HostTensor {
  return hostTensor(
    x.exact.map((value, index) => (index % 3 === 1 ? Number.NaN : value)),
    x.shape,
    "float32",
  );
}

function rows(tensor: Tensor, B: number, T: number, I: number): number[][][] {
  const data = exact(tensor);
  return Array.from({ length: B }, (_, b) => Array.from({ length: T }, (_, t) => data.slice((b * T + t) * I, (b * T + t + 1) * I)));
}

function plainStates(initial: Readonly<Record<string, Tensor>>): PlainState[] {
  return Array.from({ length: B }, (_, b) =>
    Object.fromEntries(
      Object.entries(initial).map(([name, value]) => {
        const size = value.shape[1]!;
        return [name.slice("initial.".length), exact(value).slice(b * size, (b + 1) * size)];
      }),
    ),
  );
}

function plainWeights(weights: Tensors): Record<string, { shape: readonly number[]; data: Float64Array }> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, value]) => [name, { shape: value.shape, data: Float64Array.from(exact(value)) }]),
  );
}

function centralDifferences(weights: ReturnType<typeof plainWeights>, name: string, loss: (w: PlainWeights) => number): number[] {
  const { data } = weights[name]!;
  return Array.from(data, (centre, index) => {
    const at = (value: number): number => {
      data[index] = value;
      return loss(weights);
    };
    const step = 1e-5;
    const slope = (at(centre + step) - at(centre - step)) / (2 * step);
    data[index] = centre;
    return slope;
  });
}
