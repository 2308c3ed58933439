// The order of work: pointwise nodes gathered into tile programs by greedy list scheduling, other ops one by one between them.

import type { Dim } from "../base/dim.js";
import { isOp, type Node } from "../ir/core/node.js";
import { rowReductions, tileRegisters } from "../ir/lowered/opcodes.js";
import { computedAgain } from "./again.js";
import { type Moves, peel, spaceKey } from "./destinations.js";
import { isComputed } from "./normalise.js";
import { type TileReduction, tileReduction } from "./reductions.js";
import { isViewOp, type Scope } from "./scope.js";
import { squeezedShape } from "./view.js";

/** Nodes over one iteration space, in an order in which each can be computed; reductions of the space among them. */
export interface TileStep {
  readonly kind: "tile";
  readonly key: string;
  /** Sizes without axes of one. */
  readonly space: readonly Dim[];
  /** Axes of the space that are rows, where a reduction says so. */
  readonly cut: number | null;
  readonly nodes: readonly Node[];
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
const maxOperands = 200;
const mostColumnSums = 32;

/** Steps in order; moves of values that exist beforehand come first where no tile reads them anyway. */
export function schedule(scope: Scope, order: readonly Node[], moves: Moves, overwriting: readonly Node[]): Step[] {
  const again = computedAgain(scope, order, overwriting);
  const scheduler = new Scheduler(scope, moves, again);
  for (const node of order) scheduler.add(node);
  scheduler.placeSums();
  for (const move of moves.late) scheduler.addLate(move);
  const steps = [...scheduler.front, ...scheduler.steps].flatMap((step): readonly Step[] => {
    if (step.kind !== "tile") return [step];
    return step.nodes.length === 0 ? [] : split(scope, again, step);
  });
  for (const step of steps) {
    if (step.kind !== "tile") continue;
    for (const node of step.nodes) if (again.has(node)) scope.again.set(node, (scope.again.get(node) ?? 0) + 1);
  }
  return steps;
}

/** A tile program that still grows. */
interface OpenTile extends TileStep {
  cut: number | null;
  readonly nodes: Node[];
  /** Reductions of its rows, and whether its rows are added up: threads share such programs in different ways. */
  ofRows: number;
  ofColumns: number;
}

type OpenStep = OpenTile | Exclude<Step, TileStep>;

class Scheduler {
  readonly steps: OpenStep[] = [];
  readonly front: OpenStep[] = [];
  readonly #scope: Scope;
  readonly #moves: Moves;
  readonly #again: ReadonlySet<Node>;
  readonly #sums: { readonly node: Node; readonly reduction: TileReduction; readonly place: OpenTile }[] = [];
  /** The first step after which a value is ready; -1: before all. */
  readonly #level: Map<Node, number> = new Map();
  readonly #groups: Map<string, number[]> = new Map();
  readonly #memberOf: Map<Node, number> = new Map();
  /** Values that each tile computes or loads. */
  readonly #touched: Map<number, Set<Node>> = new Map();

  constructor(scope: Scope, moves: Moves, again: ReadonlySet<Node>) {
    this.#scope = scope;
    this.#moves = moves;
    this.#again = again;
  }

  add(node: Node): void {
    if (this.#scope.isLeaf(node) || this.#again.has(node)) return;
    const moves = this.#moves.before.get(node) ?? [];
    for (const move of moves) this.addMove(move);
    const ready = Math.max(-1, ...node.inputs.map((input) => this.#levelOf(input)));
    if (isViewOp(this.#scope, node) || isOp(node, "part")) this.#level.set(node, ready);
    else if (isOp(node, "concat")) this.#level.set(node, Math.max(ready, ...moves.map((move) => this.#levelOf(move))));
    else if (isComputed(node) || isOp(node, "iota")) this.#join(node, node, this.#earliest(node, node));
    else this.#addReduction(node);
  }

  /** Sums over rows that nothing waits for go to whichever program reads the same values, or else to the places kept for them. */
  placeSums(): void {
    for (const { node, reduction, place } of this.#sums) {
      const input = node.inputs[0]!;
      const found = this.#best(node, input, this.#earliest(node, input), (index) => takes(this.steps[index]!, reduction), reduction);
      const index = found.held > 0 ? found.index : this.steps.indexOf(place);
      const step = this.steps[index];
      if (step?.kind !== "tile") throw new Error("a sum over rows has no place");
      if (step === place) this.#groups.set(step.key, [...(this.#groups.get(step.key) ?? []), index]);
      step.nodes.push(node);
      this.#place(node, index);
      noteReduction(step, reduction);
    }
  }

  /** A reduction over the rows or columns of a space is done by the tile program that computes what it reduces. */
  #addReduction(node: Node): void {
    const reduction = tileReduction(node);
    if (reduction === null) this.#push({ kind: "op", node });
    else if (reduction.op === "sumColumns" && (this.#scope.readers.get(node) ?? []).length === 0) {
      const place = openTile(node.inputs[0]!, []);
      this.steps.push(place);
      this.#sums.push({ node, reduction, place });
    } else
      this.#join(node, node.inputs[0]!, this.#earliest(node, node.inputs[0]!), (index) => takes(this.steps[index]!, reduction), reduction);
  }

  /** A move joins a tile that loads its value in any case; in a step any tile of its space, which saves an instruction per step. */
  addMove(move: Node): void {
    const source = peel(this.#scope, move.inputs[0]!);
    const loads = (index: number): boolean => this.#touches(index, source);
    const earliest = this.#earliest(move, move);
    const groups = (this.#groups.get(spaceKey(move.shape)) ?? []).filter((index) => index >= earliest);
    if (groups.some(loads)) this.#join(move, move, earliest, loads);
    else if (this.#scope.rows !== null && groups.length > 0) this.#join(move, move, earliest);
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

  /** What a node reads, with the inputs of values that are computed again in the place of those. */
  #sourcesOf(node: Node): Node[] {
    return node.inputs.flatMap((input) => {
      const seen = peel(this.#scope, input);
      return this.#again.has(seen) ? this.#sourcesOf(seen) : [input];
    });
  }

  /** The first step in which all inputs can be had: a member's value in its own tile, anything else after it is stored. */
  #earliest(node: Node, walked: Node): number {
    const key = spaceKey(walked.shape);
    return Math.max(
      0,
      ...this.#sourcesOf(node).map((input) => {
        const member = this.#memberOf.get(peel(this.#scope, input));
        const step = member === undefined ? undefined : this.steps[member];
        return step?.kind === "tile" && step.key === key && spaceKey(input.shape) === key ? member! : this.#levelOf(input) + 1;
      }),
    );
  }

  /** Puts a node into the best tile over the space of `walked`, or a new one if none is allowed. */
  #join(
    node: Node,
    walked: Node,
    earliest: number,
    allowed: (index: number) => boolean = () => true,
    reduction: TileReduction | null = null,
  ): void {
    const { index } = this.#best(node, walked, earliest, allowed, reduction);
    const step = this.steps[index];
    if (step?.kind === "tile") {
      step.nodes.push(node);
      this.#place(node, index);
      noteReduction(step, reduction);
      return;
    }
    const made = openTile(walked, [node]);
    noteReduction(made, reduction);
    this.#push(made);
  }

  /** The tile that already holds most of what the node reads, the latest of several; -1 if none is allowed. */
  #best(
    node: Node,
    walked: Node,
    earliest: number,
    allowed: (index: number) => boolean,
    reduction: TileReduction | null,
  ): { readonly index: number; readonly held: number } {
    const key = spaceKey(walked.shape);
    const sources = this.#sourcesOf(node).map((input) => peel(this.#scope, input));
    // A reduction goes by what takes time to read, and comes as early as it can: others wait for it.
    const inputs = reduction === null ? sources : sources.filter((input) => spaceKey(input.shape) === key);
    let [best, most] = [-1, -1];
    for (const index of this.#groups.get(key) ?? []) {
      if (index < earliest || !allowed(index)) continue;
      const held = inputs.filter((input) => this.#touches(index, input)).length;
      if (reduction === null ? held >= most : held > most) [best, most] = [index, held];
    }
    return { index: best, held: most };
  }

  #push(step: OpenStep): void {
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
    for (const value of [node, ...this.#sourcesOf(node).map((input) => peel(this.#scope, input))]) touched.add(value);
    this.#memberOf.set(node, index);
    this.#level.set(node, index);
  }

  #levelOf(node: Node): number {
    return this.#scope.isLeaf(node) ? -1 : (this.#level.get(node) ?? -1);
  }
}

function openTile(walked: Node, nodes: Node[]): OpenTile {
  return { kind: "tile", key: spaceKey(walked.shape), space: squeezedShape(walked.shape), cut: null, nodes, ofRows: 0, ofColumns: 0 };
}

/** True if the reduction can be part of the tile program. */
function takes(step: OpenStep, { op, cut }: TileReduction): boolean {
  if (step.kind !== "tile" || (step.cut !== null && step.cut !== cut)) return false;
  return op === "sumColumns" ? step.ofRows === 0 && step.ofColumns < mostColumnSums : step.ofColumns === 0 && step.ofRows < rowReductions;
}

function noteReduction(step: OpenTile, reduction: TileReduction | null): void {
  if (reduction === null) return;
  step.cut = reduction.cut;
  if (reduction.op === "sumColumns") step.ofColumns += 1;
  else step.ofRows += 1;
}

/** Halves a tile program until its registers and operands suffice; each part computes again what it needs. */
function split(scope: Scope, again: ReadonlySet<Node>, step: TileStep): TileStep[] {
  const nodes = completed(scope, again, step.nodes);
  if (step.nodes.length === 1 || fits(scope, nodes)) return [{ kind: "tile", key: step.key, space: step.space, cut: step.cut, nodes }];
  const middle = Math.ceil(step.nodes.length / 2);
  const halves = [step.nodes.slice(0, middle), step.nodes.slice(middle)];
  return halves.flatMap((half) => split(scope, again, { ...step, nodes: half }));
}

/** The nodes with what each of them needs computed again in front of it. */
function completed(scope: Scope, again: ReadonlySet<Node>, nodes: readonly Node[]): Node[] {
  const all = new Set<Node>();
  const add = (node: Node): void => {
    for (const input of node.inputs) {
      const seen = peel(scope, input);
      if (again.has(seen)) add(seen);
    }
    all.add(node);
  };
  for (const node of nodes) add(node);
  return [...all];
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
