// Checks that the rows of the op table share: each failure names the op, what differs and both shapes.

import { type Dim, equalDims, showDim, showShape } from "../../base/dim.js";
import type { DType } from "../../base/dtype.js";
import { ShapeError } from "../../base/errors.js";
import type { OpName, ValueType } from "./node.js";

/** As in messages: `[B, 3] float32`. */
export function showType(type: ValueType): string {
  return `${showShape(type.shape)} ${type.dtype}`;
}

/** A ShapeError of this op. */
export function misfit(op: OpName, code: string, what: string, hint = ""): ShapeError {
  return new ShapeError({ code, op, what, hint });
}

/** The input at a position; a wrong number of inputs is reported by name. */
export function inputAt<T extends ValueType>(op: OpName, inputs: readonly T[], index: number): T {
  const found = inputs[index];
  if (found === undefined) throw misfit(op, "missing_input", `input ${index + 1} is missing`);
  return found;
}

/** Throws `wrong_dtype` unless the input has one of these element types. */
export function requireDtype(op: OpName, input: ValueType, allowed: readonly DType[]): void {
  if (allowed.includes(input.dtype)) return;
  throw misfit(op, "wrong_dtype", `the input ${showType(input)} must be ${allowed.join(" or ")}`, "Convert it with cast.");
}

/** Throws `dtypes_differ` unless all inputs have one element type. */
export function requireSameDtype(op: OpName, inputs: readonly ValueType[]): void {
  const first = inputs[0];
  const other = inputs.find((input) => input.dtype !== first?.dtype);
  if (first === undefined || other === undefined) return;
  throw misfit(op, "dtypes_differ", `${showType(first)} and ${showType(other)} have different element types`, "Convert one with cast.");
}

/** Throws `bad_axis` unless the axis exists. */
export function requireAxis(op: OpName, input: ValueType, axis: number): Dim {
  const dim = Number.isInteger(axis) && axis >= 0 ? input.shape[axis] : undefined;
  if (dim === undefined) throw misfit(op, "bad_axis", `axis ${axis} of ${showType(input)} does not exist`);
  return dim;
}

/** numpy broadcasting: aligned at the right, sizes of 1 expand, symbolic sizes must be the same expression. */
export function broadcastShape(op: OpName, inputs: readonly ValueType[]): readonly Dim[] {
  let result: readonly Dim[] = [];
  for (const { shape } of inputs) {
    const rank = Math.max(result.length, shape.length);
    const wide = result;
    result = Array.from({ length: rank }, (_, axis) => {
      const left = wide[axis - rank + wide.length] ?? 1;
      const right = shape[axis - rank + shape.length] ?? 1;
      if (left === 1 || equalDims(left, right)) return right;
      if (right === 1) return left;
      const shown = inputs.map((input) => showType(input)).join(" and ");
      const what = `${shown} do not fit together: ${showDim(left)} against ${showDim(right)} at axis ${axis - rank} from the right`;
      throw misfit(op, "shapes_do_not_broadcast", what, "Sizes must be equal or 1; add axes of size 1 with expandDims or reshape.");
    });
  }
  return result;
}
