// Tile programs: the micro instructions of a group of pointwise nodes, with registers given by liveness.

import type { Dim } from "../base/dim.js";
import type { Node } from "../ir/core/node.js";
import { isReducing, tileRegisters } from "../ir/lowered/opcodes.js";
import { type Extent, isActiveRows, type MatrixOperand, type MicroInstruction } from "../ir/lowered/program.js";
import { emitCopy, operandOf } from "./copy.js";
import { peel, spaceKey } from "./destinations.js";
import { microOf } from "./micro.js";
import { pairedUp } from "./pairs.js";
import { type TileReduction, tileReduction } from "./reductions.js";
import { mostReused, type TileStep } from "./schedule.js";
import { allocate, homeFor, isRead, isViewOp, type Scope, viewOf } from "./scope.js";
import { axesOf, broadcastView, reshapeView, sameView, singleAxis, squeezeView, type View } from "./view.js";

/** What an input of a member is: another member's register, a constant, or memory. */
type Source = { readonly member: Node } | { readonly bits: number } | { readonly view: View };

/** A place a member's value goes to. */
interface Store {
  readonly node: Node;
  readonly view: View;
}

/** Emits one tile instruction for the group, with copies for operands that rows and columns cannot address. */
export function emitTile(scope: Scope, step: TileStep): void {
  const members = new Set(step.nodes);
  const reductions = new Map(step.nodes.flatMap(reductionOf));
  const sources = step.nodes.map((node) => node.inputs.map((input) => sourceOf(scope, step, members, node, input)));
  const spent = spentViews(scope, step, members);
  const stores = step.nodes.flatMap((node) => (reductions.has(node) ? [] : storesOf(scope, members, node, spent)));
  const loads = sources.flat().flatMap((source) => ("view" in source ? [source.view] : []));
  const split = chooseSplit(step.space, step.cut, [...loads, ...stores.map(({ view }) => squeezeView(view))]);
  const program = new TileProgram(scope, step.space, split, sources.flat());
  for (const { view } of stores) program.reserve(squeezeView(view), loads);
  step.nodes.forEach((node, index) => {
    const reduction = reductions.get(node);
    if (reduction !== undefined) program.reduce(node, reduction, sources[index]![0]!);
    else {
      program.compute(node, sources[index]!);
      for (const store of stores) if (store.node === node) program.store(store);
      program.finish(node, sources[index]!);
    }
  });
  program.emit();
  for (const node of step.nodes) if (scope.again.has(node)) scope.again.set(node, scope.again.get(node)! - 1);
}

function sourceOf(scope: Scope, step: TileStep, members: ReadonlySet<Node>, node: Node, input: Node): Source {
  const member = peel(scope, input);
  if (members.has(member) && member !== node && spaceKey(input.shape) === step.key) return { member };
  const view = viewOf(scope, input);
  const bits = scope.builder.uniformBits(view);
  if (bits !== null) return { bits };
  const shape = node.op === "sum" || node.op === "maxOf" ? input.shape : node.shape;
  const aligned = broadcastView(view, shape);
  const kept = shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  return { view: { ...aligned, shape: step.space, strides: kept.map((axis) => aligned.strides[axis]!) } };
}

function reductionOf(node: Node): [Node, TileReduction][] {
  const found = tileReduction(node);
  return found === null ? [] : [[node, found]];
}

/** Wanted places, and memory of its own if others read the value and none of those places keeps it. */
function storesOf(scope: Scope, members: ReadonlySet<Node>, node: Node, spent: View[]): Store[] {
  if (scope.again.has(node)) return [];
  const wanted = scope.destinations.get(node) ?? [];
  const stores = wanted.map(({ view }) => ({ node, view }));
  if (!isReadOutside(scope, members, node)) return stores;
  const kept = wanted.find(({ stable }) => stable);
  const home = kept?.view ?? reusedView(node, spent) ?? freshHome(scope, node);
  scope.views.set(node, home);
  return kept === undefined ? [...stores, { node, view: home }] : stores;
}

/** Memory of values that nobody reads after this step, each element of which is read just where a result of the step belongs. */
function spentViews(scope: Scope, step: TileStep, members: ReadonlySet<Node>): View[] {
  const inputs = new Set(step.nodes.flatMap((node) => node.inputs.map((input) => peel(scope, input))));
  const isOwn = (node: Node): boolean => !members.has(node) && !isViewOp(scope, node) && !scope.isLeaf(node);
  return [...inputs]
    .filter((node) => isOwn(node) && spaceKey(node.shape) === step.key && !isReadOutside(scope, members, node))
    .flatMap((node) => {
      const view = scope.views.get(node);
      return view !== undefined && scope.fresh.has(view.buffer) ? [view] : [];
    })
    .slice(0, mostReused);
}

/** Takes spent memory of the right extent. */
function reusedView(node: Node, spent: View[]): View | null {
  const view = spent.pop();
  return view === undefined ? null : reshapeView(view, node.shape);
}

function freshHome(scope: Scope, node: Node): View {
  const view = allocate(scope, node.op, node.shape, node.dtype);
  scope.fresh.add(view.buffer);
  return view;
}

function isReadOutside(scope: Scope, members: ReadonlySet<Node>, node: Node): boolean {
  const key = spaceKey(node.shape);
  return (scope.readers.get(node) ?? []).some((reader) => {
    // A reader that later programs compute too reads there as well.
    if (members.has(reader)) return (scope.again.get(reader) ?? 1) > 1;
    if (scope.done.has(reader)) return (scope.again.get(reader) ?? 0) > 0;
    if (!isViewOp(scope, reader)) return true;
    // Members see through views that keep the space; any other view needs the value in memory.
    return spaceKey(reader.shape) === key && peel(scope, reader) !== reader ? isReadOutside(scope, members, reader) : isRead(scope, reader);
  });
}

/** The cut of the space into rows and columns. */
interface Split {
  readonly rows: Extent;
  readonly cols: Dim;
  readonly rowAxes: readonly number[];
  readonly colAxes: readonly number[];
}

/** The cut that reductions need, else the one that leaves the fewest operands to be copied; the active rows are always the rows. */
function chooseSplit(space: readonly Dim[], cut: number | null, views: readonly View[]): Split {
  const axes = [...space.keys()];
  if (cut !== null) return splitAt(space, axes.slice(0, cut), axes.slice(cut));
  const active = space.findIndex(isActiveRows);
  if (active >= 0)
    return splitAt(
      space,
      [active],
      axes.filter((axis) => axis !== active),
    );
  let best = splitAt(space, axes.slice(0, -1), axes.slice(-1));
  let fewest = Number.POSITIVE_INFINITY;
  for (let cut = Math.max(0, axes.length - 1); cut >= 0; cut--) {
    const split = splitAt(space, axes.slice(0, cut), axes.slice(cut));
    const misfits = views.filter((view) => operandFor(view, split) === null).length;
    if (misfits < fewest) [best, fewest] = [split, misfits];
  }
  return best;
}

function splitAt(space: readonly Dim[], rowAxes: readonly number[], colAxes: readonly number[]): Split {
  const size = (axes: readonly number[]): Dim => singleAxis(denseAxes(space, axes), 1)!.size;
  const isActive = rowAxes.length === 1 && isActiveRows(space[rowAxes[0]!]!);
  return { rows: isActive ? "rows" : size(rowAxes), cols: size(colAxes), rowAxes, colAxes };
}

function denseAxes(space: readonly Dim[], axes: readonly number[]): ReturnType<typeof axesOf> {
  // Strides of 0 always join: only the product of the sizes is asked for.
  return axes.map((axis) => ({ size: space[axis]!, strides: [0] }));
}

function operandFor(view: View, { rowAxes, colAxes }: Split): MatrixOperand | null {
  const part = (axes: readonly number[]): Dim | null =>
    singleAxis(
      axesOf(
        axes.map((axis) => view.shape[axis]!),
        [axes.map((axis) => view.strides[axis]!)],
      ),
      1,
    )?.strides[0] ?? null;
  const [row, col] = [part(rowAxes), part(colAxes)];
  return row === null || col === null ? null : operandOf(view, row, col);
}

/** Registers that constants and broadcast rows may keep to themselves: the core then fills them once for all tiles. */
const keptFree = 16;

/** A tile instruction being written. */
class TileProgram {
  readonly #scope: Scope;
  readonly #space: readonly Dim[];
  readonly #split: Split;
  readonly #operands: MatrixOperand[] = [];
  readonly #micro: MicroInstruction[] = [];
  readonly #registers: Map<string, number> = new Map();
  readonly #free: number[] = Array.from({ length: tileRegisters }, (_, i) => tileRegisters - 1 - i);
  /** What each register that is kept holds. */
  readonly #kept: Map<number, string> = new Map();
  readonly #loads: View[] = [];
  readonly #after: (() => void)[] = [];
  /** Reads of each value still to come. */
  readonly #pending: Map<string, number> = new Map();

  constructor(scope: Scope, space: readonly Dim[], split: Split, sources: readonly Source[]) {
    this.#scope = scope;
    this.#space = space;
    this.#split = split;
    for (const source of sources) this.#pending.set(this.#key(source), (this.#pending.get(this.#key(source)) ?? 0) + 1);
  }

  /** Loads of memory that a store of this program overwrites come first. */
  reserve(stored: View, loads: readonly View[]): void {
    const same = loads.find((view) => sameView(view, stored));
    if (same !== undefined) this.#registerOf({ view: same });
  }

  compute(node: Node, sources: readonly Source[]): void {
    const inputs = sources.map((source) => this.#registerOf(source));
    if (this.#scope.moved.has(node)) {
      this.#registers.set(`node ${node.id}`, inputs[0]!);
      return;
    }
    for (const source of sources) this.#release(this.#key(source));
    const d = this.#take();
    this.#registers.set(`node ${node.id}`, d);
    for (const micro of microOf(node, inputs, this.#split)) this.#micro.push({ ...micro, d });
  }

  /** Gives back registers that nothing reads any more. */
  finish(node: Node, sources: readonly Source[]): void {
    const key = `node ${node.id}`;
    if (this.#scope.moved.has(node)) {
      this.#registers.delete(key);
      for (const source of sources) this.#release(this.#key(source));
    } else if (!this.#pending.has(key)) this.#release(key);
  }

  store({ node, view }: Store): void {
    const register = this.#registers.get(`node ${node.id}`)!;
    const squeezed = squeezeView(view);
    const direct = operandFor(squeezed, this.#split);
    if (direct !== null) {
      this.#push("store", register, this.#operand(direct));
      return;
    }
    const temporary = allocate(this.#scope, "store", this.#space, node.dtype);
    this.#push("store", register, this.#operand(operandFor(temporary, this.#split)!));
    this.#after.push(() => emitCopy(this.#scope, temporary, squeezed));
  }

  /** One number per row or column, in memory that nothing else of the program touches. */
  reduce(node: Node, { op }: TileReduction, source: Source): void {
    const register = this.#registerOf(source);
    const place = (view: View): MatrixOperand | null => {
      const { shape, strides } = squeezeView(view);
      const stride = singleAxis(axesOf(shape, [strides]), 1)?.strides[0];
      if (stride === undefined) return null;
      return op === "sumColumns" ? operandOf(view, 0, stride) : operandOf(view, stride, 0);
    };
    const home = homeFor(this.#scope, node, (view) => place(view) !== null);
    const d = this.#micro.filter((micro) => micro.op === "sumRow" || micro.op === "maxRow").length;
    this.#micro.push({ op, d: op === "sumColumns" ? 0 : d, a: this.#operand(place(home.view)!), b: register, c: 0 });
    this.#release(this.#key(source));
    this.#after.push(home.done);
  }

  emit(): void {
    if (this.#micro.some(({ op }) => op === "store" || isReducing(op))) {
      const { rows, cols } = this.#split;
      this.#scope.instructions.push({ op: "tile", rows, cols, operands: this.#operands, micro: pairedUp(this.#micro) });
    }
    for (const copy of this.#after) copy();
  }

  #push(op: "store", register: number, operand: number): void {
    this.#micro.push({ op, d: 0, a: operand, b: register, c: 0 });
  }

  #key(source: Source): string {
    if ("member" in source) return `node ${source.member.id}`;
    return "bits" in source ? `bits ${source.bits}` : `load ${this.#loadIndex(source.view)}`;
  }

  /** Equal views are loaded once. */
  #loadIndex(view: View): number {
    const known = this.#loads.findIndex((load) => sameView(load, view));
    return known >= 0 ? known : this.#loads.push(view) - 1;
  }

  #registerOf(source: Source): number {
    const key = this.#key(source);
    const known = this.#registers.get(key);
    if (known !== undefined) return known;
    if ("member" in source) throw new Error("a tile program reads a value before it is computed");
    const operand = "view" in source ? this.#loadable(source.view) : null;
    const d = operand === null || operand.row === 0 || operand.col === 0 ? this.#takeToKeep(key) : this.#take();
    this.#registers.set(key, d);
    if ("bits" in source) this.#micro.push({ op: "const", d, a: source.bits, b: 0, c: 0 });
    else if (operand !== null) this.#micro.push({ op: "load", d, a: this.#operand(operand), b: 0, c: 0 });
    return d;
  }

  /** Memory that rows and columns reach, copied if need be. */
  #loadable(view: View): MatrixOperand {
    const direct = operandFor(view, this.#split);
    if (direct !== null) return direct;
    const copy = allocate(this.#scope, "load", this.#space, "float32");
    emitCopy(this.#scope, view, copy);
    return operandFor(copy, this.#split)!;
  }

  #operand(operand: MatrixOperand): number {
    return this.#operands.push(operand) - 1;
  }

  #take(): number {
    if (this.#free.length === 0) this.#reclaim();
    const register = this.#free.pop();
    if (register === undefined) throw new Error("a tile program needs more registers than there are");
    return register;
  }

  /** A register that no other value has used or will use. */
  #takeToKeep(key: string): number {
    if (this.#free.length <= keptFree) return this.#take();
    const register = this.#free.shift()!;
    this.#kept.set(register, key);
    return register;
  }

  /** Kept registers that nothing reads any more, once there are no others. */
  #reclaim(): void {
    for (const [register, key] of this.#kept) {
      if ((this.#pending.get(key) ?? 0) > 0) continue;
      this.#kept.delete(register);
      this.#registers.delete(key);
      this.#free.push(register);
    }
  }

  #release(key: string): void {
    const left = (this.#pending.get(key) ?? 1) - 1;
    this.#pending.set(key, left);
    const register = this.#registers.get(key);
    if (left > 0 || register === undefined || this.#kept.has(register)) return;
    this.#free.push(register);
    this.#registers.delete(key);
  }
}
