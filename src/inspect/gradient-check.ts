// Compares the gradient of any function of tensors with finite differences, in float64.

import { elementCount } from "../base/dtype.js";
import { UsageError } from "../base/errors.js";
import { HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { type NamedLeaf, type Tree, treeFrom } from "../base/tree.js";
import { valueAndGrad } from "../engine/grad.js";
import { interpret } from "../ir/core/interpret.js";
import type { Graph, Node } from "../ir/core/node.js";
import { traceFunction } from "../trace/function.js";
import { isTensor, tensorLeaves } from "../trace/traced.js";

/** What a check found. */
export interface GradientReport {
  /** Largest difference between a gradient's entry and its finite difference. */
  readonly error: number;
  /** 1e-7 · max(1, largest entry of the gradient). */
  readonly limit: number;
  readonly passed: boolean;
  /** The entry with the largest difference, as in "0/W[3, 1]": argument, path, index. */
  readonly where: string;
}

/**
 * Checks the gradient of a scalar function with respect to every float entry of its arguments, in float64. The function should be
 * smooth at the given point: near a kink (relu at 0) the finite difference is wrong, not the gradient.
 *
 * @throws UsageError `not_a_scalar_loss`, `nothing_to_check`
 * @example gradientCheck((w: Tensor) => sum(square(w)), tensor([1, 2, 3])).passed  // true
 */
export function gradientCheck<A extends readonly Tree[]>(f: (...args: A) => Tensor, ...args: A): GradientReport {
  const leaves = hostLeaves(args);
  const floats = leaves.flatMap(({ leaf }, index) => (leaf.dtype === "float32" ? [index] : []));
  if (floats.length === 0) throw new UsageError({ code: "nothing_to_check", op: "gradientCheck", what: "no argument is a float tensor" });
  const call = (inputs: readonly Tensor[]): Tensor => f(...(treeFrom(args, inputs, isTensor) as unknown as A));
  const types = leaves.map(({ path, leaf }) => ({ name: path, shape: leaf.shape, dtype: leaf.dtype }));
  const value = traceFunction("value", types, (inputs) => ({ outputs: [call(inputs)], extra: null }));
  const gradient = traceFunction("gradient", types, (inputs) => {
    const of = (chosen: readonly Tensor[]): Tensor => call(inputs.map((input, index) => chosen[floats.indexOf(index)] ?? input));
    const [, gradients] = valueAndGrad(of)(floats.map((index) => inputs[index]!));
    return { outputs: gradients, extra: null };
  });
  const arrays = leaves.map(({ leaf }) => (leaf.dtype === "float32" ? Float64Array.from(leaf.exact) : leaf.exact));
  const evaluate = (graph: Graph, captured: ReadonlyMap<Node<"input">, HostTensor>): (readonly number[])[] => {
    const feeds = graph.inputs.map((input, index) => {
      const host = captured.get(input) ?? hostTensor(arrays[index]!, leaves[index]!.leaf.shape, leaves[index]!.leaf.dtype);
      return [input, { data: host.exact, shape: host.shape, dtype: host.dtype }] as const;
    });
    return interpret(graph, new Map(feeds)).map(({ data }) => Array.from(data));
  };
  const analytic = evaluate(gradient.graph, gradient.captured);
  const valueNow = (): number => evaluate(value.graph, value.captured)[0]![0]!;
  return compare(
    floats.map((index) => leaves[index]!),
    floats.map((index) => arrays[index]!),
    analytic,
    valueNow,
  );
}

function hostLeaves(args: Tree): NamedLeaf<HostTensor>[] {
  return tensorLeaves(args).map(({ path, leaf }) => {
    if (leaf instanceof HostTensor) return { path, leaf };
    throw new UsageError({
      code: "value_in_trace",
      op: "gradientCheck",
      what: "it compares values, so it cannot be used inside a traced function",
    });
  });
}

/** Five-point differences; an entry that disagrees is tried again with smaller steps, because a kink may lie within the larger ones. */
function compare(
  leaves: readonly NamedLeaf<HostTensor>[],
  arrays: readonly HostTensor["exact"][],
  analytic: readonly (readonly number[])[],
  value: () => number,
): GradientReport {
  const largest = Math.max(0, ...analytic.flat().map(Math.abs));
  const limit = 1e-7 * Math.max(1, largest);
  let worst = { error: 0, where: "" };
  leaves.forEach(({ path, leaf }, which) => {
    for (let index = 0; index < arrays[which]!.length; index++) {
      let error = Number.POSITIVE_INFINITY;
      for (const step of [1e-4, 1e-5, 1e-6]) {
        if (error <= limit) break;
        const found = Math.abs(difference(arrays[which]!, index, step, value) - analytic[which]![index]!);
        error = Number.isNaN(found) ? error : Math.min(error, found);
      }
      if (error > worst.error || worst.where === "") worst = { error, where: `${path}[${indexOf(index, leaf.shape).join(", ")}]` };
    }
  });
  return { error: worst.error, limit, passed: worst.error <= limit, where: worst.where };
}

/** (f(x - 2s) - 8f(x - s) + 8f(x + s) - f(x + 2s)) / 12s: its error is of order s⁴. */
function difference(data: HostTensor["exact"], index: number, step: number, value: () => number): number {
  const centre = data[index]!;
  const at = (offset: number): number => {
    data[index] = centre + offset;
    return value();
  };
  const result = (at(-2 * step) - 8 * at(-step) + 8 * at(step) - at(2 * step)) / (12 * step);
  data[index] = centre;
  return result;
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  return shape
    .map((_, axis) => elementCount(shape.slice(axis + 1)))
    .map((stride) => {
      const at = Math.floor(rest / stride);
      rest -= at * stride;
      return at;
    });
}
