// Laws of dilated recurrence: a layer of dilation d is d layers over every d-th step, for every cell.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/base/tensor.js";
import { gradientCheck } from "../../src/inspect/gradient-check.js";
import { type AnyCell, stateSizes, type Tensors } from "../../src/nn/cell.js";
import { dense } from "../../src/nn/layers/feedforward.js";
import { lstm } from "../../src/nn/layers/named.js";
import { asAnyCell, type RecurrentOptions, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork } from "../../src/nn/network.js";
import { mul, sum } from "../../src/ops/index.js";
import { functional, loadModel, sequential } from "../../src/train/index.js";
import { decayCell, layerNormLstm } from "./custom-cells.js";
import { allCells, drawer, exact, layerNetwork, lengthsOf, randomWeights, relativeError, sequence } from "./runs.js";

const [B, T, I, H] = [3, 7, 3, 4];
const dilation = 3;
const cells = [...allCells, asAnyCell(layerNormLstm), asAnyCell(decayCell as never)];

function built(cell: AnyCell, options: Partial<RecurrentOptions> = {}): BuiltNetwork {
  const small = "projection" in cell.options ? { projection: 3 } : {};
  const layer = recurrent(cell, { ...small, units: H, returnSequences: true, returnState: true, ...options } as never);
  return layerNetwork(layer, inputTypes(cell));
}

function inputTypes(cell: AnyCell): Record<string, ReturnType<typeof sequence>> {
  const asked = Object.fromEntries(cell.definition.inputs.map((name) => [name, sequence(name === "dt" ? 1 : I)]));
  return { x: sequence(I), ...asked };
}

/** Random inputs of `time` steps; `at` picks some of the steps. */
function drawn(cell: AnyCell): (at: readonly number[]) => Tensors {
  const draw = drawer(`dilation ${cell.name}`);
  const whole: Tensors = {
    x: draw([B, T, I]),
    ...(cell.definition.inputs.includes("dt") ? { dt: draw([B, T, 1], 0.1, 1) } : {}),
    ...(cell.definition.inputs.includes("mask") ? { mask: draw([B, T, I], 1, 1) } : {}),
  };
  return (at) => Object.fromEntries(Object.entries(whole).map(([name, value]) => [name, steps(value, at)]));
}

function steps(value: Tensor, at: readonly number[]): Tensor {
  const draw = drawer("places");
  const size = value.shape[2]!;
  const taken = draw([B, at.length, size]);
  const [from, to] = [(value as Tensor & { exact: Float64Array }).exact, (taken as Tensor & { exact: Float64Array }).exact];
  for (let b = 0; b < B; b++)
    at.forEach((step, place) => {
      for (let i = 0; i < size; i++) to[(b * at.length + place) * size + i] = from[(b * T + step) * size + i]!;
    });
  return taken;
}

const every = Array.from({ length: T }, (_, step) => step);

for (const cell of cells) {
  describe(`dilated ${cell.name}`, () => {
    const inputs = drawn(cell);
    const dilated = built(cell, { dilation });
    const weights = randomWeights(dilated, `dilation ${cell.name}`);
    const whole = (): Tensors => dilated.call(weights, inputs(every), { training: false, key: null }) as Tensors;

    it("each chain of every d-th step is a layer of its own", () => {
      const plain = built(cell);
      const all = whole();
      for (let start = 0; start < dilation; start++) {
        const at = every.filter((step) => step % dilation === start);
        const chain = plain.call(weights, inputs(at), { training: false, key: null }) as Tensors;
        assert.ok(relativeError(exact(steps(all.output!, at)), exact(chain.output!)) < 1e-12);
      }
    });

    it("the states after the last step are those of the last d steps, the newest first", () => {
      const all = whole();
      const sizes = stateSizes(cell.definition, {
        ...cell.options,
        ...("projection" in cell.options ? { projection: 3 } : {}),
        inputSize: I,
        units: H,
      });
      for (const state of Object.keys(sizes)) {
        for (let age = 0; age < dilation; age++) {
          const at = every.filter((step) => step <= T - 1 - age && (T - 1 - age - step) % dilation === 0);
          const chain = built(cell).call(weights, inputs(at), { training: false, key: null }) as Tensors;
          const name = age === 0 ? state : `${state}-${age + 1}`;
          assert.ok(relativeError(exact(all[`state.${name}`]!), exact(chain[`state.${state}`]!)) < 1e-12, name);
        }
      }
    });

    it("padding is never read", () => {
      const lengths = lengthsOf(T, 4, 1);
      const short = dilated.call(weights, inputs(every), { training: false, key: null, lengths }) as Tensors;
      const first = [0, 1, 2, 3];
      const cut = dilated.call(weights, inputs(first), { training: false, key: null }) as Tensors;
      const row = (value: Tensor, b: number): number[] => exact(value).slice(b * (value.shape[1] ?? 1), (b + 1) * (value.shape[1] ?? 1));
      const state = `state.${cell.definition.output}`;
      assert.deepEqual(row(short[state]!, 1), row(cut[state]!, 1));
    });

    it("has gradients that agree with central differences", () => {
      const { output } = whole();
      const factor = drawer("factor")(output!.shape);
      const loss = (w: Tensors): Tensor =>
        sum(mul(factor, (dilated.call({ layer: w }, inputs(every), { training: false, key: null }) as Tensors).output!));
      const { passed, where, error } = gradientCheck(loss, weights.layer!);
      assert.ok(passed, `${error} at ${where}`);
    });
  });
}

describe("dilation", () => {
  const x = drawer("x")([2, 6, 2]);

  it("a stream gives the same as the whole sequence", async () => {
    const model = sequential([lstm({ units: 5, dilation: 2, returnSequences: true }), dense({ units: 1 })]);
    model.build(["time", 2], { seed: 3 });
    const all = await model.predict(x);
    const live = await model.stream({ batch: 2 });
    for (let step = 0; step < 6; step++) {
      const now = live.step([0, 1].map((row) => [0, 1].map((i) => x.data[(row * 6 + step) * 2 + i]!)));
      assert.ok(relativeError(now.data, [all.data[step]!, all.data[6 + step]!]) < 1e-6);
    }
  });

  it("its states start another dilated layer, and files keep it", async () => {
    const model = functional(
      {
        read: lstm({ units: 4, dilation: 2, returnState: true }),
        write: lstm({ units: 4, dilation: 2, returnSequences: true }),
      },
      (l, { x: given }: { x: Tensor }) => l.write(given, { initialState: l.read(given).state as never }),
    );
    model.build({ x: ["time", 2] }, { seed: 3 });
    const loaded = await loadModel(model.toBytes());
    assert.deepEqual((await loaded.predict({ x })).data, (await model.predict({ x })).data);
  });

  it("refuses what is no number of steps", () => {
    for (const wrong of [0, 1.5, "2"]) assert.throws(() => lstm({ units: 2, dilation: wrong as never }), { code: "bad_option" });
  });
});
