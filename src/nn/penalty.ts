// What layers add to the loss of a training beside the weights' own penalties: means over steps and units.

import type { Tensor } from "../base/tensor.js";

/** factor · sum / count joins the loss. Both are scalars, so that batches add up to what one larger batch gives. */
export interface Penalty {
  readonly sum: Tensor;
  readonly count: Tensor;
  readonly factor: number;
}

/** Takes the penalties of a run, in the order of the layers' calls. */
export type PenaltySink = (penalty: Penalty) => void;
