// Brings the operands of one op together: numbers, dtypes, and packed sequences beside dense values.

import { type Dim, equalDims, equalShapes, showShape } from "../base/dim.js";
import { type DType, exactArray } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import { currentPlace } from "../ir/core/build.js";
import type { Domain, OpName } from "../ir/core/node.js";
import { emit } from "../trace/emit.js";
import { domainOf, overRows, overSteps, pack, physical, reshapeValue, unpack } from "../trace/packed.js";
import { asValue, dimsOf, isTensor, type Value } from "../trace/traced.js";

/** What arithmetic takes. */
export type Operand = Tensor | number;

/** Operands as physical values of one layout. */
export interface Aligned {
  readonly values: readonly Value[];
  readonly domain: Domain | null;
}

/** A scalar of this dtype. */
export function scalar(value: number, dtype: DType = "float32"): Value {
  const data = exactArray(dtype, 1);
  data[0] = value;
  return hostTensor(data, [], dtype);
}

/** Numbers become scalars of the tensors' dtype: int32 beside int32 if whole, float32 otherwise. */
export function toValues(operands: readonly Operand[]): Value[] {
  const tensors = operands.filter((operand) => typeof operand !== "number").map((operand) => asValue(operand));
  const whole = tensors.length > 0 && tensors.every((tensor) => tensor.dtype === "int32");
  return operands.map((operand) => {
    if (typeof operand !== "number") return asValue(operand);
    return scalar(operand, whole && Number.isInteger(operand) ? "int32" : "float32");
  });
}

/** Mixed dtypes meet at float32, or int32 when there is no float32. */
export function promote(values: readonly Value[]): Value[] {
  const dtypes = new Set(values.map((value) => value.dtype));
  if (dtypes.size <= 1) return [...values];
  const dtype: DType = dtypes.has("float32") ? "float32" : "int32";
  return values.map((value) => castValue(value, dtype));
}

export function castValue(value: Value, dtype: DType): Value {
  return value.dtype === dtype ? value : emit("cast", [physical(value)], { dtype }, domainOf(value));
}

/**
 * Layout for an elementwise op. With a packed operand the others are brought into its domain: packed ones must share it,
 * trailing shapes ([F]) broadcast as they are, [B, 1, F] repeats per step, [1, T, F] per row, [B, T, F] is packed.
 * Packed sequences of different domains meet as dense values.
 */
export function align(op: OpName, values: readonly Value[]): Aligned {
  const domains = new Set(values.map(domainOf).filter((domain) => domain !== null));
  if (domains.size === 0) return { values, domain: null };
  if (domains.size > 1) return { values: values.map(unpack), domain: null };
  const domain = [...domains][0]!;
  const rank = Math.max(...values.map((value) => dimsOf(value).length));
  return { values: values.map((value) => intoDomain(op, value, domain, rank)), domain };
}

function intoDomain(op: OpName, value: Value, domain: Domain, rank: number): Value {
  const dims = dimsOf(value);
  if (domainOf(value) !== null) {
    if (dims.length === rank) return physical(value);
    const what = `a sequence ${showShape(dims)} meets a value of rank ${rank}`;
    throw new ShapeError({
      code: "sequence_rank",
      op,
      what,
      where: currentPlace(),
      hint: "Give it the missing feature axis with expandDims(x, -1).",
    });
  }
  if (dims.length <= rank - 2) return value;
  const padded: readonly Dim[] = [...Array.from({ length: rank - dims.length }, () => 1), ...dims];
  const [batch, time, ...rest] = padded;
  const repeatsRow = batch === 1 && !equalDims(domain.batch, 1);
  const repeatsStep = time === 1 && !equalDims(domain.time, 1);
  if (repeatsRow && repeatsStep) return reshapeValue(value, rest);
  if (repeatsRow && equalDims(time!, domain.time)) return physical(overRows(reshapeValue(value, [time!, ...rest]), domain));
  if (repeatsStep && equalDims(batch!, domain.batch)) return physical(overSteps(reshapeValue(value, [batch!, ...rest]), domain));
  if (equalShapes([batch!, time!], [domain.batch, domain.time])) return physical(pack(value, domain));
  const what = `${showShape(dims)} does not fit a sequence of ${showShape([domain.batch, domain.time])} steps`;
  throw new ShapeError({ code: "broadcast", op, what, where: currentPlace(), hint: "Use [batch, 1, feature] for one value per row." });
}

/** The axis counted from the front; throws `axis` if it does not exist. */
export function wholeAxis(op: string, axis: number, rank: number): number {
  const front = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && front >= 0 && front < rank) return front;
  throw new ShapeError({ code: "axis", op, what: `axis ${axis} does not exist in a tensor of rank ${rank}`, where: currentPlace() });
}

/** Refuses anything but tensors and numbers with a sentence. */
export function checkOperand(op: string, operand: unknown): void {
  if (typeof operand === "number" || isTensor(operand)) return;
  const shown = operand === undefined ? "undefined" : operand === null ? "null" : typeof operand;
  throw new UsageError({
    code: "not_a_tensor",
    op,
    what: `expected a tensor or a number, found ${shown}`,
    where: currentPlace(),
    hint: "Make one with tensor(...).",
  });
}
