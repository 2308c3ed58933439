// Elman's network with any activation.

import type { Tensor } from "../../base/tensor.js";
import { matmul } from "../../ops/linear.js";
import { leakyRelu, relu } from "../../ops/nonlinear.js";
import { add, sigmoid, tanh } from "../../ops/pointwise.js";
import { type ActivationName, activations } from "../activations.js";
import { type Cell, defineCell } from "../cell.js";
import { type Init, identity, orthogonal } from "../init.js";
import { weight } from "../weight.js";

/** h' = act(x·W + h·U + b). */
function elman(activation: string, act: (sum: Tensor) => Tensor, recurrence: Init): Cell<Record<never, never>> {
  return defineCell({
    name: `elman-${activation}`,
    source: "Elman 1990; identity recurrence for relu: Le, Jaitly & Hinton 2015",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({
      W: weight([inputSize, units]),
      U: weight([units, units], { init: recurrence }),
      b: weight([units]),
    }),
    step: (x, { h }, p) => ({ h: act(add(matmul(x, p.W), matmul(h, p.U), p.b)) }),
  });
}

export const elmanTanh: Cell<Record<never, never>> = elman("tanh", tanh, orthogonal());
export const elmanSigmoid: Cell<Record<never, never>> = elman("sigmoid", sigmoid, orthogonal());
export const elmanRelu: Cell<Record<never, never>> = elman("relu", relu, identity());
export const elmanLeakyRelu: Cell<Record<never, never>> = elman("leaky-relu", (sum) => leakyRelu(sum), identity());

/** The cell of an activation; with relu and leakyRelu the recurrence starts at the identity, otherwise orthogonal. */
export function elmanCell(activation: ActivationName): Cell<Record<never, never>> {
  const name = activation.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const known = [elmanTanh, elmanSigmoid, elmanRelu, elmanLeakyRelu].find((cell) => cell.name === `elman-${name}`);
  return known ?? elman(name, activations[activation], orthogonal());
}
