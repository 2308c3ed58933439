// On every backend, a sequence in pieces gives the bits of the whole one: streaming and serving change nothing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { symbolDim } from "../../src/base/dim.js";
import { type HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import type { Tree } from "../../src/base/tree.js";
import { type ArgumentSpec, type CompiledProgram, compileSections } from "../../src/engine/program.js";
import { type AnyCell, stateSizes, type Tensors } from "../../src/nn/cell.js";
import { asAnyCell, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork } from "../../src/nn/network.js";
import { layerNormLstm } from "../nn/custom-cells.js";
import { allCells, drawer, layerNetwork, randomWeights, sequence, vector } from "../nn/runs.js";
import { candidates } from "./backends.js";

const [B, T, I, H] = [3, 7, 5, 9];

interface Subject {
  readonly cell: AnyCell;
  readonly sizes: Readonly<Record<string, number>>;
  readonly built: BuiltNetwork;
  readonly weights: Tensors;
}

const subjects = [...allCells, asAnyCell(layerNormLstm)].map((cell): Subject => {
  const options = "projection" in cell.options ? { projection: 3 } : {};
  const sizes = stateSizes(cell.definition, { ...cell.options, ...options, inputSize: I, units: H });
  const layer = recurrent(cell, { ...options, units: H, returnSequences: true, returnState: true });
  const initial = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [`initial.${name}`, vector(size)]));
  const built = layerNetwork(layer, { x: sequence(I), ...initial });
  return { cell, sizes, built, weights: randomWeights(built, cell.name, 0.5).layer! };
});
const found = await candidates();

for (const { title, backend, reason } of found) {
  describe(`pieces of sequences on ${title}`, { skip: backend === null ? reason : false }, () => {
    for (const subject of subjects) {
      it(`${subject.cell.name}: 1, 2 and 4 steps are 7 steps, to the bit`, () => {
        const program = compile(subject);
        const draw = drawer(`pieces of ${subject.cell.name}`);
        const x = draw([B, T, I]);
        const start = Object.fromEntries(Object.entries(subject.sizes).map(([name, size]) => [`initial.${name}`, draw([B, size])]));
        const whole = run(program, subject, x, start);
        let state = start;
        const rows: number[][] = Array.from({ length: B }, () => []);
        for (const [from, to] of [
          [0, 1],
          [1, 3],
          [3, 7],
        ] as const) {
          const out = run(program, subject, steps(x, from, to), state);
          rows.forEach((row, b) => {
            row.push(...rowOf(out.output!, b));
          });
          state = Object.fromEntries(Object.keys(subject.sizes).map((name) => [`initial.${name}`, out[`state.${name}`]!]));
        }
        assert.deepEqual(rows.flat(), Array.from(whole.output!.exact));
        for (const name of Object.keys(subject.sizes)) assert.deepEqual(state[`initial.${name}`]!.exact, whole[`state.${name}`]!.exact);
      });
    }
  });

  function compile(subject: Subject): CompiledProgram {
    const float = (shape: ArgumentSpec["shape"]): ArgumentSpec => ({ shape, dtype: "float32" });
    const batch = symbolDim("B");
    const initial = Object.fromEntries(Object.entries(subject.sizes).map(([name, size]) => [`initial.${name}`, float([batch, size])]));
    const weights = Object.fromEntries(Object.entries(subject.weights).map(([name, value]) => [name, float(value.shape)]));
    const inputs = { x: float([batch, symbolDim("T"), I]), ...initial };
    const body = (args: Readonly<Record<string, Tree>>): { fed: Readonly<Record<string, Tree>> } => {
      const result = subject.built.call({ layer: args.weights! }, args.inputs as Tensors, { training: false, key: null });
      return { fed: { result: result as Tensors } };
    };
    return compileSections(backend!, subject.cell.name, [{ name: "run", arguments: { weights, inputs }, body }]);
  }

  function run(program: CompiledProgram, subject: Subject, x: Tensor, state: Tensors): Record<string, HostTensor> {
    const { result } = program.run("run", backend!.residents({}), { weights: subject.weights, inputs: { x, ...state } });
    return result as Record<string, HostTensor>;
  }
}

function steps(tensor: HostTensor, start: number, end: number): HostTensor {
  const data = Array.from(tensor.exact);
  const rows = Array.from({ length: B }, (_, b) => data.slice((b * T + start) * I, (b * T + end) * I));
  return hostTensor(Float64Array.from(rows.flat()), [B, end - start, I], "float32");
}

function rowOf(tensor: HostTensor, row: number): number[] {
  const size = tensor.exact.length / B;
  return Array.from(tensor.exact.slice(row * size, (row + 1) * size));
}
