// Independently recurrent network: each unit sees its own past alone, through one weight.

import { matmul } from "../../ops/linear.js";
import { relu } from "../../ops/nonlinear.js";
import { add, mul } from "../../ops/pointwise.js";
import { type Cell, defineCell } from "../cell.js";
import { onesInit } from "../init.js";
import { weight } from "../weight.js";

/** h' = max(0, x·W + u·h + b), u one number per unit; it starts at 1, so that a unit keeps what it has. */
export const indRnnCell: Cell<Record<never, never>> = defineCell({
  name: "ind-rnn",
  source: "Li et al. 2018",
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units]),
    u: weight([units], { init: onesInit() }),
    b: weight([units]),
  }),
  step: (x, { h }, p) => ({ h: relu(add(matmul(x, p.W), mul(p.u, h), p.b)) }),
});
