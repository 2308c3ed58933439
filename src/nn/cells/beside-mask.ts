// What the cells for missing values share: the cell inside reads [x, mask], and what is old fades.

import type { Tensor } from "../../base/tensor.js";
import { ones } from "../../ops/create.js";
import { relu } from "../../ops/nonlinear.js";
import { exp, neg } from "../../ops/pointwise.js";
import { concat } from "../../ops/shape.js";
import { dimsOf } from "../../trace/traced.js";
import type { CellDefinition, Tensors } from "../cell.js";

/** A cell over twice the features. `sizes` in its functions are those of x alone. */
export interface BesideMask extends Pick<CellDefinition, "params" | "perSequence"> {
  /** One step on [x, mask], both [I]. */
  step(x: Tensor, state: Tensors, p: Tensors, extra: Tensors): Tensors;
}

/** The cell with the mask as an input of its own, `extra.mask`. */
export function besideMask(cell: CellDefinition): BesideMask {
  const { perSequence } = cell;
  return {
    params: (sizes) => cell.params({ ...sizes, inputSize: 2 * sizes.inputSize }),
    perSequence: perSequence === null ? null : (of) => perSequence({ ...of, inputSize: 2 * of.inputSize }),
    step(x, state, p, extra) {
      const mask = extra.mask!;
      // For the cell inside the mask is an input like any other, and that is never missing.
      const seen = cell.inputs.includes("mask") ? { mask: concat([mask, ones(dimsOf(mask).map(Number))]) } : {};
      return cell.step(concat([x, mask]), state, p, { ...extra, ...seen });
    },
  };
}

/** exp(-max(0, rate)): the share that is left, 1 for rates of 0 and below. */
export function fade(rate: Tensor): Tensor {
  return exp(neg(relu(rate)));
}
