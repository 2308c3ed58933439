// Remembers what an activation was applied to, so that a loss can start from logits instead of undoing a sigmoid or softmax.

import type { Tensor } from "../base/tensor.js";
import type { ActivationName } from "./activations.js";

/** An activated tensor's input and the activation's name. */
export interface Logits {
  readonly logits: Tensor;
  readonly activation: ActivationName;
}

const known = new WeakMap<Tensor, Logits>();

/** Marks `activated` as the activation of `logits`; returns it. */
export function rememberLogits(activated: Tensor, logits: Tensor, activation: ActivationName): Tensor {
  if (activated !== logits) known.set(activated, { logits, activation });
  return activated;
}

/** What a layer's output was before its last activation; null if that is not known. */
export function logitsOf(output: Tensor): Logits | null {
  return known.get(output) ?? null;
}
