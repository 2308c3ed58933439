// Every cell on every backend: values, states and gradients agree with the exact ones, whatever the lengths.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { symbolDim } from "../../src/base/dim.js";
import { HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import type { Tree, TreeOf } from "../../src/base/tree.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { type ArgumentSpec, type CompiledProgram, compiledPrograms, compileSections } from "../../src/engine/program.js";
import type { AnyCell, Tensors } from "../../src/nn/cell.js";
import { bidirectional } from "../../src/nn/layers/bidirectional.js";
import { asAnyCell, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork, NetworkInput } from "../../src/nn/network.js";
import { mul } from "../../src/ops/pointwise.js";
import { sum } from "../../src/ops/reduce.js";
import { attentionCell, decayCell, layerNormLstm, maskedCell } from "../nn/custom-cells.js";
import { allCells, drawer, exact, layerNetwork, lengthsOf, randomWeights, sequence } from "../nn/runs.js";
import { type Candidate, candidates } from "./backends.js";

const [I, H] = [4, 5];

/** A layer with one function: outputs, states, loss and all gradients. */
interface Subject {
  readonly title: string;
  readonly built: BuiltNetwork;
  readonly weights: Tensors;
  readonly types: Readonly<Record<string, NetworkInput>>;
  readonly isTraining: boolean;
}

/** Odd sizes, 64 steps and weights as they are at the start: recurrent matrices are orthogonal. */
function longSubject(cell: AnyCell): Subject {
  const built = layerNetwork(recurrent(cell, { units: 37, returnSequences: true, returnState: true }), { x: sequence(11) });
  const weights = Object.fromEntries(
    built.weights.map(({ path, shape, initial }) => [
      path.slice("layer/".length),
      hostTensor(Float64Array.from(initial(1)), shape, "float32"),
    ]),
  );
  return { title: `${cell.name} over 64 steps`, built, weights, types: { x: sequence(11) }, isTraining: false };
}

const custom = [decayCell, layerNormLstm, maskedCell, attentionCell].map((cell) => asAnyCell(cell as never));

function subjectOf(cell: AnyCell, isTraining = false): Subject {
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
  const small = Object.fromEntries(
    Object.keys(cell.options)
      .filter((name) => Object.values(definition.state).includes(name))
      .map((name) => [name, 3]),
  );
  const noise = { dropout: 0.3, recurrentDropout: 0.3, zoneout: 0.2 };
  const layer = recurrent(cell, { ...small, ...noise, units: H, returnSequences: true, returnState: true });
  const built = layerNetwork(layer, types);
  return {
    title: `${cell.name}${isTraining ? " in training" : ""}`,
    built,
    weights: randomWeights(built, cell.name, 0.5).layer!,
    types,
    isTraining,
  };
}

function bidirectionalSubject(): Subject {
  const cell = allCells.find(({ name }) => name === "lstm")!;
  const built = layerNetwork(bidirectional(recurrent(cell, { units: H, returnSequences: true })), { x: sequence(I) });
  return {
    title: "bidirectional lstm",
    built,
    weights: randomWeights(built, "both", 0.5).layer!,
    types: { x: sequence(I) },
    isTraining: false,
  };
}

const subjects = [
  ...[...allCells, ...custom].map((cell) => subjectOf(cell)),
  ...[...allCells, maskedCell as unknown as AnyCell].map((cell) => subjectOf(asAnyCell(cell), true)),
  bidirectionalSubject(),
];
const found = await candidates();

const known = new Map<string, Map<string, readonly number[]>>();

/** What the exact interpreter gives; computed once, as it is the same for every backend. */
function exactly(subject: Subject, one: Case): Map<string, readonly number[]> {
  const name = `${subject.title} ${one.lengths}`;
  const values = known.get(name) ?? valuesOf(run(subject, feedsOf(subject, one)));
  known.set(name, values);
  return values;
}

/** Inputs, lengths and loss factors of one run. */
interface Case {
  readonly inputs: Tensors;
  readonly lengths: readonly number[];
  readonly factor: Tensor;
}

function caseOf(subject: Subject, lengths: readonly number[], time: number, filler: number): Case {
  const draw = drawer(`case ${subject.title} ${time}`);
  const inputs = Object.fromEntries(
    Object.entries(subject.types).map(([name, { shape }]): [string, Tensor] => {
      if (shape[0] !== "time") return [name, draw([lengths.length, ...(shape as readonly number[])])];
      const size = Number(shape[1]);
      const values = exact(draw([lengths.length, time, size], name === "x" ? -1 : 0.1, 1));
      const data = values.map((value, index) => {
        const valid = Math.floor(index / size) % time < lengths[Math.floor(index / (time * size))]!;
        return valid ? (name === "mask" ? Math.round(value) : value) : filler;
      });
      return [name, hostTensor(Float64Array.from(data), [lengths.length, time, size], "float32")];
    }),
  );
  const width = Number((subject.built.outputs as Readonly<Record<string, { readonly shape: readonly unknown[] }>>).output!.shape[1]);
  return { inputs, lengths, factor: draw([lengths.length, time, width]) };
}

function run(subject: Subject, args: Readonly<Record<string, Tree>>): Readonly<Record<string, Tree>> {
  const { inputs, lengths, factor, weights, key } = args as unknown as {
    inputs: Tensors;
    lengths: Tensor;
    factor: Tensor;
    weights: Tensors;
    key: Tensor;
  };
  const call = (w: Tensors, x: Tensor): Tensors =>
    subject.built.call({ layer: w }, { ...inputs, x }, { training: subject.isTraining, key, lengths }) as Tensors;
  const loss = (at: { readonly w: Tensors; readonly x: Tensor }): Tensor => sum(mul(call(at.w, at.x).output!, factor));
  const [value, gradients] = valueAndGrad(loss)({ w: weights, x: inputs.x! });
  return { outputs: call(weights, inputs.x!), loss: value, gradients: gradients as unknown as Tree };
}

function feedsOf(subject: Subject, one: Case): Readonly<Record<string, Tree>> {
  const key = hostTensor(Int32Array.of(3, 4), [2], "int32");
  return { inputs: one.inputs, lengths: lengthsOf(...one.lengths), factor: one.factor, weights: subject.weights, key };
}

function compile(subject: Subject, { backend }: Candidate): CompiledProgram {
  const [batch, time] = [symbolDim("B"), symbolDim("T")];
  const float = (shape: ArgumentSpec["shape"]): ArgumentSpec => ({ shape, dtype: "float32" });
  const inputs = Object.fromEntries(
    Object.entries(subject.types).map(([name, { shape }]) => [
      name,
      float([batch, ...shape.map((size) => (size === "time" ? time : size))]),
    ]),
  );
  const weights = Object.fromEntries(Object.entries(subject.weights).map(([name, value]) => [name, float(value.shape)]));
  const width = caseOf(subject, [1], 1, 0).factor.shape[2]!;
  const args: Readonly<Record<string, TreeOf<ArgumentSpec>>> = {
    inputs,
    lengths: { shape: [batch], dtype: "int32" },
    factor: float([batch, time, width]),
    weights,
    key: { shape: [2], dtype: "int32" },
  };
  return compileSections(backend!, subject.title, [{ name: "run", arguments: args, body: (given) => ({ fed: run(subject, given) }) }]);
}

function valuesOf(result: Readonly<Record<string, Tree>>): Map<string, readonly number[]> {
  const values = new Map<string, readonly number[]>();
  const walk = (part: unknown, path: string): void => {
    if (part instanceof HostTensor) values.set(path, Array.from(part.exact));
    else for (const [name, child] of Object.entries(part as object)) walk(child, path === "" ? name : `${path}/${name}`);
  };
  walk(result, "");
  return values;
}

/** Largest difference relative to the largest magnitude of that value. */
function assertAgrees(actual: Map<string, readonly number[]>, expected: Map<string, readonly number[]>, tolerance: number): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()]);
  for (const [path, values] of expected) {
    // A loss is a sum of hundreds of terms of size 1 that may nearly cancel.
    const size = Math.max(...values.map(Math.abs), path === "loss" ? 1 : 1e-3);
    values.forEach((value, index) => {
      const error = Math.abs(actual.get(path)![index]! - value) / size;
      assert.ok(error <= tolerance, `${path}[${index}]: ${actual.get(path)![index]} and ${value}`);
    });
  }
}

const long = allCells
  .filter(({ name }) => ["elman-tanh", "lstm", "gru", "min-gru", "min-lstm", "lru"].includes(name))
  .map((cell) => {
    const subject = longSubject(cell);
    return { subject, one: caseOf(subject, [64, 0, 1, 63, 17], 64, 0) };
  });

for (const candidate of found) {
  describe(`cells on ${candidate.title}`, { skip: candidate.backend === null ? candidate.reason : false }, () => {
    for (const { subject, one } of long) {
      it(`agrees with the exact interpreter: ${subject.title}, odd sizes`, () => {
        const result = compile(subject, candidate).run("run", candidate.backend!.residents({}), feedsOf(subject, one));
        assertAgrees(valuesOf(result), exactly(subject, one), 1e-5);
      });
    }

    for (const subject of subjects) {
      describe(subject.title, () => {
        const tolerance = candidate.title === "reference" ? 1e-10 : 1e-5;
        let program: CompiledProgram | null = null;
        const runs = (one: Case): Map<string, readonly number[]> => {
          program ??= compile(subject, candidate);
          return valuesOf(program.run("run", candidate.backend!.residents({}), feedsOf(subject, one)));
        };

        it("agrees with the exact interpreter in values, states and gradients", () => {
          const one = caseOf(subject, [7, 0, 3], 7, 0);
          assertAgrees(runs(one), exactly(subject, one), tolerance);
        });

        it("gives identical bits for padding of zeros and of NaN", () => {
          assert.deepEqual(runs(caseOf(subject, [7, 0, 3], 7, Number.NaN)), runs(caseOf(subject, [7, 0, 3], 7, 0)));
        });

        it("runs other batch sizes and lengths without compiling again", () => {
          runs(caseOf(subject, [7, 0, 3], 7, 0));
          const before = compiledPrograms();
          for (const one of [caseOf(subject, [2, 9, 9, 1, 5], 9, 0), caseOf(subject, [1], 1, 0), caseOf(subject, [0, 0], 3, 0)]) {
            assertAgrees(runs(one), exactly(subject, one), tolerance);
          }
          assert.equal(compiledPrograms(), before);
        });
      });
    }
  });
}
