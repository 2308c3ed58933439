// Hoist: what does not depend on the carry leaves the loop, computed for all steps at once.

import {
  allValues,
  type BodyInput,
  bodyOutputs,
  closeScan,
  elementsOf,
  freshInput,
  type OpenScan,
  openScan,
  substituteBody,
} from "../ir/core/body.js";
import { atPath, domainTable } from "../ir/core/build.js";
import { broadcast, gather } from "../ir/core/builders.js";
import { isOp, type Node, reachable } from "../ir/core/node.js";
import { contains, costly, type Level, type Lifter, levelsOf, lifterOf, movements, roots, sizeOfAll } from "./levels.js";
import { type Report, silent } from "./log.js";
import { splitProducts } from "./split-products.js";

const reasons = {
  steps: "it does not depend on the carry: one product over all steps keeps the processor busier than one per step",
  rows: "it depends only on values of the row, so once per row is enough",
  once: "it depends only on shared values, so once is enough",
  split: "the part that does not depend on the carry can leave the loop",
  outputs: "an output that does not depend on the carry needs no loop",
} as const;

/** What the loop is for: a gradient is still taken through it, or nothing but running. */
type Purpose = "gradient" | "run";

/**
 * Pointwise values leave a loop that only runs if they save reading clearly more than they are; before a gradient is taken any saving
 * will do, because their gradients then leave too.
 */
const saving: Readonly<Record<Purpose, number>> = { gradient: 1, run: 1.25 };

/** Values this many times smaller than the carries, as a mean of each row is, leave if they are expensive: they take no memory. */
const small = 16;

/** Body nodes that leave, by where they go. */
interface Leaving {
  readonly once: Node[];
  readonly rows: Node[];
  readonly steps: Node[];
}

/** The scan's results with everything outside that need not be inside; null if nothing leaves. */
export function hoistScan(scan: Node<"scan">, purpose: Purpose, report: Report = silent): Node[] | null {
  return atPath(scan.where, () => {
    const given = openScan(scan);
    const open = splitProducts(given, levelsOf(given));
    if (open !== given) report({ pass: "hoist", rule: "split-products", where: open.where, what: "dot of concat", reason: reasons.split });
    const levels = levelsOf(open);
    const lifter = lifterOf(open, levels);
    const freeYs = open.ys.map((y) => levels.get(y)! < 4 && lifter.isAffordable([y]));
    const leaving = chooseLeaving(open, levels, lifter, freeYs, purpose);
    if (leaving.once.length + leaving.rows.length + leaving.steps.length === 0 && !freeYs.includes(true)) {
      return open === given ? null : allValues(closeScan(open));
    }
    tell(open, leaving, freeYs, report);
    const values = closeScan(withoutLeaving({ ...open, ys: open.ys.filter((_, index) => !freeYs[index]) }, leaving, lifter));
    const free = open.ys.filter((_, index) => freeYs[index]);
    return allValues({ ...values, ys: interleave(freeYs, freeOutputs(open, levels, lifter, free), values.ys) });
  });
}

/** The scan with inputs in the place of what leaves. */
function withoutLeaving(open: OpenScan, leaving: Leaving, lifter: Lifter): OpenScan {
  const replaced = new Map<Node, Node>();
  const added = (nodes: readonly Node[], outers: readonly Node[]): BodyInput[] =>
    nodes.map((node, index) => {
      const inner = freshInput(`hoisted${node.op}`, node, open.scope);
      replaced.set(node, inner);
      return { outer: outers[index]!, inner };
    });
  const shared = added(leaving.once, lifter.once(leaving.once));
  const rows = added(leaving.rows, lifter.rows(leaving.rows));
  const xs = added(leaving.steps, lifter.steps(leaving.steps));
  const inner = substituteBody(open, replaced);
  return { ...inner, xs: [...open.xs, ...xs], rows: [...open.rows, ...rows], shared: [...open.shared, ...shared] };
}

/** Walks down from what stays: the first node worth computing outside leaves, and what is above it goes with it. */
function chooseLeaving(
  open: OpenScan,
  levels: ReadonlyMap<Node, Level>,
  lifter: Lifter,
  freeYs: readonly boolean[],
  purpose: Purpose,
): Leaving {
  const staysFor = readersInLoop(open);
  const most = open.carries.reduce((size, { inner }) => size + elementsOf(inner), 0) / small;
  const pays = (node: Node): boolean => {
    if (roots.has(node.op)) return true;
    if (movements.has(node.op)) return false;
    if (elementsOf(node) <= most && costly.has(node.op)) return true;
    return leavesOf(node, levels, 3, purpose === "run" ? staysFor : null) > saving[purpose] * elementsOf(node);
  };
  const leaving: Leaving = { once: [], rows: [], steps: [] };
  const seen = new Set<Node>();
  const staying = [...open.carries.map(({ next }) => next), ...open.ys.filter((_, index) => !freeYs[index]), ...open.sums];
  const carried = reachable(staying).filter((node) => levels.get(node) === 4);
  const pending = [...carried.flatMap((node) => node.inputs), ...staying].filter((node) => levels.get(node)! < 4);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node) || isOp(node, "input")) continue;
    seen.add(node);
    const level = levels.get(node)!;
    if (level === 1 && node.op !== "broadcast") leaving.once.push(node);
    else if (level === 2 && paysPerRow(node, levels)) leaving.rows.push(node);
    else if (level === 3 && pays(node) && lifter.isAffordable([node])) leaving.steps.push(node);
    else pending.push(...node.inputs);
  }
  for (const list of [leaving.once, leaving.rows, leaving.steps]) list.sort((a, b) => a.id - b.id);
  return leaving;
}

function paysPerRow(node: Node, levels: ReadonlyMap<Node, Level>): boolean {
  if (movements.has(node.op)) return false;
  const stops = { has: (inner: Node): boolean => isOp(inner, "input") };
  if (contains(node, (inner) => levels.get(inner) === 2 && (roots.has(inner.op) || costly.has(inner.op)), stops)) return true;
  return leavesOf(node, levels, 2) >= elementsOf(node);
}

/** Who reads each body value; results of the body count as a reader of their own. */
function readersInLoop(open: OpenScan): ReadonlyMap<Node, readonly Node[]> {
  const readers = new Map<Node, Node[]>();
  const add = (node: Node, reader: Node): void => {
    const known = readers.get(node);
    if (known === undefined) readers.set(node, [reader]);
    else known.push(reader);
  };
  const outputs = bodyOutputs(open);
  for (const node of reachable(outputs)) for (const input of node.inputs) add(input, node);
  for (const { next } of open.carries) add(next, next);
  for (const y of open.ys) add(y, y);
  return readers;
}

/**
 * Elements that the body reads to compute the node: inputs of this level, slices of them, and roots that leave by themselves; with
 * `readers` without those that the body reads for something else as well.
 */
function leavesOf(
  node: Node,
  levels: ReadonlyMap<Node, Level>,
  level: Level,
  readers: ReadonlyMap<Node, readonly Node[]> | null = null,
): number {
  const leaves = new Set<Node>();
  const seen = new Set<Node>();
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next) || levels.get(next) !== level) continue;
    seen.add(next);
    if (isOp(next, "input") || isOp(next, "slice") || roots.has(next.op)) leaves.add(next);
    else pending.push(...next.inputs);
  }
  if (readers === null) return sizeOfAll(leaves);
  const own = [...leaves].filter(
    (leaf) => leaf === node || (readers.get(leaf) ?? []).every((reader) => reader !== leaf && seen.has(reader)),
  );
  return sizeOfAll(own);
}

/** Outputs without carries, [N, ...]. */
function freeOutputs(open: OpenScan, levels: ReadonlyMap<Node, Level>, lifter: Lifter, ys: readonly Node[]): Node[] {
  return ys.map((y) => {
    if (levels.get(y) === 2) return gather(lifter.rows([y])[0]!, domainTable(open.domain, "row"));
    if (levels.get(y)! <= 1) return broadcast(lifter.once([y])[0]!, [open.domain.steps, ...y.shape]);
    return lifter.steps([y])[0]!;
  });
}

function interleave(isFree: readonly boolean[], free: readonly Node[], kept: readonly Node[]): Node[] {
  let [nextFree, nextKept] = [0, 0];
  return isFree.map((flag) => (flag ? free[nextFree++]! : kept[nextKept++]!));
}

function tell(open: OpenScan, leaving: Leaving, freeYs: readonly boolean[], report: Report): void {
  const total = reachable(bodyOutputs(open)).length;
  const entry = (rule: string, what: string, reason: string): void => report({ pass: "hoist", rule, where: open.where, what, reason });
  const names = (nodes: readonly Node[]): string => nodes.map(({ op }) => op).join(", ");
  if (leaving.steps.length > 0) entry("over-steps", `${names(leaving.steps)} of ${total} body nodes`, reasons.steps);
  if (leaving.rows.length > 0) entry("over-rows", names(leaving.rows), reasons.rows);
  if (leaving.once.length > 0) entry("once", names(leaving.once), reasons.once);
  const free = freeYs.filter(Boolean).length;
  if (free > 0) entry("free-output", `${free} of ${freeYs.length} outputs`, reasons.outputs);
}
