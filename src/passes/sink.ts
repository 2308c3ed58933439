// Sink: what nobody carries leaves the loop at its end, so dW, dU and outputs' products become one product over all steps.

import { addDims, type Dim } from "../base/dim.js";
import { allValues, type BodyCarry, closeScan, elementsOf, type OpenScan, openScan } from "../ir/core/body.js";
import { atPath } from "../ir/core/build.js";
import { slice } from "../ir/core/builders.js";
import { isOp, type Node, reachable } from "../ir/core/node.js";
import { primitives } from "../ir/core/table.js";
import { costly, type Level, type Lifter, levelsOf, lifterOf } from "./levels.js";
import { type Report, silent } from "./log.js";
import { planSum, type Stacking, type SumPlan } from "./sum-over-steps.js";

const reasons = {
  sums: "a sum over all steps needs no loop: stack its factors and take one product with all steps contracted",
  outputs: "an output that no carry reads needs no loop: stack its input and take one product over all steps",
} as const;

/** Stacked values may be this many times larger than the carries or the result, whichever is larger. */
const largestStack = 4;

/** The scan's results with sums and outputs' products outside; null if nothing leaves. */
export function sinkScan(scan: Node<"scan">, report: Report = silent): Node[] | null {
  const open = openScan(scan);
  const levels = levelsOf(open);
  const lifter = lifterOf(open, levels);
  const stacking = makeStacking(open, levels, lifter);
  const tails = open.ys.map((y) => tailCut(y, open, levels, lifter, stacking));
  const sums = open.sums.map((value) => planSum(value, levels, stacking));
  if (tails.every((cut) => cut === null) && sums.every((plan) => plan === null)) return null;
  tell(open, tails, sums, report);

  // Results that stay, then what has to be stacked; a value that is stacked already is not stacked twice.
  const keptYs = open.ys.filter((_, index) => tails[index] === null);
  for (const cut of tails) for (const node of cut ?? []) stacking.need(node);
  const wanted = withoutDerived(new Set([...keptYs, ...stacking.needed]), new Set(keptYs), levels, lifter);
  const places = placesInWholes(wanted, new Set(keptYs));
  const stacked = [...wanted].filter((node) => !places.has(node));
  const values = closeScan({ ...open, ys: stacked, sums: open.sums.filter((_, index) => sums[index] === null) });
  const known = new Map(stacked.map((node, index) => [node, values.ys[index]!]));
  return atPath(open.where, () => {
    for (const [node, { whole, axis, start }] of places) known.set(node, slice(known.get(whole)!, axis + 1, start, node.shape[axis]!));
    const tailYs = open.ys.filter((_, index) => tails[index] !== null);
    const outside = new Map(lifter.steps(tailYs, known).map((value, index) => [tailYs[index]!, value]));
    const staying = [...values.sums];
    return allValues({
      carries: values.carries,
      ys: open.ys.map((y) => outside.get(y) ?? known.get(y)!),
      sums: sums.map((plan) => (plan === null ? staying.shift()! : plan.build((nodes) => lifter.steps(nodes, known)))),
    });
  });
}

/** Operations per element that are worth repeating outside, where they are part of the sum that reads them. */
const cheap = 4;

/** Stacked values that a few operations give from other stacked ones, as a gain's gradient is the sum of such products: not stacked too. */
function withoutDerived(
  wanted: ReadonlySet<Node>,
  results: ReadonlySet<Node>,
  levels: ReadonlyMap<Node, Level>,
  lifter: Lifter,
): ReadonlySet<Node> {
  const kept = new Set(wanted);
  for (const node of [...wanted].sort((a, b) => b.id - a.id)) {
    if (results.has(node) || !isDerived(node, kept, levels)) continue;
    kept.delete(node);
    if (!lifter.isAffordable([node], new Map([...kept].map((one) => [one, one])))) kept.add(node);
  }
  return kept;
}

function isDerived(value: Node, kept: ReadonlySet<Node>, levels: ReadonlyMap<Node, Level>): boolean {
  const seen = new Set<Node>();
  const visit = (node: Node): boolean => {
    if (levels.get(node)! < 4 || seen.has(node) || (node !== value && kept.has(node))) return true;
    seen.add(node);
    return (
      primitives[node.op].pointwise && !costly.has(node.op) && seen.size <= cheap && node.inputs.length > 0 && node.inputs.every(visit)
    );
  };
  return visit(value);
}

/** Values that lie in a stacked concatenation, as one gate's cotangent does in that of all gates: they are not stacked twice. */
function placesInWholes(
  stacked: ReadonlySet<Node>,
  results: ReadonlySet<Node>,
): Map<Node, { readonly whole: Node; readonly axis: number; readonly start: Dim }> {
  const places = new Map<Node, { readonly whole: Node; readonly axis: number; readonly start: Dim }>();
  for (const whole of stacked) {
    if (!isOp(whole, "concat")) continue;
    const { axis } = whole.attrs;
    let start: Dim = 0;
    for (const part of whole.inputs) {
      // Wholes that are parts of larger ones stay, so that nothing is looked for twice.
      if (stacked.has(part) && !results.has(part) && !isOp(part, "concat")) places.set(part, { whole, axis, start });
      start = addDims(start, part.shape[axis]!);
    }
  }
  return places;
}

interface OpenStacking extends Stacking {
  readonly needed: ReadonlySet<Node>;
}

function makeStacking(open: OpenScan, levels: ReadonlyMap<Node, Level>, lifter: Lifter): OpenStacking {
  const needed = new Set<Node>();
  const budget = largestStack * open.carries.reduce((size, { inner }: BodyCarry) => size + elementsOf(inner), 0);
  const already = new Set<Node>(open.ys);
  const isStacked = (node: Node): boolean => already.has(node) || needed.has(node);
  return {
    needed,
    isStacked,
    need: (node) => {
      if (levels.get(node) === 4) needed.add(node);
    },
    isAllowed: (node, result) => {
      if (levels.get(node)! < 4) return lifter.isAffordable([node]);
      return isStacked(node) || elementsOf(node) <= Math.max(budget, largestStack * elementsOf(result));
    },
  };
}

/**
 * Carried values that have to be stacked so that an output can be computed outside: the inputs of its products with shared
 * values and of what follows them. Null if the output stays.
 */
function tailCut(y: Node, open: OpenScan, levels: ReadonlyMap<Node, Level>, lifter: Lifter, stacking: Stacking): readonly Node[] | null {
  if (levels.get(y) !== 4) return null;
  const inLoop = new Set(reachable([...open.carries.map(({ next }) => next), ...open.sums]));
  if (inLoop.has(y)) return null;
  const leaving = new Set<Node>();
  for (const node of reachable([y])) {
    if (inLoop.has(node) || levels.get(node) !== 4) continue;
    if (isProductWithShared(node, levels) || node.inputs.some((input) => leaving.has(input))) leaving.add(node);
  }
  if (!leaving.has(y)) return null;
  const cut = new Set([...leaving].flatMap((node) => node.inputs.filter((input) => levels.get(input) === 4 && !leaving.has(input))));
  const marks = new Map([...cut].map((node) => [node, node]));
  if (!lifter.isAffordable([y], marks) || ![...cut].every((node) => stacking.isAllowed(node, y))) return null;
  return [...cut];
}

function isProductWithShared(node: Node, levels: ReadonlyMap<Node, Level>): boolean {
  return isOp(node, "dot") && node.inputs.some((input) => levels.get(input)! <= 1);
}

function tell(open: OpenScan, tails: readonly (readonly Node[] | null)[], sums: readonly (SumPlan | null)[], report: Report): void {
  const entry = (rule: string, what: string, reason: string): void => report({ pass: "sink", rule, where: open.where, what, reason });
  const numTails = tails.filter((cut) => cut !== null).length;
  if (numTails > 0) entry("output-products", `${numTails} of ${tails.length} outputs`, reasons.outputs);
  const numSums = sums.filter((plan) => plan !== null).length;
  if (numSums > 0) entry("sums", `${numSums} of ${sums.length} sums`, reasons.sums);
}
