// What the trainer adds up over a batch: each output's loss, its count of valid elements, and the metrics.

import { type Dim, equalDims, sizeOfShape } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Domain } from "../ir/core/node.js";
import { add, cast, div, maximum, mul, sum } from "../ops/index.js";
import { domainFor, windowDomainOf } from "../trace/context.js";
import { emit } from "../trace/emit.js";
import { domainOf, pack, physical } from "../trace/packed.js";
import { asValue, dimsOf, isTensor } from "../trace/traced.js";
import type { Loss } from "./losses/index.js";
import type { Metric } from "./metrics/index.js";

/** A sum over valid elements and their number, both scalars. */
export interface Total {
  readonly sum: Tensor;
  readonly count: Tensor;
}

/** What training and evaluation measure. */
export interface Measures {
  readonly losses: ReadonlyMap<string, Loss>;
  /** Metrics of each output. */
  readonly metrics: ReadonlyMap<string, readonly Metric[]>;
}

/** Totals of one batch, by output name; metrics by `output metric`. */
export interface BatchTotals {
  readonly losses: Readonly<Record<string, Total>>;
  readonly metrics: Readonly<Record<string, Total>>;
}

/** A network's outputs by name, the single unnamed one as "". */
export function outputsByName(outputs: Tensor | { readonly [name: string]: Tensor }): ReadonlyMap<string, Tensor> {
  return isTensor(outputs) ? new Map([["", outputs]]) : new Map(Object.entries(outputs as { readonly [name: string]: Tensor }));
}

/**
 * Losses and metrics of a batch. Sequence outputs that a network unpacked are packed again, so that nothing in the padding counts.
 *
 * @param targets  dense, by output name
 * @param lengths  of the sequence outputs; null if every row has all steps
 */
export function measure(
  outputs: ReadonlyMap<string, Tensor>,
  targets: (name: string) => Tensor,
  lengths: Tensor | null,
  measures: Measures,
  isSequence: (name: string) => boolean,
): BatchTotals {
  const losses: Record<string, Total> = {};
  const metrics: Record<string, Total> = {};
  for (const [name, loss] of measures.losses) {
    const output = asValue(outputs.get(name)!);
    const [batch, time] = dimsOf(output);
    const ofTime = (): Domain => windowDomainOf(time!) ?? domainFor(batch!, time!, lengths);
    const domain = domainOf(output) ?? (isSequence(name) ? ofTime() : null);
    const predicted = domain !== null && domainOf(output) === null ? pack(output, domain) : output;
    const target = asValue(targets(name));
    const actual = domain === null ? target : pack(target, domain);
    const total = (elements: Tensor): Total => {
      const value = asValue(elements);
      const dims = dimsOf(value);
      const isPadded =
        domain !== null &&
        domainOf(value) === null &&
        dims.length >= 2 &&
        equalDims(dims[0]!, domain.batch) &&
        equalDims(dims[1]!, domain.time);
      return totalOf(isPadded && domain !== null ? pack(value, domain) : value, loss);
    };
    losses[name] = total(loss.elements(actual, predicted));
    for (const metric of measures.metrics.get(name) ?? [])
      metrics[`${name} ${metric.name}`] = total(metric.elements(actual, predicted, loss));
  }
  return { losses, metrics };
}

/**
 * One loss to differentiate, and the count to divide its gradient by. With several outputs the sum of their means is scaled to the
 * first one's count, so that the division is the same.
 */
export function combined(losses: Readonly<Record<string, Total>>): Total {
  const [first, ...rest] = Object.values(losses);
  if (first === undefined) throw new UsageError({ code: "no_loss", what: "the model has no output with a loss" });
  return rest.reduce<Total>((whole, next) => {
    const scale = div(maximum(first.count, 1), maximum(next.count, 1));
    return { sum: add(whole.sum, mul(next.sum, scale)), count: whole.count };
  }, first);
}

function totalOf(elements: Tensor, loss: Loss): Total {
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
  return { sum: sum(value), count: cast(sizeTensor(sizeOfShape(dims)), "float32") };
}

function sizeTensor(dim: Dim): Tensor {
  return emit("sizeOf", [], { dim });
}
