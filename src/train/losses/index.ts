// The losses by name, and what each expects of the targets.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord } from "../../base/tree.js";
import { lookUp } from "../names.js";
import { type LossOptions, type LossWithOptions, optionsBehind } from "./configured.js";
import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  cosineSimilarity,
  klDivergence,
  sparseCategoricalCrossEntropy,
} from "./cross-entropy.js";
import { gaussianNll, negativeBinomialNll, studentTNll } from "./likelihoods.js";
import { huber, logCosh, mae, mse, poisson, quantile } from "./regression.js";

/** One number per element, or per step where the loss sums over classes. */
export type LossFunction = (actual: Tensor, predicted: Tensor) => Tensor;

/** A loss as the trainer sees it. */
export interface Loss {
  /** Null for a function of the user's own, which cannot be saved. */
  readonly name: string | null;
  /** What differs from the defaults. */
  readonly options: LossOptions;
  /**
   * Targets have the shape of the output, or name a class (without its last axis), or have one column for all of the output's, or are the
   * function's own business.
   */
  readonly targets: "same" | "class" | "column" | "free";
  /** Columns of an output for each column of the targets. */
  readonly columns: number;
  readonly elements: LossFunction;
  /** What targets may be: class numbers of the output, shares from 0 to 1, numbers of at least 0, or any number. */
  readonly values: "classes" | "shares" | "counts" | "any";
}

/** One row of the table: a loss, and how it is made with options. */
interface LossRow extends Omit<Loss, "name" | "options" | "columns"> {
  readonly name: string;
  columns(options: LossOptions): number;
  /** Makes the loss with options, from a file; null for losses without options. */
  make: ((options: LossOptions) => LossFunction) | null;
}

function row(name: string, elements: LossFunction, facts: Partial<Pick<LossRow, "targets" | "columns" | "values" | "make">> = {}): LossRow {
  return { name, elements, targets: "same", columns: () => 1, values: "any", make: null, ...facts };
}

/** Options of a file are checked by the loss itself; this only names the form it expects. */
function maker<O extends object>(loss: LossWithOptions<O>): (options: LossOptions) => LossFunction {
  return (options) => loss(options as unknown as O);
}

const rows: readonly LossRow[] = [
  row("mse", mse),
  row("mae", mae),
  row("huber", huber, { make: maker(huber) }),
  row("logCosh", logCosh),
  row("quantile", quantile, { make: maker(quantile), columns: ({ quantiles }) => (Array.isArray(quantiles) ? quantiles.length : 1) }),
  row("gaussianNll", gaussianNll, { make: maker(gaussianNll), columns: () => 2 }),
  row("studentTNll", studentTNll, { make: maker(studentTNll), columns: () => 3 }),
  row("negativeBinomialNll", negativeBinomialNll, { make: maker(negativeBinomialNll), columns: () => 2, values: "counts" }),
  row("poisson", poisson, { make: maker(poisson), values: "counts" }),
  row("binaryCrossEntropy", binaryCrossEntropy, { make: maker(binaryCrossEntropy), values: "shares" }),
  row("categoricalCrossEntropy", categoricalCrossEntropy, { make: maker(categoricalCrossEntropy), values: "shares" }),
  row("sparseCategoricalCrossEntropy", sparseCategoricalCrossEntropy, {
    make: maker(sparseCategoricalCrossEntropy),
    targets: "class",
    values: "classes",
  }),
  row("klDivergence", klDivergence, { make: maker(klDivergence), values: "shares" }),
  row("cosineSimilarity", cosineSimilarity),
];

const byName: ReadonlyMap<string, LossRow> = new Map(rows.map((each) => [each.name, each]));

/** How files name a loss. */
export type SavedLoss = string | { readonly name: string; readonly options: LossOptions };

/** The loss of that name or function; throws UsageError `unknown_loss`. */
export function resolveLoss(given: SavedLoss | LossFunction): Loss {
  if (typeof given === "string") return lossOf(lookUp(given, byName, { kind: "loss", code: "unknown_loss", op: "compile" }), {});
  if (isRecord(given) && typeof given.name === "string" && isRecord(given.options)) return savedLoss(given.name, given.options);
  if (typeof given !== "function")
    throw new UsageError({ code: "unknown_loss", op: "compile", what: "loss is neither a name nor a function (actual, predicted)" });
  const made = optionsBehind(given);
  const known = rows.find(({ elements }) => elements === (made?.base ?? given));
  if (known === undefined) return { name: null, options: {}, targets: "free", columns: 1, elements: given, values: "any" };
  return made === null ? lossOf(known, {}) : { ...lossOf(known, made.options), elements: given };
}

/** How a file names this loss; null for a function of the user's own. */
export function savedLossOf({ name, options }: Loss): SavedLoss | null {
  if (name === null) return null;
  return Object.keys(options).length === 0 ? name : { name, options };
}

function savedLoss(name: string, options: LossOptions): Loss {
  const { make } = lookUp(name, byName, { kind: "loss", code: "unknown_loss", op: "compile" });
  if (make !== null) return resolveLoss(make(options));
  if (Object.keys(options).length === 0) return resolveLoss(name);
  throw new UsageError({ code: "unknown_option", op: "compile", what: `the loss "${name}" has no options` });
}

function lossOf({ name, elements, values, ...row }: LossRow, options: LossOptions): Loss {
  const columns = row.columns(options);
  return { name, options, elements, values, columns, targets: columns > 1 ? "column" : row.targets };
}
