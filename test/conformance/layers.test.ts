// Every layer over sequences on every backend: values and gradients agree with the exact ones, whatever the lengths, without compiling again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { symbolDim } from "../../src/base/dim.js";
import { HostTensor, hostTensor, type Tensor } from "../../src/base/tensor.js";
import type { Tree, TreeOf } from "../../src/base/tree.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { type ArgumentSpec, type CompiledProgram, compiledPrograms, compileSections } from "../../src/engine/program.js";
import type { Tensors } from "../../src/nn/cell.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { mul, randomKey, sin, sum } from "../../src/ops/index.js";
import { inputTypes, type LayerSubject, layerSubjects } from "../nn/layer-subjects.js";
import { drawer, exact, lengthsOf, randomWeights } from "../nn/runs.js";
import { type Candidate, candidates } from "./backends.js";

const found = await candidates();

const known = new Map<string, Map<string, readonly number[]>>();

/** A layer as a function of arguments that a program takes. */
class Run {
  readonly #subject: LayerSubject;
  readonly #built;
  readonly #weights;

  constructor(subject: LayerSubject) {
    this.#subject = subject;
    const call = subject.call ?? ((layer, inputs) => layer(inputs.x!));
    const network = functionalNetwork({ layer: subject.layer() }, (l, inputs: Tensors) => ({ output: call(l.layer!, inputs) }));
    this.#built = network.build(inputTypes(subject), null);
    this.#weights = randomWeights(this.#built, subject.title, 0.5);
  }

  /** The outputs and, of a sum that bends them, the gradients. */
  body(given: Readonly<Record<string, Tree>>): Readonly<Record<string, Tree>> {
    const { inputs, lengths, weights } = given as unknown as { inputs: Tensors; lengths: Tensor; weights: Tree };
    const output = (w: Tree, x: Tensors): Tensor =>
      (this.#built.call(w, x, { training: true, key: randomKey(3), lengths }) as Tensors).output!;
    const loss = (both: { w: Tree; x: Tensors }): Tensor => sum(mul(sin(output(both.w, both.x)), 0.5));
    const [value, gradients] = valueAndGrad(loss as never)({ w: weights, x: inputs } as never);
    return { output: output(weights, inputs), loss: value, gradients: gradients as unknown as Tree };
  }

  /** What the exact interpreter gives; computed once, as it is the same for every backend. */
  exactly(lengths: readonly number[], time: number): Map<string, readonly number[]> {
    const name = `${this.#subject.title} ${lengths}`;
    const values = known.get(name) ?? valuesOf(this.body(this.feeds(lengths, time, 0)));
    known.set(name, values);
    return values;
  }

  feeds(lengths: readonly number[], time: number, filler: number): Readonly<Record<string, Tree>> {
    const draw = drawer(`layers ${this.#subject.title} ${time}`);
    const inputs = Object.fromEntries(
      Object.entries(inputTypes(this.#subject)).map(([name, { shape }]): [string, Tensor] => {
        const whole = [lengths.length, ...shape.map((size) => (size === "time" ? time : size))];
        const values = exact(draw(whole));
        const size = values.length / (lengths.length * time);
        const data = values.map((value, index) => {
          const isValid = shape[0] !== "time" || Math.floor(index / size) % time < lengths[Math.floor(index / (time * size))]!;
          return isValid ? value : filler;
        });
        return [name, hostTensor(Float64Array.from(data), whole, "float32")];
      }),
    );
    return { inputs, lengths: lengthsOf(...lengths), weights: this.#weights };
  }

  compile({ backend }: Candidate): CompiledProgram {
    const [batch, time] = [symbolDim("B"), symbolDim("T")];
    const float = (shape: ArgumentSpec["shape"]): ArgumentSpec => ({ shape, dtype: "float32" });
    const inputs = Object.entries(inputTypes(this.#subject)).map(([name, { shape }]): [string, ArgumentSpec] => [
      name,
      float([batch, ...shape.map((size) => (size === "time" ? time : size))]),
    ]);
    const weights = Object.entries(this.#weights).map(([layer, own]): [string, Record<string, ArgumentSpec>] => [
      layer,
      Object.fromEntries(Object.entries(own).map(([name, value]) => [name, float(value.shape)])),
    ]);
    const args: Readonly<Record<string, TreeOf<ArgumentSpec>>> = {
      inputs: Object.fromEntries(inputs),
      lengths: { shape: [batch], dtype: "int32" },
      weights: Object.fromEntries(weights),
    };
    return compileSections(backend!, this.#subject.title, [{ name: "run", arguments: args, body: (given) => ({ fed: this.body(given) }) }]);
  }
}

for (const candidate of found) {
  describe(`layers on ${candidate.title}`, { skip: candidate.backend === null ? candidate.reason : false }, () => {
    for (const subject of layerSubjects) {
      it(`${subject.title} agrees with the exact interpreter, for all sizes, and reads no padding`, () => {
        const run = new Run(subject);
        const program = run.compile(candidate);
        const residents = candidate.backend!.residents({});
        const before = compiledPrograms();
        for (const [lengths, time] of [
          [[7, 0, 4], 7],
          [[2, 9, 9, 1, 5], 9],
          [[1], 1],
          [[0, 0], 3],
        ] as const) {
          const actual = valuesOf(program.run("run", residents, run.feeds(lengths, time, 0)));
          assertAgrees(actual, run.exactly(lengths, time), candidate.title === "reference" ? 1e-10 : 1e-5);
          assert.deepEqual(valuesOf(program.run("run", residents, run.feeds(lengths, time, Number.NaN))), actual);
        }
        assert.equal(compiledPrograms(), before);
      });
    }
  });
}

function valuesOf(result: Readonly<Record<string, Tree>>): Map<string, readonly number[]> {
  const values = new Map<string, readonly number[]>();
  const walk = (part: unknown, path: string): void => {
    if (part instanceof HostTensor) values.set(path, Array.from(part.exact));
    else for (const [name, child] of Object.entries(part as object)) walk(child, `${path}/${name}`);
  };
  walk(result, "");
  return values;
}

/** Largest difference relative to the largest magnitude of that value. */
function assertAgrees(actual: Map<string, readonly number[]>, expected: Map<string, readonly number[]>, tolerance: number): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()]);
  for (const [path, values] of expected) {
    assert.equal(actual.get(path)!.length, values.length, path);
    const size = Math.max(...values.map(Math.abs), path === "/loss" ? 1 : 1e-3);
    values.forEach((value, index) => {
      const error = Math.abs(actual.get(path)![index]! - value) / size;
      assert.ok(error <= tolerance, `${path}[${index}]: ${actual.get(path)![index]} and ${value}`);
    });
  }
}
