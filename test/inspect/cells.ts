// Cells and models that the tests of the inspect door look at.

import {
  add,
  defineCell,
  dense,
  lstm,
  type Model,
  matmul,
  mul,
  ones,
  orthogonal,
  recurrent,
  sequential,
  sigmoid,
  splitGates,
  tanh,
  weight,
} from "../../src/index.js";
import { layerNorm } from "../../src/ops/index.js";

const gates = ["i", "f", "g", "o"] as const;

/** Ba, Kiros & Hinton 2016. */
export const layerNormLstm: ReturnType<typeof defineCell> = defineCell({
  name: "layer-norm-lstm",
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates }),
    U: weight([units, units], { gates, init: orthogonal() }),
    b: weight([units], { gates, init: { f: 1 } }),
    gainX: weight([units], { gates, init: ones() }),
    gainH: weight([units], { gates, init: ones() }),
  }),
  step(x, { h, c }, p) {
    const sum = add(layerNorm(matmul(x, p.W), p.gainX), layerNorm(matmul(h, p.U), p.gainH), p.b);
    const { i, f, g, o } = splitGates(sum, gates);
    const cNext = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(layerNorm(cNext))), c: cNext };
  },
});

/** Two layers and a head, built for sequences of three features. */
export function twoLayers(first: "lstm" | "layer-norm" = "lstm"): Model {
  const model = sequential([
    first === "lstm" ? lstm({ units: 6, returnSequences: true }) : recurrent(layerNormLstm, { units: 6, returnSequences: true }),
    lstm({ units: 4 }),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 3], { seed: 1 });
  return model;
}
