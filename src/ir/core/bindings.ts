// What a run must know before it starts: the value of every size symbol and the tables of every time domain.

import { bareSymbol, evaluateDim, type SymbolSizes, showShape, symbolsIn } from "../../base/dim.js";
import { elementCount, type HostArray } from "../../base/dtype.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import { makeWindowTables, type RunDomain } from "./domain.js";
import { type Domain, isOp, type Node } from "./node.js";

/** Argument values of a graph. */
export type Feeds = ReadonlyMap<Node<"input">, HostArray>;

/** What the parts of one run share. */
export interface RunBindings {
  readonly sizes: SymbolSizes;
  readonly domains: ReadonlyMap<Domain, RunDomain>;
}

/** The domains that these nodes use, in order of appearance. */
export function domainsOf(nodes: readonly Node[]): readonly Domain[] {
  const found = new Set<Domain>();
  for (const node of nodes) {
    if (isOp(node, "scan") || isOp(node, "affineScan")) found.add(node.attrs.domain);
    else if (isOp(node, "input") && node.attrs.source.kind === "table") found.add(node.attrs.source.domain);
  }
  return [...found];
}

/**
 * Binds symbols from the shapes of the arguments, then the number of steps of each domain from its lengths.
 *
 * @throws UsageError `missing_feed`, `bad_lengths`, `unbound_symbol`; ShapeError `feed_shape`
 */
export function bindRun(inputs: readonly Node<"input">[], domains: readonly Domain[], feeds: Feeds): RunBindings {
  const sizes = new Map<string, number>();
  for (const [input, feed] of feedsOf(inputs, feeds)) bindSymbols(input, feed, sizes);
  const tables = new Map<Domain, RunDomain>();
  for (const domain of domains) {
    const { batch, over } = domain;
    const time = evaluateDim(over?.time ?? domain.time, sizes);
    const made = makeWindowTables(evaluateDim(batch, sizes), time, lengthsOf(domain, feeds), over?.windows ?? []);
    const symbol = bareSymbol(domain.steps);
    if (symbol !== null) sizes.set(symbol, made.steps);
    const timeSymbol = over === undefined ? null : bareSymbol(domain.time);
    if (timeSymbol !== null) sizes.set(timeSymbol, made.time);
    tables.set(domain, made);
  }
  for (const [input, feed] of feedsOf(inputs, feeds)) checkFeed(input, feed, sizes);
  return { sizes, domains: tables };
}

function feedsOf(inputs: readonly Node<"input">[], feeds: Feeds): (readonly [Node<"input">, HostArray])[] {
  return inputs.flatMap((input) => {
    const feed = feeds.get(input);
    return feed === undefined ? [] : [[input, feed] as const];
  });
}

function bindSymbols(input: Node<"input">, feed: HostArray, sizes: Map<string, number>): void {
  if (feed.shape.length !== input.shape.length) throw feedShape(input, feed, sizes);
  input.shape.forEach((dim, axis) => {
    const symbol = bareSymbol(dim);
    if (symbol !== null && !sizes.has(symbol)) sizes.set(symbol, feed.shape[axis]!);
  });
}

function checkFeed(input: Node<"input">, feed: HostArray, sizes: SymbolSizes): void {
  const fits = input.shape.every((dim, axis) => evaluateDim(dim, sizes) === feed.shape[axis]);
  if (!fits || feed.dtype !== input.dtype || feed.data.length !== elementCount(feed.shape)) throw feedShape(input, feed, sizes);
}

function feedShape(input: Node<"input">, feed: HostArray, sizes: SymbolSizes): ShapeError {
  const symbols = [...new Set(input.shape.flatMap(symbolsIn))].filter((name) => sizes.has(name));
  const known = symbols.length === 0 ? "" : ` with ${symbols.map((name) => `${name} = ${sizes.get(name)}`).join(", ")}`;
  const given = `${showShape(feed.shape)} ${feed.dtype} (${feed.data.length} values)`;
  return new ShapeError({
    code: "feed_shape",
    what: `the argument ${input.attrs.name} is ${showShape(input.shape)} ${input.dtype}${known}, but ${given} was given`,
    where: input.where,
    phase: "run",
  });
}

function lengthsOf(domain: Domain, feeds: Feeds): ArrayLike<number> | null {
  if (domain.lengths === null) return null;
  const feed = isOp(domain.lengths, "input") ? feeds.get(domain.lengths) : undefined;
  if (feed === undefined)
    throw new UsageError({ code: "missing_feed", what: `the lengths of the time domain ${domain.name} have no value` });
  return feed.data;
}
