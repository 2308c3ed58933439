// The order of work: pointwise nodes gathered into tile programs by greedy list scheduling, other ops one by one between them.

import type { Dim } from "../base/dim.js";
import { isOp, type Node } from "../ir/core/node.js";
import { tileRegisters } from "../ir/lowered/opcodes.js";
import { type Moves, peel, spaceKey } from "./destinations.js";
import { isComputed } from "./normalise.js";
import { isViewOp, type Scope } from "./scope.js";
import { squeezedShape } from "./view.js";

/** Nodes over one iteration space, in an order in which each can be computed. */
export interface TileStep {
  readonly kind: "tile";
  readonly key: string;
  /** Sizes without axes of one. */
  readonly space: readonly Dim[];
  readonly nodes: Node[];
}

export type Step =
  | TileStep
  /** Any op with instructions of its own. */
  | { readonly kind: "op"; readonly node: Node }
  /** A `stop` node whose value is copied to where it is wanted. */
  | { readonly kind: "move"; readonly node: Node };

/** Inputs of a tile program whose memory its results may take: carries and resident vectors, and values nobody reads later. */
export const mostOverwritten = 8;
export const mostReused = 4;
/** Such values are loaded before their turn, into registers that the estimate does not count. */
const spareRegisters = mostOverwritten + mostReused;
const maxOperands = 90;

/** Steps in order; moves of values that exist beforehand come first where no tile reads them anyway. */
export function schedule(scope: Scope, order: readonly Node[], moves: Moves): Step[] {
  const scheduler = new Scheduler(scope, moves);
  for (const node of order) scheduler.add(node);
  for (const move of moves.late) scheduler.addLate(move);
  return [...scheduler.front, ...scheduler.steps].flatMap((step) => (step.kind === "tile" ? split(scope, step) : [step]));
}

class Scheduler {
  readonly steps: Step[] = [];
  readonly front: Step[] = [];
  readonly #scope: Scope;
  readonly #moves: Moves;
  /** The first step after which a value is ready; -1: before all. */
  readonly #level: Map<Node, number> = new Map();
  readonly #groups: Map<string, number[]> = new Map();
  readonly #memberOf: Map<Node, number> = new Map();
  /** Values that each tile computes or loads. */
  readonly #touched: Map<number, Set<Node>> = new Map();

  constructor(scope: Scope, moves: Moves) {
    this.#scope = scope;
    this.#moves = moves;
  }

  add(node: Node): void {
    if (this.#scope.isLeaf(node)) return;
    const moves = this.#moves.before.get(node) ?? [];
    for (const move of moves) this.addMove(move);
    const ready = Math.max(-1, ...node.inputs.map((input) => this.#levelOf(input)));
    if (isViewOp(this.#scope, node) || isOp(node, "part")) this.#level.set(node, ready);
    else if (isOp(node, "concat")) this.#level.set(node, Math.max(ready, ...moves.map((move) => this.#levelOf(move))));
    else if (isComputed(node) || isOp(node, "iota")) this.#join(node, this.#earliest(node), () => true);
    else this.#push({ kind: "op", node });
  }

  /** A move joins a tile that loads its value in any case; in a step any tile of its space, which saves an instruction per step. */
  addMove(move: Node): void {
    const source = peel(this.#scope, move.inputs[0]!);
    const loads = (index: number): boolean => this.#touches(index, source);
    const earliest = this.#earliest(move);
    const groups = (this.#groups.get(spaceKey(move.shape)) ?? []).filter((index) => index >= earliest);
    if (groups.some(loads)) this.#join(move, earliest, loads);
    else if (this.#scope.rows !== null && groups.length > 0) this.#join(move, earliest, () => true);
    else this.#push({ kind: "move", node: move });
  }

  addLate(move: Node): void {
    const before = this.steps.length;
    this.addMove(move);
    if (this.steps.length > before && this.#levelOf(move.inputs[0]!) < 0) this.front.push(this.steps.pop()!);
  }

  #touches(index: number, source: Node): boolean {
    return this.#touched.get(index)?.has(source) ?? false;
  }

  /** The first step in which all inputs can be had: a member's value in its own tile, anything else after it is stored. */
  #earliest(node: Node): number {
    const key = spaceKey(node.shape);
    return Math.max(
      0,
      ...node.inputs.map((input) => {
        const member = this.#memberOf.get(peel(this.#scope, input));
        const step = member === undefined ? undefined : this.steps[member];
        return step?.kind === "tile" && step.key === key && spaceKey(input.shape) === key ? member! : this.#levelOf(input) + 1;
      }),
    );
  }

  /** The tile that already holds most of the inputs, the latest of several; a new one if none is allowed. */
  #join(node: Node, earliest: number, allowed: (index: number) => boolean): void {
    const key = spaceKey(node.shape);
    const inputs = node.inputs.map((input) => peel(this.#scope, input));
    let [best, most] = [-1, -1];
    for (const index of this.#groups.get(key) ?? []) {
      if (index < earliest || !allowed(index)) continue;
      const held = inputs.filter((input) => this.#touches(index, input)).length;
      if (held >= most) [best, most] = [index, held];
    }
    const step = this.steps[best];
    if (step?.kind === "tile") {
      step.nodes.push(node);
      this.#place(node, best);
    } else this.#push({ kind: "tile", key, space: squeezedShape(node.shape), nodes: [node] });
  }

  #push(step: Step): void {
    const index = this.steps.length;
    this.steps.push(step);
    if (step.kind === "tile") {
      this.#groups.set(step.key, [...(this.#groups.get(step.key) ?? []), index]);
      this.#place(step.nodes[0]!, index);
    } else this.#level.set(step.node, index);
  }

  #place(node: Node, index: number): void {
    const touched = this.#touched.get(index) ?? new Set<Node>();
    this.#touched.set(index, touched);
    for (const value of [node, ...node.inputs.map((input) => peel(this.#scope, input))]) touched.add(value);
    this.#memberOf.set(node, index);
    this.#level.set(node, index);
  }

  #levelOf(node: Node): number {
    return this.#scope.isLeaf(node) ? -1 : (this.#level.get(node) ?? -1);
  }
}

/** Halves a tile program until its registers and operands suffice. */
function split(scope: Scope, step: TileStep): Step[] {
  if (step.nodes.length === 1 || fits(scope, step.nodes)) return [step];
  const middle = Math.ceil(step.nodes.length / 2);
  const halves = [step.nodes.slice(0, middle), step.nodes.slice(middle)];
  return halves.flatMap((nodes) => split(scope, { ...step, nodes }));
}

function fits(scope: Scope, nodes: readonly Node[]): boolean {
  const last = new Map<Node, number>();
  nodes.forEach((node, index) => {
    for (const input of node.inputs) last.set(peel(scope, input), index);
    if (!last.has(node)) last.set(node, index);
  });
  const members = new Set(nodes);
  const live = new Set<Node>();
  let peak = 0;
  nodes.forEach((node, index) => {
    for (const input of node.inputs) live.add(peel(scope, input));
    live.add(node);
    peak = Math.max(peak, live.size);
    for (const value of live) if (last.get(value)! <= index) live.delete(value);
  });
  const loads = [...last.keys()].filter((node) => !members.has(node)).length;
  return peak <= tileRegisters - spareRegisters && loads + nodes.length * 2 <= maxOperands;
}
