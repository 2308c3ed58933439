// Long short-term memory with layer normalisation of both products and of the cell state.

import { matmul } from "../../ops/linear.js";
import { layerNorm } from "../../ops/nonlinear.js";
import { add, mul, sigmoid, tanh } from "../../ops/pointwise.js";
import { splitGates } from "../../ops/shape.js";
import { tap } from "../../ops/tap.js";
import { type Cell, defineCell } from "../cell.js";
import { onesInit, orthogonal } from "../init.js";
import { weight } from "../weight.js";

/** Column order of W, U, b and the gains. */
const gates = ["i", "f", "g", "o"] as const;

/** The gates of LN(x·W)·gainX + LN(h·U)·gainH + b; c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(LN(c')·gainC + bC). */
export const normedLstmCell: Cell<{ readonly forgetBias: number }> = defineCell({
  name: "normed-lstm",
  source: "Ba, Kiros & Hinton 2016",
  options: { forgetBias: 1 },
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units, forgetBias }) => ({
    W: weight([inputSize, units], { gates }),
    U: weight([units, units], { gates, init: orthogonal() }),
    b: weight([units], { gates, init: { f: forgetBias } }),
    gainX: weight([units], { gates, init: onesInit() }),
    gainH: weight([units], { gates, init: onesInit() }),
    gainC: weight([units], { init: onesInit() }),
    bC: weight([units]),
  }),
  step(x, { h, c }, p) {
    const sum = add(layerNorm(matmul(x, p.W), p.gainX), layerNorm(matmul(h, p.U), p.gainH), p.b);
    const { i, f, g, o } = splitGates(sum, gates);
    const cNext = add(mul(tap("f", sigmoid(f)), c), mul(tap("i", sigmoid(i)), tap("g", tanh(g))));
    return { h: mul(tap("o", sigmoid(o)), tanh(layerNorm(cNext, p.gainC, p.bC))), c: cNext };
  },
});
