// Antisymmetric recurrent network: a small step along a rotation, which neither forgets nor explodes.

import { matmul } from "../../ops/linear.js";
import { add, mul, sub, tanh } from "../../ops/pointwise.js";
import { transpose } from "../../ops/shape.js";
import { type Cell, defineCell } from "../cell.js";
import { orthogonal } from "../init.js";
import { weight } from "../weight.js";

/**
 * h' = h + ε·tanh(x·W + h·(U - Uᵀ) - γ·h + b): the eigenvalues of U - Uᵀ are imaginary, so that a state is turned and not scaled; the
 * damping γ takes out what steps of the size ε add.
 */
export function antisymmetricOf(stepSize: number, damping: number): Cell<Record<never, never>> {
  return defineCell({
    name: "antisymmetric-rnn",
    source: "Chang et al. 2019",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({
      W: weight([inputSize, units]),
      U: weight([units, units], { init: orthogonal() }),
      b: weight([units]),
    }),
    step(x, { h }, p) {
      const turned = matmul(h, sub(p.U, transpose(p.U)));
      return { h: add(h, mul(stepSize, tanh(add(matmul(x, p.W), turned, mul(-damping, h), p.b)))) };
    },
  });
}

export const antisymmetricCell: Cell<Record<never, never>> = antisymmetricOf(0.1, 0.01);
