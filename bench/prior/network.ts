// The pretrained network as it is trained.
import {
  add,
  concat,
  dense,
  expandDims,
  functional,
  gru,
  type Model,
  mul,
  relu,
  slice,
  softmax,
  squeeze,
  sum,
  type Tensor,
} from "../../src/index.js";
import type { PriorWeights } from "../../src/tasks/forecast/prior/weights.js";
import { units, width } from "../../src/tasks/forecast/prior/weights.js";
import { aheadNumbers, candidateCount } from "../../src/tasks/forecast/prior/window.js";
import type { Examples } from "./examples.js";

/** What `priorLevels` computes, in units of the naive error: [batch, ahead]. */
export function priorNetwork(): Model<Tensor> {
  return functional(
    {
      read: gru({ units }),
      state: dense({ units: width }),
      ahead: dense({ units: width }),
      mix: dense({ units: width, activation: "relu" }),
      out: dense({ units: candidateCount + 1 }),
    },
    (l, { rows, kind, ahead }: Examples["x"]) => {
      const part = (start: number, size: number): Tensor => slice(ahead, { axis: -1, start, size });
      const wide = expandDims(kind, 1);
      const beside = add(wide, mul(0, slice(rows, { axis: -1, start: 0, size: 1 }))); // the kind beside every row
      const state = l.read(concat([rows, beside], { axis: -1 }));
      const known = expandDims(l.state(concat([state, kind], { axis: -1 })), 1);
      const said = l.out(l.mix(relu(add(l.ahead(part(0, aheadNumbers)), known))));
      const shares = softmax(slice(said, { axis: -1, start: 0, size: candidateCount }));
      const mixed = sum(mul(shares, part(aheadNumbers, candidateCount)), { axis: -1 });
      const correction = mul(slice(said, { axis: -1, start: candidateCount, size: 1 }), part(aheadNumbers + candidateCount, 1));
      return add(mixed, squeeze(correction, -1));
    },
  );
}

/** Its weights as the forecast task reads them. */
export function priorWeightsOf(model: Model<Tensor>): PriorWeights {
  const layers = model.weights as { readonly [layer: string]: { readonly [name: string]: Tensor } };
  const entries = Object.entries(layers).flatMap(([layer, own]) =>
    Object.entries(own).map(([name, { data }]): [string, Float64Array] => [`${layer}/${name}`, Float64Array.from(data)]),
  );
  return Object.fromEntries(entries) as PriorWeights;
}
