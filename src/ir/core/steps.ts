// Stacked values seen from the step before or from a row's last step, as plain nodes over the tables of their time domain.

import type { Dim } from "../../base/dim.js";
import { domainTable } from "./build.js";
import { add, concat, gather, iota, lt, mul, reshape, select, sizeOf, slice, sub, zeros } from "./builders.js";
import type { Domain, Node } from "./node.js";

/**
 * Values [N, ...] as they were one step before each step in this direction; `initial` [B, ...] (zeros if null) before the first.
 * Where every row has all steps this moves nothing but the whole by one step.
 */
export function stepBefore(domain: Domain, reverse: boolean, stacked: Node, initial: Node | null): Node {
  const start = initial ?? zeros([domain.batch, ...stacked.shape.slice(1)], stacked.dtype);
  if (domain.lengths === null) {
    const joined = concat(reverse ? [stacked, start] : [start, stacked], 0);
    return slice(joined, 0, reverse ? domain.batch : 0, domain.steps);
  }
  return gather(concat([start, stacked], 0), domainTable(domain, reverse ? "following" : "previous"));
}

/** bool [N, 1, ...] of this rank: true for the first step that a row does in this direction. */
export function isFirstStep(domain: Domain, reverse: boolean, rank: number): Node {
  const before = domainTable(domain, reverse ? "following" : "previous");
  return reshape(lt(before, sizeOf(domain.batch)), withOnes(domain.steps, rank));
}

/** int32 [B]: where the last step that each sorted row does in this direction is stacked; -1 for rows without steps. */
export function lastStep(domain: Domain, reverse: boolean): Node {
  const rows = iota(domain.batch);
  if (reverse) return select(hasSteps(domain, 1), rows, -1);
  const dense = add(mul(domainTable(domain, "order"), sizeOf(domain.time)), sub(domainTable(domain, "lengths"), 1));
  return select(hasSteps(domain, 1), gather(domainTable(domain, "unpack"), dense), -1);
}

/** bool [B, 1, ...] of this rank: true for sorted rows with at least one step. */
export function hasSteps(domain: Domain, rank: number): Node {
  return reshape(lt(0, domainTable(domain, "lengths")), withOnes(domain.batch, rank));
}

/** Values [B, ...] after the last step of each sorted row in this direction; `initial` where a row has no steps. */
export function afterLastStep(domain: Domain, reverse: boolean, stacked: Node, initial: Node): Node {
  return select(hasSteps(domain, stacked.shape.length), gather(stacked, lastStep(domain, reverse)), initial);
}

function withOnes(first: Dim, rank: number): Dim[] {
  return [first, ...Array.from({ length: rank - 1 }, () => 1)];
}
