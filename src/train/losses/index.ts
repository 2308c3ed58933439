// The losses by name, and what each expects of the targets.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { lookUp } from "../names.js";
import { binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy } from "./cross-entropy.js";
import { huber, mae, mse } from "./regression.js";

/** One number per element, or per step where the loss sums over classes. */
export type LossFunction = (actual: Tensor, predicted: Tensor) => Tensor;

/** A loss as the trainer sees it. */
export interface Loss {
  /** Null for a function of the user's own, which cannot be saved. */
  readonly name: string | null;
  /** Targets have the shape of the output, or name a class (without its last axis), or are the function's own business. */
  readonly targets: "same" | "class" | "free";
  readonly elements: LossFunction;
  /** What targets may be: class numbers of the output, shares from 0 to 1, or any number. */
  readonly values: "classes" | "shares" | "any";
}

const losses: readonly Loss[] = [
  { name: "mse", targets: "same", elements: mse, values: "any" },
  { name: "mae", targets: "same", elements: mae, values: "any" },
  { name: "huber", targets: "same", elements: huber, values: "any" },
  { name: "binaryCrossEntropy", targets: "same", elements: binaryCrossEntropy, values: "shares" },
  { name: "categoricalCrossEntropy", targets: "same", elements: categoricalCrossEntropy, values: "shares" },
  { name: "sparseCategoricalCrossEntropy", targets: "class", elements: sparseCategoricalCrossEntropy, values: "classes" },
];

const byName: ReadonlyMap<string, Loss> = new Map(losses.map((loss) => [loss.name ?? "", loss]));

/** The loss of that name or function; throws UsageError `unknown_loss`. */
export function resolveLoss(given: string | LossFunction): Loss {
  if (typeof given === "string") return lookUp(given, byName, { kind: "loss", code: "unknown_loss", op: "compile" });
  if (typeof given !== "function")
    throw new UsageError({ code: "unknown_loss", op: "compile", what: "loss is neither a name nor a function (actual, predicted)" });
  return losses.find(({ elements }) => elements === given) ?? { name: null, targets: "free", elements: given, values: "any" };
}
