// Between host arrays and machine memory: checking feeds, binding symbols, copying in and out.

import { bareSymbol, showShape } from "../../base/dim.js";
import { elementCount, type HostArray } from "../../base/dtype.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { LoweredPort } from "../../ir/lowered/program.js";
import type { Block, Machine } from "./machine.js";
import type { SymbolTable } from "./program-sizes.js";

/** The host array of a fed input. */
export function feedOf(port: LoweredPort, feeds: Readonly<Record<string, HostArray>>): HostArray | null {
  if (port.binding.kind === "resident") return null;
  const feed = feeds[port.binding.name];
  if (feed !== undefined) return feed;
  throw new UsageError({ code: "missing_feed", what: `the argument ${port.binding.name} has no value` });
}

/** Binds the symbols that are whole axes of fed inputs; other axes are checked by `checkFeed` once all symbols are known. */
export function bindFeed(port: LoweredPort, feed: HostArray, symbols: SymbolTable): void {
  if (feed.shape.length !== port.shape.length || feed.dtype !== port.dtype) throw feedShape(port, feed);
  port.shape.forEach((dim, axis) => {
    const name = bareSymbol(dim);
    if (name !== null && !symbols.bind(name, feed.shape[axis]!)) throw feedShape(port, feed);
  });
}

/** Throws `feed_shape` unless every axis has the size expected in this run. */
export function checkFeed(port: LoweredPort, feed: HostArray, sizes: readonly (() => number)[]): void {
  const fits = sizes.every((size, axis) => size() === feed.shape[axis]);
  if (!fits || feed.data.length !== elementCount(feed.shape)) throw feedShape(port, feed);
}

/** Writes elements to `address` bytes behind the start of a block, converting float64 to float32 and bytes to words. */
export function copyIn(machine: Machine, block: Block, byteOffset: number, port: LoweredPort, feed: HostArray): void {
  const view = port.dtype === "float32" ? machine.f32(block) : machine.i32(block);
  view.set(feed.data, byteOffset / 4);
}

/** A host array of its own. */
export function copyOut(machine: Machine, block: Block, byteOffset: number, port: LoweredPort, shape: readonly number[]): HostArray {
  const [start, end] = [byteOffset / 4, byteOffset / 4 + elementCount(shape)];
  const { dtype } = port;
  if (dtype === "float32") return { dtype, shape, data: machine.f32(block).slice(start, end) };
  const words = machine.i32(block);
  return { dtype, shape, data: dtype === "int32" ? words.slice(start, end) : Uint8Array.from(words.subarray(start, end)) };
}

function feedShape(port: LoweredPort, feed: HostArray): ShapeError {
  const given = `${showShape(feed.shape)} ${feed.dtype} (${feed.data.length} values)`;
  return new ShapeError({
    code: "feed_shape",
    what: `the argument ${port.name} is ${showShape(port.shape)} ${port.dtype}, but ${given} was given`,
    phase: "run",
  });
}
