// Distributions: parameters that were learnt say the right quantiles of data that came from the distribution.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tensor } from "../../../src/index.js";
import { countQuantile } from "../../../src/tasks/forecast/network/distributions/counts.js";
import { distributionOf, quantileShares } from "../../../src/tasks/forecast/network/distributions/index.js";
import { normalQuantile } from "../../../src/tasks/forecast/network/distributions/special.js";
import { studentDraw } from "../../../src/tasks/forecast/network/distributions/student.js";
import type { Dataset, DistributionName } from "../../../src/tasks/forecast/network/types.js";
import { coverageOf, floats, horizon, networkFor, noise, specOf, steps } from "./windows.js";

/** A draw whose level is that of the window, a number from 0 to 1. */
type Draw = (level: number, next: () => number) => number;

const draws: Partial<Record<DistributionName, Draw>> = {
  gaussian: (level, next) => 2 * level - 1 + (0.2 + level) * normalQuantile(next()),
  "student-t": (level, next) => 2 * level - 1 + 0.4 * studentDraw(next(), next(), 3),
  "negative-binomial": (level, next) => countQuantile(next(), 20 * (0.2 + level), 0.3),
  // Skewed, as no normal distribution is.
  quantiles: (level, next) => level - (0.3 + 0.5 * level) * Math.log(next()),
};

function drawn(
  draw: Draw,
  { count, seed, isCount }: { readonly count: number; readonly seed: number; readonly isCount: boolean },
): Dataset {
  const next = noise(seed);
  const levels = Float64Array.from({ length: count }, next);
  return {
    x: floats([count, steps, 1], (index) => levels[Math.floor(index / steps)]!),
    y: floats([count, horizon], (index) => draw(levels[Math.floor(index / horizon)]!, next)),
    ...{ mask: null, future: null, numbers: null, categories: null },
    size: isCount ? floats([count, 1], () => 12) : null,
  };
}

describe("coverage", () => {
  for (const [name, draw] of Object.entries(draws) as [DistributionName, Draw][]) {
    it(`80 and 95 % of new values lie between the quantiles of ${name}`, async () => {
      const isCount = name === "negative-binomial";
      const data = drawn(draw, { count: 1500, seed: 3, isCount });
      const network = await networkFor(data, specOf({ distribution: name, units: [8] }), {
        epochs: 40,
        batchSize: 32,
        learningRate: 0.004,
      });
      const fresh = drawn(draw, { count: 1500, seed: 77, isCount });
      const predicted = await network.predict(fresh);
      // Counts lie on the quantiles themselves, so that somewhat more are between them.
      const slack = isCount ? 0.05 : 0;
      for (const [share, levels] of [
        [0.8, [0.1, 0.9]],
        [0.95, [0.025, 0.975]],
      ] as const) {
        const coverage = coverageOf(predicted, fresh.y, levels);
        assert.ok(coverage > share - 0.035 && coverage < share + 0.035 + slack, `${share}: ${coverage}`);
      }
    });
  }

  it("80 % of the ends of paths of an autoregression lie between their quantiles, at every row ahead", async () => {
    const [count, phi] = [600, 0.8];
    const make = (seed: number): Dataset => {
      const random = noise(seed);
      const rows = steps + horizon;
      const paths = Array.from({ length: count }, () => {
        let value = normalQuantile(random()) * 0.5;
        return Array.from({ length: rows }, () => (value = phi * value + 0.3 * normalQuantile(random())));
      });
      return {
        x: floats([count, steps, 1], (index) => paths[Math.floor(index / steps)]![index % steps]!),
        y: floats([count, horizon], (index) => paths[Math.floor(index / horizon)]![steps + (index % horizon)]!),
        ...{ mask: null, future: null, numbers: null, categories: null, size: null },
      };
    };
    const network = await networkFor(make(3), specOf({ strategy: "recursive", distribution: "gaussian", units: [8] }), {
      epochs: 20,
      learningRate: 0.003,
    });
    const fresh = make(55);
    const predicted = await network.predict(fresh, { paths: 200 });
    for (let h = 0; h < horizon; h++) {
      const at = predicted.map(({ quantiles, ...rest }) => ({
        ...rest,
        quantiles: { levels: quantiles!.levels, values: quantiles!.values.map((values) => values.subarray(h, h + 1)) },
      }));
      const coverage = coverageOf(
        at,
        floats([count, 1], (n) => Number(fresh.y.data[n * horizon + h]!)),
        [0.1, 0.9],
      );
      assert.ok(coverage > 0.74 && coverage < 0.86, `${h}: ${coverage}`);
    }
  });
});

describe("quantiles of a distribution", () => {
  const random = noise(11);

  it("never cross, whatever a head gives", () => {
    for (const name of ["gaussian", "student-t", "negative-binomial", "quantiles"] as const) {
      const { columns, parameters, quantile } = distributionOf(name);
      for (let round = 0; round < 40; round++) {
        const raw = Array.from({ length: columns }, () => 12 * (random() - 0.5));
        const { data } = parameters(tensor([[raw]]), null);
        const values = quantileShares.map((share) => quantile!(data, share));
        values.slice(1).forEach((value, index) => {
          assert.ok(value >= values[index]! - 1e-6 * Math.abs(value), `${name} ${raw}: ${values}`);
        });
      }
    }
  });

  it("are those of its own draws", () => {
    const parameters: Partial<Record<DistributionName, readonly number[]>> = {
      gaussian: [0.5, 2],
      "student-t": [-1, 0.7, 2.6],
      "negative-binomial": [7, 0.4],
      quantiles: quantileShares.map((share) => share ** 2),
    };
    for (const [name, p] of Object.entries(parameters) as [DistributionName, readonly number[]][]) {
      const { draw, quantile } = distributionOf(name);
      const sample = Array.from({ length: 20_000 }, () => draw(p, random)).sort((a, b) => a - b);
      for (const share of [0.05, 0.25, 0.5, 0.75, 0.95]) {
        const value = quantile!(p, share);
        const [below, notAbove] = [
          sample.filter((each) => each < value).length / 20_000,
          sample.filter((each) => each <= value).length / 20_000,
        ];
        assert.ok(below <= share + 0.012 && notAbove >= share - 0.012, `${name} ${share}: ${below} to ${notAbove}`);
      }
    }
  });
});
