// Memory: states of recurrent layers that a network takes from outside and gives back, to run a sequence piece by piece.

import type { Tensor } from "../base/tensor.js";
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

/** A state of one layer call; the second call of a layer is called "layer#2". */
export interface NamedState {
  readonly layer: string;
  readonly name: string;
  readonly size: number;
}

/** A memory whose states begin as `start` says, and the states after, in the order in which they were asked for. */
export function namedMemory(start: (state: NamedState) => Tensor): {
  readonly memory: Memory;
  readonly next: (NamedState & { readonly value: Tensor })[];
} {
  const next: (NamedState & { readonly value: Tensor })[] = [];
  const calls = new Map<string, number>();
  const memory: Memory = (layer, sizes) => {
    const call = (calls.get(layer) ?? 0) + 1;
    calls.set(layer, call);
    const states = Object.entries(sizes).map(
      ([name, size]): NamedState => ({ layer: call === 1 ? layer : `${layer}#${call}`, name, size }),
    );
    const first: Tensors = Object.fromEntries(states.map((state) => [state.name, start(state)]));
    return { first, keep: (last) => next.push(...states.map((state) => ({ ...state, value: last[state.name]! }))) };
  };
  return { memory, next };
}
