// The symbolic tensor that user code sees while a function is traced.

import { type Dim, isSymbolic, showShape } from "../base/dim.js";
import type { DType } from "../base/dtype.js";
import { UsageError } from "../base/errors.js";
import { HostTensor, refuseArithmetic, type Tensor } from "../base/tensor.js";
import { type NamedLeaf, type Tree, type TreeOf, treeFrom, treeLeaves } from "../base/tree.js";
import { currentPlace } from "../ir/core/build.js";
import type { Domain, Node } from "../ir/core/node.js";

/**
 * A value of the graph being traced. With a domain it is a packed sequence: it reads as [B, T, ...], and its node holds the
 * valid steps only, [N, ...].
 */
export class TracedTensor implements Tensor {
  readonly node: Node;
  readonly domain: Domain | null;
  #shape: readonly number[] | null = null;

  constructor(node: Node, domain: Domain | null = null) {
    this.node = node;
    this.domain = domain;
  }

  get dtype(): DType {
    return this.node.dtype;
  }

  /** Sizes known only at run time throw `dynamic_dim` when read. */
  get shape(): readonly number[] {
    this.#shape ??= guardedShape(dimsOf(this));
    return this.#shape;
  }

  get data(): never {
    throw valueInTrace("data");
  }

  item(): never {
    throw valueInTrace("item()");
  }

  toArray(): never {
    throw valueInTrace("toArray()");
  }

  [Symbol.toPrimitive](hint: string): string {
    return refuseArithmetic(hint, `traced ${showShape(dimsOf(this))} ${this.dtype}`, currentPlace());
  }
}

/** Every tensor is one of these two. */
export type Value = HostTensor | TracedTensor;

export function isTensor(value: unknown): value is Value {
  return value instanceof HostTensor || value instanceof TracedTensor;
}

export function isTraced(value: unknown): value is TracedTensor {
  return value instanceof TracedTensor;
}

/** Narrows the public interface to the two classes behind it. */
export function asValue(tensor: Tensor): Value {
  if (isTensor(tensor)) return tensor;
  throw new UsageError({
    code: "not_a_tensor",
    what: `expected a tensor, found ${describe(tensor)}`,
    where: currentPlace(),
    hint: "Make one with tensor(...).",
  });
}

/** The tensors of a tree with their paths, in order. */
export function tensorLeaves(tree: Tree): NamedLeaf<Value>[] {
  return treeLeaves<Value>(tree as TreeOf<Value>, isTensor);
}

/** The same tree with other tensors, in the order of `tensorLeaves`. */
export function tensorTree<T extends Tree>(tree: T, leaves: readonly Tensor[]): T {
  return treeFrom<Value, Tensor>(tree as TreeOf<Value>, leaves, isTensor) as T;
}

/** Sizes as the user sees them: [B, T, ...] for a packed sequence. */
export function dimsOf(tensor: Tensor): readonly Dim[] {
  const value = asValue(tensor);
  if (value instanceof HostTensor) return value.shape;
  const { node, domain } = value;
  return domain === null ? node.shape : [domain.batch, domain.time, ...node.shape.slice(1)];
}

export function rankOf(tensor: Tensor): number {
  return dimsOf(tensor).length;
}

/** Refuses what plain JavaScript may pass for a function to be traced; throws UsageError `not_a_function`. */
export function checkFunction(op: string, f: unknown): void {
  if (typeof f === "function") return;
  throw new UsageError({ code: "not_a_function", op, what: `expected a function of tensors, found ${describe(f)}` });
}

function guardedShape(dims: readonly Dim[]): readonly number[] {
  const shape: number[] = [];
  dims.forEach((dim, axis) => {
    if (!isSymbolic(dim)) {
      shape[axis] = dim;
      return;
    }
    Object.defineProperty(shape, axis, {
      enumerable: true,
      get(): never {
        throw new UsageError({
          code: "dynamic_dim",
          what: `axis ${axis} of ${showShape(dims)} has the size ${dim.key}, which is known only at run time`,
          hint: "Use sizeOf(t, axis), or an op that does not need the number.",
          where: currentPlace(),
          phase: "trace",
        });
      },
    });
  });
  return Object.freeze(shape);
}

function valueInTrace(what: string): UsageError {
  return new UsageError({
    code: "value_in_trace",
    what: `${what} asks for a value while the function is traced, when there are only symbols`,
    hint: "Use where or scan to choose and repeat, or return the tensor and read it outside.",
    where: currentPlace(),
    phase: "trace",
  });
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return `the number ${value}`;
  return value === undefined ? "undefined" : `${/^[aeiou]/.test(typeof value) ? "an" : "a"} ${typeof value}`;
}
