// Linear recurrent unit: a complex diagonal recurrence between two linear maps, its complex states as pairs of real ones.

import { matmul } from "../../ops/linear.js";
import { add, cos, div, exp, mul, neg, sin, sqrt, sub, tanh } from "../../ops/pointwise.js";
import { splitGates } from "../../ops/shape.js";
import { type Cell, defineCell } from "../cell.js";
import { ringDecay, ringPhase } from "../init.js";
import { weight } from "../weight.js";

/** Column order of B and C: real and imaginary part. */
const parts = ["re", "im"] as const;

/**
 * s' = λ·s + γ·(x·B) with complex s, B, C; h = Re(s'·C) + x·D. λ = exp(-exp(ν) + i·exp(θ)) lies inside the unit circle whatever ν and θ are,
 * and γ = √(1 - |λ|²) keeps the states as large as the inputs. At the start λ lies on the ring rMin ≤ |λ| ≤ rMax up to the angle maxPhase.
 */
export const lruCell: Cell<{ readonly rMin: number; readonly rMax: number; readonly maxPhase: number }> = defineCell({
  name: "lru",
  source: "Orvieto et al. 2023",
  options: { rMin: 0, rMax: 1, maxPhase: 2 * Math.PI },
  state: { h: "units", re: "units", im: "units" },
  output: "h",
  params: ({ inputSize, units, rMin, rMax, maxPhase }) => ({
    nu: weight([units], { init: ringDecay(rMin, rMax) }),
    theta: weight([units], { init: ringPhase(maxPhase) }),
    B: weight([inputSize, units], { gates: parts }),
    C: weight([units, units], { gates: parts }),
    D: weight([inputSize, units]),
  }),
  step(x, { re, im }, p) {
    const decay = exp(p.nu);
    const angle = exp(p.theta);
    const [cosine, sine] = [mul(exp(neg(decay)), cos(angle)), mul(exp(neg(decay)), sin(angle))];
    // 1 - exp(-2a) = 2·tanh(a) / (1 + tanh(a)), without the difference of two almost equal numbers for slow decay.
    const half = tanh(decay);
    const gamma = sqrt(div(mul(2, half), add(1, half)));
    const entering = splitGates(matmul(x, p.B), parts);
    const out = splitGates(p.C, parts);
    const reNext = add(sub(mul(cosine, re), mul(sine, im)), mul(gamma, entering.re));
    const imNext = add(add(mul(sine, re), mul(cosine, im)), mul(gamma, entering.im));
    return { h: add(sub(matmul(reNext, out.re), matmul(imNext, out.im)), matmul(x, p.D)), re: reNext, im: imNext };
  },
});
