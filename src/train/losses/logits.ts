// Finds the logits behind a final sigmoid or softmax, so that cross-entropies never take the logarithm of a rounded probability.

import { equalShapes } from "../../base/dim.js";
import type { Tensor } from "../../base/tensor.js";
import { isOp, type Node } from "../../ir/core/node.js";
import { logitsOf } from "../../nn/logits.js";
import { isTraced, TracedTensor } from "../../trace/traced.js";

/**
 * The input of the sigmoid that made this value; null if none did. A layer's activation is always known, the op `sigmoid` in
 * traced functions only; identity steps between the two are looked through.
 */
export function sigmoidLogits(predicted: Tensor): Tensor | null {
  const known = logitsOf(predicted);
  if (known?.activation === "sigmoid") return known.logits;
  if (!isTraced(predicted)) return null;
  const node = withoutIdentity(predicted.node);
  return isOp(node, "sigmoid") ? new TracedTensor(node.inputs[0]!, predicted.domain) : null;
}

/** Logits (shifted by a constant per row) behind a softmax over the last axis; null if there is none. */
export function softmaxLogits(predicted: Tensor): Tensor | null {
  const known = logitsOf(predicted);
  if (known?.activation === "softmax") return known.logits;
  if (!isTraced(predicted)) return null;
  const quotient = withoutIdentity(predicted.node);
  if (!isOp(quotient, "div")) return null;
  const [raised, total] = quotient.inputs.map((input) => withoutIdentity(input));
  if (raised === undefined || total === undefined || !isOp(raised, "exp")) return null;
  // The total may have been given back its axis.
  const summed = isOp(total, "reshape") || isOp(total, "broadcast") ? withoutIdentity(total.inputs[0]!) : total;
  if (!isOp(summed, "sum") || withoutIdentity(summed.inputs[0]!) !== raised) return null;
  const isLastAxis = summed.attrs.axes.length === 1 && summed.attrs.axes[0] === raised.shape.length - 1;
  return isLastAxis ? new TracedTensor(raised.inputs[0]!, predicted.domain) : null;
}

function withoutIdentity(node: Node): Node {
  const isIdentity =
    isOp(node, "tap") || ((isOp(node, "reshape") || isOp(node, "broadcast")) && equalShapes(node.shape, node.inputs[0]!.shape));
  return isIdentity ? withoutIdentity(node.inputs[0]!) : node;
}
