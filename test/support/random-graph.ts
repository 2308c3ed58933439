// Random programs for property tests: typed, runnable, with scans over ragged domains and odd values in their arguments.

import fc from "fast-check";
import { type Dim, equalDims, equalShapes, symbolDim } from "../../src/base/dim.js";
import type { HostArray } from "../../src/base/dtype.js";
import { domainTable, inputNode, makeGraph, makeNode, makeScan, newScope, scalarNode } from "../../src/ir/core/build.js";
import { add, broadcast, mul, tanh } from "../../src/ir/core/builders.js";
import type { Domain, Graph, Node } from "../../src/ir/core/node.js";
import { print } from "../../src/ir/core/print.js";
import { Choices } from "./choices.js";
import { type Entry, type Facts, growOne, Pool, type PoolOptions } from "./random-ops.js";
import { valueFrom } from "./values.js";

/** A graph with values for its arguments. */
export interface Program {
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<Node<"input">, HostArray>;
  /** Values for other sizes B and T of the same graph. */
  readonly otherFeeds: ReadonlyMap<Node<"input">, HostArray>;
  /** float32 arguments. */
  readonly real: readonly Node<"input">[];
}

export interface ProgramOptions extends PoolOptions {
  /** Scans in the program, at most (default 2). */
  readonly scans?: number;
  /** Values made at the top level and in each body, at most (default 24). */
  readonly nodes?: number;
  /** NaN, infinities and -0 among the arguments (default true, false for smooth programs). */
  readonly odd?: boolean;
}

/**
 * Random programs. Roundings are never amplified: magnitudes stay bounded, and comparisons, rounding ops and poles only see values that no
 * rewrite may round differently. So a rewritten program must agree within 1e-9 of the largest output.
 */
export function anyProgram(options: ProgramOptions = {}): fc.Arbitrary<Program> {
  return fc.array(fc.nat({ max: 0xffff }), { minLength: 60, maxLength: 300, size: "max" }).map((picks) => {
    const program = programFrom(new Choices(picks), options);
    return Object.assign(program, { [fc.toStringMethod]: () => `${print(program.graph)}${showFeeds(program.feeds)}` });
  });
}

/** The program that these choices lead to. */
export function programFrom(choices: Choices, options: ProgramOptions = {}): Program {
  const { scans = 2, nodes = 24, smooth = false, odd = !smooth } = options;
  const [B, T, steps] = [symbolDim("B"), symbolDim("T"), symbolDim("N.d0")];
  const lengths = inputNode("lengths", { shape: [B], dtype: "int32" });
  const domain: Domain = { name: "d0", batch: B, time: T, steps, lengths: choices.chance(3, 4) ? lengths : null };
  const reals: readonly (readonly Dim[])[] = [[steps, 3], [B, 3], [B, T, 2], [3], [3, 3], []];
  const real = reals.map((shape, index) => inputNode(`x${index}`, { shape, dtype: "float32" }));
  const anchor = inputNode("anchor", { shape: [B, T], dtype: "bool" });
  const pool = new Pool(options);
  for (const node of real) pool.add(node, { bound: 2, isExact: true, slope: 1, isArgument: true });
  pool.add(anchor, { bound: 1, isExact: true, slope: 0 });
  for (const table of ["pack", "row", "step", "previous"] as const)
    pool.add(domainTable(domain, table), { bound: 0, isExact: true, slope: 0 });
  for (let scan = 0; scan < scans; scan++) {
    for (let i = choices.below(nodes / 2); i > 0; i--) growOne(pool, choices);
    if (!choices.isEmpty) addScan(pool, domain, choices, options);
    if (choices.chance(1, 3)) addAffine(pool, domain, choices);
  }
  for (let i = choices.below(nodes); i > 0; i--) growOne(pool, choices);
  const outputs = pool.outputs(choices, 1 + choices.below(4));
  const inputs = [lengths, anchor, ...real];
  const graph = makeGraph("program", inputs, outputs);
  const sizes = [1 + choices.below(4), choices.below(5)] as const;
  return {
    graph,
    feeds: feedsFor({ domain, anchor, lengths, real, size: sizes, odd: odd && choices.chance(1, 2) }, choices),
    otherFeeds: feedsFor({ domain, anchor, lengths, real, size: [1 + choices.below(5), 1 + choices.below(5)], odd: false }, choices),
    real,
  };
}

interface FeedPlan {
  readonly domain: Domain;
  readonly lengths: Node<"input">;
  readonly anchor: Node<"input">;
  readonly real: readonly Node<"input">[];
  readonly size: readonly [number, number];
  readonly odd: boolean;
}

function feedsFor({ domain, lengths, anchor, real, size: [batch, time], odd }: FeedPlan, choices: Choices): Map<Node<"input">, HostArray> {
  const given = Array.from({ length: batch }, () => choices.below(time + 1));
  const steps = domain.lengths === null ? batch * time : given.reduce((sum, length) => sum + length, 0);
  const sizes = new Map([
    ["B", batch],
    ["T", time],
    ["N.d0", steps],
  ]);
  const feeds = new Map<Node<"input">, HostArray>([
    [lengths, valueFrom("int32", [batch], given)],
    [
      anchor,
      valueFrom(
        "bool",
        [batch, time],
        Array.from({ length: batch * time }, () => choices.below(2)),
      ),
    ],
  ]);
  for (const node of real) {
    const shape = node.shape.map((dim) => (typeof dim === "number" ? dim : sizes.get(dim.key)!));
    const count = shape.reduce((product, size) => product * size, 1);
    const data = Array.from({ length: count }, () => (odd && choices.chance(1, 16) ? choices.pick(oddValues) : choices.real(-2, 2)));
    feeds.set(node, valueFrom("float32", shape, data));
  }
  return feeds;
}

const oddValues = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];

function showFeeds(feeds: Program["feeds"]): string {
  return [...feeds].map(([node, { shape, data }]) => `${node.attrs.name} [${shape.join(", ")}] = ${data.join(" ")}\n`).join("");
}

/** A scan with random carries, inputs and body; its results join the pool. */
function addScan(pool: Pool, domain: Domain, choices: Choices, options: ProgramOptions): void {
  const leads = (dim: Dim) => (entry: Entry) => entry.node.shape.length > 0 && equalDims(entry.node.shape[0]!, dim);
  const take = (count: number, fits: (entry: Entry) => boolean): Entry[] =>
    Array.from({ length: count }, () => pool.pick(choices, fits)).filter((entry) => entry !== null);
  const starts = take(choices.below(3), leads(domain.batch));
  const xs = take(choices.below(3), leads(domain.steps));
  const rows = take(choices.below(2), leads(domain.batch));
  const shared = take(choices.below(3), ({ node }) => node.shape.length <= 2);
  const scope = newScope();
  const body = new Pool(options);
  const enter = (entry: Entry, name: string, drop: number, facts: Facts): Node<"input"> => {
    const inner = inputNode(name, { shape: entry.node.shape.slice(drop), dtype: entry.node.dtype }, scope);
    body.entries.push({ node: inner, ...facts });
    return inner;
  };
  const carries = starts.map((start, index) => {
    const isAdditive = choices.chance(1, 2);
    const bound = isAdditive ? start.bound + 200 : Math.max(1, start.bound);
    const facts = { bound, isExact: start.node.dtype !== "float32", slope: 1 };
    return { ...facts, isAdditive, inner: enter(start, `carry${index}`, 1, facts) };
  });
  const within = ({ bound, isExact }: Entry): Facts => ({ bound, isExact, slope: 1 });
  const inputs = [
    ...carries.map(({ inner }) => inner),
    ...[...xs, ...rows].map((entry, index) => enter(entry, `in${index}`, 1, within(entry))),
    ...shared.map((entry, index) => enter(entry, `shared${index}`, 0, within(entry))),
  ];
  if (inputs.length === 0) return;
  for (let i = choices.below(options.nodes ?? 24); i > 0; i--) growOne(body, choices);
  const nexts = carries.map((carry) => nextCarry(carry, body, choices));
  const ys = Array.from({ length: (carries.length === 0 ? 1 : 0) + choices.below(3) }, () => body.pick(choices, () => true)!);
  const sums = Array.from({ length: choices.below(2) }, () => body.pick(choices, ({ node }) => node.dtype === "float32")).filter(
    (y) => y !== null,
  );
  const graph = makeGraph("step", inputs, [...nexts, ...[...ys, ...sums].map(({ node }) => node)]);
  const counts = { carries: carries.length, xs: xs.length, rows: rows.length, shared: shared.length, ys: ys.length, sums: sums.length };
  const outers = [...starts, ...xs, ...rows, ...shared].map(({ node }) => node);
  const parts = makeScan(outers, { domain, reverse: choices.chance(1, 3), ...counts, body: graph });
  // What enters is multiplied by the body's slope, and by a little more at each of a few steps.
  const entering = Math.max(...[...starts, ...xs, ...rows, ...shared].map(({ slope }) => slope));
  const facts = [...carries, ...ys, ...sums.map((entry) => ({ bound: 25 * entry.bound, isExact: false, slope: 8 * entry.slope }))];
  parts.forEach((part, index) => {
    const { bound, isExact, slope } = facts[index]!;
    pool.add(part, { bound, isExact, slope: 8 * entering * slope });
  });
}

/** An affine scan of one state or a pair, its coefficients squashed so that nothing grows. */
function addAffine(pool: Pool, domain: Domain, choices: Choices): void {
  const real = (fits: (node: Node) => boolean): Entry | null =>
    pool.pick(choices, ({ node, bound, slope }) => node.dtype === "float32" && bound <= 8 && slope <= 8 && fits(node));
  const leads = (node: Node, dim: Dim): boolean => node.shape.length > 0 && equalDims(node.shape[0]!, dim);
  const term = real((node) => leads(node, domain.steps) && node.shape.length <= 3);
  if (term === null) return;
  const features = term.node.shape.slice(1);
  const width = choices.pick([1, 2]);
  const [start, lag] = [choices.chance(1, 2), choices.chance(1, 2)];
  const stateLike = real((node) => equalShapes(node.shape, [domain.batch, ...features]));
  const initial = stateLike?.node ?? broadcast(scalarNode(0.5), [domain.batch, ...features]);
  const leading = { steps: [domain.steps], rows: [domain.batch], shared: [] } as const;
  const coefficients = Array.from({ length: width * width }, () => {
    const vary = choices.pick(["steps", "rows", "shared"] as const);
    const ones = features.map(() => 1);
    const found = real((node) => equalShapes(node.shape, [...leading[vary], ...features]))?.node;
    const value = found ?? broadcast(scalarNode(choices.real(-1, 1)), [...leading[vary], ...ones]);
    return { vary, node: mul(tanh(value), 1 / width) };
  });
  const attrs = { domain, reverse: choices.chance(1, 2), vary: coefficients.map(({ vary }) => vary), start, lag: lag && !start };
  const states = Array.from({ length: start ? width : 0 }, () => initial);
  const terms = Array.from({ length: width }, () => term.node);
  const node = makeNode("affineScan", [...states, ...coefficients.map((one) => one.node), ...terms], attrs);
  pool.add(node, { bound: 5 * term.bound + 8, isExact: false, slope: 40 * Math.max(1, term.slope, stateLike?.slope ?? 0) });
}

interface Carry {
  readonly inner: Node<"input">;
  readonly isAdditive: boolean;
}

/** The carry after a step: itself plus something small, something squashed, or any value of its type. */
function nextCarry({ inner, isAdditive }: Carry, body: Pool, choices: Choices): Node {
  const isSameType = ({ node }: Entry): boolean => node.dtype === inner.dtype && equalShapes(node.shape, inner.shape);
  if (inner.dtype !== "float32") return body.pick(choices, isSameType)!.node;
  const small = body.pick(choices, (entry) => isSameType(entry) && entry.bound <= 8 && entry.slope <= 1.5 && entry.node !== inner);
  if (isAdditive) {
    const factor = choices.chance(1, 2) ? body.pick(choices, (entry) => isSameType(entry) && entry.slope <= 1.5) : null;
    const kept = factor === null ? inner : mul(tanh(factor.node), inner);
    return small === null ? kept : add(kept, small.node);
  }
  const scalar =
    body.pick(choices, ({ node, slope }) => node.dtype === "float32" && node.shape.length === 0 && slope <= 1.5)?.node ?? scalarNode(0.5);
  const candidate = body.pick(choices, (entry) => isSameType(entry) && entry.slope <= 1.5)!.node;
  return tanh(add(candidate, broadcast(mul(scalar, 0.5), inner.shape)));
}
