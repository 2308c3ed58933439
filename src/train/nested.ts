// Nested arrays of numbers as one flat array with a shape, not rounded.

import { elementCount } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";

/** Row-major values with their shape. */
export interface Flat {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** Nested arrays of one length per level; throws ShapeError `ragged`, UsageError `not_a_number`. */
export function flatNested(given: unknown, label: string): Flat {
  const shape: number[] = [];
  for (let level: unknown = given; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data = new Float64Array(elementCount(shape));
  if (shape.length === 0) data[0] = numberOf(given, label);
  else fill({ data, shape, label }, given, 0, 0);
  return { data, shape };
}

interface Target {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly label: string;
}

/** Writes one level from element `at` on; returns where the next one begins. */
function fill(target: Target, part: unknown, axis: number, at: number): number {
  const { data, shape, label } = target;
  if (!Array.isArray(part) || part.length !== shape[axis]) {
    throw new ShapeError({ code: "ragged", what: `${label} has rows of different lengths or depths` });
  }
  let next = at;
  if (axis === shape.length - 1) for (let index = 0; index < part.length; index++) data[next++] = numberOf(part[index], label);
  else for (const child of part) next = fill(target, child, axis + 1, next);
  return next;
}

function numberOf(value: unknown, label: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  const found = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  throw new UsageError({ code: "not_a_number", what: `${label} holds ${found} where a number is needed` });
}
