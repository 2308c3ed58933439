// Short names for making nodes: one thin function per primitive, used by gradient rules, vectorising rules and passes.

import { type Dim, equalDims, equalShapes } from "../../base/dim.js";
import type { DType } from "../../base/dtype.js";
import { makeNode, scalarNode } from "./build.js";
import type { Node, OpAttributes } from "./node.js";

/** A node, or a number that becomes a scalar constant of the other operand's dtype. */
export type Operand = Node | number;

/** Ops of one input without attributes. */
export type UnaryOp = "neg" | "abs" | "exp" | "log" | "log1p" | "sqrt" | "sin" | "cos" | "tanh" | "sigmoid" | "floor" | "stop";
/** Broadcasting ops of two inputs. */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "min" | "max" | "lt" | "le" | "eq";

export function unary(op: UnaryOp, x: Node): Node {
  return makeNode(op, [x], null);
}

export function binary(op: BinaryOp, a: Operand, b: Operand): Node {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  return makeNode(op, [operand(a, dtype), operand(b, dtype)], null);
}

export function neg(x: Node): Node {
  return unary("neg", x);
}

export function abs(x: Node): Node {
  return unary("abs", x);
}

export function exp(x: Node): Node {
  return unary("exp", x);
}

export function log(x: Node): Node {
  return unary("log", x);
}

export function log1p(x: Node): Node {
  return unary("log1p", x);
}

export function sqrt(x: Node): Node {
  return unary("sqrt", x);
}

export function sin(x: Node): Node {
  return unary("sin", x);
}

export function cos(x: Node): Node {
  return unary("cos", x);
}

export function tanh(x: Node): Node {
  return unary("tanh", x);
}

export function sigmoid(x: Node): Node {
  return unary("sigmoid", x);
}

export function floor(x: Node): Node {
  return unary("floor", x);
}

export function stop(x: Node): Node {
  return unary("stop", x);
}

export function add(a: Operand, b: Operand): Node {
  return binary("add", a, b);
}

export function sub(a: Operand, b: Operand): Node {
  return binary("sub", a, b);
}

export function mul(a: Operand, b: Operand): Node {
  return binary("mul", a, b);
}

export function div(a: Operand, b: Operand): Node {
  return binary("div", a, b);
}

export function min(a: Operand, b: Operand): Node {
  return binary("min", a, b);
}

export function max(a: Operand, b: Operand): Node {
  return binary("max", a, b);
}

export function lt(a: Operand, b: Operand): Node {
  return binary("lt", a, b);
}

export function le(a: Operand, b: Operand): Node {
  return binary("le", a, b);
}

export function eq(a: Operand, b: Operand): Node {
  return binary("eq", a, b);
}

/** `a` where the condition holds, else `b`; the side not taken is ignored even if it is NaN. */
export function select(condition: Node, a: Operand, b: Operand): Node {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  return makeNode("select", [condition, operand(a, dtype), operand(b, dtype)], null);
}

export function cast(x: Node, dtype: DType): Node {
  return x.dtype === dtype ? x : makeNode("cast", [x], { dtype });
}

export function reshape(x: Node, shape: readonly Dim[]): Node {
  return equalShapes(x.shape, shape) ? x : makeNode("reshape", [x], { shape });
}

/** Axis i of the result is axis `permutation[i]` of `x`. */
export function transpose(x: Node, permutation: readonly number[]): Node {
  const isIdentity = permutation.length === x.shape.length && permutation.every((axis, position) => axis === position);
  return isIdentity ? x : makeNode("transpose", [x], { permutation });
}

export function broadcast(x: Node, shape: readonly Dim[]): Node {
  return equalShapes(x.shape, shape) ? x : makeNode("broadcast", [x], { shape });
}

export function slice(x: Node, axis: number, start: Dim, size: Dim): Node {
  const dim = x.shape[axis];
  if (dim !== undefined && start === 0 && equalDims(size, dim)) return x;
  return makeNode("slice", [x], { axis, start, size });
}

export function pad(x: Node, axis: number, before: Dim, after: Dim): Node {
  return before === 0 && after === 0 ? x : makeNode("pad", [x], { axis, before, after });
}

export function concat(parts: readonly Node[], axis: number): Node {
  return parts.length === 1 ? parts[0]! : makeNode("concat", parts, { axis });
}

/** Sum over these axes (any order); they disappear. */
export function sum(x: Node, axes: readonly number[]): Node {
  return axes.length === 0 ? x : makeNode("sum", [x], { axes: [...axes].sort((a, b) => a - b) });
}

export function maxOf(x: Node, axis: number): Node {
  return makeNode("maxOf", [x], { axis });
}

export function argmax(x: Node, axis: number): Node {
  return makeNode("argmax", [x], { axis });
}

export function dot(a: Node, b: Node, attrs: OpAttributes["dot"]): Node {
  return makeNode("dot", [a, b], attrs);
}

/** Rows of `table` [R, ...] at `index` [...]. */
export function gather(table: Node, index: Node): Node {
  return makeNode("gather", [table, index], null);
}

/** Rows of `source` added into zeros [rows, ...] at `index`. */
export function scatterAdd(source: Node, index: Node, rows: Dim): Node {
  return makeNode("scatterAdd", [source, index], { rows });
}

/** int32 [size]: 0, 1, 2 … */
export function iota(size: Dim): Node {
  return makeNode("iota", [], { size });
}

/** int32 scalar: the value of a size in this run. */
export function sizeOf(dim: Dim): Node {
  return makeNode("sizeOf", [], { dim });
}

/** A scalar repeated over a shape. */
export function fill(value: number, shape: readonly Dim[], dtype: DType = "float32"): Node {
  return broadcast(scalarNode(value, dtype), shape);
}

export function zeros(shape: readonly Dim[], dtype: DType = "float32"): Node {
  return fill(0, shape, dtype);
}

export function zerosLike(x: Node): Node {
  return zeros(x.shape, x.dtype);
}

/** Inserts axes of size 1 so that the rank becomes `rank`; the first `leading` axes stay in front. */
export function alignRank(x: Node, rank: number, leading = 0): Node {
  const missing = rank - x.shape.length;
  if (missing <= 0) return x;
  return reshape(x, [...x.shape.slice(0, leading), ...Array.from({ length: missing }, () => 1), ...x.shape.slice(leading)]);
}

/** Adds up what broadcasting repeated, so that `x` has this (broadcast-compatible) shape again. */
export function sumTo(x: Node, shape: readonly Dim[]): Node {
  const extra = x.shape.length - shape.length;
  const repeated = x.shape.flatMap((dim, axis) => (axis < extra || !equalDims(dim, shape[axis - extra]!) ? [axis] : []));
  return reshape(sum(x, repeated), shape);
}

/** One axis moved to the front. */
export function axisToFront(x: Node, axis: number): Node {
  return transpose(
    x,
    [axis, ...x.shape.keys()].filter((other, position) => position === 0 || other !== axis),
  );
}

function operand(value: Operand, dtype: DType): Node {
  return typeof value === "number" ? scalarNode(value, dtype) : value;
}
