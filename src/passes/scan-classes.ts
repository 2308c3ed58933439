// Finds scans that carry the same state: equal initial values and equal steps, whatever else they compute.

import { bodyOutputs, type OpenScan, openScan } from "../ir/core/body.js";
import { isOp, type Node, reachable } from "../ir/core/node.js";
import { keyOf, Numbering } from "./numbering.js";

/** A carry of a class, and the member it was first met in. */
export interface ClassCarry {
  readonly owner: Member;
  readonly index: number;
}

/** One scan of a class, with the class's numbers of its body nodes. */
export interface Member {
  readonly scan: Node<"scan">;
  readonly open: OpenScan;
  readonly numbers: ReadonlyMap<Node, number>;
  /** Index of the class's carry for each carry of the scan. */
  readonly carryOf: readonly number[];
}

/** A result that the graph reads: a carry of the class, or a body value by its number. */
export interface ClassResult {
  readonly kind: "carry" | "y" | "sum";
  readonly value: number;
}

/** Scans that become one. */
export interface ScanClass {
  readonly id: number;
  readonly body: Numbering;
  readonly carries: ClassCarry[];
  readonly members: Member[];
  /** Numbers of all outer values that the merged scan reads. */
  readonly inputs: Set<number>;
  /** Those that its carries depend on. */
  readonly driving: Set<number>;
  /** By the number of the part outside. */
  readonly results: Map<number, ClassResult>;
}

/** The classes of one graph, filled in topological order. */
export class ScanClasses {
  readonly #outer: Numbering;
  readonly #classes: ScanClass[] = [];
  readonly #homes = new Map<Node, { readonly scanClass: ScanClass; readonly member: Member }>();
  readonly #ofParts = new Map<number, ScanClass>();

  constructor(outer: Numbering) {
    this.#outer = outer;
  }

  /** The class whose part has this number. */
  ofPart(number: number): ScanClass | undefined {
    return this.#ofParts.get(number);
  }

  /** Puts a scan into the class of its state, or into a new one. */
  join(scan: Node<"scan">): void {
    const open = openScan(scan);
    const driving = this.#drivingInputs(open);
    for (const scanClass of this.#classes) {
      // Equal steps read equal values; this spares comparing the bodies of scans that have nothing to do with each other.
      if (!isSubset(driving, scanClass.driving) && !isSubset(scanClass.driving, driving)) continue;
      const carryOf = this.#matchCarries(scanClass, open);
      if (carryOf !== null && !this.#makesCycle(scanClass, scan)) {
        this.#add(scanClass, scan, open, carryOf);
        for (const input of driving) scanClass.driving.add(input);
        return;
      }
    }
    const scanClass: ScanClass = {
      id: this.#classes.length,
      body: new Numbering(),
      carries: [],
      members: [],
      inputs: new Set(),
      driving: new Set(),
      results: new Map(),
    };
    for (const input of driving) scanClass.driving.add(input);
    this.#classes.push(scanClass);
    this.#add(
      scanClass,
      scan,
      open,
      open.carries.map(() => -1),
    );
  }

  /** Numbers a part; parts with the same value get the same number, unless it is to stay distinct. */
  numberPart(part: Node<"part">, isDistinct: boolean): void {
    const { scanClass, member } = this.#homes.get(part.inputs[0]!)!;
    const { carries, ys, sums } = member.open;
    const { index } = part.attrs;
    let result: ClassResult;
    if (index < carries.length) result = { kind: "carry", value: member.carryOf[index]! };
    else if (index < carries.length + ys.length) result = { kind: "y", value: member.numbers.get(ys[index - carries.length]!)! };
    else result = { kind: "sum", value: member.numbers.get(sums[index - carries.length - ys.length]!)! };
    const key = `${result.kind} ${result.value} of scan ${scanClass.id}`;
    const number = this.#outer.number(isDistinct ? `distinct ${part.id}` : key, part);
    scanClass.results.set(number, result);
    this.#ofParts.set(number, scanClass);
  }

  #drivingInputs(open: OpenScan): Set<number> {
    const used = new Set<Node>(reachable(open.carries.map(({ next }) => next)));
    const inputs = [...open.xs, ...open.rows, ...open.shared].filter(({ inner }) => used.has(inner));
    return new Set(inputs.map(({ outer }) => this.#outer.of(outer)));
  }

  /** `carryOf` is -1 for carries that the class does not have yet. */
  #add(scanClass: ScanClass, scan: Node<"scan">, open: OpenScan, carryOf: readonly number[]): void {
    let next = scanClass.carries.length;
    const complete = carryOf.map((index) => (index >= 0 ? index : next++));
    const numbers = numberBody(open, scanClass.body, this.#outer, (index) => `carry ${complete[index]}`);
    const member: Member = { scan, open, numbers, carryOf: complete };
    carryOf.forEach((known, index) => {
      if (known < 0) scanClass.carries.push({ owner: member, index });
    });
    scanClass.members.push(member);
    for (const input of scan.inputs) scanClass.inputs.add(this.#outer.of(input));
    this.#homes.set(scan, { scanClass, member });
  }

  /**
   * For each carry of the scan the class's carry with the same values, or -1; null if neither has all carries of the other.
   * Coarsest partition by refinement: carries start together if they begin equal, and part when their next values differ.
   */
  #matchCarries(scanClass: ScanClass, open: OpenScan): number[] | null {
    const first = scanClass.members[0]!.open;
    if (first.domain !== open.domain || first.reverse !== open.reverse) return null;
    if (open.carries.length === 0 || scanClass.carries.length === 0) return null;
    const init = ({ owner, index }: ClassCarry): number => this.#outer.of(owner.open.carries[index]!.outer);
    let classLabels = scanClass.carries.map(init);
    let labels = open.carries.map(({ outer }) => this.#outer.of(outer));
    for (let count = 0; ; ) {
      const matched = pairUp(labels, classLabels);
      if (matched === null) return null;
      const distinct = new Set([...classLabels, ...labels]).size;
      if (distinct === count) return matched;
      count = distinct;
      [classLabels, labels] = this.#refine(scanClass, open, classLabels, labels);
    }
  }

  #refine(scanClass: ScanClass, open: OpenScan, classLabels: readonly number[], labels: readonly number[]): [number[], number[]] {
    const scratch = new Numbering();
    const owners = new Set(scanClass.carries.map(({ owner }) => owner));
    const numbers = new Map(
      [...owners].map((owner) => [
        owner,
        numberBody(owner.open, scratch, this.#outer, (index) => `carry ${classLabels[owner.carryOf[index]!]}`),
      ]),
    );
    const own = numberBody(open, scratch, this.#outer, (index) => `carry ${labels[index]}`);
    const names = new Map<string, number>();
    const label = (old: number, next: number): number => {
      const key = `${old} ${next}`;
      const known = names.get(key) ?? names.size;
      names.set(key, known);
      return known;
    };
    return [
      scanClass.carries.map(({ owner, index }, position) =>
        label(classLabels[position]!, numbers.get(owner)!.get(owner.open.carries[index]!.next)!),
      ),
      open.carries.map(({ next }, position) => label(labels[position]!, own.get(next)!)),
    ];
  }

  /** True if the scan reads, however indirectly, a result of the class. */
  #makesCycle(scanClass: ScanClass, scan: Node<"scan">): boolean {
    const pending = scan.inputs.map((input) => this.#outer.of(input)).filter((input) => !scanClass.inputs.has(input));
    const seen = new Set<number>();
    for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
      if (seen.has(number)) continue;
      seen.add(number);
      const source = this.#ofParts.get(number);
      if (source === scanClass) return true;
      const inputs = source === undefined ? this.#outer.first(number).inputs.map((input) => this.#outer.of(input)) : source.inputs;
      pending.push(...inputs);
    }
    return false;
  }
}

function isSubset(small: ReadonlySet<number>, large: ReadonlySet<number>): boolean {
  return small.size <= large.size && [...small].every((number) => large.has(number));
}

/** Numbers all nodes of a body; inputs are known by what feeds them. */
function numberBody(open: OpenScan, body: Numbering, outer: Numbering, carryKey: (index: number) => string): Map<Node, number> {
  const numbers = new Map<Node, number>();
  open.carries.forEach(({ inner }, index) => {
    numbers.set(inner, body.number(carryKey(index), inner));
  });
  for (const kind of ["xs", "rows", "shared"] as const) {
    for (const input of open[kind]) numbers.set(input.inner, body.number(`${kind} ${outer.of(input.outer)}`, input.inner));
  }
  const known = { of: (node: Node): number => numbers.get(node)! };
  for (const node of reachable(bodyOutputs(open))) {
    if (!isOp(node, "input")) numbers.set(node, body.number(keyOf(node, known), node));
  }
  return numbers;
}

/** Null unless one list's labels all occur in the other. */
function pairUp(labels: readonly number[], classLabels: readonly number[]): number[] | null {
  const matched = labels.map((label) => classLabels.indexOf(label));
  const isSubset = !matched.includes(-1);
  return isSubset || classLabels.every((label) => labels.includes(label)) ? matched : null;
}
