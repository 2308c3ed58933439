// A scan taken apart and put together again: every body input beside the outer value that feeds it.

import { atPath, inputNode, makeGraph, makeScan, newScope } from "./build.js";
import type { Domain, Node, ValueType } from "./node.js";
import { reachable } from "./node.js";
import { substitute } from "./rewrite.js";

/** An input of a body and the outer value behind it: [N, ...] for xs, [B, ...] for rows, [...] for shared values. */
export interface BodyInput {
  readonly outer: Node;
  readonly inner: Node<"input">;
}

/** A carry: its initial value [B, ...] outside, its value before and after the step inside. */
export interface BodyCarry extends BodyInput {
  readonly next: Node;
}

/** A scan with its lists named. */
export interface OpenScan {
  readonly domain: Domain;
  readonly reverse: boolean;
  readonly name: string;
  readonly where: string;
  /** Number of the body. */
  readonly scope: number;
  readonly carries: readonly BodyCarry[];
  readonly xs: readonly BodyInput[];
  readonly rows: readonly BodyInput[];
  readonly shared: readonly BodyInput[];
  readonly ys: readonly Node[];
  readonly sums: readonly Node[];
}

/** Values of a scan's results: final carries [B, ...], ys [N, ...], sums [...]. */
export interface ScanValues {
  readonly carries: readonly Node[];
  readonly ys: readonly Node[];
  readonly sums: readonly Node[];
}

export function openScan(scan: Node<"scan">): OpenScan {
  const { domain, reverse, body, ...counts } = scan.attrs;
  const pairs = body.inputs.map((inner, index) => ({ inner, outer: scan.inputs[index]! }));
  const take = cutter(pairs);
  const takeOutput = cutter(body.outputs);
  const starts = take(counts.carries);
  const nexts = takeOutput(counts.carries);
  return {
    domain,
    reverse,
    name: body.name,
    where: scan.where,
    scope: body.inputs[0]?.scope ?? newScope(),
    carries: starts.map((start, index) => ({ ...start, next: nexts[index]! })),
    xs: take(counts.xs),
    rows: take(counts.rows),
    shared: take(counts.shared),
    ys: takeOutput(counts.ys),
    sums: takeOutput(counts.sums),
  };
}

/** Builds the scan; xs, rows and shared values that the body does not read are left out. */
export function closeScan(open: OpenScan): ScanValues {
  const outputs = bodyOutputs(open);
  const used = new Set<Node>(reachable(outputs));
  const xs = open.xs.filter(({ inner }) => used.has(inner));
  const rows = open.rows.filter(({ inner }) => used.has(inner));
  const shared = open.shared.filter(({ inner }) => used.has(inner));
  const inputs = [...open.carries, ...xs, ...rows, ...shared];
  const body = makeGraph(
    open.name,
    inputs.map(({ inner }) => inner),
    outputs,
  );
  const counts = {
    carries: open.carries.length,
    xs: xs.length,
    rows: rows.length,
    shared: shared.length,
    ys: open.ys.length,
    sums: open.sums.length,
  };
  const outers = inputs.map(({ outer }) => outer);
  const parts = atPath(open.where, () => makeScan(outers, { domain: open.domain, reverse: open.reverse, ...counts, body }));
  const take = cutter<Node>(parts);
  return { carries: take(counts.carries), ys: take(counts.ys), sums: take(counts.sums) };
}

/** The values of a scan in result order. */
export function allValues(values: ScanValues): Node[] {
  return [...values.carries, ...values.ys, ...values.sums];
}

/** Next carries, ys and sums. */
export function bodyOutputs(open: OpenScan): Node[] {
  return [...open.carries.map(({ next }) => next), ...open.ys, ...open.sums];
}

/** The same scan with other body nodes for some (inputs are not replaced). */
export function substituteBody(open: OpenScan, replacements: ReadonlyMap<Node, Node>): OpenScan {
  return withBodyOutputs(open, substitute(bodyOutputs(open), replacements));
}

/** The same scan with these body outputs, in the order of `bodyOutputs`. */
export function withBodyOutputs(open: OpenScan, outputs: readonly Node[]): OpenScan {
  const take = cutter(outputs);
  const nexts = take(open.carries.length);
  return {
    ...open,
    carries: open.carries.map((carry, index) => ({ ...carry, next: nexts[index]! })),
    ys: take(open.ys.length),
    sums: take(open.sums.length),
  };
}

/** The same scan over fresh body nodes with a scope of their own, and the copy of each old node. */
export function cloneBody(open: OpenScan): { readonly open: OpenScan; readonly copies: ReadonlyMap<Node, Node> } {
  const scope = newScope();
  const copies = new Map<Node, Node>();
  const copyInput = <I extends BodyInput>(input: I): I => {
    const inner = freshInput(input.inner.attrs.name, input.inner, scope);
    copies.set(input.inner, inner);
    return { ...input, inner };
  };
  const carries = open.carries.map(copyInput);
  const lists = { xs: open.xs.map(copyInput), rows: open.rows.map(copyInput), shared: open.shared.map(copyInput) };
  const nodes = reachable(bodyOutputs(open));
  substitute(nodes, copies).forEach((copy, index) => {
    copies.set(nodes[index]!, copy);
  });
  const outputs = bodyOutputs(open).map((output) => copies.get(output)!);
  return { open: withBodyOutputs({ ...open, ...lists, carries, scope }, outputs), copies };
}

/** A new input of a body with the type of another value. */
export function freshInput(name: string, type: ValueType, scope: number): Node<"input"> {
  return inputNode(name, { shape: type.shape, dtype: type.dtype }, scope);
}

/** Number of elements; Infinity when a size is known only at run time. */
export function elementsOf(type: ValueType): number {
  return type.shape.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : Number.POSITIVE_INFINITY), 1);
}

function cutter<E>(list: readonly E[]): (count: number) => E[] {
  let at = 0;
  return (count) => {
    at += count;
    return list.slice(at - count, at);
  };
}
