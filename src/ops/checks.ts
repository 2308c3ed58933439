// Checks what plain JavaScript may pass to an op where types would have refused it.

import type { DType } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { currentPlace } from "../ir/core/build.js";

/** Options that must be whole numbers; throws UsageError `bad_option` for what plain JavaScript may leave out. */
export function checkWholeOptions(op: string, options: unknown, names: readonly string[]): void {
  const given = isRecord(options) ? options : {};
  const wrong = names.find((name) => !Number.isInteger(given[name]));
  if (wrong === undefined) return;
  const what = `the option ${wrong} must be a whole number, got ${String(given[wrong])}`;
  throw new UsageError({
    code: "bad_option",
    op,
    what,
    where: currentPlace(),
    hint: `As in { ${names.map((name) => `${name}: 0`).join(", ")} }.`,
  });
}

/** Refuses an axis that is not in a record, and options of other names; throws UsageError `unknown_option`. */
export function checkAxisOptions(op: string, options: unknown, other = ""): void {
  const wrong = isRecord(options) ? Object.keys(options).find((name) => name !== "axis" && name !== other) : String(options);
  if (wrong === undefined) return;
  const hint = "As in { axis: 0 }.";
  throw new UsageError({ code: "unknown_option", op, what: `there is no option "${wrong}"`, where: currentPlace(), hint });
}

/** Refuses what is no list of sizes; throws ShapeError `bad_shape`. */
export function checkSizes(shape: readonly number[], least: number): void {
  const list: unknown = shape;
  if (!Array.isArray(list))
    throw new ShapeError({ code: "bad_shape", what: `a shape is a list of sizes, found ${String(list)}`, where: currentPlace() });
  const wrong = list.findIndex((size) => !Number.isInteger(size) || size < least);
  if (wrong < 0) return;
  const what = `${String(list[wrong])} is not a size in [${list.join(", ")}]`;
  throw new ShapeError({ code: "bad_shape", what, where: currentPlace() });
}

/** Refuses types that tensors do not have; throws UsageError `bad_dtype`. */
export function checkType(op: string, dtype: DType): void {
  if (dtypes.includes(dtype)) return;
  throw new UsageError({
    code: "bad_dtype",
    op,
    what: `there is no type ${JSON.stringify(dtype)}`,
    hint: `Types are ${dtypes.join(", ")}.`,
  });
}

const dtypes: readonly DType[] = ["float32", "int32", "bool"];
