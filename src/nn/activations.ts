// Activations by name.

import type { Tensor } from "../base/tensor.js";
import { elu, gelu, hardSigmoid, leakyRelu, logSoftmax, relu, selu, silu, softmax, softplus, softsign } from "../ops/nonlinear.js";
import { sigmoid, tanh } from "../ops/pointwise.js";
import { checkNames } from "./suggest.js";

/** Every activation a layer knows. */
export const activations = {
  linear: (x: Tensor): Tensor => x,
  /** Another name of linear. */
  identity: (x: Tensor): Tensor => x,
  tanh: (x: Tensor): Tensor => tanh(x),
  sigmoid: (x: Tensor): Tensor => sigmoid(x),
  relu: (x: Tensor): Tensor => relu(x),
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  elu: (x: Tensor): Tensor => elu(x),
  gelu: (x: Tensor): Tensor => gelu(x),
  selu: (x: Tensor): Tensor => selu(x),
  silu: (x: Tensor): Tensor => silu(x),
  /** Another name of silu. */
  swish: (x: Tensor): Tensor => silu(x),
  softsign: (x: Tensor): Tensor => softsign(x),
  softplus: (x: Tensor): Tensor => softplus(x),
  hardSigmoid: (x: Tensor): Tensor => hardSigmoid(x),
  softmax: (x: Tensor): Tensor => softmax(x),
  logSoftmax: (x: Tensor): Tensor => logSoftmax(x),
} as const;

/** Name of an activation. */
export type ActivationName = keyof typeof activations;

/** Narrows a word to an activation's name; throws UsageError `unknown_activation` with the nearest one. */
export function activationName(owner: string, word: string): ActivationName {
  if (isActivationName(word)) return word;
  checkNames(owner, "activation", [word], Object.keys(activations));
  return "linear";
}

function isActivationName(word: string): word is ActivationName {
  return Object.hasOwn(activations, word);
}
