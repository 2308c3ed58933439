// Rebuilding graphs whose scans may change their results, and walks that stop at chosen nodes.

import { remakeNode } from "./build.js";
import { isOp, type Node, reachable } from "./node.js";

/** Nodes the outputs need, in topological order, without what lies above the nodes of `stops` (which are included). */
export function reachableUntil(outputs: readonly Node[], stops: { has(node: Node): boolean }): Node[] {
  const seen = new Set<Node>();
  const stack = [...outputs];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!stops.has(node)) stack.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The outputs with some nodes replaced; nodes that do not depend on them stay the same objects. */
export function substitute(outputs: readonly Node[], replacements: ReadonlyMap<Node, Node>): Node[] {
  if (replacements.size === 0) return [...outputs];
  const now = new Map<Node, Node>();
  for (const node of reachableUntil(outputs, replacements)) {
    const replaced = replacements.get(node);
    now.set(
      node,
      replaced ??
        remakeNode(
          node,
          node.inputs.map((input) => now.get(input)!),
        ),
    );
  }
  return outputs.map((output) => now.get(output)!);
}

/**
 * Rebuilds bottom-up: `visit` sees each node over its new inputs and may give another one; `visitScan` may give values for all
 * results of a scan, in result order, which then take the place of its parts. What does not change stays the same object.
 */
export function rewriteScans(
  outputs: readonly Node[],
  visitScan: (scan: Node<"scan">, original: Node<"scan">) => readonly Node[] | null,
  visit: (node: Node) => Node = (node) => node,
): Node[] {
  const now = new Map<Node, Node>();
  const results = new Map<Node, readonly Node[]>();
  for (const node of reachable(outputs)) {
    if (isOp(node, "part")) {
      const scan = node.inputs[0]!;
      now.set(node, results.get(scan)?.[node.attrs.index] ?? remakeNode(node, [now.get(scan)!]));
      continue;
    }
    const inputs = node.inputs.map((input) => now.get(input)!);
    const made = remakeNode(node, inputs);
    if (isOp(made, "scan") && isOp(node, "scan")) {
      const replaced = visitScan(made, node);
      if (replaced !== null) results.set(node, replaced);
      now.set(node, made);
    } else now.set(node, visit(made));
  }
  return outputs.map((output) => now.get(output)!);
}
