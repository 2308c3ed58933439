// Reductions that a tile program does while it walks: over the columns of each row, or over the rows.

import type { Dim } from "../base/dim.js";
import { isOp, type Node } from "../ir/core/node.js";
import type { ReducingOpcode } from "../ir/lowered/opcodes.js";
import { isActiveRows } from "../ir/lowered/program.js";

/** How a tile program reduces its space: leading axes of the (squeezed) space as rows, the rest as columns. */
export interface TileReduction {
  readonly op: ReducingOpcode;
  /** Axes of the space that are rows; the reduction takes the others, or with sumColumns these. */
  readonly cut: number;
}

/**
 * The reduction as part of a tile program over its input's space; null if it needs an instruction of its own. Each number is the same
 * to the bit as that instruction's: rows in sixteen lanes, columns one by one.
 */
export function tileReduction(node: Node): TileReduction | null {
  const op = isOp(node, "sum") ? "sum" : isOp(node, "maxOf") ? "max" : null;
  const input = node.inputs[0];
  if (op === null || input === undefined || input.dtype !== "float32") return null;
  const axes: readonly number[] = isOp(node, "sum") ? node.attrs.axes : isOp(node, "maxOf") ? [node.attrs.axis] : [];
  // Of each axis of the space: is it reduced?
  const reduced = input.shape.flatMap((dim, axis) => (dim === 1 ? [] : [axes.includes(axis)]));
  const space = input.shape.filter((dim) => dim !== 1);
  const cut = reduced.findIndex((flag) => flag !== reduced[0]);
  if (cut < 1 || reduced.slice(cut).some((flag) => flag === reduced[0])) return null;
  const active = space.findIndex(isActiveRows);
  if (active > 0 || (active === 0 && cut !== 1)) return null;
  if (reduced[0] === false) return { op: op === "sum" ? "sumRow" : "maxRow", cut };
  // One sum per column, in the order of the rows: the columns' number must not decide what that order is.
  const isFixed = space.slice(cut).every((dim: Dim) => typeof dim === "number");
  return op === "sum" && active < 0 && isFixed ? { op: "sumColumns", cut } : null;
}
