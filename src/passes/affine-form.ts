// Recognises steps that are affine in some carries: next = coefficient · carry + term, each product taken once.

import { equalShapes } from "../base/dim.js";
import { scalarNode } from "../ir/core/build.js";
import { add, neg, select, sub } from "../ir/core/builders.js";
import { isOp, type Node } from "../ir/core/node.js";

/** A value as coefficients of the carries (null: it does not occur) plus a term (null: none). */
export interface Form {
  readonly coefficients: readonly (Node | null)[];
  readonly term: Node | null;
}

/**
 * The value as an affine form of the carries; null if it is none. Accepted are sums, differences and signs of terms and of products of a
 * carry with one factor, where every carry occurs once, and choices between such forms of the same carries. What would round or overflow
 * differently is not: h + z·(c - h) uses h twice, (h·a)·b multiplies twice, and a·(h + b) would turn ∞·(2 - 1) into ∞ - ∞. Only sums of
 * terms are added in another order.
 *
 * @param isFree  true for values that depend on none of the carries
 */
export function affineForm(value: Node, carries: readonly Node[], isFree: (node: Node) => boolean): Form | null {
  const none: readonly (Node | null)[] = carries.map(() => null);
  if (isFree(value)) return { coefficients: none, term: value };
  const own = carries.indexOf(value);
  if (own >= 0) return { coefficients: none.with(own, scalarNode(1)), term: null };
  // A carry that is repeated along another axis is not the same element any more.
  if (!equalShapes(value.shape, carries[0]!.shape)) return null;
  const inner = (node: Node): Form | null => affineForm(node, carries, isFree);
  const [left, right] = [value.inputs[0], value.inputs[1]];
  if (isOp(value, "neg")) return negated(inner(left!));
  if (isOp(value, "add")) return summed(inner(left!), inner(right!));
  if (isOp(value, "sub")) return summed(inner(left!), negated(inner(right!)), sub);
  if (isOp(value, "select")) return isFree(left!) ? chosen(left!, inner(right!), inner(value.inputs[2]!)) : null;
  if (!isOp(value, "mul")) return null;
  return isFree(left!) ? scaled(inner(right!), left!) : isFree(right!) ? scaled(inner(left!), right!) : null;
}

function negated(form: Form | null): Form | null {
  if (form === null) return null;
  return { coefficients: form.coefficients.map((node) => node && negative(node)), term: form.term && neg(form.term) };
}

function negative(node: Node): Node {
  return isOp(node, "constant") && node.shape.length === 0 ? scalarNode(-node.attrs.data[0]!) : neg(node);
}

/** `minus` says how the terms join if the right one was negated for it. */
function summed(left: Form | null, right: Form | null, minus?: typeof sub): Form | null {
  if (left === null || right === null) return null;
  if (left.coefficients.some((node, index) => node !== null && right.coefficients[index] !== null)) return null;
  const joined = (): Node => {
    const [a, b] = [left.term!, right.term!];
    return minus !== undefined && isOp(b, "neg") ? minus(a, b.inputs[0]!) : add(a, b);
  };
  return {
    coefficients: left.coefficients.map((node, index) => node ?? right.coefficients[index]!),
    term: left.term === null || right.term === null ? (left.term ?? right.term) : joined(),
  };
}

/**
 * One of two forms; each carry must be in both, because a product with 0 in its place would make NaN of an infinite carry. Values are the
 * same for all numbers. In a gradient the side that is not taken is left out, where the loop would add 0 times it: NaN if it is infinite.
 */
function chosen(condition: Node, left: Form | null, right: Form | null): Form | null {
  if (left === null || right === null) return null;
  if (left.coefficients.some((node, index) => (node === null) !== (right.coefficients[index] === null))) return null;
  // -0 changes no bit of what it is added to.
  const term = (form: Form): Node => form.term ?? scalarNode(-0);
  return {
    coefficients: left.coefficients.map((node, index) => node && select(condition, node, right.coefficients[index]!)),
    term: left.term === null && right.term === null ? null : select(condition, term(left), term(right)),
  };
}

/** A factor times a carry or its negative, and nothing else. */
function scaled(form: Form | null, factor: Node): Form | null {
  if (form === null || form.term !== null) return null;
  const known = form.coefficients.filter((node) => node !== null);
  const sign = known.length === 1 ? signOf(known[0]!) : null;
  if (sign === null) return null;
  return { coefficients: form.coefficients.map((node) => node && (sign < 0 ? neg(factor) : factor)), term: null };
}

/** 1 or -1 for such a constant. */
function signOf(node: Node): number | null {
  if (!isOp(node, "constant") || node.shape.length > 0) return null;
  const value = node.attrs.data[0]!;
  return Math.abs(value) === 1 ? value : null;
}
