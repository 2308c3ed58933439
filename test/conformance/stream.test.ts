// A sequence taken step by step has the bits of the whole, on every backend and variant.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Backend } from "../../src/backends/contract.js";
import { symbolDim } from "../../src/base/dim.js";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import type { Tree } from "../../src/base/tree.js";
import { type ArgumentSpec, type CompiledProgram, compileSections } from "../../src/engine/program.js";
import type { AnyCell } from "../../src/nn/cell.js";
import { defineCell } from "../../src/nn/cell.js";
import { lstm } from "../../src/nn/index.js";
import { asAnyCell, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork, NetworkInput } from "../../src/nn/network.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { weight } from "../../src/nn/weight.js";
import { add, concat, matmul, mul, sigmoid, tanh } from "../../src/ops/index.js";
import { portsOf } from "../../src/train/dataset.js";
import { planStream, stateVector, streamSections } from "../../src/train/stream-program.js";
import { layoutOf, weightSpecs } from "../../src/train/weights.js";
import { attentionCell, decayCell, layerNormLstm, maskedCell } from "../nn/custom-cells.js";
import { allCells, drawer, exact, layerNetwork, sequence } from "../nn/runs.js";
import { candidates } from "./backends.js";

const [I, H, T] = [5, 7, 6];

/** Its product of joined values is split where loops are optimised: steps must split it too. */
const joinedCell = defineCell({
  name: "joined",
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({ W: weight([inputSize + units, units]), G: weight([inputSize + units, units]) }),
  step(x, { h }, p) {
    const both = concat([x, h]);
    const open = sigmoid(matmul(both, p.G));
    return { h: add(mul(open, h), mul(add(1, mul(-1, open)), tanh(matmul(both, p.W)))) };
  },
});

interface Subject {
  readonly title: string;
  readonly built: BuiltNetwork;
}

function cellSubject(cell: AnyCell): Subject {
  const { definition } = cell;
  const row = Object.fromEntries(
    definition.row.map((name): [string, NetworkInput] => [`row.${name}`, { shape: [2, H], dtype: "float32" }]),
  );
  const types = {
    x: sequence(I),
    ...(definition.inputs.includes("dt") ? { dt: sequence(1) } : {}),
    ...(definition.inputs.includes("mask") ? { mask: sequence(I) } : {}),
    ...row,
  };
  return { title: cell.name, built: layerNetwork(recurrent(cell, { units: H, returnSequences: true, returnState: true }), types) };
}

const custom = [decayCell, layerNormLstm, maskedCell, attentionCell, joinedCell].map((cell) => asAnyCell(cell as never));
const wide = sequentialNetwork([lstm({ units: 128, returnSequences: true }), lstm({ units: 65, returnSequences: true })]);
const subjects: readonly Subject[] = [
  ...[...allCells, ...custom].map(cellSubject),
  { title: "two lstm layers of 128 and 65 units", built: wide.build(sequence(33), null) },
];

function run(backend: Backend, { built, title }: Subject, program: CompiledProgram, batch: number, between: () => void = () => {}): void {
  const ports = portsOf(built);
  const layout = layoutOf(built.weights);
  const draw = drawer(`${title} ${batch}`);
  const flat = new Float32Array(layout.size);
  for (const { offset, info } of layout.places) flat.set(exact(draw(info.shape, -0.5, 0.5)), offset);
  const values = new Map(
    [...ports.inputs].map(([name, { shape }]) => {
      const low = name === "dt" || name === "mask" ? 0 : -1;
      const whole = draw([batch, ...shape.map((size) => (size === "time" ? T : size))], low);
      return [name, name === "mask" ? hostTensor(Float64Array.from(exact(whole), Math.round), whole.shape, "float32") : whole];
    }),
  );

  const weights = backend.residents({ weights: layout.size });
  weights.write("weights", flat);
  const feeds = { x: Object.fromEntries([...values].map(([name, value]) => [`$${name}`, value])) };
  const outputs = program.run("whole", weights, feeds).outputs as Readonly<Record<string, Tensor>>;

  const context = { built, ports, layout, frozen: new Set<string>() };
  const plan = planStream(context, batch);
  const states = backend.residents({ [stateVector]: plan.stateSize });
  const bound = compileSections(backend, title, streamSections(context, plan)).bind("step", backend.residents({}, [weights, states]));
  for (let t = 0; t < T; t++) {
    plan.inputs.forEach(({ name }, index) => {
      const isSteps = ports.inputs.get(name)!.shape[0] === "time";
      bound.put(index, isSteps ? stepOf(values.get(name)!, t) : exact(values.get(name)!));
    });
    between();
    bound.run();
    between();
    plan.outputs.forEach(({ name }, index) => {
      const port = ports.outputs.get(name)!;
      const wanted = port.sequence ? stepOf(outputs[name]!, t) : t === T - 1 ? exact(outputs[name]!) : null;
      if (wanted !== null) assert.deepEqual(Array.from(bound.result(index).data), wanted, `${name} at step ${t}`);
    });
  }
}

/** Everything at once, by the program that prediction uses; for batches of any size. */
function wholeProgram(backend: Backend, built: BuiltNetwork): CompiledProgram {
  const layout = layoutOf(built.weights);
  const specs = Object.fromEntries(
    [...portsOf(built).inputs].map(([name, { shape }]): [string, ArgumentSpec] => [
      `$${name}`,
      { shape: [symbolDim("B"), ...shape.map((size) => (size === "time" ? symbolDim("T") : size))], dtype: "float32" },
    ]),
  );
  return compileSections(backend, "whole", [
    {
      name: "whole",
      arguments: { weights: weightSpecs(layout, "weights"), x: specs },
      body({ weights: tree, x }) {
        const given = Object.fromEntries(Object.entries(x as Record<string, Tensor>).map(([name, value]) => [name.slice(1), value]));
        const result = built.call(tree!, given[""] ?? given, { training: false, key: null });
        return { fed: { outputs: "shape" in result && !("output" in result) ? { "": result as Tensor } : (result as Tree) } };
      },
    },
  ]);
}

/** [B, ...] at step t of [B, T, ...]. */
function stepOf(value: Tensor, t: number): number[] {
  const [batch = 0, time = 0, ...rest] = value.shape;
  const size = rest.reduce((product, each) => product * each, 1);
  const all = exact(value);
  return Array.from({ length: batch }, (_, row) => all.slice((row * time + t) * size, (row * time + t + 1) * size)).flat();
}

for (const { title, backend, reason } of await candidates()) {
  describe(`streams on ${title}`, { skip: backend === null ? reason : false }, () => {
    for (const subject of subjects) {
      it(`gives the bits of the whole sequence: ${subject.title}`, () => {
        const program = wholeProgram(backend!, subject.built);
        for (const batch of [1, 3]) run(backend!, subject, program, batch);
      });
    }

    it("goes on when memory grows between the parts of a step", () => {
      let size = 1 << 20;
      run(backend!, subjects[0]!, wholeProgram(backend!, subjects[0]!.built), 2, () => {
        backend!.residents({ more: size });
        size += 1 << 18;
      });
    });
  });
}
