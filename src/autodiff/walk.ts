// The backward walk over one graph: cotangents flow from the outputs to chosen nodes, one rule per primitive.

import { addDims, type Dim, equalDims, subDims } from "../base/dim.js";
import { atPath } from "../ir/core/build.js";
import { add, concat, pad, sumTo } from "../ir/core/builders.js";
import { isOp, type Node, type OpName, reachable } from "../ir/core/node.js";
import { primitives } from "../ir/core/table.js";

/** Cotangents of a scan's inputs from those of its results; null = none. */
export type ScanRule = (
  scan: Node<"scan">,
  cotangents: readonly (Node | null)[],
  isActive: (input: Node) => boolean,
) => readonly (Node | null)[];

/** Nodes through which the outputs depend differentiably on `wrt`; those of `wrt` are included. */
export function activeNodes(nodes: readonly Node[], wrt: readonly Node[]): Set<Node> {
  const active = new Set<Node>(wrt.filter(isFloat));
  for (const node of nodes) {
    if (isFloat(node) && flows(node) && node.inputs.some((input) => active.has(input))) active.add(node);
  }
  return active;
}

/** Cotangents of `wrt`, given those of the outputs (null where none flows). */
export function walkBack(
  outputs: readonly Node[],
  cotangents: readonly (Node | null)[],
  wrt: readonly Node[],
  scanRule: ScanRule,
): (Node | null)[] {
  const nodes = reachable(outputs);
  const active = activeNodes(nodes, wrt);
  const arrived = new Map<Node, Node[]>();
  const ofScans = new Map<Node, (Node | null)[]>();
  const send = (node: Node, cotangent: Node | null | undefined): void => {
    if (cotangent === null || cotangent === undefined || !active.has(node)) return;
    const list = arrived.get(node) ?? [];
    arrived.set(node, list);
    // The one place that undoes broadcasting, for all rules.
    list.push(sumTo(cotangent, node.shape));
  };
  outputs.forEach((output, index) => {
    send(output, cotangents[index]);
  });
  for (const node of nodes.toReversed()) {
    if (!active.has(node) || !node.inputs.some((input) => active.has(input))) continue;
    atPath(node.where, () => {
      for (const [index, cotangent] of cotangentsOfInputs(node).entries()) send(node.inputs[index]!, cotangent);
    });
  }
  return wrt.map((node) => {
    const list = arrived.get(node);
    return list === undefined ? null : total(list);
  });

  function cotangentsOfInputs(node: Node): readonly (Node | null)[] {
    if (isOp(node, "scan")) {
      const results = ofScans.get(node);
      return results === undefined ? [] : scanRule(node, results, (input) => active.has(input));
    }
    const list = arrived.get(node);
    if (list === undefined) return [];
    const cotangent = total(list);
    arrived.set(node, [cotangent]);
    if (!isOp(node, "part")) return pull(node, cotangent);
    const scan = node.inputs[0]!;
    const results = ofScans.get(scan) ?? scan.results.map(() => null);
    results[node.attrs.index] = cotangent;
    ofScans.set(scan, results);
    return [];
  }
}

function isFloat(node: Node): boolean {
  return node.dtype === "float32";
}

function flows(node: Node): boolean {
  return node.op === "scan" || node.op === "part" || primitives[node.op].vjp !== null;
}

function pull<K extends OpName>(node: Node<K>, cotangent: Node): readonly (Node | null)[] {
  return primitives[node.op].vjp?.(node, cotangent) ?? [];
}

/** The sum of all cotangents that reached a node. Pieces of one axis that do not overlap (gates) are laid side by side, not padded and added. */
function total(list: readonly Node[]): Node {
  const pieces = list.filter(isPiece);
  const others = list.filter((node) => !isPiece(node));
  return [...others, ...sideBySide(pieces)].reduce((sum, next) => add(sum, next));
}

function isPiece(node: Node): node is Node<"pad"> {
  return isOp(node, "pad") && typeof node.attrs.before === "number";
}

function sideBySide(pieces: readonly Node<"pad">[]): Node[] {
  const rows: Node<"pad">[][] = [];
  for (const piece of pieces.toSorted((a, b) => Number(a.attrs.before) - Number(b.attrs.before))) {
    const row = rows.find((candidates) => follows(candidates.at(-1)!, piece));
    if (row === undefined) rows.push([piece]);
    else row.push(piece);
  }
  return rows.map((row): Node => {
    if (row.length === 1) return row[0]!;
    const [first, last] = [row[0]!, row.at(-1)!];
    const { axis, before } = first.attrs;
    const joined = concat(
      row.map(({ inputs }) => inputs[0]!),
      axis,
    );
    return pad(joined, axis, before, last.attrs.after);
  });
}

/** True if `next` starts where `piece` ends. */
function follows(piece: Node<"pad">, next: Node<"pad">): boolean {
  const { axis, before } = piece.attrs;
  const end: Dim = addDims(before, piece.inputs[0]!.shape[axis]!);
  const whole = piece.shape[axis]!;
  return axis === next.attrs.axis && equalDims(end, next.attrs.before) && equalDims(subDims(whole, end), piece.attrs.after);
}
