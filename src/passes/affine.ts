// Affine: states that obey h = a·h + b with coefficients from outside leave their scan as one affineScan.

import { equalShapes } from "../base/dim.js";
import {
  allValues,
  type BodyCarry,
  type BodyInput,
  bodyOutputs,
  closeScan,
  freshInput,
  type OpenScan,
  openScan,
  substituteBody,
} from "../ir/core/body.js";
import { atPath, makeNode, scalarNode } from "../ir/core/build.js";
import { alignRank, broadcast, gather, select } from "../ir/core/builders.js";
import { type AffineVarying, type Node, reachable } from "../ir/core/node.js";
import { affineStates } from "../ir/core/ops-affine.js";
import { reachableUntil } from "../ir/core/rewrite.js";
import { afterLastStep, hasSteps, lastStep, stepBefore } from "../ir/core/steps.js";
import { affineForm } from "./affine-form.js";
import { type Level, levelsOf, lifterOf } from "./levels.js";
import { type Report, silent } from "./log.js";
import { vectoriseNodes } from "./vectorise.js";

const reasons = {
  single: "the state is affine in itself and its coefficients need no state: one pass over the steps with the state in registers",
  pair: "the two states are affine in each other and their coefficients need no state: one pass over the steps with both in registers",
  delay: "it is what another value was one step before, so moving that value by a step is enough",
  last: "no step reads it, so it is computed for the last step alone",
} as const;

/** A scan that loses its carries one after another. */
interface Leaving {
  readonly open: OpenScan;
  /** Of the carries still in the scan, their places among all. */
  readonly places: readonly number[];
  /** Final values of the carries that left, by place. */
  readonly finals: ReadonlyMap<number, Node>;
  readonly log: readonly (readonly [keyof typeof reasons, string])[];
}

/**
 * The scan's results with its affine states outside; null if it has none. A state that merely delays another value leaves too where that
 * frees an affine one or empties the loop, and a state that no step reads becomes the value of the last step.
 */
export function affineScans(scan: Node<"scan">, report: Report = silent): Node[] | null {
  return atPath(scan.where, () => {
    const given = openScan(scan);
    const start: Leaving = { open: given, places: [...given.carries.keys()], finals: new Map(), log: [] };
    const all = leaveAll(start, true);
    const isWorth = all.places.length === 0 || all.log.some(([rule]) => rule === "single" || rule === "pair");
    const left = isWorth ? all : leaveAll(start, false);
    if (left.log.length === 0) return null;
    for (const [rule, what] of left.log) report({ pass: "affine", rule, where: scan.where, what, reason: reasons[rule] });
    const values = closeScan(left.open);
    const staying = new Map(left.places.map((place, index) => [place, values.carries[index]!]));
    return allValues({ ...values, carries: given.carries.map((_, place) => left.finals.get(place) ?? staying.get(place)!) });
  });
}

function leaveAll(start: Leaving, withDelays: boolean): Leaving {
  let now = start;
  for (;;) {
    const next = leaveOne(now, withDelays);
    if (next === null) return now;
    now = next;
  }
}

/** The first carry or pair that can leave, outside. */
function leaveOne(now: Leaving, withDelays: boolean): Leaving | null {
  const { open } = now;
  const inners = new Set<Node>(open.carries.map(({ inner }) => inner));
  const needs = open.carries.map(({ next }) => new Set(reachable([next]).filter((node) => inners.has(node))));
  const read = new Set<Node>(reachable(bodyOutputs(open)));
  for (const [index, carry] of open.carries.entries()) {
    const own = needs[index]!;
    if (own.size === 0) {
      if (!read.has(carry.inner)) return withLast(now, index);
      const delayed = withDelays ? withDelay(now, index) : null;
      if (delayed !== null) return delayed;
    }
    const other = open.carries.findIndex(({ inner }, at) => at > index && own.has(inner) && own.has(carry.inner));
    const isSingle = own.size === 1 && own.has(carry.inner);
    const isPair =
      own.size === 2 &&
      other >= 0 &&
      needs[other]!.size === 2 &&
      needs[other]!.has(carry.inner) &&
      needs[other]!.has(open.carries[other]!.inner);
    const found = isSingle ? withAffine(now, [index]) : isPair ? withAffine(now, [index, other]) : null;
    if (found !== null) return found;
  }
  return null;
}

/** A carry that no step reads: its last value is computed once per row. */
function withLast(now: Leaving, index: number): Leaving {
  const { open } = now;
  const { domain, reverse } = open;
  const carry = open.carries[index]!;
  const last = lastStep(domain, reverse);
  const used = new Set<Node>(reachable([carry.next]));
  const varying = new Map<Node, Node>([
    ...open.xs.filter(({ inner }) => used.has(inner)).map(({ inner, outer }) => [inner, gather(outer, last)] as const),
    ...open.rows.map(({ inner, outer }) => [inner, outer] as const),
  ]);
  const shared = new Map<Node, Node>(open.shared.map(({ inner, outer }) => [inner, outer]));
  const value = vectoriseNodes([carry.next], varying, domain.batch, shared)[0]!;
  const final = select(hasSteps(domain, value.shape.length), value, carry.outer);
  return without(now, [index], [final], open, ["last", carry.inner.attrs.name]);
}

/** A carry that is another value of the step before. */
function withDelay(now: Leaving, index: number): Leaving | null {
  const { open } = now;
  const carry = open.carries[index]!;
  const lifter = lifterOf(open, levelsOf(open));
  if (!lifter.isAffordable([carry.next])) return null;
  const stacked = lifter.steps([carry.next])[0]!;
  const { domain, reverse } = open;
  const before = inputFor(open, "delayed", carry, stepBefore(domain, reverse, stacked, carry.outer));
  const inside = replaced(open, new Map([[carry.inner, before]]));
  return without(now, [index], [afterLastStep(domain, reverse, stacked, carry.outer)], inside, ["delay", carry.inner.attrs.name]);
}

/** One state, or a pair, as an affineScan; null if they are not affine. */
function withAffine(now: Leaving, indices: readonly number[]): Leaving | null {
  const { open } = now;
  const carries = indices.map((index) => open.carries[index]!);
  const states = carries.map(({ inner }) => inner);
  const shape = states[0]!.shape;
  if (states.some((state) => state.dtype !== "float32" || !equalShapes(state.shape, shape))) return null;
  const bound = new Set<Node>(states);
  for (const node of reachable(bodyOutputs(open))) if (node.inputs.some((input) => bound.has(input))) bound.add(node);
  const forms = carries.map(({ next }) => affineForm(next, states, (node) => !bound.has(node)));
  const coefficients: Node[] = [];
  const terms: Node[] = [];
  for (const form of forms) {
    if (form === null) return null;
    for (const coefficient of form.coefficients) {
      // A product that is not there must not become 0 · ∞.
      if (coefficient === null) return null;
      coefficients.push(alignRank(coefficient, shape.length));
    }
    // -0 changes no bit of what it is added to.
    terms.push(broadcast(form.term ?? scalarNode(-0), shape));
  }
  const { domain, reverse } = open;
  const outside = liftAll(open, coefficients, terms);
  if (outside === null) return null;
  const initial = carries.map(({ outer }) => outer);
  const attrs = { domain, reverse, vary: outside.vary, start: true, lag: false } as const;
  const result = makeNode("affineScan", [...initial, ...outside.coefficients, ...outside.terms], attrs);
  const stacked = affineStates(result, attrs);
  const replacements = new Map<Node, BodyInput>();
  carries.forEach((carry, index) => {
    replacements.set(carry.inner, inputFor(open, "before", carry, stepBefore(domain, reverse, stacked[index]!, carry.outer)));
    replacements.set(carry.next, inputFor(open, "after", carry, stacked[index]!));
  });
  const finals = carries.map(({ outer }, index) => afterLastStep(domain, reverse, stacked[index]!, outer));
  const what = states.map(({ attrs: { name } }) => name).join(", ");
  return without(now, indices, finals, replaced(open, replacements), [carries.length === 1 ? "single" : "pair", what]);
}

interface Outside {
  readonly coefficients: readonly Node[];
  readonly terms: readonly Node[];
  readonly vary: readonly AffineVarying[];
}

/** Coefficients as little repeated as they vary, terms for every step; null if that would repeat large values of a row at every step. */
function liftAll(open: OpenScan, coefficients: readonly Node[], terms: readonly Node[]): Outside | null {
  const levels = levelsOf(open);
  // Nodes of the forms are new: they have the level of what they are made of.
  for (const node of reachableUntil([...coefficients, ...terms], levels)) {
    if (!levels.has(node)) levels.set(node, highest(node.inputs.map((input) => levels.get(input)!)));
  }
  const lifter = lifterOf(open, levels);
  const vary = coefficients.map((node): AffineVarying => (levels.get(node)! <= 1 ? "shared" : levels.get(node) === 2 ? "rows" : "steps"));
  const of = (kind: AffineVarying): Node[] => coefficients.filter((_, index) => vary[index] === kind);
  const [shared, rows, bySteps] = [of("shared"), of("rows"), of("steps")];
  if (!lifter.isAffordable([...bySteps, ...terms])) return null;
  const steps = lifter.steps([...bySteps, ...terms]);
  const lifted = { shared: lifter.once(shared), rows: lifter.rows(rows), steps };
  const next = { shared: 0, rows: 0, steps: 0 };
  return { coefficients: vary.map((kind) => lifted[kind][next[kind]++]!), terms: steps.slice(bySteps.length), vary };
}

function highest(levels: readonly Level[]): Level {
  let most: Level = 0;
  for (const level of levels) if (level > most) most = level;
  return most;
}

function inputFor(open: OpenScan, name: string, { inner }: BodyCarry, outer: Node): BodyInput {
  return { outer, inner: freshInput(`${name}.${inner.attrs.name}`, inner, open.scope) };
}

/** The body over inputs [N, ...] in the place of some of its values. */
function replaced(open: OpenScan, inputs: ReadonlyMap<Node, BodyInput>): OpenScan {
  const inside = substituteBody(open, new Map([...inputs].map(([node, { inner }]) => [node, inner])));
  return { ...inside, xs: [...open.xs, ...inputs.values()] };
}

function without(
  now: Leaving,
  indices: readonly number[],
  finals: readonly Node[],
  open: OpenScan,
  entry: Leaving["log"][number],
): Leaving {
  const stays = (_: unknown, index: number): boolean => !indices.includes(index);
  return {
    open: { ...open, carries: open.carries.filter(stays) },
    places: now.places.filter(stays),
    finals: new Map([...now.finals, ...indices.map((index, at) => [now.places[index]!, finals[at]!] as const)]),
    log: [...now.log, entry],
  };
}
