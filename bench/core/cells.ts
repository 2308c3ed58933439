// Cells written as a user writes them: the LSTM again, and one that no library has.
import {
  add,
  type Cell,
  defineCell,
  exp,
  greater,
  layerNorm,
  matmul,
  mul,
  neg,
  ones,
  orthogonal,
  sigmoid,
  softplus,
  splitGates,
  sub,
  tanh,
  weight,
  where,
} from "deep-rnn";

const gates = ["i", "f", "g", "o"] as const;

/** Hochreiter & Schmidhuber 1997, from the door's own parts. */
export const lstmAgain: Cell<Record<never, never>> = defineCell({
  name: "lstm-again",
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates }),
    U: weight([units, units], { gates, init: orthogonal() }),
    b: weight([units], { gates, init: { f: 1 } }),
  }),
  step(x, { h, c }, p) {
    const { i, f, g, o } = splitGates(add(matmul(x, p.W), matmul(h, p.U), p.b), gates);
    const cNext = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(cNext)), c: cNext };
  },
});

/** Size of the slow memory of `threeStates`. */
export const slowSize = 64;

/**
 * Three states of three sizes: what was last seen of each input, a gated state that fades with the time since the last step, and
 * a slow memory of it. A negative input counts as missing.
 */
export const threeStates: Cell<Record<never, never>> = defineCell({
  name: "three-states",
  inputs: ["dt"],
  state: { h: "units", slow: slowSize, last: "inputSize" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates: ["z", "n"] }),
    U: weight([units, units], { gates: ["z", "n"], init: orthogonal() }),
    M: weight([slowSize, units], { gates: ["z", "n"] }),
    P: weight([units, slowSize]),
    b: weight([units], { gates: ["z", "n"] }),
    gain: weight([units], { gates: ["z", "n"], init: ones() }),
    fade: weight([units]),
  }),
  step(x, { h, slow, last }, p, { dt }) {
    const seen = where(greater(x, 0), x, last);
    const faded = mul(exp(neg(mul(dt, softplus(p.fade)))), h);
    const sum = add(matmul(seen, p.W), layerNorm(matmul(faded, p.U), p.gain), matmul(slow, p.M), p.b);
    const { z, n } = splitGates(sum, ["z", "n"]);
    const hNext = add(faded, mul(sigmoid(z), sub(tanh(n), faded)));
    return { h: hNext, slow: add(mul(0.95, slow), mul(0.05, tanh(matmul(hNext, p.P)))), last: seen };
  },
});

/** Multiply-adds of one step of one row of `threeStates`. */
export function threeStatesProducts(inputSize: number, units: number): number {
  return inputSize * 2 * units + units * 2 * units + slowSize * 2 * units + units * slowSize;
}
