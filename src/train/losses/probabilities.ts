// What an output means under its loss: logits or probabilities.

import type { Tensor } from "../../base/tensor.js";
import { sigmoid, softmax } from "../../ops/index.js";
import type { Loss } from "./index.js";
import { sigmoidLogits, softmaxLogits } from "./logits.js";

/** True if the loss takes the output for logits. */
export function isLogits({ name, options }: Loss, predicted: Tensor): boolean {
  if (name === null || !name.endsWith("CrossEntropy")) return false;
  if (typeof options.fromLogits === "boolean") return options.fromLogits;
  return (name === "binaryCrossEntropy" ? sigmoidLogits(predicted) : softmaxLogits(predicted)) === null;
}

/** The output as probabilities; as it is under losses that know none. */
export function probabilities(loss: Loss, predicted: Tensor): Tensor {
  if (!isLogits(loss, predicted)) return predicted;
  return loss.name === "binaryCrossEntropy" ? sigmoid(predicted) : softmax(predicted);
}
