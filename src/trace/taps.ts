// Taps: values that a probing program shows, with their cotangents. While nobody probes, a tap is the value itself and leaves no node.

import type { Dim } from "../base/dim.js";
import { currentPlace, inputNode, makeNode, scalarNode } from "../ir/core/build.js";
import type { Node } from "../ir/core/node.js";
import { emit, nodeOf } from "./emit.js";
import { domainOf, physical } from "./packed.js";
import { TracedTensor, type Value } from "./traced.js";

/**
 * `values`: taps are only noted, so the graph stays the everyday one with more outputs. `cotangents`: zeros are added at each tap;
 * the gradient by them is the cotangent at that point.
 */
export type TapMode = "values" | "cotangents";

/** A tapped value of the outermost graph. */
export interface SeenTap {
  /** Layer path and name: "lstm-1/f". */
  readonly name: string;
  /** [B, ...], or a packed sequence. */
  readonly value: TracedTensor;
  /** The zeros added to it; null in mode `values` and for integers and truth values. */
  readonly zeros: TracedTensor | null;
}

/** A tapped value inside a step: of one row. */
export interface StepTap {
  readonly name: string;
  readonly value: Node;
  readonly zeros: Node<"input"> | null;
}

interface Frame {
  readonly scope: number;
  readonly taps: StepTap[];
}

interface Collection {
  readonly mode: TapMode;
  readonly seen: SeenTap[];
  readonly frames: Frame[];
  /** How often each name was given, and what the last tap of it returned. */
  readonly names: Map<string, { count: number; result: Node }>;
}

let collection: Collection | null = null;
let isMarking = false;

/** Runs `inside` and gives what it taps. Names that come again get a number: "lstm-1/f-2". */
export function collectTaps<R>(mode: TapMode, inside: () => R): { readonly result: R; readonly taps: readonly SeenTap[] } {
  const outer = collection;
  const mine: Collection = { mode, seen: [], frames: [], names: new Map() };
  collection = mine;
  try {
    return { result: inside(), taps: mine.seen };
  } finally {
    collection = outer;
  }
}

/** Runs `inside` with taps as nodes of the graph, for a recording that is replayed later. */
export function markingTaps<R>(inside: () => R): R {
  const outer = isMarking;
  isMarking = true;
  try {
    return inside();
  } finally {
    isMarking = outer;
  }
}

/** The value to go on with: itself, unless cotangents are collected. */
export function seeTap(name: string, value: Value): Value {
  if (isMarking) return emit("tap", [physical(value)], { name }, domainOf(value));
  if (collection === null) return value;
  const node = nodeOf(physical(value));
  const path = [currentPlace(), name].filter((part) => part !== "").join("/");
  const known = collection.names.get(path);
  // A state that a cell taps itself is not tapped again by its layer.
  if (known?.result === node) return value;
  const count = (known?.count ?? 0) + 1;
  const unique = count === 1 ? path : `${path}-${count}`;
  const frame = collection.frames.at(-1);
  const result = frame === undefined ? tapOutside(unique, node, value) : tapInStep(unique, node, frame);
  collection.names.set(path, { count, result });
  return collection.mode === "values" ? value : new TracedTensor(result, domainOf(value));
}

/** Runs `inside` as the step of body `scope` and gives what it taps, for whoever closes the body. */
export function withTapFrame<R>(scope: number, inside: () => R): { readonly result: R; readonly taps: readonly StepTap[] } {
  if (collection === null) return { result: inside(), taps: [] };
  const frame: Frame = { scope, taps: [] };
  const { frames } = collection;
  frames.push(frame);
  try {
    return { result: inside(), taps: frame.taps };
  } finally {
    frames.pop();
  }
}

/** Takes the taps of a closed body, stacked or widened to rows. */
export function noteTap(tap: SeenTap): void {
  collection?.seen.push(tap);
}

/**
 * Zeros to add at a tap. They are -0, because x + -0 is x to the bit for every x, and 0 + -0 is 0.
 */
export function tapZeros(shape: readonly Dim[]): Node {
  return makeNode("broadcast", [scalarNode(-0)], { shape }, "");
}

function tapOutside(name: string, node: Node, value: Value): Node {
  const zeros = wantsZeros(node) ? tapZeros(node.shape) : null;
  const domain = domainOf(value);
  noteTap({ name, value: new TracedTensor(node, domain), zeros: zeros === null ? null : new TracedTensor(zeros, domain) });
  return zeros === null ? node : makeNode("add", [node, zeros], null);
}

function tapInStep(name: string, node: Node, { scope, taps }: Frame): Node {
  const zeros = wantsZeros(node) ? inputNode(`tap${taps.length}`, { shape: node.shape, dtype: "float32" }, scope) : null;
  taps.push({ name, value: node, zeros });
  return zeros === null ? node : makeNode("add", [node, zeros], null);
}

function wantsZeros(node: Node): boolean {
  return collection?.mode === "cotangents" && node.dtype === "float32";
}
