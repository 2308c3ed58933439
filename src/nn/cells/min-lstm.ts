// Minimal long short-term memory: gates that see the input alone and share one unit between keeping and taking in.

import { matmul } from "../../ops/linear.js";
import { add, div, exp, minimum, mul, stopGradient, sub } from "../../ops/pointwise.js";
import { splitGates } from "../../ops/shape.js";
import { tap } from "../../ops/tap.js";
import { type Cell, defineCell } from "../cell.js";
import { weight } from "../weight.js";

/** Column order of W and b. */
const gates = ["i", "f", "n"] as const;

/** h' = σ(f) / (σ(f) + σ(i)) · h + σ(i) / (σ(f) + σ(i)) · n, the gates and n linear in x. */
export const minLstmCell: Cell<{ readonly forgetBias: number }> = defineCell({
  name: "min-lstm",
  source: "Feng et al. 2024",
  options: { forgetBias: 1 },
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units, forgetBias }) => ({
    W: weight([inputSize, units], { gates }),
    b: weight([units], { gates, init: { f: forgetBias } }),
  }),
  step(x, { h }, p) {
    const { i, f, n } = splitGates(add(matmul(x, p.W), p.b), gates);
    // σ(f) : σ(i) = 1 + exp(-i) : 1 + exp(-f). Both times exp(s), the largest stays near 1, so that closed gates do not become 0 / 0.
    const s = stopGradient(minimum(minimum(i, f), 0));
    const [keep, take] = [add(exp(s), exp(sub(s, i))), add(exp(s), exp(sub(s, f)))];
    const total = add(keep, take);
    return { h: add(mul(tap("f", div(keep, total)), h), mul(tap("i", div(take, total)), tap("n", n))) };
  },
});
