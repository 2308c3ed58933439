// Gated recurrent unit, with the reset gate after or before the recurrent product.

import { matmul } from "../../ops/linear.js";
import { add, mul, sigmoid, sub, tanh } from "../../ops/pointwise.js";
import { splitGates } from "../../ops/shape.js";
import { tap } from "../../ops/tap.js";
import { type Cell, defineCell } from "../cell.js";
import { orthogonal } from "../init.js";
import { weight } from "../weight.js";

/** Column order of W, U and the biases. */
const gates = ["r", "z", "n"] as const;

/** n = tanh(x·Wn + bn + r·(h·Un + bRn)), h' = z·h + (1 - z)·n: one recurrent product for all gates. */
export const gruCell: Cell<Record<never, never>> = defineCell({
  name: "gru",
  source: "Cho et al. 2014, first version",
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates }),
    U: weight([units, units], { gates, init: orthogonal() }),
    b: weight([units], { gates }),
    bR: weight([units], { gates }),
  }),
  step(x, { h }, p) {
    const fromX = splitGates(add(matmul(x, p.W), p.b), gates);
    const fromH = splitGates(add(matmul(h, p.U), p.bR), gates);
    const r = tap("r", sigmoid(add(fromX.r, fromH.r)));
    const z = tap("z", sigmoid(add(fromX.z, fromH.z)));
    const n = tap("n", tanh(add(fromX.n, mul(r, fromH.n))));
    return { h: add(mul(z, h), mul(sub(1, z), n)) };
  },
});

/** n = tanh(x·Wn + bn + (r·h)·Un): a second product that waits for the reset gate. */
export const gruResetBeforeCell: Cell<Record<never, never>> = defineCell({
  name: "gru-reset-before",
  source: "Cho et al. 2014, final version",
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates }),
    U: weight([units, units], { gates: ["r", "z"], init: orthogonal() }),
    Un: weight([units, units], { init: orthogonal() }),
    b: weight([units], { gates }),
  }),
  step(x, { h }, p) {
    const fromX = splitGates(add(matmul(x, p.W), p.b), gates);
    const fromH = splitGates(matmul(h, p.U), ["r", "z"]);
    const r = tap("r", sigmoid(add(fromX.r, fromH.r)));
    const z = tap("z", sigmoid(add(fromX.z, fromH.z)));
    const n = tap("n", tanh(add(fromX.n, matmul(mul(r, h), p.Un))));
    return { h: add(mul(z, h), mul(sub(1, z), n)) };
  },
});
