// Every strategy with every distribution and stack: it learns, its quantiles are in order, and its files say the same.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadModel } from "../../../src/index.js";
import { cellNames, taskCell } from "../../../src/tasks/cells.js";
import { buildMember } from "../../../src/tasks/forecast/network/build.js";
import { networkOf } from "../../../src/tasks/forecast/network/predict.js";
import { savedNetwork, savedNetworkOf, specOf as specOfSaved } from "../../../src/tasks/forecast/network/saved.js";
import type { Dataset, DistributionName, NetworkSpec, Predictive, StackName, Strategy } from "../../../src/tasks/forecast/network/types.js";
import { countWindows, errorOf, horizon, networkFor, specOf, steps, trainedOn, wave, windowsOf } from "./windows.js";

const strategies: readonly Strategy[] = ["direct", "recursive", "encoder-decoder"];
const distributions: readonly DistributionName[] = ["none", "gaussian", "student-t", "negative-binomial", "quantiles"];
const stacks: readonly StackName[] = ["plain", "residual", "dilated", "bidirectional"];

const dataFor = (distribution: DistributionName): Dataset => (distribution === "negative-binomial" ? countWindows() : windowsOf(wave));

const isOrdered = ({ quantiles }: Predictive): boolean =>
  quantiles!.values.every((values, index) => index === 0 || values.every((value, h) => value >= quantiles!.values[index - 1]![h]!));

for (const strategy of strategies) {
  describe(strategy, () => {
    for (const distribution of distributions) {
      for (const stack of stacks.filter((name) => strategy !== "recursive" || name !== "bidirectional")) {
        it(`learns ${distribution} with the stack ${stack}, and its file says the same`, async () => {
          const data = dataFor(distribution);
          const spec = specOf({ strategy, distribution, stack });
          const fresh = await networkOf(spec, buildMember(spec)).predict(data, { paths: 20 });
          const trained = await trainedOn(data, spec);
          const predicted = await networkOf(spec, trained.model).predict(data, { paths: 20 });
          assert.ok(trained.losses.at(-1)! < trained.losses[0]!, `${trained.losses}`);
          assert.ok(errorOf(predicted, data.y) < 0.75 * errorOf(fresh, data.y), `${errorOf(predicted, data.y)} ${errorOf(fresh, data.y)}`);
          assert.equal(predicted[0]!.quantiles !== null, distribution !== "none");
          assert.equal(predicted[0]!.samples !== null, strategy === "recursive" && distribution !== "none");
          if (distribution !== "none") assert.ok([...fresh, ...predicted].every(isOrdered));
          assert.deepEqual(await fromFile(spec, trained.model, data), predicted);
        });
      }
    }
  });
}

/** What the saved and loaded network says. */
async function fromFile(
  spec: NetworkSpec,
  model: Pick<Awaited<ReturnType<typeof trainedOn>>["model"], "save">,
  data: Dataset,
): Promise<Predictive[]> {
  const folder = await mkdtemp(join(tmpdir(), "network-"));
  try {
    await model.save(join(folder, "model"));
    const saved = savedNetworkOf(spec);
    const read = saved === null ? null : savedNetwork.parse(JSON.parse(JSON.stringify(saved)));
    return await networkOf(
      specOfSaved(read, { steps, horizon, channels: spec.channels, cells: [] }),
      await loadModel(join(folder, "model")),
    ).predict(data, { paths: 20 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("cells", () => {
  for (const name of cellNames) {
    it(`${name} takes every strategy and stack`, async () => {
      const data = windowsOf(wave, { count: 16 });
      for (const strategy of strategies)
        for (const stack of stacks.filter((each) => strategy !== "recursive" || each !== "bidirectional")) {
          const spec = specOf({ strategy, stack, cell: taskCell(name), units: [4, 6], dropout: 0.2, distribution: "gaussian" });
          const trained = await trainedOn(data, spec, { epochs: 2 });
          assert.ok(trained.losses.every(Number.isFinite), `${strategy} ${stack}`);
          const [first] = await networkOf(spec, trained.model).predict(data, { paths: 8 });
          assert.ok(first!.value.every(Number.isFinite), `${strategy} ${stack}`);
        }
    });
  }
});

describe("networks", () => {
  it("untrained say the standard normal distribution, or the series' size", async () => {
    for (const strategy of ["direct", "encoder-decoder"] as const) {
      for (const distribution of ["gaussian", "quantiles"] as const) {
        const spec = specOf({ strategy, distribution });
        const [first] = await networkOf(spec, buildMember(spec)).predict(windowsOf(wave, { count: 1 }));
        assert.equal(first!.value[0], 0);
        assert.deepEqual(first!.quantiles!.levels[0], 0.025);
        assert.ok(Math.abs(first!.quantiles!.values[0]![0]! + 1.96) < 1e-3, `${first!.quantiles!.values[0]}`);
      }
      const spec = specOf({ strategy, distribution: "negative-binomial" });
      const [count] = await networkOf(spec, buildMember(spec)).predict(countWindows());
      assert.ok(Math.abs(count!.value[0]! - 5) < 0.01);
    }
  });

  it("missing targets are left out, and change nothing else", async () => {
    const data = windowsOf(wave, { count: 32 });
    const holes: Dataset = { ...data, y: windowsOf((row) => (row % 5 === 0 ? Number.NaN : wave(row)), { count: 32 }).y };
    for (const strategy of strategies)
      for (const distribution of ["none", "student-t", "quantiles"] as const) {
        const spec = specOf({ strategy, distribution });
        const trained = await trainedOn(holes, spec, { epochs: 20 });
        assert.ok(trained.losses.every(Number.isFinite));
        const predicted = await networkOf(spec, trained.model).predict(data, { paths: 20 });
        assert.ok(errorOf(predicted, data.y) < 0.6, `${strategy} ${distribution} ${errorOf(predicted, data.y)}`);
      }
  });

  it("quantiles are given at the levels that were asked for", async () => {
    const data = windowsOf(wave, { count: 8 });
    for (const strategy of strategies) {
      const network = await networkFor(data, specOf({ strategy, distribution: "quantiles" }), { epochs: 2 });
      const [first] = await network.predict(data, { levels: [0.01, 0.25, 0.5, 0.99], paths: 50 });
      assert.deepEqual(first!.quantiles!.levels, [0.01, 0.25, 0.5, 0.99]);
      assert.ok(isOrdered(first!));
      assert.deepEqual(first!.quantiles!.values[2], first!.value);
    }
  });
});
