// Laws of zoneout: which units keep their last value, in training and without, for every cell.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keyAt, uniformAt } from "../../src/base/random.js";
import type { Tensor } from "../../src/base/tensor.js";
import { gradientCheck } from "../../src/inspect/gradient-check.js";
import { type AnyCell, stateSizes, type Tensors } from "../../src/nn/cell.js";
import { bidirectional } from "../../src/nn/layers/bidirectional.js";
import { lstm, simpleRnn } from "../../src/nn/layers/named.js";
import { asAnyCell, type RecurrentOptions, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork } from "../../src/nn/network.js";
import { networkFromConfig } from "../../src/nn/networks/config.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { mul, randomKey, sum } from "../../src/ops/index.js";
import { decayCell, layerNormLstm } from "./custom-cells.js";
import { allCells, drawer, exact, layerNetwork, lengthsOf, randomWeights, relativeError, sequence, vector } from "./runs.js";

const [B, T, I, H] = [3, 6, 3, 4];
const rate = 0.3;
const cells = [...allCells, asAnyCell(layerNormLstm), asAnyCell(decayCell as never)];

interface Subject {
  readonly built: BuiltNetwork;
  readonly weights: Tensors;
  readonly inputs: Tensors;
}

/** A layer of the cell over `time` steps from random initial states. */
function subject(cell: AnyCell, options: Partial<RecurrentOptions>, time: number): Subject {
  const { definition } = cell;
  const draw = drawer(`zoneout ${cell.name}`);
  const small = "projection" in cell.options ? { projection: 3 } : {};
  const sizes = stateSizes(definition, { ...cell.options, ...small, inputSize: I, units: H });
  const inputs: Tensors = {
    x: draw([B, time, I]),
    ...(definition.inputs.includes("dt") ? { dt: draw([B, time, 1], 0.1, 1) } : {}),
    ...(definition.inputs.includes("mask") ? { mask: draw([B, time, I], 1, 1) } : {}),
    ...Object.fromEntries(Object.entries(sizes).map(([name, size]) => [`initial.${name}`, draw([B, size])])),
  };
  const types = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }]) => [name, shape.length === 3 ? sequence(shape[2]!) : vector(shape[1]!)]),
  );
  const layer = recurrent(cell, { ...small, units: H, returnSequences: true, returnState: true, ...options } as never);
  const built = layerNetwork(layer, types);
  return { built, inputs, weights: randomWeights(built, `zoneout ${cell.name}`).layer! };
}

function call({ built, weights, inputs }: Subject, seed: number | null, lengths?: Tensor): Tensors {
  const options = { training: seed !== null, key: seed === null ? null : randomKey(seed), ...(lengths === undefined ? {} : { lengths }) };
  return built.call({ layer: weights }, inputs, options) as Tensors;
}

for (const cell of cells) {
  describe(`zoneout of ${cell.name}`, () => {
    const states = Object.keys(cell.definition.state);

    it("without training every state is the expectation of keeping and moving on", () => {
      const zoned = subject(cell, { zoneout: rate }, 1);
      const plain = call(subject(cell, {}, 1), null);
      const given = call(zoned, null);
      for (const state of states) {
        const [before, after] = [exact(zoned.inputs[`initial.${state}`]!), exact(plain[`state.${state}`]!)];
        const expected = after.map((value, index) => rate * before[index]! + (1 - rate) * value);
        assert.ok(relativeError(exact(given[`state.${state}`]!), expected) < 1e-12, state);
      }
    });

    it("in training every unit either keeps its last value to the bit or moves on, each state by draws of its own", () => {
      const zoned = subject(cell, { zoneout: rate }, 1);
      const plain = call(subject(cell, {}, 1), null);
      const kept = states.map((state) => {
        const [before, after] = [exact(zoned.inputs[`initial.${state}`]!), exact(plain[`state.${state}`]!)];
        return exact(call(zoned, 5)[`state.${state}`]!).map((value, index) => {
          assert.ok(value === before[index]! || value === after[index]!, `${state}[${index}]`);
          return value === before[index]!;
        });
      });
      assert.ok(kept.flat().includes(true) && kept.flat().includes(false));
      if (kept.length > 1) assert.notDeepEqual(kept[0], kept[1]);
    });

    it("draws depend on the key, the row and the step alone, not on other rows' lengths", () => {
      const zoned = subject(cell, { zoneout: rate }, T);
      const row = (outputs: Tensors): number[] => {
        const size = exact(outputs.output!).length / B;
        return exact(outputs.output!).slice(size, 2 * size);
      };
      const full = row(call(zoned, 1, lengthsOf(6, 6, 6)));
      assert.deepEqual(row(call(zoned, 1, lengthsOf(2, 6, 0))), full);
      assert.notDeepEqual(row(call(zoned, 2, lengthsOf(6, 6, 6))), full);
    });

    it("gradients in training agree with finite differences", () => {
      const { built, weights, inputs } = subject(cell, { zoneout: rate }, 4);
      const fixed = cell.definition.inputs.includes("mask") ? { mask: inputs.mask! } : {};
      const smooth = Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "mask"));
      const factor = drawer("factor")(call({ built, weights, inputs }, 3).output!.shape);
      const report = gradientCheck(
        (w: Tensors, x: Tensors): Tensor => {
          const options = { training: true, key: randomKey(3), lengths: lengthsOf(4, 2, 0) };
          return sum(mul((built.call({ layer: w }, { ...x, ...fixed }, options) as Tensors).output!, factor));
        },
        weights,
        smooth,
      );
      assert.ok(report.passed, JSON.stringify(report));
    });
  });
}

describe("zoneout", () => {
  it("keeps a unit where the draw of (key, state, row, step, unit) is below the rate", () => {
    const cell = allCells.find(({ name }) => name === "elman-tanh")!;
    const zoned = subject(cell, { zoneout: rate }, T);
    const output = exact(call(zoned, 9).output!);
    const initial = exact(zoned.inputs["initial.h"]!);
    // The key of seed 9, then the layer's call (0), the purpose (3), the state (0), the row and the step.
    const key = [0, 3, 0].reduce<readonly [number, number]>((now, salt) => keyAt(now[0], now[1], salt), [9, 0]);
    for (let b = 0; b < B; b++) {
      const rowKey = keyAt(key[0], key[1], b);
      for (let t = 0; t < T; t++) {
        const stepKey = keyAt(rowKey[0], rowKey[1], t);
        for (let unit = 0; unit < H; unit++) {
          const before = t === 0 ? initial[b * H + unit]! : output[(b * T + t - 1) * H + unit]!;
          const isKept = output[(b * T + t) * H + unit] === before;
          assert.equal(isKept, uniformAt(stepKey[0], stepKey[1], unit) < rate, `row ${b}, step ${t}, unit ${unit}`);
        }
      }
    }
  });

  it("rates by state leave the other states alone", () => {
    const cell = allCells.find(({ name }) => name === "lstm")!;
    const plain = call(subject(cell, {}, 1), 4);
    const zoned = call(subject(cell, { zoneout: { c: 0.6 } }, 1), 4);
    assert.deepEqual(exact(zoned["state.h"]!), exact(plain["state.h"]!));
    assert.notDeepEqual(exact(zoned["state.c"]!), exact(plain["state.c"]!));
  });

  it("is saved with the layer, in both directions of a bidirectional one too", () => {
    const network = sequentialNetwork([
      bidirectional(lstm({ units: 3, zoneout: { h: 0.1, c: 0.4 }, returnSequences: true })),
      simpleRnn({ units: 2, zoneout: 0.5 }),
    ]);
    network.build(sequence(I), null);
    const loaded = networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), []);
    const x = drawer("saved")([B, T, I]);
    const run = (from: typeof network): number[] => {
      const built = from.build(sequence(I), null);
      return exact(built.call(randomWeights(built, "saved"), x, { training: true, key: randomKey(2) }) as Tensor);
    };
    assert.deepEqual(run(loaded), run(network));
  });

  it("refuses rates outside [0, 1) and states that the cell does not have", () => {
    assert.throws(() => lstm({ units: 2, zoneout: 1 }), { code: "bad_option" });
    assert.throws(() => lstm({ units: 2, zoneout: { h: -0.1 } }), { code: "bad_option" });
    assert.throws(() => lstm({ units: 2, zoneout: { cell: 0.1 } }), /zoneout of lstm has no state "cell"/);
    assert.throws(() => lstm({ units: 2, zoneout: "0.1" as never }), { code: "bad_option" });
  });
});
