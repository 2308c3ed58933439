// Checks the values of columns: finite numbers, and targets that their loss can mean. Padding may hold anything.

import { elementCount } from "../base/dtype.js";
import { DataError } from "../base/errors.js";
import type { NetworkOutput } from "../nn/network.js";
import type { Column } from "./columns.js";
import type { Loss } from "./losses/index.js";

/**
 * Refuses infinities in valid steps, and NaN where it does not mean a missing value, naming the first. Rows that are not read yet are
 * passed over; `rows` are the numbers of a batch's rows, `others` the inputs that may miss values. Throws DataError `not_finite`.
 */
export function checkFinite(
  column: Column,
  lengths: Int32Array | null,
  mayMiss: boolean,
  { rows = null, others = [] }: { readonly rows?: Int32Array | null; readonly others?: readonly string[] } = {},
): void {
  if (column.source !== undefined) return;
  if (column.data instanceof Int32Array || isAllFinite(column.data)) return;
  const at = firstWrong(column, lengths, mayMiss ? (value) => Number.isFinite(value) || Number.isNaN(value) : Number.isFinite);
  if (at < 0) return;
  const { label, shape, data } = column;
  const value = data[at]!;
  const what = `${label} holds ${value} at ${placeOf(at, shape, rows)}`;
  if (!Number.isNaN(value)) throw new DataError("not_finite", `${what}.`);
  if (others.length > 0)
    throw new DataError("not_finite", `${what}; only ${others.join(", ")} may miss values.`, "Give this one a number at every step.");
  const hint =
    shape.length === 3
      ? "Begin the network with fillMissing() or a cell made by withDecay, fill the value yourself, or shorten the row with lengths."
      : "Begin the network with fillMissing(), or fill the value yourself.";
  throw new DataError("not_finite", `${what}: a missing value, which the first layer cannot take.`, hint);
}

/** Refuses steps that come before the one before them: time since then is at least 0. Throws DataError `negative_gap`. */
export function checkGaps(column: Column, lengths: Int32Array | null, rows: Int32Array | null): void {
  if (column.source !== undefined) return;
  const at = firstWrong(column, lengths, (value) => value >= 0);
  if (at >= 0) throw negativeGap(`${column.label} holds ${column.data[at]} at ${placeOf(at, column.shape, rows)}`);
}

/** The error for a step whose time runs backwards. */
export function negativeGap(what: string): DataError {
  return new DataError("negative_gap", `${what}: no time since the step before is below 0.`, "Put the steps in the order of time.");
}

/**
 * True if valid steps hold NaN, or may do so once they are read; throws DataError `no_targets_seen` if they hold nothing else. One batch of
 * many may, and all of them have one form.
 */
export function hasHoles(column: Column, lengths: Int32Array | null, isAll: boolean): boolean {
  if (column.source !== undefined || !isAll) return column.dtype === "float32";
  if (isAllFinite(column.data) || firstWrong(column, lengths, (value) => !Number.isNaN(value)) < 0) return false;
  if (firstWrong(column, lengths, (value) => Number.isNaN(value)) >= 0) return true;
  throw new DataError("no_targets_seen", `${column.label} holds nothing but missing values: there is nothing to compare with.`);
}

/** Refuses targets outside what the loss is made for; throws DataError `bad_target`. */
export function checkTargetValues(
  column: Column,
  output: NetworkOutput,
  {
    values,
    lengths,
    rows = null,
  }: { readonly values: Loss["values"]; readonly lengths: Int32Array | null; readonly rows?: Int32Array | null },
): void {
  if (values === "any" || column.source !== undefined) return;
  const classes = Number(output.shape.at(-1));
  const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < classes;
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  const isCount = (value: number): boolean => value >= 0;
  const isRight = { classes: isClass, shares: isShare, counts: isCount }[values];
  const at = firstWrong(column, lengths, (value) => Number.isNaN(value) || isRight(value));
  if (at < 0) return;
  const wanted = {
    classes: `a class is a whole number from 0 to ${classes - 1}`,
    shares: "targets of this loss lie between 0 and 1",
    counts: "targets of this loss are at least 0",
  }[values];
  throw new DataError("bad_target", `${column.label} holds ${column.data[at]} at ${placeOf(at, column.shape, rows)}; ${wanted}.`);
}

/** The largest value in valid steps; 0 if there is none. */
export function largestValue(column: Column, lengths: Int32Array | null): number {
  let most = 0;
  firstWrong(column, lengths, (value) => {
    if (value > most) most = value;
    return true;
  });
  return most;
}

/** A sum of zeros unless something is not finite: a quick look at all values before a careful one at those that count. */
export function isAllFinite(data: ArrayLike<number>): boolean {
  // Four sums, because each addition waits for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    a += data[at]! * 0;
    b += data[at + 1]! * 0;
    c += data[at + 2]! * 0;
    d += data[at + 3]! * 0;
  }
  for (let at = whole; at < data.length; at++) a += data[at]! * 0;
  return a + b + c + d === 0;
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
function placeOf(at: number, shape: readonly number[], rows: Int32Array | null): string {
  let rest = at;
  const index = shape.map((_, axis) => {
    const stride = elementCount(shape.slice(axis + 1));
    const place = Math.floor(rest / stride);
    rest -= place * stride;
    // Rows of a batch are told by their numbers in the data.
    return axis === 0 ? (rows?.[place] ?? place) : place;
  });
  return `[${index.join(", ")}]`;
}
