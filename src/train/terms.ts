// What the trainer adds up over a batch: each output's loss, its count of valid elements, and the metrics.

import { type Dim, equalDims, equalShapes, showShape, sizeOfShape } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Domain } from "../ir/core/node.js";
import { add, cast, div, equal, expandDims, greater, min, mul, sum, where } from "../ops/index.js";
import { sizeAsTensor } from "../ops/reduce.js";
import { domainFor, windowDomainOf } from "../trace/context.js";
import { emit } from "../trace/emit.js";
import { domainOf, overSteps, pack, physical } from "../trace/packed.js";
import { asValue, dimsOf, isTensor, type Value } from "../trace/traced.js";
import type { Loss } from "./losses/index.js";
import { probabilities } from "./losses/probabilities.js";
import type { Metric } from "./metrics/index.js";

/** A sum over valid elements and their number, both scalars. */
export interface Total {
  readonly sum: Tensor;
  readonly count: Tensor;
}

/** What training and evaluation measure. */
export interface Measures {
  readonly losses: ReadonlyMap<string, Loss>;
  /** What each output's mean loss is multiplied by in the whole; 1 unless named. */
  readonly lossWeights: ReadonlyMap<string, number>;
  /** Metrics of each output. */
  readonly metrics: ReadonlyMap<string, readonly Metric[]>;
}

/** Every valid element of one output, for metrics that need them all. */
export interface Elements {
  /** NaN where there is none. */
  readonly actual: Tensor;
  /** Probabilities where the loss knows any. */
  readonly predicted: Tensor;
  /** One for each entry of the first axis; null if there are none. */
  readonly weights: Tensor | null;
}

/** Totals of one batch, by output name; metrics by `output metric`. */
export interface BatchTotals {
  readonly losses: Readonly<Record<string, Total>>;
  readonly metrics: Readonly<Record<string, Total>>;
  /** Terms that join the loss as they are: layers' penalties in the order of the calls, then that of the weights. */
  readonly penalties: readonly Total[];
  readonly elements: Readonly<Record<string, Elements>>;
}

/** A term of the whole loss: factor·sum / count. */
export interface Term extends Total {
  readonly factor: number;
}

/** The batch beside the network's outputs. Weights are [B], or [B, T] where each step has its own; null: all are 1. */
export interface BatchData {
  targets(name: string): Tensor;
  weights(name: string): Tensor | null;
  /** True if NaN among the targets means that there is none. */
  hasHoles(name: string): boolean;
  /** Of the sequence outputs; null if every row has all steps. */
  readonly lengths: Tensor | null;
  isSequence(name: string): boolean;
}

/** A network's outputs by name, the single unnamed one as "". */
export function outputsByName(outputs: Tensor | { readonly [name: string]: Tensor }): ReadonlyMap<string, Tensor> {
  return isTensor(outputs) ? new Map([["", outputs]]) : new Map(Object.entries(outputs as { readonly [name: string]: Tensor }));
}

/**
 * Losses and metrics of a batch. Sequence outputs that a network unpacked are packed again, so that nothing in the padding counts.
 * A loss that is not a number per element, weighted, throws UsageError `loss_scalar`, `weighted_loss`.
 */
export function measure(outputs: ReadonlyMap<string, Tensor>, data: BatchData, measures: Measures): Omit<BatchTotals, "penalties"> {
  const losses: Record<string, Total> = {};
  const metrics: Record<string, Total> = {};
  const elements: Record<string, Elements> = {};
  for (const [name, loss] of measures.losses) {
    const output = asValue(outputs.get(name)!);
    const [batch, time] = dimsOf(output);
    const ofTime = (): Domain => windowDomainOf(time!) ?? domainFor(batch!, time!, data.lengths);
    const domain = domainOf(output) ?? (data.isSequence(name) ? ofTime() : null);
    const predicted = domain !== null && domainOf(output) === null ? pack(output, domain) : output;
    const target = asValue(data.targets(name));
    const given = domain === null ? target : pack(target, domain);
    // What is missing is a number for the loss, and its element of the loss does not count. 1 rather than 0, because losses divide by targets
    // and take their logarithm, and no gradient of 0 undoes an infinite slope; class 0 is always there.
    const seen = data.hasHoles(name) ? asValue(equal(given, given)) : null;
    const actual = seen === null ? given : asValue(where(seen, given, loss.targets === "class" ? 0 : 1));
    const weight = data.weights(name);
    const weights = weight === null ? null : weightsOf(asValue(weight), domain);
    const total = (of: Tensor): Total => totalOf(packedIn(asValue(of), domain), { weights, seen }, loss);
    losses[name] = total(loss.elements(actual, predicted));
    const own = measures.metrics.get(name) ?? [];
    for (const { name: metric, measured } of own)
      if (measured.kind === "mean") metrics[`${name} ${metric}`] = total(measured.elements(actual, predicted, loss));
    if (own.some(({ measured }) => measured.kind === "whole"))
      elements[name] = { actual: physical(given), predicted: physical(asValue(probabilities(loss, predicted))), weights };
  }
  return { losses, metrics, elements };
}

/** All terms of the whole loss, outputs first. */
export function termsOf({ losses, penalties }: BatchTotals, { lossWeights }: Measures): readonly Term[] {
  const ofOutputs = Object.entries(losses).map(([name, total]): Term => ({ ...total, factor: lossWeights.get(name) ?? 1 }));
  return [...ofOutputs, ...penalties.map((penalty): Term => ({ ...penalty, factor: 1 }))];
}

/**
 * One sum to differentiate, and the count to divide its gradient by. With several terms the sum of their means is scaled to the first
 * one's count, so that the division is the same.
 *
 * @param whole counts of each term in all batches that are added up; null: this batch is the only one
 */
export function combined(terms: readonly Term[], whole: readonly Tensor[] | null): Total {
  const [first, ...rest] = terms;
  if (first === undefined) throw new UsageError({ code: "no_loss", what: "the model has no output with a loss" });
  const scaled = (total: Tensor, factor: number): Tensor => (factor === 1 ? total : mul(factor, total));
  const countAt = (index: number): Tensor => orOne(whole?.[index] ?? terms[index]!.count);
  return rest.reduce<Total>(
    (sumSoFar, next, index) => ({
      sum: add(sumSoFar.sum, mul(scaled(next.sum, next.factor), div(countAt(0), countAt(index + 1)))),
      count: first.count,
    }),
    { sum: scaled(first.sum, first.factor), count: first.count },
  );
}

/** A count to divide by: 1 instead of 0, where the sum is 0 too. */
function orOne(count: Tensor): Tensor {
  return where(greater(count, 0), count, 1);
}

/** A value that still has its padding as the valid steps alone. */
function packedIn(value: Value, domain: Domain | null): Value {
  if (domain === null || domainOf(value) !== null) return value;
  const dims = dimsOf(value);
  const isPadded = dims.length >= 2 && equalDims(dims[0]!, domain.batch) && equalDims(dims[1]!, domain.time);
  return isPadded ? pack(value, domain) : value;
}

/** Weights of the entries of the first axis: rows [B], or valid steps [N]. */
function weightsOf(given: Value, domain: Domain | null): Value {
  const value = asValue(cast(given, "float32"));
  if (domain === null) return value;
  return physical(dimsOf(value).length === 1 ? overSteps(value, domain) : pack(value, domain));
}

/** What an element counts: the weight of its entry, and whether its target is there; null: every one the same. */
interface Counting {
  readonly weights: Value | null;
  readonly seen: Value | null;
}

function totalOf(elements: Value, { weights, seen }: Counting, loss: Loss): Total {
  const value = physical(asValue(cast(elements, "float32")));
  const dims = dimsOf(value);
  if (dims.length === 0) {
    const what = `the loss${loss.name === null ? "" : ` "${loss.name}"`} returned a single number`;
    throw new UsageError({
      code: "loss_scalar",
      what,
      hint: "Return one number per element, without mean(...) or sum(...): the model averages the valid ones.",
    });
  }
  if (weights === null && seen === null) return { sum: sum(value), count: sizeAsTensor(sizeOfShape(dims)) };
  const present = seen === null ? null : presentIn(dims, physical(seen));
  if (weights === null) return { sum: sum(where(present!, value, 0)), count: sum(cast(present!, "float32")) };
  const [entries, ...rest] = dims;
  if (!equalDims(entries!, dimsOf(weights)[0]!)) {
    const what = `the loss gives ${showShape(dims)}, the sample weights are ${showShape(dimsOf(weights))}`;
    throw new UsageError({ code: "weighted_loss", what, hint: "A weighted loss keeps the first axis of its output." });
  }
  const shaped = rest.reduce<Tensor>((weight) => expandDims(weight, -1), weights);
  if (present !== null) return { sum: sum(mul(where(present, value, 0), shaped)), count: sum(mul(cast(present, "float32"), shaped)) };
  return { sum: sum(mul(value, shaped)), count: mul(sum(weights), sizeAsTensor(sizeOfShape(rest))) };
}

/** True for elements of the loss whose targets are all there: one for each target, several for it, or one for each row of targets. */
function presentIn(dims: readonly Dim[], seen: Value): Tensor {
  const targets = dimsOf(seen);
  if (equalShapes(dims, targets)) return seen;
  // One column of targets for several of the output.
  if (dims.length === targets.length && targets.at(-1) === 1 && equalShapes(dims.slice(0, -1), targets.slice(0, -1)))
    return emit("broadcast", [seen], { shape: dims });
  if (equalShapes(dims, targets.slice(0, -1))) return equal(min(cast(seen, "float32"), { axis: -1 }), 1);
  const what = `the loss gives ${showShape(dims)} for targets ${showShape(targets)}, so it is not known which of them missing targets belong to`;
  throw new UsageError({
    code: "missing_targets",
    what,
    hint: "Use a loss with one element for each target, or leave out rows with missing targets.",
  });
}
