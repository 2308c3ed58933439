// The gradient check: it passes right gradients, of every cell, and finds wrong ones.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { gradientCheckCell } from "../../src/inspect/cell-check.js";
import { gradientCheck } from "../../src/inspect/gradient-check.js";
import { mul, stopGradient } from "../../src/ops/pointwise.js";
import { sum } from "../../src/ops/reduce.js";
import { attentionCell, decayCell, layerNormLstm, maskedCell } from "./custom-cells.js";
import { allCells } from "./runs.js";

describe("gradient check", () => {
  for (const cell of allCells) {
    it(`passes ${cell.name}`, () => {
      const report = gradientCheckCell(cell, { options: "projection" in cell.options ? { projection: 2 } : {}, lengths: [4, 2], seed: 1 });
      assert.ok(report.passed, JSON.stringify(report));
    });
  }

  it("passes a cell with three states of three sizes, dt, mask, where, exp and layer norm", () => {
    const report = gradientCheckCell(decayCell, { options: { memory: 4 }, lengths: [3, 4] });
    assert.ok(report.passed, JSON.stringify(report));
  });

  it("passes a layer-norm LSTM", () => {
    assert.ok(gradientCheckCell(layerNormLstm).passed);
  });

  it("passes a cell with a mask per sequence, in training", () => {
    assert.ok(gradientCheckCell(maskedCell, { training: true }).passed);
  });

  it("passes a cell that attends to row values, with respect to them too", () => {
    assert.ok(gradientCheckCell(attentionCell, { row: { memory: [3, 3] } }).passed);
  });

  it("says which row value's shape it needs", () => {
    assert.throws(() => gradientCheckCell(attentionCell), /needs row "memory"/);
  });

  it("checks nothing where an option is misspelt or no row is there", () => {
    assert.throws(() => gradientCheckCell(layerNormLstm, { unit: 4 } as never), { code: "unknown_option" });
    assert.throws(() => gradientCheckCell(layerNormLstm, { batch: 0 }), { code: "bad_option" });
  });

  it("finds a wrong gradient and names its place", () => {
    const w = hostTensor(Float64Array.of(1, 2, 3), [3], "float32");
    const report = gradientCheck((value: Tensor) => sum(mul(value, stopGradient(value))), w);
    assert.equal(report.passed, false);
    assert.equal(report.where, "0[2]");
  });
});
