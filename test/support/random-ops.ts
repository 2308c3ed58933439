// One random op at a time over the values made so far, with a bound on magnitudes and a note on which values are exact.

import { addDims, type Dim, equalDims, equalShapes, sizeOfShape, symbolsIn } from "../../src/base/dim.js";
import type { DType } from "../../src/base/dtype.js";
import { ShapeError } from "../../src/base/errors.js";
import { constantNode, makeNode, scalarNode } from "../../src/ir/core/build.js";
import * as build from "../../src/ir/core/builders.js";
import { broadcastShape } from "../../src/ir/core/checks.js";
import type { Node } from "../../src/ir/core/node.js";
import type { Choices } from "./choices.js";

export interface PoolOptions {
  /** Only ops that can be differentiated at every point reached (default false). */
  readonly smooth?: boolean;
}

/** What is known of a value. */
export interface Facts {
  /** Largest finite magnitude it can have (0 for integers, which are not bounded). */
  readonly bound: number;
  /** No rewrite may change its bits: it went through no sum of products. Integers and bools are always exact. */
  readonly isExact: boolean;
  /** Largest change per change of an argument, about: what differences and roundings are multiplied by. */
  readonly slope: number;
  readonly isArgument?: boolean;
}

export interface Entry extends Facts {
  readonly node: Node;
}

const limits = { bound: 300, rank: 4, elements: 2000, slope: 1e5, smoothSlope: 50 } as const;

/** Values made so far. */
export class Pool {
  readonly entries: Entry[] = [];
  readonly isSmooth: boolean;

  constructor({ smooth = false }: PoolOptions) {
    this.isSmooth = smooth;
  }

  /** Adds a value; one that may be large is squashed. */
  add(node: Node, facts: Facts): void {
    const isLarge = node.dtype === "float32" && facts.bound > limits.bound;
    this.entries.push(isLarge ? { ...facts, node: build.tanh(node), bound: 1 } : { node, ...facts });
  }

  /** A value that satisfies the condition, more often a recent one; null if there is none. */
  pick(choices: Choices, fits: (entry: Entry) => boolean): Entry | null {
    const found = this.entries.filter(fits);
    if (found.length === 0) return null;
    const back = Math.min(choices.below(found.length), choices.below(found.length));
    return found[found.length - 1 - back]!;
  }

  outputs(choices: Choices, count: number): Node[] {
    return Array.from({ length: count }, () => this.pick(choices, () => true)!.node);
  }
}

type Grow = (pool: Pool, choices: Choices) => Entry | null;

/** Adds one value; does nothing if no op fits. */
export function growOne(pool: Pool, choices: Choices): void {
  const rules = pool.isSmooth ? smoothRules : allRules;
  const limit = pool.isSmooth ? limits.smoothSlope : limits.slope;
  const first = choices.below(rules.length);
  for (let i = 0; i < rules.length; i++) {
    const grown = rules[(first + i) % rules.length]!(pool, choices);
    if (grown === null || !isSmall(grown.node.shape) || grown.slope > limit) continue;
    pool.add(grown.node, grown);
    return;
  }
}

/** Typical sizes: B 4, T 4, N 12; products multiply. */
function estimate(shape: readonly Dim[]): number {
  const ofDim = (dim: Dim): number => {
    if (typeof dim === "number") return dim;
    return dim.terms.reduce(
      (sum, { coefficient, symbols }) => sum + symbols.reduce((n, name) => n * (name.startsWith("N") ? 12 : 4), coefficient),
      0,
    );
  };
  return shape.reduce<number>((product, dim) => product * Math.max(1, ofDim(dim)), 1);
}

function isSmall(shape: readonly Dim[]): boolean {
  return shape.length <= limits.rank && estimate(shape) <= limits.elements;
}

function isReal({ node }: Entry): boolean {
  return node.dtype === "float32";
}

function isWhole({ node }: Entry): boolean {
  return node.dtype === "int32";
}

/** Pointwise: exact values stay exact. */
function unary(op: build.UnaryOp, bound: (x: number) => number, fits: (entry: Entry) => boolean = () => true): Grow {
  return (pool, choices) => {
    const x = pool.pick(choices, (entry) => isReal(entry) && fits(entry));
    return x && made(build.unary(op, x.node), [x], { bound: bound(x.bound), steepness: op === "exp" ? Math.exp(x.bound) : 1 });
  };
}

function binary(op: "add" | "sub" | "mul" | "min" | "max", bound: (a: number, b: number) => number): Grow {
  return (pool, choices) => {
    const a = pool.pick(choices, (entry) => isReal(entry) || (isWhole(entry) && !pool.isSmooth));
    const b = a && pool.pick(choices, ({ node }) => fitsTogether([a.node, node]));
    if (a === null || b === null) return null;
    const steepness = op === "mul" ? Math.max(1, a.bound, b.bound) : 1;
    return made(build.binary(op, a.node, b.node), [a, b], { bound: bound(a.bound, b.bound), steepness });
  };
}

function compare(op: "lt" | "le" | "eq"): Grow {
  return (pool, choices) => {
    const a = pool.pick(choices, (entry) => entry.isExact && entry.node.dtype !== "bool");
    const b = a && pool.pick(choices, (entry) => entry.isExact && fitsTogether([a.node, entry.node]));
    return b && { node: build.binary(op, a.node, b.node), ...flat, bound: 1 };
  };
}

function fitsTogether(nodes: readonly Node[]): boolean {
  if (nodes.some(({ dtype }) => dtype !== nodes[0]!.dtype)) return false;
  return broadcasts(nodes);
}

function broadcasts(nodes: readonly Node[]): boolean {
  try {
    broadcastShape("add", nodes);
    return true;
  } catch (error) {
    if (error instanceof ShapeError) return false;
    throw error;
  }
}

/** Divisors are arguments: zero or at least 1/16, the same bits in every rewrite. */
const divide: Grow = (pool, choices) => {
  const a = pool.pick(choices, isReal);
  const b = a && pool.pick(choices, (entry) => entry.isArgument === true && fitsTogether([a.node, entry.node]));
  return b && made(build.div(a!.node, b.node), [a!], { bound: 16 * a!.bound, steepness: 16 });
};

const select: Grow = (pool, choices) => {
  const condition = pool.pick(choices, ({ node }) => node.dtype === "bool");
  const a =
    condition && pool.pick(choices, ({ node }) => (node.dtype === "float32" || !pool.isSmooth) && broadcasts([condition.node, node]));
  const b = a && pool.pick(choices, ({ node }) => fitsTogether([a.node, node]) && broadcasts([condition.node, a.node, node]));
  return b && made(build.select(condition!.node, a!.node, b.node), [a!, b]);
};

const cast: Grow = (pool, choices) => {
  const x = pool.pick(choices, (entry) => (isReal(entry) ? entry.isExact && !pool.isSmooth : true));
  if (x === null) return null;
  const dtype = choices.pick<DType>(["float32", "int32", "bool"].filter((other): other is DType => other !== x.node.dtype));
  if (isReal(x) || x.node.dtype === "bool") return { node: build.cast(x.node, dtype), ...flat, bound: 1 };
  // Wrapped integers reach 2^31; as numbers they stay small.
  return { node: build.cast(build.min(build.max(x.node, -8), 8), dtype), ...flat, bound: 8 };
};

const identity: Grow = (pool, choices) => {
  const x = pool.pick(choices, isReal);
  if (x === null) return null;
  const isTap = pool.isSmooth || choices.chance(1, 2);
  return { ...factsOf(x), node: isTap ? makeNode("tap", [x.node], { name: "gate" }) : build.stop(x.node) };
};

const reshape: Grow = (pool, choices) => {
  const x = pool.pick(choices, ({ node }) => node.shape.length > 0);
  if (x === null) return null;
  const { shape } = x.node;
  const flat = [sizeOfShape(shape)];
  const withOne = shape.toSpliced(choices.below(shape.length + 1), 0, 1);
  return { ...factsOf(x), node: build.reshape(x.node, choices.pick([withOne, flat])) };
};

const transpose: Grow = (pool, choices) => {
  const x = pool.pick(choices, ({ node }) => node.shape.length > 1);
  if (x === null) return null;
  const turn = 1 + choices.below(x.node.shape.length - 1);
  const axes = [...x.node.shape.keys()];
  return { ...factsOf(x), node: build.transpose(x.node, [...axes.slice(turn), ...axes.slice(0, turn)]) };
};

const broadcast: Grow = (pool, choices) => {
  const x = pool.pick(choices, ({ node }) => node.shape.length < limits.rank);
  return x && { ...factsOf(x), node: build.broadcast(x.node, [2, ...x.node.shape.map((dim) => (dim === 1 ? 3 : dim))]) };
};

const slice: Grow = (pool, choices) => {
  const x = pool.pick(choices, ({ node }) => node.shape.some((dim) => typeof dim === "number" && dim > 1));
  if (x === null) return null;
  const axis = x.node.shape.findIndex((dim) => typeof dim === "number" && dim > 1);
  const size = Number(x.node.shape[axis]);
  const start = choices.below(size);
  return { ...factsOf(x), node: build.slice(x.node, axis, start, 1 + choices.below(size - start)) };
};

const pad: Grow = (pool, choices) => {
  const x = pool.pick(choices, ({ node }) => node.shape.length > 0);
  if (x === null) return null;
  const axis = choices.below(x.node.shape.length);
  return { ...factsOf(x), node: build.pad(x.node, axis, choices.below(2), choices.below(3)) };
};

const concat: Grow = (pool, choices) => {
  const a = pool.pick(choices, ({ node }) => node.shape.length > 0);
  if (a === null) return null;
  const axis = choices.below(a.node.shape.length);
  const rest = a.node.shape.toSpliced(axis, 1);
  const b = pool.pick(
    choices,
    ({ node }) => node.dtype === a.node.dtype && node.shape.length > axis && equalShapes(node.shape.toSpliced(axis, 1), rest),
  )!;
  return made(build.concat([a.node, b.node], axis), [a, b]);
};

const sum: Grow = (pool, choices) => {
  const x = pool.pick(choices, (entry) => isReal(entry) && entry.node.shape.length > 0);
  if (x === null) return null;
  const axes = [...x.node.shape.keys()].filter(() => choices.chance(1, 2));
  const chosen = axes.length === 0 ? [0] : axes;
  const terms = estimate(chosen.map((axis) => x.node.shape[axis]!));
  return made(build.sum(x.node, chosen), [x], { bound: 2 * terms * x.bound, steepness: 2 * terms, isExact: false });
};

const maxOf: Grow = (pool, choices) => {
  const x = pool.pick(choices, (entry) => isReal(entry) && entry.node.shape.length > 0);
  return x && { ...factsOf(x), node: build.maxOf(x.node, choices.below(x.node.shape.length)) };
};

const argmax: Grow = (pool, choices) => {
  const x = pool.pick(choices, (entry) => isReal(entry) && entry.isExact && entry.node.shape.length > 0);
  return x && { node: build.argmax(x.node, choices.below(x.node.shape.length)), ...flat };
};

/** Contracts a pair of equal axes, sometimes with a second pair as batch. */
const dot: Grow = (pool, choices) => {
  const a = pool.pick(choices, isReal);
  const b = a && pool.pick(choices, (entry) => isReal(entry) && (pairsOf(a.node, entry.node).length > 0 || choices.chance(1, 8)));
  if (a === null || b === null) return null;
  const pairs = pairsOf(a.node, b.node);
  const contracted = pairs[choices.below(pairs.length)];
  const batch = pairs.find(([i, j]) => contracted !== undefined && i !== contracted[0] && j !== contracted[1] && choices.chance(1, 2));
  const [contract, batched] = [contracted === undefined ? [] : [contracted], batch === undefined ? [] : [batch]];
  const node = build.dot(a.node, b.node, {
    aBatch: batched.map(([i]) => i),
    bBatch: batched.map(([, j]) => j),
    aContract: contract.map(([i]) => i),
    bContract: contract.map(([, j]) => j),
  });
  const terms = estimate(contract.map(([i]) => a.node.shape[i]!));
  const steepness = 2 * terms * Math.max(1, a.bound, b.bound);
  return made(node, [a, b], { bound: 2 * terms * a.bound * b.bound, steepness, isExact: false });
};

function pairsOf(a: Node, b: Node): (readonly [number, number])[] {
  return a.shape.flatMap((dim, i) => b.shape.flatMap((other, j) => (equalDims(dim, other) ? [[i, j] as const] : [])));
}

/** Clamped into [-1, size). */
function safeIndex(index: Node, size: Dim): Node {
  const last = typeof size === "number" ? scalarNode(size - 1, "int32") : build.sub(build.sizeOf(size), 1);
  return build.max(build.min(index, last), -1);
}

const gather: Grow = (pool, choices) => {
  const table = pool.pick(choices, ({ node }) => node.shape.length > 0);
  const index = table && pool.pick(choices, (entry) => isWhole(entry) && entry.node.shape.length < 3);
  return index && { ...factsOf(table), node: build.gather(table.node, safeIndex(index.node, table.node.shape[0]!)) };
};

const scatterAdd: Grow = (pool, choices) => {
  const source = pool.pick(choices, (entry) => isReal(entry) && entry.node.shape.length > 0);
  if (source === null) return null;
  const size = source.node.shape[0]!;
  const index = pool.pick(choices, (entry) => isWhole(entry) && equalShapes(entry.node.shape, [size]))?.node ?? build.iota(size);
  const rows = choices.pick<Dim>([3, size]);
  const terms = 2 * estimate([size]);
  const node = build.scatterAdd(source.node, safeIndex(index, rows), rows);
  return made(node, [source], { bound: terms * source.bound, steepness: terms, isExact: false });
};

const draw: Grow = (pool, choices) => {
  const counter = pool.pick(choices, (entry) => isWhole(entry) && entry.node.shape.length < 3);
  const key = constantNode(Int32Array.of(choices.below(9), 5), [2], "int32");
  return counter && { node: makeNode("random", [key, counter.node], { kind: "uniform" }), ...flat, bound: 1 };
};

const source: Grow = (pool, choices) => {
  const like = pool.pick(choices, ({ node }) => node.shape.length > 0);
  const dim = like?.node.shape[0] ?? 3;
  const value = choices.real(-2, 2);
  return choices.pick<Entry>([
    { node: scalarNode(value), ...flat, bound: Math.abs(value) },
    { node: build.iota(dim), ...flat },
    { node: build.sizeOf(symbolsIn(dim).length > 0 ? dim : addDims(dim, 1)), ...flat },
    { node: constantNode(Float64Array.of(0.5, -1, value), [3], "float32"), ...flat, bound: 2 },
  ]);
};

/** Facts of values that do not change with any argument, or not smoothly. */
const flat: Facts = { bound: 0, isExact: true, slope: 0 };

function factsOf({ bound, isExact, slope }: Entry): Facts {
  return { bound, isExact, slope };
}

/** A value made of these; unless said otherwise as large as the largest, and exact if all are. */
function made(node: Node, from: readonly Entry[], facts: Partial<Facts> & { readonly steepness?: number } = {}): Entry {
  return {
    node,
    bound: facts.bound ?? Math.max(...from.map(({ bound }) => bound)),
    isExact: facts.isExact ?? from.every(({ isExact }) => isExact),
    slope: (facts.steepness ?? 1) * from.reduce((sum, { slope }) => sum + slope, 0),
  };
}

const smoothRules: readonly Grow[] = [
  binary("add", (a, b) => a + b),
  binary("mul", (a, b) => a * b),
  unary("tanh", () => 1),
  dot,
  binary("sub", (a, b) => a + b),
  unary("sigmoid", () => 1),
  unary("exp", Math.exp, ({ bound }) => bound <= 4),
  dot,
  unary("sin", () => 1),
  unary("cos", () => 1),
  unary("neg", (x) => x),
  ...[select, identity, reshape, transpose, broadcast, slice, pad, concat, sum, gather, scatterAdd, draw, source],
];

const allRules: readonly Grow[] = [
  ...smoothRules,
  cast,
  binary("min", Math.max),
  binary("max", Math.max),
  unary("abs", (x) => x),
  unary(
    "log",
    () => 750,
    ({ isExact }) => isExact,
  ),
  unary(
    "log1p",
    () => 750,
    ({ isExact }) => isExact,
  ),
  unary(
    "sqrt",
    (x) => Math.sqrt(x) + 1,
    ({ isExact }) => isExact,
  ),
  unary(
    "floor",
    (x) => x + 1,
    ({ isExact }) => isExact,
  ),
  divide,
  compare("lt"),
  compare("le"),
  compare("eq"),
  maxOf,
  argmax,
];
