// Sequences of different lengths: packing, unpacking, per-row values over steps, functions of one row.

import { showShape, subDims } from "../base/dim.js";
import { ShapeError, UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { atPlace, currentPlace, inputNode, newScope } from "../ir/core/build.js";
import type { Node } from "../ir/core/node.js";
import { vectoriseNodes } from "../passes/vectorise.js";
import { domainFor, isInStep, withStep } from "../trace/context.js";
import { emit, nodeOf } from "../trace/emit.js";
import { traceOrEvaluate } from "../trace/function.js";
import { domainOf, overSteps, pack, physical, tableOf, unpack, unsortRows } from "../trace/packed.js";
import { noteTap, tapZeros, withTapFrame } from "../trace/taps.js";
import { asValue, dimsOf, TracedTensor, tensorLeaves, tensorTree } from "../trace/traced.js";
import { scalar } from "./align.js";

/** Runs `inside` with this name added to the layer path of nodes and errors. */
export const withPlace: <R>(name: string, inside: () => R) => R = atPlace;

/** True for a sequence held as its valid steps. */
export function isPacked(x: Tensor): boolean {
  return domainOf(asValue(x)) !== null;
}

/**
 * The valid steps of [B, T, ...]; reads as [B, T, ...] in ops. Only while a function is traced.
 *
 * @param lengths int32 [B], 0 to T; null when every row has T steps
 */
export function packSequence(x: Tensor, lengths: Tensor | null): Tensor {
  const value = asValue(x);
  if (domainOf(value) !== null) {
    if (lengths === null) return value;
    throw new UsageError({
      code: "lengths_twice",
      what: "lengths are given for a sequence that has its lengths already",
      where: currentPlace(),
    });
  }
  const dims = dimsOf(value);
  if (dims.length < 2) throw notASequence("packSequence", showShape(dims));
  return pack(value, domainFor(dims[0]!, dims[1]!, lengths));
}

/** The valid steps of [B, T, ...], those that `x` has. */
export function packLike(x: Tensor, value: Tensor): Tensor {
  const domain = domainOf(asValue(x));
  if (domain === null) throw notASequence("packLike", showShape(dimsOf(x)));
  return pack(asValue(value), domain);
}

/** [B, T, ...] with zeros in the padding. */
export function denseSequence(x: Tensor): Tensor {
  return unpack(asValue(x));
}

/** Each row's last valid step, [B, ...]; zeros for a row without steps. */
export function lastStep(x: Tensor): Tensor {
  const value = asValue(x);
  const domain = domainOf(value);
  const dims = dimsOf(value);
  if (dims.length < 2) throw notASequence("lastStep", showShape(dims));
  if (domain === null) {
    const [batch, time, ...rest] = dims;
    const last = emit("slice", [value], { axis: 1, start: subDims(time!, 1), size: 1 });
    return emit("reshape", [last], { shape: [batch!, ...rest] });
  }
  // A row's last step at t = length - 1 lies in the unpacked order at b·T + length - 1; that table entry is its stacked place.
  const lengths = unsortRows(tableOf(domain, "lengths"), domain);
  const starts = emit("mul", [emit("iota", [], { size: domain.batch }), emit("sizeOf", [], { dim: domain.time })], null);
  const ends = emit("add", [starts, emit("sub", [lengths, scalar(1, "int32")], null)], null);
  const isEmpty = emit("eq", [lengths, scalar(0, "int32")], null);
  const places = emit("select", [isEmpty, scalar(-1, "int32"), ends], null);
  const stacked = emit("gather", [tableOf(domain, "unpack"), places], null);
  const index = emit("select", [isEmpty, scalar(-1, "int32"), stacked], null);
  return emit("gather", [physical(value), index], null);
}

/** A per-row value [B, ...] repeated over the steps of a sequence. */
export function sequenceLike(x: Tensor, rows: Tensor): Tensor {
  const domain = domainOf(asValue(x));
  if (domain === null) throw notASequence("sequenceLike", showShape(dimsOf(x)));
  return overSteps(asValue(rows), domain);
}

/** What the next step of the row holds, in place of each step's value; zeros at the row's last step. */
export function nextStep(x: Tensor): Tensor {
  const value = asValue(x);
  const domain = domainOf(value);
  const padded = emit("pad", [unpack(value)], { axis: 1, before: 0, after: 1 }, null);
  const moved = emit("slice", [padded], { axis: 1, start: 1, size: dimsOf(value)[1]! }, null);
  return domain === null ? moved : pack(moved, domain);
}

/** Number of valid steps of each row, int32 [B]; null for a value that is not packed. */
export function lengthsOf(x: Tensor): Tensor | null {
  const domain = domainOf(asValue(x));
  return domain === null ? null : unsortRows(tableOf(domain, "lengths"), domain);
}

/** 0, 1, … B-1: the row number of each sequence, int32 [B]. */
export function rowIds(x: Tensor): Tensor {
  return emit("iota", [], { size: dimsOf(x)[0]! });
}

/** Zeros [B, ...shape] with the batch size of `x`. */
export function zerosRows(x: Tensor, shape: readonly number[]): Tensor {
  return emit("broadcast", [scalar(0)], { shape: [dimsOf(x)[0]!, ...shape] });
}

/** Ones [B, ...shape] with the batch size of `x`. */
export function onesRows(x: Tensor, shape: readonly number[]): Tensor {
  return emit("broadcast", [scalar(1)], { shape: [dimsOf(x)[0]!, ...shape] });
}

/**
 * Traces `f` for one row and applies it to all B: leaves are [B, ...] outside and [...] inside.
 * Nothing inside can reach another row.
 */
export function mapRows<A extends Tree, R extends Tree>(f: (row: A) => R, rows: A): R {
  return traceOrEvaluate((given: A) => mapTracedRows(f, given), rows);
}

function mapTracedRows<A extends Tree, R extends Tree>(f: (row: A) => R, rows: A): R {
  const leaves = tensorLeaves(rows).map(({ leaf, path }) => ({ node: nodeOf(unpack(leaf)), path }));
  const batch = leaves[0]?.node.shape[0];
  if (batch === undefined)
    throw new UsageError({ code: "no_rows", op: "mapRows", what: "no tensor with a batch axis was given", where: currentPlace() });
  const scope = newScope();
  const inputs = leaves.map(({ node, path }) => inputNode(path, { shape: node.shape.slice(1), dtype: node.dtype }, scope));
  const inside = tensorTree(
    rows,
    inputs.map((node) => new TracedTensor(node)),
  ) as A;
  const { result: outputs, taps } = withTapFrame(scope, () => withStep(() => f(inside)));
  const varying = new Map<Node, Node>(inputs.map((input, index) => [input, leaves[index]!.node]));
  for (const { zeros } of taps) if (zeros !== null) varying.set(zeros, tapZeros([batch, ...zeros.shape]));
  const results = tensorLeaves(outputs).map(({ leaf }) => nodeOf(physical(leaf)));
  const wide = vectoriseNodes([...results, ...taps.map(({ value }) => value)], varying, batch).map((node) => new TracedTensor(node));
  taps.forEach(({ name, zeros }, index) => {
    noteTap({ name, value: wide[results.length + index]!, zeros: zeros === null ? null : new TracedTensor(varying.get(zeros)!) });
  });
  return tensorTree(outputs, wide.slice(0, results.length)) as R;
}

/** True while a step of one row is traced, where there is no batch axis. */
export const isInsideStep: () => boolean = isInStep;

function notASequence(op: string, shape: string): ShapeError {
  return new ShapeError({ code: "not_a_sequence", op, what: `expected [batch, time, feature], found ${shape}`, where: currentPlace() });
}
