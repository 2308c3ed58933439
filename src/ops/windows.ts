// Windows over the steps of a sequence: what convolution and pooling over time look at, in a time domain of their own.

import { type Dim, mulDims } from "../base/dim.js";
import type { Tensor } from "../base/tensor.js";
import type { Domain } from "../ir/core/node.js";
import { windowDomain } from "../trace/context.js";
import { emit, nodeOf } from "../trace/emit.js";
import { domainOf, physical, tableOf, unsortRows } from "../trace/packed.js";
import { asValue, dimsOf, TracedTensor, type Value } from "../trace/traced.js";
import { castValue, scalar } from "./align.js";
import { greaterEqual, less, logicalAnd, where } from "./pointwise.js";
import { packSequence } from "./sequence.js";

/** Which windows there are. */
export interface WindowOptions {
  /** Steps that one window sees. */
  readonly size: number;
  /** Steps from one window to the next. */
  readonly stride: number;
  /** Steps from one entry of a window to the next; 1 leaves no gaps. */
  readonly dilation: number;
  /**
   * "valid": windows lie inside the sequence. "same": as many windows as steps (divided by the stride, rounded up), the rows' own ends
   * in their middle. "causal": the same number, each ends at its step.
   */
  readonly padding: "valid" | "same" | "causal";
}

/** The steps of every window. */
export interface TimeWindows {
  /** [B, T', size, F]; zeros for steps outside the row. */
  readonly values: Tensor;
  /** bool [B, T', size, 1]: true for steps inside the row; null if all are. */
  readonly inside: Tensor | null;
}

/** The steps between the first and the last that a window sees, both included. */
export function windowSpan({ size, dilation }: Pick<WindowOptions, "size" | "dilation">): number {
  return (size - 1) * dilation + 1;
}

/**
 * Windows over [B, T, F]. A row of L steps has floor((L - span) / stride) + 1 of them with "valid" padding, ceil(L / stride) otherwise.
 * Every row counts from its own first to its own last step, so lengths and neighbours change nothing.
 */
export function timeWindows(x: Tensor, options: WindowOptions): TimeWindows {
  const sequence = asValue(packSequence(x, null));
  const domain = domainOf(sequence)!;
  const { size, stride, dilation, padding } = options;
  const isValid = padding === "valid";
  const made = windowDomain(domain, { size: isValid ? windowSpan(options) : 1, stride });
  const rows = tableOf(made, "origin");
  const lengths = ofRows(lengthsIn(domain), rows);
  const first = minus(times(tableOf(made, "step"), stride), hangingLeft(options, made, lengths));
  const time = plus(column(first, made.steps), times(emit("iota", [], { size }), dilation));
  if (isValid) return { values: emit("gather", [physical(sequence), stackedAt(domain, rows, time)], null, made), inside: null };
  const inside = asValue(logicalAnd(greaterEqual(time, 0), less(time, column(lengths, made.steps))));
  const index = asValue(where(inside, stackedAt(domain, rows, asValue(where(inside, time, nowhere))), nowhere));
  const shape: Dim[] = [
    made.steps,
    size,
    ...dimsOf(sequence)
      .slice(2)
      .map(() => 1),
  ];
  return {
    values: emit("gather", [physical(sequence), index], null, made),
    inside: new TracedTensor(nodeOf(emit("reshape", [inside], { shape })), made),
  };
}

/**
 * Causal windows without gaps between them over a piece of a sequence, and what the next piece needs to know of this one.
 *
 * @param before  the span - 1 steps before the piece, [B, span - 1, F]; zeros at the beginning
 * @returns values [B, T, size, F], and `after`: the last span - 1 steps of each row, `before` included
 */
export function windowsAfter(
  x: Tensor,
  options: Pick<WindowOptions, "size" | "dilation">,
  before: Tensor,
): { readonly values: Tensor; readonly after: Tensor } {
  const sequence = asValue(packSequence(x, null));
  const domain = domainOf(sequence)!;
  const { size, dilation } = options;
  const kept = windowSpan(options) - 1;
  const features = dimsOf(sequence).slice(2);
  const flat = emit("reshape", [asValue(before)], { shape: [mulDims(domain.batch, kept), ...features] });
  const all = emit("concat", [flat, physical(sequence)], { axis: 0 });
  // Steps below 0 lie in `before`, in front of the stacked ones.
  const beforePiece = times(emit("sizeOf", [], { dim: domain.batch }), kept);
  const at = (rows: Value, time: Value, count: Dim): Value => {
    const isNow = greaterEqual(time, 0);
    const stacked = stackedAt(domain, rows, asValue(where(isNow, time, 0)));
    return asValue(where(isNow, plus(stacked, beforePiece), plus(plus(column(times(rows, kept), count), time), scalar(kept, "int32"))));
  };
  const taps = minus(times(emit("iota", [], { size }), dilation), scalar(kept, "int32"));
  const rows = tableOf(domain, "origin");
  const windows = at(rows, plus(column(tableOf(domain, "step"), domain.steps), taps), domain.steps);
  const ends = minus(emit("iota", [], { size: kept }), scalar(kept, "int32"));
  const last = at(emit("iota", [], { size: domain.batch }), plus(column(lengthsIn(domain), domain.batch), ends), domain.batch);
  return { values: emit("gather", [all, windows], null, domain), after: emit("gather", [all, last], null) };
}

const nowhere: Value = scalar(-1, "int32");

/** How far before a row's first step its first window begins: one number, or one for each window. */
function hangingLeft(options: WindowOptions, made: Domain, lengths: Value): Value {
  const span = windowSpan(options);
  if (options.padding === "valid") return scalar(0, "int32");
  if (options.padding === "causal") return scalar(span - 1, "int32");
  if (options.stride === 1) return scalar(Math.floor((span - 1) / 2), "int32");
  // The last window begins (count - 1)·stride after the first; what hangs over is shared between both ends, the right one has more.
  const counts = ofRows(lengthsIn(made), tableOf(made, "origin"));
  const last = times(minus(counts, scalar(1, "int32")), options.stride);
  const hanging = minus(plus(last, scalar(span, "int32")), lengths);
  const half = emit("floor", [emit("mul", [castValue(hanging, "float32"), scalar(0.5)], null)], null);
  return emit("max", [castValue(half, "int32"), scalar(0, "int32")], null);
}

/** Where steps [n, size] of these rows [n] lie among the stacked ones. */
function stackedAt(domain: Domain, rows: Value, time: Value): Value {
  const start = emit("mul", [rows, emit("sizeOf", [], { dim: domain.time })], null);
  return emit("gather", [tableOf(domain, "unpack"), plus(column(start, dimsOf(rows)[0]!), time)], null);
}

/** Steps of each row, [B]. */
function lengthsIn(domain: Domain): Value {
  return unsortRows(tableOf(domain, "lengths"), domain);
}

/** A value of each row [B] for every window. */
function ofRows(rows: Value, origin: Value): Value {
  return emit("gather", [rows, origin], null);
}

function column(value: Value, count: Dim): Value {
  return emit("reshape", [value], { shape: [count, 1] });
}

function times(value: Value, factor: number): Value {
  return factor === 1 ? value : emit("mul", [value, scalar(factor, "int32")], null);
}

function plus(a: Value, b: Value): Value {
  return emit("add", [a, b], null);
}

function minus(a: Value, b: Value): Value {
  return emit("sub", [a, b], null);
}
