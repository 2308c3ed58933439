// Likelihoods, their gradients and quantiles against figures that scipy and torch computed (distributions.py made them).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { gaussianNll, negativeBinomialNll, studentTNll, sum } from "../../src/index.js";
import { gradientCheck } from "../../src/inspect/gradient-check.js";
import { countQuantile } from "../../src/tasks/forecast/network/distributions/counts.js";
import { incompleteBeta, logGamma, normalQuantile } from "../../src/tasks/forecast/network/distributions/special.js";
import { studentQuantile } from "../../src/tasks/forecast/network/distributions/student.js";
import { logFactorial, logGammaGain } from "../../src/train/losses/log-gamma.js";
import { drawer, exact, relativeError } from "../nn/runs.js";

interface Golden {
  readonly levels: readonly number[];
  readonly likelihoods: Readonly<
    Record<
      string,
      readonly { readonly y: number; readonly parameters: readonly number[]; readonly nll: number; readonly gradient: readonly number[] }[]
    >
  >;
  readonly normal: readonly number[];
  readonly student: readonly { readonly freedom: number; readonly quantiles: readonly number[] }[];
  readonly counts: readonly { readonly mean: number; readonly dispersion: number; readonly quantiles: readonly number[] }[];
  readonly beta: readonly { readonly a: number; readonly b: number; readonly x: number; readonly value: number }[];
}

const golden = JSON.parse(readFileSync("test/golden/distributions.json", "utf8")) as Golden;
const losses = { gaussianNll, studentTNll, negativeBinomialNll };
const numbers = (values: readonly number[], shape: readonly number[]): Tensor => hostTensor(Float64Array.from(values), shape, "float32");

function within(actual: number, expected: number, tolerance: number): void {
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  assert.ok(error <= tolerance, `${actual} against ${expected}: ${error}`);
}

for (const [name, loss] of Object.entries(losses)) {
  describe(name, () => {
    const cases = golden.likelihoods[name]!;
    const width = cases[0]!.parameters.length;
    const y = numbers(
      cases.map((each) => each.y),
      [cases.length, 1],
    );
    const parameters = numbers(
      cases.flatMap((each) => each.parameters),
      [cases.length, width],
    );

    it("is what scipy says, and its gradient what torch says", () => {
      const value = loss(y, parameters, { positive: true });
      assert.deepEqual(value.shape, [cases.length]);
      exact(value).forEach((each, index) => void within(each, cases[index]!.nll, 1e-8));
      const [, gradient] = valueAndGrad((p: Tensor) => sum(loss(y, p, { positive: true })))(parameters);
      exact(gradient).forEach((each, index) => void within(each, cases[Math.floor(index / width)]!.gradient[index % width]!, 1e-7));
    });

    it("has gradients that agree with central differences, from columns of any sign", () => {
      const raw = drawer(name)([6, width], -3, 3);
      const counts = numbers([0, 1, 3, 8, 20, 90], [6]);
      const { passed, where, error } = gradientCheck((p: Tensor) => sum(loss(counts, p)), raw);
      assert.ok(passed, `${error} at ${where}`);
    });

    it("takes targets with and without an axis of 1, and names a wrong number of columns", () => {
      assert.deepEqual(
        exact(
          loss(
            numbers(
              cases.map((each) => each.y),
              [cases.length],
            ),
            parameters,
            { positive: true },
          ),
        ),
        exact(loss(y, parameters, { positive: true })),
      );
      assert.throws(() => loss(y, y), { code: "target_shape" });
    });
  });
}

describe("logarithms of gamma", () => {
  const alphas = [1e-8, 1e-4, 0.03, 0.5, 1, 7, 300];
  const counts = [0, 0.5, 1, 2, 17, 400, 1e5];

  it("the gain over a power is that of the gamma function, and nothing where there is no dispersion", () => {
    for (const alpha of alphas.filter((each) => each > 1e-3)) {
      for (const y of counts) {
        const expected = logGamma(1 / alpha + y) - logGamma(1 / alpha) + y * Math.log(alpha);
        within(exact(logGammaGain(numbers([alpha], [1]), y))[0]!, expected, 2e-9);
      }
    }
    // Γ(r + 3) / (Γ(r) r³) = (1 + 1/r) (1 + 2/r)
    for (const alpha of alphas) within(exact(logGammaGain(numbers([alpha], [1]), 3))[0]!, Math.log1p(alpha) + Math.log1p(2 * alpha), 2e-9);
  });

  it("factorials are products", () => {
    const factorials = Array.from({ length: 12 }, (_, n) =>
      Math.log(Array.from({ length: n }, (_, i) => i + 1).reduce((a, b) => a * b, 1)),
    );
    exact(
      logFactorial(
        numbers(
          factorials.map((_, n) => n),
          [12],
        ),
      ),
    ).forEach((value, n) => void within(value, factorials[n]!, 1e-9));
  });
});

describe("quantiles", () => {
  it("of the normal distribution", () => {
    assert.ok(relativeError(golden.levels.map(normalQuantile), golden.normal) < 1e-13);
  });

  it("of Student's t distribution, for any degrees of freedom", () => {
    for (const { freedom, quantiles } of golden.student)
      golden.levels.forEach((level, index) => {
        const [actual, expected] = [studentQuantile(level, freedom), quantiles[index]!];
        assert.ok(Math.abs(actual - expected) <= 1e-8 * Math.abs(expected) + 1e-12, `${freedom} ${level}: ${actual} against ${expected}`);
      });
  });

  it("of counts", () => {
    for (const { mean, dispersion, quantiles } of golden.counts)
      assert.deepEqual(
        golden.levels.map((level) => countQuantile(level, mean, dispersion)),
        quantiles,
        `${mean} ${dispersion}`,
      );
  });

  it("stand on the incomplete beta function", () => {
    for (const { a, b, x, value } of golden.beta) within(incompleteBeta(a, b, x) / (value || 1), value === 0 ? 0 : 1, 1e-10);
  });
});
