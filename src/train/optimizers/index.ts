// The optimisers by name.

import { UsageError } from "../../base/errors.js";
import { lookUp } from "../names.js";
import { adam, adamw } from "./adam.js";
import type { Optimizer } from "./define.js";
import { rmsprop } from "./rmsprop.js";
import { sgd } from "./sgd.js";

type Maker = (options?: Readonly<Record<string, number | boolean>>) => Optimizer;

// Options come from a checked file or are absent: each maker takes the names it knows.
const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["adam", (options = {}) => adam(options)],
  ["adamw", (options = {}) => adamw(options)],
  ["rmsprop", (options = {}) => rmsprop(options)],
  ["sgd", (options = {}) => sgd(options)],
]);

/** The optimiser of that name with default options, or the given one; throws UsageError `unknown_optimizer`, `not_an_optimizer`. */
export function resolveOptimizer(given: string | Optimizer, options?: Readonly<Record<string, number | boolean>>): Optimizer {
  if (typeof given === "string") return lookUp(given, makers, { kind: "optimiser", code: "unknown_optimizer", op: "compile" })(options);
  if (typeof given === "object" && given !== null && "rule" in given) return given;
  throw new UsageError({
    code: "not_an_optimizer",
    op: "compile",
    what: "optimizer is neither a name nor an optimiser",
    hint: 'Use "adam" or adam({ ... }).',
  });
}
