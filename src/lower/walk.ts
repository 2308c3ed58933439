// Walking a graph: topological order without recursion, and who reads whom.

import type { Node } from "../ir/core/node.js";

/** Everything `roots` depend on through `inputsOf`, inputs before readers. */
export function topological(roots: readonly Node[], inputsOf: (node: Node) => readonly Node[]): Node[] {
  const done = new Set<Node>();
  const open = new Set<Node>();
  const order: Node[] = [];
  const stack = roots.toReversed();
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (done.has(node) || open.has(node)) {
      stack.pop();
      if (!done.has(node)) {
        done.add(node);
        order.push(node);
      }
      continue;
    }
    open.add(node);
    for (const input of inputsOf(node).toReversed()) if (!open.has(input)) stack.push(input);
  }
  return order;
}

/** The nodes that have each node among `inputsOf`. */
export function readersOf(nodes: readonly Node[], inputsOf: (node: Node) => readonly Node[]): Map<Node, Node[]> {
  const readers = new Map<Node, Node[]>();
  for (const node of nodes) for (const input of new Set(inputsOf(node))) addTo(readers, input, node);
  return readers;
}

/** Appends to the list at a key. */
export function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
