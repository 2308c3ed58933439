// What the types of cells and layers refuse: every line below a `@ts-expect-error` must not compile. Never run.
// biome-ignore-all format: one case per line, right below its expectation

import type { Tensor } from "../../src/base/tensor.js";
import { type Cell, defineCell } from "../../src/nn/cell.js";
import { bidirectional } from "../../src/nn/layers/bidirectional.js";
import { dense } from "../../src/nn/layers/feedforward.js";
import { gru, lstm, simpleRnn } from "../../src/nn/layers/named.js";
import { recurrent } from "../../src/nn/layers/recurrent.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { type Weight, weight } from "../../src/nn/weight.js";
import { add, dropoutMask, matmul, mul, tanh } from "../../src/ops/index.js";

const params = ({ inputSize, units }: { readonly inputSize: number; readonly units: number }): { W: Weight; U: Weight } => ({
  W: weight([inputSize, units]),
  U: weight([units, units]),
});

export function refused(x: Tensor): unknown[] {
  const good = defineCell({
    name: "good",
    options: { memory: 4, rate: 0.1 },
    inputs: ["dt"],
    row: ["table"],
    state: { h: "units", m: "memory" },
    output: "h",
    params: ({ memory, ...sizes }) => ({ ...params(sizes), M: weight([memory, sizes.units]) }),
    perSequence: ({ memory, rate, key }) => ({ keep: dropoutMask(key, [memory], rate) }),
    step: (input, { h, m }, p, { dt, table, keep }) => ({
      h: tanh(add(matmul(input, p.W), matmul(h, p.U), matmul(mul(m, keep), p.M), mul(dt, matmul(table, p.U)))),
      m,
    }),
  });
  const typed: Cell<{ readonly memory: number; readonly rate: number }> = good;
  return [
    typed,
    recurrent(good, { units: 3, memory: 2, returnSequences: true }),
    // @ts-expect-error the output is not a declared state
    defineCell({ name: "a", state: { h: "units" }, output: "hh", params, step: (_, { h }) => ({ h }) }),
    // @ts-expect-error the step reads a state that is not declared
    defineCell({ name: "a", state: { h: "units" }, output: "h", params, step: (_, { h, c }) => ({ h: add(h, c) }) }),
    // @ts-expect-error the step does not return the state c
    defineCell({ name: "a", state: { h: "units", c: "units" }, output: "h", params, step: (_, { h }) => ({ h }) }),
    // @ts-expect-error there is no weight V
    defineCell({ name: "a", state: { h: "units" }, output: "h", params, step: (input, _, p) => ({ h: matmul(input, p.V) }) }),
    // @ts-expect-error dt is used but not listed in inputs
    defineCell({ name: "a", state: { h: "units" }, output: "h", params, step: (_, { h }, _p, { dt }) => ({ h: mul(dt, h) }) }),
    // @ts-expect-error mask is used, only dt is listed
    defineCell({ name: "a", inputs: ["dt"], state: { h: "units" }, output: "h", params, step: (_, { h }, _p, { mask }) => ({ h: mul(mask, h) }) }),
    // @ts-expect-error there is no such input
    defineCell({ name: "a", inputs: ["time"], state: { h: "units" }, output: "h", params, step: (_, { h }) => ({ h }) }),
    // @ts-expect-error the row value is called table
    defineCell({ name: "a", row: ["table"], state: { h: "units" }, output: "h", params, step: (_, { h }, _p, { memory }) => ({ h: matmul(memory, h) }) }),
    // @ts-expect-error params use an option that is not declared
    defineCell({ name: "a", state: { h: "units" }, output: "h", params: ({ units, rank }) => ({ U: weight([units, rank]) }), step: (_, { h }) => ({ h }) }),
    // @ts-expect-error perSequence gave keep, not kept
    defineCell({ name: "a", state: { h: "units" }, output: "h", params, perSequence: ({ units, key }) => ({ keep: dropoutMask(key, [units], 0.5) }), step: (_, { h }, _p, { kept }) => ({ h: mul(h, kept) }) }),
    // @ts-expect-error the cell has no option memry
    recurrent(good, { units: 3, memry: 2 }),
    // @ts-expect-error a layer has no option unit
    lstm({ unit: 3 }),
    // @ts-expect-error gru has no peephole
    gru({ units: 3, peephole: true }),
    // @ts-expect-error units is missing
    simpleRnn({ activation: "relu" }),
    // @ts-expect-error there is no such merge
    bidirectional(lstm({ units: 3 }), { merge: "add" }),
    // @ts-expect-error a layer that returns its state has no place in a chain
    sequentialNetwork([lstm({ units: 3, returnState: true })]),
    // @ts-expect-error the record has no layer "decode"
    functionalNetwork({ encode: dense({ units: 2 }) }, (l, inputs: { x: Tensor }) => l.decode(inputs.x)),
    // @ts-expect-error without returnState there is no state
    functionalNetwork({ encode: lstm({ units: 2 }) }, (l, inputs: { x: Tensor }) => l.encode(inputs.x).state.h),
    functionalNetwork({ both: bidirectional(lstm({ units: 2, returnState: true })) }, (l, inputs: { x: Tensor }) => l.both(inputs.x).state.backward.h!),
    // @ts-expect-error the directions are called forward and backward
    functionalNetwork({ both: bidirectional(lstm({ units: 2, returnState: true })) }, (l, inputs: { x: Tensor }) => l.both(inputs.x).state.reverse),
    x,
  ];
}
