// Ensembles and paths: members are networks of their own seeds, and nothing about a window hangs on its neighbours.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { init, loadModel } from "../../../src/index.js";
import { buildMember, countParameters } from "../../../src/tasks/forecast/network/build.js";
import { networkOf } from "../../../src/tasks/forecast/network/predict.js";
import type { Dataset, NetworkInputs, Predictive, Strategy } from "../../../src/tasks/forecast/network/types.js";
import { floats, horizon, specOf, steps, trainedOn, wave, windowsOf } from "./windows.js";

const strategies: readonly Strategy[] = ["direct", "recursive", "encoder-decoder"];
const data = windowsOf(wave, { count: 48 });

/** Some of the windows. */
function some(from: Dataset, windows: readonly number[]): NetworkInputs {
  return {
    ...from,
    x: floats([windows.length, steps, 1], (index) => Number(from.x.data[windows[Math.floor(index / steps)]! * steps + (index % steps)]!)),
  };
}

describe("an ensemble", () => {
  for (const strategy of strategies) {
    it(`that is ${strategy} holds networks of their own seeds, trained as if alone`, async () => {
      const spec = specOf({ strategy, distribution: "gaussian", ensemble: 3, dropout: 0.2, seed: 5 });
      const trained = await trainedOn(data, spec, { epochs: 3, measured: data });
      const last = await trainedOn(data, { ...spec, ensemble: 1, seed: 7 }, { epochs: 3, measured: data });
      const own = Object.entries(trained.model.weights).filter(([layer]) => layer.startsWith("member3-"));
      assert.deepEqual(
        own.map(([, weights]) => weights),
        Object.values(last.model.weights),
      );
      assert.equal(countParameters(spec), 3 * countParameters({ ...spec, ensemble: 1 }));
    });

    it(`that is ${strategy} says the same from its file`, async () => {
      const spec = specOf({ strategy, distribution: "quantiles", ensemble: 2 });
      const { model } = await trainedOn(data, spec, { epochs: 2 });
      const loaded = await loadModel((model as typeof model & { toBytes(): Uint8Array }).toBytes());
      const predicted = await networkOf(spec, model).predict(data, { paths: 10 });
      assert.deepEqual(await networkOf(spec, loaded).predict(data, { paths: 10 }), predicted);
      if (strategy === "recursive") assert.equal(predicted[0]!.samples!.length, 10);
    });
  }

  it("says the means of what its members say", async () => {
    const spec = specOf({ ensemble: 2, distribution: "gaussian" });
    const alone = (seed: number): Promise<Predictive[]> =>
      trainedOn(data, { ...spec, seed, ensemble: 1 }, { epochs: 3 }).then(({ model }) =>
        networkOf({ ...spec, ensemble: 1 }, model).predict(data),
      );
    const [a, b] = [await alone(1), await alone(2)];
    const both = await networkOf(spec, (await trainedOn(data, spec, { epochs: 3 })).model).predict(data);
    for (const [n, { value, quantiles }] of both.entries())
      for (let h = 0; h < horizon; h++) {
        assert.equal(value[h], (a[n]!.value[h]! + b[n]!.value[h]!) / 2);
        assert.equal(quantiles!.values[1]![h], (a[n]!.quantiles!.values[1]![h]! + b[n]!.quantiles!.values[1]![h]!) / 2);
      }
  });

  it("of plain networks is a network too, and reports means of its members' losses", async () => {
    const spec = specOf({ ensemble: 2 });
    const epochs: number[] = [];
    const onEpoch = ({ epoch }: { readonly epoch: number }): null => {
      epochs.push(epoch);
      return null;
    };
    const trained = await trainedOn(data, spec, { epochs: 2, measured: data, onEpoch });
    assert.deepEqual(epochs, [1, 2, 3, 4]);
    const [a, b] = [await trainedOn(data, spec, { epochs: 2 }), await trainedOn(data, { ...spec, seed: 2 }, { epochs: 2 })];
    assert.equal(trained.losses.length, 2);
    assert.notDeepEqual(a.losses, b.losses);
    const [first] = await networkOf(spec, trained.model).predict(data);
    assert.ok(first!.value.every(Number.isFinite));
  });
});

describe("sample paths", () => {
  const spec = specOf({ strategy: "recursive", distribution: "student-t" });
  const model = buildMember(spec);
  const network = networkOf(spec, model);

  it("depend on the seed and on the window's numbers alone, not on the batch", async () => {
    const all = await network.predict(data, { seed: 3, paths: 12 });
    const few = await network.predict(some(data, [40, 7]), { seed: 3, paths: 12 });
    assert.deepEqual(few, [all[40], all[7]]);
    assert.deepEqual(await network.predict(data, { seed: 3, paths: 12 }), all);
    assert.notDeepEqual((await network.predict(some(data, [7]), { seed: 4, paths: 12 }))[0]!.samples, all[7]!.samples);
    assert.notDeepEqual(all[7]!.samples, all[8]!.samples);
  });

  it("are the same with one thread and with two", async () => {
    const before = await network.predict(data, { paths: 12 });
    await init({ threads: 1 });
    try {
      const again = networkOf(spec, buildMember(spec));
      assert.deepEqual(await again.predict(data, { paths: 12 }), before);
    } finally {
      await init({});
    }
  });

  it("that are more begin with those that are fewer", async () => {
    const few = await network.predict(some(data, [3]), { paths: 5 });
    const more = await network.predict(some(data, [3]), { paths: 9 });
    assert.deepEqual(more[0]!.samples!.slice(0, 5), few[0]!.samples);
  });

  it("hold the quantiles between their sorted values", async () => {
    const [first] = await network.predict(some(data, [3]), { paths: 39, levels: [0.025, 0.5, 0.975] });
    const sorted = Array.from(first!.samples!, (path) => path[2]!).sort((a, b) => a - b);
    assert.deepEqual(
      first!.quantiles!.values.map((values) => values[2]),
      [sorted[0], sorted[19], sorted[38]],
    );
  });
});
