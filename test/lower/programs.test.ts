// What lowering makes of recurrent graphs: few instructions per step, no silly copies, valid for any sizes.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { reverse } from "../../src/autodiff/reverse.js";
import { symbolDim } from "../../src/base/dim.js";
import { inputNode, makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { concat, mul, sum, tanh } from "../../src/ir/core/builders.js";
import { makeDomainTables } from "../../src/ir/core/domain.js";
import type { Graph } from "../../src/ir/core/node.js";
import { printLowered } from "../../src/ir/lowered/print.js";
import type { LoopInstruction, LoweredProgram } from "../../src/ir/lowered/program.js";
import { verifySection } from "../../src/ir/lowered/verify.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { fedSection } from "../backends/run.js";
import { anyProgram } from "../support/random-graph.js";
import { lstmGraph } from "./cells.js";

const panelWidth = 16;

/** Loss and gradients of an LSTM with resident weights. */
function trainingProgram(): LoweredProgram {
  const { graph, weights } = lstmGraph({ inputSize: 3, units: 32 });
  const loss = graph.outputs[0]!;
  const gradients = reverse([loss], [scalarNode(1)], weights, prepareForGradient).map((gradient) => gradient!);
  const train: Graph = optimise(makeGraph("train", graph.inputs, [loss, ...gradients])).graph;
  let offset = 0;
  const inputs = train.inputs.map((node) => {
    const isWeight = weights.includes(node);
    const binding = isWeight
      ? ({ kind: "resident", vector: "weights", offset } as const)
      : ({ kind: "fed", name: node.attrs.name } as const);
    if (isWeight) offset += node.shape.reduce<number>((product, dim) => product * Number(dim), 1);
    return binding;
  });
  const outputs = train.outputs.map((_, index) => ({ kind: "fed", name: `o${index}` }) as const);
  return lowerProgram({ name: "train", sections: [{ name: "main", graph: train, inputs, outputs }] }, { panelWidth });
}

test("a step of an LSTM is one packed product and one tile program, forwards and backwards, with the input's product ahead", () => {
  const [section] = trainingProgram().sections;
  const loops = section!.instructions.filter((one): one is LoopInstruction => one.op === "loop");
  const shapes = loops.map(({ body, serial }) => [
    serial,
    ...body.map((one) => (one.op === "gemm" && one.packed ? `packed ${one.ahead === true ? "ahead" : "gemm"}` : one.op)),
  ]);
  assert.deepEqual(shapes, [
    [false, "packed ahead", "packed gemm", "tile"],
    [false, "tile", "packed gemm"],
  ]);
});

test("weights of recurrent products are packed outside the run", () => {
  const [section] = trainingProgram().sections;
  assert.deepEqual(section!.prepareFrom, ["weights"]);
  assert.equal(section!.prepare.length, 3);
  assert.ok(section!.instructions.every(({ op }) => op !== "pack"));
});

test("a training step copies nothing but initial states", () => {
  const [section] = trainingProgram().sections;
  const copies = section!.instructions.filter(({ op }) => op === "copy");
  assert.ok(copies.length <= 3, printLowered(trainingProgram()));
});

test("joined values are summed by the program that computes them", () => {
  const x = inputNode("x", { shape: [symbolDim("B"), 8], dtype: "float32" });
  const joined = concat([tanh(x), mul(x, x)], 1);
  const { graph } = optimise(makeGraph("joined", [x], [joined, sum(joined, [0])]));
  const [section] = lowerProgram({ name: "joined", sections: [fedSection(graph)] }, { panelWidth }).sections;
  assert.deepEqual(
    section!.instructions.map(({ op }) => op),
    ["tile"],
  );
});

test("printing shows every instruction", () => {
  const program = trainingProgram();
  const lines = printLowered(program).split("\n");
  const straight = program.sections[0]!.instructions.flatMap((one): readonly { readonly op: string }[] =>
    one.op === "loop" ? [one, ...one.body] : [one],
  );
  const start = lines.indexOf("  run");
  assert.equal(lines.length - start - 1, straight.length);
});

/** Among their programs are tables of every row's own entries that end where a buffer does: added into, and read step by step. */
const tableSeeds = [7, 54];

for (const seed of [undefined, ...tableSeeds])
  test(`random programs${seed === undefined ? "" : ` of seed ${seed}`} lower to valid instructions: inside buffers, nothing overwritten while read, rows kept apart`, () => {
    fc.assert(
      fc.property(anyProgram({}), fc.boolean(), fc.nat({ max: 3 }), ({ graph }, optimised, extra) => {
        const used = optimised ? optimise(graph).graph : graph;
        const [section] = lowerProgram({ name: "random", sections: [fedSection(used)] }, { panelWidth }).sections;
        const [batch, time] = [1 + extra, 2];
        const tables = makeDomainTables(
          batch,
          time,
          Array.from({ length: batch }, (_, row) => (row * 7) % (time + 1)),
        );
        const dense = makeDomainTables(batch, time, null);
        const domains = section!.domains.map(({ lengths }) => (lengths === null ? dense : tables));
        const steps = domains[0]?.steps ?? dense.steps;
        const sizes = new Map([
          ["B", batch],
          ["T", time],
          ["N.d0", steps],
        ]);
        verifySection(section!, sizes, domains);
      }),
      { numRuns: 60, ...(seed === undefined ? {} : { seed }) },
    );
  });
