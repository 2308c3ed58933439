// Products: matmul, dot with chosen axes, outer.

import { showShape } from "../base/dim.js";
import { ShapeError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { currentPlace } from "../ir/core/build.js";
import type { OpAttributes } from "../ir/core/node.js";
import { emit } from "../trace/emit.js";
import { domainOf, physical, unpack } from "../trace/packed.js";
import { asValue, dimsOf, type Value } from "../trace/traced.js";
import { castValue } from "./align.js";

/**
 * Matrix product over the last axis of `a` and the first (rank <= 2) or last but one axis of `b`.
 * [I]·[I, O] = [O]; [B, I]·[I, O] = [B, O]; [B, T, I]·[I, O] = [B, T, O]; [..., M, K]·[..., K, N] with equal leading axes.
 *
 * @throws ShapeError `matmul_inner_size` naming both shapes
 * @example matmul(tensor([[1, 2]]), tensor([[3, 4], [5, 6]])) // → [[13, 16]]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const left = castValue(asValue(a), "float32");
  const right = castValue(unpack(asValue(b)), "float32");
  const aDims = dimsOf(left);
  const bDims = dimsOf(right);
  if (aDims.length === 0 || bDims.length === 0) throw scalarFactor(left, right);
  if (bDims.length <= 2) {
    const domain = domainOf(left);
    const inner = physical(left);
    const attrs = { aBatch: [], bBatch: [], aContract: [dimsOf(inner).length - 1], bContract: [0] };
    checkInner(left, right, aDims.length - 1, 0);
    if (domain !== null && aDims.length === 2) return emit("dot", [unpack(left), right], { ...attrs, aContract: [1] });
    return emit("dot", [inner, right], attrs, domain);
  }
  return batchedMatmul(unpack(left), right);
}

/**
 * Product summed over chosen axes. Result axes: batch axes, then what is left of `a`, then of `b`.
 *
 * @example dot(tensor([[1, 2], [3, 4]]), tensor([[1, 1], [2, 2]]), { aBatch: [0], bBatch: [0], aContract: [1], bContract: [1] }) // → [3, 14]
 */
export function dot(a: Tensor, b: Tensor, axes: OpAttributes["dot"]): Tensor {
  return emit("dot", [castValue(unpack(asValue(a)), "float32"), castValue(unpack(asValue(b)), "float32")], axes);
}

/**
 * All products of an entry of `a` [M] with an entry of `b` [N]: [M, N].
 *
 * @example outer(tensor([1, 2]), tensor([3, 4, 5])) // → [[3, 4, 5], [6, 8, 10]]
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  return dot(a, b, { aBatch: [], bBatch: [], aContract: [], bContract: [] });
}

function batchedMatmul(left: Value, right: Value): Tensor {
  const aRank = dimsOf(left).length;
  const bRank = dimsOf(right).length;
  checkInner(left, right, aRank - 1, bRank - 2);
  const shared = Math.min(aRank - 1, bRank - 2);
  // With fewer axes on the left, as in [K]·[B, K, N], the matrix stack is on the right alone.
  const batch = aRank === bRank ? bRank - 2 : aRank - 1 === bRank - 2 ? shared : 0;
  const leading = Array.from({ length: batch }, (_, axis) => axis);
  return emit("dot", [left, right], { aBatch: leading, bBatch: leading, aContract: [aRank - 1], bContract: [bRank - 2] });
}

function checkInner(left: Value, right: Value, aAxis: number, bAxis: number): void {
  const columns = dimsOf(left)[aAxis]!;
  const rows = dimsOf(right)[bAxis]!;
  // A run-time size may still turn out equal; the op table decides about those.
  if (typeof columns !== "number" || typeof rows !== "number" || columns === rows) return;
  throw new ShapeError({
    code: "matmul_inner_size",
    op: "matmul",
    what: `left ${showShape(dimsOf(left))} has ${columns} columns but right ${showShape(dimsOf(right))} has ${rows} rows`,
    hint: "Transpose one side, or check the layer's input size.",
    where: currentPlace(),
  });
}

function scalarFactor(left: Value, right: Value): ShapeError {
  const what = `${showShape(dimsOf(left))} and ${showShape(dimsOf(right))}: both need an axis`;
  return new ShapeError({ code: "matmul_scalar", op: "matmul", what, hint: "Use mul for scalars.", where: currentPlace() });
}
