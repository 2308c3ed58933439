// Products that a loop makes for a few steps at a time: the bits of one product for all steps, for any rows, lengths and threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Binding, SectionSpec } from "../../src/backends/contract.js";
import { type CoreBackend, coreBackend } from "../../src/backends/core/backend.js";
import type { HostArray } from "../../src/base/dtype.js";
import type { Graph, Node } from "../../src/ir/core/node.js";
import type { LoweredProgram } from "../../src/ir/lowered/program.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { optimise } from "../../src/passes/optimise.js";
import { allMachines, titleOf } from "../core/assemble.js";
import { lstmGraph } from "../lower/cells.js";
import { drawsFrom, ints, valueFrom } from "../support/values.js";

const [inputSize, units] = [24, 37];

interface Batch {
  readonly batch: number;
  readonly time: number;
  readonly lengths: readonly number[];
}

const batches: readonly Batch[] = [
  { batch: 1, time: 230, lengths: [227] },
  { batch: 3, time: 90, lengths: [90, 1, 44] },
  { batch: 70, time: 5, lengths: Array.from({ length: 70 }, () => 5) },
  { batch: 64, time: 9, lengths: Array.from({ length: 64 }, (_, row) => (row * 7) % 10) },
  { batch: 110, time: 3, lengths: Array.from({ length: 110 }, (_, row) => row % 4) },
  { batch: 2, time: 3, lengths: [0, 0] },
];

function valuesFor(graph: Graph, { batch, time, lengths }: Batch): HostArray[] {
  const sizes: Readonly<Record<string, number>> = { B: batch, T: time };
  return graph.inputs.map((node, index) => {
    if (node.attrs.name === "lengths") return ints([batch], lengths);
    const shape = node.shape.map((dim) => (typeof dim === "number" ? dim : sizes[dim.key]!));
    const draws = drawsFrom(index + 1);
    const count = shape.reduce((product, size) => product * size, 1);
    return valueFrom(
      "float32",
      shape,
      Float32Array.from({ length: count }, () => draws() - 0.5),
    );
  });
}

/** The section with its weights fed, or resident: only resident ones are packed once and for all, and their products moved. */
function sectionOf(graph: Graph, weights: readonly Node[], areResident: boolean): SectionSpec {
  let offset = 0;
  const inputs = graph.inputs.map((node, index): Binding => {
    if (!areResident || !weights.includes(node)) return { kind: "fed", name: `i${index}` };
    const binding: Binding = { kind: "resident", vector: "weights", offset };
    offset += sizeOf(node);
    return binding;
  });
  return { name: "main", graph, inputs, outputs: graph.outputs.map((_, index): Binding => ({ kind: "fed", name: `o${index}` })) };
}

function sizeOf(node: Node): number {
  return node.shape.reduce<number>((product, dim) => product * Number(dim), 1);
}

function productsAhead(program: LoweredProgram): number {
  const bodies = program.sections.flatMap(({ instructions }) => instructions.flatMap((one) => (one.op === "loop" ? one.body : [])));
  return bodies.filter((one) => one.op === "gemm" && one.ahead === true).length;
}

type Run = (values: readonly HostArray[]) => number[][];

function compiled(backend: CoreBackend, graph: Graph, weights: readonly Node[], areResident: boolean): { run: Run; moved: number } {
  const section = sectionOf(graph, weights, areResident);
  const executable = backend.compile({ name: "ahead", sections: [section] });
  const residents = backend.residents({ weights: weights.reduce((sum, node) => sum + sizeOf(node), 0) });
  const run: Run = (values) => {
    const feeds: Record<string, HostArray> = {};
    section.inputs.forEach((binding, index) => {
      if (binding.kind === "resident") residents.write("weights", values[index]!.data, binding.offset);
      else feeds[binding.name] = values[index]!;
    });
    const results = executable.run("main", residents, feeds);
    return Object.values(results).map(({ data }) => Array.from(data));
  };
  return { run, moved: productsAhead(executable.program) };
}

for (const machine of await allMachines()) {
  for (const reverse of [false, true]) {
    test(`${titleOf(machine)}: the input's products beside a loop have the bits of one product before it, reverse ${reverse}`, () => {
      const { graph: plain, weights } = lstmGraph({ inputSize, units }, true, reverse);
      const { graph } = optimise(plain);
      const on = (threads: number): CoreBackend => coreBackend(machine, { lower: lowerProgram, threads, parallelWork: 1, poison: true });
      const before = compiled(on(1), graph, weights, false);
      assert.equal(before.moved, 0);
      for (const threads of [1, 2, 3]) {
        const beside = compiled(on(threads), graph, weights, true);
        assert.equal(beside.moved, 1);
        for (const batch of batches) {
          const values = valuesFor(graph, batch);
          assert.deepEqual(beside.run(values), before.run(values), `${batch.batch} rows, ${threads} threads`);
        }
      }
    });
  }
}
