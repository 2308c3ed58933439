// Long short-term memory, its peepholes and its projection.

import type { Tensor } from "../../base/tensor.js";
import { matmul } from "../../ops/linear.js";
import { add, mul, sigmoid, tanh } from "../../ops/pointwise.js";
import { splitGates } from "../../ops/shape.js";
import { tap } from "../../ops/tap.js";
import { type Cell, defineCell } from "../cell.js";
import { orthogonal } from "../init.js";
import { type Weight, weight } from "../weight.js";

/** Column order of W, U and b. */
const gates = ["i", "f", "g", "o"] as const;
/** Column order of the peephole weights. */
const peeping = ["i", "f", "o"] as const;

interface LstmSizes {
  readonly inputSize: number;
  readonly units: number;
  readonly forgetBias: number;
}

function gateWeights({ inputSize, units, forgetBias }: LstmSizes, hidden: number): { W: Weight; U: Weight; b: Weight } {
  return {
    W: weight([inputSize, units], { gates }),
    U: weight([hidden, units], { gates, init: orthogonal() }),
    b: weight([units], { gates, init: { f: forgetBias } }),
  };
}

/** c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c'); with peepholes i and f see c and o sees c'. */
function step(sum: Tensor, c: Tensor, peephole: Tensor | null): { h: Tensor; c: Tensor } {
  const { i, f, g, o } = splitGates(sum, gates);
  const peek = peephole === null ? null : splitGates(peephole, peeping);
  const see = (gate: Tensor, view: Tensor | undefined, cell: Tensor): Tensor => (view === undefined ? gate : add(gate, mul(view, cell)));
  const kept = mul(tap("f", sigmoid(see(f, peek?.f, c))), c);
  const cNext = add(kept, mul(tap("i", sigmoid(see(i, peek?.i, c))), tap("g", tanh(g))));
  return { h: mul(tap("o", sigmoid(see(o, peek?.o, cNext))), tanh(cNext)), c: cNext };
}

const source = "Hochreiter & Schmidhuber 1997; forget gate Gers et al. 2000; open at the start Jozefowicz et al. 2015";
const peepholeSource = "Gers, Schraudolph & Schmidhuber 2002";
const projectionSource = "Sak, Senior & Beaufays 2014";

export const lstmCell: Cell<{ readonly forgetBias: number }> = defineCell({
  name: "lstm",
  source,
  options: { forgetBias: 1 },
  state: { h: "units", c: "units" },
  output: "h",
  params: (sizes) => gateWeights(sizes, sizes.units),
  step: (x, { h, c }, p) => step(add(matmul(x, p.W), matmul(h, p.U), p.b), c, null),
});

export const peepholeLstmCell: Cell<{ readonly forgetBias: number }> = defineCell({
  name: "peephole-lstm",
  source: peepholeSource,
  options: { forgetBias: 1 },
  state: { h: "units", c: "units" },
  output: "h",
  params: (sizes) => ({ ...gateWeights(sizes, sizes.units), peephole: weight([sizes.units], { gates: peeping }) }),
  step: (x, { h, c }, p) => step(add(matmul(x, p.W), matmul(h, p.U), p.b), c, p.peephole),
});

export const projectedLstmCell: Cell<{ readonly forgetBias: number; readonly projection: number }> = defineCell({
  name: "projected-lstm",
  source: projectionSource,
  options: { forgetBias: 1, projection: 64 },
  state: { h: "projection", c: "units" },
  output: "h",
  params: (sizes) => ({ ...gateWeights(sizes, sizes.projection), P: weight([sizes.units, sizes.projection]) }),
  step(x, { h, c }, p) {
    const next = step(add(matmul(x, p.W), matmul(h, p.U), p.b), c, null);
    return { h: matmul(next.h, p.P), c: next.c };
  },
});

export const projectedPeepholeLstmCell: Cell<{ readonly forgetBias: number; readonly projection: number }> = defineCell({
  name: "projected-peephole-lstm",
  source: projectionSource,
  options: { forgetBias: 1, projection: 64 },
  state: { h: "projection", c: "units" },
  output: "h",
  params: (sizes) => ({
    ...gateWeights(sizes, sizes.projection),
    peephole: weight([sizes.units], { gates: peeping }),
    P: weight([sizes.units, sizes.projection]),
  }),
  step(x, { h, c }, p) {
    const next = step(add(matmul(x, p.W), matmul(h, p.U), p.b), c, p.peephole);
    return { h: matmul(next.h, p.P), c: next.c };
  },
});
