// Laws of the core backends: recurrent graphs with any lengths, threads, sizes, resident vectors, and errors that name the layer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { reverse } from "../../src/autodiff/reverse.js";
import type { Backend, Binding, Executable, Residents } from "../../src/backends/contract.js";
import { type CoreExecutable, coreBackend } from "../../src/backends/core/backend.js";
import { referenceBackend } from "../../src/backends/reference/backend.js";
import { symbolDim } from "../../src/base/dim.js";
import type { HostArray } from "../../src/base/dtype.js";
import { atPlace, inputNode, makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { add, dot, gather, mul, reshape, sub, sum } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { Graph, Node } from "../../src/ir/core/node.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { allMachines } from "../core/assemble.js";
import { lstmGraph } from "../lower/cells.js";
import { assertClose, drawsFrom, floats, ints, valueFrom } from "../support/values.js";
import { backendTitle, compileFed, coreBackends } from "./run.js";

const machines = await allMachines();
const backends = await coreBackends();
const units = 7;
const inputSize = 3;

interface Batch {
  readonly batch: number;
  readonly time: number;
  readonly lengths: readonly number[] | null;
}

function drawn(shape: readonly number[], seed: number, scale = 1): HostArray {
  const draws = drawsFrom(seed);
  const count = shape.reduce((product, size) => product * size, 1);
  return valueFrom(
    "float32",
    shape,
    Float32Array.from({ length: count }, () => scale * (2 * draws() - 1)),
  );
}

function lstmFeeds(graph: Graph, { batch, time, lengths }: Batch): Map<Node<"input">, HostArray> {
  const sizes = new Map([
    ["B", batch],
    ["T", time],
  ]);
  return new Map(
    graph.inputs.map((node, index) => {
      if (node.attrs.name === "lengths") return [node, ints([batch], lengths!)];
      const shape = node.shape.map((dim) => (typeof dim === "number" ? dim : sizes.get(dim.key)!));
      return [node, drawn(shape, index + 1)];
    }),
  );
}

const batches: readonly Batch[] = [
  { batch: 5, time: 6, lengths: [6, 0, 3, 6, 1] },
  { batch: 2, time: 4, lengths: [0, 0] },
  { batch: 3, time: 0, lengths: [0, 0, 0] },
  { batch: 1, time: 9, lengths: [8] },
];

for (const backend of backends) {
  for (const reversed of [false, true]) {
    test(`${backendTitle(backend)}: an LSTM over ragged sequences ${reversed ? "backwards" : "forwards"} is the interpreter's, one compilation for all sizes`, () => {
      const { graph } = lstmGraph({ inputSize, units }, true, reversed);
      const program = compileFed(backend, graph);
      const before = program.executable.instructionCount;
      for (const size of batches) {
        const feeds = lstmFeeds(graph, size);
        const expected = interpret(graph, feeds);
        for (const [index, value] of program.run(feeds).entries()) assertClose(value, expected[index]!, 1e-5, `output ${index}`);
      }
      assert.equal(program.executable.instructionCount, before);
    });
  }

  test(`${backendTitle(backend)}: gradients of an LSTM, optimised, agree with the interpreter's on the plain graph`, () => {
    const { graph, weights } = lstmGraph({ inputSize, units });
    const loss = graph.outputs[0]!;
    const gradients = reverse([loss], [scalarNode(1)], weights, prepareForGradient).map((gradient) => gradient!);
    const train = makeGraph("train", graph.inputs, [loss, ...gradients]);
    const program = compileFed(backend, optimise(train).graph);
    for (const size of batches) {
      const feeds = lstmFeeds(graph, size);
      const expected = interpret(train, feeds);
      for (const [index, value] of program.run(feeds).entries()) assertClose(value, expected[index]!, 1e-5, `output ${index}`);
    }
  });

  test(`${backendTitle(backend)}: an index outside its table stops the run and names the index, the table and the layer`, () => {
    const index = inputNode("tokens", { shape: [symbolDim("B")], dtype: "int32" });
    const table = inputNode("table", { shape: [10, 4], dtype: "float32" });
    const found = atPlace("store", () => gather(table, index));
    const program = compileFed(backend, makeGraph("embedding", [index, table], [found]));
    const run = (tokens: readonly number[]): unknown =>
      program.run(
        new Map([
          [index, ints([tokens.length], tokens)],
          [table, drawn([10, 4], 1)],
        ]),
      );
    assert.throws(() => run([3, 12, 1]), {
      code: "index_out_of_range",
      where: "store",
      message: /index 12 is outside \[0, 10\) in layer "store"/,
    });
    assert.throws(() => run([-2]), { code: "index_out_of_range" });
    assert.doesNotThrow(() => run([3, -1, 9]));
  });

  test(`${backendTitle(backend)}: feeds that do not fit are refused before the run`, () => {
    const x = inputNode("x", { shape: [symbolDim("B"), 3], dtype: "float32" });
    const y = inputNode("y", { shape: [symbolDim("B")], dtype: "float32" });
    const program = compileFed(backend, makeGraph("sizes", [x, y], [sum(x, [1]), y]));
    const run = (left: HostArray, right: HostArray): unknown =>
      program.run(
        new Map([
          [x, left],
          [y, right],
        ]),
      );
    assert.throws(() => run(drawn([2, 4], 1), drawn([2], 1)), { code: "feed_shape" });
    assert.throws(() => run(drawn([2, 3], 1), drawn([3], 1)), { code: "feed_shape" });
    assert.throws(() => run(ints([2, 3], [1, 2, 3, 4, 5, 6]), drawn([2], 1)), { code: "feed_shape" });
    assert.throws(() => program.executable.run("main", program.residents, {}), { code: "missing_feed" });
    assert.throws(() => program.executable.run("other", program.residents, {}), { code: "unknown_section" });
  });
}

for (const machine of machines.filter(({ name }) => name === "native")) {
  test(`native/${machine.variant}: any number of threads gives the same bits`, () => {
    const { graph, weights } = lstmGraph({ inputSize: 5, units: 67 });
    const loss = graph.outputs[0]!;
    const gradients = reverse([loss], [scalarNode(1)], weights, prepareForGradient).map((gradient) => gradient!);
    const train = optimise(makeGraph("train", graph.inputs, [loss, ...gradients])).graph;
    const feeds = lstmFeeds(train, { batch: 13, time: 11, lengths: [11, 3, 0, 7, 7, 11, 1, 2, 9, 10, 5, 4, 8] });
    const results = [1, 2, 3, 5, 8].map((threads) =>
      compileFed(coreBackend(machine, { lower: lowerProgram, threads, parallelWork: 1 }), train)
        .run(feeds)
        .map(({ data }) => Array.from(data)),
    );
    for (const result of results) assert.deepEqual(result, results[0]);
  });
}

/** One step of gradient descent on resident weights: `gradient` and `update` share vectors, as in training. */
function descent(): { readonly sections: Parameters<Backend["compile"]>[0]["sections"]; readonly feeds: Record<string, HostArray> } {
  const resident = (vector: string): Binding => ({ kind: "resident", vector, offset: 0 });
  const x = inputNode("x", { shape: [symbolDim("B"), 40], dtype: "float32" });
  const w = inputNode("w", { shape: [40, 33], dtype: "float32" });
  const predicted = dot(x, w, { aBatch: [], bBatch: [], aContract: [1], bContract: [0] });
  const loss = sum(mul(predicted, predicted), [0, 1]);
  const [gradient] = reverse([loss], [scalarNode(1)], [w]);
  const g = inputNode("g", { shape: [40 * 33], dtype: "float32" });
  const flat = inputNode("w", { shape: [40 * 33], dtype: "float32" });
  const m = inputNode("m", { shape: [40 * 33], dtype: "float32" });
  const rate = inputNode("rate", { shape: [], dtype: "float32" });
  const moved = add(mul(m, 0.5), g);
  const sections = [
    {
      name: "gradient",
      graph: makeGraph("gradient", [x, w], [loss, gradient!]),
      inputs: [{ kind: "fed", name: "x" } as const, resident("weights")],
      outputs: [{ kind: "fed", name: "loss" } as const, resident("gradients")],
    },
    {
      name: "update",
      graph: makeGraph("update", [g, flat, m, rate], [sub(flat, mul(moved, rate)), moved]),
      inputs: [resident("gradients"), resident("weights"), resident("slot:m"), { kind: "fed", name: "rate" } as const],
      outputs: [resident("weights"), resident("slot:m")],
    },
  ];
  return { sections, feeds: { x: drawn([6, 40], 3, 0.2) } };
}

function trained(
  backend: Backend,
  steps: number,
): { readonly executable: Executable; readonly residents: Residents; readonly losses: number[] } {
  const { sections, feeds } = descent();
  const executable = backend.compile({ name: "descent", sections });
  const size = 40 * 33;
  const residents = backend.residents({ weights: size, gradients: size, "slot:m": size });
  residents.write("weights", drawn([size], 5).data);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(executable.run("gradient", residents, feeds).loss!.data[0]!);
    executable.run("update", residents, { rate: floats([], [0.05]) });
  }
  return { executable, residents, losses };
}

for (const backend of backends) {
  test(`${backendTitle(backend)}: sections work on resident vectors, and packed weights follow every change`, () => {
    const expected = trained(referenceBackend(), 5);
    const found = trained(backend, 5);
    assertClose(floats([5], found.losses), floats([5], expected.losses), 1e-5);
    for (const vector of ["weights", "slot:m", "gradients"]) {
      const [own, exact] = [found.residents.read(vector), expected.residents.read(vector)];
      assertClose(floats([own.length], Array.from(own)), floats([own.length], Array.from(exact)), 1e-5, vector);
    }
    const version = found.residents.version("weights");
    found.residents.write("weights", [1], 3);
    assert.equal(found.residents.version("weights"), version + 1);
    assert.equal(found.residents.read("weights", 3, 1)[0], 1);
  });

  test(`${backendTitle(backend)}: an update writes weights and slots in place`, () => {
    const { executable } = trained(backend, 1);
    const update = (executable as CoreExecutable).program.sections[1]!;
    assert.deepEqual(
      update.instructions.map(({ op }) => op),
      ["tile"],
    );
  });

  test(`${backendTitle(backend)}: the arena is as large after 1,000 runs as after ten`, () => {
    const { graph } = lstmGraph({ inputSize, units });
    const program = compileFed(backend, graph);
    const sizes = batches.map((size) => lstmFeeds(graph, size));
    for (let run = 0; run < 10; run++) program.run(sizes[run % sizes.length]!);
    const bytes = program.executable.arenaBytes;
    assert.ok(bytes > 0);
    for (let run = 0; run < 990; run++) program.run(sizes[run % sizes.length]!);
    assert.equal(program.executable.arenaBytes, bytes);
  });

  test(`${backendTitle(backend)}: two outputs may swap their vectors' ranges`, () => {
    const [a, b] = ["a", "b"].map((name) => inputNode(name, { shape: [3], dtype: "float32" }));
    const at = (offset: number): Binding => ({ kind: "resident", vector: "state", offset });
    const graph = makeGraph("swap", [a!, b!], [b!, a!]);
    const executable = backend.compile({
      name: "swap",
      sections: [{ name: "main", graph, inputs: [at(0), at(3)], outputs: [at(0), at(3)] }],
    });
    const residents = backend.residents({ state: 6 });
    residents.write("state", [1, 2, 3, 4, 5, 6]);
    executable.run("main", residents, {});
    assert.deepEqual([...residents.read("state")], [4, 5, 6, 1, 2, 3]);
  });
}

for (const backend of backends.filter(({ info }) => info.backend === "wasm")) {
  test(`${backendTitle(backend)}: memory that cannot be had is an error, and smaller sizes still run`, () => {
    const x = inputNode("x", { shape: [symbolDim("B")], dtype: "float32" });
    const column = reshape(x, [symbolDim("B"), 1]);
    const squares = add(column, x);
    const program = compileFed(backend, makeGraph("large", [x], [sum(squares, [0]), sum(mul(squares, squares), [1])]));
    const run = (size: number): HostArray[] => program.run(new Map([[x, valueFrom("float32", [size], new Float32Array(size).fill(1))]]));
    assert.equal(run(3)[0]!.data[0], 6);
    assert.throws(() => run(40_000), { code: "out_of_memory" });
    assert.equal(run(5)[0]!.data[0], 10);
    assert.throws(() => run(100_000), { code: "too_large" });
    assert.equal(run(4)[1]!.data[3], 16);
  });
}

test("vectors of another backend are refused", () => {
  const [backend] = backends;
  const { executable } = trained(backend!, 1);
  assert.throws(() => executable.run("update", referenceBackend().residents({}), { rate: floats([], [1]) }), { code: "foreign_residents" });
});
