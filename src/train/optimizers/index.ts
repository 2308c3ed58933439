// The optimisers by name.

import { UsageError } from "../../base/errors.js";
import { lookUp } from "../names.js";
import { adam, adamw, amsgrad, nadam } from "./adam.js";
import { adadelta, adagrad } from "./adaptive.js";
import { type Optimizer, type OptimizerOptions, optionsFromFile, type SavedOptions } from "./define.js";
import { lion } from "./lion.js";
import { rmsprop } from "./rmsprop.js";
import { sgd } from "./sgd.js";

// Options come from a file or are absent: each maker checks the names it knows.
const makers: ReadonlyMap<string, (options: OptimizerOptions) => Optimizer> = new Map(
  Object.entries({ adadelta, adagrad, adam, adamw, amsgrad, lion, nadam, rmsprop, sgd }),
);

/** The optimiser of that name with default options, or the given one; throws UsageError `unknown_optimizer`, `not_an_optimizer`. */
export function resolveOptimizer(given: string | Optimizer, saved: SavedOptions = {}): Optimizer {
  if (typeof given === "string")
    return lookUp(given, makers, { kind: "optimiser", code: "unknown_optimizer", op: "compile" })(optionsFromFile(saved));
  if (typeof given === "object" && given !== null && "rule" in given) return given;
  throw new UsageError({
    code: "not_an_optimizer",
    op: "compile",
    what: "optimizer is neither a name nor an optimiser",
    hint: 'Use "adam" or adam({ ... }).',
  });
}
