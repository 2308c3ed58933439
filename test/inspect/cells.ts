// Models that the tests of the inspect door look at.

import { dense, lstm, type Model, recurrent, sequential } from "../../src/index.js";
import { layerNormLstm } from "../nn/custom-cells.js";

/** Two layers and a head, built for sequences of three features. */
export function twoLayers(first: "lstm" | "layer-norm" = "lstm"): Model {
  const model = sequential([
    first === "lstm" ? lstm({ units: 6, returnSequences: true }) : recurrent(layerNormLstm, { units: 6, returnSequences: true }),
    lstm({ units: 4 }),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 3], { seed: 1 });
  return model;
}
