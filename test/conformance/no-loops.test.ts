// Cells whose states are affine in themselves train without a loop; the others keep theirs.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../src/backends/contract.js";
import { referenceBackend } from "../../src/backends/reference/backend.js";
import { symbolDim } from "../../src/base/dim.js";
import type { Tensor } from "../../src/base/tensor.js";
import type { Tree } from "../../src/base/tree.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { type ArgumentSpec, compileSections } from "../../src/engine/program.js";
import { type Graph, reachable } from "../../src/ir/core/node.js";
import type { AnyCell, Tensors } from "../../src/nn/cell.js";
import { recurrent } from "../../src/nn/layers/recurrent.js";
import { square } from "../../src/ops/nonlinear.js";
import { sum } from "../../src/ops/reduce.js";
import { allCells, layerNetwork, sequence } from "../nn/runs.js";

const loopless = ["min-gru", "min-lstm", "lru"];

/** The graph of outputs, last states and gradients that a backend is given. */
function graphOf(cell: AnyCell, options: { readonly goBackwards: boolean; readonly returnSequences: boolean }): Graph {
  const layer = recurrent(cell, { ...options, units: 4, returnState: true, dropout: 0.2, recurrentDropout: 0.2 });
  const built = layerNetwork(layer, { x: sequence(3) });
  const reference = referenceBackend("test");
  const graphs: Graph[] = [];
  const spy: Backend = {
    ...reference,
    compile: (spec) => {
      graphs.push(...spec.sections.map(({ graph }) => graph));
      return reference.compile(spec);
    },
  };
  const weights = Object.fromEntries(
    built.weights.map(({ path, shape }): [string, ArgumentSpec] => [path.slice("layer/".length), { shape, dtype: "float32" }]),
  );
  const body = (given: Readonly<Record<string, Tree>>): { fed: Readonly<Record<string, Tree>> } => {
    const { w, x, lengths, key } = given as unknown as { w: Tensors; x: Tensor; lengths: Tensor; key: Tensor };
    const loss = (at: Tensors): Tensor => {
      const results = built.call({ layer: at }, { x }, { training: true, key, lengths }) as Tensors;
      return sum(square(results.output!));
    };
    const [value, gradients] = valueAndGrad(loss)(w);
    return { fed: { value, gradients: gradients as unknown as Tree } };
  };
  const args = {
    w: weights,
    x: { shape: [symbolDim("B"), symbolDim("T"), 3], dtype: "float32" },
    lengths: { shape: [symbolDim("B")], dtype: "int32" },
    key: { shape: [2], dtype: "int32" },
  } as const;
  compileSections(spy, cell.name, [{ name: "run", arguments: args, body }]);
  return graphs[0]!;
}

for (const cell of allCells) {
  const isLoopless = loopless.includes(cell.name);
  test(`${cell.name} trains ${isLoopless ? "without a loop" : "with a loop and no affine scan"}, either way, read at every step or at the last`, () => {
    for (const goBackwards of [false, true]) {
      for (const returnSequences of [false, true]) {
        const ops = reachable(graphOf(cell, { goBackwards, returnSequences }).outputs).map(({ op }) => op);
        assert.equal(ops.includes("scan"), !isLoopless);
        assert.equal(ops.includes("affineScan"), isLoopless);
      }
    }
  });
}
