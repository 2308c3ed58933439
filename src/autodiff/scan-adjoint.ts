// The adjoint of a scan: a scan over the same domain the other way, fed by what the forward steps left behind.

import { UsageError } from "../base/errors.js";
import {
  type BodyCarry,
  type BodyInput,
  bodyOutputs,
  cloneBody,
  closeScan,
  freshInput,
  type OpenScan,
  openScan,
  withBodyOutputs,
} from "../ir/core/body.js";
import { atPath } from "../ir/core/build.js";
import { add, zeros } from "../ir/core/builders.js";
import { type Node, reachable } from "../ir/core/node.js";
import { substitute } from "../ir/core/rewrite.js";
import { stepBefore } from "../ir/core/steps.js";
import { chooseResiduals } from "./residuals.js";
import { activeNodes, walkBack } from "./walk.js";

/** Cotangents that enter a scan, by result; null = none. */
interface Entering {
  readonly carries: readonly (Node | null)[];
  readonly ys: readonly (Node | null)[];
  readonly sums: readonly (Node | null)[];
}

/** The adjoint body before its forward values are replaced by residuals. */
interface RawAdjoint {
  /** Carries through which cotangents flow, with the cotangent's body input and its next value. */
  readonly carries: readonly (BodyCarry & { readonly of: number })[];
  readonly xs: readonly BodyInput[];
  readonly shared: readonly BodyInput[];
  /** Cotangents of the forward inputs for one row and step; null = none. */
  readonly dXs: readonly (Node | null)[];
  readonly dRows: readonly (Node | null)[];
  readonly dShared: readonly (Node | null)[];
}

/**
 * Cotangents of a scan's inputs. Cotangents of carries start at those of the final carries and walk the steps backwards; those of
 * rows add up in a carry of their row, those of shared values are sums over rows and steps.
 */
export function scanAdjoint(scan: Node<"scan">, cotangents: readonly (Node | null)[], isActive: (input: Node) => boolean): (Node | null)[] {
  const forward = openScan(scan);
  const { open: copy, copies } = cloneBody(forward);
  const counts = scan.attrs;
  const entering: Entering = {
    carries: cotangents.slice(0, counts.carries),
    ys: cotangents.slice(counts.carries, counts.carries + counts.ys),
    sums: cotangents.slice(counts.carries + counts.ys),
  };
  const activeInputs = [...copy.carries, ...copy.xs, ...copy.rows, ...copy.shared].filter(({ outer }) => isActive(outer));
  const raw = atPath(forward.where, () =>
    differentiateBody(
      copy,
      entering,
      activeInputs.map(({ inner }) => inner),
    ),
  );
  if (raw === null) return scan.inputs.map(() => null);
  const originals = new Map([...copies].map(([original, made]) => [made, original]));
  return atPath(forward.where, () => closeAdjoint(forward, copy, originals, raw));
}

/** Differentiates one step. Null if no cotangent reaches anything. */
function differentiateBody(copy: OpenScan, entering: Entering, activeInputs: readonly Node[]): RawAdjoint | null {
  const { active, inputs } = spreadActivity(copy, activeInputs);
  const useful = usefulCarries(copy, entering);
  const flowing = copy.carries.flatMap((carry, of) => (inputs.has(carry.inner) && useful.has(of) ? [{ ...carry, of }] : []));
  const dCarries = flowing.map(({ next, outer, of }) => ({
    of,
    outer: entering.carries[of] ?? zeros([copy.domain.batch, ...outer.shape.slice(1)]),
    inner: freshInput(`dCarry${of}`, next, copy.scope),
  }));
  const enter = (nodes: readonly Node[], given: readonly (Node | null)[], name: string): (BodyInput & { readonly node: Node })[] =>
    nodes.flatMap((node, index) => {
      const outer = given[index] ?? null;
      return outer === null || !active.has(node) ? [] : [{ node, outer, inner: freshInput(`${name}${index}`, node, copy.scope) }];
    });
  const dYs = enter(copy.ys, entering.ys, "dY");
  const dSums = enter(copy.sums, entering.sums, "dSum");
  if (dCarries.length + dYs.length + dSums.length === 0) return null;

  const starts = [...flowing.map(({ next }) => next), ...dYs.map(({ node }) => node), ...dSums.map(({ node }) => node)];
  const cotangents = [...dCarries, ...dYs, ...dSums].map(({ inner }) => inner);
  const targets = [...flowing, ...copy.xs, ...copy.rows, ...copy.shared].map(({ inner }) => inner);
  const wanted = targets.filter((target) => inputs.has(target));
  const found = new Map(walkBack(starts, cotangents, wanted, noInnerScan).map((d, index) => [wanted[index]!, d]));
  const of = (list: readonly BodyInput[]): (Node | null)[] => list.map(({ inner }) => found.get(inner) ?? null);
  return {
    carries: dCarries.map((carry, index) => {
      const target = flowing[index]!;
      return { ...carry, next: found.get(target.inner) ?? zeros(target.inner.shape) };
    }),
    xs: dYs,
    shared: dSums,
    dXs: of(copy.xs),
    dRows: of(copy.rows),
    dShared: of(copy.shared),
  };
}

/** Body inputs and nodes that depend on active inputs, also from step to step. */
function spreadActivity(copy: OpenScan, activeInputs: readonly Node[]): { active: Set<Node>; inputs: Set<Node> } {
  const nodes = reachable(bodyOutputs(copy));
  const inputs = new Set(activeInputs.filter((input) => input.dtype === "float32"));
  for (;;) {
    const active = activeNodes(nodes, [...inputs]);
    const reached = copy.carries.filter(({ inner, next }) => !inputs.has(inner) && active.has(next));
    if (reached.length === 0) return { active, inputs };
    for (const { inner } of reached) inputs.add(inner);
  }
}

/** Carries whose value can reach a result that has a cotangent. */
function usefulCarries(copy: OpenScan, entering: Entering): Set<number> {
  const useful = new Set([...copy.carries.keys()].filter((index) => (entering.carries[index] ?? null) !== null));
  const ends = [
    ...copy.ys.filter((_, index) => (entering.ys[index] ?? null) !== null),
    ...copy.sums.filter((_, index) => (entering.sums[index] ?? null) !== null),
  ];
  for (;;) {
    const seen = new Set(reachable([...ends, ...[...useful].map((index) => copy.carries[index]!.next)]));
    const reached = copy.carries.flatMap(({ inner }, index) => (!useful.has(index) && seen.has(inner) ? [index] : []));
    if (reached.length === 0) return useful;
    for (const index of reached) useful.add(index);
  }
}

/** Makes the forward scan again with its residuals, then the adjoint scan; gives the cotangents in the order of the scan's inputs. */
function closeAdjoint(forward: OpenScan, copy: OpenScan, originals: ReadonlyMap<Node, Node>, raw: RawAdjoint): (Node | null)[] {
  const accumulators = copy.rows.flatMap((row, index) => {
    const added = raw.dRows[index] ?? null;
    if (added === null) return [];
    const inner = freshInput(`dRow${index}`, row.inner, copy.scope);
    return [{ inner, outer: zeros([copy.domain.batch, ...row.inner.shape]), next: add(inner, added) }];
  });
  const adjoint: OpenScan = {
    ...copy,
    name: `${copy.name}.adjoint`,
    reverse: !copy.reverse,
    carries: [...raw.carries, ...accumulators],
    xs: [...copy.xs, ...raw.xs],
    shared: [...copy.shared, ...raw.shared],
    ys: raw.dXs.filter((d) => d !== null),
    sums: raw.dShared.filter((d) => d !== null),
  };
  const saved = chooseResiduals(bodyOutputs(adjoint), copy, originals);
  const residuals = stackResiduals(
    forward,
    saved.map((node) => originals.get(node)!),
    copy.carries,
    saved,
  );
  const replaced = new Map(residuals.map(({ node, inner }) => [node, inner]));
  const outputs = substitute(bodyOutputs(adjoint), replaced);
  const values = closeScan(withBodyOutputs({ ...adjoint, xs: [...adjoint.xs, ...residuals] }, outputs));
  return inputCotangents(copy, raw, values, accumulators.length);
}

interface Residual extends BodyInput {
  /** The forward body node it stands for. */
  readonly node: Node;
}

/**
 * Each saved forward value as an input of the adjoint, [N, ...] outside. A carry before the step is read from the stacked values of
 * the carry after it, one step earlier, when those are stacked anyway.
 */
function stackResiduals(forward: OpenScan, saved: readonly Node[], carries: readonly BodyCarry[], copies: readonly Node[]): Residual[] {
  const ys = [...forward.ys];
  const yIndex = (node: Node): number => {
    const known = ys.indexOf(node);
    return known >= 0 ? known : ys.push(node) - 1;
  };
  const plans = saved.map((node) => {
    const carry = forward.carries.find(({ inner }) => inner === node);
    if (carry === undefined || !forward.ys.includes(carry.next)) return { index: yIndex(node), start: null };
    return { index: yIndex(carry.next), start: carry.outer };
  });
  const made = closeScan({ ...forward, ys });
  return plans.map(({ index, start }, position) => {
    const stacked = made.ys[index]!;
    const node = copies[position]!;
    // A carry's own input of the copied body is free to become the residual's input: cotangents took its place as carries.
    const carry = carries.find(({ inner }) => inner === node);
    const inner = carry?.inner ?? freshInput(`saved${position}`, node, node.scope);
    const outer = start === null ? stacked : stepBefore(forward.domain, forward.reverse, stacked, start);
    return { node, inner, outer };
  });
}

function inputCotangents(
  copy: OpenScan,
  raw: RawAdjoint,
  values: { readonly carries: readonly Node[]; readonly ys: readonly Node[]; readonly sums: readonly Node[] },
  numAccumulators: number,
): (Node | null)[] {
  const inOrder = (flags: readonly (Node | null)[], list: readonly Node[]): (Node | null)[] => {
    let at = 0;
    return flags.map((flag) => (flag === null ? null : list[at++]!));
  };
  const ofCarries = new Map(raw.carries.map(({ of }, index) => [of, values.carries[index]!]));
  const rows = values.carries.slice(values.carries.length - numAccumulators);
  return [
    ...copy.carries.map((_, index) => ofCarries.get(index) ?? null),
    ...inOrder(raw.dXs, values.ys),
    ...inOrder(raw.dRows, rows),
    ...inOrder(raw.dShared, values.sums),
  ];
}

function noInnerScan(scan: Node<"scan">): never {
  throw new UsageError({ code: "inner_scan", op: "grad", what: "a scan inside a step must be written out", where: scan.where });
}
