// A training step walks through each recurrence once forwards: the loss and the metrics read the states that the gradient keeps.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  add,
  type Cell,
  defineCell,
  dense,
  init,
  matmul,
  mul,
  recurrent,
  sequential,
  sigmoid,
  sub,
  tanh,
  tensor,
  weight,
} from "../../src/index.js";
import { modelSubject } from "../../src/inspect/explain-subject.js";
import { requiredInside } from "../../src/train/inside.js";

type Plain = Cell<Record<never, never>>;

/** The gates of the state and those of the output read the same input, and no gradient of a state reaches the latter. */
const ownOutputGate: Plain = defineCell({
  name: "own-output-gate",
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    Wf: weight([inputSize, units]),
    W: weight([inputSize, units]),
    Wr: weight([inputSize, units]),
    Wx: weight([inputSize, units]),
    v: weight([units]),
  }),
  step(x, { c }, p) {
    const keep = sigmoid(add(matmul(x, p.Wf), mul(p.v, c)));
    const read = sigmoid(add(matmul(x, p.Wr), mul(p.v, c)));
    const next = add(mul(keep, c), mul(sub(1, keep), matmul(x, p.W)));
    return { h: add(mul(read, tanh(next)), mul(sub(1, read), matmul(x, p.Wx))), c: next };
  },
});

/** Six products with the state, wider together than what an adjoint keeps. */
const wide: Plain = defineCell({
  name: "wide",
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units]),
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((index) => [`U${index}`, weight([units, units])])),
  }),
  step(x, { h }, p: { readonly [name: string]: typeof x }) {
    const factors = [1, 2, 3, 4, 5, 6].map((index) => sigmoid(matmul(h, p[`U${index}`]!)));
    return {
      h: mul(
        tanh(matmul(x, p.W!)),
        factors.reduce((product, factor) => mul(product, factor)),
      ),
    };
  },
});

const x = tensor(
  Float32Array.from({ length: 4 * 5 * 3 }, (_, index) => Math.sin(index)),
  { shape: [4, 5, 3] },
);
const y = tensor(
  Float32Array.from({ length: 4 * 5 }, (_, index) => Math.cos(index)),
  { shape: [4, 5, 1] },
);

function model(cell: Plain) {
  const made = sequential([recurrent(cell, { units: 6, returnSequences: true }), dense({ units: 1 })]);
  made.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  made.build(["time", 3], { seed: 2 });
  return made;
}

for (const cell of [ownOutputGate, wide]) {
  test(`${cell.name}: one loop forwards and one back, also with a metric`, () => {
    const [training] = modelSubject(requiredInside(model(cell), "test"), 32, 50).programs;
    const loops = training!.sections.flatMap(({ instructions }) => instructions.flatMap((one) => (one.op === "loop" ? [one.reverse] : [])));
    assert.deepEqual(loops, [false, true]);
  });

  test(`${cell.name}: losses and metrics are those of the exact interpreter`, async () => {
    const run = async (backend: "reference" | "wasm"): Promise<readonly number[]> => {
      await init({ backend });
      const { history } = await model(cell).fit(x, y, { epochs: 3, batchSize: 2, lengths: [5, 0, 3, 1], verbose: "silent" });
      return [...history.loss!, ...history.mae!];
    };
    const expected = await run("reference");
    (await run("wasm")).forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]!) < 1e-5, `${index}: ${value} instead of ${expected[index]}`);
    });
  });
}
