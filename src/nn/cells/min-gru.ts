// Minimal gated recurrent unit: gates that see the input alone, so that all steps can be computed at once.

import { matmul } from "../../ops/linear.js";
import { add, mul, sigmoid, sub } from "../../ops/pointwise.js";
import { splitGates } from "../../ops/shape.js";
import { tap } from "../../ops/tap.js";
import { type Cell, defineCell } from "../cell.js";
import { weight } from "../weight.js";

/** Column order of W and b. */
const gates = ["z", "n"] as const;

/** z = σ(x·Wz + bz), n = x·Wn + bn, h' = (1 - z)·h + z·n. */
export const minGruCell: Cell<Record<never, never>> = defineCell({
  name: "min-gru",
  source: "Feng et al. 2024",
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates }),
    b: weight([units], { gates }),
  }),
  step(x, { h }, p) {
    const fromX = splitGates(add(matmul(x, p.W), p.b), gates);
    const z = tap("z", sigmoid(fromX.z));
    return { h: add(mul(sub(1, z), h), mul(z, tap("n", fromX.n))) };
  },
});
