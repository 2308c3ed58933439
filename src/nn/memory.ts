// Memory: states of recurrent layers that a network takes from outside and gives back, to run a sequence piece by piece.

import type { Tensors } from "./cell.js";

/** States of one layer call. */
export interface CallMemory {
  /** Before the first step of this piece, each [B, size]. */
  readonly first: Tensors;
  /** Takes the states after its last step. */
  keep(last: Tensors): void;
}

/** Asked once by each call of a recurrent layer, in the order of the calls; `sizes` are those of its states. */
export type Memory = (layer: string, sizes: { readonly [state: string]: number }) => CallMemory;
