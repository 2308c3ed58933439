// Scores of classified sequences: hits, probabilities, areas under curves with bootstrap intervals.

import { philox } from "../../base/random.js";
import { auprc, auroc, type Collected, f1Macro } from "../../train/metrics/collected.js";
import type { ClassifyEvaluation, ClassScores, Interval } from "./types.js";

/** Probabilities [rows, classes] and the true class of each row. */
export interface Judged {
  readonly probabilities: Float64Array;
  readonly truth: Int32Array;
  readonly classes: readonly string[];
}

/** Scores of one way to classify. */
export function scoresOf(judged: Judged): ClassScores {
  const { probabilities, truth, classes } = judged;
  const collected = collect(judged);
  let [hits, nats] = [0, 0];
  truth.forEach((label, row) => {
    hits += Number(saidAt(judged, row) === label);
    nats -= Math.log(Math.max(1e-12, probabilities[row * classes.length + label]!));
  });
  return {
    accuracy: hits / truth.length,
    macroF1: f1Macro(collected),
    logLoss: nats / truth.length,
    calibrationError: calibrationError(judged),
    auroc: orNull(auroc(collected)),
    auprc: orNull(auprc(collected)),
  };
}

/** The most probable class of a row; the first of equals. */
export function saidAt({ probabilities, classes }: Judged, row: number): number {
  let best = 0;
  for (let label = 1; label < classes.length; label++)
    if (probabilities[row * classes.length + label]! > probabilities[row * classes.length + best]!) best = label;
  return best;
}

/** confusion[truth][said] */
export function confusionOf(judged: Judged): number[][] {
  const counts = judged.classes.map(() => judged.classes.map(() => 0));
  judged.truth.forEach((label, row) => {
    counts[label]![saidAt(judged, row)]! += 1;
  });
  return counts;
}

/** Precision, recall and F1 of each class. */
export function perClassOf(classes: readonly string[], confusion: readonly (readonly number[])[]): ClassifyEvaluation["perClass"] {
  return classes.map((label, index) => {
    const hits = confusion[index]![index]!;
    const support = confusion[index]!.reduce((sum, count) => sum + count, 0);
    const said = confusion.reduce((sum, row) => sum + row[index]!, 0);
    const [precision, recall] = [said === 0 ? 0 : hits / said, support === 0 ? 0 : hits / support];
    return { label, precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall), support };
  });
}

const resamples = 500;

/**
 * Percentile bootstrap (Efron 1979): rows drawn with replacement, 500 times; draws that lack a class are left out.
 */
export function intervalsOf(judged: Judged, seed: number): { readonly auroc: Interval; readonly auprc: Interval } {
  const { probabilities, truth, classes } = judged;
  const size = classes.length;
  const found: { auroc: number[]; auprc: number[] } = { auroc: [], auprc: [] };
  const words = new Uint32Array(4);
  for (let sample = 0; sample < resamples; sample++) {
    const drawn = new Float64Array(probabilities.length);
    const labels = new Int32Array(truth.length);
    for (let row = 0; row < truth.length; row++) {
      if (row % 4 === 0) philox(seed | 0, 0xb007, row, sample, 0, 0, words);
      const from = Math.floor((words[row % 4]! / 2 ** 32) * truth.length);
      labels[row] = truth[from]!;
      drawn.set(probabilities.subarray(from * size, (from + 1) * size), row * size);
    }
    const collected = collect({ probabilities: drawn, truth: labels, classes });
    for (const [name, metric] of [
      ["auroc", auroc],
      ["auprc", auprc],
    ] as const) {
      const value = metric(collected);
      if (!Number.isNaN(value)) found[name].push(value);
    }
  }
  return { auroc: middle(found.auroc), auprc: middle(found.auprc) };
}

function middle(values: number[]): Interval {
  if (values.length < resamples / 2) return null;
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return [at(0.025), at(0.975)];
}

/** Expected calibration error with ten bins of the said class's probability (Guo et al. 2017). */
function calibrationError(judged: Judged): number {
  const bins = Array.from({ length: 10 }, () => ({ sum: 0, hits: 0 }));
  const { probabilities, truth, classes } = judged;
  truth.forEach((label, row) => {
    const said = saidAt(judged, row);
    const confidence = probabilities[row * classes.length + said]!;
    const bin = bins[Math.min(9, Math.floor(10 * confidence))]!;
    bin.sum += confidence;
    bin.hits += Number(said === label);
  });
  return bins.reduce((sum, bin) => sum + Math.abs(bin.sum - bin.hits), 0) / truth.length;
}

function collect({ probabilities, truth, classes }: Judged): Collected {
  return { predicted: probabilities, columns: classes.length, actual: truth, isClass: true, weights: null, isExclusive: true };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
