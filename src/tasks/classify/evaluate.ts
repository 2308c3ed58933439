// What is reported about classified sequences: all scores, beside the logistic regression and the networks alone.

import { listed } from "../../base/words.js";
import { mixedProbabilities, type Probabilities } from "./network.js";
import { confusionOf, intervalsOf, perClassOf, saidAt, scoresOf } from "./scores.js";
import type { ClassifiedItem, ClassifyEvaluation } from "./types.js";

/** Sequences that were classified without having been trained on. */
export interface Tested {
  readonly rows: readonly number[];
  readonly probabilities: Probabilities;
  readonly mixed: Float64Array;
}

/** Everything about tested sequences; several parts are folds. */
export function evaluationOf(
  parts: readonly Tested[],
  { labels, classes, seed }: { readonly labels: Int32Array; readonly classes: readonly string[]; readonly seed: number },
): ClassifyEvaluation {
  const truth = Int32Array.from(parts.flatMap(({ rows }) => rows.map((row) => labels[row]!)));
  const joined = (of: (part: Tested) => Float64Array): Float64Array => Float64Array.from(parts.flatMap((part) => [...of(part)]));
  const judged = { probabilities: joined(({ mixed }) => mixed), truth, classes };
  const model = scoresOf(judged);
  const logistic = scoresOf({ ...judged, probabilities: joined(({ probabilities }) => probabilities.logistic) });
  const network = scoresOf({ ...judged, probabilities: joined(({ probabilities }) => probabilities.network) });
  const confusion = confusionOf(judged);
  const perClass = perClassOf(classes, confusion);
  const majority = Math.max(...perClass.map(({ support }) => support)) / truth.length;
  const folds =
    parts.length === 1
      ? []
      : parts.map(({ rows, mixed }) => {
          const { auroc, auprc } = scoresOf({ probabilities: mixed, truth: Int32Array.from(rows, (row) => labels[row]!), classes });
          return { examples: rows.length, auroc, auprc };
        });
  const meanOf = (name: "auroc" | "auprc"): number | null =>
    folds.length === 0 || folds.some((fold) => fold[name] === null)
      ? null
      : folds.reduce((sum, fold) => sum + fold[name]!, 0) / folds.length;
  return {
    ...model,
    majority,
    intervals: intervalsOf(judged, seed),
    logistic,
    network,
    confusion,
    perClass,
    folds,
    meanAuroc: meanOf("auroc"),
    meanAuprc: meanOf("auprc"),
    verdict: [verdictOf(model, logistic, majority), ...neverSaid(perClass, confusion, truth.length)].join(" "),
  };
}

/** The rows with their classes and probabilities. */
export function itemsOf(
  { rows, mixed }: Pick<Tested, "rows" | "mixed">,
  { ids, labels, classes }: { readonly ids: readonly string[]; readonly labels: Int32Array | null; readonly classes: readonly string[] },
): ClassifiedItem[] {
  const judged = { probabilities: mixed, truth: new Int32Array(rows.length), classes };
  return rows.map((row, index) => {
    const said = saidAt(judged, index);
    const at = (label: number): number => mixed[index * classes.length + label]!;
    const truth = labels?.[row] ?? -1;
    return {
      index: row,
      input: ids[row]!,
      label: classes[said]!,
      probability: at(said),
      probabilities: Object.fromEntries(classes.map((name, label) => [name, at(label)])),
      actual: truth < 0 ? null : classes[truth]!,
    };
  });
}

/** The weight of the networks beside the logistic regression with the least log loss on the validation sequences. */
export function networkWeightOf(probabilities: Probabilities, truth: Int32Array, classes: readonly string[]): number {
  const losses = weights.map(
    (weight) => scoresOf({ probabilities: mixedProbabilities(probabilities, weight, classes.length), truth, classes }).logLoss,
  );
  return weights[losses.indexOf(Math.min(...losses))]!;
}

// Half and half first: of equals it wins.
const weights = [0.5, 0.25, 0.75, 0, 1];

/** A high accuracy hides that rare classes are never found. */
function neverSaid(perClass: ClassifyEvaluation["perClass"], confusion: ClassifyEvaluation["confusion"], tested: number): string[] {
  const missed = perClass.filter(({ support }, said) => support > 0 && confusion.every((row) => row[said] === 0));
  if (missed.length === 0) return [];
  const support = missed.reduce((sum, each) => sum + each.support, 0);
  const which = listed(missed.map(({ label }) => label));
  return [`It never says ${which}, which ${support} of ${tested} are: --class-weights balanced looks harder for rare classes.`];
}

function verdictOf(model: { auroc: number | null; accuracy: number }, logistic: { auroc: number | null }, majority: number): string {
  const against = `Accuracy ${model.accuracy.toFixed(3)}, ${majority.toFixed(3)} by always saying the most frequent class.`;
  if (model.auroc === null || logistic.auroc === null) return against;
  const difference = model.auroc - logistic.auroc;
  const than = Math.abs(difference) < 5e-4 ? "as" : difference > 0 ? `${difference.toFixed(3)} above` : `${(-difference).toFixed(3)} below`;
  return `AUROC ${model.auroc.toFixed(3)}, ${than} logistic regression on summaries. ${against}`;
}
