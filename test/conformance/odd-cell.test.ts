// A cell that no library has: three states of three sizes, a choice, a decay by elapsed time, layer norm, a weight per gate.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  add,
  defineCell,
  dense,
  exp,
  functional,
  greater,
  init,
  layerNorm,
  matmul,
  mul,
  neg,
  ones,
  recurrent,
  sigmoid,
  softplus,
  type Tensor,
  tanh,
  tensor,
  weight,
  where,
} from "../../src/index.js";
import { explain } from "../../src/inspect/index.js";

const readSize = 6;

const ageing = defineCell({
  name: "ageing",
  inputs: ["dt"],
  state: { read: readSize, c: "units", age: 1 },
  output: "read",
  params: ({ inputSize, units }) => ({
    Wi: weight([inputSize, units]),
    Wf: weight([inputSize, units]),
    Wg: weight([inputSize, units]),
    Wo: weight([inputSize, units]),
    Ui: weight([readSize, units]),
    Uf: weight([readSize, units]),
    Ug: weight([readSize, units]),
    Uo: weight([readSize, units]),
    gaini: weight([units], { init: ones() }),
    gainf: weight([units], { init: ones() }),
    gaing: weight([units], { init: ones() }),
    gaino: weight([units], { init: ones() }),
    bi: weight([units]),
    bf: weight([units]),
    bg: weight([units]),
    bo: weight([units]),
    P: weight([units, readSize]),
    fade: weight([units]),
  }),
  step(x, { read, c, age }, p, { dt }) {
    const gate = (W: Tensor, U: Tensor, gain: Tensor, b: Tensor): Tensor => layerNorm(add(matmul(x, W), matmul(read, U)), gain, b);
    const older = add(age, dt);
    const faded = where(greater(older, 1), mul(c, exp(neg(mul(older, softplus(p.fade))))), c);
    const next = add(
      mul(sigmoid(gate(p.Wf, p.Uf, p.gainf, p.bf)), faded),
      mul(sigmoid(gate(p.Wi, p.Ui, p.gaini, p.bi)), tanh(gate(p.Wg, p.Ug, p.gaing, p.bg))),
    );
    return {
      read: matmul(mul(sigmoid(gate(p.Wo, p.Uo, p.gaino, p.bo)), tanh(layerNorm(next))), p.P),
      c: next,
      age: where(greater(older, 2), mul(0, older), older),
    };
  },
});

const [rows, steps, features] = [5, 9, 3];

function network() {
  const model = functional(
    { own: recurrent(ageing, { units: 16 }), head: dense({ units: 2 }) },
    (l, { x, dt }: { readonly x: Tensor; readonly dt: Tensor }) => l.head(l.own(x, { dt })),
  );
  model.build({ x: ["time", features], dt: ["time", 1] }, { seed: 3 });
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

function values(shape: readonly number[], salt: number): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + salt)),
    { shape },
  );
}

const x = values([rows, steps, features], 1);
const dt = tensor(
  Float32Array.from({ length: rows * steps }, (_, i) => 0.1 + (i % 7) / 5),
  { shape: [rows, steps, 1] },
);
const y = values([rows, 2], 2);
const lengths = [9, 1, 4, 9, 6];

/** Losses of three steps and what the trained network predicts. */
async function trained(backend: "reference" | "native" | "wasm"): Promise<readonly number[]> {
  await init({ backend });
  const model = network();
  const { history } = await model.fit({ x, dt }, y, { epochs: 3, batchSize: rows, lengths, verbose: "silent" });
  const predicted = (await model.predict({ x, dt }, { lengths })) as Tensor;
  return [...(history.loss ?? []), ...predicted.data];
}

test("an odd cell trains to the same numbers on every backend", async () => {
  const expected = await trained("reference");
  assert.ok(expected.length > 3 && expected.every(Number.isFinite));
  for (const backend of ["native", "wasm"] as const) {
    const found = await trained(backend).catch((error: unknown) => {
      if (String(error).includes("backend_unavailable")) return null;
      throw error;
    });
    found?.forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]!) <= 2e-5 * Math.max(1, Math.abs(expected[index]!)), `${backend}, number ${index}`);
    });
  }
});

test("nothing in an odd cell stays unfused without a reason, and its products are joined", () => {
  const layer = explain(network(), { batch: rows, steps, measure: false }).layers.find(({ name }) => name === "own")!;
  for (const sentence of layer.slow) assert.match(sentence, /^(forward|backward): .*because/);
  // Forward the gates' product with the read state and the projection, and one of each on the way back.
  assert.equal(layer.stepProducts, 4);
  assert.ok(layer.hoisted.length > 0 && layer.sunk.length > 0 && layer.merged.length > 0);
});
