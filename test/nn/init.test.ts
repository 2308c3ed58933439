// Initial values: gates drawn apart, right spreads, and a stream that depends on seed and path only.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ones, zeros } from "../../src/nn/door-names.js";
import {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Init,
  identity,
  orthogonal,
  ringDecay,
  ringPhase,
} from "../../src/nn/init.js";
import { lstm } from "../../src/nn/layers/named.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { initialValues, weight } from "../../src/nn/weight.js";
import { sequence } from "./runs.js";

/** Block of one gate of a stored matrix. */
function block(values: Float32Array, rows: number, width: number, gates: number, gate: number): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (_, column) => values[row * width * gates + gate * width + column]!),
  );
}

function deviation(values: ArrayLike<number>): number {
  const list = Array.from(values);
  return Math.sqrt(list.reduce((sum, value) => sum + value * value, 0) / list.length);
}

const draw = (init: Init, shape: readonly number[]): Float32Array => initialValues(weight(shape, { init }), 5, "layer/W");

describe("initialisers", () => {
  it("orthogonal makes each gate's block orthonormal by itself", () => {
    const gates = ["i", "f", "g", "o"];
    const values = initialValues(weight([6, 6], { gates, init: orthogonal() }), 0, "lstm-1/U");
    for (const gate of [0, 1, 2, 3]) {
      const U = block(values, 6, 6, 4, gate);
      for (let a = 0; a < 6; a++) {
        for (let b = 0; b < 6; b++) {
          const product = U.reduce((sum, row) => sum + row[a]! * row[b]!, 0);
          assert.ok(Math.abs(product - (a === b ? 1 : 0)) < 1e-6);
        }
      }
    }
  });

  for (const [rows, columns] of [
    [7, 3],
    [3, 7],
  ] as const) {
    it(`orthogonal has orthonormal vectors along the shorter side of ${rows}x${columns}`, () => {
      const values = draw(orthogonal(2), [rows, columns]);
      const at = (r: number, c: number): number => values[r * columns + c]!;
      for (let a = 0; a < 3; a++) {
        for (let b = 0; b < 3; b++) {
          const product = Array.from({ length: 7 }, (_, k) => (rows === 7 ? at(k, a) * at(k, b) : at(a, k) * at(b, k))).reduce(
            (x, y) => x + y,
            0,
          );
          assert.ok(Math.abs(product - (a === b ? 4 : 0)) < 1e-5);
        }
      }
    });
  }

  it("eigenvalues lie on the ring between the radii, up to the largest angle, and those of the whole disc are finite", () => {
    const radii = draw(ringDecay(0.6, 0.9), [500]).map((nu) => Math.exp(-Math.exp(nu)));
    assert.ok(Math.min(...radii) >= 0.6 - 1e-6 && Math.max(...radii) <= 0.9 + 1e-6);
    // As many in the inner as in the outer half of the area.
    const middle = Math.sqrt((0.36 + 0.81) / 2);
    assert.ok(Math.abs(radii.filter((radius) => radius < middle).length - 250) < 50);
    const angles = draw(ringPhase(1), [500]).map((theta) => Math.exp(theta));
    assert.ok(Math.min(...angles) > 0 && Math.max(...angles) <= 1 && Math.max(...angles) > 0.95);
    assert.ok(draw(ringDecay(0, 1), [5000]).every(Number.isFinite));
    for (const make of [() => ringDecay(0.9, 0.6), () => ringDecay(-1, 0.5), () => ringDecay(0.5, 1.5), () => ringPhase(0)])
      assert.throws(make, { code: "bad_init" });
  });

  it("Glorot and He use the fans of one gate", () => {
    const uniform = initialValues(weight([100, 60], { gates: ["a", "b"] }), 1, "x/W");
    const limit = Math.sqrt(6 / 160);
    assert.ok(Math.max(...uniform.map(Math.abs)) <= limit && Math.max(...uniform) > 0.99 * limit);
    const expected: readonly (readonly [Init, number])[] = [
      [glorotUniform(), limit / Math.sqrt(3)],
      [glorotNormal(), Math.sqrt(2 / 160)],
      [heUniform(), Math.sqrt(2 / 100)],
      [heNormal(), Math.sqrt(2 / 100)],
    ];
    for (const [init, wanted] of expected) assert.ok(Math.abs(deviation(draw(init, [100, 60])) / wanted - 1) < 0.03, init.kind);
  });

  it("constants by gate leave the other gates at zero", () => {
    const values = initialValues(weight([2], { gates: ["i", "f", "g"], init: { f: 1 } }), 0, "x/b");
    assert.deepEqual([...values], [0, 0, 1, 1, 0, 0]);
  });

  it("plain ones do what they say", () => {
    assert.deepEqual([...draw(identity(3), [2, 3])], [3, 0, 0, 0, 3, 0]);
    assert.deepEqual([...draw(ones(), [2])], [1, 1]);
    assert.deepEqual([...draw(zeros(), [1, 2])], [0, 0]);
    assert.deepEqual([...draw(constant(0.5), [2])], [0.5, 0.5]);
  });

  it("depend on the seed and the path, not on other weights", () => {
    const values = (seed: number, units: number): number[] => {
      const built = sequentialNetwork([lstm({ units: 3, returnSequences: true, name: "a" }), lstm({ units, name: "b" })]).build(
        sequence(2),
        null,
      );
      return [...built.weights.find(({ path }) => path === "a/U")!.initial(seed)];
    };
    assert.deepEqual(values(0, 2), values(0, 9));
    assert.notDeepEqual(values(0, 2), values(1, 2));
  });

  it("refuse names of gates that the weight does not have", () => {
    assert.throws(() => weight([2], { gates: ["i", "f"], init: { o: 1 } }), /init names gate "o", the weight has gates i, f/);
    assert.throws(() => weight([2], { init: { f: 1 } }), /the weight has no gates/);
    assert.throws(() => weight([0, 2]), /every size must be a whole number of at least 1/);
  });
});
