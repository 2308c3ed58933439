// What a body value depends on, and how values that depend on no carry are computed outside the scan.

import { bodyOutputs, elementsOf, type OpenScan } from "../ir/core/body.js";
import { domainTable } from "../ir/core/build.js";
import { gather } from "../ir/core/builders.js";
import { isOp, type Node, type OpName, reachable } from "../ir/core/node.js";
import { reachableUntil, substitute } from "../ir/core/rewrite.js";
import { vectoriseNodes } from "./vectorise.js";

/** 0 nothing, 1 shared values only, 2 also rows, 3 also this step's inputs, 4 also carries. */
export type Level = 0 | 1 | 2 | 3 | 4;

/** Products, reductions and table reads: what pays to compute for all steps at once. */
export const roots: ReadonlySet<OpName> = new Set<OpName>(["dot", "sum", "maxOf", "argmax", "gather", "scatterAdd"]);

/** Expensive per element, so computing once per row beats computing once per step. */
export const costly: ReadonlySet<OpName> = new Set<OpName>([
  "exp",
  "log",
  "log1p",
  "sqrt",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "random",
  "div",
]);

/** Moves values without computing; usually a view. */
export const movements: ReadonlySet<OpName> = new Set<OpName>(["reshape", "transpose", "broadcast", "slice", "pad", "concat"]);

/** The level of every body node. */
export function levelsOf(open: OpenScan): Map<Node, Level> {
  const levels = new Map<Node, Level>();
  const set = (list: readonly { readonly inner: Node }[], level: Level): void => {
    for (const { inner } of list) levels.set(inner, level);
  };
  set(open.shared, 1);
  set(open.rows, 2);
  set(open.xs, 3);
  set(open.carries, 4);
  for (const node of reachable([...bodyOutputs(open), ...levels.keys()])) {
    if (levels.has(node)) continue;
    let level: Level = 0;
    for (const input of node.inputs) if (levels.get(input)! > level) level = levels.get(input)!;
    levels.set(node, level);
  }
  return levels;
}

/** Computes body values outside the scan. */
export interface Lifter {
  /** Shared expressions, once. */
  once(nodes: readonly Node[]): Node[];
  /** Expressions of rows and shared values, [B, ...]. */
  rows(nodes: readonly Node[]): Node[];
  /** Expressions without carries, [N, ...]; `stacked` gives the values of some nodes that have one. */
  steps(nodes: readonly Node[], stacked?: ReadonlyMap<Node, Node>): Node[];
  /** True if the row values that `steps` would have to repeat per step are no larger than what the expression reads and gives otherwise. */
  isAffordable(nodes: readonly Node[], stacked?: ReadonlyMap<Node, Node>): boolean;
}

export function lifterOf(open: OpenScan, levels: ReadonlyMap<Node, Level>): Lifter {
  const fixed = new Map<Node, Node>(open.shared.map(({ inner, outer }) => [inner, outer]));
  const rowInputs = new Map<Node, Node>(open.rows.map(({ inner, outer }) => [inner, outer]));
  const stepInputs = new Map<Node, Node>(open.xs.map(({ inner, outer }) => [inner, outer]));
  const rows = (nodes: readonly Node[]): Node[] => vectoriseNodes(nodes, rowInputs, open.domain.batch, fixed);

  /** Nodes of the expressions down to what is given: x inputs, stacked values and whole row expressions. */
  const frontier = (nodes: readonly Node[], stacked: ReadonlyMap<Node, Node>): { rowNodes: Node[]; stepNodes: Node[] } => {
    const stops = { has: (node: Node): boolean => stacked.has(node) || stepInputs.has(node) || levels.get(node)! <= 2 };
    const found = reachableUntil(nodes, stops);
    return {
      rowNodes: found.filter((node) => levels.get(node) === 2 && !stacked.has(node)),
      stepNodes: found.filter((node) => stacked.has(node) || stepInputs.has(node)),
    };
  };
  return {
    once: (nodes) => substitute(nodes, fixed),
    rows,
    steps: (nodes, stacked = new Map()) => {
      const { rowNodes } = frontier(nodes, stacked);
      const perStep = rows(rowNodes).map((value) => gather(value, domainTable(open.domain, "row")));
      const repeated = new Map(rowNodes.map((node, index) => [node, perStep[index]!]));
      return vectoriseNodes(nodes, new Map([...stepInputs, ...repeated, ...stacked]), open.domain.steps, fixed);
    },
    isAffordable: (nodes, stacked = new Map()) => {
      const { rowNodes, stepNodes } = frontier(nodes, stacked);
      if (rowNodes.length === 0) return true;
      return sizeOfAll(rowNodes) <= sizeOfAll(nodes) + sizeOfAll(stepNodes);
    },
  };
}

export function sizeOfAll(nodes: Iterable<Node>): number {
  let size = 0;
  for (const node of nodes) size += elementsOf(node);
  return size;
}

/** True if the expression holds a node for which `test` is true. */
export function contains(node: Node, test: (inner: Node) => boolean, stops: { has(node: Node): boolean } = { has: () => false }): boolean {
  return reachableUntil([node], stops).some((inner) => !isOp(inner, "input") && test(inner));
}
