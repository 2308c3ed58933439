// Gradients of functions: reverse mode on the graph being traced, by value outside a trace.

import { reverse } from "../autodiff/reverse.js";
import { showDim, showShape } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { makeNode, scalarNode } from "../ir/core/build.js";
import type { Node } from "../ir/core/node.js";
import { emit, nodeOf } from "../trace/emit.js";
import { traceOrEvaluate } from "../trace/function.js";
import { domainOf, physical } from "../trace/packed.js";
import { asValue, checkFunction, dimsOf, TracedTensor, tensorLeaves, tensorTree } from "../trace/traced.js";
import { preparedForGradient } from "./pass-log.js";

/**
 * The gradient of a scalar function with respect to its first argument (a tensor or a tree of tensors).
 *
 * @throws UsageError `not_a_scalar_loss` when the result has axes
 * @example const slope = grad((x: Tensor) => sum(square(x)))(tensor([1, 2]));  // [2, 4]
 */
export function grad<A extends readonly Tree[]>(f: (...args: A) => Tensor): (...args: A) => A[0] {
  const both = valueAndGrad(f);
  return (...args) => both(...args)[1];
}

/**
 * Value and gradient of a scalar function with respect to its first argument, in one pass.
 *
 * @example const [loss, grads] = valueAndGrad((w: Tensor) => mean(square(sub(matmul(x, w), y))))(W);
 */
export function valueAndGrad<A extends readonly Tree[]>(f: (...args: A) => Tensor): (...args: A) => [Tensor, A[0]] {
  checkFunction("grad", f);
  return (...args) => {
    const result = traceOrEvaluate((given: readonly Tree[]) => differentiate(f, given as unknown as A), args);
    return [result.value, result.gradient as A[0]];
  };
}

/** Cotangents of traced tensors, given those of the outputs; zeros where no output depends on one. Only inside a trace. */
export function cotangentsOf(outputs: readonly Tensor[], seeds: readonly Tensor[], wrt: readonly Tensor[]): Tensor[] {
  const nodes = (tensors: readonly Tensor[]): Node[] => tensors.map((tensor) => nodeOf(physical(asValue(tensor))));
  const targets = nodes(wrt);
  const cotangents = reverse(nodes(outputs), nodes(seeds), targets, preparedForGradient);
  return cotangents.map((cotangent, index) => new TracedTensor(cotangent ?? zerosLike(targets[index]!), domainOf(asValue(wrt[index]!))));
}

function differentiate<A extends readonly Tree[]>(f: (...args: A) => Tensor, args: A): { value: Tensor; gradient: Tree } {
  const [first, ...rest] = args;
  if (first === undefined) throw new UsageError({ code: "no_argument", op: "grad", what: "the function was called without arguments" });
  // Fresh identity nodes: values computed from the same tensors before this call stay constants for it.
  const fresh = tensorLeaves(first).map(({ leaf }) => identity(asValue(leaf)));
  const value = asValue(f(...([tensorTree(first, fresh), ...rest] as unknown as A)));
  const shape = dimsOf(value);
  if (shape.length !== 0) {
    const what = `the function returned ${showShape(shape)}${shape.length === 1 ? ` (${showDim(shape[0]!)} values)` : ""}, a gradient needs one number`;
    throw new UsageError({ code: "not_a_scalar_loss", op: "grad", what, hint: "Take mean(...) or sum(...) of it." });
  }
  const wrt = fresh.map((leaf) => leaf.node);
  const cotangents = reverse([nodeOf(value)], [scalarNode(1)], wrt, preparedForGradient);
  const gradients = fresh.map((leaf, index) => new TracedTensor(cotangents[index] ?? zerosLike(leaf.node), leaf.domain));
  return { value, gradient: tensorTree(first, gradients) };
}

function identity(value: ReturnType<typeof asValue>): TracedTensor {
  const node = nodeOf(physical(value));
  return new TracedTensor(makeNode("reshape", [node], { shape: node.shape }), domainOf(value));
}

function zerosLike(node: Node): Node {
  const zero = new TracedTensor(scalarNode(0, node.dtype));
  return nodeOf(emit("broadcast", [zero], { shape: node.shape }));
}
