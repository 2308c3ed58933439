// Cells that are not in the library, written as a user would.

import { type Cell, defineCell } from "../../src/nn/cell.js";
import { ones } from "../../src/nn/door-names.js";
import { orthogonal } from "../../src/nn/init.js";
import { weight } from "../../src/nn/weight.js";
import {
  add,
  dropoutMask,
  exp,
  layerNorm,
  matmul,
  mul,
  neg,
  sigmoid,
  softmax,
  softplus,
  splitGates,
  tanh,
  where,
} from "../../src/ops/index.js";

/** Three states of three sizes, where, exp, dt, mask, layer norm and an option as a size. */
export const decayCell: Cell<{ readonly memory: number }> = defineCell({
  name: "decay-memory",
  source: "a test",
  options: { memory: 5 },
  inputs: ["dt", "mask"],
  state: { h: "units", last: "inputSize", m: "memory" },
  output: "h",
  params: ({ inputSize, units, memory }) => ({
    W: weight([inputSize, units], { gates: ["u", "n"] }),
    U: weight([units, units], { gates: ["u", "n"], init: orthogonal() }),
    M: weight([memory, units]),
    K: weight([units, memory]),
    gain: weight([units], { init: ones() }),
    b: weight([units], { gates: ["u", "n"], init: { u: 1 } }),
    rate: weight([units]),
  }),
  step(x, { h, last, m }, p, { dt, mask }) {
    const seen = where(mask, x, last);
    const faded = mul(exp(neg(mul(dt, softplus(p.rate)))), h);
    const { u, n } = splitGates(add(matmul(seen, p.W), matmul(faded, p.U), p.b), ["u", "n"]);
    const open = sigmoid(u);
    const written = layerNorm(add(tanh(n), matmul(m, p.M)), p.gain);
    const hNext = add(mul(open, faded), mul(add(1, neg(open)), written));
    return { h: hNext, last: seen, m: tanh(add(mul(0.5, m), matmul(hNext, p.K))) };
  },
});

const gates = ["i", "f", "g", "o"] as const;

/** Layer-norm LSTM of Ba, Kiros & Hinton 2016. */
export const layerNormLstm: Cell<Record<never, never>> = defineCell({
  name: "layer-norm-lstm",
  source: "Ba, Kiros & Hinton 2016",
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

/** A mask drawn once per sequence. */
export const maskedCell: Cell<{ readonly rate: number; readonly projection: number }> = defineCell({
  name: "masked",
  options: { rate: 0.5, projection: 3 },
  state: { h: "projection" },
  output: "h",
  params: ({ inputSize, projection }) => ({
    W: weight([inputSize, projection]),
    U: weight([projection, projection], { init: orthogonal() }),
  }),
  perSequence: ({ projection, rate, key }) => ({ keep: dropoutMask(key, [projection], rate) }),
  step: (x, { h }, p, { keep }) => ({ h: tanh(add(matmul(x, p.W), matmul(mul(h, keep), p.U))) }),
});

/** Attention over encoder states given per row. */
export const attentionCell: Cell<Record<never, never>> = defineCell({
  name: "attention",
  source: "Luong, Pham & Manning 2015",
  row: ["memory"],
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units]),
    U: weight([units, units], { init: orthogonal() }),
    C: weight([units, units]),
  }),
  step(x, { h }, p, { memory }) {
    const attended = matmul(softmax(matmul(memory, h)), memory);
    return { h: tanh(add(matmul(x, p.W), matmul(h, p.U), matmul(attended, p.C))) };
  },
});
