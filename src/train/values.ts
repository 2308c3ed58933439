// Checks the values of columns: finite numbers, and targets that their loss can mean. Padding may hold anything.

import { elementCount } from "../base/dtype.js";
import { DataError } from "../base/errors.js";
import type { NetworkOutput } from "../nn/network.js";
import type { Column } from "./columns.js";
import type { Loss } from "./losses/index.js";

/** Refuses NaN and infinities in valid steps, naming the first; throws DataError `not_finite`. */
export function checkFinite(column: Column, lengths: Int32Array | null): void {
  if (column.data instanceof Int32Array) return;
  const at = firstWrong(column, lengths, Number.isFinite);
  if (at < 0) return;
  const { label, shape, data } = column;
  const what = `${label} holds ${data[at]} at ${placeOf(at, shape)}; fill or remove missing values first`;
  throw new DataError("not_finite", `${what}${label.startsWith("x") && shape.length === 3 ? ", or shorten the row with lengths" : ""}.`);
}

/** Refuses targets outside what the loss is made for; throws DataError `bad_target`. */
export function checkTargetValues(
  column: Column,
  output: NetworkOutput,
  { values, lengths }: { readonly values: Loss["values"]; readonly lengths: Int32Array | null },
): void {
  if (values === "any") return;
  const classes = Number(output.shape.at(-1));
  const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < classes;
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  const isCount = (value: number): boolean => value >= 0;
  const at = firstWrong(column, lengths, { classes: isClass, shares: isShare, counts: isCount }[values]);
  if (at < 0) return;
  const wanted = {
    classes: `a class is a whole number from 0 to ${classes - 1}`,
    shares: "targets of this loss lie between 0 and 1",
    counts: "targets of this loss are at least 0",
  }[values];
  throw new DataError("bad_target", `${column.label} holds ${column.data[at]} at ${placeOf(at, column.shape)}; ${wanted}.`);
}

/** The largest value in valid steps; 0 if there is none. */
export function largestValue(column: Column, lengths: Int32Array | null): number {
  let most = 0;
  firstWrong(column, lengths, (value) => {
    most = Math.max(most, value);
    return true;
  });
  return most;
}

/** Place of the first value in valid steps that is not right; -1 if all are. */
function firstWrong({ data, shape }: Column, lengths: Int32Array | null, isRight: (value: number) => boolean): number {
  const [rows = 0, time = 0] = shape;
  const perRow = elementCount(shape.slice(1));
  const perStep = elementCount(shape.slice(2));
  for (let row = 0; row < rows; row++) {
    const end = row * perRow + (lengths === null ? perRow : Math.min(lengths[row] ?? time, time) * perStep);
    for (let at = row * perRow; at < end; at++) if (!isRight(data[at]!)) return at;
  }
  return -1;
}

/** As in [3, 0]. */
function placeOf(at: number, shape: readonly number[]): string {
  let rest = at;
  const index = shape.map((_, axis) => {
    const stride = elementCount(shape.slice(axis + 1));
    const place = Math.floor(rest / stride);
    rest -= place * stride;
    return place;
  });
  return `[${index.join(", ")}]`;
}
