// Numbers for values: equal numbers mean equal computations (value numbering).

import { isPlainOp, showAttributes } from "../ir/core/attributes.js";
import { isOp, type Node, type OpName } from "../ir/core/node.js";

/** Gives numbers to keys, and to nodes by their keys. */
export class Numbering {
  readonly #keys = new Map<string, number>();
  readonly #nodes = new Map<Node, number>();
  readonly #first: Node[] = [];

  /** The number of this key; the node gets it too. */
  number(key: string, node: Node): number {
    const known = this.#keys.get(key);
    const number = known ?? this.#first.push(node) - 1;
    if (known === undefined) this.#keys.set(key, number);
    this.#nodes.set(node, number);
    return number;
  }

  of(node: Node): number {
    return this.#nodes.get(node)!;
  }

  /** The number of a key, if it has one. */
  known(key: string): number | undefined {
    return this.#keys.get(key);
  }

  /** The first node with this number. */
  first(number: number): Node {
    return this.#first[number]!;
  }
}

/** Operands may be exchanged without changing a bit. */
const commutative: ReadonlySet<OpName> = new Set<OpName>(["add", "mul"]);

/** A text that nodes share exactly when they compute the same from the same; inputs are known by identity. */
export function keyOf(node: Node, numbers: { of(input: Node): number }): string {
  if (isOp(node, "input")) return `input ${node.id}`;
  const inputs = node.inputs.map((input) => numbers.of(input));
  if (commutative.has(node.op)) inputs.sort((a, b) => a - b);
  return `${node.op} ${attributeKey(node)} ${inputs.join(" ")}`;
}

const attributeKeys = new WeakMap<object, string>();
let nextLargeConstant = 1;

function attributeKey(node: Node): string {
  const { attrs } = node;
  if (attrs === null) return "";
  const known = attributeKeys.get(attrs);
  if (known !== undefined) return known;
  const key = textOf(node);
  attributeKeys.set(attrs, key);
  return key;
}

/** Constants above this many elements are compared by identity: reading them would cost more than it finds. */
const smallConstant = 64;

function textOf(node: Node): string {
  if (isOp(node, "constant") && node.attrs.data.length > smallConstant) return `large ${nextLargeConstant++}`;
  const { op } = node;
  // Attributes and op of a node belong together; the compiler cannot see that for a union of ops.
  return isPlainOp(op) ? showAttributes(op, node.attrs as never) : `node ${node.id}`;
}
